"""`AsyncPoster`: the same poster for programs with an event loop.

It runs the one poster there is in a thread. tweepy's own asynchronous client uploads no media and turns an HTML answer
into an error of another kind; and admission, hashing and the audit trail would block the loop anyway (decision 0036).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from consentguard.posting.poster import Poster

P = ParamSpec("P")
T = TypeVar("T")


def _in_thread(
    method: Callable[Concatenate[Poster, P], T],
) -> Callable[Concatenate[AsyncPoster, P], Coroutine[Any, Any, T]]:
    """The same method of the poster that is wrapped, run in a thread."""

    @wraps(method)
    async def called(self: AsyncPoster, /, *arguments: P.args, **named: P.kwargs) -> T:
        call: Callable[P, T] = getattr(self._poster, method.__name__)
        return await asyncio.shield(asyncio.to_thread(call, *arguments, **named))

    return called


class AsyncPoster:
    """Posts as `Poster` does, without blocking the event loop; methods, arguments and errors are the same.

    Cancelling the wait does not cut a post in half: what has begun goes on and is recorded, and asking for the same
    again returns it.
    """

    def __init__(self, poster: Poster) -> None:
        """Wraps a poster, such as `Poster.open(...)`."""
        self._poster = poster

    post = _in_thread(Poster.post)
    thread = _in_thread(Poster.thread)
    retweet = _in_thread(Poster.retweet)
    take_down = _in_thread(Poster.take_down)
    reconcile = _in_thread(Poster.reconcile)
