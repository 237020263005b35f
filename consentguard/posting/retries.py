"""Trying again: how often, and how long between. tweepy's own retries stay off: one of them resends zero bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from consentguard.posting.errors import PostingFailed, RateLimited

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """When to give up.

    Attributes:
        attempts: how often a call is tried in all.
        first: seconds before the second attempt; each later wait is twice the one before.
        longest: seconds of a single wait. A rate limit that lasts longer is told to the caller at once.
        settling: seconds to wait before each look for a post that X may or may not have made. Sixty in all: X mostly
            shows an account its own posts within seconds.
        certain: after this long a post that X still does not show counts as never made. X has shown posts minutes late.
        sleep, clock: of the machine; a test brings its own.
    """

    attempts: int = 4
    first: float = 2.0
    longest: float = 90.0
    settling: tuple[float, ...] = (2.0, 8.0, 20.0, 30.0)
    certain: timedelta = timedelta(minutes=30)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def keep_trying(self, call: Callable[[], T]) -> T:
        """The result of a call that may be repeated without harm. Raises its last PostingFailed."""
        retrying = Retrying(
            sleep=self.sleep,
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=retry_if_exception(self._may_pass),
            reraise=True,
        )
        return retrying(call)

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, PostingFailed) or not error.passes:
            return False
        return self._until_reset(error) <= self.longest

    def _wait(self, state: RetryCallState) -> float:
        usual = wait_exponential(multiplier=self.first, max=self.longest)(state)
        error = state.outcome.exception() if state.outcome else None
        limited = isinstance(error, RateLimited) and error.reset is not None
        return max(self._until_reset(error), self.first) if limited else usual

    def _until_reset(self, error: BaseException | None) -> float:
        """Seconds until a rate limit ends; 0 where none is known."""
        if not isinstance(error, RateLimited) or error.reset is None:
            return 0.0
        return (error.reset - datetime.fromtimestamp(self.clock(), UTC)).total_seconds() + 1
