"""The scripted day of a class account: every step ends as it should, and says so in words without codes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import tweepy
from fake_x import KEYS, FakeX
from fake_x_wire import ToFake
from fakes import SAMPLE_FILE
from posting.day import Day

from consentguard.cli import main
from consentguard.consent.record.state import State
from consentguard.posting import Patience, X
from consentguard.posting.x.credentials import Credentials
from consentguard.vision.imagefile import codec


@pytest.fixture
def day(tmp_path, photographs, body_policy_text, fake: FakeX, waiting, monkeypatch) -> Iterator[Day]:
    (tmp_path / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())
    for name, photo in (("painting", "obama"), ("visitor", "biden")):
        pixels = codec.decode(photographs[photo], max_edge=600, max_pixels=10**9).pixels
        (tmp_path / f"{name}.jpg").write_bytes(codec.encode_jpeg(pixels, 90))
    state = State.create(tmp_path / "state")
    text = body_policy_text.replace(b'class = "4"', b'class = "4"\naccount = "@RackhamClass4"')
    (state.directory / "policy.toml").write_bytes(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENTGUARD_STATE", str(state.directory))
    whose, sessions = ["1004"], []

    def opened(credentials: Credentials, *, upload: str = "v2") -> X:
        client = tweepy.Client(None, *{**KEYS, "access_token": KEYS["access_token"].replace("1001", whose[0])}.values())
        client.session.mount("https://", ToFake(fake))
        sessions.append(client.session)
        return X(client, upload=upload)

    monkeypatch.setattr(X, "open", opened)
    for name, value in KEYS.items():
        monkeypatch.setenv(f"CONSENTGUARD_X_{name.upper()}", value)
    quick = replace(Patience(), sleep=waiting.sleep, clock=waiting.clock)
    monkeypatch.setattr("consentguard.posting.poster.Patience", lambda: quick)
    waiting.start = datetime.now(UTC).timestamp()

    def run(*words: str) -> tuple[int, str]:
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):  # in the order in which a terminal shows them
            code = main(list(words))
        return code, said.getvalue()

    yield Day(tmp_path, fake, run, lambda account: whose.__setitem__(0, account))
    for session in sessions:
        session.close()


def test_the_day_of_a_class_account(day, fake):
    told = day.play()
    print(told)  # pytest -s, or python tests/posting/day.py, shows it
    assert day.codes == {
        "dry run": 0, "post": 0, "the same again": 0, "whose?": 2, "surname": 1, "thread": 0, "retweet": 0,
        "withdrawn": 1, "takedown": 1, "takedown unnamed": 2, "takedown applied": 0, "takedown after": 0,
        "words": 0, "gone": 3, "again": 0, "late": 3, "reconcile": 0, "late again": 0,
        "kind replies": 0, "replies": 1, "decided": 1,
    }  # fmt: skip
    texts = [post["text"] for post in fake.own_posts("1004")]
    assert sorted(texts) == sorted(
        ["Our visitor came today", "and spoke about his work", "PE kit on Friday please", "Club is on tonight"]
    )
    assert fake.retweets == []  # gone with the post
    assert "Winterbourne" not in told.replace("Well done Amara Winterbourne!", "")
    answers = re.sub(r"(?m)^\$ .*$", "", told)
    for code in ("not-now", "consent-gone", "offensive-language", "alt-text-missing", "Traceback"):
        assert code not in answers, code
