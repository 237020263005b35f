"""The colours of drawn figures, and which boxes of a picture hold one: whoever is drawn is nobody.

A copy that was released may be judged again, and detectors take drawn faces for faces.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from consentguard.values import Box, Pixels

Colour = tuple[int, int, int]

BODIES: Final[tuple[Colour, ...]] = (
    (122, 190, 176),
    (246, 202, 92),
    (128, 160, 212),
    (232, 132, 122),
    (176, 156, 212),
    (150, 200, 120),
    (240, 168, 98),
    (136, 198, 222),
)
FACES: Final[tuple[Colour, ...]] = (
    (205, 191, 227),
    (169, 192, 230),
    (174, 217, 208),
    (180, 220, 238),
    (190, 222, 168),
)
"""RGB. No face has the colour of any skin (Cr 135..178, Cb 80..127; Chai and Ngan 1999)."""

FACE_OF: Final = (0, 1, 4, 2, 3, 0, 3, 0)
"""Which of them stands out from each colour of a body."""

_NEAR: Final = 10
"""Levels of 255 by which coding moves a flat colour at most."""
_FACE_SHARE: Final = 0.15
_HALF_SHARE: Final = 0.1
"""Shares of the middle of a box, and of its upper and of its lower half, that have one colour of faces, from which the
box holds a figure. A mask over mouth and nose has such a colour in the lower half alone. Of 12,827 labelled boxes of
open sets .18 of the middle have it at most, and .07 of both halves: docs/decisions/0095-figures.md."""
_RIM: Final = 6
"""Which part of a box its rim is, on each side."""
_FACES: Final = np.array(FACES, np.int16)
_SIDE: Final = 48
"""Points a side at which a box is looked at, at most."""


def is_drawn(pixels: Pixels, box: Box) -> bool:
    """Whether what a box holds is the face of a figure that was drawn here; `pixels` RGB uint8 (height, width, 3)."""
    whole, half = shares(pixels, box)
    return whole >= _FACE_SHARE and half >= _HALF_SHARE


def shares(pixels: Pixels, box: Box) -> tuple[float, float]:
    """Which share of the middle of a box is of the commonest colour of faces, and of its upper or lower half at least;
    0..1."""
    # The middle: around a real face there may be a hood of any colour.
    across, down = box.width // _RIM, box.height // _RIM
    middle = Box(box.left + across, box.top + down, box.right - across, box.bottom - down)
    inside = middle.within(pixels.shape[1], pixels.shape[0])
    if inside is None or inside.height < 2:
        return 0.0, 0.0
    rows = np.unique(np.linspace(inside.top, inside.bottom - 1, _SIDE).astype(int))
    columns = np.unique(np.linspace(inside.left, inside.right - 1, _SIDE).astype(int))
    part = pixels[np.ix_(rows, columns)].astype(np.int16)
    # By how many levels each point differs from each colour: (rows, columns, colours).
    near = np.abs(part[:, :, None] - _FACES).max(axis=-1) <= _NEAR
    mine = near[:, :, near.sum(axis=(0, 1)).argmax()]
    upper, lower = mine[: len(rows) // 2].mean(), mine[len(rows) // 2 :].mean()
    return float(mine.mean()), float(min(upper, lower))
