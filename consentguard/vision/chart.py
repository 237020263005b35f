"""Curves drawn as a PNG, for the person who calibrates; Pillow is here anyway, a plotting library is not."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_SIZE: Final = (960, 640)
_LEFT, _TOP, _RIGHT, _BOTTOM = 90, 60, 930, 560
_INK, _GRID = (40, 40, 40), (225, 225, 225)
_COLOURS: Final = ((0, 90, 170), (200, 60, 40), (40, 140, 70), (140, 80, 170), (210, 140, 20), (90, 90, 90))

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what it shows, and the ticks, smallest first, which are also its ends; logarithmic or not."""

    label: str
    ticks: tuple[float, ...]
    log: bool = False
    unit: str = ""

    def place(self, value: float) -> float:
        """Where a value lies, 0 at the first tick and 1 at the last; values beyond lie on the ends."""
        low, high = self.ticks[0], self.ticks[-1]
        inside = min(max(value, low), high)
        if self.log:
            return (log10(inside) - log10(low)) / (log10(high) - log10(low))
        return (inside - low) / (high - low)


def curves(title: str, lines: Mapping[str, Points], x: Axis, y: Axis, marked: float | None = None) -> bytes:
    """A PNG with a line for each name, or a dot where there is one point, and a vertical line at `marked`."""
    image = Image.new("RGB", _SIZE, "white")
    draw, font, small = ImageDraw.Draw(image), ImageFont.load_default(20), ImageFont.load_default(14)
    draw.text((_LEFT, 18), title, _INK, font)
    for tick in x.ticks:
        across = _across(x, tick)
        draw.line((across, _TOP, across, _BOTTOM), _GRID)
        draw.text((across, _BOTTOM + 8), f"{tick:g}{x.unit}", _INK, small, anchor="mt")
    for tick in y.ticks:
        down = _down(y, tick)
        draw.line((_LEFT, down, _RIGHT, down), _GRID)
        draw.text((_LEFT - 8, down), f"{tick:g}{y.unit}", _INK, small, anchor="rm")
    draw.text(((_LEFT + _RIGHT) / 2, _BOTTOM + 36), x.label, _INK, small, anchor="mt")
    draw.text((_LEFT, _TOP - 6), y.label, _INK, small, anchor="lb")
    if marked is not None:
        draw.line((_across(x, marked), _TOP, _across(x, marked), _BOTTOM), _INK, 2)
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [(_across(x, a), _down(y, b)) for a, b in points]
        if len(places) > 1:
            draw.line(places, colour, 3, joint="curve")
        elif places:
            draw.circle(places[0], 6, colour)
        draw.text((_RIGHT - 10, _TOP + 10 + 20 * number), name, colour, small, anchor="rt")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def errors_over_threshold(genuine: NDArray[np.float32], impostor: NDArray[np.float32], threshold: float) -> bytes:
    """A PNG of FPIR and FNIR over the threshold, in nats, with the chosen one marked.

    Args:
        genuine: scores of faces against their own person; impostor: the highest of faces against everybody else.
    """
    ticks = tuple(float(tick) for tick in range(-10, 45, 5))
    steps = np.linspace(ticks[0], ticks[-1], 200)
    lines = {
        "strangers taken for somebody (FPIR)": [(float(t), 100 * float((impostor >= t).mean())) for t in steps],
        "enrolled not recognised (FNIR)": [(float(t), 100 * float((genuine < t).mean())) for t in steps]
        if len(genuine)
        else [],
    }
    percent = tuple(float(tick) for tick in range(0, 101, 10))
    return curves(
        "What a threshold costs", lines, Axis("threshold in nats; the line is where it stands", ticks),
        Axis("share of faces", percent, unit=" %"), threshold,
    )  # fmt: skip


def _across(axis: Axis, value: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * axis.place(value)


def _down(axis: Axis, value: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * axis.place(value)
