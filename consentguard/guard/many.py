"""Several photos at once, and the same calls for an event loop: what `Guard` has beside its own methods."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Final, TypeAlias, Unpack

from consentguard.consent.question import Asked, Question
from consentguard.errors import CannotTell, Refused, WrongUsage
from consentguard.values import Mode, Released, Verdict
from consentguard.vision.imagefile.inputs import PhotoLike

if TYPE_CHECKING:
    from consentguard.guard.planning import Choice

Progress: TypeAlias = Callable[[int, int], None]
"""Called after each photo with how many are done, and how many there are."""

_LOG: Final = logging.getLogger(__name__)


class Many(ABC):
    """The methods that follow from `inspect`, `propose` and `release`."""

    @abstractmethod
    def question(self, **asked: Unpack[Asked]) -> Question: ...

    @abstractmethod
    def inspect(self, photo: PhotoLike, **asked: Unpack[Asked]) -> Verdict: ...

    @abstractmethod
    def propose(self, photo: PhotoLike, **asked: Unpack[Asked]) -> tuple[Choice, ...]: ...

    @abstractmethod
    def release(self, photo: PhotoLike, **asked: Unpack[Asked]) -> Released: ...

    def release_many(
        self,
        photos: Iterable[PhotoLike],
        *,
        workers: int = 2,
        progress: Progress | None = None,
        **asked: Unpack[Asked],
    ) -> list[Released | Refused | CannotTell]:
        """Releases several photos under one question. Returns one entry for each photo, in their order.

        An entry is what `release` returned, or the error that it raised: `isinstance(entry, Released)` tells which.
        A photo that fails stops no other. People and tags belong to one photo: with them, call `release` for each.

        Args:
            photos: as for `release`; a path is read when its turn comes.
            workers: how many photos are worked on at the same time, from 1.
            progress: called after each photo, in the thread of the caller, with how many are done and of how many.
            asked: as for `release`.

        Raises WrongUsage for a wrong question, before any photo, and TypeError for what is no photo.
        """
        if workers < 1:
            raise WrongUsage(f"workers must be 1 or more, not {workers}")
        if isinstance(photos, str | bytes):
            raise TypeError(f"release_many takes a list of photos, not one {type(photos).__name__}; use release")
        question, waiting = self.question(**asked), list(photos)
        if len(waiting) > 1 and (question.tags or question.mode is Mode.DECLARED):
            raise WrongUsage(
                "people and tags belong to one photo: named for several they would clear anybody whose photo has no "
                "more faces than names. Call release for each photo with its own."
            )

        def one(photo: PhotoLike) -> Released | Refused | CannotTell:
            try:
                return self.release(photo, **asked)
            except (Refused, CannotTell) as error:
                return error

        with ThreadPoolExecutor(workers, thread_name_prefix="consentguard") as pool:
            running = [pool.submit(one, photo) for photo in waiting]
            try:
                for done, future in enumerate(as_completed(running), 1):
                    future.result()
                    _LOG.info("%d of %d photos done", done, len(running))
                    if progress is not None:
                        progress(done, len(running))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in running]

    async def inspect_async(self, photo: PhotoLike, **asked: Unpack[Asked]) -> Verdict:
        """`inspect` in a thread, for an event loop."""
        return await asyncio.to_thread(self.inspect, photo, **asked)

    async def propose_async(self, photo: PhotoLike, **asked: Unpack[Asked]) -> tuple[Choice, ...]:
        """`propose` in a thread, for an event loop."""
        return await asyncio.to_thread(self.propose, photo, **asked)

    async def release_async(self, photo: PhotoLike, **asked: Unpack[Asked]) -> Released:
        """`release` in a thread, for an event loop. A call that is cancelled still ends, and is recorded."""
        return await asyncio.to_thread(self.release, photo, **asked)

    async def release_many_async(
        self, photos: Iterable[PhotoLike], *, workers: int = 2, **asked: Unpack[Asked]
    ) -> list[Released | Refused | CannotTell]:
        """`release_many` in a thread, for an event loop."""
        return await asyncio.to_thread(self.release_many, photos, workers=workers, **asked)
