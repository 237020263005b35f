"""Faces within a few grey levels: how many are found as they are, and with a copy whose contrast is stretched.

    python benchmarks/faint.py --loader FOLDER [--photos 20]

Each photo is pressed into a few levels, with a black bar above and a bar of noise below, and looked at; then its
stretched copy is. The last lines say how often the photos as they are get such a copy, and what it adds to them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import cv2
import numpy as np

from consentguard.values import Box, Face
from consentguard.vision.detection.contrast import SURE, stretched
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.models.store import ModelStore

LEVELS = ((250, 6), (0, 6), (124, 4), (124, 8), (96, 16), (64, 64))
SMALLEST = 40
"""Pixels; the height of the faces that count."""
SAME = 0.3
"""IoU from which two boxes are of one face."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--loader", type=Path, required=True, help="folder of the open sets' load.py")
    parser.add_argument("--photos", type=int, default=20)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.loader))
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import load

    finder = FaceFinder.load(ModelStore.default())
    sets = load.detection_sets()
    name = next(each for each in sets if each.startswith("wider"))
    photos = [row for row in sets[name] if any(box[3] - box[1] >= SMALLEST for box in row[1])]
    photos = photos[:: max(1, len(photos) // arguments.photos)][: arguments.photos]
    print(f"{len(photos)} photos of {name}, faces from {SMALLEST} px")
    print("| levels | faces | found as it is | with the stretched copy |\n|---|---|---|---|")
    for low, count in LEVELS:
        faces = plain = both = 0
        for path, truth in photos:
            pressed = press(opened(path), low, count)
            wanted = [Box.covering(*box) for box in truth if box[3] - box[1] >= SMALLEST]
            seen, more = finder.find(pressed), added(finder, pressed)
            faces += len(wanted)
            plain += sum(any(face.box.iou(box) > SAME for face in seen) for box in wanted)
            both += sum(any(face.box.iou(box) > SAME for face in (*seen, *more)) for box in wanted)
        print(f"| {low} to {low + count - 1} | {faces} | {plain} | {both} |", flush=True)
    asked = right = wrong = 0
    for path, truth in photos:
        pixels = opened(path)
        if stretched(pixels) is None:
            continue
        asked += 1
        seen = finder.find(pixels)
        for face in added(finder, pixels):
            if all(face.box.iou(other.box) <= SAME for other in seen):
                there = any(face.box.iou(Box.covering(*box)) > SAME for box in truth)
                right, wrong = right + there, wrong + (not there)
    print(
        f"\n{asked} of the {len(photos)} photos as they are get a copy; it adds {right} faces and {wrong} that are none"
    )


def opened(path: object) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def press(pixels: np.ndarray, low: int, count: int) -> np.ndarray:
    pressed = (low + pixels.astype(np.float64) * (count - 1) / 255).round().clip(0, 255).astype(np.uint8)
    bar = max(1, len(pressed) // 12)
    pressed[:bar] = 0
    pressed[-bar:] = np.random.default_rng(0).integers(0, 255, pressed[-bar:].shape, dtype=np.uint8)
    return pressed


def added(finder: FaceFinder, pixels: np.ndarray) -> list[Face]:
    copy = stretched(pixels)
    return [] if copy is None else [face for face in finder.find(copy) if face.score >= SURE]


if __name__ == "__main__":
    main()
