"""Placement: where the figures of those who are hidden stand, and the shape that each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Face, Joints
from consentguard.vision.drawn import Oval
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.child import plausible, usual
from consentguard.vision.rewrite.figures import Figure, Figures, Labels, head_of, neck_of
from consentguard.vision.rewrite.ground import Painted
from consentguard.vision.rewrite.outline import Shape, shape_of
from consentguard.vision.rewrite.scene import Hidden, Scene
from consentguard.vision.rewrite.shapes import Mask, around, uint8
from consentguard.vision.rewrite.silhouette import own_box

_MOST: Final = 250
"""Figures of a picture, the largest; more would not be told apart."""
_ALONE: Final = 0.004
"""Share of the picture from which a body without a head is a figure."""
_HEAD_WIDE, _HEAD_HIGH = 0.6, 0.28
"""Sides of a body without a head that the head drawn at its top takes up at most."""
_A_BOX: Final = 0.9
_CHILD_WIDE, _CHILD_HIGH = 2.2, 7.0
"""Share of its box from which such a body is nothing but that box; sides of the head of a child that stands in it."""
_RIM: Final = 2
"""Cells that a figure keeps from the rim of the paint, so that its outline is whole."""
_HARDLY_SEEN: Final = 0.25
_SMALLER: Final = 0.7
"""Share of a body under which it is hardly seen among those before it; and heads of another under which a head on its
body is not beside it."""
_SMALL_HEAD, _LARGE_HEAD = 0.2, 0.12
_HEAD_SIZES: Final = 9
_ON_PAINT: Final = 0.97
"""What is cut off each side of the usual head for the least that is drawn, and added for the largest; how many between
them are tried; and the share of an outline that has to be painted."""
_CURLS_WIDE, _CURLS_HIGH, _CURLS_BELOW = 1.32, 1.25, 0.8
_HARDLY: Final = 1.1
"""How far curls reach from the middle of a head to its sides, up and down at most, in halves of it; widths of a head
that they have at least."""
_TURNS: Final = np.linspace(0, 2 * np.pi, 48, endpoint=False)
_ACROSS, _DOWN = np.cos(_TURNS), np.sin(_TURNS)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Who stands where, before anything is drawn.

    Attributes:
        grid: the cells.
        owner: the label of each cell.
        people: as in `Figures`.
        shapes: of the body of each; None for a head alone.
        order: labels, from those whose body is furthest away to the nearest.
    """

    grid: Grid
    owner: Labels
    people: tuple[Figure, ...] = ()
    shapes: tuple[Shape | None, ...] = ()
    order: tuple[int, ...] = ()

    @property
    def heads(self) -> Sequence[int]:
        """Labels, from the smallest head to the largest. They stand before bodies: a head that was found was seen,
        whatever is guessed of bodies."""
        return sorted(self.order, key=lambda label: self.people[label - 1].head.height)

    @classmethod
    def nobody(cls, grid: Grid) -> Placement:
        return cls(grid, grid.empty())

    def figures(self, hidden: Mask, frame: Box) -> Figures:
        """The figures in a frame of the picture, on those of its pixels that are hidden and on no others."""
        labels = np.zeros(hidden.shape, np.uint8)
        for label in self.order:
            _lay(labels, label, self.shapes[label - 1], self.grid.grain, frame)
        for label in self.heads:
            _lay_head(labels, label, _ovals(self.people[label - 1]), frame)
        np.multiply(labels, hidden, out=labels)
        return Figures(labels, tuple(one.moved(-frame.left, -frame.top) for one in self.people))


