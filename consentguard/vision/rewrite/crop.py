"""The crop: the best part of a picture in which nothing of a secret person can be seen but what may remain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box
from consentguard.vision.rewrite.scene import Limits, Scene
from consentguard.vision.rewrite.shapes import Mask, drawn, whole_blocks
from consentguard.vision.rewrite.silhouette import hand_and_forearm

_CELLS: Final = 128
"""Cells along the picture's longer side: frames begin and end on their rims, 16 px apart in a picture of 2048."""
_ASPECTS: Final = (1.0, 4 / 3, 3 / 4, 16 / 9)
"""Usual shapes of a published picture, width over height; that of the photo is tried too."""
_WHOLE: Final = 0.97
_CUT: Final = 0.03
"""Share of a hand's box inside a frame from which it is whole, and to which it is not there."""

_HANDS, _CUTS, _AREA, _SHAPE = 1.0, 0.5, 1.0, 0.15
"""What a frame is worth: share of the hands that are whole in it, of those it cuts, root of the share of the picture it
keeps, and being as wide as pictures usually are."""

Frames = NDArray[np.int64]
"""Frames, one a row: left, top, right, bottom."""


def best_frame(scene: Scene, limits: Limits, *, bodies_remain: bool) -> Box | None:
    """The best frame, None where there is none that is large enough and shows a hand, a back of a head or the approved.

    Every approved head is whole in it: a crop that loses somebody who may be seen is none.
    """
    forbidden, cell = _forbidden(scene, bodies_remain=bodies_remain)
    frames = np.array(list(empty_rectangles(forbidden)), np.int64).reshape(-1, 4) * cell
    frames = np.minimum(frames, [scene.width, scene.height, scene.width, scene.height])
    subjects = [hand.box for hand in scene.hands] + list(scene.backs) + list(scene.approved)
    frames = _shaped(_large_enough(frames, scene, limits), scene, subjects)
    frames = _large_enough(frames, scene, limits)
    if not len(frames) or not subjects:
        return None
    hands = _inside(frames, [hand.box for hand in scene.hands])
    backs = _inside(frames, scene.backs)
    approved = _inside(frames, [box for head in scene.approved if (box := head.within(scene.width, scene.height))])
    holds = (hands >= _WHOLE).any(axis=1) | (backs >= _WHOLE).any(axis=1) | bool(scene.approved)
    holds &= (approved == 1).all(axis=1)
    things = np.hstack([hands, backs])
    width, height = frames[:, 2] - frames[:, 0], frames[:, 3] - frames[:, 1]
    aspects = np.log([scene.width / scene.height, *_ASPECTS])
    unusual = np.abs(np.log(width / height)[:, None] - aspects).min(axis=1)
    count = max(things.shape[1], 1)
    worth = _HANDS * (things >= _WHOLE).sum(axis=1) / count
    worth -= _CUTS * ((things < _WHOLE) & (things > _CUT)).sum(axis=1) / count
    worth += _AREA * np.sqrt(width * height / (scene.width * scene.height)) - _SHAPE * np.minimum(unusual / 0.3, 2)
    if not holds.any():
        return None
    best = frames[int(np.where(holds, worth, -np.inf).argmax())]
    return Box(*(int(edge) for edge in best))


def empty_rectangles(forbidden: Mask) -> Iterable[tuple[int, int, int, int]]:
    """Every maximal rectangle without a forbidden cell: left, top, right, bottom, half open.

    One sweep over the rows with a stack of column heights, so every cell is touched a bounded number of times.
    """
    rows, columns = forbidden.shape
    high = np.zeros(columns + 1, np.int64)
    for row in range(rows):
        high[:columns] = np.where(forbidden[row], 0, high[:columns] + 1)
        # What could grow into the next row is found there.
        blocked = np.ones(columns, np.int64) if row + 1 == rows else forbidden[row + 1].astype(np.int64)
        below = np.concatenate([[0], np.cumsum(blocked)])
        stack: list[tuple[int, int]] = []
        for column in range(columns + 1):
            start, now = column, int(high[column])
            while stack and stack[-1][1] > now:
                start, tall = stack.pop()
                if below[column] > below[start]:
                    yield start, row + 1 - tall, column, row + 1
            if now and (not stack or stack[-1][1] < now):
                stack.append((start, now))


def _forbidden(scene: Scene, *, bodies_remain: bool) -> tuple[Mask, int]:
    """The cells that a frame may not hold, and their side in pixels."""
    width, height = scene.width, scene.height
    mask = np.zeros((height, width), np.bool_)
    if not bodies_remain:
        mask = drawn(scene.bodies, width, height)
        mask &= ~drawn([part for hand in scene.hands for part in hand_and_forearm(hand)], width, height)
    mask |= drawn([shape for head in scene.heads if (shape := whole_blocks(head, width, height))], width, height)
    cell = max(-(-max(width, height) // _CELLS), 4)
    rows, columns = -(-height // cell), -(-width // cell)
    padded = np.zeros((rows * cell, columns * cell), np.bool_)
    padded[:height, :width] = mask
    return np.asarray(padded.reshape(rows, cell, columns, cell).any(axis=(1, 3)), np.bool_), cell


def _large_enough(frames: Frames, scene: Scene, limits: Limits) -> Frames:
    width, height = frames[:, 2] - frames[:, 0], frames[:, 3] - frames[:, 1]
    least = limits.smallest_share * scene.width * scene.height
    large: Mask = (np.minimum(width, height) >= limits.smallest_edge) & (width * height >= least)
    return np.asarray(frames[large])


def _shaped(frames: Frames, scene: Scene, subjects: Sequence[Box]) -> Frames:
    """The frames, and each cut to the usual shapes, around what it holds of the subjects."""
    aspects = (scene.width / scene.height, *_ASPECTS)
    shaped = [frames]
    if len(frames) and subjects:
        boxes = np.array([box.as_list() for box in subjects])
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        held = (middles[None] >= frames[:, None, :2]).all(axis=2) & (middles[None] < frames[:, None, 2:]).all(axis=2)
        some = held.any(axis=1)
        frames, held = frames[some], held[some]
        low = np.where(held[:, :, None], boxes[None, :, :2], np.iinfo(np.int64).max).min(axis=1)
        far = np.where(held[:, :, None], boxes[None, :, 2:], np.iinfo(np.int64).min).max(axis=1)
        size = frames[:, 2:] - frames[:, :2]
        for aspect in aspects:
            wanted = np.minimum(size, np.column_stack([size[:, 1] * aspect, size[:, 0] / aspect])).astype(np.int64)
            start = np.clip((low + far - wanted) // 2, frames[:, :2], frames[:, 2:] - wanted)
            shaped.append(np.hstack([start, start + wanted]))
    return np.concatenate(shaped)


def _inside(frames: Frames, boxes: Sequence[Box]) -> NDArray[np.float64]:
    """Which share of each box lies in each frame: (frames, boxes)."""
    if not boxes:
        return np.zeros((len(frames), 0))
    others = np.array([box.as_list() for box in boxes])
    low = np.maximum(frames[:, None, :2], others[None, :, :2])
    far = np.minimum(frames[:, None, 2:], others[None, :, 2:])
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(np.clip(far - low, 0, None).prod(axis=2) / areas)
