"""That a finished picture is the one that follows from what may be seen, pixel for pixel; it trusts no painter."""

from __future__ import annotations

from functools import partial
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from consentguard.values import Pixels
from consentguard.vision.imagefile import bare, codec
from consentguard.vision.rewrite.paint import Paint, painted_twice
from consentguard.vision.rewrite.plan import RewritePlan
from consentguard.vision.rewrite.shapes import Mask, uint8

_BLOCK: Final = 16
"""Pixels a side of the square that a 4:2:0 JPEG, or a WebP, codes as one (ITU T.81, A.2; RFC 6386, 2)."""

_PAINT_NOISE: Final = 12
_MEAN_NOISE: Final = 4.0
"""Levels of 255 by which coding moves a pixel, and the mean of 8x8 pixels, in blocks that are painted whole: at most 9
and 2.9 at qualities 85 and 90. A face moves them by far more."""

_SEEN_NOISE: Final = 24.0
"""The same for the mean of any 8x8 pixels; what is colourful and sharp is moved by more."""

_FINE: Final = 85
_COARSER: Final = 0.02
"""Quality under which coding moves more, and by which share for each step: at 50 by up to 16, 6.1 and 17 levels."""

_CHROMA_REACH: Final = 2
"""Pixels at the rim of painted blocks where a decoder mixes in its neighbours' colour, enlarging 4:2:0 chroma."""

_ALL: Final = 64
"""Of a square of 8x8 pixels."""
_PARTS: Final = 64
"""Of a level, in which means are counted: 255 of them fit into 16 bits."""


def expected(before: Pixels, plan: RewritePlan, paint: Paint) -> tuple[Pixels, Pixels]:
    """The picture that a plan makes where nothing hidden was ever there, and the same without what is drawn on paint.

    Made anew from a copy of the picture `before` painting in which every hidden pixel was overwritten with a constant:
    pixels in which a hidden one had any influence would differ from it.
    """
    frame = plan.frame
    part = before[frame.top : frame.bottom, frame.left : frame.right]
    # What the mask leaves out is 0 in the copy.
    return painted_twice(uint8(cv2.copyTo(part, 1 - plan.hidden.view(np.uint8))), plan, paint)


def follows(pixels: Pixels, expected: Pixels, plan: RewritePlan, kind: str, quality: int) -> bool:
    """Whether a decoded picture is the expected one of a plan.

    `kind` and `quality` are the format of the file and, of 100, the quality with which it was encoded.
    """
    noise = 0.0 if kind == "png" else 1 + _COARSER * max(_FINE - quality, 0)
    # A sticker is sharper than any fill, and coding moves it by more than `noise` times what it moves paint.
    ways = (partial(_as_expected, pixels, expected, plan.hidden, noise),
            partial(_as_coded, pixels, expected, kind, quality))  # fmt: skip
    return any(way() for way in (reversed(ways) if plan.figures is not None else ways))


def without_drawings(pixels: Pixels, expected: Pixels, undrawn: Pixels) -> Pixels:
    """A decoded picture with bare paint where figures or stickers are drawn on it, and nowhere else."""
    if expected is undrawn:
        return pixels
    same = cv2.inRange(cv2.absdiff(expected, undrawn), (0, 0, 0), (0, 0, 0))
    return uint8(cv2.copyTo(pixels, same, np.array(undrawn)))


def _as_coded(pixels: Pixels, expected: Pixels, kind: str, quality: int) -> bool:
    """Whether a decoded picture is what the expected one is coded as: itself, where coding loses nothing."""
    if kind == "png":
        return np.array_equal(pixels, expected)
    coded = (codec.encode(expected, kind, quality=quality, sampling=sampling) for sampling in bare.SAMPLINGS)
    largest = max(expected.shape)
    again = (codec.decode(data, max_edge=largest, max_pixels=expected.size).pixels for data in coded)
    return any(np.array_equal(pixels, each) for each in again)


def _as_expected(pixels: Pixels, expected: Pixels, painted: Mask, noise: float) -> bool:
    """Whether a decoded picture is the expected one, but for `noise` times what fine coding moves."""
    if not noise or np.array_equal(pixels, expected):
        return np.array_equal(pixels, expected)
    inner = _whole_blocks(painted)
    off = cv2.copyTo(cv2.absdiff(pixels, expected), inner)
    means = np.abs(_means(cv2.addWeighted(pixels, _PARTS, expected, -_PARTS, 0, dtype=cv2.CV_16S)))
    inside = _means(inner * np.int16(_ALL)) >= _ALL
    if off.max() > noise * _PAINT_NOISE or (means > noise * _MEAN_NOISE * _PARTS)[inside].any():
        return False
    return not (means > noise * _SEEN_NOISE * _PARTS).any()


def _means(values: MatLike) -> NDArray[np.int16]:
    """The mean of each 8x8 numbers, rounded, those at the rim of the picture reflected beyond it."""
    side = _BLOCK // 2
    height, width = values.shape[:2]
    if height % side or width % side:
        values = cv2.copyMakeBorder(values, 0, -height % side, 0, -width % side, cv2.BORDER_REFLECT)
    size = (values.shape[1] // side, values.shape[0] // side)
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA).astype(np.int16, copy=False)


def _whole_blocks(painted: Mask) -> NDArray[np.uint8]:
    """1 for the pixels of blocks that are painted whole, but for their rims."""
    height, width = painted.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    # Nothing reaches in from beyond the frame.
    beyond = (0, rows * _BLOCK - height, 0, columns * _BLOCK - width)
    padded = cv2.copyMakeBorder(painted.view(np.uint8), *beyond, cv2.BORDER_CONSTANT, value=1)
    blocks = cv2.erode(padded, np.ones((_BLOCK, _BLOCK), np.uint8), anchor=(0, 0))[::_BLOCK, ::_BLOCK]
    whole = cv2.resize(blocks, (columns * _BLOCK, rows * _BLOCK), interpolation=cv2.INTER_NEAREST)[:height, :width]
    side = 2 * _CHROMA_REACH + 1
    return uint8(cv2.erode(whole, np.ones((side, side), np.uint8)))
