"""The colours of drawn figures, and which boxes of a picture hold one: whoever is drawn is nobody.

A copy that was released may be judged again, and detectors take drawn faces for faces.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

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
_FACE_SHARE: Final = 0.2
_DRAWN_SHARE: Final = 0.28
"""Shares of a box that are of one colour of faces, and of any of these colours, from which it holds a figure. Of 12,827
labelled boxes of open sets the first is .15 at most: docs/decisions/0095-figures.md."""
_SIDE: Final = 48
"""Points a side at which a box is looked at, at most."""


def is_drawn(pixels: Pixels, box: Box) -> bool:
    """Whether what a box holds is a figure that was drawn here; `pixels` RGB uint8 (height, width, 3)."""
    inside = box.within(pixels.shape[1], pixels.shape[0])
    if inside is None:
        return False
    rows = np.unique(np.linspace(inside.top, inside.bottom - 1, _SIDE).astype(int))
    columns = np.unique(np.linspace(inside.left, inside.right - 1, _SIDE).astype(int))
    part = pixels[np.ix_(rows, columns)].astype(np.int16)
    faces = np.array([near(part, colour).mean() for colour in FACES])
    if faces.max() < _FACE_SHARE:
        return False
    bodies = sum(float(near(part, colour).mean()) for colour in BODIES)
    return bodies + float(faces.sum()) >= _DRAWN_SHARE


def near(part: NDArray[np.int16], colour: Colour) -> NDArray[np.bool_]:
    """Which pixels (rows, columns, 3) have a colour, but for what coding does to it."""
    return np.asarray(np.abs(part - np.array(colour, np.int16)).max(axis=-1) <= _NEAR)
