"""Faces in photos that are turned: of those that are found upright, how many are found at each eighth of a turn.

    python benchmarks/turned.py --loader FOLDER [--photos 50] [--seed 3]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. Photos of
`wider_train`, `mafa_unmasked` and `scut_heads_b`, as many of each, are turned on a larger grey canvas. Counted are
faces of 32 px and more of the upright photo. One is found if a face of half to twice its height has its middle within
half of its height. Prints the share for each angle, and boxes on no face that is known, a photo.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import cv2
import numpy as np
from openset import loader

from consentguard import Policy
from consentguard.guard.models import reader_of
from consentguard.values import Pixels
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.models.store import ModelStore

SETS = ("wider_train", "mafa_unmasked", "scut_heads_b")
LEAST = 32
GREY = (128, 128, 128)


def turned(pixels: Pixels, degrees: int) -> tuple[Pixels, np.ndarray]:
    """The picture turned to the left on a canvas that holds all of it, and the matrix of places (2, 3)."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, high = int(height * sin + width * cos), int(height * cos + width * sin)
    matrix[:, 2] += ((wide - width) / 2, (high - height) / 2)
    return cv2.warpAffine(pixels, matrix, (wide, high), borderValue=GREY), matrix


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    load, finder, policy = loader(arguments.loader), FaceFinder.load(ModelStore.default()), Policy.shipped()
    every, smallest = {**load.detection_sets(), **load.head_sets()}, policy.picture.smallest_face
    reader = reader_of(policy)
    chance = random.Random(arguments.seed)
    paths = [Path(path) for name in SETS for path, _ in chance.sample(every[name], arguments.photos)]
    found, more, known = dict.fromkeys(range(45, 360, 45), 0), dict.fromkeys(range(45, 360, 45), 0), 0
    for path in paths:
        pixels = reader.read(path.read_bytes()).pixels
        upright = [face.box for face in finder.find(pixels, smallest)]
        large = [box for box in upright if box.height >= LEAST]
        known += len(large)
        for degrees in found:
            picture, matrix = turned(pixels, degrees)
            seen = [face.box for face in finder.find(np.ascontiguousarray(picture), smallest)]
            at = np.array([((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in seen]).reshape(-1, 2)
            tall = np.array([box.height for box in seen], float)

            def near(
                box: object, at: np.ndarray = at, tall: np.ndarray = tall, matrix: np.ndarray = matrix
            ) -> np.ndarray:
                middle = matrix[:, :2] @ ((box.left + box.right) / 2, (box.top + box.bottom) / 2) + matrix[:, 2]
                like = (tall > box.height / 2) & (tall < box.height * 2)
                return like & (np.hypot(*(at - middle).T) < box.height / 2)

            found[degrees] += sum(bool(near(box).any()) for box in large)
            more[degrees] += (
                len(seen) - int(np.any([near(box) for box in upright], axis=0).sum()) if upright else len(seen)
            )
    print(f"{len(paths)} photos, {known} faces of {LEAST} px and more that are found upright")
    for degrees, count in found.items():
        print(f"{degrees:3d} degrees: {count / known:.3f} found; {more[degrees] / len(paths):.2f} others a photo")


if __name__ == "__main__":
    main()
