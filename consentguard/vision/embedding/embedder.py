"""What an embedder is, and which ones there are: from a face in a picture to a point in a space of identities."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from consentguard.errors import ModelUnavailable
from consentguard.program import install_command
from consentguard.values import Face, Pixels
from consentguard.vision.embedding.arcface import KINDS, ArcFace
from consentguard.vision.embedding.dlib.boxes import dlib_box
from consentguard.vision.embedding.dlib.chip import face_chip
from consentguard.vision.embedding.dlib.landmarks import ShapePredictor
from consentguard.vision.embedding.dlib.network import CHIP_SIZE, EMBEDDING_SIZE, read_network
from consentguard.vision.models import engine
from consentguard.vision.models.cache import remembered
from consentguard.vision.models.store import ModelCard, ModelStore, manifest

Embeddings: TypeAlias = NDArray[np.float32]
"""One face a row: float32, shape (faces, dimension), compared by euclidean distance. A row of NaN is a face that could
not be described."""

_BATCH = 32

_EYES_APART = 0.3
"""In eye distances: how far the eyes of the detector and of the landmarks may lie from each other."""


class Embedder(Protocol):
    """Describes faces.

    Attributes:
        label: name and digest, as verdicts show it; embeddings of different labels are never compared.
        dimension: numbers in one embedding.
        population: name of what is known about its embeddings of people (`consent/population.py`), "" where nothing is.
    """

    @property
    def label(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def population(self) -> str: ...

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> Embeddings:
        """One row for each face, in their order. A face that cannot be described gets NaN and so matches nobody."""
        ...


class DlibResnet:
    """face_recognition's descriptor, read from its own weights without dlib. Safe to share between threads."""

    dimension = EMBEDDING_SIZE
    population = "dlib-resnet"

    def __init__(self, network: engine.CompiledNetwork, predictor: ShapePredictor, card: ModelCard) -> None:
        self._network = network
        self._predictor = predictor
        self.label = card.label

    @classmethod
    def load(cls, model_store: ModelStore) -> DlibResnet:
        """Reads both weight files from the model store. Raises ModelUnavailable."""
        card, points = manifest()["dlib-resnet"], manifest()["dlib-landmarks"]
        weights = model_store.read(card)
        graph = remembered("dlib-resnet-1.onnx", card.sha256, lambda: read_network(weights, card.file))
        network = engine.load(graph, card.file, {"chips": (-1, CHIP_SIZE, CHIP_SIZE, 3)})
        return cls(network, _predictor(model_store.read(points), points), card)

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> Embeddings:
        """One row for each face, in their order; the same numbers as `face_recognition.face_encodings`, to 1e-3."""
        embeddings = np.full((len(faces), self.dimension), np.nan, np.float32)
        chips: list[Pixels] = []
        rows: list[int] = []
        for row, face in enumerate(faces):
            chip = self._chip(pixels, face)
            if chip is not None:
                rows.append(row)
                chips.append(chip)
        for start in range(0, len(chips), _BATCH):
            batch = self._network(np.stack(chips[start : start + _BATCH]))["embeddings"]
            embeddings[rows[start : start + _BATCH]] = batch
        return embeddings

    def _chip(self, pixels: Pixels, face: Face) -> Pixels | None:
        """The straightened face; None where there is nothing sound to describe, so that it matches nobody."""
        landmarks = self._predictor.landmarks(pixels, dlib_box(face))
        if not _agree(landmarks, face):
            return None
        try:
            return face_chip(pixels, landmarks)
        except ValueError:  # the points fall together or outside the picture
            return None


