"""Mode off without any register: only where policy says so, and every verdict says what was not looked for."""

import json

import pytest

from consentguard import Guard, Policy, RegisterInvalid, WrongUsage
from consentguard.cli import main


@pytest.fixture
def office(tmp_path, monkeypatch, photographs, body_policy_text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "state"))
    (tmp_path / "photo.jpg").write_bytes(photographs["obama"])
    assert main(["init"]) == 0

    def allow(without="release"):
        old, new = b'without_register = "refuse"', f'without_register = "{without}"'.encode()
        assert old in body_policy_text
        (tmp_path / "state/policy.toml").write_bytes(body_policy_text.replace(old, new))

    return allow


def test_the_shipped_policy_releases_nothing_without_a_register(office, capsys):
    assert Policy.shipped().without_register == "refuse"
    office("refuse")
    assert main(["release", "photo.jpg", "--out", "safe"]) == 3
    assert "Copy the register to this folder" in capsys.readouterr().err
    with pytest.raises(RegisterInvalid, match="without_register"):
        Guard.open(None)


def test_where_policy_allows_it_photos_go_and_it_is_said(office, capsys, tmp_path):
    office()
    capsys.readouterr()
    assert main(["release", "photo.jpg", "--out", "safe", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "no-register" in [finding["rule"] for finding in told["findings"]]
    assert [face["action"] for face in told["faces"]] == ["hide"]
    assert main(["where"]) == 0
    assert "register: none: nobody can be named" in capsys.readouterr().out
    released = Guard.open(None).release(tmp_path / "photo.jpg")
    assert Guard.open(None).admit(released, channel="main").data == released.data


def test_nobody_can_be_named_and_a_register_that_is_named_must_be_there(office, capsys):
    office()
    with pytest.raises(WrongUsage, match="P001"):
        Guard.open(None).question(people="P001", by="Office")
    assert main(["release", "photo.jpg", "--out", "safe", "--register", "mistyped.csv"]) == 3
    assert "mistyped.csv" in capsys.readouterr().err
    with pytest.raises(RegisterInvalid):
        Guard.open("mistyped.csv")
