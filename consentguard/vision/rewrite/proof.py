"""That a finished file is the coding of the picture which follows from what may be seen, to the last byte."""

from __future__ import annotations

import cv2
import numpy as np

from consentguard.values import Pixels
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite.paint import Paint, painted_twice
from consentguard.vision.rewrite.plan import RewritePlan
from consentguard.vision.rewrite.shapes import uint8


def expected(before: Pixels, plan: RewritePlan, paint: Paint) -> tuple[Pixels, Pixels]:
    """The picture that a plan makes where nothing hidden was ever there, and the same without what is drawn on paint.

    Made anew from a copy of the picture `before` painting in which every hidden pixel was overwritten with a constant:
    pixels in which a hidden one had any influence would differ from it.
    """
    frame = plan.frame
    part = before[frame.top : frame.bottom, frame.left : frame.right]
    # What the mask leaves out is 0 in the copy.
    return painted_twice(uint8(cv2.copyTo(part, 1 - plan.hidden.view(np.uint8))), plan, paint)


def follows(data: bytes, expected: Pixels, kind: str, quality: int, sampling: str) -> bool:
    """Whether a file is the expected picture, coded with these settings of `codec.encode`.

    Coding the same pixels twice gives the same bytes, so nothing is let off as noise of coding.
    """
    return data == codec.encode(expected, kind, quality=quality, sampling=sampling)


def without_drawings(pixels: Pixels, expected: Pixels, undrawn: Pixels) -> Pixels:
    """A decoded picture with bare paint where figures or stickers are drawn on it, and nowhere else."""
    if expected is undrawn:
        return pixels
    same = cv2.inRange(cv2.absdiff(expected, undrawn), (0, 0, 0), (0, 0, 0))
    return uint8(cv2.copyTo(pixels, same, np.array(undrawn)))
