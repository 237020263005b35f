"""CenterFace: one look at a whole picture at some scale, and close looks at single candidates.

Network: CenterFace (Xu et al. 2019, arXiv 1911.03599), facts of its file in models/manifest.toml. What to make of its
looks is decided in fusion.py; which looks to take, in faces.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Pixels
from consentguard.vision.detection.pyramid import TURNS, Levels
from consentguard.vision.models import engine
from consentguard.vision.models.store import Shelf, manifest

_STRIDE: Final = 4
_ROUND: Final = ((3e5, 64), (0, 32))
"""Looks of at least so many pixels are padded to multiples of so many. A shape that the engine first meets costs about
as much as the look itself, for it makes its code anew; so there are few shapes."""
_WEAKEST: Final = 0.05
"""Cells under this score are no candidates; fusion wants the weak ones too."""
_SAME_CELLS: Final = 0.45
"""Boxes of one look that overlap by more than this IoU are one."""
_BATCHES: Final = (8, 4, 2, 1)
"""Cuts in one call. Few different numbers, for the same reason."""

Rows: TypeAlias = NDArray[np.float32]
"""Candidates, one a row of 15: left, top, right, bottom, score, then five landmarks x, y; pixels of the picture."""

Floats: TypeAlias = NDArray[np.float32]

TALL: Final = 1.15
"""A face's height from its box: the square root of its area times this, steadier than the height itself."""


