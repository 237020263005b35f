"""Pictures full of specks, as a bad scan, an old camera or a coarse print makes them: a face is seen again without."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from consentguard.values import Pixels

_FAR: Final = 40
"""Levels of 255 by which a speck differs from the middle of its neighbours."""
_MANY: Final = 0.03
"""Share of the pixels that has to do so: of 160 photographs one in a hundred is so, noise on a twentieth of the pixels
makes .032 to .045, black-and-white dither .115 and more (docs/decisions/0087-speed.md)."""
_SOFT: Final = 1.0
"""Sigma of the blur, in pixels, after the specks are gone."""

SURE: Final = 0.7
"""Score from which a face of the filtered copy counts: that of stretched copies (contrast.py), not fitted anew."""


def without_specks(pixels: Pixels) -> Pixels | None:
    """The picture with each pixel the middle of its neighbours, and blurred; None where there are few specks.

    `pixels` is uint8 (height, width, 3).
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    specks = cv2.threshold(cv2.absdiff(grey, cv2.medianBlur(grey, 3)), _FAR, 1, cv2.THRESH_BINARY)[1]
    if cv2.countNonZero(specks) < _MANY * grey.size:
        return None
    return np.asarray(cv2.GaussianBlur(cv2.medianBlur(pixels, 3), (0, 0), _SOFT), np.uint8)