class FaceRecognition:
    """The real package, with dlib compiled behind it: the reference, and for whoever trusts nothing else.

    Needs the extra `[face_recognition]`. A dozen times slower than `DlibResnet` for the same numbers.
    """

    dimension = EMBEDDING_SIZE
    population = "dlib-resnet"

    def __init__(self, encodings: Callable[..., list[Any]], version: str) -> None:
        self._encodings = encodings
        self._one_at_a_time = threading.Lock()  # dlib's models keep scratch memory of their own
        self.label = f"face_recognition@{version}"

    @classmethod
    def load(cls, model_store: ModelStore) -> FaceRecognition:
        """Imports the package, which loads its own weights. Raises ModelUnavailable where it is missing or broken."""
        del model_store  # it brings its own files, in its own package
        cut_files = ImageFile.LOAD_TRUNCATED_IMAGES
        try:
            import face_recognition  # noqa: PLC0415
        # Where face_recognition_models cannot be imported, face_recognition prints a line and calls quit().
        except (ImportError, SystemExit) as error:
            raise ModelUnavailable(
                "face_recognition: the package is missing or cannot start; "
                f"run `{install_command('face_recognition')}`, or use the embedder dlib_resnet."
            ) from error
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = cut_files  # it makes Pillow accept cut files for the whole process
        return cls(face_recognition.face_encodings, face_recognition.__version__)

    def embed(self, pixels: Pixels, faces: Sequence[Face]) -> Embeddings:
        """One row for each face, in their order."""
        embeddings = np.empty((len(faces), self.dimension), np.float32)
        for row, face in enumerate(faces):
            box = dlib_box(face)
            css = (box.top, box.right - 1, box.bottom - 1, box.left)  # its order, inclusive
            with self._one_at_a_time:
                (embeddings[row],) = self._encodings(pixels, known_face_locations=[css], model="small")
        return embeddings


EMBEDDERS: Mapping[str, Callable[[ModelStore], Embedder]] = MappingProxyType(
    {
        "dlib_resnet": DlibResnet.load,
        "face_recognition": FaceRecognition.load,
        **{kind.name: ArcFace.loader(kind) for kind in KINDS},
    }
)
"""Every embedder by name. Each passes the same suite, tests/vision/test_embedders.py."""


def steady(embedder: Embedder, pixels: Pixels, faces: Sequence[Face]) -> Embeddings:
    """The mean of each face's embedding and that of its mirror image: what templates and probes are made of.

    It costs the time twice and takes a quarter of the false refusals away (docs/decisions/0019). A face that can be
    described only one way round is not described.
    """
    if not faces:
        return np.empty((0, embedder.dimension), np.float32)
    mirrored = [_mirrored(face, pixels.shape[1]) for face in faces]
    other = embedder.embed(np.asarray(cv2.flip(pixels, 1), np.uint8), mirrored)  # 30 times faster than NumPy's [::-1]
    return np.asarray((embedder.embed(pixels, faces) + other) / 2, np.float32)


def _mirrored(face: Face, width: int) -> Face:
    """The same face in the mirror image of a picture so wide; its landmarks stay in the viewer's order."""
    order = (1, 0, 2, 4, 3) if face.landmarks else ()
    landmarks = tuple((width - 1 - face.landmarks[i][0], face.landmarks[i][1]) for i in order)
    return replace(face, box=face.box.mirrored(width), landmarks=landmarks)


def _agree(landmarks: NDArray[np.intp], face: Face) -> bool:
    """Whether predictor and detector see the eyes in the same place.

    They do not in profiles and under masks: 15 % of the faces of open sets (benchmarks/boxes.py). What is described
    there is no face, and its embedding could lie anywhere.
    """
    if not face.landmarks:
        return True
    # the predictor gives outer and inner corner of the eye on the viewer's right, then of the other
    seen = np.array([landmarks[2:4].mean(axis=0), landmarks[0:2].mean(axis=0)])
    expected = np.array(face.landmarks[:2])
    apart = np.linalg.norm(expected[1] - expected[0])
    return bool((np.linalg.norm(seen - expected, axis=1) <= _EYES_APART * apart).all())


def _predictor(data: bytes, card: ModelCard) -> ShapePredictor:
    """The shape predictor; reading its trees takes about a second, its arrays a few milliseconds."""

    def arrays() -> bytes:
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **ShapePredictor.read(data, card.file).to_arrays())
        return file.getvalue()

    with np.load(io.BytesIO(remembered("dlib-landmarks-1.npz", card.sha256, arrays)), allow_pickle=False) as kept:
        return ShapePredictor({name: kept[name] for name in kept.files}, card.file)
