"""The demo ends well only if every scene ends as it must."""

from pathlib import Path

import pytest

from consentguard.cli import demo
from consentguard.values import Outcome
from consentguard.vision.imagefile import structure


def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    said: list[str] = []
    assert demo.run(tmp_path, say=said.append, note=said.append) == 0
    table = (tmp_path / "verdicts.txt").read_text()
    assert "NOT AS EXPECTED" not in table
    assert "cannot_tell  unreadable-image" in table
    released = sorted(tmp_path.glob("*-released.jpg"))
    assert len(released) == len(list(tmp_path.glob("*-before-after.png"))) >= 4
    for file in released:
        assert structure.carried(file.read_bytes()) == ()


def test_a_scene_that_ends_otherwise_fails_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = demo.Case("a drawn table", demo._still_life(), Outcome.REFUSED, None, 0)
    monkeypatch.setattr(demo, "_scenes", lambda model_store: (wrong,))
    said: list[str] = []
    assert demo.run(tmp_path, say=said.append, note=said.append) == 1
    assert "NOT AS EXPECTED (refused)" in "\n".join(said)
