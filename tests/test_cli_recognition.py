"""The commands of recognition, from the command line."""

from __future__ import annotations

from fakes import SAMPLE_FILE

from consentguard.cli import main


def test_enrol_and_forget_from_the_command_line(tmp_path, photographs, body_policy_text, capsys):
    policy, references, photo = tmp_path / "p.toml", tmp_path / "references", tmp_path / "photo.jpg"
    policy.write_bytes(body_policy_text.replace(b'"tagged"]\ndpia = ""', b'"tagged", "matched"]\ndpia = "1"'))
    photo.write_bytes(photographs["obama2"])
    (references / "P001").mkdir(parents=True)
    (references / "P001" / "1.jpg").write_bytes(photographs["obama"])
    common = ["--state", str(tmp_path / "state")]
    school = [*common, "--register", str(SAMPLE_FILE), "--policy", str(policy)]
    assert main(["init", *common]) == 0
    assert main(["enrol", *common, "--register", str(SAMPLE_FILE), "--photos", str(references)]) == 2
    assert "mode 'matched' is not allowed" in capsys.readouterr().err
    assert main(["check", str(photo), *school, "--mode", "matched"]) == 3
    assert "nobody is enrolled; run `consentguard enrol" in capsys.readouterr().out
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


def test_calibrate_measures_on_the_enrolled_and_a_class_that_is_expected_shrinks_the_gallery(
    tmp_path, photographs, body_policy_text, capsys
):
    policy, references, later = tmp_path / "p.toml", tmp_path / "references", tmp_path / "later"
    policy.write_bytes(body_policy_text.replace(b'"tagged"]\ndpia = ""', b'"tagged", "matched"]\ndpia = "1"'))
    for folder, person, name in [(references, "P001", "obama"), (references, "P001", "obama3"),
                                 (references, "T001", "biden"), (later, "P001", "obama2")]:  # fmt: skip
        (folder / person).mkdir(parents=True, exist_ok=True)
        (folder / person / f"{name}.jpg").write_bytes(photographs[name])
    (later / "P002.jpg").write_bytes(photographs["biden"])
    school = ["--state", str(tmp_path / "state"), "--register", str(SAMPLE_FILE), "--policy", str(policy)]
    assert main(["init", *school[:2]]) == 0
    assert main(["calibrate", *school]) == 3
    assert "nobody is enrolled" in capsys.readouterr().err
    assert main(["enrol", *school, "--photos", str(references)]) == 0
    capsys.readouterr()

    assert main(["calibrate", *school]) == 0
    said = capsys.readouterr().out
    assert "2 people, 3 templates, 3 comparisons of different people" in said
    assert "strangers taken for somebody (FPIR): 0 of 3" in said
    assert "too little data" in said
    assert "name later photos with --photos" in said

    plot = tmp_path / "errors.png"
    assert main(["calibrate", *school, "--photos", str(later), "--plot", str(plot)]) == 0
    said = capsys.readouterr()
    assert "P002 is not enrolled" in said.err
    assert "enrolled not recognised (FNIR): 0 of 1" in said.out
    assert plot.read_bytes().startswith(b"\x89PNG")

    photo = str(later / "P001" / "obama2.jpg")
    for more, seen in [(["--expected", "4"], True), (["--people", "P001", "--by", "the tests"], True),
                       (["--people", "T001", "--by", "the tests"], False)]:  # fmt: skip
        main(["check", photo, *school, "--mode", "matched", "--json", *more])
        assert ('"person": "P001"' in capsys.readouterr().out) is seen, more
    assert main(["check", photo, *school, "--mode", "matched", "--expected", "5"]) == 2
    assert "class '5' is not in the register" in capsys.readouterr().err
    assert main(["audit", "verify", *school[:2]]) == 0
