"""Paint: the pixels of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from consentguard.values import Box, Pixels, frozen_pixels
from consentguard.vision.rewrite.figures import drawn_on
from consentguard.vision.rewrite.fill import flat, laid_over, surroundings
from consentguard.vision.rewrite.shapes import Mask, uint8
from consentguard.vision.rewrite.stickers import stuck

if TYPE_CHECKING:
    from consentguard.vision.rewrite.plan import RewritePlan

FIGURE: Final = "figure"
"""The sticker that is a drawn figure for each person, rather than a shape on each head."""
_NOTE_SHARE: Final = 0.022
_NOTE_LEAST: Final = 12
"""Height of the note's letters, in shares of the frame's shorter side and in pixels at least."""


@dataclass(frozen=True, slots=True)
class Paint:
    """How what is hidden is painted.

    Attributes:
        fill: "surroundings", with the colours around it, or "flat", with one colour.
        colour: RGB of a flat fill, 0..255 each.
        sticker: "figure" for a drawn figure in the place of each person, or a drawn shape on each covered head, see
            `stickers.DRAWN`; "" for neither.
        note: words in the lower right corner of a picture in which somebody was painted over; "" for none.
    """

    fill: str = "surroundings"
    colour: tuple[int, int, int] = (128, 128, 128)
    sticker: str = ""
    note: str = ""


def apply_plan(pixels: Pixels, plan: RewritePlan, paint: Paint) -> Pixels:
    """The picture that leaves: RGB uint8, the plan's frame with what is hidden painted over.

    What is hidden has no influence on the result. Raises ValueError for a plan without a rewrite.
    """
    if plan.rewrite is None:
        raise ValueError("a plan that refuses cannot be applied")
    frame = plan.frame
    return paint_frame(pixels[frame.top : frame.bottom, frame.left : frame.right], plan, paint)


def paint_frame(pixels: Pixels, plan: RewritePlan, paint: Paint) -> Pixels:
    """The same from the pixels of the plan's frame alone."""
    return painted_twice(pixels, plan, paint)[0]


def painted_twice(pixels: Pixels, plan: RewritePlan, paint: Paint) -> tuple[Pixels, Pixels]:
    """The same, and the picture with the paint alone, without what is drawn on it; one array where nothing is."""
    picture = np.ascontiguousarray(pixels)
    if not plan.hidden.any():
        same = frozen_pixels(picture.copy())
        return same, same
    fill, feathered = _fill(picture, plan, paint)
    bare = laid_over(picture, fill, plan.hidden, feathered)
    drawn = _drawn_on(bare, plan, paint)
    if paint.note:
        for each in (bare,) if drawn is bare else (bare, drawn):
            _note(each, paint.note)
    undrawn = frozen_pixels(bare)
    return undrawn if drawn is bare else frozen_pixels(drawn), undrawn


def _drawn_on(bare: Pixels, plan: RewritePlan, paint: Paint) -> Pixels:
    """A painted picture with what is drawn on it, only where the plan hides somebody; itself where nothing is."""
    if paint.sticker == FIGURE and plan.figures is not None:
        drawn = drawn_on(bare, plan.figures, plan.people)
        return uint8(cv2.copyTo(bare, (~plan.hidden).view(np.uint8), drawn))
    if paint.sticker in ("", FIGURE) or not plan.heads:
        return bare
    drawn = np.array(bare)
    for head in plan.heads:
        stuck(drawn, _moved(head, plan.frame), plan.hidden, paint.sticker)
    return drawn


def _fill(picture: Pixels, plan: RewritePlan, paint: Paint) -> tuple[Pixels, Mask]:
    """What stands where somebody was, and which pixels beside it the paint may fade into."""
    if paint.fill == "flat":
        return flat(plan.hidden.shape, paint.colour), np.zeros_like(plan.hidden)
    return surroundings(picture, plan.hidden, plan.people), ~(plan.hidden | plan.people)


def _moved(head: Box, frame: Box) -> Box:
    return Box(head.left - frame.left, head.top - frame.top, head.right - frame.left, head.bottom - frame.top)


def _note(pixels: Pixels, text: str) -> None:
    """Writes a line into the lower right corner, on a strip that it can be read on."""
    height, width = pixels.shape[:2]
    tall = max(_NOTE_SHARE * min(height, width), _NOTE_LEAST)
    font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(tall / 14))
    size = cv2.getFontScaleFromHeight(font, round(tall), thick)
    (wide, high), below = cv2.getTextSize(text, font, size, thick)
    if wide + below * 2 > width:
        size *= width / (wide + below * 2)
        (wide, high), below = cv2.getTextSize(text, font, size, thick)
    left, top = max(width - wide - 2 * below, 0), max(height - high - 2 * below, 0)
    strip = pixels[top:, left:]
    strip[:] = (strip.astype(np.uint16) + 2 * 255) // 3
    cv2.putText(pixels, text, (left + below, height - below), font, size, (40, 40, 40), thick, cv2.LINE_AA)
