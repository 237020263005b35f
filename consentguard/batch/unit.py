"""The unit of work that every engine runs: photos in, one `ScanResult` each out, whatever happens to them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from consentguard.batch.decisions import Decided
from consentguard.batch.output import RELEASED, THUMBS, OutputFailed, deliver
from consentguard.batch.remote import LISTED, RemoteFolder, RemoteWalk
from consentguard.batch.walk import Walk
from consentguard.errors import (
    AuditFailed,
    CannotTell,
    ModelUnavailable,
    PolicyInvalid,
    Refused,
    RegisterInvalid,
    TemplateStoreError,
    UnreadableImage,
    WrongUsage,
)
from consentguard.files import printable, read_photo, said_of

if TYPE_CHECKING:
    from consentguard.consent.question import Asked
    from consentguard.guard.guard import Guard
    from consentguard.values import Released, Tag

_THUMB_EDGE: Final = 320
_NO_PHOTOS_FAULT: Final = (AuditFailed, ModelUnavailable, TemplateStoreError, RegisterInvalid, PolicyInvalid)
"""What every photo would meet alike. Kept as the verdict of each, it would stand in the journal after it is mended."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every worker needs to open the same guard and ask it the same question. Picklable; holds no names.

    Attributes:
        folder: what is scanned, on the disk or by URL; paths of tasks are relative to it.
        out: where released copies and thumbnails go.
        register, policy, state: as for `Guard.open`.
        asked: channel, mode, by, ...; people only in mode matched, for what a task's people are there.
        register_sha256, policy_sha256: what the scan began with; a worker that reads something else stops it.
        dry_run: verdicts only, nothing is released.
        keep_folders: released copies lie in folders as their originals do, else all in one.

    Raises CannotTell for a folder that is none.
    """

    folder: Path | RemoteFolder
    out: Path
    register: Path | None
    policy: Path | None
    state: Path | None
    asked: Asked
    register_sha256: str
    policy_sha256: str
    dry_run: bool = False
    keep_folders: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.folder, Path) and not self.folder.is_dir():
            raise CannotTell(f"{self.folder}: is not a folder; name the folder that holds the photos.")

    def walk(self) -> Walk | RemoteWalk:
        """Everything that has to get a verdict."""
        return (
            RemoteWalk(self.folder) if isinstance(self.folder, RemoteFolder) else Walk(self.folder, without=(self.out,))
        )

    def asked_of(self, task: Task) -> Asked:
        """What is asked about one photo."""
        asked = self.asked
        if task.decided is not None:  # at the desk, which counts before what was asked of all
            return {**asked, **task.decided.asks()}
        if task.people:
            asked = {**asked, "people": task.people}
        return {**asked, "tags": task.tags} if task.tags else asked

    def copies_of(self, path: Path) -> Path:
        """The folder below `out` where the released copy of a photo goes."""
        parts = path.parent.parts if self.keep_folders else ()
        return Path(RELEASED, *(printable(part) for part in parts))

    def read(self, path: Path) -> bytes:
        """A photo's bytes. Raises UnreadableImage."""
        return self.folder.read(path) if isinstance(self.folder, RemoteFolder) else read_photo(self.folder / path)


