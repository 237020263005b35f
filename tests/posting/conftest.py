"""A desk from which real tweepy posts to the fake X, with a clock that moves only when somebody waits."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tweepy
from fake_x import KEYS, FakeX, Fault
from fake_x_wire import ToFake
from PIL import Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.guard.guard import Guard
from consentguard.posting import Patience, Poster, X
from consentguard.values import Released


@dataclass
class Waiting:
    """Stands in for sleep and clock: nothing waits, and what would have been waited is written down."""

    waits: list[float] = field(default_factory=list)
    start: float = datetime(2026, 11, 25, 7, 15, tzinfo=UTC).timestamp()  # a Wednesday, just in hours
    began: float = field(default_factory=time.monotonic)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)  # what happens during the next waits, in turn

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def clock(self) -> float:
        return self.start + time.monotonic() - self.began + sum(self.waits)


@pytest.fixture
def fake(waiting: Waiting) -> Iterator[FakeX]:
    service = FakeX()
    service.clock = waiting.clock
    yield service
    service.close()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def tweepy_client() -> Iterator[tweepy.Client]:
    client = tweepy.Client(None, *KEYS.values())
    yield client
    client.session.close()


@pytest.fixture
def make_x(fake: FakeX) -> Iterator[Callable[..., X]]:
    """X through real tweepy, led to the fake; keys are the main account's, or those of the id given as `account`."""
    sessions = []

    def make(upload: str = "v2", account: str = "1001", timeout: tuple[float, float] = (2.0, 20.0)) -> X:
        keys = {**KEYS, "access_token": KEYS["access_token"].replace("1001", account)}
        client = tweepy.Client(None, *keys.values())
        api = tweepy.API(tweepy.OAuth1UserHandler(*keys.values()), retry_count=3)
        for each in (client, api):
            each.session.mount("https://", ToFake(fake))
            sessions.append(each.session)
        return X(client, api, upload=upload, timeout=timeout)

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def patience(waiting: Waiting) -> Patience:
    return Patience(sleep=waiting.sleep, clock=waiting.clock)


@pytest.fixture
def make_poster(make_x: Callable[..., X], patience: Patience) -> Callable[..., Poster]:
    def make(guard: Guard, **parts: object) -> Poster:
        return Poster(lambda: guard, make_x(**parts), patience=patience)

    return make


def _drawn(shade: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((64, 96, 3), shade, np.uint8)).save(out, "JPEG")
    return out.getvalue()


# -- real releases, made once for all tests ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def released_once(tmp_path_factory, register, body_policy, photographs) -> tuple[Path, Mapping[str, Released]]:
    """A state, and what it released: `shown` rests on a pupil's consent, in `covered` a face is hidden."""
    state = State.create(tmp_path_factory.mktemp("posting") / "state")
    guard = Guard(register, body_policy, state=state)
    photos = {
        "shown": guard.release(photographs["obama"], people=["P001"], by="the tests"),
        "covered": guard.release(photographs["biden"]),
        # Small ones without anybody, for tests that send hundreds.
        "work": guard.release(_drawn(90)),
        "table": guard.release(_drawn(200)),
    }
    return state.directory, photos


@pytest.fixture
def photos(released_once: tuple[Path, Mapping[str, Released]]) -> Mapping[str, Released]:
    return released_once[1]


@pytest.fixture
def fresh_guard(released_once, tmp_path, register, body_policy) -> Callable[[], Guard]:
    """Makes guards, each over a copy of that state of its own, so that nobody sees the posts of another."""
    names = itertools.count()

    def make() -> Guard:
        folder = tmp_path / f"state {next(names)}"
        shutil.copytree(released_once[0], folder)
        return Guard(register, body_policy, state=State.open(folder))

    return make


@pytest.fixture
def guarded(fresh_guard: Callable[[], Guard]) -> Guard:
    return fresh_guard()


@pytest.fixture
def desk_with(tmp_path, register, body_policy_text, photographs):
    """A guard under the policy with the line of that key replaced, and a photo it released."""

    def make(lines: bytes) -> tuple[Guard, Released]:
        key = re.escape(lines.partition(b" ")[0])
        text, changed = re.subn(rb"(?m)^" + key + rb" = .*$", lines, body_policy_text)
        assert changed == 1
        guard = Guard(register, Policy.parse(text, "changed.toml"), state=State.create(tmp_path / "other"))
        return guard, guard.release(photographs["obama"], people=["P001"], by="the tests")

    return make


HTML = "<html><body>Something went wrong</body></html>"


@pytest.fixture
def faults() -> SimpleNamespace:
    """What X may answer, by name. `none` is no fault, for the places before one."""
    return SimpleNamespace(
        none=None,
        forbidden=Fault(403, {"title": "Forbidden", "detail": "Your app may not do this."}),
        overloaded=Fault(503, HTML),
    )
