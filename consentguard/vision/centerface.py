"""CenterFace, decoded with arrays, at two scales: full size for small faces, half for large and covered ones.

Network: CenterFace (Xu et al. 2019, arXiv 1911.03599), facts of its file in models/manifest.toml.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face, Pixels
from consentguard.vision import engine
from consentguard.vision.weights import PULL, ModelCard, Shelf, manifest

_STRIDE: Final = 4
_MULTIPLE: Final = 32
_SCALES: Final = (1.0, 0.5)
_SAME_FACE: Final = 0.3
"""Boxes that overlap by more than this IoU are one face (the value its authors use)."""

Rows = NDArray[np.float32]
"""Candidates, one a row: left, top, right, bottom, score, then five landmarks x, y; pixels of the picture."""


class CenterFace:
    """The default detector. Safe to share between threads."""

    smallest_face = 12
    """It loses faces under about 12 px at the scale it is given."""

    def __init__(self, network: engine.Network, label: str, threshold: float) -> None:
        self._network = network
        self._threshold = threshold
        self.label = label

    @classmethod
    def load(cls, shelf: Shelf) -> CenterFace:
        """Reads the network from the shelf. Raises ModelUnavailable."""
        card = manifest()["centerface"]
        network = engine.load(shelf.read(card), card.file, {"input.1": (1, 3, -1, -1)})
        return cls(network, card.label, _threshold(card))

    def find(self, pixels: Pixels) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first."""
        looks = [self._look(pixels, scale) for scale in _SCALES]
        rows = _one_for_each_face(np.concatenate(looks))
        height, width = pixels.shape[:2]
        faces = (_face(row) for row in rows)
        # The network may place a centre in the padding; what touches no pixel of the picture shows nothing.
        return tuple(face for face in faces if face.box.within(width, height))

    def _look(self, pixels: Pixels, scale: float) -> Rows:
        seen = pixels
        if scale != 1:
            seen = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
        height, width = seen.shape[:2]
        planes = np.zeros((1, 3, _padded(height), _padded(width)), np.float32)
        planes[0, :, :height, :width] = seen.transpose(2, 0, 1)
        outputs = self._network(planes)
        rows = decode(outputs["537"], outputs["538"], outputs["539"], outputs["540"], self._threshold)
        if not np.isfinite(rows).all():
            raise ModelUnavailable(f"{self.label}: the network gave numbers that are none; run `{PULL}`.")
        # Sides are rounded by the resize, so each axis has its own exact factor.
        across, down = pixels.shape[1] / width, pixels.shape[0] / height
        rows[:, [0, 2, 5, 7, 9, 11, 13]] *= across
        rows[:, [1, 3, 6, 8, 10, 12, 14]] *= down
        return rows


def decode(scores: Rows, sizes: Rows, offsets: Rows, points: Rows, threshold: float) -> Rows:
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


def _one_for_each_face(rows: Rows) -> Rows:
    """Non-maximum suppression: of boxes that overlap the surest stays; the result is ordered by score."""
    if not len(rows):
        return rows
    boxes = np.column_stack([rows[:, :2], rows[:, 2:4] - rows[:, :2]])
    keep = cv2.dnn.NMSBoxes(boxes.tolist(), rows[:, 4].tolist(), 0.0, _SAME_FACE)
    return rows[np.asarray(keep, dtype=np.intp).ravel()]


def _face(row: Rows) -> Face:
    numbers = [float(number) for number in row]
    return Face(
        box=Box.covering(*numbers[:4]),
        score=min(numbers[4], 1.0),
        landmarks=tuple(zip(numbers[5::2], numbers[6::2], strict=True)),
    )


def _padded(side: int) -> int:
    return -(-side // _MULTIPLE) * _MULTIPLE


def _threshold(card: ModelCard) -> float:
    if card.threshold is None:
        raise ModelUnavailable(f"the manifest gives {card.name} no threshold; reinstall consentguard.")
    return card.threshold
