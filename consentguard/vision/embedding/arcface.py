"""ArcFace-style networks for those who bring one: a face of 112 x 112 pixels, aligned by its five landmarks, in; a
direction out.

No package index carries such a file on free terms, and OpenCV Zoo has published two different ones under one name. So
none is pinned by a digest here: the digest of the file that is there becomes part of the embedder's label, and with it
of every template, so that a file that is exchanged matches nobody instead of somebody else.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from consentguard.errors import ModelUnavailable
from consentguard.values import Face, Pixels
from consentguard.vision.embedding.align import SIDE, aligned
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore, families

Embeddings = NDArray[np.float32]

_CHANNELS: Final = 3
_MOST_AT_ONCE: Final = 64
"""Faces of one call; more would be a slip of the table."""


@dataclass(frozen=True, slots=True)
class ArcFaceFamily:
    """What a file of one family is called, and what it wants to be given.

    Attributes:
        mean, scale: of each channel in its order; it gets (value - mean) / scale of the values 0..255.
        order: of the channels, "RGB" or "BGR".
        batch: how many faces it reads at once.
    """

    name: str
    file: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    order: str
    batch: int

    def __post_init__(self) -> None:
        for key, numbers in (("mean", self.mean), ("scale", self.scale)):
            if len(numbers) != _CHANNELS or not all(np.isfinite(number) for number in numbers):
                raise ValueError(f"{key}: must be one finite number, or three")
        if not all(number > 0 for number in self.scale):
            raise ValueError("scale: must be over 0")
        if self.order not in ("RGB", "BGR"):
            raise ValueError(f"order: {self.order!r} is neither RGB nor BGR")
        if not 1 <= self.batch <= _MOST_AT_ONCE:
            raise ValueError(f"batch: must be from 1 to {_MOST_AT_ONCE}")

    @classmethod
    def of(cls, name: str, keys: Mapping[str, Any]) -> ArcFaceFamily:
        """The family that a table describes. Raises ValueError, which names the key."""
        unknown = keys.keys() - {"file", "mean", "scale", "order", "batch"}
        if unknown:
            raise ValueError(f"{min(unknown)}: is no key of it")
        file, order, batch = keys["file"], keys["order"], keys["batch"]
        if not isinstance(file, str) or not isinstance(order, str) or type(batch) is not int:
            raise ValueError("file and order must be text, batch a whole number")
        return cls(name, file, _each(keys["mean"], "mean"), _each(keys["scale"], "scale"), order, batch)


def _each(value: object, key: str) -> tuple[float, ...]:
    """One number for each channel."""
    numbers: list[Any] = value if isinstance(value, list) else [value] * _CHANNELS
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise ValueError(f"{key}: must be one number, or three")
    return tuple(float(number) for number in numbers)


KINDS: Final = tuple(ArcFaceFamily.of(name, keys) for name, keys in families().items())
"""OpenCV Zoo's SFace, which scales inside the network; and insightface and its descendants, AuraFace among them."""


class ArcFace:
    """One such network. Embeddings have length 1. Safe to share between threads."""

    population = ""
    """Nothing ships about any of them: `consentguard calibrate` has to make a model from the school's own templates."""

    def __init__(self, network: engine.CompiledNetwork, label: str, kind: ArcFaceFamily) -> None:
        self._network = network
        self._kind = kind
        self.label = label
        self.dimension = self._run([]).shape[1]

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
            told, own = kind, path.with_suffix(".toml")
            described = b""
            if own.exists():
                try:
                    described = own.read_bytes()
                    keys = tomllib.loads(described.decode())
                    told = ArcFaceFamily.of(kind.name, {**families()[kind.name], **keys, "file": kind.file})
                except (OSError, ValueError) as error:  # what TOML and text raise is a ValueError, too
                    raise ModelUnavailable(f"{own}: {error}; mend it, or remove it.") from error
            label = f"{kind.name}@{hashlib.sha256(data + described).hexdigest()[:16]}"
            return cls(engine.load(data, kind.file, {}), label, told)

        return load

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> Embeddings:
        """One row for each face, in their order; NaN for one without landmarks, or aligned outside of the picture."""
        embeddings = np.full((len(faces), self.dimension), np.nan, np.float32)
        squares: dict[int, Pixels] = {}
        for row, face in enumerate(faces):
            try:
                square = aligned(pixels, face)
            except ValueError:
                continue
            if square.any():
                squares[row] = square
        rows = list(squares)
        for start in range(0, len(rows), self._kind.batch):
            some = rows[start : start + self._kind.batch]
            for row, found in zip(some, self._run([squares[row] for row in some]), strict=False):
                length = float(np.linalg.norm(found))
                if np.isfinite(length) and length > 0:
                    embeddings[row] = found / length
        return embeddings

    def _run(self, squares: Sequence[Pixels]) -> Embeddings:
        """One row for each square, and for each of black that fills the batch up."""
        kind = self._kind
        batch = np.zeros((kind.batch, SIDE, SIDE, _CHANNELS), np.float32)
        for place, square in enumerate(squares):
            batch[place] = square if kind.order == "RGB" else square[:, :, ::-1]
        wanted = (batch - np.array(kind.mean, np.float32)) / np.array(kind.scale, np.float32)
        outputs = self._network(np.ascontiguousarray(wanted.transpose(0, 3, 1, 2)))
        found = np.asarray(next(iter(outputs.values())), np.float32)
        alike = len({array.tobytes() for array in outputs.values()}) == 1
        if not alike or found.shape[0] != kind.batch or found.size < 2 * kind.batch:
            raise ModelUnavailable(f"{kind.file}: does not describe {kind.batch} faces by a row of numbers each.")
        return found.reshape(kind.batch, -1)
