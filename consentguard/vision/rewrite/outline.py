"""Outlines: the shape of each drawn body, which keeps to what was read of somebody and to the paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Joints, Point
from consentguard.vision.drawn import SHIFT, Oval, whole_numbers
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.child import strokes, unit_of
from consentguard.vision.rewrite.shapes import Mask, uint8

_NEAR: Final = 0.25
_CLOTHES: Final = 0.45
"""Heads around what was read of a body in which a child is drawn along its joints, and around that child in which what
was read is drawn too: clothes are wider than limbs."""
_FOLDS: Final = 0.15
_SOFT: Final = 0.07
_SOFT_LEAST: Final = 0.5
"""Sigma of the blur of what was read, and of that of the whole outline: in heads, in squares at least."""
_SQUARE: Final = 1 / 14
"""Heads a side of a square at most: the shapes of large people are made on a coarser grid."""
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
        cells: what was read of the body, or guessed.
        head: the whole head, in pixels.
        joints: where its joints are, in pixels.
        paint: 255 in cells on which a figure may stand, else 0.
        grid: the cells.
        guessed: the cells are guessed: no clothes are told from them, and a coat is drawn.
    """
    x, y, wide, high = cv2.boundingRect(cells.view(np.uint8))
    if not wide:
        return None
    unit = unit_of(head) / grid.grain
    side = max(int(_SQUARE * unit), 1)
    reach = int(_FOLDS * unit) + 2 * side + 2
    top, left = max(y - reach, 0), max(x - reach, 0)
    part = (slice(top, y + high + reach), slice(left, x + wide + reach))
    read = _coarser(cells[part] * np.uint8(255), side)
    squares = _Squares(Box(left, top, left + 1, top + 1).scaled(grid.grain), side * grid.grain, unit_of(head))
    body = _child(read, head, joints, squares, coat=guessed)
    if not guessed:
        body |= _clothes(read, body, head, squares)
    levels = smooth(body, max(_SOFT * unit / side, _SOFT_LEAST))
    tip = 2 * round(_TIP * unit / side) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (tip, tip))
    rounded = uint8(cv2.morphologyEx(_coarser(paint[part], side), cv2.MORPH_OPEN, disc))
    rim = cv2.blur(rounded, (tip, tip), borderType=cv2.BORDER_REPLICATE)
    levels = np.minimum(levels, np.maximum(rim, _MORE_THAN_HALF) - np.uint8(_MORE_THAN_HALF))
    if np.count_nonzero(levels > _INSIDE) * side**2 < _LEAST * unit**2:
        return None
    _without_pieces(levels, *squares.at((head.left + head.right) / 2, (head.top + head.bottom) / 2), unit / side)
    return Shape.of(levels, top, left, side)


@dataclass(frozen=True, slots=True)
class _Squares:
    """Squares of `side` pixels, the first of which begins where `first` does; `head` is the height of one in pixels."""

    first: Box
    side: int
    head: float

    def at(self, x: float, y: float) -> Point:
        """Where a place in pixels is among them; the middle of the first is at 0, 0."""
        return (x - self.first.left) / self.side - 0.5, (y - self.first.top) / self.side - 0.5

    def heads(self, by: float) -> float:
        """So many heads, in squares."""
        return by * self.head / self.side


def _child(read: NDArray[np.uint8], head: Box, joints: Joints, squares: _Squares, *, coat: bool) -> NDArray[np.uint8]:
    """255 in the squares of a child along these joints, as far as they are near to what was read, else 0."""
    child = np.zeros(read.shape, np.uint8)
    for stroke in strokes(joints, squares.head, coat=coat):
        stroke.moved(squares.at, 1 / squares.side).fill(child, 255)
    child &= _grown(read, squares.heads(_NEAR))
    bust = np.concatenate([_BUST, (_BUST * (-1, 1))[::-1]]) * squares.head + ((head.left + head.right) / 2, head.top)
    corners = np.array([whole_numbers(*squares.at(*corner)) for corner in bust.tolist()])
    cv2.fillPoly(child, [corners], 255, cv2.LINE_AA, SHIFT)
    return child


def _clothes(read: NDArray[np.uint8], child: NDArray[np.uint8], head: Box, squares: _Squares) -> NDArray[np.uint8]:
    """255 in the squares, of those that were read of a body, that are near to the child and not around its head."""
    near = read & _grown(child, squares.heads(_CLOTHES))
    clothes = np.where(smooth(near, max(squares.heads(_FOLDS), _SOFT_LEAST)) > _INSIDE, np.uint8(255), np.uint8(0))
    chin = max(round(squares.at(0, head.top + _CHIN * head.height)[1]), 0)
    around = Oval.of_head(head)
    wide, high = (_AROUND_HEAD * radius / squares.side for radius in (around.wide, around.high))
    Oval(*squares.at(around.x, around.y), wide, high).fill(clothes[:chin], 0, cv2.LINE_8)
    return clothes


def _grown(levels: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
    """255 in squares no further than so many from one that is inside, else 0."""
    reach = max(round(by), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return uint8(cv2.dilate((levels > _INSIDE) * np.uint8(255), disc))


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