def placement_of(scene: Scene, painted: Painted) -> Placement:
    """Who stands where in a scene of which these pixels are painted over.

    Every head that is hidden has a figure but those that would be drawn on somebody else (`_without_puzzles`), what a
    later pass found in somebody who was hidden already, and all but the largest of a crowd.
    """
    grid, hidden = scene.grid, painted.pixels
    largest = sorted((one for one in scene.hidden if not one.again), key=lambda one: -one.height)[:_MOST]
    largest.sort(key=lambda one: (own_box(one.head).left + own_box(one.head).right, one.head.box.top))
    paint = _free_of_rims(painted.full, scene.shown)
    shapes: list[Shape | None] = []
    people: list[Figure] = []
    for label, one in enumerate(largest, 1):
        own = own_box(one.head)
        joints = plausible(one.joints, own) or usual(own)
        nobody = isinstance(one.head, Face) and one.guessed and not one.head.confirmed
        shapes.append(None if nobody else shape_of(one.cells, own, joints, paint, grid, guessed=one.guessed))
        head = _head_on(one, hidden, grid)
        curls = _curls_on(head, one, hidden, grid)
        hair = label % 2 == 1 and shapes[-1] is not None and curls is None
        hair = hair and _on_paint(head_of(head, long_hair=True), hidden, grid)
        people.append(_figure(head, shapes[-1], joints, grid, long_hair=hair, curls=curls, coat=one.guessed))
    # A guessed body stands behind all others: whoever seems to stand behind it was seen.
    order = sorted(range(len(people)), key=lambda index: (not largest[index].guessed, largest[index].height))
    order = _without_puzzles([index + 1 for index in order], people, shapes, grid)
    free = (scene.alone | scene.cut) & (_bodies(order, shapes, grid) == 0) & painted.touched
    for one in largest:
        free &= ~one.cells
    headless = _headless(free, paint, grid, _MOST - len(people))
    for label, (head, joints, shape, guessed) in enumerate(headless, len(people) + 1):
        shapes.append(shape)
        people.append(_figure(head, shape, joints, grid, coat=guessed))
        order.insert(0, label)
    owner = _bodies(order, shapes, grid)
    placed = Placement(grid, owner, tuple(people), tuple(shapes), tuple(order))
    for label in placed.heads:
        _lay_head(owner, label, [oval.over(grid.grain) for oval in _ovals(people[label - 1])], grid.box)
    owner[~painted.touched] = 0
    return placed


def _bodies(order: Sequence[int], shapes: Sequence[Shape | None], grid: Grid) -> Labels:
    """Whose body each cell shows, of these labels, the furthest away first."""
    owner = grid.empty()
    for label in order:
        _lay(owner, label, shapes[label - 1], 1, grid.box)
    return owner


def _without_puzzles(
    order: Sequence[int], people: Sequence[Figure], shapes: Sequence[Shape | None], grid: Grid
) -> list[int]:
    """The labels without those whose face would lie on somebody else: on a body, with hardly one of its own, or on a
    larger head."""
    owner = _bodies(order, shapes, grid)
    seen, left = np.bincount(owner.ravel(), minlength=len(people) + 1), list(order)
    for label in order:
        head, shape, behind = people[label - 1].head, shapes[label - 1], _owner_at(people[label - 1].head, owner, grid)
        hardly = shape is None or seen[label] < _HARDLY_SEEN * shape.area
        small = behind and head.height < _SMALLER * people[behind - 1].head.height
        on_a_body = behind not in {0, label} and (shape is None or (small and hardly))
        if on_a_body or any(_lies_in(head, people[other - 1].head) for other in left):
            left.remove(label)
    return left


def _free_of_rims(full: Mask, shown: Mask) -> NDArray[np.uint8]:
    """255 in the cells that are not at a rim of the paint, else 0. Those of people who may be seen are as if painted:
    whoever is drawn there stands behind them, and reaches up to them."""
    square = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    return uint8(cv2.erode((full | shown) * np.uint8(255), square))


