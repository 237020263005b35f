"""One scan of a folder: what is new is judged, what is known comes from the journal, a report says what came of it."""

from __future__ import annotations

import hashlib
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from filelock import FileLock, Timeout

from consentguard.batch import report
from consentguard.batch.journal import Journal
from consentguard.batch.remote import RemoteWalk
from consentguard.batch.unit import RELEASED, THUMBS, Judged, OutputFailed, Settings, Task, undecided
from consentguard.batch.walk import Found, Walk, printable
from consentguard.consent.clock import now as school_time
from consentguard.errors import CannotTell
from consentguard.guard.guard import Guard
from consentguard.values import Outcome, canonical

JOURNAL: Final = "scan.db"
_LOCK: Final = "scan.lock"
_CHUNK: Final = 1 << 20


class Engine(Protocol):
    """Runs tasks somewhere; `local.Pool` and `ray_actors.RayEngine` are engines."""

    def run(self, tasks: Iterable[Task], idle: Callable[[], None] = ...) -> Iterator[Judged]:
        """See `local.Pool.run`."""
        ...


@dataclass(slots=True)
class Progress:
    """How far a scan is, for whoever shows it; `total` is None until somebody has counted."""

    total: int | None = None
    listed: int = 0
    known: int = 0
    judged: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a scan came to.

    Attributes:
        outcomes: how many files ended how.
        looked_at: how many contents were judged anew; the others stood in the journal.
        passed_over: files that are no pictures.
        gone: files of the scan before that are not there any more.
        report: the page for people.
    """

    outcomes: Counter[str]
    looked_at: int
    passed_over: int
    gone: int
    report: Path

    @property
    def exit_code(self) -> int:
        """The worst outcome's: 3 before 1 before 0."""
        return max((Outcome(outcome).exit_code for outcome in self.outcomes), default=0)


def basis_of(guard: Guard, settings: Settings, on: datetime) -> str:
    """SHA-256 over everything but the photo that a verdict of this scan rests on, hex.

    That is register and policy, the standings of the day (a consent may expire overnight), this program, and what was
    asked.
    """
    asked = repr(sorted(settings.asked.items()))
    rests_on = [guard.basis(on, **settings.asked), asked, settings.dry_run, settings.keep_folders]
    return hashlib.sha256(canonical(rests_on)).hexdigest()


def scan(
    guard: Guard,
    settings: Settings,
    engine: Engine,
    *,
    progress: Progress | None = None,
    tick: Callable[[], None] = lambda: None,
    clock: Callable[[], datetime] = school_time,
    emptied: bool = False,
) -> Summary:
    """Scans a folder once and writes journal, copies, thumbnails and reports. Photos are never touched.

    Args:
        guard: the guard as the workers open it.
        settings: see there.
        engine: who does the work.
        progress: is kept up to date.
        tick: called now and then, to show it.
        clock: what time it is.
        emptied: whether a folder that held photos and holds none now is believed; else it may be a drive that is not
            connected, and nothing is forgotten.

    Raises CannotTell where another scan writes to the same place, or nothing can be judged; OutputFailed where the disk
    is full. What was judged until then is kept, and the next scan goes on from there.
    """
    progress = progress or Progress()
    with _claimed(settings.out), Journal.open(settings.out / JOURNAL) as journal:
        started = clock()
        basis = basis_of(guard, settings, started)
        question = guard.question(**settings.asked)
        about = {
            "folder": str(settings.folder),
            "channel": question.channel.name,
            "scope": question.channel.scope,
            "mode": question.mode.value,
            "dry_run": settings.dry_run,
            "register_sha256": settings.register_sha256,
            "policy_sha256": settings.policy_sha256,
            "policy": guard.policy.name,
        }
        number = journal.begin(basis, about, started.isoformat(timespec="seconds"))
        walk = settings.walk()
        listing = _Listing(journal, walk, settings, basis, number, progress, guard.words.judge_file_name)
        for judged in engine.run(listing, tick):
            journal.judged(judged, basis, clock().isoformat(timespec="seconds"))
            listing.done(judged.task.key)
            progress.judged += 1
            progress.outcomes[judged.verdict["outcome"]] += 1
            tick()
        if not (progress.listed or emptied) and (before := journal.count()):
            raise CannotTell(
                f"{settings.folder}: holds no photo, and held {before} at the last scan; is the drive connected? If "
                "they are gone for good, name another --out."
            )
        gone = journal.settle(number)
        finished = clock().isoformat(timespec="seconds")
        journal.finish(number, finished)
        _tidy(settings.out, journal.outputs())
        classes = {person.id: person.class_name for person in guard.register}
        totals = report.write(settings.out, journal.rows, {**about, "finished": finished, "gone": gone,
                              "passed_over": walk.passed_over}, classes)  # fmt: skip
    return Summary(totals, progress.judged, walk.passed_over, gone, settings.out / report.PAGE)


