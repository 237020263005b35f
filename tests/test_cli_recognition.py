"""The commands of recognition, from the command line."""

from __future__ import annotations

from fakes import SAMPLE_FILE

from consentguard.cli import main


def test_enrol_and_forget_from_the_command_line(tmp_path, photographs, body_policy_text, capsys):
    policy, references, photo = tmp_path / "p.toml", tmp_path / "references", tmp_path / "photo.jpg"
    policy.write_bytes(body_policy_text.replace(b'"declared"]\ndpia = ""', b'"declared", "matched"]\ndpia = "1"'))
    photo.write_bytes(photographs["obama2"])
    (references / "P001").mkdir(parents=True)
    (references / "P001" / "1.jpg").write_bytes(photographs["obama"])
    common = ["--state", str(tmp_path / "state")]
    school = [*common, "--register", str(SAMPLE_FILE), "--policy", str(policy)]
    assert main(["init", *common]) == 0
    assert main(["enrol", *common, "--register", str(SAMPLE_FILE), "--photos", str(references)]) == 2
    assert "mode 'matched' is not allowed" in capsys.readouterr().err
    assert main(["check", str(photo), *school, "--mode", "matched"]) == 3
    assert "nobody is enrolled; run `consentguard enrol" in capsys.readouterr().err
    assert main(["enrol", *school, "--photos", str(references)]) == 0
    assert "P001: enrolled with 1 template\n" in capsys.readouterr().out
    main(["check", str(photo), *school, "--mode", "matched", "--json"])
    assert '"person": "P001"' in capsys.readouterr().out
    (references / "P002.jpg").write_bytes(photographs["biden"])
    assert main(["enrol", *school, "--photos", str(references)]) == 1
    said = capsys.readouterr()
    assert "P001: enrolled with 1 template\n" in said.out
    assert "refused: P002: may not be recognised (column biometric: no-consent)" in said.err
    assert main(["forget", "P001", *common]) == 0
    assert "P001: 1 template destroyed" in capsys.readouterr().out
    assert main(["check", str(photo), *school, "--mode", "matched"]) == 3
    assert main(["audit", "verify", *common]) == 0
