"""Placement: where the figures of those who are hidden stand, and the shape that each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box
from consentguard.vision.drawn import Oval
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.figures import Figure, Figures, Labels, head_of
from consentguard.vision.rewrite.ground import Painted
from consentguard.vision.rewrite.scene import Hidden, Scene
from consentguard.vision.rewrite.shapes import Mask, around, uint8
from consentguard.vision.rewrite.silhouette import own_box

_MOST: Final = 250
"""Figures of a picture, the largest; more would not be told apart."""
_PIECE: Final = 0.3
"""Share of a body under which a piece of it that is not beside its head is left to the fill."""
_BESIDE, _LEAST = 0.75, 0.3
"""Heads on each side of a head's middle, and above and below it: what begins there is beside it. Squares of a head that
it, and any body, has at least."""
_ALONE: Final = 0.004
"""Share of the picture from which a body without a head is a figure."""
_HEAD_WIDE, _HEAD_HIGH = 0.6, 0.28
"""Sides of a body without a head that the head drawn at its top takes up at most."""
_A_BOX: Final = 0.9
_CHILD_WIDE, _CHILD_HIGH = 2.2, 7.0
"""Share of its box from which such a body is nothing but that box; sides of the head of a child that stands in it."""
_COARSE: Final = 2
"""Squares in the sigma of a blur: the shapes of large people are made on a coarser grid."""
_SOFT: Final = 0.2
_SOFT_LEAST: Final = 1.2
"""Sigma of the blur that makes smooth outlines, in heads, in cells at least. What is thinner than 1.35 of it goes."""
_RIM: Final = 2
"""Cells that a figure keeps from the rim of the paint, so that its outline is whole."""
_TIP: Final = 0.1
_MORE_THAN_HALF: Final = 25
"""Heads by which the rim of the paint is rounded where it limits a figure; what is taken from its blurred levels, so
that a figure does not reach beyond it."""
_AROUND_HEAD: Final = 1.2
_CHIN: Final = 0.9
"""Heads around its middle within which what lies higher than so many heads below its top is no body, but hair, a hood
or the margin of a cover."""
_HIGHER: Final = 1.15
"""Heights of a head in widths of it, where a frame cuts it."""
_BUST: Final = np.array([(0.25, 0.8), (0.3, 1.0), (0.5, 1.12), (0.6, 1.3), (0.6, 1.6)])
_CHILD: Final = np.array([
    (0.25, 0.8), (0.3, 1.0), (0.6, 1.12), (0.8, 1.3), (0.88, 1.6), (0.86, 2.4), (0.72, 3.4), (0.84, 5.95), (0.2, 5.95),
    (0.0, 4.2),
])  # fmt: skip
_HIPS: Final = 3.3
"""Shoulders that every body has, and the whole body where none was read: half widths and how far each is below the top
of the head, and its hips; in heads. They lie inside `silhouette.trunk`."""
_SMALL_HEAD: Final = 0.2
_HEAD_SIZES: Final = 9
_ON_PAINT: Final = 0.97
"""What is cut off each side of the least head that is drawn, how many between it and its cover are tried, and the share
of its outline that has to be painted."""
_TURNS: Final = np.linspace(0, 2 * np.pi, 48, endpoint=False)
_ACROSS, _DOWN = np.cos(_TURNS), np.sin(_TURNS)
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


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Who stands where, before anything is drawn.

    Attributes:
        grid: the cells.
        owner: the label of each cell.
        people: as in `Figures`.
        shapes: of the body of each; None for a head alone.
        order: labels, from those who are furthest away to the nearest.
    """

    grid: Grid
    owner: Labels
    people: tuple[Figure, ...] = ()
    shapes: tuple[Shape | None, ...] = ()
    order: tuple[int, ...] = ()

    @classmethod
    def nobody(cls, grid: Grid) -> Placement:
        return cls(grid, grid.empty())

    def figures(self, hidden: Mask, frame: Box) -> Figures:
        """The figures in a frame of the picture, on those of its pixels that are hidden and on no others."""
        labels = np.zeros(hidden.shape, np.uint8)
        for label in self.order:
            _lay(labels, label, self.shapes[label - 1], self.grid.grain, frame)
        for label in self.order:  # a head that was found was seen, whatever is guessed of bodies
            _lay_head(labels, label, _ovals(self.people[label - 1]), frame)
        labels[~hidden] = 0
        return Figures(labels, tuple(one.moved(-frame.left, -frame.top) for one in self.people))


