"""Worth: how much what would be left of a picture is worth publishing, 0..1.

Nothing of somebody who may not be seen adds to it but hands with their work, and backs of heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Picture
from consentguard.vision.boxes import shared
from consentguard.vision.rewrite.scene import Scene
from consentguard.vision.rewrite.shapes import Mask

Frames = NDArray[np.int64]

_SHREDS, _FEW_RIMS = 0.06, 4.0
_WIDE: Final = 0.5
_DARK, _DIM = 0.4, 80.0
_KEPT, _CUT_KEPT = 0.05, 0.25
_NOBODY, _ALONE, _CUT_EMPTY = 0.1, 0.35, 0.6
_CEILING, _LOW = 0.35, 0.8
_SHARP, _SMOOTH, _ENOUGH = 8.0, 0.35, 0.2
"""What paint costs besides its share: each length of its outline (in sides of the frame) beyond so many; no wide part
to be seen (its radius, in the longer side); light of less than so many levels; what is cut away of the photo, less if
hands, backs or people are kept. Where none is: that, the only person gone, and few sharp cells (by the Laplacian), as
of bare walls and blurred grounds; and a frame that ends high in the photo, for that is a ceiling."""
_CROP, _LARGE, _BUSY = 0.45, 0.2, 0.15
_CLOTHES, _FEW_CLOTHES = 0.4, 0.25
_HAND, _HAND_SMALL, _HAND_LARGE = 0.35, 0.05, 0.18
_CUT_HAND, _AT_RIM, _INNER, _WHOLE = 0.1, 0.3, 0.3, 0.97
"""What a crop is worth: at least; for its share of the photo; for being as sharp as the photo is on average. What
clothes beyond a share cost. What a whole hand adds, by its size in the frame's shorter side, and what one that is cut
takes; and how far from the middle, in sides, the best placed of them may be at no cost."""
_MOSTLY: Final = 0.5
_COVERED: Final = 0.5
"""What a picture is worth at least of which only heads are painted over."""


def sums(cells: NDArray[np.float32] | Mask, frames: Frames) -> NDArray[np.float64]:
    """The sum of some cells in each frame, whose edges are in cells."""
    table = cv2.integral(cells.astype(np.float32, copy=False), sdepth=cv2.CV_64F)
    left, top, right, bottom = frames.T
    return np.asarray(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left])


def skin_cells(pixels: NDArray[np.uint8]) -> Mask:
    """Which pixels have the colour of skin: Cr 135..178, Cb 80..127 (Chai and Ngan 1999), brighter than 50 of 255."""
    light, red, blue = np.moveaxis(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), -1, 0)
    return np.asarray((red > 135) & (red < 178) & (blue > 80) & (blue < 127) & (light > 50))


def paint_worths(scene: Scene, picture: Picture, hidden: Mask, frames: Frames) -> NDArray[np.float64]:
    """What each frame, in pixels, is worth with these pixels of the picture painted over.

    Fitted by eye on what silhouettes made of 47 photos: what was thought fit to be posted had little paint, one large
    part to be seen, few shreds and light.
    """
    grid = scene.grid
    at = in_cells(scene, frames)
    cells = np.maximum((at[:, 2] - at[:, 0]) * (at[:, 3] - at[:, 1]), 1)
    full = grid.full(hidden)
    light = cv2.cvtColor(in_grid(scene, picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    painted = sums(full, at)
    rims = sums(_rims(grid.touched(hidden)), at) / np.sqrt(cells)
    seen = sums(light * ~full, at) / np.maximum(cells - painted, 1)
    away = cv2.distanceTransform((~full).astype(np.uint8), cv2.DIST_L2, 5)
    wide = np.array([away[y:bottom, x:right].max() / max(right - x, bottom - y) for x, y, right, bottom in at])
    hands = [hand.box for hand in scene.hands if _seen(hidden, hand.box)]
    kept = (inside(frames, [*hands, *scene.backs, *scene.faces]) == 1).any(axis=1)
    sharp = sums((_detail(light) > _SHARP) & ~full, at) / np.maximum(cells - painted, 1)
    worth = 1 - painted / cells - _SHREDS * np.maximum(rims - _FEW_RIMS, 0) + _WIDE * (np.minimum(wide, 0.45) - 0.3)
    worth -= _DARK * np.clip((_DIM - seen) / _DIM, 0, 0.5)
    cut = 1 - np.sqrt(cells / (grid.rows * grid.columns))
    empty = _NOBODY + _ALONE * (len(scene.hidden) == 1) + _CUT_EMPTY * cut
    empty += _CEILING * (frames[:, 3] < _LOW * scene.height) + _SMOOTH * np.clip(1 - sharp / _ENOUGH, 0, 1)
    worth -= np.where(kept, _CUT_KEPT * cut - _KEPT, empty)
    return np.asarray(np.clip(worth, 0, 1))


def _detail(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """How sharp each cell is: the Laplacian of its lightness, in levels."""
    return np.asarray(np.abs(cv2.Laplacian(light, cv2.CV_32F)), np.float32)


def _rims(painted: Mask) -> NDArray[np.float32]:
    """Cells along the outlines of paint, those of the picture's own rim aside, halved as a line is two cells wide."""
    edge = cv2.morphologyEx(painted.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    edge[[0, -1], :] = 0
    edge[:, [0, -1]] = 0
    return np.asarray(edge / 2, np.float32)


def _seen(hidden: Mask, box: Box) -> bool:
    """Whether most of a box is left to be seen."""
    return float(hidden[box.top : box.bottom, box.left : box.right].mean()) < _MOSTLY


def in_cells(scene: Scene, frames: Frames) -> Frames:
    """Frames in cells."""
    grid = scene.grid
    return np.asarray(np.minimum(frames // grid.grain, [grid.columns, grid.rows, grid.columns, grid.rows]))


def in_grid(scene: Scene, picture: Picture) -> NDArray[np.uint8]:
    """The picture with one pixel for each cell."""
    grid, pixels = scene.grid, picture.pixels
    right, below = grid.columns * grid.grain - grid.width, grid.rows * grid.grain - grid.height
    if right or below:  # by a whole number it is resized several times faster
        pixels = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    return cv2.resize(pixels, (grid.columns, grid.rows), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def worth_of_covers(hidden: Mask) -> float:
    """What a picture is worth of which only heads are painted over: the people and what they do are still there."""
    return _COVERED + (1 - _COVERED) * (1.0 - float(hidden.mean()))


def crop_worths(scene: Scene, picture: Picture, frames: Frames) -> NDArray[np.float64]:
    """What each frame is worth in which nothing is painted."""
    if not len(frames):
        return np.zeros(0)
    at = in_cells(scene, frames)
    cells = np.maximum((at[:, 2] - at[:, 0]) * (at[:, 3] - at[:, 1]), 1)
    size = frames[:, 2:] - frames[:, :2]
    detail = _detail(cv2.cvtColor(in_grid(scene, picture), cv2.COLOR_RGB2GRAY).astype(np.float32))
    busy = np.clip(sums(detail, at) / cells / max(float(detail.mean()), 1e-6), 0, 1)
    clothes = sums(scene.bodies, at) / cells
    share = np.sqrt(size.prod(axis=1) / (scene.width * scene.height))
    worth = _CROP + _LARGE * share + _BUSY * busy - _CLOTHES * np.maximum(clothes - _FEW_CLOTHES, 0)
    if scene.hands:
        boxes = [hand.box for hand in scene.hands]
        held = inside(frames, boxes)
        whole = held > _WHOLE
        sides = np.array([min(box.width, box.height) for box in boxes])
        prominent = np.where(whole, sides[None], 0).max(axis=1) / size.min(axis=1)
        worth += _HAND * np.clip((prominent - _HAND_SMALL) / (_HAND_LARGE - _HAND_SMALL), 0, 1)
        worth -= _CUT_HAND * ((held > 1 - _WHOLE) & ~whole).any(axis=1)
        middles = np.array([((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes])
        place = (middles[None] - frames[:, None, :2]) / size[:, None]
        off = np.where(whole, np.abs(place - 0.5).max(axis=2), 0.5).min(axis=1)
        worth -= _AT_RIM * np.clip(off - _INNER, 0, None)
    return np.asarray(np.clip(worth, 0, 1))


def inside(frames: Frames, boxes: Sequence[Box]) -> NDArray[np.float64]:
    """Which share of each box lies in each frame: (frames, boxes)."""
    if not boxes:
        return np.zeros((len(frames), 0))
    others = np.array([box.as_list() for box in boxes])
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(shared(frames, others) / areas)
