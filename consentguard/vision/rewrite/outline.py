"""Outlines: the shape of each drawn body, which keeps to what was read of somebody and to the paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Joints
from consentguard.vision.drawn import Oval
from consentguard.vision.rewrite.cells import Grid, grown_cells
from consentguard.vision.rewrite.child import strokes, unit_of
from consentguard.vision.rewrite.shapes import Mask, uint8

_NEAR: Final = 0.25
_CLOTHES: Final = 0.35
"""Heads around what was read of a body in which a child is drawn along its joints, and around that child in which what
was read is drawn too: clothes are wider than limbs."""
_FOLDS: Final = 0.15
_SOFT: Final = 0.07
_SOFT_LEAST: Final = 1.2
"""Sigma of the blur that makes what was read smooth, and of that of the whole outline: in heads, the last in cells at
least."""
_COARSE: Final = 2
"""Squares in the sigma of a blur: the shapes of large people are made on a coarser grid."""
_TIP: Final = 0.1
_MORE_THAN_HALF: Final = 25
"""Heads by which the rim of the paint is rounded where it limits a figure; what is taken from its blurred levels, so
that a figure does not reach beyond it."""
_AROUND_HEAD: Final = 1.2
_CHIN: Final = 0.9
"""Heads around its middle within which what lies higher than so many heads below its top is no body, but hair, a hood
or the margin of a cover."""
_BUST: Final = np.array([(0.25, 0.8), (0.3, 1.0), (0.5, 1.12), (0.6, 1.3), (0.6, 1.6)])
"""Shoulders that every body has: half widths and how far each is below the top of the head, in heads."""
_PIECE: Final = 0.3
"""Share of a body under which a piece of it that is not beside its head is left to the fill."""
_BESIDE, _LEAST = 0.75, 0.3
"""Heads on each side of a head's middle, and above and below it: what begins there is beside it. Squares of a head that
it, and any body, has at least."""
_INSIDE: Final = 127


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A smooth shape.

    Attributes:
        levels: uint8, over 127 in the middle of each square that is inside.
        top, left: where the first square begins, in cells.
        side: cells a side of a square.
    """

    levels: NDArray[np.uint8]
    top: int
    left: int
    side: int

    @property
    def area(self) -> int:
        """How many cells are inside, about."""
        return int(np.count_nonzero(self.levels > _INSIDE)) * self.side**2

    def enlarged(self, by: int) -> Mask:
        """Which points are inside, `by` a side of each cell."""
        height, width = self.levels.shape
        size = (width * self.side * by, height * self.side * by)
        return np.asarray(cv2.resize(self.levels, size, interpolation=cv2.INTER_LINEAR) > _INSIDE)

    def box(self, grain: int) -> Box:
        """What its squares take up, in pixels."""
        rows, columns = self.levels.shape
        unit, left, top = self.side * grain, self.left * grain, self.top * grain
        return Box(left, top, left + columns * unit, top + rows * unit)

    @classmethod
    def of(cls, levels: NDArray[np.uint8], top: int, left: int, side: int) -> Shape | None:
        """The same without what is outside; None where nothing is inside."""
        x, y, wide, high = cv2.boundingRect((levels > _INSIDE).view(np.uint8))
        if not wide:
            return None
        x, y, right, below = max(x - 1, 0), max(y - 1, 0), x + wide + 1, y + high + 1
        return cls(levels[y:below, x:right].copy(), top + y * side, left + x * side, side)


