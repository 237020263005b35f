"""Polygons of whole pixels: what regions of a picture are made of.

A polygon is a tuple of corners (x, y) that lie between pixels, so that (0, 0), (2, 0), (2, 1), (0, 1) holds two pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, pi, sin
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Point

Polygon: TypeAlias = tuple[tuple[int, int], ...]
Mask: TypeAlias = NDArray[np.bool_]
"""Which pixels: bool, shape (height, width)."""

_CORNERS: Final = 32
_ROUND: Final = np.linspace(0, 2 * pi, _CORNERS, endpoint=False)
_SUPERELLIPSE: Final = np.copysign(np.abs([np.cos(_ROUND), np.sin(_ROUND)]) ** 0.5, [np.cos(_ROUND), np.sin(_ROUND)])
"""The corners of a superellipse of exponent 4 in a square from -1 to 1: (2, corners)."""
_TURNS: Final = np.arange(8) * (2 * pi / 8)
_OCTAGON: Final = np.column_stack([np.cos(_TURNS), np.sin(_TURNS)]) / cos(pi / 8)
"""The corners of an octagon that goes around a circle of radius 1."""


def polygon(points: Iterable[Point]) -> Polygon:
    """The polygon with these corners, each moved to the nearest corner of a pixel."""
    return tuple((round(x), round(y)) for x, y in points)


def hull(points: Iterable[Point]) -> Polygon:
    """The convex hull, its corners moved outward to whole pixels by no more than one."""
    return _hull(np.array(list(points), np.float64))


def _hull(points: NDArray[np.float64]) -> Polygon:
    """The same of an array (n, 2)."""
    whole = np.empty((4, len(points), 2), np.int32)
    whole[:2, :, 0], whole[2:, :, 0] = np.floor(points[:, 0]), np.ceil(points[:, 0])
    whole[::2, :, 1], whole[1::2, :, 1] = np.floor(points[:, 1]), np.ceil(points[:, 1])
    return tuple(map(tuple, cv2.convexHull(whole.reshape(-1, 2))[:, 0].tolist()))


def corners(box: Box) -> Polygon:
    return ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))


def around(shape: Polygon) -> Box:
    """The box around a polygon."""
    xs, ys = zip(*shape, strict=True)
    return Box.covering(min(xs), min(ys), max(xs), max(ys))


def ellipse(box: Box) -> Polygon:
    """The ellipse in a box."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return _hull(np.column_stack([x + box.width / 2 * np.cos(_ROUND), y + box.height / 2 * np.sin(_ROUND)]))


def rounded(box: Box) -> Polygon:
    """A box with generously rounded corners."""
    return superellipse(box.left, box.top, box.right, box.bottom)


def superellipse(
    left: float,
    top: float,
    right: float,
    bottom: float,
    *,
    turn: float = 0.0,
    about: Point | None = None,
    by: float = 0.0,
) -> Polygon:
    """A superellipse of exponent 4 between these edges, turned clockwise by `turn` radians about a point (its middle).

    It leaves out 7 % of its box, the corners, where an ellipse leaves out 21 %; `by` pixels around it are added.
    """
    x, y = (left + right) / 2, (top + bottom) / 2
    about_x, about_y = about or (x, y)
    across = x - about_x + (right - left) / 2 * _SUPERELLIPSE[0]
    down = y - about_y + (bottom - top) / 2 * _SUPERELLIPSE[1]
    edge = np.column_stack(
        [
            about_x + across * cos(turn) - down * sin(turn),
            about_y + across * sin(turn) + down * cos(turn),
        ]
    )
    return _hull((edge[:, None] + _OCTAGON * by).reshape(-1, 2) if by else edge)


def grown(shape: Polygon, by: float) -> Polygon:
    """The convex hull of a polygon with `by` pixels around it."""
    return _hull((np.array(shape, np.float64)[:, None] + _OCTAGON * by).reshape(-1, 2))


def nearer(shape: Polygon, mine: Box, other: Box) -> Polygon | None:
    """The part of a polygon that is nearer to one head than to another, the larger head reaching further; maybe None.

    The line between is that of a power diagram: distance squared less the square of half the head's height.
    """
    ax, ay, bx, by = (
        (mine.left + mine.right) / 2,
        (mine.top + mine.bottom) / 2,
        (other.left + other.right) / 2,
        (other.top + other.bottom) / 2,
    )
    bound = (bx**2 + by**2 - (other.height / 2) ** 2) - (ax**2 + ay**2 - (mine.height / 2) ** 2)

    def beyond(point: Point) -> float:
        return 2 * (bx - ax) * point[0] + 2 * (by - ay) * point[1] - bound

    points: list[Point] = []
    for here, there in zip(shape, (*shape[1:], shape[0]), strict=True):
        at, to = beyond(here), beyond(there)
        if at <= 0:
            points.append(here)
        if (at < 0 < to) or (to < 0 < at):
            share = at / (at - to)
            points.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
    return polygon(points) if len(points) >= 3 else None


def share_of(mask: Mask) -> float:
    """The share of a mask's pixels that are set, 0..1; nine times as fast as its mean."""
    return float(np.count_nonzero(mask) / mask.size)


def uint8(made: NDArray[Any]) -> NDArray[np.uint8]:
    """What was made of uint8 numbers, where OpenCV's types do not say so; nothing is copied."""
    return made.astype(np.uint8, copy=False)


def float32(made: NDArray[Any]) -> NDArray[np.float32]:
    """As float32; what is float32 is not copied."""
    return made.astype(np.float32, copy=False)


def in_shapes(box: Box, shapes: Sequence[Polygon], seen: Mask) -> float:
    """The share of the pixels `seen` of a box that lies in one of the polygons; 0 where nothing of it is seen."""
    inside = drawn([moved(shape, -box.left, -box.top) for shape in shapes], box.width, box.height)
    return float((inside & seen).sum() / max(seen.sum(), 1))


def drawn(shapes: Sequence[Polygon], width: int, height: int) -> Mask:
    """Every pixel that one of the polygons touches, even at a corner."""
    mask = np.zeros((height, width), np.bool_)
    if shapes:
        rows, columns, inside = drawn_part(shapes, width, height)
        mask[rows, columns] = inside
    return mask


def drawn_part(shapes: Sequence[Polygon], width: int, height: int) -> tuple[slice, slice, Mask]:
    """The same, of those rows and columns alone in which polygons lie; there is at least one of these."""
    every = np.concatenate([np.array(shape, np.int32) for shape in shapes])
    (left, top), (right, bottom) = np.maximum(every.min(axis=0) - 1, 0), np.maximum(every.max(axis=0) + 1, 0)
    rows, columns = slice(top, min(bottom, height)), slice(left, min(right, width))
    here = np.zeros((max(rows.stop - top, 0), max(columns.stop - left, 0)), np.uint8)
    if here.size:
        for shape in shapes:
            # OpenCV's coordinates are the middles of pixels, and it leaves out pixels of which only a corner is
            # touched.
            at = (np.array(shape, np.int32) - (left, top)).astype(np.int32) * 2 - 1
            cv2.fillPoly(here, [at], 1, shift=1)
        here = uint8(cv2.dilate(here, np.ones((3, 3), np.uint8)))
    return rows, columns, here.view(np.bool_)


def moved(shape: Polygon, x: int, y: int) -> Polygon:
    """A polygon so many pixels further right and down."""
    return tuple((px + x, py + y) for px, py in shape)
