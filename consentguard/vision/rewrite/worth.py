"""Worth: how much what would be left of a picture is worth publishing, 0..1.

Nothing of somebody who may not be seen adds to it but hands with their work, and backs of heads.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Picture
from consentguard.vision.rewrite.scene import Scene
from consentguard.vision.rewrite.shapes import Mask

Frames = NDArray[np.int64]

_COVERED: Final = 0.5
"""What a picture is worth at least of which only heads are painted over."""


def sums(cells: NDArray[np.float32], frames: Frames) -> NDArray[np.float64]:
    """The sum of some cells in each frame, whose edges are in cells."""
    table = cv2.integral(cells, sdepth=cv2.CV_64F)
    left, top, right, bottom = frames.T
    return np.asarray(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left])


def skin_cells(pixels: NDArray[np.uint8]) -> Mask:
    """Which pixels have the colour of skin: Cr 135..178, Cb 80..127 (Chai and Ngan 1999), brighter than 50 of 255."""
    light, red, blue = np.moveaxis(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), -1, 0)
    return np.asarray((red > 135) & (red < 178) & (blue > 80) & (blue < 127) & (light > 50))


def worth_of_paint(scene: Scene, hidden: Mask, frame: Box) -> float:
    """What a picture is worth in which these pixels are painted over."""
    part = hidden[frame.top : frame.bottom, frame.left : frame.right]
    return 1.0 - float(part.mean())


def worth_of_covers(hidden: Mask) -> float:
    """What a picture is worth of which only heads are painted over: the people and what they do are still there."""
    return _COVERED + (1 - _COVERED) * (1.0 - float(hidden.mean()))


def worth_of_crop(scene: Scene, picture: Picture, frame: Box) -> float:
    """What a frame is worth in which nothing is painted."""
    return float(crop_worths(scene, picture, np.array([frame.as_list()], np.int64))[0])


_HAND_LEAST: Final = 0.06
_HAND_GOOD: Final = 0.22


def crop_worths(scene: Scene, picture: Picture, frames: Frames) -> NDArray[np.float64]:
    """What each frame is worth."""
    if not len(frames):
        return np.zeros(0)
    grid = scene.grid
    at = np.minimum(frames // grid.grain, [grid.columns, grid.rows, grid.columns, grid.rows])
    cells = np.maximum((at[:, 2] - at[:, 0]) * (at[:, 3] - at[:, 1]), 1)
    width, height = frames[:, 2] - frames[:, 0], frames[:, 3] - frames[:, 1]
    small = cv2.resize(picture.pixels, (grid.columns, grid.rows), interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(cv2.Laplacian(light, cv2.CV_32F))
    busy = np.clip(sums(detail, at) / cells / max(float(detail.mean()), 1e-6), 0, 1)
    strangers = sums(scene.bodies.astype(np.float32), at) / cells
    share = np.sqrt(width * height / (scene.width * scene.height))
    worth = 0.35 + 0.2 * share + 0.15 * busy - 0.4 * np.maximum(strangers - 0.25, 0)
    boxes = np.array([hand.box.as_list() for hand in scene.hands], np.float64).reshape(-1, 4)
    if len(boxes):
        low = np.maximum(frames[:, None, :2], boxes[None, :, :2])
        far = np.minimum(frames[:, None, 2:], boxes[None, :, 2:])
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        inside = np.clip(far - low, 0, None).prod(axis=2) / areas
        whole = inside > 0.97
        cut = ((inside > 0.03) & ~whole).any(axis=1)
        size = np.where(whole, np.sqrt(areas)[None], 0).max(axis=1) / np.minimum(width, height)
        prominent = np.clip((size - _HAND_LEAST) / (_HAND_GOOD - _HAND_LEAST), 0, 1)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        place = (middles[None] - frames[:, None, :2]) / np.stack([width, height], axis=1)[:, None]
        # the hand nearest to where eyes go: inside the middle two thirds
        off = np.where(whole, np.abs(place - 0.5).max(axis=2), 1).min(axis=1)
        worth += 0.35 * prominent - 0.1 * cut - 0.3 * np.clip(off - 0.3, 0, 0.2)
    return np.asarray(np.clip(worth, 0, 1))