def _figure(
    head: Box,
    shape: Shape | None,
    joints: Joints,
    grid: Grid,
    *,
    long_hair: bool = False,
    curls: Box | None = None,
    coat: bool = False,
) -> Figure:
    """A figure with such a head, whose body, if it has any, has such a shape."""
    boxes = [oval.box for oval in (neck_of(head), *head_of(head, long_hair=long_hair, curls=curls))]
    boxes += [shape.box(grid.grain)] if shape else []
    edges = np.array([box.as_list() for box in boxes])
    body = Box(*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
    whole = tuple((float(round(x)), float(round(y))) for x, y in joints)  # so that moving them changes nothing else
    return Figure(head, body, whole if shape else None, long_hair, curls, coat)


def _ovals(figure: Figure) -> tuple[Oval, ...]:
    neck = () if figure.joints else (neck_of(figure.head),)
    return (*neck, *head_of(figure.head, long_hair=figure.long_hair, curls=figure.curls))


def _head_on(one: Hidden, hidden: Mask, grid: Grid) -> Box:
    """The head that is drawn: the largest whose outline is painted, from a small one to a large one or its cover."""
    own, cover = own_box(one.head), around(one.cover)
    sides = np.array([own.width, own.height, -own.width, -own.height])
    small, large = np.array(own.as_list()) + _SMALL_HEAD * sides, np.array(own.as_list()) - _LARGE_HEAD * sides
    large[:2] = np.maximum(large[:2], (cover.left, cover.top))
    large[2:] = np.minimum(large[2:], (cover.right, cover.bottom))
    for share in np.linspace(1, 0, _HEAD_SIZES):
        box = Box.covering(*(small + share * (large - small)).tolist())
        if _on_paint(head_of(box, long_hair=False), hidden, grid):
            break
    return box


def _curls_on(head: Box, one: Hidden, hidden: Mask, grid: Grid) -> Box | None:
    """The hair that is drawn around a head, as far as its cover reaches; None where it reaches hardly further."""
    oval, cover = Oval.of_head(head), around(one.cover)
    wide, high = _CURLS_WIDE * oval.wide, _CURLS_HIGH * oval.high
    least = np.array(oval.box.as_list())
    most = np.array([
        max(cover.left, oval.x - wide), max(cover.top, oval.y - high), min(cover.right, oval.x + wide),
        min(cover.bottom, oval.y + _CURLS_BELOW * oval.high),
    ])  # fmt: skip
    for share in np.linspace(1, 0, _HEAD_SIZES)[:-1]:
        box = Box.covering(*(least + share * (most - least)).tolist())
        if box.width < _HARDLY * 2 * oval.wide:
            return None
        if _on_paint([Oval.within(box)], hidden, grid):
            return box
    return None


def _on_paint(ovals: Sequence[Oval], hidden: Mask, grid: Grid) -> bool:
    """Whether the outlines of ovals, with room for a line, lie on painted pixels, or outside of the picture."""
    for oval in (oval.larger(grid.grain * _RIM) for oval in ovals):
        x, y = (oval.x + oval.wide * _ACROSS).astype(int), (oval.y + oval.high * _DOWN).astype(int)
        there = (x >= 0) & (y >= 0) & (x < hidden.shape[1]) & (y < hidden.shape[0])
        if hidden[y[there], x[there]].sum() < _ON_PAINT * there.sum():
            return False
    return True


def _lies_in(head: Box, other: Box) -> bool:
    """Whether a head lies in a larger one, of which it would hide the face."""
    return head.height < _SMALLER * other.height and head.overlap(other) > head.area / 2


def _owner_at(head: Box, owner: Labels, grid: Grid) -> int:
    """Whose body is drawn where the middle of a head is; 0 for nobody's."""
    row, column = (int((a + b) / 2 / grid.grain) for a, b in ((head.top, head.bottom), (head.left, head.right)))
    return int(owner[row, column]) if 0 <= row < grid.rows and 0 <= column < grid.columns else 0


def _lay(labels: Labels, label: int, shape: Shape | None, by: int, frame: Box) -> None:
    """Sets the labels of a body in a frame, `by` points a side of each cell, in place."""
    if shape is not None:
        _set(labels, label, shape.enlarged(by), shape.left * by - frame.left, shape.top * by - frame.top)


def _lay_head(labels: Labels, label: int, ovals: Sequence[Oval], frame: Box) -> None:
    """Sets the labels of a head in a frame, in place."""
    for oval in ovals:
        _set(labels, label, oval.mask(), oval.box.left - frame.left, oval.box.top - frame.top)


def _set(labels: Labels, label: int, mask: Mask, x: int, y: int) -> None:
    """Sets labels where a mask is set whose first corner is at x, y; in place."""
    rows, columns = mask.shape
    inside = Box(x, y, x + columns, y + rows).within(labels.shape[1], labels.shape[0])
    if inside is not None:
        mask = mask[inside.top - y : inside.bottom - y, inside.left - x : inside.right - x]
        every = np.full(mask.shape, label, np.uint8)
        cv2.copyTo(every, mask.view(np.uint8), labels[inside.top : inside.bottom, inside.left : inside.right])


def _headless(
    free: Mask, paint: NDArray[np.uint8], grid: Grid, most: int
) -> Iterator[tuple[Box, Joints, Shape | None, bool]]:
    """Bodies without a head of their own that are large enough are figures too: heads at their tops, joints, shapes."""
    if not free.any():
        return
    count, parts, stats, _ = cv2.connectedComponentsWithStats(free.view(np.uint8), connectivity=4)
    large = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= _ALONE * free.size]
    large.sort(key=lambda part: -stats[part, cv2.CC_STAT_AREA])
    for part in large[:most]:
        left, top, wide, high, area = (int(number) for number in stats[part])
        mine = np.asarray(parts == part)
        guessed = area > _A_BOX * wide * high
        side = min(wide / _CHILD_WIDE, high / _CHILD_HIGH) if guessed else min(_HEAD_WIDE * wide, _HEAD_HIGH * high)
        x = left + wide / 2 if guessed else float(np.nonzero(mine[top : top + max(round(side), 1)])[1].mean())
        head = Box.covering(*((edge * grid.grain) for edge in (x - side / 2, top, x + side / 2, top + side)))
        yield head, usual(head), shape_of(mine, head, usual(head), paint, grid, guessed=guessed), guessed
