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
_FACE_SHARE: Final = 0.22
_DRAWN_SHARE: Final = 0.28
"""Shares of its middle that are of one colour of faces, and of any of these colours, from which a box holds a figure.
Of 12,827 labelled boxes of open sets the first is .18 at most: docs/decisions/0095-figures.md."""
_RIM: Final = 6
"""Which part of a box its rim is, on each side."""
_ALL: Final = np.array((*FACES, *BODIES), np.int16)
_SIDE: Final = 48
"""Points a side at which a box is looked at, at most."""


def is_drawn(pixels: Pixels, box: Box) -> bool:
    """Whether what a box holds is a figure that was drawn here; `pixels` RGB uint8 (height, width, 3)."""
    face, drawn = shares(pixels, box)
    return face >= _FACE_SHARE and drawn >= _DRAWN_SHARE


def shares(pixels: Pixels, box: Box) -> tuple[float, float]:
    """Which shares of the middle of a box are of the commonest colour of faces, and of any colour of figures, 0..1."""
    # The middle: around a real face there may be a hood of any colour.
    across, down = box.width // _RIM, box.height // _RIM
    middle = Box(box.left + across, box.top + down, box.right - across, box.bottom - down)
    inside = middle.within(pixels.shape[1], pixels.shape[0])
    if inside is None:
        return 0.0, 0.0
    rows = np.unique(np.linspace(inside.top, inside.bottom - 1, _SIDE).astype(int))
    columns = np.unique(np.linspace(inside.left, inside.right - 1, _SIDE).astype(int))
    part = pixels[np.ix_(rows, columns)].astype(np.int16)
    # Levels by which each point differs from each colour: (rows, columns, colours).
    apart = np.abs(part[:, :, None] - _ALL).max(axis=-1)
    near = (apart <= _NEAR).mean(axis=(0, 1))
    return float(near[: len(FACES)].max()), float(near.sum())