def shape_of(
    cells: Mask, head: Box, joints: Joints, paint: NDArray[np.uint8], grid: Grid, *, guessed: bool
) -> Shape | None:
    """The shape of a drawn body; None where there is hardly any.

    Args:
        cells: what was read of the body, or `guessed`; what is guessed has no clothes of its own.
        head: the whole head, in pixels.
        joints: where its joints are, in pixels.
        paint: 255 in cells on which a figure may stand, else 0.
        grid: the cells.
    """
    x, y, wide, high = cv2.boundingRect(cells.view(np.uint8))
    if not wide:
        return None
    unit = unit_of(head) / grid.grain
    soft = max(_SOFT * unit, _SOFT_LEAST)
    reach = int(3 * max(soft, _FOLDS * unit)) + 2
    top, left = max(y - reach, 0), max(x - reach, 0)
    part = (slice(top, y + high + reach), slice(left, x + wide + reach))
    body = _child(cells[part], head, joints, grid, left, top, coat=guessed)
    if not guessed:
        body |= _clothes(cells[part], body, head, grid, left, top)
    side = max(int(soft / _COARSE), 1)
    levels = smooth(_coarser(body * np.uint8(255), side), soft / side)
    tip = 2 * round(_TIP * unit / side) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (tip, tip))
    rounded = uint8(cv2.morphologyEx(_coarser(paint[part], side), cv2.MORPH_OPEN, disc))
    rim = cv2.blur(rounded, (tip, tip), borderType=cv2.BORDER_REPLICATE)
    levels = np.minimum(levels, np.maximum(rim, _MORE_THAN_HALF) - np.uint8(_MORE_THAN_HALF))
    if np.count_nonzero(levels > _INSIDE) * side**2 < _LEAST * unit**2:
        return None
    middle = ((head.left + head.right) / 2 / grid.grain - left, (head.top + head.bottom) / 2 / grid.grain - top)
    _without_pieces(levels, middle[0] / side, middle[1] / side, unit / side)
    return Shape.of(levels, top, left, side)


def _child(cells: Mask, head: Box, joints: Joints, grid: Grid, left: int, top: int, *, coat: bool) -> NDArray[np.uint8]:
    """1 in the cells of a child along these joints, as far as they are near to those given; the first of them is at
    `left`, `top`."""
    unit = unit_of(head)
    child = np.zeros(cells.shape, np.uint8)
    for stroke in strokes(joints, unit, coat=coat):
        stroke.over(grid.grain, left, top).fill(child, 1, line=cv2.LINE_8)
    child &= grown_cells(cells, _NEAR * unit / grid.grain).view(np.uint8)
    bust = np.concatenate([_BUST, (_BUST * (-1, 1))[::-1]]) * unit + ((head.left + head.right) / 2, head.top)
    cv2.fillPoly(child, [np.round(bust / grid.grain - (left, top)).astype(np.int32)], 1)
    return child


def _clothes(cells: Mask, child: NDArray[np.uint8], head: Box, grid: Grid, left: int, top: int) -> NDArray[np.uint8]:
    """1 in the cells, of those that were read of a body, that are near to the child and not around its head."""
    unit = unit_of(head) / grid.grain
    near = (cells & grown_cells(child.view(np.bool_), _CLOTHES * unit)) * np.uint8(255)
    clothes = (smooth(near, max(_FOLDS * unit, _SOFT_LEAST)) > _INSIDE).view(np.uint8)
    chin = round((head.top + _CHIN * head.height) / grid.grain) - top
    Oval.of_head(head).over(grid.grain, left, top, _AROUND_HEAD).fill(clothes[: max(chin, 0)], 0, cv2.LINE_8)
    return clothes


def smooth(levels: NDArray[np.uint8], soft: float) -> NDArray[np.uint8]:
    """Levels blurred by about this sigma; at the rims of the picture as if it went on beyond them."""
    side = 2 * round((np.sqrt(6 * soft**2 + 1) - 1) / 2) + 1  # twice a square: several times as fast as a Gaussian
    once = cv2.blur(levels, (side, side), borderType=cv2.BORDER_REPLICATE)
    return uint8(cv2.blur(once, (side, side), borderType=cv2.BORDER_REPLICATE))


def _coarser(levels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The mean of each square of so many cells a side; the last ones go on beyond these cells."""
    if side == 1:
        return levels
    height, width = levels.shape
    padded = cv2.copyMakeBorder(levels, 0, -height % side, 0, -width % side, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // side, padded.shape[0] // side)
    return uint8(cv2.resize(padded, size, interpolation=cv2.INTER_AREA))


def _without_pieces(levels: NDArray[np.uint8], x: float, y: float, unit: float) -> None:
    """Leaves small pieces of a body to the fill, in place, but those beside its head, whose middle is given."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats((levels > _INSIDE).view(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    small = area < _PIECE * area[1:].sum()
    reach = _BESIDE * unit
    rows, columns = (slice(max(int(at - reach), 0), max(int(at + reach) + 1, 0)) for at in (y, x))
    small[np.setdiff1d(parts[rows, columns], np.flatnonzero(area < _LEAST * unit**2))] = False
    small[0] = False
    levels[small[parts]] = 0
