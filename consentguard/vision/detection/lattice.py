"""Pictures under a lattice, as a net before people or the dots of a coarse print: a face is seen again without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from consentguard.values import Pixels
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.detection.ssd import Floats

_TILE: Final = 128
"""Side in pixels of the tiles whose spectra are looked at."""
_TILES: Final = 3
"""Tiles a side, at most, of each level; they lie evenly over it."""
_WAVES: Final = (5, 40)
"""Waves a tile between which a lattice is looked for; coarser ones are seen in the next level, half as large."""
_CLEAR: Final = 30.0
_SEEN: Final = 5.0
"""How far a wave and the one across it stand out of all of their length, from which there is a lattice, and from which
they may be its own (docs/decisions/0091-lattices.md)."""
_OVERTONE: Final = 0.2
_LIKE: Final = 0.1
"""Share of the strongest wave's power from which a longer wave is the one of which that is an overtone, and how exactly
it is twice or three times as long."""
_BLUR: Final = 0.5
"""Sigma of the blur that takes a lattice away, in distances between its lines or dots."""
_FINEST: Final = 8.0
"""Pixels: where the lines are further apart the picture is halved first, which shows no less of what lies behind."""

_HALF: Final = _TILE // 2
_DOWN, _ACROSS = np.mgrid[1 - _HALF : _HALF, 1 - _HALF : _HALF]
_LONG: Final = np.hypot(_DOWN, _ACROSS)
_RING: Final = np.rint(_LONG).astype(np.intp)
_SOUGHT: Final = (_WAVES[0] <= _LONG) & (_WAVES[1] >= _LONG)
_WINDOW: Final = np.outer(np.hanning(_TILE), np.hanning(_TILE)).astype(np.float32)

SURE: Final = 0.0
"""Score from which a face of the smoothed copy counts: what the detector calls one, for few photographs have a copy."""


def without_lattice(pixels: Pixels) -> tuple[Pixels, float] | None:
    """The picture smoothed until its lattice is gone, and its scale: 1, 1/2, 1/4 ...; None where there is none.

    `pixels` is uint8 (height, width, 3).
    """
    apart = spacing(pixels)
    if apart is None:
        return None
    wanted = 1.0
    while apart * wanted >= _FINEST:
        wanted /= 2
    level, scale = Levels(pixels).above(wanted)
    return np.asarray(cv2.GaussianBlur(level, (0, 0), _BLUR * apart * scale), np.uint8), scale


def spacing(pixels: Pixels) -> float | None:
    """How many pixels lie between neighbouring lines, or dots, of a square lattice; None where there is none.

    Such a lattice makes two waves of one length at right angles, which stand out of the spectrum. Overtones stand out
    too, and those of thin lines are about as strong: the strongest wave, or one twice or three times as long, is told.
    """
    levels = Levels(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))
    (level, scale), there = levels.above(1.0), False
    strength, length = [], []
    while min(level.shape[:2]) >= _TILE:
        power, clear = _waves(level)
        seen = _SOUGHT & (clear >= _SEEN)
        there = there or bool((clear[_SOUGHT] >= _CLEAR).any())
        strength.append(power[seen])
        length.append(_TILE / _LONG[seen] / scale)
        level, scale = levels.above(scale / 2)
    if not there:
        return None
    powers, lengths = np.concatenate(strength), np.concatenate(length)
    strongest = float(lengths[powers.argmax()])
    strong = powers >= _OVERTONE * powers.max()
    multiples = [n for n in (2, 3) if (strong & (np.abs(lengths / (n * strongest) - 1) < _LIKE)).any()]
    return strongest * max(multiples, default=1)


def _waves(level: Pixels) -> tuple[Floats, Floats]:
    """Of each wave, float32 (127, 127): its power or that of the wave across it, whichever is less, and by how many
    times they exceed the power of waves of their length. Every tile weighs the same in the second."""
    spectra = [_spectrum(tile) for tile in _tiles(level)]
    power, even = np.mean(spectra, axis=0), np.mean([found / found[_SOUGHT].sum() for found in spectra], axis=0)
    usual = np.exp(np.bincount(_RING.ravel(), np.log(even + 1e-9).ravel()) / np.bincount(_RING.ravel()))[_RING]
    return np.minimum(power, np.rot90(power)), np.minimum(even, np.rot90(even)) / usual


def _spectrum(tile: Floats) -> Floats:
    """The power of each wave of a tile and its neighbours, the longest in the middle, and a little for flat tiles."""
    waves = cv2.dft((tile - tile.mean()) * _WINDOW, flags=cv2.DFT_COMPLEX_OUTPUT)
    power = np.fft.fftshift(cv2.magnitude(waves[..., 0], waves[..., 1]) ** 2)[1:, 1:]
    return np.asarray(cv2.boxFilter(power, -1, (3, 3)) + 1, np.float32)


def _tiles(level: Pixels) -> Iterator[Floats]:
    height, width = level.shape[:2]
    for top in _starts(height):
        for left in _starts(width):
            yield level[top : top + _TILE, left : left + _TILE].astype(np.float32)


def _starts(length: int) -> list[int]:
    return [round(start) for start in np.linspace(0, length - _TILE, min(_TILES, length // _TILE))]
