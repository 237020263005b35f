"""Figures: drawn people that stand on the paint where people were, one for each. They hide nothing by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Pixels
from consentguard.vision.drawn import BODIES, FACE_OF, FACES
from consentguard.vision.rewrite.cells import Grid, grown_cells
from consentguard.vision.rewrite.scene import Hidden, Scene
from consentguard.vision.rewrite.shapes import Mask, uint8
from consentguard.vision.rewrite.silhouette import own_box

Labels = NDArray[np.uint8]
"""Which figure each pixel or cell belongs to, from 1; 0 for none."""

_CLOSED: Final = 0.3
_HOLE: Final = 0.5
"""Heads: gaps half as wide are closed in the shape of a figure, and holes of so many squares of a head are filled."""
_FINE: Final = 3
"""Squares in half of such a gap: the gaps of large people are closed on a coarser grid."""
_MOST: Final = 250
"""Figures of a picture, the largest; more would not be told apart."""
_BESIDE: Final = 0.6
"""Heads within which paint that is nobody's, between people or around them, is taken for the nearest figure."""
_PIECE: Final = 0.3
"""Share of a figure under which a piece of it without the head is left to the fill."""
_ALONE: Final = 0.004
"""Share of the picture from which a body without a head is a figure."""
_HEAD_WIDE, _HEAD_HIGH = 0.6, 0.28
"""Sides of a body without a head that the head drawn at its top takes up at most."""
_SOFT: Final = 1.2
_GROWN: Final = 1.5
"""Cells: sigma of the blur that makes smooth outlines, and by how many a figure is grown before it, as the paint's own
outline cuts it."""

_EDGE: Final = 255
"""The label of outlines."""
_TABLE: Final = np.array(
    [(0, 0, 0), *(BODIES[label % len(BODIES)] for label in range(_EDGE - 1)), (255, 255, 255)], np.uint8
)[:, None]
"""The colour of each label, (256, 1, 3)."""
_WHITE: Final = (255, 255, 255)
_SHADE: Final = 0.42
"""The colour of eyes and mouth, in that of the face."""
_LINE: Final = 1 / 350
_LINE_LEAST: Final = 2
"""Width of outlines, in longer sides of the picture and in pixels at least."""
_FACE: Final = 0.47
_FACE_LEAST: Final = 5
"""Radius of a face, in sides of its head's box; in pixels, that of the least that is drawn."""
_SHIFT: Final = 4
"""Fractional bits of OpenCV's drawing coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Who stands where.

    Attributes:
        labels: of each pixel, read-only uint8.
        heads: figure k has its face in `heads[k - 1]`.
    """

    labels: Labels
    heads: tuple[Box, ...]

    def __post_init__(self) -> None:
        self.labels.flags.writeable = False

    def as_json(self) -> dict[str, Any]:
        """Plain types: labels as run lengths, row by row, each with its label."""
        flat = self.labels.ravel()
        starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
        lengths = np.diff(np.append(starts, flat.size))
        return {
            "labels": [[int(flat[at]), int(length)] for at, length in zip(starts, lengths, strict=True)],
            "heads": [head.as_list() for head in self.heads],
        }

    def within(self, frame: Box) -> Figures:
        """The same of a part of the picture; heads in its pixels."""
        heads = (
            Box(h.left - frame.left, h.top - frame.top, h.right - frame.left, h.bottom - frame.top) for h in self.heads
        )
        return Figures(self.labels[frame.top : frame.bottom, frame.left : frame.right].copy(), tuple(heads))


def tidied(scene: Scene) -> Scene:
    """The scene with rounder bodies: gaps and holes of each hidden person are closed. Nothing is shown by it."""
    return replace(scene, hidden=tuple(replace(one, cells=_whole(one, scene.grid)) for one in scene.hidden))


