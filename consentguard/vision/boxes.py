"""Arrays of boxes: what two share, how much they overlap, and one box for each thing.

A box is a row of left, top, right and bottom, in any unit; columns after these four are left alone.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

Numbers = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


def shared(one: Numbers, other: Numbers) -> NDArray[Any]:
    """The area that every box shares with every box: (a, 4+) and (b, 4+) give (a, b), 0 where they are apart."""
    corner = np.maximum(one[:, None, :2], other[None, :, :2])
    far = np.minimum(one[:, None, 2:4], other[None, :, 2:4])
    return np.asarray(np.prod(np.clip(far - corner, 0, None), axis=2))


def overlaps(one: Floats, other: Floats) -> NDArray[np.float32]:
    """Intersection over union of every box with every box: (a, 4+) and (b, 4+) give (a, b), 0..1."""
    both = shared(one, other)
    union = _areas(one)[:, None] + _areas(other)[None, :] - both
    return np.asarray(both / np.maximum(union, np.finfo(np.float32).tiny), np.float32)


def suppressed(same: NDArray[np.bool_], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Non-maximum suppression: of `order`, surest first, what stays when nothing is the same as a surer one that stays.

    Args:
        same: (n, n), symmetric: whether two boxes are of one thing.
        order: indices of those that may stay.
    """
    kept: list[np.intp] = []
    while len(order):
        kept.append(order[0])
        order = order[1:][~same[order[0], order[1:]]]
    return np.array(kept, np.intp)


def suppressed_by_overlap(boxes: Floats, scores: Floats, overlap: float) -> NDArray[np.intp]:
    """Non-maximum suppression of many boxes: indices of those that stay, surest first.

    Args:
        boxes: (n, 4+).
        scores: (n,), all above 0.
        overlap: IoU above which of two boxes the surer one stays.
    """
    if not len(boxes):
        return np.zeros(0, np.intp)
    sized = np.column_stack([boxes[:, :2], boxes[:, 2:4] - boxes[:, :2]])
    return np.asarray(cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, overlap), np.intp).ravel()


def suppressed_with_insides(boxes: Floats, scores: Floats, overlap: float, inside: float) -> NDArray[np.intp]:
    """The same, where a box that lies inside a surer or larger one goes too.

    Args:
        boxes: (n, 4).
        scores: (n,).
        overlap: IoU above which two boxes are of one thing.
        inside: share of the smaller box that lies in the larger, above which two boxes are of one thing.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = boxes[order]
    areas = (ranked[:, 2:] - ranked[:, :2]).prod(axis=1)
    alive = np.ones(len(ranked), bool)
    for index in range(len(ranked)):
        if not alive[index]:
            continue
        rest = ranked[index + 1 :]
        low, high = np.maximum(ranked[index, :2], rest[:, :2]), np.minimum(ranked[index, 2:], rest[:, 2:])
        both = np.clip(high - low, 0, None).prod(axis=1)
        union = areas[index] + areas[index + 1 :] - both
        smaller = np.minimum(areas[index], areas[index + 1 :])
        alive[index + 1 :] &= ~((both > overlap * union) | (both > inside * smaller))
    return order[alive]


def _areas(boxes: Floats) -> NDArray[np.float32]:
    return np.asarray(np.prod(np.clip(boxes[:, 2:4] - boxes[:, :2], 0, None), axis=1), np.float32)
