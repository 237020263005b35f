"""Published photos after a consent has gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import sample_with

from consentguard.cli import main
from consentguard.consent.record.state import State


@pytest.fixture
def website(tmp_path: Path, photographs: dict[str, bytes]) -> Path:
    """A folder with a release of T001 and a photograph that is not ours, both published while T001 agreed."""
    (tmp_path / "before.csv").write_bytes(sample_with({}))
    (tmp_path / "photo.jpg").write_bytes(photographs["obama"])
    State.create(tmp_path / "state")
    options = ["--out", str(tmp_path / "www"), "--people", "T001", "--by", "M. C."]
    where = ["--register", str(tmp_path / "before.csv"), "--state", str(tmp_path / "state")]
    assert main(["release", str(tmp_path / "photo.jpg"), *options, *where]) == 0
    (tmp_path / "www" / "theirs.jpg").write_bytes(photographs["biden"])
    (tmp_path / "www" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    return tmp_path


def _audit(website: Path, capsys: pytest.CaptureFixture[str], register: bytes) -> tuple[int, dict[str, dict]]:
    (website / "now.csv").write_bytes(register)
    capsys.readouterr()
    code = main(["audit-folder", str(website / "www"), "--since", str(website / "before.csv"), "--json",
                 "--register", str(website / "now.csv"), "--state", str(website / "state")])  # fmt: skip
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {row["photo"] if not row["ours"] else "ours": row for row in rows}


def test_a_withdrawal_says_what_to_take_down(website: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows = _audit(website, capsys, sample_with({}))
    assert code == 3
    assert {name: row["cover"] for name, row in rows.items()} == {
        "ours": "covered", "theirs.jpg": "unknown", "broken.jpg": "cannot_tell"
    }  # fmt: skip
    (website / "www" / "broken.jpg").unlink()
    code, rows = _audit(website, capsys, sample_with({"T001": {"social_media_withdrawn": "2026-10-01"}}))
    assert code == 1
    assert (rows["ours"]["cover"], rows["ours"]["lost"], rows["ours"]["newly"]) == (
        "lost", {"T001": "withdrawn"}, ["T001"]
    )  # fmt: skip


def test_somebody_who_left_the_register_is_not_covered(website: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, rows = _audit(website, capsys, sample_with({}, without="T001"))
    assert rows["ours"]["lost"] == {"T001": "unknown"}
