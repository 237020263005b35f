"""The engine for more than one machine: Ray actors, each a worker with its own models (extra `[ray]`).

Actors rather than Ray Data's own map: there an item that kills its worker takes its whole batch with it, or is tried
for ever, and its checkpoints hung (docs/decisions/0039). Here the photo at which an actor died is known, as in the
local engine. Resume is the journal's, not Ray's.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from consentguard.batch.local import Unit
from consentguard.batch.unit import ScanResult, Task, undecided
from consentguard.errors import CannotTell
from consentguard.program import install_command

_AHEAD: Final = 2
_FALSE_STARTS: Final = 3


@contextmanager
def ray_engine(unit: Unit, workers: int, address: str | None) -> Iterator[RayEngine]:
    """Connects to the cluster at `address`, or starts one on this machine, and disconnects afterwards.

    Every machine needs the package, the models, the state directory and the folders under the same paths.
    Raises CannotTell where Ray is not installed or the cluster does not answer.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # no usage statistics, whatever is set
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a cluster that asks for a token has set it
    try:
        import ray  # noqa: PLC0415
    except ImportError as error:
        raise CannotTell(f"--engine ray needs the package ray; run `{install_command('ray')}`.") from error
    try:
        # One core more than there are workers here: the driver needs room beside them.
        ray.init(
            address=address,
            num_cpus=None if address else workers + 1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise CannotTell(f"the Ray cluster {address or 'of this machine'} cannot be used ({error}).") from error
    try:
        yield RayEngine(unit, workers)
    finally:
        ray.shutdown()


@dataclass
class _Actor:
    handle: Any
    held: deque[tuple[Task, Any]] = field(default_factory=deque)
    ready: bool = False
    alone: bool = False


class RayEngine:
    """A pool of actors. `ray.init` has been called."""

    def __init__(self, unit: Unit, workers: int) -> None:
        import ray  # noqa: PLC0415

        self._ray = ray
        self._unit = unit
        self._count = workers
        self._kind = ray.remote(_Worker)
        self._actors: list[_Actor] = []
        self._suspects: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._false_starts = 0

    def run(self, tasks: Iterable[Task], idle: Callable[[], None] = lambda: None) -> Iterator[ScanResult]:
        """As `local.Pool.run`."""
        coming = iter(tasks)
        more = True
        while True:
            more = self._feed(coming, more)
            held = {reference: actor for actor in self._actors for _, reference in actor.held}
            if not held and not more and not self._suspects and not self._again:
                return
            ready, _ = self._ray.wait(list(held), num_returns=1, timeout=1.0)
            for reference in ready:
                yield from self._result(held[reference], reference)
            idle()

    def _feed(self, coming: Iterator[Task], more: bool) -> bool:
        while len(self._actors) < self._count:
            self._actors.append(_Actor(self._kind.options(num_cpus=1, max_restarts=0).remote(self._unit)))
        for actor in self._actors:
            if self._suspects and not actor.held:
                actor.alone = True
                self._give(actor, self._suspects.popleft())
            while len(actor.held) < (1 if actor.alone else _AHEAD):
                task = self._again.popleft() if self._again else next(coming, None) if more else None
                if task is None:
                    more = False
                    break
                self._give(actor, task)
        return more

    def _give(self, actor: _Actor, task: Task) -> None:
        actor.held.append((task, actor.handle.judge.remote(task)))

    def _result(self, actor: _Actor, reference: Any) -> Iterator[ScanResult]:
        from ray.exceptions import RayActorError, RayTaskError  # noqa: PLC0415

        try:
            judged = self._ray.get(reference)
        except RayTaskError as error:  # what the unit raises is not about one photo
            raise (
                error.cause if isinstance(error.cause, CannotTell) else CannotTell(f"a worker failed: {error}")
            ) from error
        except RayActorError:
            yield from self._bury(actor)
            return
        actor.ready, actor.alone, self._false_starts = True, False, 0
        actor.held = deque(pair for pair in actor.held if pair[1] != reference)
        yield judged

    def _bury(self, actor: _Actor) -> Iterator[ScanResult]:
        self._actors.remove(actor)
        tasks = [task for task, _ in actor.held]
        if not actor.ready:
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS and not actor.alone:
                raise CannotTell("workers end before they judge anything; is the package on every machine?")
        suspect, *rest = tasks
        self._again.extend(rest)
        if actor.alone:
            yield undecided(suspect, f"{suspect.path}: the program ended while looking at it, twice; save it as JPEG.")
        else:
            self._suspects.append(suspect)


class _Worker:
    """What runs in an actor's process."""

    def __init__(self, unit: Unit) -> None:
        import cv2  # noqa: PLC0415

        os.environ["CONSENTGUARD_THREADS"] = "1"
        cv2.setNumThreads(1)
        self._unit = unit

    def judge(self, task: Task) -> ScanResult:
        """One photo."""
        try:
            self._unit.open()
            return next(iter(self._unit.scan_batch([task])))
        except MemoryError:
            os._exit(1)  # as in `local.serve`
