"""From a judged photo to finished bytes, and the second pass over the very bytes that will leave."""

from __future__ import annotations

from typing import Final

from consentguard.consent.policy.policy import Policy
from consentguard.guard.judging import Judged
from consentguard.guard.verify import Find, verify
from consentguard.values import Picture
from consentguard.values.stopwatch import stage
from consentguard.vision import draw
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import Paint, RewritePlan, apply_plan

_PREVIEW_EDGE: Final = 480
_PREVIEW_QUALITY: Final = 80


def paint_of(policy: Policy) -> Paint:
    """How a policy wants what is hidden to be painted."""
    rules = policy.picture
    return Paint(rules.fill, rules.paint, rules.sticker, rules.note)


def render(judged: Judged, policy: Policy) -> bytes:
    """The file that the plan makes of the picture. Raises ValueError for a plan without a rewrite."""
    rules, files = policy.picture, policy.files
    with stage("paint"):
        pixels = apply_plan(judged.picture.pixels, judged.plan, paint_of(policy))
    with stage("encode"):
        return codec.encode(pixels, files.format, quality=rules.jpeg_quality, sampling=files.sampling)


def preview(picture: Picture, plan: RewritePlan, policy: Policy) -> bytes:
    """A small JPEG of what a plan makes of a picture, marked so. It had no second pass: for the desk only."""
    pixels = apply_plan(picture.pixels, plan, paint_of(policy))
    return codec.encode_jpeg(draw.marked_preview(pixels, _PREVIEW_EDGE), _PREVIEW_QUALITY)


def prove(data: bytes, judged: Judged, policy: Policy, find: Find) -> None:
    """Proves that bytes are what was planned and show nobody else. Raises VerificationFailed, SomebodySeen."""
    approved = [*(one.head for one in judged.shown), *judged.named]
    backs = (judged.seen.from_behind or ()) if "back_of_head" in judged.remain else ()
    hands = (judged.seen.hands or ()) if "hands" in judged.remain else ()
    paint, kind, quality = paint_of(policy), policy.files.format, policy.picture.jpeg_quality
    with stage("verify"):
        verify(data, judged.plan, approved, backs, hands, judged.picture, find, paint, kind, quality)
