"""What stands where somebody was: the colours of the room, from pixels of nobody, or one flat colour."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Pixels
from consentguard.vision.rewrite.shapes import Mask, float32, uint8

Floats = NDArray[np.float32]

_CELL: Final = 4
"""Pixels a side of the cells in which the fill is made: it is too soft for anybody to see them."""
_AWAY: Final = 0.008
"""Shares of the frame's longer side: how far from paint and people a source lies, or the rim of clothes bleeds in."""
_NEUTRAL_FROM: Final = 4
_NEUTRAL: Final = 0.05
_LIGHT: Final = 225.0
_LIGHT_SHARE: Final = 0.25
"""From this halving on a source weighs at most so much less that a neutral colour has this weight: the mean of all
sources and a light grey. Without it, one far dark corner blackened a whole class."""
_SOFT: Final = 1.5
"""Sigma, in cells, of the blur over what was filled."""
_GRAIN: Final = 1.5
_GRAIN_SIDE: Final = 256
_SEED: Final = 20
"""Standard deviation in levels, and side in pixels, of the grain: a photograph has some, and what has none looks
painted."""
FEATHER: Final = 3
"""Pixels outside of the paint over which it fades into what is there."""
_CROSS: Final = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
"""What grows paint by a pixel."""


def surroundings(pixels: Pixels, hidden: Mask, people: Mask) -> Pixels:
    """A picture of this size in the colours around what is hidden.

    Args:
        pixels: RGB, uint8, (height, width, 3).
        hidden: what may have no influence on the result.
        people: what is seen of people; no source either.

    A push-pull pyramid (Gortler et al. 1996, The Lumigraph): known cells are averaged into ever coarser grids until
    each has a colour, and the unknown ones take it on the way back.
    """
    height, width = hidden.shape
    known = _known(hidden | people)
    colours = float32(_cells(uint8(cv2.copyTo(pixels, 1 - hidden.view(np.uint8)))))
    filled = cv2.GaussianBlur(_pulled(colours, known), (0, 0), _SOFT, borderType=cv2.BORDER_REPLICATE)
    rows, columns = known.shape
    cells = np.clip(np.round(filled), 0, 255).astype(np.uint8)
    whole = cv2.resize(cells, (columns * _CELL, rows * _CELL), interpolation=cv2.INTER_LINEAR)[:height, :width]
    return _grained(np.ascontiguousarray(whole))


def flat(shape: tuple[int, ...], colour: tuple[int, int, int]) -> Pixels:
    """One colour all over."""
    return np.broadcast_to(np.array(colour, np.uint8), (shape[0], shape[1], 3))


def laid_over(pixels: Pixels, fill: Pixels, hidden: Mask, feathered: Mask) -> Pixels:
    """The picture with the fill where it is hidden, fading out over what may be `feathered` beside it."""
    covered = hidden.view(np.uint8)
    result = cv2.copyTo(np.ascontiguousarray(fill), covered, np.array(pixels))
    # Of the rings around the paint, each a pixel wider, more hold what is nearer to it.
    rings, steps = covered, np.zeros_like(covered)
    for _ in range(FEATHER):
        rings = uint8(cv2.dilate(rings, _CROSS))
        steps += rings
    rim = np.flatnonzero((steps > 0) & feathered & ~hidden)
    share = (steps.ravel()[rim] / np.float32(FEATHER + 1))[:, None]
    flat_result, flat_fill = result.reshape(-1, 3), np.ascontiguousarray(fill).reshape(-1, 3)
    flat_result[rim] = np.round(flat_result[rim] * (1 - share) + flat_fill[rim] * share).astype(np.uint8)
    return uint8(result)


def _known(unknown: Mask) -> Floats:
    """1 for each cell that is a source, else 0: none of it, and nothing near it, is unknown."""
    some = _cells(unknown * np.uint8(255)) > 0
    if some.all() or not some.any():
        return float32(~some)
    away = _AWAY * max(unknown.shape) / _CELL
    return float32(cv2.distanceTransform(uint8(~some), cv2.DIST_L2, 3) > away)


