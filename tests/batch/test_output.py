"""The output folder: a scan writes and deletes nothing in it that is not its own, and lets nobody else read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from batch.units import photos_of, settings_in

from consentguard.batch import output
from consentguard.batch.journal import ScanJournal
from consentguard.batch.output import JOURNAL, OutputFailed
from consentguard.batch.scan import Summary, scan
from consentguard.batch.unit import ScanResult, Settings, Task, undecided
from consentguard.errors import CannotTell
from consentguard.guard.guard import Guard


@dataclass
class Writing:
    """An engine that "releases" each photo as its own bytes, as a worker would; `stop` is called before a photo."""

    settings: Settings
    stop: Callable[[Task], None] = lambda _: None

    def run(self, tasks: Iterable[Task], idle: Callable[[], None] = lambda: None) -> Iterator[ScanResult]:
        for task in tasks:
            data = (photos_of(self.settings) / task.path).read_bytes()
            kept = output.deliver(self.settings.out, self.settings.copies_of(task.path), data, ".jpg")
            self.stop(task)
            judged = undecided(task, "stand-in")
            verdict = {**judged.verdict, "output": kept, "sha256": task.content}
            yield ScanResult(task, verdict, judged.message)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = settings_in(tmp_path)
    (photos_of(made) / "a.jpg").write_bytes(b"\xff\xd8\xff a")
    return made


def _scan(settings: Settings, engine: Writing | None = None) -> Summary:
    guard = Guard.open(settings.register, state=settings.state)
    return scan(guard, settings, engine or Writing(settings), watched=True)


def _released(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.out / "released").rglob("*.*"))


@pytest.mark.parametrize("top", ["released", "thumbs"])
def test_a_folder_that_became_a_link_is_refused_and_nothing_behind_it_is_touched(
    settings: Settings, tmp_path: Path, top: str
) -> None:
    _scan(settings)
    mine = tmp_path / "mine"
    (mine / "deep").mkdir(parents=True)
    (mine / "holiday.jpg").write_bytes(b"mine")
    if (settings.out / top).exists():
        (settings.out / top).rename(tmp_path / "away")
    (settings.out / top).symlink_to(mine)
    (photos_of(settings) / "a.jpg").unlink()
    with pytest.raises(CannotTell, match=f"{top}: is a link.*remove the link or name another --out"):
        _scan(settings)
    assert sorted(path.name for path in mine.rglob("*")) == ["deep", "holiday.jpg"]


def test_a_folder_below_that_became_a_link_is_not_written_through(settings: Settings, tmp_path: Path) -> None:
    settings = replace(settings, keep_folders=True)
    (photos_of(settings) / "trip").mkdir()
    (photos_of(settings) / "a.jpg").rename(photos_of(settings) / "trip" / "a.jpg")
    _scan(settings)
    mine = tmp_path / "mine"
    (settings.out / "released" / "trip").rename(mine)
    (settings.out / "released" / "trip").symlink_to(mine)
    (photos_of(settings) / "trip" / "b.jpg").write_bytes(b"\xff\xd8\xff b")
    before = sorted(mine.iterdir())
    with pytest.raises(OutputFailed, match="trip: is a link"):
        _scan(settings)
    for path in (photos_of(settings) / "trip").iterdir():
        path.unlink()
    _scan(settings)
    assert sorted(mine.iterdir()) == before  # a copy that lies behind a link now is nobody's to delete


def test_only_what_the_scan_wrote_is_deleted(settings: Settings) -> None:
    _scan(settings)
    (ours,) = _released(settings)
    mine = settings.out / "released" / "mine" / "holiday.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    (settings.out / "thumbs").mkdir(exist_ok=True)
    (settings.out / "thumbs" / "0123456789abcdef.jpg").write_bytes(b"mine")
    (photos_of(settings) / "a.jpg").unlink()
    summary = _scan(settings)
    assert not (settings.out / "released" / ours).exists()
    assert mine.read_bytes() == (settings.out / "thumbs" / "0123456789abcdef.jpg").read_bytes() == b"mine"
    assert summary.strange == ("released/mine/holiday.jpg",)


def test_a_copy_that_somebody_wrote_over_is_left_and_named(settings: Settings) -> None:
    _scan(settings)
    (ours,) = _released(settings)
    (settings.out / "released" / ours).write_bytes(b"mine")
    (photos_of(settings) / "a.jpg").unlink()
    assert _scan(settings).strange == (f"released/{ours}",)
    assert (settings.out / "released" / ours).read_bytes() == b"mine"


def test_a_scan_that_dies_leaves_nothing_among_the_released_that_it_does_not_know(settings: Settings) -> None:
    def power_cut(_: Task) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _scan(settings, Writing(settings, power_cut))
    assert _released(settings) == []
    (photos_of(settings) / "a.jpg").write_bytes(b"\xff\xd8\xff another")
    _scan(settings)
    assert len(_released(settings)) == 1
    assert not (settings.out / "incoming").exists()


def test_a_journal_that_names_files_elsewhere_is_not_obeyed(settings: Settings, tmp_path: Path) -> None:
    _scan(settings)
    (tmp_path / "mine.jpg").write_bytes(b"mine")
    with ScanJournal.open(settings.out / JOURNAL) as journal:
        for path in ("../mine.jpg", str(tmp_path / "mine.jpg"), "released/../../mine.jpg"):
            journal._connection.execute("INSERT INTO written VALUES (?)", (path,))
    (photos_of(settings) / "a.jpg").unlink()
    with pytest.raises(CannotTell, match="no journal of a scan"):
        _scan(settings)
    assert (tmp_path / "mine.jpg").read_bytes() == b"mine"


def test_copies_in_folders_whose_names_are_no_text_are_kept_and_cleared(settings: Settings) -> None:
    settings = replace(settings, keep_folders=True)
    folder = Path(os.fsdecode(bytes(photos_of(settings)) + b"/caf\xe9"))
    folder.mkdir()
    (photos_of(settings) / "a.jpg").rename(folder / "a.jpg")
    _scan(settings)
    assert len(_released(settings)) == 1
    assert _scan(settings).looked_at == 0
    (folder / "a.jpg").unlink()
    _scan(settings)
    assert _released(settings) == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_its_owner_reads_what_a_scan_leaves(settings: Settings) -> None:
    before = os.umask(0o022)
    try:
        _scan(settings)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (settings.out, *settings.out.rglob("*"))}
    assert {path.name: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def test_a_folder_of_photos_as_out_is_refused_and_left_as_it_was(settings: Settings) -> None:
    before = sorted(photos_of(settings).iterdir())
    there = replace(settings, out=photos_of(settings))
    with pytest.raises(CannotTell, match="name a new or empty folder as --out"):
        _scan(there)
    assert sorted(photos_of(settings).iterdir()) == before
