"""Which faces are found: ours beside deface and face_recognition's HOG, on open photographs, in one run.

    python benchmarks/detection.py --loader FOLDER --peer PEER/bin/python [--limit 100] [--hidden] [--large 8]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. PEER is an
environment with deface, onnxruntime and face_recognition (`make detection` makes one). Everybody sees the same pixels,
photo by photo in turn: at most 2048 px long, as they would be published.

A face is found if a box has an IoU of 0.4 with it (0.3 where the set's boxes run from brow to chin), one box a face. A
box is false if it has that IoU with no labelled face ("strict"), or if besides its middle lies in no labelled face and
it hardly overlaps one ("no face": a second or misplaced box on a real face is not that). "Hidden" is what the guard
would hide: our faces, and heads that are neither faces nor from behind. In brackets behind the recall from 32 px: 95 %
interval over photos, bootstrapped. Photos are taken in random order, the same every time. In the order of seed 77 the
score was fitted on photos 600 to 1500 of `wider_train`, 0 to 400 and 0 to 150 of the mafa sets; --sets begins behind
them. --large times whole ways from the bytes of 12-megapixel photos, enlarged from the first of the set. Prints a
table and writes it to --out; photographs and boxes stay in memory.
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
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from consentguard.errors import UnreadableImage
from consentguard.vision.detection.detector import DETECTORS
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.heads import HeadFinder
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore, manifest

BANDS = ((0, 16), (16, 32), (32, 64), (64, 10**6))
SETS = "wider_train:1500,mafa_masked:400,mafa_unmasked:150,fgnet_single"
TIGHT = {"fgnet_single": 0.3}
RESULTS = Path(__file__).parent / "results" / "detection.md"

Find = Callable[[np.ndarray], tuple[np.ndarray, float]]
"""A picture to boxes (n, 4) and the seconds that took."""


def hidden() -> Find:
    """Faces and unsure heads, as the guard looks for them: the heads through the detector's passes."""
    detector, finder = FaceFinder.load(ModelStore.default()), HeadFinder.load(ModelStore.default())

    def find(pixels: np.ndarray) -> tuple[np.ndarray, float]:
        start = time.perf_counter()
        faces, looks = detector.search(pixels)
        heads = finder.find(pixels, faces, looks)
        seconds = time.perf_counter() - start
        boxes = [face.box.as_list() for face in faces] + [head.box.as_list() for head in heads if not head.from_behind]
        return np.array(boxes, float).reshape(-1, 4), seconds

    return find


def ours(name: str) -> Find:
    detector = DETECTORS[name](ModelStore.default())

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

    def cells(self) -> list[str]:
        tall, found = np.concatenate(self.heights), np.concatenate(self.found)

        def recall(low: float, high: float) -> str:
            inside = (tall >= low) & (tall < high)
            return f"{100 * found[inside].mean():.1f} % of {inside.sum()}" if inside.any() else ""

        return [
            *(recall(*band) for band in BANDS),
            f"{recall(32, np.inf)} ({self._interval()})",
            str(self.with_a_miss),
            f"{self.strict / self.photos:.2f}, {self.no_face / self.photos:.2f}",
            f"{1000 * float(np.median(self.seconds)):.0f}",
        ]

    def _interval(self) -> str:
        large = [tall >= 32 for tall in self.heights]
        found = np.array([(hit & big).sum() for hit, big in zip(self.found, large, strict=True)])
        there = np.array([big.sum() for big in large])
        draws = np.random.default_rng(0).integers(0, self.photos, (1000, self.photos))
        low, high = np.percentile(100 * found[draws].sum(axis=1) / np.maximum(there[draws].sum(axis=1), 1), [2.5, 97.5])
        return f"{low:.1f} to {high:.1f}"


def large(options: argparse.Namespace, paths: list[Path], finders: dict[str, Find]) -> list[str]:
    """The whole way from the bytes of 12-megapixel JPEGs to the faces: ours at published size, deface's at its own."""
    ours_ms, peer_ms = [], []
    for path in paths[: options.large]:
        small = codec.decode(path.read_bytes(), max_edge=2048, max_pixels=10**9).pixels
        scale = (12e6 / small[..., 0].size) ** 0.5
        size = (round(small.shape[1] * scale), round(small.shape[0] * scale))
        grown = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
        data = cv2.imencode(".jpg", grown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        for _ in range(2):  # the first time the engines make their code for the size
            start = time.perf_counter()
            picture = codec.decode(data, max_edge=2048, max_pixels=10**9)
            decoding = time.perf_counter() - start
            seconds = decoding + finders["ours"](picture.pixels)[1]
            start = time.perf_counter()
            pixels = np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
            decoding = time.perf_counter() - start
            theirs = decoding + finders["deface"](pixels)[1]
        ours_ms.append(1000 * seconds)
        peer_ms.append(1000 * theirs)
    ratios = np.array(peer_ms) / np.array(ours_ms)
    return [
        f"{len(ours_ms)} photos of 12 megapixels, from their bytes to the faces, medians: ours "
        f"{np.median(ours_ms):.0f} ms, deface {np.median(peer_ms):.0f} ms, "
        f"ratio {np.median(ratios):.1f} ({ratios.min():.1f} to {ratios.max():.1f})."
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loader", type=Path, required=True, help="the folder of load.py")
    parser.add_argument(
        "--peer", metavar="PYTHON", help="the Python of an environment with deface and face_recognition"
    )
    parser.add_argument("--peers", default="deface,hog", help="which of them (default deface,hog)")
    parser.add_argument("--sets", default=SETS, help=f"which, each with the photo to begin with (default {SETS})")
    parser.add_argument("--limit", type=int, default=100, help="photos of each set (default 100)")
    parser.add_argument("--seed", type=int, default=77, help="which order")
    parser.add_argument("--large", type=int, default=0, help="time so many photos of 12 megapixels too")
    parser.add_argument("--hidden", action="store_true", help="a row for faces and unsure heads together")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()

    spec = importlib.util.spec_from_file_location("load", options.loader / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    finders = {"ours": ours("centerface")}
    if options.hidden:
        finders["hidden"] = hidden()
    if ModelStore.default().holds(manifest()["yunet"]):
        finders["yunet"] = ours("yunet")
    if options.peer:
        finders |= {name: peer(options.peer, name) for name in options.peers.split(",")}

    bands = [f"{low}-{high} px" if high < 10**6 else f"{low} px +" for low, high in BANDS]
    titles = ["set", "photos", "finder", *bands, "32 px +", "photos with a miss", "false: strict, no face", "ms"]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    print("\n".join(lines), flush=True)
    sets, first = load.detection_sets(), []
    for name, _, skip in (part.partition(":") for part in options.sets.split(",")):
        rows = sorted(sets[name], key=lambda row: row[0])
        random.Random(options.seed).shuffle(rows)
        rows = rows[int(skip or 0) :][: options.limit]
        first = first or [Path(path) for path, _ in rows]
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
            lines.append("| " + " | ".join([name, str(tally.photos), finder, *tally.cells()]) + " |")
            print(lines[-1], flush=True)
    if options.large:
        lines += ["", *large(options, first, finders)]
        print(lines[-1])
    head = [
        "# Faces found, beside the peers",
        "",
        f"{date.today():%d %B %Y}; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        "Times are of this machine and this hour: read them as ratios.",
        "",
        "    python benchmarks/detection.py --loader FOLDER --peer PYTHON \\",
        f"        --peers {options.peers} --seed {options.seed} --limit {options.limit} --large {options.large}"
        f"{' --hidden' * options.hidden} \\",
        f"        --sets {options.sets}",
        "",
    ]
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
