"""One scan of a folder: what is new is judged, what is known comes from the journal, a report says what came of it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from consentguard.batch import output, report
from consentguard.batch.decisions import Decided, Decisions
from consentguard.batch.journal import ScanJournal
from consentguard.batch.output import JOURNAL
from consentguard.batch.people_file import PeopleOf, key_of
from consentguard.batch.remote import RemoteWalk
from consentguard.batch.unit import ScanResult, Settings, Task, undecided
from consentguard.batch.walk import FoundFile, Walk
from consentguard.consent.clock import now
from consentguard.consent.tagsfile import TagsOf
from consentguard.errors import CannotTell, WrongUsage
from consentguard.files import digest_of, printable
from consentguard.guard.guard import Guard
from consentguard.values import Mode, Outcome, canonical


class Engine(Protocol):
    """Runs tasks somewhere; `local.Pool` and `ray_actors.RayEngine` are engines."""

    def run(self, tasks: Iterable[Task], idle: Callable[[], None] = ...) -> Iterator[ScanResult]:
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
        changed: of each released photo in which something was painted over or cut off, the share still to be seen.
        strange: files among the released copies that this scan did not write, relative to the output folder.
        unmet: photos for which somebody was named and that are not there, so nothing was decided about them.
        clutter: how many files or folders of which kind of clutter were passed over.
    """

    outcomes: Counter[str]
    looked_at: int
    passed_over: int
    gone: int
    report: Path
    changed: tuple[float, ...] = ()
    strange: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    clutter: Mapping[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """The worst outcome's: 3 before 1 before 0."""
        return 3 if self.unmet else max((Outcome(outcome).exit_code for outcome in self.outcomes), default=0)


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
    clock: Callable[[], datetime] | None = None,
    watched: bool = False,
    people: PeopleOf = MappingProxyType({}),
    tags: TagsOf = MappingProxyType({}),
) -> Summary:
    """Scans a folder once and writes journal, copies, thumbnails and reports. Photos are never touched.

    Args:
        guard: the guard as the workers open it.
        settings: see there.
        engine: who does the work.
        progress: is kept up to date.
        tick: called now and then, to show it.
        clock: what time it is, instead of the real one.
        watched: whether the folder was watched since the scan before. Then one that held photos and holds none now is
            believed, and what is new stays so; else it may be a drive that is not connected, and nothing is forgotten.
        people: who is named as shown in which photo, see `read_people_file`; of the others nobody is.
        tags: what a person says of the faces of which photo, by its SHA-256.

    Raises WrongUsage where everybody named would be named for every photo.
    Raises CannotTell where another scan writes to the same place, or nothing can be judged; OutputFailed where the disk
    is full. What was judged until then is kept, and the next scan goes on from there.
    """
    progress = progress or Progress()
    question, clock = guard.question(**settings.asked), clock or partial(now, guard.policy.zone)
    if question.mode is Mode.DECLARED:
        raise WrongUsage(
            "--people names who is shown in one photo: for a folder it would clear anybody whose photo has no more "
            "faces than names. Say who is shown in which photo: --people-file CSV, with the columns photo and people."
        )
    with output.claimed(settings.out, settings.folder), ScanJournal.open(settings.out / JOURNAL) as journal:
        started = clock()
        basis = basis_of(guard, settings, started)
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
        decided = Decisions.open(settings.out / JOURNAL).standing()
        listing = _Listing(journal, walk, settings, basis, number, progress, guard.words.judge_file_name, people,
                            tags, decided, watched=watched)  # fmt: skip
        for judged in engine.run(listing, tick):
            journal.judged(judged, basis, clock().isoformat(timespec="seconds"))
            for path in judged.written:
                output.place(settings.out, path)
            listing.done(judged.task.key)
            progress.judged += 1
            progress.outcomes[judged.verdict["outcome"]] += 1
            tick()
        if not (progress.listed or watched) and (before := journal.count()):
            raise CannotTell(
                f"{settings.folder}: holds no photo, and held {before} at the last scan; is the drive connected? If "
                "they are gone for good, name another --out."
            )
        gone = journal.settle(number)
        finished = clock().isoformat(timespec="seconds")
        journal.finish(number, finished)
        for path in journal.unneeded():  # what no consent covers now must not lie about
            output.remove(settings.out, path)
            journal.forget(path)
        strange = tuple(sorted(output.strange(settings.out, journal.outputs())))
        classes = {person.id: person.class_name for person in guard.register}
        facts = {**about, "finished": finished, "gone": gone, "passed_over": walk.passed_over, "clutter": walk.clutter}
        totals, changed = report.write(settings.out, journal.rows, facts, classes, guard.policy.sentences.by_code)
    return Summary(
        totals,
        progress.judged,
        walk.passed_over,
        gone,
        settings.out / report.PAGE,
        changed=changed,
        strange=strange,
        unmet=tuple(sorted(listing.unmet)),
        clutter=walk.clutter,
    )


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
        journal: ScanJournal,
        walk: Walk | RemoteWalk,
        settings: Settings,
        basis: str,
        number: int,
        progress: Progress,
        names_a_pupil: Callable[[str], object],
        people: PeopleOf,
        tags: TagsOf,
        decided: Mapping[str, Decided],
        *,
        watched: bool,
    ) -> None:
        self._journal, self._walk, self._settings = journal, walk, settings
        self._basis, self._number, self._progress = basis, number, progress
        self._names_a_pupil = names_a_pupil
        self._people, self._tags, self._decided = people, tags, decided
        self._watched = watched
        self.unmet = set(people)
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

    def _task(self, found: FoundFile) -> Task | None:
        """The task for a file, or None where nothing has to be looked at."""
        trouble, content, folder = found.trouble, found.content, self._settings.folder
        if not trouble and isinstance(folder, Path):
            try:
                content = digest_of(folder / found.path)
            except OSError as error:
                trouble = f"cannot be read ({error.strerror or error})"
        if trouble:  # nothing to look at; the verdict stands under a content of its own
            task = Task(found.path, "path:" + hashlib.sha256(os.fsencode(found.path)).hexdigest())
            at = now(UTC).isoformat(timespec="seconds")
            self._journal.judged(undecided(task, f"{found.path}: {trouble}.", "unreadable-image"), self._basis, at)
            self._progress.outcomes[Outcome.CANNOT_TELL.value] += 1
        else:
            named, key = bool(self._names_a_pupil(printable(found.path))), key_of(found.path)
            self.unmet.discard(key)
            task = Task(found.path, content, named, self._people.get(key, ()), self._tags.get(content, ()),
                        self._decided.get(content))  # fmt: skip
        self._journal.seen(found.path, task.key, self._basis, self._number, goes_on=self._watched)
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
        copy, sha256 = known
        return copy is None or output.is_there(self._settings.out, copy, sha256)
