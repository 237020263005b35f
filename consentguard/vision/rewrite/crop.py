"""The crop: the best part of a picture in which nothing of a hidden person is seen but what may remain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box
from consentguard.vision.rewrite.cells import grown_cells
from consentguard.vision.rewrite.ground import Ground, Painted, in_cells, skin_cells, sums
from consentguard.vision.rewrite.placement import Placement
from consentguard.vision.rewrite.scene import Limits, Scene
from consentguard.vision.rewrite.shapes import Mask, grown
from consentguard.vision.rewrite.silhouette import around_hand, forearm, hand_length, kept_hand, own_box
from consentguard.vision.rewrite.worth import inside, worths

_CELLS: Final = 128
"""Cells along the picture's longer side: frames begin and end on their rims, 16 px apart in a picture of 2048."""
_ASPECTS: Final = (1.0, 4 / 3, 3 / 4, 16 / 9)
"""Usual shapes of a published picture, width over height; that of the photo is tried too."""
_SIZES: Final = (1.0, 0.8, 0.62)
"""Shares of the largest frame of a shape that are tried around what it holds."""
_WHOLE: Final = 0.97
"""Share of a hand's box inside a frame from which it is whole."""
_AWAY: Final = 0.25
"""Heights of a hidden head around its cover that no frame holds."""
_REACH: Final = 2.0
"""Hand-lengths around a kept hand within which a frame may show clothes."""
_LAP: Final = 0.5
_HIPS: Final = 4.0
"""Heights of the head that a lap reaches below the hips; and how far down these are, if that is not known."""
_BARE: Final = 0.3
_SOME: Final = 0.04
"""Share of skin in what a frame shows of clothes from which it may not; share of the frame from which that counts."""
_SAME: Final = 0.5
"""IoU from which two frames are one."""
_MOST: Final = 4
_MOST_PAINTED: Final = 2
_TRIMMED: Final = (0.85, 0.7, 0.55, 0.42, 0.34)
_TRIMMED_ASPECTS: Final = (1.0, 4 / 3, 16 / 9)
_STEPS: Final = 6
_MOST_EMPTY: Final = 60
"""Shares of the largest frame of a shape that are tried where people are painted, besides the photo's these shapes, and
how many places each way; and so many of the largest frames without paint."""

Frames = NDArray[np.int64]
"""Frames, one a row: left, top, right, bottom."""


def best_frames(
    scene: Scene, ground: Ground, limits: Limits, near: Mask, *, bodies_remain: bool
) -> list[tuple[Box, float]]:
    """Good frames that differ, with their worth, the best first: large, with a hand, a back or the approved in them.

    `near` are the cells of `near_heads`, which none of them holds.
    Every approved head is whole in each of them: a crop that loses somebody who may be seen is none.
    """
    forbidden, cell = _forbidden(scene, limits, near, bodies_remain=bodies_remain)
    frames = np.array(list(empty_rectangles(forbidden)), np.int64).reshape(-1, 4) * cell
    frames = np.minimum(frames, [scene.width, scene.height, scene.width, scene.height])
    subjects = [hand.box for hand in scene.hands] + list(scene.backs) + list(scene.approved)
    frames = _shaped(_large_enough(frames, scene, limits), scene, subjects)
    frames = _large_enough(frames, scene, limits)
    if not len(frames) or not subjects:
        return []
    hands = inside(frames, [hand.box for hand in scene.hands])
    backs = inside(frames, scene.backs)
    approved = inside(frames, scene.approved)
    holds = (hands >= _WHOLE).any(axis=1) | (backs >= _WHOLE).any(axis=1) | bool(scene.approved)
    holds &= (approved == 1).all(axis=1)
    frames = frames[holds]
    if not bodies_remain:
        frames = frames[~_bare(scene, ground, frames)]
    figures = Placement.nobody(scene.grid) if limits.figures else None
    worth = worths(scene, ground, Painted.of(scene, scene.marks), frames, figures)
    return [(_box(frames[index]), float(worth[index])) for index in _different(frames, worth, _MOST)]


def painted_frames(
    scene: Scene, ground: Ground, painted: Painted, near: Mask, limits: Limits, figures: Placement | None
) -> list[tuple[Box, float]]:
    """Good frames of a picture in which these pixels are painted over, the whole one among them, with their worth.

    Beside places on a grid, the largest are tried in which nothing is painted; `near` as for `best_frames`. Every
    approved head is whole in each of them.
    """
    width, height = scene.width, scene.height
    frames = [(0, 0, width, height)]
    for aspect in (width / height, *_TRIMMED_ASPECTS):
        for share in _TRIMMED:
            wide = round(share * min(width, height * aspect))
            high = round(wide / aspect)
            across, down = np.linspace(0, width - wide, _STEPS), np.linspace(0, height - high, _STEPS)
            frames += [(int(x), int(y), int(x) + wide, int(y) + high) for x in across for y in down]
    free, cell = _coarse(scene, painted.touched | near)
    empty = np.minimum(np.array(list(empty_rectangles(free)), np.int64).reshape(-1, 4) * cell, [width, height] * 2)
    largest = np.argsort(-(empty[:, 2:] - empty[:, :2]).prod(axis=1), kind="stable")[:_MOST_EMPTY]
    every = np.concatenate([np.array(frames, np.int64), empty[largest]])
    whole, trimmed = every[:1], _large_enough(every[1:], scene, limits)
    every = np.concatenate([whole, trimmed])
    every = every[(inside(every, scene.approved) == 1).all(axis=1)]
    worth = worths(scene, ground, painted, every, figures)
    trimmed_worth = [(_box(every[1 + i]), float(worth[1 + i])) for i in _different(every[1:], worth[1:], _MOST_PAINTED)]
    return [(_box(whole[0]), float(worth[0])), *trimmed_worth]


