"""From a judged photo to finished bytes, and the second look at the very bytes that will leave."""

from __future__ import annotations

from typing import Final

from consentguard.consent.policy.policy import Policy
from consentguard.errors import VerificationFailed
from consentguard.guard.judging import Judge, Judged
from consentguard.guard.models import Sight
from consentguard.guard.verify import SomebodySeen, verify
from consentguard.values.stopwatch import stage
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import Paint, apply_plan

_STRONGER: Final = 2
"""How often a photo is planned again, one step stronger, after somebody was seen in the finished picture."""


def finished(judged: Judged, judge: Judge, policy: Policy, sight: Sight) -> tuple[Judged, bytes]:
    """The finished bytes, looked at once more; planned again, one step stronger, where somebody was seen in them.

    Returns the judgement that the bytes follow from, too. Raises VerificationFailed where somebody is still seen.
    """
    rules, files = policy.picture, policy.files
    paint = Paint(rules.fill, rules.paint, rules.sticker, rules.note)
    for step in range(1 + _STRONGER):
        with stage("paint"):
            pixels = apply_plan(judged.picture.pixels, judged.plan, paint)
        with stage("encode"):
            data = codec.encode(pixels, files.format, quality=rules.jpeg_quality, sampling=files.sampling)
        backs = (judged.seen.from_behind or ()) if "back_of_head" in judged.remain else ()
        hands = (judged.seen.hands or ()) if "hands" in judged.remain else ()
        try:
            with stage("verify"):
                verify(
                    data,
                    judged.plan,
                    judged.approved,
                    backs,
                    hands,
                    judged.picture,
                    sight.find_again,
                    paint,
                    files.format,
                    rules.jpeg_quality,
                )
        except SomebodySeen as error:
            stronger = judge.stronger(judged, error.faces, step + 1) if step < _STRONGER else None
            if stronger is None or stronger.plan.rewrite is None:
                raise VerificationFailed(str(error)) from error
            judged = stronger
        else:
            return judged, data
    raise AssertionError("the last look either passed or was raised")