def heads_alone(scene: Scene) -> Scene:
    """The scene as if nobody had a body: where bodies may remain, only heads are painted over."""
    nothing = np.zeros_like(scene.alone)
    return replace(scene, hidden=tuple(replace(one, cells=nothing) for one in scene.hidden), alone=nothing, cut=nothing)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Who stands where, in cells, before any outline is drawn.

    Attributes:
        grid: the cells.
        owner: the label of each cell.
        heads: as in `Figures`.
        order: labels, from those who are furthest away to the nearest.
    """

    grid: Grid
    owner: Labels
    heads: tuple[Box, ...] = ()
    order: tuple[int, ...] = ()

    @classmethod
    def nobody(cls, grid: Grid) -> Placement:
        return cls(grid, grid.empty())

    def figures(self, hidden: Mask) -> Figures:
        """The figures, with smooth outlines, on the pixels of the picture that are hidden and on no others."""
        grid = self.grid
        labels = np.zeros((grid.rows * grid.grain, grid.columns * grid.grain), np.uint8)
        for label in self.order:
            _drawn_smooth(labels, self.owner, label, grid)
        whole = np.ascontiguousarray(labels[: grid.height, : grid.width])
        whole[~hidden] = 0
        return Figures(whole, self.heads)


def placement_of(scene: Scene, hidden: Mask) -> Placement:
    """Who stands where in a scene of which these pixels are painted over. Every head that is hidden has a figure."""
    grid = scene.grid
    painted = grid.touched(hidden)
    people = sorted(scene.hidden, key=lambda one: -one.height)[:_MOST]
    people.sort(key=lambda one: (own_box(one.head).left + own_box(one.head).right, one.head.box.top))
    owner = np.zeros(painted.shape, np.uint8)
    from_behind = sorted(range(len(people)), key=lambda index: people[index].height)
    covers = [grid.cells(one.cover) for one in people]
    for index in from_behind:
        np.copyto(owner, np.uint8(index + 1), where=(people[index].cells | covers[index]) & painted)
    heads = [own_box(one.head) for one in people]
    heads += _headless(owner, (scene.alone | scene.cut) & painted, grid, len(people))
    if people:
        owner = _joined(owner, painted & ~grid.touched(scene.marks), people, grid)
    for index in from_behind:
        _without_pieces(owner, index + 1, covers[index])
    headless = range(len(people) + 1, len(heads) + 1)
    return Placement(grid, owner, tuple(heads), (*headless, *(index + 1 for index in from_behind)))


def drawn_on(fill: Pixels, figures: Figures) -> Pixels:
    """The fill with the figures drawn on it, whose outlines reach a few pixels beyond them."""
    labels, result = figures.labels, np.array(fill)
    height, width = labels.shape
    line = max(round(max(height, width) * _LINE), _LINE_LEAST)
    x, y, wide, high = cv2.boundingRect(labels)
    if not wide:
        return result
    top, left = max(y - 2 * line, 0), max(x - 2 * line, 0)
    part = (slice(top, y + high + 2 * line), slice(left, x + wide + 2 * line))
    disc = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    mine = np.ascontiguousarray(labels[part])
    between = cv2.absdiff(cv2.dilate(mine, disc, iterations=line), cv2.erode(mine, disc, iterations=line))
    edge = cv2.threshold(between, 0, _EDGE, cv2.THRESH_BINARY)[1]
    edged = uint8(cv2.max(mine, edge))
    coloured = uint8(cv2.applyColorMap(edged, _TABLE))
    for index, head in enumerate(figures.heads):
        moved = Box(head.left - left, head.top - top, head.right - left, head.bottom - top)
        _face(coloured, edged, index + 1, moved, line)
    # Stairs are softened where figures are, and nowhere else.
    drawn = uint8(cv2.blur(coloured, (3, 3)))
    result[part] = cv2.copyTo(drawn, edged, np.ascontiguousarray(result[part]))
    return result


def _face(picture: Pixels, labels: Labels, label: int, head: Box, line: int) -> None:
    """A face in a figure, in place, as far as the figure is seen there."""
    radius = _FACE * min(head.width, head.height)
    inside = head.within(labels.shape[1], labels.shape[0])
    if inside is None or radius < _FACE_LEAST:
        return
    part = (slice(inside.top, inside.bottom), slice(inside.left, inside.right))
    light = FACES[FACE_OF[(label - 1) % len(BODIES)]]
    dark = tuple(round(level * _SHADE) for level in light)
    x, y = (head.left + head.right) / 2 - inside.left, (head.top + head.bottom) / 2 - inside.top
    canvas = np.ascontiguousarray(picture[part])
    _disc(canvas, x, y, radius, _WHITE)
    _disc(canvas, x, y, radius - line * 0.7, light)
    for side in (-1, 1):
        _disc(canvas, x + side * 0.36 * radius, y - 0.12 * radius, max(0.1 * radius, 1), dark)
    at, axes = _whole_numbers(x, y + 0.12 * radius), _whole_numbers(0.5 * radius, 0.45 * radius)
    cv2.ellipse(canvas, at, axes, 0, 25, 155, dark, max(1, round(0.1 * radius)), cv2.LINE_AA, _SHIFT)
    mine = (labels[part] == label).view(np.uint8)
    picture[part] = cv2.copyTo(canvas, mine, np.ascontiguousarray(picture[part]))


def _disc(canvas: Pixels, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
    cv2.circle(canvas, _whole_numbers(x, y), round(radius * 2**_SHIFT), colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _whole_numbers(x: float, y: float) -> tuple[int, int]:
    return round(x * 2**_SHIFT), round(y * 2**_SHIFT)


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
    coarse = _coarser(whole, side)
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


def _coarser(cells: Mask, side: int) -> Mask:
    """The squares of so many cells a side of which every cell is set; the last ones go on beyond these cells."""
    if side == 1:
        return cells
    height, width = cells.shape
    beyond = (0, -height % side, 0, -width % side)
    padded = cv2.copyMakeBorder(cells.view(np.uint8), *beyond, cv2.BORDER_REPLICATE)
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.erode(padded, square, anchor=(0, 0))[::side, ::side] > 0)


def _headless(owner: Labels, bodies: Mask, grid: Grid, taken: int) -> list[Box]:
    """Bodies without a head of their own that are large enough are figures too, in place; their faces at their tops."""
    free = bodies & (owner == 0)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(free.view(np.uint8), connectivity=4)
    large = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= _ALONE * free.size]
    heads = []
    for label, part in enumerate(large[: _MOST - taken], taken + 1):
        owner[parts == part] = label
        _, top, wide, high, _area = (int(number) for number in stats[part])
        side = min(_HEAD_WIDE * wide, _HEAD_HIGH * high)
        rows = parts[top : top + max(round(side), 1)] == part
        x = float(np.nonzero(rows)[1].mean())
        box = Box.covering(*((edge * grid.grain) for edge in (x - side / 2, top, x + side / 2, top + side)))
        heads.append(box)
    return heads


def _joined(owner: Labels, painted: Mask, people: Sequence[Hidden], grid: Grid) -> Labels:
    """Paint beside a figure, as far as some of its head's height, belongs to the nearest."""
    rest = painted & (owner == 0)
    if not rest.any() or not owner.any():
        return owner
    away, nearest = cv2.distanceTransformWithLabels(
        (owner == 0).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of = np.zeros(int(nearest.max()) + 1, np.uint8)
    known = owner > 0
    of[nearest[known]] = owner[known]
    heights = np.array([0.0, *(one.height / grid.grain for one in people), *[0.0] * 255])
    whose = of[nearest]
    join = rest & (away <= np.maximum(_BESIDE * heights[whose], 2))
    owner[join] = whose[join]
    return owner


def _without_pieces(owner: Labels, label: int, head: Mask) -> None:
    """Leaves small pieces of a figure that lie apart from its head to the fill, in place."""
    mine = (owner == label).view(np.uint8)
    x, y, wide, high = cv2.boundingRect(mine)
    if not wide:
        return
    part = (slice(y, y + high), slice(x, x + wide))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mine[part], connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    small = area < _PIECE * area[1:].sum()
    small[parts[head[part] & (parts > 0)]] = False
    small[0] = False
    owner[part][small[parts]] = 0


def _drawn_smooth(labels: Labels, owner: Labels, label: int, grid: Grid) -> None:
    """Draws a figure's cells as pixels with a smooth outline, in place."""
    mine = (owner == label).view(np.uint8)
    x, y, wide, high = cv2.boundingRect(mine)
    if not wide:
        return
    reach = 6
    top, left = max(y - reach, 0), max(x - reach, 0)
    part = mine[top : y + high + reach, left : x + wide + reach]
    soft = cv2.GaussianBlur(
        cv2.dilate(part * np.uint8(255), np.ones((3, 3), np.uint8)), (0, 0), _SOFT, borderType=cv2.BORDER_REPLICATE
    )
    size = (part.shape[1] * grid.grain, part.shape[0] * grid.grain)
    pixels = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR) > 127
    here = labels[top * grid.grain : top * grid.grain + size[1], left * grid.grain : left * grid.grain + size[0]]
    here[pixels[: here.shape[0], : here.shape[1]]] = label