def _different(frames: Frames, worth: NDArray[np.float64], most: int) -> list[int]:
    """Indices of the best frames, none of them nearly another."""
    chosen: list[int] = []
    for index in np.argsort(-worth, kind="stable"):
        if all(_box(frames[index]).iou(_box(frames[other])) < _SAME for other in chosen):
            chosen.append(int(index))
        if len(chosen) == most:
            break
    return chosen


def _box(frame: Frames) -> Box:
    return Box(*(int(edge) for edge in frame))


def empty_rectangles(forbidden: Mask) -> Iterable[tuple[int, int, int, int]]:
    """Every maximal rectangle without a forbidden cell: left, top, right, bottom, half open.

    One sweep over the rows with a stack of column heights, so every cell is touched a bounded number of times.
    """
    rows, columns = forbidden.shape
    blocked = np.vstack([forbidden, np.ones((1, columns), np.bool_)])
    ends = ~blocked[:-1] & blocked[1:]  # what holds none of these could grow into the next row, and is found there
    high = np.zeros(columns + 1, np.int64)
    for row in range(rows):
        high[:columns] = np.where(forbidden[row], 0, high[:columns] + 1)
        if not ends[row].any():
            continue
        below = [0, *np.cumsum(blocked[row + 1]).tolist()]
        stack: list[tuple[int, int]] = []
        for column, now in enumerate(high.tolist()):
            start = column
            while stack and stack[-1][1] > now:
                start, tall = stack.pop()
                if below[column] > below[start]:
                    yield start, row + 1 - tall, column, row + 1
            if now and (not stack or stack[-1][1] < now):
                stack.append((start, now))


def _forbidden(scene: Scene, limits: Limits, near_head: Mask, *, bodies_remain: bool) -> tuple[Mask, int]:
    """The cells that a frame may not hold, and their side in pixels."""
    grid = scene.grid
    cells = np.zeros((grid.rows, grid.columns), np.bool_)
    if not bodies_remain:
        hands = grid.cells(*(part for hand in scene.hands for part in (around_hand(hand), forearm(hand))))
        near = _clothes(scene) if limits.clothes else np.zeros_like(cells)
        free, free_above = ~hands, ~(hands | near)
        for one in scene.hidden:
            hips = one.hips if one.hips is not None else own_box(one.head).top + _HIPS * one.height
            lap = int(np.searchsorted(np.arange(grid.rows) * grid.grain, hips + _LAP * one.height))
            cells[:lap] |= one.cells[:lap] & free_above[:lap]
            cells[lap:] |= one.cells[lap:] & free[lap:]
        cells |= scene.alone & ~scene.shown
    return _coarse(scene, cells | near_head)


def _coarse(scene: Scene, cells: Mask) -> tuple[Mask, int]:
    """The squares, at most `_CELLS` along the longer side, that hold one of these cells; and their side in pixels."""
    grid = scene.grid
    share = max(-(-max(grid.rows, grid.columns) // _CELLS), 1)
    rows, columns = -(-grid.rows // share), -(-grid.columns // share)
    padded = np.zeros((rows * share, columns * share), np.bool_)
    padded[: grid.rows, : grid.columns] = cells
    coarse = padded.reshape(rows, share, columns, share).any(axis=(1, 3))
    return np.asarray(coarse, np.bool_), share * grid.grain


def near_heads(scene: Scene) -> Mask:
    """The cells of hidden heads and of what is so near to them that no frame may hold it."""
    grid = scene.grid
    near = [grown(one.cover, _AWAY * one.height) for one in scene.hidden]
    return grid.cells(*near) | scene.covered


def _clothes(scene: Scene) -> Mask:
    """The cells so near to a kept hand that clothes may be seen there."""
    grid = scene.grid
    near = np.zeros((grid.rows, grid.columns), np.bool_)
    for hand in scene.hands:
        near |= grown_cells(grid.cells(kept_hand(hand)), _REACH * hand_length(hand) / grid.grain)
    return near


def _bare(scene: Scene, ground: Ground, frames: Frames) -> Mask:
    """Which frames show much skin of somebody who may not be seen, hands and forearms aside: bool (frames,)."""
    grid = scene.grid
    skin = skin_cells(ground.colours)
    hands = grid.cells(*(part for hand in scene.hands for part in (around_hand(hand), forearm(hand))))
    body = scene.bodies & ~hands
    at = in_cells(scene, frames)
    bodies, bare = sums(body.astype(np.float32), at), sums((body & skin).astype(np.float32), at)
    whole = np.maximum((at[:, 2] - at[:, 0]) * (at[:, 3] - at[:, 1]), 1)
    return np.asarray((bodies > _SOME * whole) & (bare > _BARE * bodies))


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
            largest = np.minimum(size, np.column_stack([size[:, 1] * aspect, size[:, 0] / aspect]))
            for share in _SIZES:
                wanted = (largest * share).astype(np.int64)
                for third in (1 / 2, 1 / 3, 2 / 3):
                    start = ((low + far) / 2 - wanted * [third, 1 / 2]).astype(np.int64)
                    start = np.clip(start, frames[:, :2], frames[:, 2:] - wanted)
                    shaped.append(np.hstack([start, start + wanted]))
    return np.concatenate(shaped)
