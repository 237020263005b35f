"""Stickers: shapes, drawn here, that lie on the paint over a head. They hide nothing by themselves."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

import cv2
import numpy as np

from consentguard.values import Box, Pixels
from consentguard.vision.rewrite.shapes import Mask

_SUN: Final = (255, 209, 71)
_EDGE: Final = (214, 150, 30)
_DARK: Final = (70, 60, 60)
_PETAL: Final = (242, 150, 170)
_SHIFT: Final = 4
"""Fractional bits of OpenCV's drawing coordinates."""


def stuck(pixels: Pixels, cover: Box, hidden: Mask, kind: str) -> None:
    """Draws a shape into a cover, in place, and only where it is painted anyhow.

    `pixels` RGB uint8 and `hidden` have one size; the cover may reach outside of them. `kind` is one of `DRAWN`.
    """
    height, width = hidden.shape
    inside = cover.within(width, height)
    if inside is None:
        return
    drawn = pixels.copy()
    x, y = (cover.left + cover.right) / 2, (cover.top + cover.bottom) / 2
    radius = 0.46 * min(cover.width, cover.height)
    DRAWN[kind](drawn, x, y, radius)
    part = (slice(inside.top, inside.bottom), slice(inside.left, inside.right))
    pixels[part] = np.where(hidden[part][..., None], drawn[part], pixels[part])


def _smile(canvas: Pixels, x: float, y: float, radius: float) -> None:
    _disc(canvas, x, y, radius, _EDGE)
    _disc(canvas, x, y, radius * 0.94, _SUN)
    for side in (-1, 1):
        _disc(canvas, x + side * 0.35 * radius, y - 0.25 * radius, 0.11 * radius, _DARK)
    at, axes = _whole(x, y + 0.05 * radius), _whole(0.55 * radius, 0.5 * radius)
    cv2.ellipse(canvas, at, axes, 0, 25, 155, _DARK, max(1, round(0.08 * radius)), cv2.LINE_AA, _SHIFT)


def _star(canvas: Pixels, x: float, y: float, radius: float) -> None:
    for size, colour in ((1.0, _EDGE), (0.9, _SUN)):
        points = [
            _whole(x + size * radius * (1 if step % 2 == 0 else 0.55) * sin(step * pi / 5),
                   y - size * radius * (1 if step % 2 == 0 else 0.55) * cos(step * pi / 5))
            for step in range(10)
        ]  # fmt: skip
        cv2.fillPoly(canvas, [np.array(points, np.int32)], colour, cv2.LINE_AA, _SHIFT)


def _flower(canvas: Pixels, x: float, y: float, radius: float) -> None:
    for step in range(6):
        turn = step * pi / 3
        _disc(canvas, x + 0.58 * radius * cos(turn), y + 0.58 * radius * sin(turn), 0.4 * radius, _PETAL)
    _disc(canvas, x, y, 0.42 * radius, _SUN)


def _disc(canvas: Pixels, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    cv2.circle(canvas, _whole(x, y), round(radius * 2**_SHIFT), colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _whole(x: float, y: float) -> tuple[int, int]:
    return round(x * 2**_SHIFT), round(y * 2**_SHIFT)


DRAWN: Final = {"smile": _smile, "star": _star, "flower": _flower}
"""The shapes by name."""