class CenterFace:
    """The network. Safe to share between threads."""

    def __init__(self, network: engine.Network, label: str) -> None:
        self._network = network
        self.label = label

    @classmethod
    def load(cls, shelf: Shelf) -> CenterFace:
        """Reads the network from the shelf. Raises ModelUnavailable."""
        card = manifest()["centerface"]
        shape = {"input.1": (-1, 3, -1, -1)}
        return cls(engine.load(shelf.read(card), card.file, shape, exact=False), card.label)

    def look(self, levels: Levels, scale: float, weakest: float = _WEAKEST, turns: int = 0) -> Rows:
        """Every candidate that one look at the whole picture finds.

        Args:
            levels: the picture.
            scale: pixels of the look for each pixel of the picture.
            weakest: the score from which a cell is a candidate.
            turns: by how many quarters to the left the picture is turned; rows are in pixels of the turned picture.
        """
        seen, across, down = levels.resized(scale)
        if turns:
            seen = cv2.rotate(seen, TURNS[turns - 1]).astype(np.uint8, copy=False)
            across, down = (down, across) if turns % 2 else (across, down)
        tall, wide = seen.shape[:2]
        planes = np.zeros((1, 3, *padded(tall, wide)), np.float32)
        planes[0, :, :tall, :wide] = seen.transpose(2, 0, 1)
        outputs = self._network(planes)
        rows = decode(outputs["537"], outputs["538"], outputs["539"], outputs["540"], weakest)
        # sides are rounded by the resize, so each axis has its own exact factor
        rows[:, [0, 2, 5, 7, 9, 11, 13]] /= across
        rows[:, [1, 3, 6, 8, 10, 12, 14]] /= down
        return rows[strongest(rows[:, :4], rows[:, 4], _SAME_CELLS)]

    def close_look(
        self, levels: Levels, boxes: Floats, side: int, face: float, *, mirror: bool
    ) -> tuple[Floats, Floats]:
        """The best score in the middle of a cut around each box, in which its face is `face` pixels high, and its box.

        Args:
            levels: the picture.
            boxes: float32 (n, 4), left, top, right, bottom.
            side: of the square cut, a multiple of 32.
            face: height of the face in the cut, in pixels.
            mirror: whether the cut is mirrored, which asks the network another question than the first looks did.

        Returns float32 (n,), the score of the best cell less than 0.3 faces from the middle whose box is 0.55 to 1.8
        times as high as the face should be, 0 where there is none; and float32 (n, 4), that cell's box in pixels of the
        picture, which is the box that was given where there is none.
        """
        scores, seen = np.zeros(len(boxes), np.float32), boxes.copy()
        engine.together(
            [
                partial(self._look_closely, levels, boxes[batch], side, face, mirror, scores[batch], seen[batch])
                for batch in _batches(len(boxes))
            ]
        )
        return scores, seen

    def _look_closely(
        self, levels: Levels, boxes: Floats, side: int, face: float, mirror: bool, scores: Floats, seen: Floats
    ) -> None:
        """One batch of close looks; what it says is written into `scores` and `seen`."""
        middles, scales = (boxes[:, :2] + boxes[:, 2:]) / 2, face / heights(boxes)
        grid = _STRIDE * (np.arange(side // _STRIDE, dtype=np.float32) + 0.5) - side / 2
        cuts = [_cut(levels, x, y, s, side) for (x, y), s in zip(middles, scales, strict=True)]
        planes = np.stack([cut[:, ::-1] for cut in cuts] if mirror else cuts).transpose(0, 3, 1, 2)
        outputs = self._network(planes.astype(np.float32))
        score, offset = outputs["537"][:, 0], outputs["539"]
        tall, wide = _STRIDE * np.exp(outputs["538"]).transpose(1, 0, 2, 3)
        down = grid[None, :, None] + _STRIDE * offset[:, 0]
        across = grid[None, None, :] + _STRIDE * offset[:, 1]
        near = (np.abs(across) < 0.3 * face) & (np.abs(down) < 0.3 * face)
        fitting = near & (tall > 0.55 * face) & (tall < 1.8 * face)
        score = np.where(fitting, score, 0).reshape(len(cuts), -1)
        best = score.argmax(axis=1)[:, None]
        scores[:] = np.take_along_axis(score, best, 1)[:, 0]
        x, y, w, h = (
            np.take_along_axis(values.reshape(len(cuts), -1), best, 1)[:, 0] for values in (across, down, wide, tall)
        )
        x = -x if mirror else x
        local = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1) / scales[:, None]
        found = scores > 0
        seen[found] = (local + np.tile(middles, 2))[found]


def decode(scores: Floats, sizes: Floats, offsets: Floats, points: Floats, threshold: float) -> Rows:
    """The network's four maps as candidate rows of float32, shape (n, 15), in pixels of the picture it was given.

    Args:
        scores: (1, 1, h, w), 0..1.
        sizes: (1, 2, h, w), natural logarithm of height and width in strides.
        offsets: (1, 2, h, w), y and x of the centre within its cell, in strides.
        points: (1, 10, h, w), y and x of the five landmarks as shares of the box.
        threshold: the score from which a cell is a candidate.
    """
    row, column = np.nonzero(scores[0, 0] >= threshold)
    score = scores[0, 0, row, column]
    height, width = _STRIDE * np.exp(sizes[0, :, row, column]).T
    off_y, off_x = offsets[0, :, row, column].T
    left = _STRIDE * (column + off_x + 0.5) - width / 2
    top = _STRIDE * (row + off_y + 0.5) - height / 2
    marks = points[0, :, row, column]
    rows = np.empty((len(score), 15), np.float32)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = left, top, left + width, top + height
    rows[:, 4] = score
    rows[:, 5::2] = left[:, None] + marks[:, 1::2] * width[:, None]
    rows[:, 6::2] = top[:, None] + marks[:, 0::2] * height[:, None]
    return rows


def strongest(boxes: Floats, scores: Floats, overlap: float) -> NDArray[np.intp]:
    """Non-maximum suppression: indices of the boxes that stay, surest first; of two over this IoU the surer stays."""
    if not len(boxes):
        return np.zeros(0, np.intp)
    sized = np.column_stack([boxes[:, :2], boxes[:, 2:4] - boxes[:, :2]])
    return np.asarray(cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, overlap), np.intp).ravel()


def heights(boxes: Floats) -> Floats:
    """How high the faces in these boxes are, in pixels: float32 (n,)."""
    tall: Floats = TALL * np.sqrt(np.maximum((boxes[:, 2:4] - boxes[:, :2]).prod(axis=1), 1.0))
    return tall


def _cut(levels: Levels, x: float, y: float, scale: float, side: int) -> Pixels:
    """`side` x `side` pixels around (x, y) at this scale, black beyond the picture."""
    move = np.array([[scale, 0, side / 2 - x * scale], [0, scale, side / 2 - y * scale]], np.float32)
    return levels.cut(move, side)


def padded(height: int, width: int) -> tuple[int, int]:
    """Height and width that a look of this size is padded to."""
    multiple = next(multiple for least, multiple in _ROUND if height * width >= least)
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple


def _batches(count: int) -> Iterator[slice]:
    """Slices that take `count` cuts in as few calls as `_BATCHES` allows."""
    start = 0
    for size in _BATCHES:
        while count - start >= size:
            yield slice(start, start + size)
            start += size
