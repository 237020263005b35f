"""Bodies: the cells of hidden people, rounder before figures are drawn on them, or none where bodies may remain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot
from typing import Final

import cv2
import numpy as np

from consentguard.values import Hand, Point
from consentguard.vision.rewrite.cells import Grid, grown_cells
from consentguard.vision.rewrite.child import plausible, wrists_of
from consentguard.vision.rewrite.scene import Hidden, Scene
from consentguard.vision.rewrite.shapes import Mask
from consentguard.vision.rewrite.silhouette import WRIST, hand_length, own_box

_CLOSED: Final = 0.3
_HOLE: Final = 0.5
"""Heads: gaps half as wide are closed in the shape of a body, and holes of so many squares of a head are filled."""
_AT_WRIST: Final = 1.2
"""Lengths of a hand within which its wrist is that of a body: both are read with errors of their own."""
_FINE: Final = 3
"""Squares in half of such a gap: the gaps of large people are closed on a coarser grid."""


def tidied(scene: Scene) -> Scene:
    """The scene before figures are drawn on it: gaps and holes of each hidden person are closed, and whose arms were
    read keep no hands: they are drawn with hands. Nothing is shown by it."""
    hidden = tuple(replace(one, cells=_whole(one, scene.grid)) for one in scene.hidden)
    wrists = [wrist for one in hidden for wrist in wrists_of(plausible(one.joints, own_box(one.head)))]
    return replace(scene, hidden=hidden, hands=tuple(hand for hand in scene.hands if not _is_of(hand, wrists)))


def _is_of(hand: Hand, wrists: Sequence[Point]) -> bool:
    """Whether a hand is at one of these wrists."""
    (x, y), reach = hand.points[WRIST], _AT_WRIST * hand_length(hand)
    return any(hypot(x - across, y - down) <= reach for across, down in wrists)


def heads_alone(scene: Scene) -> Scene:
    """The scene as if nobody had a body: where bodies may remain, only heads are painted over."""
    nothing = np.zeros_like(scene.alone)
    return replace(scene, hidden=tuple(replace(one, cells=nothing) for one in scene.hidden), alone=nothing, cut=nothing)


def _whole(one: Hidden, grid: Grid) -> Mask:
    """The cells of a hidden person without narrow gaps and small holes; never fewer."""
    cells, unit = one.cells, one.height / grid.grain
    x, y, wide, high = cv2.boundingRect(cells.view(np.uint8))
    if not wide:
        return cells
    by = max(_CLOSED * unit / 2, 1.0)
    side = max(int(by / _FINE), 1)
    reach = int(2 * by) + 2
    top, left = max(y - reach, 0) // side * side, max(x - reach, 0) // side * side
    part = (slice(top, y + high + reach), slice(left, x + wide + reach))
    whole = cells[part]
    coarse = _full_squares(whole, side)
    grown = grown_cells(coarse, by / side)
    closed = coarse | (cv2.distanceTransform(grown.view(np.uint8), cv2.DIST_L2, 5) > by / side)
    _, holes, stats, _ = cv2.connectedComponentsWithStats((~closed).view(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < _HOLE * (unit / side) ** 2
    small &= (stats[:, 0] > 0) & (stats[:, 1] > 0)
    small &= (stats[:, 0] + stats[:, 2] < closed.shape[1]) & (stats[:, 1] + stats[:, 3] < closed.shape[0])
    small[0] = False
    filled = np.repeat(np.repeat(closed | small[holes], side, axis=0), side, axis=1)
    result = cells.copy()
    result[part] |= filled[: whole.shape[0], : whole.shape[1]]
    return result


def _full_squares(cells: Mask, side: int) -> Mask:
    """The squares of so many cells a side of which every cell is set; the last ones go on beyond these cells."""
    if side == 1:
        return cells
    height, width = cells.shape
    beyond = (0, -height % side, 0, -width % side)
    padded = cv2.copyMakeBorder(cells.view(np.uint8), *beyond, cv2.BORDER_REPLICATE)
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.erode(padded, square, anchor=(0, 0))[::side, ::side] > 0)
