"""Paint: the pixels of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from consentguard.values import Box, Pixels, frozen_pixels
from consentguard.vision.rewrite.figures import drawn_on
from consentguard.vision.rewrite.fill import flat, laid_over, surroundings
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
    """The same, and the picture with the paint alone, without what is drawn on it: no figures and no stickers."""
    frame, hidden, picture = plan.frame, plan.hidden, np.ascontiguousarray(pixels)
    if not hidden.any():
        whole = frozen_pixels(picture.copy())
        return whole, whole
    if paint.fill == "flat":
        fill, feathered = flat(hidden.shape, paint.colour), np.zeros_like(hidden)
    else:
        fill, feathered = surroundings(picture, hidden, plan.people), ~(hidden | plan.people)
    plain = painted = laid_over(picture, fill, hidden, feathered)
    if paint.sticker == FIGURE:
        if plan.figures is not None:
            painted = laid_over(picture, drawn_on(fill, plan.figures), hidden, feathered)
    elif paint.sticker:
        painted = plain.copy()
        for head in plan.heads:
            stuck(painted, Box(head.left - frame.left, head.top - frame.top, head.right - frame.left,
                               head.bottom - frame.top), hidden, paint.sticker)  # fmt: skip
    if paint.note:
        for each in (painted,) if painted is plain else (painted, plain):
            _note(each, paint.note)
    return frozen_pixels(painted), frozen_pixels(plain)


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
