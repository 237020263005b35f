"""A folder is watched on a real disk; the writer is a thread."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from consentguard.batch.watch import settled_changes

pytest.importorskip("watchfiles")


def test_a_photo_is_told_when_it_is_complete_and_our_own_output_is_not(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    changes = settled_changes(tmp_path, without=tmp_path / "out")
    next(changes)  # what came before the watch stood
    photo = tmp_path / "photo.jpg"

    def arrive() -> None:
        (tmp_path / "out" / "ours.jpg").touch()
        with photo.open("wb") as file:
            for _ in range(8):
                file.write(b"part")
                file.flush()
                time.sleep(0.3)

    writer = threading.Thread(target=arrive)
    writer.start()
    next(changes)
    assert photo.stat().st_size == 32
    writer.join()