@dataclass(frozen=True, slots=True)
class Task:
    """One photo to judge: where it lies under the folder, and what its content was known by when it was listed.

    That is the SHA-256 of its bytes, or `remote.LISTED` and a digest of what a storage says of it.

    Attributes:
        named: whether the file is named after a pupil. Then its verdict is not that of a copy with another name.
        people: register ids of those who are named as shown in it.
        tags: what a person says of its faces.
        decided: what a person decided about it at the desk.
    """

    path: Path
    content: str
    named: bool = False
    people: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    decided: Decided | None = None

    @property
    def key(self) -> str:
        """Under which the verdict is kept: what the verdict depends on, of this photo."""
        said = repr([tag.as_json() for tag in self.tags]).encode()
        tagged = (f"tags:{hashlib.sha256(said).hexdigest()[:16]}",) if self.tags else ()
        desk = (f"desk:{self.decided.digest[:16]}",) if self.decided else ()
        return "+".join((self.content, *(("named",) if self.named else ()), *sorted(self.people), *tagged, *desk))

    @staticmethod
    def content_of(key: str) -> str:
        """The content that a key begins with."""
        return key.partition("+")[0]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What came of one photo.

    Attributes:
        task: which photo.
        verdict: the object of `--json`; its `photo` is the path relative to the folder, its `output` relative to `out`.
        message: the whole reason in plain words, "" for what went through.
        thumb: relative path of the thumbnail under `out`, "" where there is none.
        seconds: how long it took.
        lasting: False for what has nothing to do with its content, such as a file that vanished meanwhile; the next
            scan looks again.
    """

    task: Task
    verdict: dict[str, Any]
    message: str = ""
    thumb: str = ""
    seconds: float = 0.0
    lasting: bool = True

    @property
    def written(self) -> tuple[str, ...]:
        """Relative paths under `out` of what was delivered for it."""
        return tuple(path for path in (self.verdict["output"], self.thumb) if path)


def undecided(task: Task, message: str, code: str = "cannot-tell", *, lasting: bool = True) -> ScanResult:
    """The result for a photo on which no decision could be reached."""
    from consentguard.values import Finding, Outcome, Verdict  # noqa: PLC0415

    message = said_of(task.path, message)
    finding = Finding(code, "file", message.splitlines()[0])
    verdict = Verdict(printable(task.path), Outcome.CANNOT_TELL, reasons=(code,), findings=(finding,))
    return ScanResult(task, verdict.as_json(), message, lasting=lasting)


@dataclass
class Scanner:
    """A guard of its own in one process, opened at the first photo; models stay loaded. Not for several threads."""

    settings: Settings
    _guard: Guard | None = field(default=None, repr=False)

    def open(self) -> Guard:
        """The guard. Raises CannotTell where it cannot be opened or is not the one that the scan began with."""
        from consentguard.guard.guard import Guard  # noqa: PLC0415

        if self._guard is None:
            s = self.settings
            guard = Guard.open(s.register, policy=s.policy, state=s.state)
            now = (guard.register.sha256, guard.policy.fingerprint)
            if now != (s.register_sha256, s.policy_sha256):
                raise CannotTell("register or policy changed while the scan ran; start it again, it resumes.")
            self._guard = guard
        return self._guard

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        """One result for each task, in order, each as soon as it is there.

        Raises nothing for a photo. Raises CannotTell where no photo could be judged at all (models, register, policy,
        state), OutputFailed where the disk is full.
        """
        guard = self.open()
        for task in tasks:
            start = time.perf_counter()
            judged = self._judge(guard, task)
            yield replace(judged, seconds=time.perf_counter() - start)

    def _judge(self, guard: Guard, task: Task) -> ScanResult:
        from consentguard.consent.codes import reason_of  # noqa: PLC0415

        try:
            photo = self.settings.read(task.path)
        except UnreadableImage as error:
            return undecided(task, str(error), reason_of(error), lasting=False)
        if not task.content.startswith(LISTED) and hashlib.sha256(photo).hexdigest() != task.content:
            why = f"{task.path}: changed while the scan ran; scan again."
            return undecided(task, why, "unreadable-image", lasting=False)
        try:
            return self._check(guard, task, photo) if self.settings.dry_run else self._release(guard, task, photo)
        except (OutputFailed, *_NO_PHOTOS_FAULT, MemoryError):
            raise
        except CannotTell as error:
            return undecided(task, str(error), reason_of(error))
        except WrongUsage as error:  # what is asked about every photo was checked before
            return undecided(task, f"{task.path}: {error}", "tags-do-not-fit")
        except Exception as error:  # noqa: BLE001  (a bug of ours costs one photo its verdict, not the rest theirs)
            return undecided(task, f"{task.path}: a bug ({type(error).__name__}: {error}); please report it.")

    def _check(self, guard: Guard, task: Task, photo: bytes) -> ScanResult:
        verdict = guard.inspect(photo, name=printable(task.path), **self.settings.asked_of(task))
        thumb = self._keep_thumb(guard.thumbnail(photo, verdict, _THUMB_EDGE))
        return ScanResult(task, verdict.as_json(), "", thumb)

    def _release(self, guard: Guard, task: Task, photo: bytes) -> ScanResult:
        try:
            asked = self.settings.asked_of(task)
            released = guard.release(photo, name=printable(task.path), **asked)
            guard.admit(released, channel=guard.question(**asked).channel.name)
        except Refused as error:
            thumb = self._keep_thumb(guard.thumbnail(photo, error.verdict, _THUMB_EDGE))
            return ScanResult(task, error.verdict.as_json(), str(error), thumb)
        output = self._keep_released(task, released)
        thumb = self._keep_thumb(guard.thumbnail(released.data, released.verdict, _THUMB_EDGE))
        return ScanResult(task, {**released.verdict.as_json(), "output": output}, "", thumb)

    def _keep_released(self, task: Task, released: Released) -> str:
        return deliver(self.settings.out, self.settings.copies_of(task.path), released.data, released.suffix)

    def _keep_thumb(self, data: bytes | None) -> str:
        if data is None:
            return ""
        name = hashlib.sha256(data).hexdigest()  # 100,000 files in one folder are slow to open
        return deliver(self.settings.out, Path(THUMBS, name[:2]), data, ".jpg")
