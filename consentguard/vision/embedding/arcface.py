"""ArcFace-style networks for those who bring one: a face of 112 x 112 pixels, laid by its five landmarks, in; a
direction out.

No package index carries such a file on free terms, and OpenCV Zoo has published two different ones under one name. So
none is pinned by a digest here: the digest of the file that is there becomes part of the embedder's label, and with it
of every template, so that a file that is exchanged matches nobody instead of somebody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.errors import ModelUnavailable
from consentguard.values import Face, Pixels
from consentguard.vision.embedding.align import SIDE, aligned
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore

Embeddings = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ArcFaceFamily:
    """What a file of one family is called, and what it wants of the RGB values 0..255: (value - mean) / scale."""

    name: str
    file: str
    mean: float
    scale: float


KINDS: Final = (
    ArcFaceFamily("sface", "face_recognition_sface_2021dec.onnx", 0.0, 1.0),  # OpenCV Zoo; it scales inside the network
    ArcFaceFamily("arcface", "arcface_112.onnx", 127.5, 127.5),  # insightface and its descendants, AuraFace among them
)


class ArcFace:
    """One such network. Embeddings have length 1. Safe to share between threads."""

    population = ""
    """Nothing ships about any of them: `consentguard calibrate` has to make a model from the school's own templates."""

    def __init__(self, network: engine.CompiledNetwork, label: str, kind: ArcFaceFamily) -> None:
        self._network = network
        self._kind = kind
        self.label = label
        self.dimension = self._run(np.zeros((SIDE, SIDE, 3), np.uint8)).size

    @classmethod
    def loader(cls, kind: ArcFaceFamily) -> Callable[[ModelStore], ArcFace]:
        """A function that reads this kind from a model store. It raises ModelUnavailable where that cannot be done."""

        def load(model_store: ModelStore) -> ArcFace:
            path = model_store.folder / kind.file
            try:
                data = path.read_bytes()
            except OSError as error:
                raise ModelUnavailable(
                    f"{path}: {kind.name} is not here ({error.strerror}); bring the file, or use dlib_resnet."
                ) from error
            label = f"{kind.name}@{hashlib.sha256(data).hexdigest()[:16]}"
            return cls(engine.load(data, kind.file, {}), label, kind)

        return load

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> Embeddings:
        """One row for each face, in their order. A face without landmarks, or laid outside the picture, gets NaN."""
        embeddings = np.full((len(faces), self.dimension), np.nan, np.float32)
        for row, face in enumerate(faces):
            try:
                square = aligned(pixels, face)
            except ValueError:
                continue
            if not square.any():
                continue
            found = self._run(square)
            length = float(np.linalg.norm(found))
            if np.isfinite(length) and length > 0:
                embeddings[row] = found / length
        return embeddings

    def _run(self, square: Pixels) -> Embeddings:
        planes = square.transpose(2, 0, 1)[np.newaxis].astype(np.float32)
        outputs = self._network((planes - self._kind.mean) / np.float32(self._kind.scale))
        found = np.asarray(next(iter(outputs.values())), np.float32)
        if len({array.tobytes() for array in outputs.values()}) != 1 or found.shape[0] != 1 or found.size < 2:
            raise ModelUnavailable(f"{self._kind.file}: does not describe one face by one row of numbers.")
        return found.reshape(-1)
