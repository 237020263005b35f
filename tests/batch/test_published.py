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


def test_only_a_release_for_the_channel_that_is_asked_covers(website: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The website's scope is its own: T001 agreed to both at first, and then to one of them."""
    (website / "www" / "broken.jpg").unlink()
    (website / "www" / "theirs.jpg").unlink()
    where = ["--register", str(website / "before.csv"), "--state", str(website / "state")]

    def release(channel: str) -> None:
        options = ["--out", str(website / "www"), "--people", "T001", "--by", "M. C.", "--channel", channel]
        assert main(["release", str(website / "photo.jpg"), *options, *where]) == 0

    def audit(channel: str, cells: dict[str, str]) -> tuple[int, dict]:
        (website / "now.csv").write_bytes(sample_with({"T001": cells}))
        capsys.readouterr()
        papers = ["--since", str(website / "before.csv"), "--register", str(website / "now.csv")]
        code = main(["audit-folder", str(website / "www"), "--json", "--channel", channel, *papers, *where[2:]])
        (row,) = map(json.loads, capsys.readouterr().out.splitlines())
        return code, row

    code, row = audit("website", {})  # released for main only
    assert (code, row["cover"], row["ours"]) == (1, "unknown", True)
    assert "released for main, not for website" in row["why"]
    assert audit("website", {"website_withdrawn": "2026-10-01"})[1]["lost"] == {"T001": "withdrawn"}
    for channel in ("website", "main", "website"):  # in either order
        release(channel)
        for asked, gone, covered in (("main", "social_media", False), ("main", "website", True),
                                     ("website", "website", False), ("website", "social_media", True)):  # fmt: skip
            code, row = audit(asked, {f"{gone}_withdrawn": "2026-10-01"})
            assert (code, row["cover"]) == ((0, "covered") if covered else (1, "lost")), (channel, asked, gone)