def placement_of(scene: Scene, painted: Painted) -> Placement:
    """Who stands where in a scene of which these pixels are painted over.

    Every head that is hidden has a figure, but those without a body that lie in the body of another.
    """
    grid, hidden, largest = scene.grid, painted.pixels, sorted(scene.hidden, key=lambda one: -one.height)[:_MOST]
    largest.sort(key=lambda one: (own_box(one.head).left + own_box(one.head).right, one.head.box.top))
    paint = uint8(cv2.erode(painted.full * np.uint8(255), np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)))
    shapes = [_shape_of(one, paint, grid) for one in largest]
    people: list[Figure] = []
    for label, (one, shape) in enumerate(zip(largest, shapes, strict=True), 1):
        own = own_box(one.head)
        hips = own.top + _HIPS * _unit(own) if one.guessed else one.hips
        head = _head_on(one, hidden, grid)
        hair = label % 2 == 1 and shape is not None and _on_paint(head_of(head, long_hair=True), hidden, grid)
        people.append(_figure(head, shape, hips, grid, long_hair=hair))
    # A guessed body stands behind all others: whoever seems to stand behind it was seen.
    order = sorted(range(len(people)), key=lambda index: (not largest[index].guessed, largest[index].height))
    owner = grid.empty()
    cells = Box(0, 0, grid.columns, grid.rows)
    for index in order:
        _lay(owner, index + 1, shapes[index], 1, cells)
    order = [index for index in order if not _lies_in_another(people[index].head, shapes[index], owner, grid)]
    free = (scene.alone | scene.cut) & (owner == 0) & painted.touched
    for one in largest:
        free &= ~one.cells
    headless = _headless(free, paint, grid, _MOST - len(people))
    for label, (head, shape, hips) in enumerate(headless, len(people) + 1):
        shapes.append(shape)
        people.append(_figure(head, shape, hips, grid))
        _lay(owner, label, shape, 1, cells)
    labels = (*range(len(largest) + 1, len(people) + 1), *(index + 1 for index in order))
    for label in labels:
        _lay_head(owner, label, [oval.over(grid.grain) for oval in _ovals(people[label - 1])], cells)
    owner[~painted.touched] = 0
    return Placement(grid, owner, tuple(people), tuple(shapes), labels)


def _figure(head: Box, shape: Shape | None, hips: float | None, grid: Grid, *, long_hair: bool = False) -> Figure:
    """A figure with such a head, whose body, if it has any, has such a shape."""
    boxes = [oval.box for oval in head_of(head, long_hair=long_hair)] + ([shape.box(grid.grain)] if shape else [])
    edges = np.array([box.as_list() for box in boxes])
    body = Box(*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
    return Figure(head, body, None if hips is None or shape is None else round(hips), long_hair)


def _ovals(figure: Figure) -> tuple[Oval, ...]:
    return head_of(figure.head, long_hair=figure.long_hair)


def _head_on(one: Hidden, hidden: Mask, grid: Grid) -> Box:
    """The head that is drawn: the largest between a small one and the cover whose outline is painted."""
    own, cover = own_box(one.head), around(one.cover)
    across, down = _SMALL_HEAD * own.width, _SMALL_HEAD * own.height
    small = np.array([own.left + across, own.top + down, own.right - across, own.bottom - down])
    for share in np.linspace(1, 0, _HEAD_SIZES):
        box = Box.covering(*(small + share * (np.array(cover.as_list()) - small)).tolist())
        if _on_paint(head_of(box, long_hair=False), hidden, grid):
            break
    return box


def _on_paint(ovals: Sequence[Oval], hidden: Mask, grid: Grid) -> bool:
    """Whether the outlines of ovals, with room for a line, lie on painted pixels, or outside of the picture."""
    for oval in (oval.larger(grid.grain * _RIM) for oval in ovals):
        x, y = (oval.x + oval.wide * _ACROSS).astype(int), (oval.y + oval.high * _DOWN).astype(int)
        there = (x >= 0) & (y >= 0) & (x < hidden.shape[1]) & (y < hidden.shape[0])
        if hidden[y[there], x[there]].sum() < _ON_PAINT * there.sum():
            return False
    return True


def _lies_in_another(head: Box, shape: Shape | None, owner: Labels, grid: Grid) -> bool:
    """Whether this is a head without a body where the body of another is drawn, on which a face would puzzle."""
    row, column = (int((a + b) / 2 / grid.grain) for a, b in ((head.top, head.bottom), (head.left, head.right)))
    inside = 0 <= row < grid.rows and 0 <= column < grid.columns
    return shape is None and inside and owner[row, column] > 0


def _unit(head: Box) -> float:
    return max(head.height, head.width * _HIGHER)


def _lay(labels: Labels, label: int, shape: Shape | None, by: int, frame: Box) -> None:
    """Sets the labels of a body in a frame, `by` points a side of each cell, in place."""
    if shape is not None:
        _set(labels, label, shape.enlarged(by), shape.left * by - frame.left, shape.top * by - frame.top)


def _lay_head(labels: Labels, label: int, ovals: Sequence[Oval], frame: Box) -> None:
    """Sets the labels of a head in a frame, in place."""
    for oval in ovals:
        # Not drawn into the frame: where its rim cuts an ellipse OpenCV rounds otherwise.
        box = oval.box
        mask = np.zeros((box.height, box.width), np.uint8)
        Oval(oval.x - box.left, oval.y - box.top, oval.wide, oval.high).fill(mask, 1, cv2.LINE_8)
        _set(labels, label, mask.view(np.bool_), box.left - frame.left, box.top - frame.top)


def _set(labels: Labels, label: int, mask: Mask, x: int, y: int) -> None:
    """Sets labels where a mask is set whose first corner is at x, y; in place."""
    rows, columns = mask.shape
    inside = Box(x, y, x + columns, y + rows).within(labels.shape[1], labels.shape[0])
    if inside is not None:
        mask = mask[inside.top - y : inside.bottom - y, inside.left - x : inside.right - x]
        every = np.full(mask.shape, label, np.uint8)
        cv2.copyTo(every, mask.view(np.uint8), labels[inside.top : inside.bottom, inside.left : inside.right])


def _shape_of(one: Hidden, paint: NDArray[np.uint8], grid: Grid) -> Shape | None:
    """The shape of a hidden person's body; None where there is hardly any. `paint` is 255 in painted cells, else 0."""
    x, y, wide, high = cv2.boundingRect(one.cells.view(np.uint8))
    if not wide:
        return None
    head, unit = own_box(one.head), one.height / grid.grain
    soft = max(_SOFT * unit, _SOFT_LEAST)
    reach = int(3 * soft) + 2
    top, left = max(y - reach, 0), max(x - reach, 0)
    part = (slice(top, y + high + reach), slice(left, x + wide + reach))
    body = one.cells[part].astype(np.uint8)
    if one.guessed:
        body &= _inside(_CHILD, head, grid, body.shape, top, left)
    else:
        chin = round((head.top + _CHIN * head.height) / grid.grain) - top
        Oval.of_head(head).over(grid.grain, left, top, _AROUND_HEAD).fill(body[: max(chin, 0)], 0, cv2.LINE_8)
        body |= _inside(_BUST, head, grid, body.shape, top, left)
    side = max(int(soft / _COARSE), 1)
    levels = _smooth(_coarser(body * np.uint8(255), side), soft / side)
    tip = 2 * round(_TIP * unit / side) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (tip, tip))
    rounded = uint8(cv2.morphologyEx(_coarser(paint[part], side), cv2.MORPH_OPEN, disc))
    rim = cv2.blur(rounded, (tip, tip), borderType=cv2.BORDER_REPLICATE)
    levels = np.minimum(levels, np.maximum(rim, _MORE_THAN_HALF) - np.uint8(_MORE_THAN_HALF))
    middle = ((head.left + head.right) / 2 / grid.grain - left, (head.top + head.bottom) / 2 / grid.grain - top)
    if np.count_nonzero(levels > _INSIDE) * side**2 < _LEAST * unit**2:
        return None
    _without_pieces(levels, middle[0] / side, middle[1] / side, unit / side)
    return Shape.of(levels, top, left, side)


