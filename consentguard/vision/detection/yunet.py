"""YuNet through OpenCV, for those who have its file: several times faster than CenterFace, and sharper under 16 px.

No package index carries the file, so `models pull` cannot fetch it. Put face_detection_yunet_2023mar.onnx of OpenCV Zoo
into the folder of the models; it is proved by its digest like every other.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face, Pixels
from consentguard.vision.detection.centerface import strongest
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.models.store import ModelStore, manifest

_SEEN_FROM: Final = 10
_SEEN_TO: Final = 300
"""Heights in pixels between which YuNet finds faces, by its authors."""
_SAME_FACE: Final = 0.3
_MOST: Final = 5000


class YuNet(Detector):
    """YuNet at scales an octave apart. Safe to share between threads, which take turns."""

    smallest_face = _SEEN_FROM

    def __init__(self, network: Any, label: str) -> None:
        self._network = network
        self._one_at_a_time = threading.Lock()  # its input size is part of its state
        self.label = label

    @classmethod
    def load(cls, model_store: ModelStore) -> YuNet:
        """Reads the network from the model store. Raises ModelUnavailable where the file is missing or another one."""
        card = manifest()["yunet"]
        data = np.frombuffer(model_store.read(card), np.uint8)
        nothing = np.empty(0, np.uint8)
        try:
            network = cv2.FaceDetectorYN.create("onnx", data, nothing, (320, 320), card.sure_from, _SAME_FACE, _MOST)
        except cv2.error as error:
            raise ModelUnavailable(f"{card.file}: OpenCV cannot use it ({error}); upgrade opencv-python.") from error
        return cls(network, card.label)

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first."""
        height, width = pixels.shape[:2]
        scale = max(1.0, _SEEN_FROM / smallest_face)
        looks = []
        while True:
            looks.append(self._look(pixels, scale))
            if min(height, width) * scale <= _SEEN_TO:
                break
            scale /= 2
        rows = np.concatenate(looks)
        rows = rows[strongest(rows[:, :4], rows[:, 4], _SAME_FACE)]
        faces = (_face(row) for row in rows)
        return tuple(face for face in faces if face.box.within(width, height))

    def _look(self, pixels: Pixels, scale: float) -> NDArray[np.float32]:
        height, width = pixels.shape[:2]
        size = (max(32, round(width * scale)), max(32, round(height * scale)))
        seen = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
        with self._one_at_a_time:
            self._network.setInputSize(size)
            try:
                _, found = self._network.detect(seen)
            except cv2.error as error:
                raise ModelUnavailable(
                    f"{self.label}: OpenCV failed ({error}); use the detector centerface."
                ) from error
        return as_rows(found, width / size[0], height / size[1])


def as_rows(found: NDArray[np.float32] | None, across: float, down: float) -> NDArray[np.float32]:
    """OpenCV's answer as rows of centerface.py: left, top, right, bottom, score, five landmarks; pixels of the picture.

    `found` has x, y, width, height, five landmarks (the eye on the viewer's left first), score a row, or is None.
    """
    if found is None:
        return np.empty((0, 15), np.float32)
    rows = np.empty((len(found), 15), np.float32)
    rows[:, :2], rows[:, 2:4] = found[:, :2], found[:, :2] + found[:, 2:4]
    rows[:, 4], rows[:, 5:] = found[:, 14], found[:, 4:14]
    rows[:, [0, 2, 5, 7, 9, 11, 13]] *= across
    rows[:, [1, 3, 6, 8, 10, 12, 14]] *= down
    return rows


def _face(row: NDArray[np.float32]) -> Face:
    numbers = [float(number) for number in row]
    marks = tuple(zip(numbers[5::2], numbers[6::2], strict=True))
    return Face(Box.covering(*numbers[:4]), min(max(numbers[4], 0.0), 1.0), marks)
