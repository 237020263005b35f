"""A photo that stays open while a person decides: what is kept of it, and what is asked anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from fakes import FixedFaces, in_hours, sample_with

from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.content import ContentRules
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard
from consentguard.values import Box, Face, Standing
from consentguard.vision import ocr
from consentguard.vision.imagefile import codec

WALL = codec.encode_jpeg(np.full((300, 400, 3), 128, np.uint8), 90)


def test_the_answer_of_yesterday_is_none_today(guard: Callable[..., Guard]) -> None:
    """A consent ends overnight, while the page is open."""
    ends = Register.parse(sample_with({"P001": {"website_expires": "2026-11-24"}}), "register.csv")
    times = ["2026-11-23T16:00:00+00:00", "2026-11-24T08:00:00+00:00"]
    face = Face(Box(100, 60, 180, 160), 0.9)
    ours = guard(register=ends, detector=FixedFaces(face), clock=lambda: datetime.fromisoformat(times[0]))
    held = ours.examine(WALL)
    before, _ = (held.inspect(channel="website", people=["P001"], by="Ms Castlegate") for _ in range(2))
    times.pop(0)
    after = held.inspect(channel="website", people=["P001"], by="Ms Castlegate")
    assert [before.faces[0].standing, after.faces[0].standing] == [Standing.CONSENTED, Standing.EXPIRED]


def test_hours_are_those_of_now(guard: Callable[..., Guard], body_policy_text: bytes) -> None:
    times = ["2026-11-23T10:00:00+00:00", "2026-11-23T22:00:00+00:00"]
    rules = Policy.parse(in_hours(body_policy_text), "hours.toml")
    held = guard(policy=rules, detector=FixedFaces(), clock=lambda: datetime.fromisoformat(times[0])).examine(WALL)
    assert "outside-hours" not in {finding.rule for finding in held.inspect(channel="main").findings}
    times.pop(0)
    assert "outside-hours" in {finding.rule for finding in held.inspect(channel="main").findings}


@pytest.mark.skipif(not ocr.installed(), reason="needs the extra [ocr]")
def test_text_is_read_once_whatever_is_asked(
    guard: Callable[..., Guard], body_policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting:
        label, times = "counting", 0

        def read(self, pixels: object) -> ocr.Writing:
            Counting.times += 1
            return ocr.Writing()

    ours = guard(policy=replace(body_policy, content=ContentRules(suitable_on=("main",))), detector=FixedFaces())
    monkeypatch.setattr(ours._pipeline.content, "_shared", Counting)
    held = ours.examine(WALL)
    assert held.inspect(channel="main").reasons == ("not-called-suitable",)
    assert held.inspect(channel="main", suitable_by="Ms Head").reasons == ()
    held.inspect(channel="website")
    assert Counting.times == 1
