"""Which faces are found: ours beside deface and face_recognition's HOG, on open photographs, in one run.

    python benchmarks/detection.py --loader FOLDER --peer PEER/bin/python [--limit 100] [--sets wider_train,mafa_masked]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. PEER is an
environment with deface, onnxruntime and face_recognition (`make detection` makes one). Everybody sees the same pixels,
photo by photo in turn: at most 2048 px long, as they would be published.

A face is found if a box has an IoU of 0.4 with it (0.3 where the set's boxes run from brow to chin), one box a face. A
box is false if it has that IoU with no labelled face ("strict"), or if besides its middle lies in no labelled face and
it hardly overlaps one ("no face": a second or misplaced box on a real face is not that). Photos are drawn at random,
the same every time. Prints a table and writes it to benchmarks/results/detection.txt; photographs and boxes stay in
memory.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from consentguard.errors import UnreadableImage
from consentguard.vision import codec
from consentguard.vision.detect import DETECTORS
from consentguard.vision.weights import Shelf, manifest

BANDS = ((0, 16), (16, 32), (32, 64), (64, 10**6))
TIGHT = {"fgnet_single": 0.3}
RESULTS = Path(__file__).parent / "results" / "detection.txt"

Find = Callable[[np.ndarray], tuple[np.ndarray, float]]
"""A picture to boxes (n, 4) and the seconds that took."""


def ours(name: str) -> Find:
    detector = DETECTORS[name](Shelf.default())

    def find(pixels: np.ndarray) -> tuple[np.ndarray, float]:
        start = time.perf_counter()
        faces = detector.find(pixels)
        seconds = time.perf_counter() - start
        return np.array([face.box.as_list() for face in faces], float).reshape(-1, 4), seconds

    return find


def peer(python: str, name: str) -> Find:
    command = [python, "-W", "ignore", str(Path(__file__).with_name("detection_peer.py")), name]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if child.stdout.readline() != b"ready\n":
        raise SystemExit(f"{name} does not start in {python}: {' '.join(command)}")

    def find(pixels: np.ndarray) -> tuple[np.ndarray, float]:
        child.stdin.write(json.dumps(pixels.shape).encode() + b"\n" + pixels.tobytes())
        child.stdin.flush()
        answer = json.loads(child.stdout.readline())
        return np.array(answer["boxes"], float).reshape(-1, 4), answer["seconds"]

    return find


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9)


class Tally:
    """What one finder did on one set."""

    def __init__(self) -> None:
        self.heights: list[np.ndarray] = []
        self.found: list[np.ndarray] = []
        self.strict = self.no_face = self.photos = self.with_a_miss = 0
        self.seconds: list[float] = []

    def add(self, boxes: np.ndarray, faces: np.ndarray, same: float, seconds: float) -> None:
        found = np.zeros(len(faces), bool)
        tall = faces[:, 3] - faces[:, 1]
        if len(boxes) and len(faces):
            overlap = overlaps(boxes, faces)
            best = overlap.max(axis=1)
            middle = (boxes[:, :2] + boxes[:, 2:]) / 2
            inside = ((middle[:, None] >= faces[None, :, :2]) & (middle[:, None] <= faces[None, :, 2:])).all(axis=2)
            self.strict += int((best < same).sum())
            self.no_face += int(((best < 0.2) & ~inside.any(axis=1)).sum())
            for row in np.argsort(-best):
                column = overlap[row].argmax()
                if overlap[row, column] >= same:
                    found[column] = True
                    overlap[:, column] = 0
        else:
            self.strict += len(boxes)
            self.no_face += len(boxes)
        self.heights.append(tall)
        self.found.append(found)
        self.photos += 1
        self.with_a_miss += bool((~found & (tall >= 32)).any())
        self.seconds.append(seconds)

    def row(self) -> str:
        tall, found = np.concatenate(self.heights), np.concatenate(self.found)

        def recall(low: float, high: float) -> str:
            inside = (tall >= low) & (tall < high)
            return f"{100 * found[inside].mean():.1f} ({inside.sum()})" if inside.any() else "-"

        bands = " ".join(f"{recall(*band):>13}" for band in BANDS)
        return (
            f"{bands} {recall(32, np.inf):>13} {self.with_a_miss:>6} {self.strict / self.photos:>7.2f} "
            f"{self.no_face / self.photos:>7.2f} {1000 * float(np.median(self.seconds)):>7.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loader", type=Path, required=True, help="the folder of load.py")
    parser.add_argument(
        "--peer", metavar="PYTHON", help="the Python of an environment with deface and face_recognition"
    )
    parser.add_argument("--peers", default="deface,hog", help="which of them (default deface,hog)")
    parser.add_argument("--sets", default="wider_train,mafa_masked,mafa_unmasked,fgnet_single")
    parser.add_argument("--limit", type=int, default=100, help="photos of each set (default 100)")
    parser.add_argument("--seed", type=int, default=20261122, help="which photos")
    options = parser.parse_args()

    spec = importlib.util.spec_from_file_location("load", options.loader / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    finders = {"ours": ours("centerface")}
    if Shelf.default().holds(manifest()["yunet"]):
        finders["yunet"] = ours("yunet")
    if options.peer:
        finders |= {name: peer(options.peer, name) for name in options.peers.split(",")}

    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        f"{options.limit} photos a set, seed {options.seed}",
        f"{'set':14} {'finder':7} "
        + " ".join(f"{f'{low}-{high} px' if high < 10**6 else f'{low} px +':>13}" for low, high in BANDS)
        + f" {'32 px +':>13} {'missed':>6} {'strict':>7} {'no face':>7} {'ms':>7}",
    ]
    print("\n".join(lines), flush=True)
    sets = load.detection_sets()
    for name in options.sets.split(","):
        rows = sorted(sets[name], key=lambda row: row[0])
        rows = random.Random(options.seed).sample(rows, min(options.limit, len(rows)))
        tallies = {finder: Tally() for finder in finders}
        for path, faces in rows:
            try:
                picture = codec.decode(Path(path).read_bytes(), max_edge=2048, max_pixels=10**9)
            except UnreadableImage as error:
                print(f"left out: {Path(path).name}: {error}")
                continue
            for finder, find in finders.items():
                boxes, seconds = find(picture.pixels)
                tallies[finder].add(boxes, faces * picture.scale, TIGHT.get(name, 0.4), seconds)
        for finder, tally in tallies.items():
            lines.append(f"{name:14} {finder:7} {tally.row()}")
            print(lines[-1], flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