def _inside(
    outline: NDArray[np.float64], head: Box, grid: Grid, size: tuple[int, ...], top: int, left: int
) -> NDArray[np.uint8]:
    """1 for the cells in an outline, of which the right half is given in heads, beneath a head."""
    middle = (head.left + head.right) / 2
    both = np.concatenate([outline, (outline * (-1, 1))[::-1]]) * _unit(head) + (middle, head.top)
    cells = np.zeros(size, np.uint8)
    cv2.fillPoly(cells, [np.round(both / grid.grain - (left, top)).astype(np.int32)], 1)
    return cells


def _smooth(levels: NDArray[np.uint8], soft: float) -> NDArray[np.uint8]:
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


def _headless(
    free: Mask, paint: NDArray[np.uint8], grid: Grid, most: int
) -> Iterator[tuple[Box, Shape | None, float | None]]:
    """Bodies without a head of their own that are large enough are figures too: heads at their tops, shapes, hips."""
    if not free.any():
        return
    count, parts, stats, _ = cv2.connectedComponentsWithStats(free.view(np.uint8), connectivity=4)
    large = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= _ALONE * free.size]
    for part in large[:most]:
        left, top, wide, high, area = (int(number) for number in stats[part])
        mine = (parts == part).astype(np.uint8)
        guessed = area > _A_BOX * wide * high
        side = min(wide / _CHILD_WIDE, high / _CHILD_HIGH) if guessed else min(_HEAD_WIDE * wide, _HEAD_HIGH * high)
        x = left + wide / 2 if guessed else float(np.nonzero(mine[top : top + max(round(side), 1)])[1].mean())
        head = Box.covering(*((edge * grid.grain) for edge in (x - side / 2, top, x + side / 2, top + side)))
        if guessed:
            mine &= _inside(_CHILD, head, grid, mine.shape, 0, 0)
        soft = _smooth(mine * np.uint8(255), max(_SOFT * side, _SOFT_LEAST))
        yield head, Shape.of(np.minimum(soft, paint), 0, 0, 1), head.top + _HIPS * _unit(head) if guessed else None
