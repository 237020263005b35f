"""Faces under noise, in negatives, in dither, behind nets and in coarse prints: how many are found in open photos.

    python benchmarks/noise.py --loader FOLDER [--photos 14] [--seed 11] [--lattices]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs.
A face counts as found where a box that was found holds its middle.

With --lattices, nets and halftone instead. Lines of a net are .15 of a cell wide, and a face is 6 to 12 cells high; of
halftone it is 9 to 18 dots high. A photo gets one number of cells and one of dots for its faces of middling height, and
those of its faces count that lie in these bounds and are found without.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageFilter

import consentguard
from consentguard.values import Box

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


def fine(shape: tuple[int, ...], slant: bool) -> tuple[np.ndarray, np.ndarray]:
    """Two coordinates, at right angles, of the quarters of pixels; diagonal ones with `slant`."""
    down, across = np.mgrid[: 2 * shape[0], : 2 * shape[1]] / 2
    return ((across + down) / 2**0.5, (across - down) / 2**0.5) if slant else (across, down)


def net(pixels: np.ndarray, cell: float, level: int, slant: bool) -> np.ndarray:
    """Behind a net of square cells of so many pixels, its lines of one grey level."""
    one, other = fine(pixels.shape, slant)
    lines = ((one % cell < 0.15 * cell) | (other % cell < 0.15 * cell)).astype(np.float32)
    share = cv2.resize(lines, pixels.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
    return (pixels * (1 - share) + level * share).astype(np.uint8)


def halftone(pixels: np.ndarray, apart: float) -> np.ndarray:
    """Black dots on white, on a screen at 45 degrees, so many pixels apart."""
    one, other = fine(pixels.shape, True)
    spot = np.cos(2 * np.pi * one / apart) + np.cos(2 * np.pi * other / apart)
    usual = np.sort(spot[:: max(1, len(spot) // 400)], axis=None)
    rank = np.searchsorted(usual, spot) / len(usual)
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 0.3 * apart) / 255
    ink = (rank > cv2.resize(grey, spot.shape[::-1])).astype(np.float32)
    paper = 255 * (1 - cv2.resize(ink, pixels.shape[1::-1], interpolation=cv2.INTER_AREA))
    return np.repeat(paper.astype(np.uint8)[..., None], 3, axis=2)


LATTICES: dict[str, tuple[Callable[[np.ndarray, float], np.ndarray], tuple[int, ...]]] = {
    "dark net": (lambda pixels, cell: net(pixels, cell, 25, False), (6, 9, 12)),
    "white net": (lambda pixels, cell: net(pixels, cell, 235, False), (6, 9, 12)),
    "white net, slanting": (lambda pixels, cell: net(pixels, cell, 235, True), (6, 9, 12)),
    "halftone": (halftone, (9, 13, 18)),
}
"""How each is made, and the numbers of cells or dots to a face; the first and the last are the bounds."""

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


def seen(pixels: np.ndarray) -> list[Box]:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return [face.box for face in consentguard.detect(out.getvalue()).faces]


def holds(boxes: list[Box], face: np.ndarray) -> bool:
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    return any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in boxes)


def forms(photos: list[tuple[np.ndarray, list[np.ndarray]]]) -> None:
    found = dict.fromkeys(FORMS, 0)
    for pixels, large in photos:
        for form, change in FORMS.items():
            boxes = seen(change(pixels))
            found[form] += sum(holds(boxes, face) for face in large)
    print("| | found |\n|---|---|")
    for form, number in found.items():
        print(f"| {form} | {number} |")


def lattices(photos: list[tuple[np.ndarray, list[np.ndarray]]]) -> None:
    found, faces, more = (dict.fromkeys(LATTICES, 0) for _ in range(3))
    for number, (pixels, large) in enumerate(photos):
        plain = seen(pixels)
        known = [face for face in large if holds(plain, face)]
        middling = float(np.median([face[3] - face[1] for face in known or large]))
        for form, (make, counts) in LATTICES.items():
            size = middling / counts[number % len(counts)]
            among = [face for face in known if counts[0] <= (face[3] - face[1]) / size <= counts[-1] + 1e-6]
            boxes = seen(make(pixels, size))
            found[form] += sum(holds(boxes, face) for face in among)
            faces[form] += len(among)
            more[form] += sum(not any(box.iou(other) > 0.2 for other in plain) for box in boxes)
    print("| | found | of those found without | boxes a photo where nothing was found without |\n|---|---|---|---|")
    for form, number in found.items():
        share = number / max(faces[form], 1)
        print(f"| {form} | {number} of {faces[form]} | {share:.3f} | {more[form] / len(photos):.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=14)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--lattices", action="store_true", help="nets and halftone instead of noise")
    arguments = parser.parse_args()
    marked = [item for items in loader(arguments.loader).detection_sets().values() for item in items]
    random.Random(arguments.seed).shuffle(marked)
    photos: list[tuple[np.ndarray, list[np.ndarray]]] = []
    for path, boxes in marked:
        image = Image.open(path).convert("RGB")
        large = [box for box in boxes if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST]
        if 300 <= max(image.size) <= 1400 and 0 < len(large) <= 25:
            photos.append((np.asarray(image), large))
        if len(photos) == arguments.photos:
            break
    print(f"{sum(len(large) for _, large in photos)} faces of {len(photos)} photos, from {SMALLEST} px\n")
    (lattices if arguments.lattices else forms)(photos)


if __name__ == "__main__":
    main()
