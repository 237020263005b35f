"""Faces under salt-and-pepper noise, in negatives and in dither: how many are found of those marked in open photos.

    python benchmarks/noise.py --loader FOLDER [--photos 14]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs.
A face counts as found where a box that was found holds its middle.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

import consentguard

sys.path.insert(0, str(Path(__file__).parent))

from openset import loader

SMALLEST = 30
"""Pixels of the shorter side of the faces that count."""
RNG = np.random.default_rng(0)


def salted(share: float) -> Callable[[np.ndarray], np.ndarray]:
    def salt(pixels: np.ndarray) -> np.ndarray:
        noisy, chance = pixels.copy(), RNG.random(pixels.shape[:2])
        noisy[chance < share / 2], noisy[chance > 1 - share / 2] = 0, 255
        return noisy

    return salt


def dithered(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).convert("1").convert("RGB"))


def filtered(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(salted(0.2)(pixels)).filter(ImageFilter.MedianFilter(3)))


def blurred(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(dithered(pixels)).filter(ImageFilter.GaussianBlur(1.5)))


FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda pixels: pixels,
    "noise on 5 % of the pixels": salted(0.05),
    "noise on 20 %": salted(0.2),
    "noise on 20 %, behind a median of 3": filtered,
    "noise on 40 %": salted(0.4),
    "negative": lambda pixels: 255 - pixels,
    "dither in black and white": dithered,
    "dither, blurred by 1.5 pixels": blurred,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=14)
    arguments = parser.parse_args()
    marked = [item for items in loader(arguments.loader).detection_sets().values() for item in items]
    random.Random(11).shuffle(marked)
    found, faces, photos = dict.fromkeys(FORMS, 0), 0, 0
    for path, boxes in marked:
        image = Image.open(path).convert("RGB")
        large = [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST]
        if not 300 <= max(image.size) <= 1400 or not 0 < len(large) <= 25:
            continue
        photos, faces = photos + 1, faces + len(large)
        for form, change in FORMS.items():
            out = io.BytesIO()
            Image.fromarray(change(np.asarray(image))).save(out, "PNG")
            seen = [face.box for face in consentguard.detect(out.getvalue()).faces]
            for left, top, right, bottom in large:
                x, y = (left + right) / 2, (top + bottom) / 2
                found[form] += any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in seen)
        if photos == arguments.photos:
            break
    print(f"{faces} faces of {photos} photos, from {SMALLEST} px\n\n| | found |\n|---|---|")
    for form, number in found.items():
        print(f"| {form} | {number} |")


if __name__ == "__main__":
    main()
