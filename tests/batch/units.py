"""Stand-ins for what a worker runs, in a module of their own so that a worker's process can import them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fakes import sample_with

from consentguard.batch.local import Unit
from consentguard.batch.output import OutputFailed
from consentguard.batch.unit import Scanner, ScanResult, Settings, Task, undecided
from consentguard.consent.record.state import State
from consentguard.errors import CannotTell
from consentguard.guard.guard import Guard


def photos_of(settings: Settings) -> Path:
    """The folder that is scanned, which is on the disk in these tests."""
    assert isinstance(settings.folder, Path)
    return settings.folder


def settings_in(folder: Path) -> Settings:
    """Those of a scan of an empty folder `photos`, with the sample register and a state."""
    photos, register, state = folder / "photos", folder / "register.csv", folder / "state"
    photos.mkdir()
    register.write_bytes(sample_with({}))
    State.create(state)
    guard = Guard.open(register, state=state)
    return Settings(
        photos, folder / "out", register, None, state, {}, guard.register.sha256, guard.policy.fingerprint
    )  # fmt: skip


class Here:
    """An engine without processes, for what is not about them."""

    def __init__(self, unit: Unit, each: Callable[[Task], None] = lambda _: None) -> None:
        self._unit, self._each = unit, each

    def run(self, tasks: Iterable[Task], idle: Callable[[], None] = lambda: None) -> Iterator[ScanResult]:
        for task in tasks:
            self._each(task)
            yield from self._unit.scan_batch([task])


@dataclass
class Obedient:
    """Does what a photo's name says: kill (itself), hang, once (killed the first time), full; else says who judged."""

    notes: Path

    def open(self) -> None:
        return None

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        for task in tasks:
            name = task.path.name
            if name.startswith("once") and not (self.notes / name).exists():
                (self.notes / name).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if name.startswith("kill"):
                os.kill(os.getpid(), signal.SIGKILL)
            if name.startswith("hang"):
                time.sleep(600)
            if name.startswith("full"):
                raise OutputFailed("no space")
            yield undecided(task, f"by {os.getpid()}")


@dataclass
class Stillborn:
    """Dies before it is ready."""

    def open(self) -> None:
        os._exit(7)

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        raise NotImplementedError


@dataclass
class Unequipped:
    """Says why no photo can be judged."""

    def open(self) -> None:
        raise CannotTell("centerface.onnx is missing")

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        raise NotImplementedError


def allow(notes: Path, more: int) -> None:
    """Lets `Slow` look so many times more."""
    with (notes / "allowed").open("ab") as file:
        file.write(b"." * more)


def _looks(notes: Path) -> int:
    try:
        return (notes / "looks").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


@dataclass
class Slow:
    """Notes each look, so that a test can see what was looked at twice, and waits where the test allows no more.

    The file `allowed` has a byte for each look that may begin: the machine may be as slow as it likes.
    """

    notes: Path

    def open(self) -> None:
        return None

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        for task in tasks:
            while _looks(self.notes) >= (self.notes / "allowed").stat().st_size:
                time.sleep(0.005)
            with (self.notes / "looks").open("a") as file:
                file.write(f"{os.getpid()} {task.content}\n")
            yield undecided(task, "slowly")


@dataclass
class Mortal(Scanner):
    """The real unit, whose process is killed at the first photo that anybody looks at."""

    notes: Path = Path()

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        for task in tasks:
            try:
                (self.notes / "killed").touch(exist_ok=False)
            except FileExistsError:
                yield from super().scan_batch([task])
            else:
                os.kill(os.getpid(), signal.SIGKILL)
