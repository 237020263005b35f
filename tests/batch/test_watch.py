"""A folder is watched on a real disk; while the watch waits, the copy goes on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from consentguard.batch import watch

pytest.importorskip("watchfiles")


def test_a_photo_is_told_when_it_is_complete_and_our_own_output_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    changes = watch.settled_changes(tmp_path, without=tmp_path / "out")
    next(changes)  # what came before the watch stood
    photo, rest = tmp_path / "photo.jpg", iter([b"part"] * 7)

    def meanwhile(seconds: float) -> None:
        with photo.open("ab") as file:
            file.write(next(rest, b""))

    monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=meanwhile))
    (tmp_path / "out" / "ours.jpg").touch()
    photo.write_bytes(b"part")
    next(changes)
    assert photo.stat().st_size == 32
