"""The poster for an event loop: the same poster, beside a loop that goes on, and never cut in half."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from consentguard.errors import Refused
from consentguard.posting import AsyncPoster, Part

BY: Mapping[str, Any] = {"channel": "main", "by": "Miriam Castlegate"}


def test_it_posts_what_the_poster_posts(guarded, photos, make_poster, fake):
    async def main() -> None:
        poster = AsyncPoster(make_poster(guarded))
        posted = await poster.post("Sunflowers", [photos["work"]], **BY)
        await poster.thread([Part("One"), Part("Two")], **BY)
        with pytest.raises(Refused):
            await poster.retweet(posted.id, **BY)
        await poster.take_down(posted.id, **BY)
        assert await poster.reconcile() == ()

    asyncio.run(main())
    assert [post["text"] for post in fake.own_posts()] == ["One", "Two"]


def test_the_loop_goes_on_meanwhile_and_the_same_post_is_sent_once(guarded, photos, make_poster, fake):
    async def main() -> None:
        poster = AsyncPoster(make_poster(guarded))
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        posts = await asyncio.gather(*(poster.post("Sunflowers", [photos["work"]], **BY) for _ in range(4)))
        ticking.cancel()
        assert len({post.id for post in posts}) == 1
        assert sorted(post.already for post in posts) == [False, True, True, True]
        assert ticks > 5

    asyncio.run(main())
    assert fake.count("create") == 1


def test_a_cancelled_wait_does_not_cut_a_post_in_half(guarded, photos, make_poster, fake, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    poster = make_poster(guarded)
    upload = poster.account.network.upload

    def slow(*arguments: object) -> str:
        begun.set()
        go_on.wait(5)
        return upload(*arguments)

    monkeypatch.setattr(poster.account.network, "upload", slow)

    async def main() -> None:
        waiting = asyncio.create_task(AsyncPoster(poster).post("Sunflowers", [photos["work"]], **BY))
        await asyncio.to_thread(begun.wait, 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()

    asyncio.run(main())  # waits for its threads at the end
    assert len(fake.own_posts()) == 1
    assert poster.post("Sunflowers", [photos["work"]], **BY).already
