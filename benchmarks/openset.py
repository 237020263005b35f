"""The faces of the open recognition sets, described once and kept in memory, or between runs in a folder of yours.

Embeddings are of real people: `--cache` names a folder outside of any repository, to be deleted after the work.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from consentguard.values import Pixels
from consentguard.vision.detection.detector import DETECTORS
from consentguard.vision.embedding.embedder import EMBEDDERS, steady
from consentguard.vision.embedding.quality import measured
from consentguard.vision.models.store import ModelStore

SETS = ("fgnet", "orl", "lfw10", "fiw_train")


@dataclass(frozen=True)
class Faces:
    """The faces of one set, a row each; photos in which none was found are not there.

    Attributes:
        people: identity of each face, such as "F0001/MID1".
        ages: in years; -1 where nobody knows.
        single: what face_recognition would compare, float32 (faces, 128); NaN where a face could not be described.
        steady: the mean with the mirror image's, likewise.
        faults: how many gates of enrolment each fails.
        photos: how many photos there were.
    """

    people: np.ndarray
    ages: np.ndarray
    single: np.ndarray
    steady: np.ndarray
    faults: np.ndarray
    photos: int

    def only(self, rows: np.ndarray) -> Faces:
        columns = (self.people, self.ages, self.single, self.steady, self.faults)
        return Faces(*(column[rows] for column in columns), int(np.count_nonzero(rows)))


def loader(folder: Path) -> ModuleType:
    """The module load.py of the open sets."""
    spec = importlib.util.spec_from_file_location("load", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def described(load: ModuleType, name: str, cache: Path | None) -> Faces:
    """The faces of one set, in the library's own way: found by its detector, the most certain large one a photo."""
    kept = cache / f"{name}.npz" if cache else None
    if kept and kept.is_file():
        with np.load(kept, allow_pickle=False) as file:
            return Faces(*(file[column] for column in ("people", "ages", "single", "steady", "faults")), int(file["n"]))
    ages = load.fgnet_ages()
    photos = [(person, Path(path)) for person, paths in load.recognition_sets()[name].items() for path in paths]
    rows = list(_looked_at(photos, {Path(path): age for path, (_, age) in ages.items()}))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    faces = Faces(*columns, len(photos))
    if kept:
        np.savez(kept, people=faces.people, ages=faces.ages, single=faces.single, steady=faces.steady,
                 faults=faces.faults, n=faces.photos)  # fmt: skip
    return faces


def _looked_at(photos: Sequence[tuple[str, Path]], ages: dict[Path, int]) -> Iterable[tuple]:
    model_store = ModelStore.default()
    detector, embedder = DETECTORS["centerface"](model_store), EMBEDDERS["dlib_resnet"](model_store)
    for number, (person, path) in enumerate(photos, 1):
        pixels = _pixels(path)
        found = detector.find(pixels)
        if found:
            face = max(found, key=lambda face: face.box.height * face.score)
            (single,), (both,) = embedder.embed(pixels, [face]), steady(embedder, pixels, [face])
            yield person, ages.get(path, -1), single, both, len(measured(pixels, face).faults())
        if number % 1000 == 0:
            print(f"  {number} of {len(photos)}", file=sys.stderr, flush=True)


def _pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB")))
