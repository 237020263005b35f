"""Trying again: how often, and how long between. tweepy's own retries stay off: one of them resends zero bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from consentguard.posting.errors import PostingFailed, RateLimited

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """When to give up.

    Attributes:
        attempts: how often a call is tried in all.
        first: seconds before the second attempt; each later wait is twice the one before.
        longest: seconds of a single wait. A rate limit that lasts longer is told to the caller at once.
        settling: seconds to wait before each look for a post that X may or may not have made. Sixty in all: X shows
            an account its own posts within seconds.
        sleep, clock: of the machine; a test brings its own.
    """

    attempts: int = 4
    first: float = 2.0
    longest: float = 90.0
    settling: tuple[float, ...] = (2.0, 8.0, 20.0, 30.0)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def wait_after(self, error: PostingFailed, attempt: int) -> bool:
        """Waits before another attempt, `attempt` counting from 1; False, at once, where there is none to wait for."""
        if not error.passes or attempt >= self.attempts:
            return False
        wait = self.first * 2 ** (attempt - 1)
        if isinstance(error, RateLimited) and error.reset is not None:
            wait = (error.reset - datetime.fromtimestamp(self.clock(), UTC)).total_seconds() + 1
        if wait > self.longest:
            return False
        self.sleep(max(wait, self.first))
        return True

    def keep_trying(self, call: Callable[[], T]) -> T:
        """The result of a call that may be repeated without harm. Raises its last PostingFailed."""
        attempt = 1
        while True:
            try:
                return call()
            except PostingFailed as error:
                if not self.wait_after(error, attempt):
                    raise
            attempt += 1
