"""`AsyncPoster`: the same poster for programs with an event loop.

It runs the one poster there is in a thread. tweepy's own asynchronous client uploads no media and turns an HTML answer
into an error of another kind; and admission, hashing and the audit trail would block the loop anyway (decision 0036).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar, Unpack

from consentguard.posting.context import HoursException
from consentguard.posting.draft import Part
from consentguard.posting.poster import Poster
from consentguard.posting.settling import Posted
from consentguard.values import Released

P = ParamSpec("P")
T = TypeVar("T")


class AsyncPoster:
    """Posts as `Poster` does, without blocking the event loop; methods, arguments and errors are the same.

    Cancelling the wait does not cut a post in half: what has begun goes on and is recorded, and asking for the same
    again returns it.
    """

    def __init__(self, poster: Poster) -> None:
        """Wraps a poster, such as `Poster.open(...)`."""
        self._poster = poster

    async def post(
        self,
        text: str,
        photos: Sequence[Released] = (),
        *,
        channel: str,
        by: str,
        alts: Sequence[str] = (),
        sources: Sequence[Path] = (),
        again: bool = False,
        **exception: Unpack[HoursException],
    ) -> Posted:
        """See `Poster.post`."""
        run = self._poster.post
        return await _run(
            run, text, photos, channel=channel, by=by, alts=alts, sources=sources, again=again, **exception
        )

    async def thread(
        self, parts: Sequence[Part], *, channel: str, by: str, again: bool = False, **exception: Unpack[HoursException]
    ) -> tuple[Posted, ...]:
        """See `Poster.thread`."""
        return await _run(self._poster.thread, parts, channel=channel, by=by, again=again, **exception)

    async def retweet(self, post: str, *, channel: str, by: str, **exception: Unpack[HoursException]) -> Posted:
        """See `Poster.retweet`."""
        return await _run(self._poster.retweet, post, channel=channel, by=by, **exception)

    async def take_down(self, post: str, *, channel: str, by: str) -> None:
        """See `Poster.take_down`."""
        await _run(self._poster.take_down, post, channel=channel, by=by)

    async def reconcile(self) -> tuple[Posted, ...]:
        """See `Poster.reconcile`."""
        return await _run(self._poster.reconcile)


async def _run(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    return await asyncio.shield(asyncio.to_thread(call, *arguments, **named))
