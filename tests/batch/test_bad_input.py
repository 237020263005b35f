"""What archives are like: broken names and files, folders that go away, full disks, clocks that jump."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from batch.units import Here, Obedient, photos_of, settings_in
from fakes import LONDON

from consentguard.batch.journal import ScanJournal
from consentguard.batch.output import JOURNAL, OutputFailed
from consentguard.batch.scan import Engine, Summary, scan
from consentguard.batch.unit import Scanner, Settings, Task
from consentguard.errors import CannotTell
from consentguard.guard.guard import Guard

TERM = datetime(2026, 11, 20, 10, tzinfo=LONDON)
CUT = b"\xff\xd8\xff and no more"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def _scan(settings: Settings, engine: Engine, **how: Any) -> Summary:
    guard = Guard.open(settings.register, state=settings.state)
    return scan(guard, settings, engine, **how)


def _rows(settings: Settings) -> dict[str, dict]:
    photos = json.loads((settings.out / "report.json").read_text())["photos"]
    return {row["photo"]: row for row in photos}


def test_files_and_names_of_every_kind_get_a_verdict_and_a_line_in_every_report(settings: Settings) -> None:
    photos = photos_of(settings)
    (photos / "empty.jpg").touch()
    (photos / "dead.jpg").symlink_to("nowhere")
    (photos / "film.mp4").write_bytes(b"film")
    for number, name in enumerate((b"caf\xe9.jpg", b"two\nlines.jpg", b'"quoted", and more.jpg', b"=cmd().jpg",
                                   "\u202egpj.exe.jpg".encode(), "Ünïcode 写真.jpg".encode(), b"x" * 251 + b".jpg",
                                   b"\x1b[2J.jpg", b"\xed\xa0\x80.jpg")):  # fmt: skip
        Path(os.fsdecode(bytes(photos) + b"/" + name)).write_bytes(CUT + bytes([number]))
    summary = _scan(settings, Here(Scanner(settings)))
    assert summary.outcomes == {"cannot_tell": 12}
    rows = _rows(settings)
    assert {"caf\\xe9.jpg", "two\\nlines.jpg", "\\u202egpj.exe.jpg", "Ünïcode 写真.jpg", "\\x1b[2J.jpg"} <= set(rows)
    assert "is a link" in rows["dead.jpg"]["message"]
    assert "is empty" in rows["empty.jpg"]["message"]
    assert "damaged" in rows["two\\nlines.jpg"]["message"]
    assert all(row["reasons"] == ["unreadable-image"] for row in rows.values())
    with (settings.out / "report.csv").open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 12
    (settings.out / "report.html").read_text("utf-8")
    assert _scan(settings, Here(Scanner(settings))).looked_at == 0


def _numbered(settings: Settings, count: int) -> None:
    for folder in ("a", "b"):
        (photos_of(settings) / folder).mkdir(exist_ok=True)
        for number in range(count):
            (photos_of(settings) / folder / f"{number}.jpg").write_bytes(CUT + f"{folder}{number}".encode())


def test_a_folder_that_disappears_meanwhile_is_undecided_and_is_judged_when_it_is_back(settings: Settings) -> None:
    _numbered(settings, 5)

    def unplug(task: Task) -> None:
        for folder in ("a", "b"):
            if (photos_of(settings) / folder).exists() and folder not in task.path.parts:
                (photos_of(settings) / folder).rename(settings.out / folder)

    _scan(settings, Here(Scanner(settings), unplug))
    assert any("cannot be read" in row["message"] for row in _rows(settings).values())
    for folder in ("a", "b"):
        if (settings.out / folder).exists():
            (settings.out / folder).rename(photos_of(settings) / folder)
    _scan(settings, Here(Scanner(settings)))
    assert len(_rows(settings)) == 10
    assert all("damaged" in row["message"] for row in _rows(settings).values())


def test_the_whole_folder_gone_or_empty_forgets_nothing(settings: Settings, tmp_path: Path) -> None:
    _numbered(settings, 5)
    _scan(settings, Here(Scanner(settings)))
    photos_of(settings).rename(tmp_path / "away")
    with pytest.raises(CannotTell, match="the folder went away"):
        _scan(settings, Here(Scanner(settings)))
    photos_of(settings).mkdir()  # where a drive is not mounted
    with pytest.raises(CannotTell, match="held 10 at the last scan; is the drive connected"):
        _scan(settings, Here(Scanner(settings)))
    assert len(_rows(settings)) == 10
    photos_of(settings).rmdir()
    (tmp_path / "away").rename(photos_of(settings))
    assert _scan(settings, Here(Scanner(settings))).looked_at == 0
    shutil.rmtree(photos_of(settings) / "a")
    shutil.rmtree(photos_of(settings) / "b")
    assert _scan(settings, Here(Scanner(settings)), watched=True).gone == 10  # seen by who watches the folder


@pytest.mark.parametrize("place", ["journal", "released", "report"])
def test_a_full_disk_stops_cleanly_wherever_it_is_met_and_the_scan_goes_on_later(
    settings: Settings, photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    _numbered(settings, 40)
    guard = Guard.open(settings.register, state=settings.state)
    with monkeypatch.context() as disk:
        if place == "journal":
            settings.out.mkdir()
            with ScanJournal.open(settings.out / JOURNAL), sqlite3.connect(settings.out / JOURNAL) as journal:
                (pages,) = journal.execute("PRAGMA page_count").fetchone()
            real = sqlite3.connect

            def small(*args: Any, **how: Any) -> sqlite3.Connection:
                connection = real(*args, **how)
                connection.execute(f"PRAGMA max_page_count = {pages + 2}")
                return connection

            disk.setattr(sqlite3, "connect", small)
        else:
            disk.setattr(os, "fsync", _full if place == "report" else os.fsync)
            if place == "released":
                (photos_of(settings) / "one.jpg").write_bytes(photographs["obama"])
                real_file = tempfile.mkstemp

                def no_file(*, dir: Path, prefix: str) -> tuple[int, str]:  # noqa: A002
                    return _full() if dir.is_relative_to(settings.out) else real_file(dir=dir, prefix=prefix)

                disk.setattr(tempfile, "mkstemp", no_file)
        engine = Here(Scanner(settings) if place == "released" else Obedient(settings.out))
        with pytest.raises(OutputFailed, match=r"full|No space"):
            scan(guard, settings, engine)
    (photos_of(settings) / "one.jpg").unlink(missing_ok=True)
    again = scan(guard, settings, Here(Obedient(settings.out)))
    assert sum(again.outcomes.values()) == 80
    assert not list(settings.out.rglob(".consentguard-*"))


def _full(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_clock_that_is_set_back_or_forward_makes_nothing_stale_by_itself(settings: Settings) -> None:
    _numbered(settings, 5)
    times = iter([TERM + timedelta(hours=number) * (-1) ** number for number in range(100)])
    first = _scan(settings, Here(Obedient(settings.out)), clock=lambda: next(times))
    assert first.looked_at == 10
    for moment in (TERM - timedelta(days=1), TERM + timedelta(hours=3)):
        assert _scan(settings, Here(Obedient(settings.out)), clock=lambda now=moment: now).looked_at == 0
    assert len(_rows(settings)) == 10


PEAK = """
import sys, tracemalloc
from pathlib import Path
from consentguard.batch.walk import Walk
for _ in Walk(Path(sys.argv[1]).parent / "100"):  # what is made once
    pass
