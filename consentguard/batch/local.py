"""The local engine: worker processes, each with its own models, that may die without costing more than one photo.

A worker sends each result as soon as it has it, so the parent knows at which photo a worker died. That photo is tried
once more, alone in a fresh worker; if that one dies too, the photo is undecided. The others go to the next worker:
nothing lost, nothing twice.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final, Protocol

from consentguard.batch.output import OutputFailed
from consentguard.batch.unit import ScanResult, Task, undecided
from consentguard.errors import CannotTell

_AHEAD: Final = 2
"""Tasks a worker holds: one at work and one waiting, so that it never waits for the parent."""
_LONGEST: Final = 300.0
"""Seconds after which a photo is taken to hang; the largest that policy lets in takes a few."""
_FALSE_STARTS: Final = 3
"""Workers that may die before they are ready; then it is no photo's fault."""
_THREADS: Final = ("CONSENTGUARD_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Unit(Protocol):
    """What a worker runs: `unit.Scanner`, or a stand-in. Picklable."""

    def open(self) -> object:
        """Makes ready. Raises CannotTell."""
        ...

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
        """See `unit.Scanner.scan_batch`."""
        ...


def serve(pipe: Connection, unit: Unit) -> None:
    """What a worker does: judges what comes through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it was not inherited; see `_interrupts_ignored`
    import cv2  # noqa: PLC0415

    cv2.setNumThreads(1)

    def tasks() -> Iterator[Task]:
        while True:
            try:
                yield pipe.recv()
            except EOFError:  # the parent is done, or gone
                return

    try:
        unit.open()
        pipe.send(None)
        for judged in unit.scan_batch(tasks()):
            pipe.send(judged)
    except (CannotTell, OutputFailed) as error:
        pipe.send(error)
    except MemoryError:
        os._exit(1)  # as if it had been killed: a fresh worker tries the photo once more
    except OSError:
        os._exit(0)  # the parent is gone: nobody is left to tell


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    held: deque[Task] = field(default_factory=deque)
    since: float = field(default_factory=time.monotonic)
    ready: bool = False
    alone: bool = False

    def room(self) -> bool:
        return len(self.held) < (1 if self.alone else _AHEAD)

    def give(self, task: Task) -> None:
        if not self.held:
            self.since = time.monotonic()
        self.held.append(task)
        with suppress(OSError):  # it died; its sentinel says so, and what it held is dealt with there
            self.pipe.send(task)

    def took(self) -> Task:
        self.since = time.monotonic()
        return self.held.popleft()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """What starts meanwhile inherits it: Ctrl-C reaches the whole group, and the parent alone decides what follows."""
    if threading.current_thread() is not threading.main_thread():  # only there can it be set
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Pool:
    """Workers for one scan. Use it in a `with`: leaving it kills them all."""

    def __init__(self, unit: Unit, workers: int, *, longest: float = _LONGEST) -> None:
        """`workers` processes; `longest` seconds after which a photo is taken to hang."""
        self._unit = unit
        self._count = workers
        self._longest = longest
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._suspects: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._false_starts = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def run(self, tasks: Iterable[Task], idle: Callable[[], None] = lambda: None) -> Iterator[ScanResult]:
        """Results in whatever order they come; tasks are asked for only when there is room.

        `idle` is called now and then. Raises CannotTell where no photo can be judged, OutputFailed where the disk is
        full.
        """
        coming = iter(tasks)
        more = True
        while True:
            more = self._feed(coming, more)
            if not any(worker.held for worker in self._workers) and not more and not self._suspects and not self._again:
                return
            yield from self._listen()
            idle()

    def _feed(self, coming: Iterator[Task], more: bool) -> bool:
        """Gives work to whoever has room; returns whether `coming` may have more."""
        while len(self._workers) < self._count:
            self._workers.append(self._start())
        for worker in self._workers:
            if self._suspects and not worker.held:
                worker.alone = True
                worker.give(self._suspects.popleft())
            while worker.room():
                if self._again:
                    worker.give(self._again.popleft())
                elif more:
                    task = next(coming, None)
                    if task is None:
                        more = False
                        break
                    worker.give(task)
                else:
                    break
        return more

    def _start(self) -> _Worker:
        before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))  # one thread a worker, so that N workers on N cores scale
        try:
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=serve, args=(theirs, self._unit), daemon=True)
            with _interrupts_ignored():
                process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
        theirs.close()
        return _Worker(process, ours)

    def _listen(self) -> Iterator[ScanResult]:
        """What has come since, and the end of workers that died or hang."""
        pipes = {worker.pipe: worker for worker in self._workers}
        ready = wait([*pipes, *(worker.process.sentinel for worker in self._workers)], timeout=1.0)
        for pipe, worker in pipes.items():
            if pipe in ready:
                yield from self._results(worker)
        for worker in list(self._workers):
            most = self._longest if worker.ready else max(self._longest, _LONGEST)  # a start is no photo's fault
            hangs = bool(worker.held) and time.monotonic() - worker.since > most
            if hangs:
                worker.process.kill()
                worker.process.join()
            if not worker.process.is_alive():
                yield from self._results(worker)  # what it had sent before it died counts
                yield from self._bury(worker, "took too long" if hangs else "the program ended while looking at it")

    def _results(self, worker: _Worker) -> Iterator[ScanResult]:
        try:
            while worker.pipe.poll():
                said = worker.pipe.recv()
                if isinstance(said, Exception):
                    raise said
                if said is None:
                    worker.ready, worker.since, self._false_starts = True, time.monotonic(), 0
                    continue
                worker.took()
                worker.alone = False
                yield said
        except (EOFError, ConnectionError):
            return  # died in the middle of it; `_bury` follows

    def _bury(self, worker: _Worker, how: str) -> Iterator[ScanResult]:
        self._workers.remove(worker)
        worker.pipe.close()
        if not worker.ready:
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                raise CannotTell(
                    f"workers end before they are ready (exit code {worker.process.exitcode}); try one photo with "
                    "`consentguard check`, and fewer --workers if memory is short."
                )
            (self._suspects if worker.alone else self._again).extend(worker.held)
            return
        if not worker.held:
            return
        suspect = worker.held.popleft()
        self._again.extend(worker.held)
        if worker.alone:
            yield undecided(suspect, f"{suspect.path}: {how}, twice; open it in a picture program and save it as JPEG.")
        else:
            self._suspects.append(suspect)