def _cells(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of each cell; the last ones go on beyond the picture."""
    height, width = picture.shape[:2]
    if height % _CELL or width % _CELL:
        edges = (0, -height % _CELL, 0, -width % _CELL)
        picture = uint8(cv2.copyMakeBorder(picture, *edges, cv2.BORDER_REPLICATE))
    size = (picture.shape[1] // _CELL, picture.shape[0] // _CELL)
    return uint8(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _pulled(colours: Floats, known: Floats) -> Floats:
    """A colour for each cell: its own where it is known, else one that those around it pull together."""
    neutral = _neutral(colours, known)
    sums, weights = colours * known[..., None], known
    levels = [(sums, weights)]
    while max(weights.shape) > 1:
        sums, weights = _halved(sums), _halved(weights)
        # One of four is enough to know a colour.
        more = np.minimum(weights * 4, 1) / np.maximum(weights, 1e-6)
        sums, weights = float32(sums * more[..., None]), float32(weights * more)
        if len(levels) >= _NEUTRAL_FROM:
            sums = float32((sums + neutral * _NEUTRAL) / (1 + _NEUTRAL))
            weights = float32((weights + _NEUTRAL) / (1 + _NEUTRAL))
        levels.append((sums, weights))
    sums, weights = levels.pop()
    known_at_all = bool(weights.any())
    colour = float32(sums / np.maximum(weights, 1e-6)[..., None] if known_at_all else neutral + sums)
    for sums, weights in reversed(levels):
        height, width = weights.shape
        coarse = cv2.resize(np.ascontiguousarray(colour), (width, height), interpolation=cv2.INTER_LINEAR)
        coarse = cv2.blur(coarse, (3, 3), borderType=cv2.BORDER_REPLICATE)
        colour = float32(sums + coarse.reshape(height, width, 3) * (1 - weights)[..., None])
    return colour


def _halved(cells: Floats) -> Floats:
    """The mean of each four cells."""
    height, width = cells.shape[:2]
    edges = (0, height % 2, 0, width % 2)
    edged = cv2.copyMakeBorder(cells, *edges, cv2.BORDER_REPLICATE)
    size = (edged.shape[1] // 2, edged.shape[0] // 2)
    return float32(cv2.resize(edged, size, interpolation=cv2.INTER_AREA))


def _neutral(colours: Floats, known: Floats) -> Floats:
    """The colour of what has no source near it."""
    if not known.any():
        return np.full(3, _LIGHT, np.float32)
    mean = np.array(cv2.mean(colours, uint8(known))[:3])
    return float32(mean * (1 - _LIGHT_SHARE) + _LIGHT * _LIGHT_SHARE)


def _grained(pixels: Pixels) -> Pixels:
    """The picture, changed in place, with the same grain on all three colours."""
    lighter, darker = _grain()
    for top in range(0, pixels.shape[0], _GRAIN_SIDE):
        for left in range(0, pixels.shape[1], _GRAIN_SIDE):
            part = pixels[top : top + _GRAIN_SIDE, left : left + _GRAIN_SIDE]
            rows, columns = part.shape[:2]
            part[:] = cv2.subtract(cv2.add(part, lighter[:rows, :columns]), darker[:rows, :columns])
    return pixels


@lru_cache(maxsize=1)
def _grain() -> tuple[Pixels, Pixels]:
    """By how much a square of grain is lighter, and by how much darker: uint8 (side, side, 3)."""
    noise = np.round(np.random.default_rng(_SEED).normal(0, _GRAIN, (_GRAIN_SIDE, _GRAIN_SIDE, 1)))
    both = (np.repeat(np.clip(way * noise, 0, None).astype(np.uint8), 3, axis=2) for way in (1, -1))
    lighter, darker = both
    return lighter, darker