tracemalloc.start()
assert sum(1 for _ in Walk(Path(sys.argv[1]))) == int(sys.argv[2])
print(tracemalloc.get_traced_memory()[1])
"""


def test_a_folder_of_many_files_is_walked_in_constant_memory(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "0.jpg").write_bytes(CUT)
        for number in range(1, count):
            os.link(folder / "0.jpg", folder / f"{number}.jpg")
        # in a process of its own: threads that other tests left behind are not counted
        command = [sys.executable, "-c", PEAK, str(folder), str(count)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    peak(100)
    # the interpreter's table of names in use grows once, by 0.4 MB; 10,000 entries held at once take over 3 MB
    assert peak(10_000) < peak(1_000) + 1_000_000


def test_what_is_new_stays_so_while_the_folder_is_watched(settings: Settings) -> None:
    """The watch looks once more as soon as it stands, though nothing changed."""
    _numbered(settings, 2)
    _scan(settings, Here(Obedient(settings.out)))
    (photos_of(settings) / "new.jpg").write_bytes(CUT + b"new")
    _scan(settings, Here(Obedient(settings.out)))
    for _ in range(2):
        _scan(settings, Here(Obedient(settings.out)), watched=True)
        assert {name for name, row in _rows(settings).items() if row["before"] is None} == {"new.jpg"}
    _scan(settings, Here(Obedient(settings.out)))
    assert all(row["before"] for row in _rows(settings).values())
