"""YuNet: one pass over a whole picture at some scale, in a quarter of CenterFace's time, and sharper under 16 px.

Network: YuNet (Wu et al. 2023, doi 10.1007/s11633-023-1423-y), facts of its file in models/manifest.toml; the decoding
is that of OpenCV's FaceDetectorYN. What to make of its passes beside CenterFace's is decided in fusion.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from consentguard.values import Box, Face, Pixels
from consentguard.vision.boxes import suppressed_by_overlap
from consentguard.vision.detection.centerface import Floats, Rows, padded
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.detection.pyramid import TURNS, Levels, planes
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore, manifest

_STRIDES: Final = (8, 16, 32)
_SEEN_FROM: Final = 10
_SEEN_TO: Final = 300
"""Heights in pixels between which YuNet finds faces, by its authors."""
_SAME_CELLS: Final = 0.45
"""Boxes of one pass that overlap by more than this IoU are one, as in centerface.py."""
_SAME_FACE: Final = 0.3
"""The same between passes."""


class YuNet(Detector):
    """The network; and, at scales an octave apart, a detector by itself. Safe to share between threads."""

    smallest_face = _SEEN_FROM

    def __init__(self, network: engine.CompiledNetwork, label: str, sure_from: float) -> None:
        self._network = network
        self._sure_from = sure_from
        self.label = label

    @classmethod
    def load(cls, model_store: ModelStore) -> YuNet:
        """Reads the network from the model store. Raises ModelUnavailable."""
        card = manifest()["yunet"]
        network = engine.load(
            model_store.read(card), card.file, {"input": (1, 3, -1, -1)}, exact=False, one_at_a_time=True
        )
        return cls(network, card.label, card.sure_from)

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first."""
        height, width = pixels.shape[:2]
        levels, scale, passes = Levels(pixels), max(1.0, _SEEN_FROM / smallest_face), []
        while True:
            passes.append(self.candidates(levels, scale, self._sure_from))
            if min(height, width) * scale <= _SEEN_TO:
                break
            scale /= 2
        rows = np.concatenate(passes)
        rows = rows[suppressed_by_overlap(rows[:, :4], rows[:, 4], _SAME_FACE)]
        faces = (_face(row) for row in rows)
        return tuple(face for face in faces if face.box.within(width, height))

    def candidates(self, levels: Levels, scale: float, weakest: float, turns: int = 0) -> Rows:
        """Every candidate that one pass over the picture finds; arguments and rows as of `CenterFace.candidates`."""
        seen, across, down = levels.resized(scale)
        if turns:
            seen = cv2.rotate(seen, TURNS[turns - 1]).astype(np.uint8, copy=False)
            across, down = (down, across) if turns % 2 else (across, down)
        tall, wide = seen.shape[:2]
        shape = padded(tall, wide)
        outputs = self._network(planes(seen[:, :, ::-1], *shape))
        rows = np.concatenate([_decoded(outputs, stride, shape[1], weakest) for stride in _STRIDES])
        rows[:, [0, 2, 5, 7, 9, 11, 13]] /= across
        rows[:, [1, 3, 6, 8, 10, 12, 14]] /= down
        return rows[suppressed_by_overlap(rows[:, :4], rows[:, 4], _SAME_CELLS)]


def _decoded(outputs: Mapping[str, Floats], stride: int, width: int, weakest: float) -> Rows:
    cls, obj = (outputs[f"{name}_{stride}"].reshape(-1) for name in ("cls", "obj"))
    return decode(cls, obj, outputs[f"bbox_{stride}"][0], outputs[f"kps_{stride}"][0], stride, width, weakest)


def decode(
    kinds: Floats, objects: Floats, boxes: Floats, points: Floats, stride: int, width: int, weakest: float
) -> Rows:
    """The network's answer at one stride as candidate rows of float32, shape (n, 15), in pixels of what it was given.

    Args:
        kinds, objects: (cells,), how surely a cell shows a face, and that there is anything; row by row.
        boxes: (cells, 4), x and y of the middle from the cell's corner, logarithms of width and height; in strides.
        points: (cells, 10), x and y of five landmarks from the cell's corner, in strides.
        stride: pixels of a cell's side.
        width: of what the network was given, in pixels.
        weakest: the score from which a cell is a candidate, 0..1.
    """
    score = np.sqrt(np.clip(kinds, 0, 1) * np.clip(objects, 0, 1))
    (kept,) = np.nonzero(score >= weakest)
    corner = np.stack([kept % (width // stride), kept // (width // stride)], axis=1).astype(np.float32)
    middle, half = (corner + boxes[kept, :2]) * stride, np.exp(boxes[kept, 2:]) * (stride / 2)
    marks = (np.tile(corner, 5) + points[kept]) * stride
    return np.column_stack([middle - half, middle + half, score[kept], marks]).astype(np.float32)


def _face(row: Floats) -> Face:
    numbers = [float(number) for number in row]
    marks = tuple(zip(numbers[5::2], numbers[6::2], strict=True))
    return Face(Box.covering(*numbers[:4]), min(max(numbers[4], 0.0), 1.0), marks)
