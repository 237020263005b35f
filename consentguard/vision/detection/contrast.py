"""Pictures that lie mostly in a few grey levels: a pale sheet to the eye, and a face again under "auto levels"."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from consentguard.values import Pixels

_FEW: Final = 24
"""Neighbouring levels of 255."""
_MOST: Final = 0.5
"""Share of the pixels that has to lie in them; about one photograph in ten is so (docs/decisions/0063)."""
_ENDS: Final = (0.5, 99.5)
"""Percentiles of those pixels that become black and white; what lies beyond may be specks."""

SURE: Final = 0.7
"""Score from which a face of the stretched copy counts: noise is stretched too (benchmarks/faint.py)."""


def stretched(pixels: Pixels) -> Pixels | None:
    """The picture with the few levels in which most of it lies spread from 0 to 255; None where there are no such few.

    `pixels` is uint8 (height, width, 3).
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    within = np.convolve(counts, np.ones(_FEW, np.int64))[_FEW - 1 : 256]
    first = int(within.argmax())
    if within[first] < _MOST * grey.size:
        return None
    low, high = np.percentile(grey[(grey >= first) & (grey < first + _FEW)], _ENDS)
    if high <= low:
        return None
    table = ((np.arange(256) - low) * 255 / (high - low)).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), np.uint8)