def count_into(progress: Progress, settings: Settings) -> None:
    """Counts what a scan will meet, beside it, so that the time left can be said; a folder that goes away ends it."""
    with suppress(OSError, CannotTell):  # the scan itself says so
        progress.total = sum(1 for _ in settings.walk())


class _Listing:
    """Tasks for everything that has no verdict yet, in the order of the walk; each content once.

    Only contents that are being looked at right now are held in memory; the rest is asked of the journal.
    """

    def __init__(
        self,
        journal: Journal,
        walk: Walk | RemoteWalk,
        settings: Settings,
        basis: str,
        number: int,
        progress: Progress,
        names_a_pupil: Callable[[str], object],
    ) -> None:
        self._journal, self._walk, self._settings = journal, walk, settings
        self._basis, self._number, self._progress = basis, number, progress
        self._names_a_pupil = names_a_pupil
        self._asked: set[str] = set()

    def done(self, key: str) -> None:
        """Says that the journal has the verdict under a key now."""
        self._asked.discard(key)

    def __iter__(self) -> Iterator[Task]:
        try:
            for found in self._walk:
                self._progress.listed += 1
                task = self._task(found)
                if task is not None:
                    yield task
        except OSError as error:
            raise CannotTell(
                f"{self._settings.folder}: the folder went away ({error.strerror}); scan again when it is back."
            ) from error

    def _task(self, found: Found) -> Task | None:
        """The task for a file, or None where nothing has to be looked at."""
        trouble, content, folder = found.trouble, found.content, self._settings.folder
        if not trouble and isinstance(folder, Path):
            try:
                content = content_of(folder / found.path)
            except OSError as error:
                trouble = f"cannot be read ({error.strerror or error})"
        if trouble:  # nothing to look at; the verdict stands under a content of its own
            task = Task(found.path, "path:" + hashlib.sha256(os.fsencode(found.path)).hexdigest())
            at = school_time().isoformat(timespec="seconds")
            self._journal.judged(undecided(task, f"{found.path}: {trouble}.", "unreadable-image"), self._basis, at)
            self._progress.outcomes[Outcome.CANNOT_TELL.value] += 1
        else:
            task = Task(found.path, content, bool(self._names_a_pupil(printable(found.path))))
        self._journal.seen(found.path, task.key, self._basis, self._number)
        if trouble or task.key in self._asked:
            return None
        if self._stands(task.key):
            self._progress.known += 1
            return None
        self._asked.add(task.key)
        return task

    def _stands(self, content: str) -> bool:
        """Whether the journal has a verdict that still holds, with its released copy as it was written."""
        known = self._journal.knows(content, self._basis)
        if known is None:
            return False
        output, sha256 = known
        if output is None:
            return True
        try:
            return content_of(self._settings.out / output) == sha256
        except OSError:
            return False


def content_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hex, read piece by piece. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _tidy(out: Path, named: set[str]) -> None:
    """Removes copies and thumbnails that no verdict names any more: what no consent covers now must not lie about."""
    for top in (RELEASED, THUMBS):
        for folder, _, files in os.walk(out / top, topdown=False):
            for name in files:
                path = Path(folder, name)
                if path.relative_to(out).as_posix() not in named:
                    path.unlink(missing_ok=True)
            if Path(folder) != out / top and not any(Path(folder).iterdir()):
                Path(folder).rmdir()


@contextmanager
def _claimed(out: Path) -> Iterator[None]:
    """Holds an output folder for one scan. Raises CannotTell naming the scan that holds it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / _LOCK, timeout=0)
        lock.acquire()
        # Copies and thumbnails that no verdict names are removed: that must never meet what somebody else put there.
        ours = (JOURNAL, _LOCK, f"{_LOCK}.holder")
        strange = next((path.name for path in out.iterdir() if path.name not in ours), None)
        if strange and not (out / JOURNAL).exists():
            lock.release()
            raise CannotTell(f"{out}: holds files that no scan made ({strange}); name a new or empty folder as --out.")
    except Timeout as error:
        raise CannotTell(
            f"{out}: another scan ({_holder(out)}) writes here; wait for it, or name another --out."
        ) from error
    except OSError as error:
        raise OutputFailed(f"{out}: cannot be written ({error.strerror or error}); name another --out.") from error
    try:
        (out / f"{_LOCK}.holder").write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
        yield
    finally:
        (out / f"{_LOCK}.holder").unlink(missing_ok=True)
        lock.release()


def _holder(out: Path) -> str:
    try:
        return (out / f"{_LOCK}.holder").read_text("utf-8")
    except OSError:
        return "of a process that has not said its name yet"
