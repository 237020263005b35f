"""A folder with files of tags beside it: each photo gets its own, and a scan goes on from them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import SAMPLE_FILE

from consentguard.cli import main
from consentguard.consent import tagsfile
from consentguard.files import digest_of
from consentguard.values import Box, Tag
from consentguard.vision.imagefile import codec

HIDDEN = Tag(Box(100, 60, 160, 140), "hide", added=True)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body_policy_text: bytes) -> Path:
    """Two walls on which nobody is found, and on one of which a person saw somebody."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "tags").mkdir()
    for name, level in (("one", 190), ("two", 120)):
        (tmp_path / f"photos/{name}.jpg").write_bytes(codec.encode_jpeg(np.full((300, 500, 3), level, np.uint8), 90))
    tagged = tagsfile.written(digest_of(tmp_path / "photos/one.jpg"), [HIDDEN])
    (tmp_path / "tags/one.tags.json").write_bytes(tagged)
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--state", "state"]) == 0
    (tmp_path / "state/policy.toml").write_bytes(body_policy_text)  # it reads no text, which is slow to begin
    return tmp_path


def scan(*options: str) -> int:
    return main(["scan", "photos", "--out", "out", "--state", "state", "--register", str(SAMPLE_FILE), "--workers", "1",
                 *options])  # fmt: skip


def faces_of() -> dict[str, list[str]]:
    rows = json.loads(Path("out/report.json").read_text())["photos"]
    return {row["photo"]: [face["standing"] for face in row["faces"]] for row in rows}


def test_tags_are_of_their_photo_and_are_asked_again_when_they_change(office: Path) -> None:
    tags = ("--tags", "tags", "--by", "Ms Castlegate")
    scan(*tags)
    assert faces_of() == {"one.jpg": ["hidden-by-person"], "two.jpg": []}
    (office / "tags/one.tags.json").unlink()
    scan(*tags)
    assert faces_of() == {"one.jpg": [], "two.jpg": []}


def test_what_is_wrong_with_tags_is_said_before_any_photo(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan("--tags", "tags") == 2
    assert "--by NAME" in capsys.readouterr().err
    (office / "tags").rename("photos/tags")
    assert scan("--tags", "photos/tags", "--by", "me") == 2
    assert "outside of what is judged" in capsys.readouterr().err


def test_a_tag_that_points_at_nothing_leaves_its_photo_undecided_and_the_rest_goes_on(office: Path) -> None:
    nothing = tagsfile.written(digest_of(Path("photos/two.jpg")), [Tag(HIDDEN.box, "hide")])
    (office / "tags/two.tags.json").write_bytes(nothing)
    assert scan("--tags", "tags", "--by", "me") == 3
    rows = {row["photo"]: row for row in json.loads(Path("out/report.json").read_text())["photos"]}
    assert (rows["one.jpg"]["outcome"] != "cannot_tell", rows["two.jpg"]["reasons"]) == (True, ["tags-do-not-fit"])
