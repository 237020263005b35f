"""Our embedder against the real face_recognition, live: how far apart, and how much faster.

    python benchmarks/parity.py PHOTOS --peer PEER/bin/python

PHOTOS is a folder (searched through), PEER an environment with face_recognition 1.3.0: the first lines of
tests/golden/make_face_recognition.py say how to make one. HOG finds the boxes there, and both sides embed the same
pixels in the same boxes, taking turns photo by photo: dlib one face at a time on one thread, which is all it can use;
ours one at a time and in batches, on the threads the library would use (`--threads 1` for one). Few photos are gone
through several times. Exit status 1 if an embedding is more than 1e-3 away; times only inform. Nothing about a face is
written anywhere.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from peer import Peer
from PIL import Image

from consentguard.values import Box
from consentguard.vision.embedding.dlib.chip import face_chip
from consentguard.vision.embedding.dlib.landmarks import ShapePredictor
from consentguard.vision.embedding.dlib.network import read_network
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore

LARGEST_DISTANCE = 1e-3
SUFFIXES = {".jpg", ".jpeg", ".png", ".pgm"}

ROUNDS_OF = 4
"""Batches that there must be at least, so that a median means something."""

Known = dict[Path, list[tuple[int, int, int, int]]]

Embed = Callable[[np.ndarray], np.ndarray]
"""Chips, uint8 (n, 150, 150, 3), to embeddings, float32 (n, 128)."""


def load(threads: int = 0) -> tuple[ShapePredictor, Embed]:
    """The two models, from where the library keeps them, run by the library's engine; 0 threads leave it the choice."""
    os.environ[engine.THREADS] = str(threads)
    folder = ModelStore.default().folder
    points, network = "shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat"
    graph = read_network((folder / network).read_bytes(), network)
    run = engine.load(graph, network, {"chips": (-1, 150, 150, 3)})
    return ShapePredictor.read((folder / points).read_bytes(), points), lambda chips: run(chips)["embeddings"]


class Clock:
    """Milliseconds a face for each step: as the wall clock says and as the processor was ours."""

    def __init__(self) -> None:
        self._wall: dict[str, list[float]] = {}
        self._processor: dict[str, list[float]] = {}

    def note(self, name: str, wall: float, processor: float) -> None:
        self._wall.setdefault(name, []).append(1000 * wall)
        self._processor.setdefault(name, []).append(1000 * processor)

    def time(self, name: str, faces: int, work: Callable[..., np.ndarray], *arguments: object) -> np.ndarray:
        wall, processor = time.perf_counter(), time.process_time()
        result = work(*arguments)
        self.note(name, (time.perf_counter() - wall) / faces, (time.process_time() - processor) / faces)
        return result

    def rows(self) -> dict[str, dict[str, float]]:
        """By the wall clock: the middle and the fastest tenth, where a busy machine disturbs least; by the processor's
        clock, in which two threads count twice.
        """
        kinds = {
            "median": (self._wall, 0.5),
            "fastest 10 %": (self._wall, 0.1),
            "processor": (self._processor, 0.5),
        }
        return {
            kind: {name: float(np.quantile(values, share)) for name, values in table.items()}
            for kind, (table, share) in kinds.items()
        }


def photos_in(folder: Path, limit: int) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return sorted(random.Random(1).sample(found, min(limit, len(found))))


def rounds(photos: list[Path], more: Callable[[], bool]) -> Iterator[tuple[Path, Known]]:
    """Each photo once, and all of them again while there are too few faces to time; boxes are found only once."""
    known: Known = {}
    while True:
        for path in photos:
            yield path, known
        if not more():
            return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder of photographs")
    parser.add_argument("--peer", required=True, metavar="PYTHON", help="the Python of an environment with the package")
    parser.add_argument("--limit", type=int, default=200, help="photos to take, drawn at random (default 200)")
    parser.add_argument("--batch", type=int, default=16, help="faces in one run of the network (default 16)")
    parser.add_argument("--threads", type=int, default=0, help="for our network (default 0: the engine's choice)")
    options = parser.parse_args()

    predictor, embed = load(options.threads)
    embed(np.zeros((1, 150, 150, 3), np.uint8))  # the first run allocates
    clock = Clock()
    distances: list[float] = []
    differing = 0
    waiting: list[np.ndarray] = []

    photos = photos_in(options.photos, options.limit)
    with Peer(options.peer) as peer:
        for path, known in rounds(photos, lambda: 0 < len(distances) < ROUNDS_OF * options.batch):
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB"))
            faces = peer.faces(pixels, known.get(path))
            known[path] = [face.css for face in faces]
            for face in faces:
                top, right, bottom, left = face.css
                box = Box(left, top, right + 1, bottom + 1)
                points = clock.time("landmarks", 1, predictor.landmarks, pixels, box)
                chip = clock.time("chip", 1, face_chip, pixels, points)
                (embedding,) = clock.time("network", 1, embed, chip[np.newaxis])
                clock.note("peer", face.seconds, face.cpu_seconds)
                distances.append(float(np.linalg.norm(embedding - face.embedding)))
                differing += not np.array_equal(points, face.landmarks)
                waiting.append(chip)
                if len(waiting) == options.batch:
                    clock.time("batched", options.batch, embed, np.stack(waiting))
                    waiting.clear()
        peer_version = peer.version
    if len(distances) < options.batch:
        print(
            f"{options.photos}: HOG found {len(distances)} faces in {len(photos)} photos, not enough", file=sys.stderr
        )
        return 1

    print(f"{peer_version}; {len(photos)} photos, {len(distances)} faces in HOG's boxes")
    print(f"landmarks that differ: {differing}")
    median, most, largest = np.median(distances), np.quantile(distances, 0.99), max(distances)
    print(f"distance: median {median:.6f}, 99 % {most:.6f}, largest {largest:.6f} (at most {LARGEST_DISTANCE})")
    print(f"{'ms a face':12}{'peer':>9}{'landmarks':>11}{'chip':>7}{'network':>9}{'batched':>9}   times faster")
    for kind, ms in clock.rows().items():
        before = ms["landmarks"] + ms["chip"]
        single, batched = ms["peer"] / (before + ms["network"]), ms["peer"] / (before + ms["batched"])
        print(
            f"{kind:12}{ms['peer']:9.2f}{ms['landmarks']:11.2f}{ms['chip']:7.2f}{ms['network']:9.2f}"
            f"{ms['batched']:9.2f}   {single:.1f}, in batches of {options.batch} {batched:.1f}"
        )
    good = largest <= LARGEST_DISTANCE
    print("the same embeddings" if good else f"NOT the same embeddings: more than {LARGEST_DISTANCE} apart")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
