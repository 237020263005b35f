"""What a picture holds besides people, from the bytes of a file to bytes that may leave."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from writing import Drawn, drawings

from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.content import ContentRules
from consentguard.errors import Refused
from consentguard.guard.guard import Guard
from consentguard.values import Box, Outcome, Rewrite
from consentguard.vision import ocr

PUPILS = [("Amara", "Winterbourne"), ("Finlay", "Oakenshaw"), ("Chidi", "Farthingale"), ("Elif", "Stonebridge")]
reads = pytest.mark.skipif(not ocr.installed(), reason="needs the extra [ocr]")


def _rules(policy: Policy, **rules: Any) -> Policy:
    return replace(policy, content=ContentRules(**rules))


def _png(drawn: Drawn) -> bytes:
    done, data = cv2.imencode(".png", drawn.pixels[..., ::-1])
    assert done
    return data.tobytes()


def _credited(**exif: str) -> bytes:
    image, fields = Image.new("RGB", (400, 300), "#88aacc"), Image.Exif()
    for name, text in exif.items():
        fields[{"artist": 0x013B, "copyright": 0x8298, "description": 0x010E}[name]] = text
    out = io.BytesIO()
    image.save(out, "JPEG", exif=fields)
    return out.getvalue()


@reads
@pytest.mark.parametrize("drawn", list(drawings(8, PUPILS, seed=3)), ids=lambda drawn: drawn.kind)
def test_a_surname_on_a_certificate_or_badge_is_painted_over(
    guard: Callable[..., Guard], body_policy: Policy, drawn: Drawn
) -> None:
    rules = _rules(body_policy)
    flat = replace(rules, picture=replace(rules.picture, fill="flat", sticker=""))
    released = guard(policy=flat).release(_png(drawn))
    verdict = released.verdict
    assert (verdict.outcome, verdict.rewrite) == (Outcome.RELEASED, Rewrite.COVER)
    assert "surname-in-picture" in verdict.reasons
    assert not any(drawn.surname in finding.message for finding in verdict.findings), "ids, no names"
    assert any(model.startswith("rapidocr@") for model in verdict.models)
    pixels = np.asarray(Image.open(io.BytesIO(released.data)).convert("RGB")).astype(int)
    assert (np.abs(pixels[drawn.ink] - 128).max(axis=1) <= 6).mean() > 0.98
    assert (np.abs(pixels - 128).max(axis=2) <= 6).mean() < 0.3, "the rest is still there"


@reads
def test_policy_may_refuse_a_surname_in_the_picture(guard: Callable[..., Guard], body_policy: Policy) -> None:
    drawn = next(drawings(1, PUPILS, seed=3))
    with pytest.raises(Refused) as caught:
        guard(policy=_rules(body_policy, text_in_picture="refuse")).release(_png(drawn))
    assert caught.value.verdict.reasons == ("surname-in-picture",)
    assert not caught.value.verdict.needs_person


@reads
def test_other_writing_stays(guard: Callable[..., Guard], body_policy: Policy) -> None:
    drawn = next(drawings(1, [("Amara", "Wonderful")], seed=3))
    verdict = guard(policy=_rules(body_policy)).inspect(_png(drawn))
    assert "surname-in-picture" not in [finding.rule for finding in verdict.findings]
    assert "text-not-read" not in [finding.rule for finding in verdict.findings]


def test_text_that_was_not_read_is_said_and_refused_where_policy_asks_for_it(
    guard: Callable[..., Guard], body_policy: Policy
) -> None:
    photo = _credited()
    verdict = guard(policy=_rules(body_policy, text_in_picture="ignore")).inspect(photo)
    assert "text-not-read" in [finding.rule for finding in verdict.findings]
    assert verdict.outcome is not Outcome.REFUSED
    strict = _rules(body_policy, text_in_picture="ignore", unread_text="refuse")
    verdict = guard(policy=strict).inspect(photo)
    assert (verdict.outcome, verdict.reasons) == (Outcome.REFUSED, ("unread-text",))


@pytest.mark.parametrize(
    ("exif", "foreign"),
    [
        ({"artist": "Jane Doe Photography"}, True),
        ({"copyright": "(c) 2026 Getty Images"}, True),
        ({"copyright": "Rackham Primary / Getty Images"}, True),
        ({"description": "stock photo, Shutterstock 1234"}, True),
        ({"description": "Sports day"}, False),
        ({"copyright": "Rackham (CE) Primary School 2026"}, False),
        ({"artist": " "}, False),
    ],
)
def test_somebody_elses_notice_is_a_finding(guard: Callable[..., Guard], exif: dict[str, str], foreign: bool) -> None:
    verdict = guard().inspect(_credited(**exif))
    found = [finding for finding in verdict.findings if finding.rule == "foreign-notice"]
    assert bool(found) is foreign
    assert verdict.outcome is not Outcome.REFUSED
    assert not any("Jane" in finding.message for finding in found), "the field is named, not the person"


def test_policy_may_refuse_a_foreign_notice_until_a_person_decides(
    guard: Callable[..., Guard], body_policy: Policy
) -> None:
    verdict = guard(policy=_rules(body_policy, foreign_notice="refuse")).inspect(_credited(artist="Jane Doe"))
    assert (verdict.outcome, verdict.reasons, verdict.needs_person) == (Outcome.REFUSED, ("foreign-notice",), True)


def test_policy_may_ask_for_a_person_who_calls_it_suitable(guard: Callable[..., Guard], body_policy: Policy) -> None:
    asking = guard(policy=_rules(body_policy, suitable_on=("main",)))
    assert asking.inspect(_credited(), channel="main").reasons == ("not-called-suitable",)
    assert asking.inspect(_credited(), channel="main", suitable_by=" ").outcome is Outcome.REFUSED
    assert asking.inspect(_credited(), channel="main", suitable_by="Ms Head").outcome is not Outcome.REFUSED
    assert asking.inspect(_credited(), channel="website").outcome is not Outcome.REFUSED


class Scrawl:
    """A reader that sees writing and cannot read it."""

    label = "fixed"

    def read(self, pixels: object) -> ocr.Writing:
        return ocr.Writing(unsure=(Box(10, 20, 110, 40),))


@reads
@pytest.mark.parametrize("unread", ["report", "refuse"])
def test_writing_that_is_not_surely_read_is_a_finding_and_refused_where_policy_asks(
    unread: str, guard: Callable[..., Guard], body_policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = guard(policy=_rules(body_policy, unread_text=unread))
    monkeypatch.setattr(asked._pipeline.content, "_shared", Scrawl)
    verdict = asked.inspect(_credited())
    (found,) = (finding for finding in verdict.findings if finding.rule == "writing-not-sure")
    assert "[10, 20, 110, 40]" in found.message
    assert "printed text" in found.message
    assert (verdict.reasons, verdict.needs_person) == (
        (("unread-text",), True) if unread == "refuse" else (("metadata",), False)
    )
