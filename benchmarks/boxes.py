"""Which box to give dlib's landmarks when CenterFace, not HOG, has found the face.

    python benchmarks/boxes.py --peer PEER/bin/python PHOTOS[:LIMIT]...

dlib's predictor was trained on the boxes of dlib's HOG detector, and starts from the average face in the box: a box
that lies a fifth too low ruins two faces in three. This finds the same faces with both detectors, fits several mappings
on half of the photos, and says for the other half how far the embedding moves from the one in HOG's own box. "Lost" is
measured on *all* of CenterFace's faces of 40 pixels and more, those too that HOG does not find: the share where an eye
that the predictor found lies more than 0.3 eye distances from CenterFace's. PEER as for benchmarks/parity.py. Nothing
about a face is written anywhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from parity import Embed, load, photos_in
from peer import Peer
from PIL import Image

from consentguard.values import Box, Face
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.embedding.dlib.boxes import dlib_box
from consentguard.vision.embedding.dlib.chip import face_chip
from consentguard.vision.embedding.dlib.landmarks import ShapePredictor
from consentguard.vision.models.store import ModelStore

LONGEST_EDGE = 1280
SURE_FACE = 0.5

Square = tuple[float, float, float]
"""Centre x, centre y and side, in pixels."""
Mapping = Callable[[Face], Box]


@dataclass
class Seen:
    """One of CenterFace's faces; `hog` and `reference` where HOG found it too."""

    pixels: np.ndarray
    face: Face
    fit: bool
    hog: Box | None = None
    reference: np.ndarray | None = None
    again: Box | None = None

    @property
    def square(self) -> Square:
        box = self.hog
        return (box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2, (box.width + box.height) / 2


# ------------------------------------------------------------------------------------------------------- the two eyes


def look(folders: list[str], peer: Peer, detector: FaceFinder) -> Iterator[Seen]:
    number = 0
    for folder in folders:
        name, _, limit = folder.partition(":")
        for path in photos_in(Path(name), int(limit or 100)):
            with Image.open(path) as image:
                image.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
                pixels = np.asarray(image.convert("RGB"))
            found = [Seen(pixels, face, number % 2 == 0) for face in detector.find(pixels)]
            found = [seen for seen in found if seen.face.score >= SURE_FACE and seen.face.box.height >= 40]
            number += 1
            if found:
                pair(found, peer.faces(pixels), again(pixels, peer))
                yield from found


def again(pixels: np.ndarray, peer: Peer) -> list[Box]:
    """HOG's boxes on the photo at nine tenths, scaled back: how much HOG differs from itself."""
    small = cv2.resize(pixels, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    return [rounded(*(edge / 0.9 for edge in inclusive(css))) for css in peer.boxes(small)]


def pair(found: list[Seen], peer_faces: list, again_boxes: list[Box]) -> None:
    """Gives each face HOG's box of it, where both are each other's best and overlap by a third."""
    for face in peer_faces:
        box = rounded(*inclusive(face.css))
        best = max(found, key=lambda seen: seen.face.box.iou(box))
        if best.face.box.iou(box) > 0.33 and best.hog is None:
            best.hog, best.reference = box, face.embedding
            near = [other for other in again_boxes if other.iou(box) > 0.33]
            best.again = max(near, key=box.iou, default=None)


def inclusive(css: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    top, right, bottom, left = css
    return left, top, right, bottom


def rounded(left: float, top: float, right: float, bottom: float) -> Box:
    """From dlib's inclusive edges to our half open box."""
    return Box(round(left), round(top), round(right) + 1, round(bottom) + 1)


# ----------------------------------------------------------------------------------------------------- the candidates


def as_box(x: float, y: float, side: float) -> Box:
    return rounded(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def middle(face: Face) -> tuple[float, float, float, float]:
    box = face.box
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2, box.width, box.height


def by_size(size: Callable[[float, float], float], up: float = 0.0) -> Callable[[list[Seen]], Mapping]:
    """A square as large as the box is, times a factor, moved by a share of it: medians over the faces to fit."""

    def fit(seen: list[Seen]) -> Mapping:
        rows = []
        for one in seen:
            x, y, width, height = middle(one.face)
            hog_x, hog_y, side = one.square
            unit = size(width, height)
            rows.append((side / unit, (hog_x - x) / unit, (hog_y - y) / unit))
        factor, across, down = np.median(rows, axis=0)
        print(f"  factor {factor:.3f}, across {across:.3f}, down {down - up * factor:.3f}", file=sys.stderr)

        def mapping(face: Face) -> Box:
            x, y, width, height = middle(face)
            unit = size(width, height)
            return as_box(x + across * unit, y + (down - up * factor) * unit, factor * unit)

        return mapping

    return fit


def by_regression(seen: list[Seen]) -> Mapping:
    """Side and height of the centre as linear functions of the box's width and height, least squares."""
    inputs = np.array([middle(one.face)[2:] for one in seen])
    scale = inputs.mean(axis=1, keepdims=True)  # every face weighs the same, whatever its size
    wanted = np.array([(one.square[2], one.square[1] - middle(one.face)[1]) for one in seen])
    weights = np.linalg.lstsq(inputs / scale, wanted / scale, rcond=None)[0]
    print(f"  width, height -> side, down: {weights.round(3).tolist()}", file=sys.stderr)

    def mapping(face: Face) -> Box:
        x, y, width, height = middle(face)
        side, down = np.array([width, height]) @ weights
        return as_box(x, y + down, side)

    return mapping


def similarity(template: np.ndarray, points: np.ndarray, turning: bool) -> Square:
    """Where the template's origin lands and how large its unit becomes, least squares; turned along or not."""
    u, v = template - template.mean(0), points - points.mean(0)
    along = (u * v).sum() / (u**2).sum()
    across = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / (u**2).sum() if turning else 0.0
    x, y = template.mean(0)
    centre = points.mean(0) - (along * x - across * y, across * x + along * y)
    return float(centre[0]), float(centre[1]), float(np.hypot(along, across))


def by_landmarks(turning: bool, up: float = 0.0, larger: float = 1.0) -> Callable[[list[Seen]], Mapping]:
    """The square that has the five landmarks where HOG's squares have them in the median."""

    def fit(seen: list[Seen]) -> Mapping:
        squares = np.array([one.square for one in seen])
        points = np.array([one.face.landmarks for one in seen])
        template = np.median((points - squares[:, np.newaxis, :2]) / squares[:, np.newaxis, 2:], axis=0)
        print(f"  template {template.round(3).tolist()}", file=sys.stderr)

        def mapping(face: Face) -> Box:
            x, y, side = similarity(template, np.array(face.landmarks), turning)
            return as_box(x, y - up * side, larger * side)

        return mapping

    return fit


def by_both(seen: list[Seen]) -> Mapping:
    """Halfway between the square by the box and the one by the landmarks."""
    one, other = by_size(lambda w, h: (w + h) / 2)(seen), by_landmarks(turning=True)(seen)

    def mapping(face: Face) -> Box:
        a, b = one(face), other(face)
        return Box(*((p + q) // 2 for p, q in zip(a.as_list(), b.as_list(), strict=True)))

    return mapping


CANDIDATES: dict[str, Callable[[list[Seen]], Mapping]] = {
    "as it is": lambda _: lambda face: face.box,
    "square by width": by_size(lambda w, h: w),
    "square by height": by_size(lambda w, h: h),
    "square by mean": by_size(lambda w, h: (w + h) / 2),
    "square by mean, 5 % up": by_size(lambda w, h: (w + h) / 2, up=0.05),
    "square by regression": by_regression,
    "landmarks, upright": by_landmarks(turning=False),
    "landmarks, turned": by_landmarks(turning=True),
    "landmarks, turned, 5 % up": by_landmarks(turning=True, up=0.05),
    "landmarks, turned, 10 % up": by_landmarks(turning=True, up=0.1),
    "the same, 10 % larger": by_landmarks(turning=True, up=0.1, larger=1.1),
    "5 % up, 10 % larger": by_landmarks(turning=True, up=0.05, larger=1.1),
    "box and landmarks": by_both,
    "dlib_box (shipped)": lambda _: dlib_box,
}


# ------------------------------------------------------------------------------------------------------ the judgement


@dataclass
class Judge:
    predictor: ShapePredictor
    embed: Embed

    def distances(self, seen: list[Seen], boxes: list[Box]) -> np.ndarray:
        """From the embedding in HOG's own box to the one in these; infinite where no chip could be made."""
        out = np.full(len(seen), np.inf)
        for place, (one, box) in enumerate(zip(seen, boxes, strict=True)):
            try:
                chip = face_chip(one.pixels, self.predictor.landmarks(one.pixels, box))
            except ValueError:
                continue
            out[place] = np.linalg.norm(self.embed(chip[np.newaxis])[0] - one.reference)
        return out

    def lost(self, seen: list[Seen], mapping: Mapping) -> float:
        """The share of faces whose eyes the predictor does not find where CenterFace has them."""
        missed = 0
        for one in seen:
            points = self.predictor.landmarks(one.pixels, mapping(one.face))
            ours = np.array([points[2:4].mean(0), points[0:2].mean(0)])  # the viewer's left eye first
            theirs = np.array(one.face.landmarks[:2])
            missed += np.linalg.norm(ours - theirs, axis=1).max() > 0.3 * np.linalg.norm(theirs[1] - theirs[0])
        return missed / len(seen)


def bare(face: Face) -> Face:
    return Face(face.box, face.score)


def moved(mapping: Mapping, across: float = 0.0, down: float = 0.0, scale: float = 1.0) -> Mapping:
    def mapping_then_moved(face: Face) -> Box:
        box = mapping(face)
        x, y = (box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2
        return as_box(x + across * box.width, y + down * box.height, scale * box.width)

    return mapping_then_moved


def line(name: str, distances: np.ndarray, rest: str = "") -> None:
    median, most = np.quantile(distances, [0.5, 0.95])
    over = "".join(f"{100 * (distances > bound).mean():8.2f}" for bound in (0.1, 0.3, 0.6))
    print(f"{name:28}{median:8.3f}{most:8.3f}{over}{rest}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", help="folders of photographs, each with :LIMIT if not 100")
    parser.add_argument("--peer", required=True, metavar="PYTHON", help="the Python of an environment with the package")
    options = parser.parse_args()

    judge = Judge(*load())
    with Peer(options.peer) as peer:
        everything = list(look(options.photos, peer, FaceFinder.load(ModelStore.default())))
    fit = [one for one in everything if one.fit and one.hog]
    test = [one for one in everything if not one.fit and one.hog]
    all_test = [one for one in everything if not one.fit]
    print(
        f"{len(everything)} faces, {len(fit) + len(test)} of them found by HOG: {len(fit)} to fit, {len(test)} to test"
    )
    print(
        f"{'':28}{'median':>8}{'95 %':>8}{'>0.1 %':>8}{'>0.3 %':>8}{'>0.6 %':>8}{'lost %':>8}"
        f"{'IoU':>7}{'>10 % low':>11}{'>10 % high':>11}"
    )
    both = [one for one in test if one.again]
    line("HOG at nine tenths", judge.distances(both, [one.again for one in both]))
    mappings = {name: candidate(fit) for name, candidate in CANDIDATES.items()}
    for name, mapping in mappings.items():
        boxes = [mapping(one.face) for one in test]
        down = np.array([(box.top + box.bottom - 1) / 2 - one.square[1] for one, box in zip(test, boxes, strict=True)])
        down /= [one.square[2] for one in test]
        iou = np.median([box.iou(one.hog) for one, box in zip(test, boxes, strict=True)])
        line(
            name,
            judge.distances(test, boxes),
            f"{100 * judge.lost(all_test, mapping):8.2f}{iou:7.2f}"
            f"{100 * (down > 0.1).mean():11.1f}{100 * (down < -0.1).mean():11.1f}",
        )

    line("dlib_box without landmarks", judge.distances(test, [dlib_box(bare(one.face)) for one in test]))

    print("\nthe shipped mapping, moved on purpose")
    for name, change in {
        **{
            f"{abs(d):.0%} {'down' if d > 0 else 'up'}": {"down": d}
            for d in (-0.2, -0.15, -0.1, -0.05, 0.05, 0.1, 0.15, 0.2)
        },
        **{f"{d:.0%} sideways": {"across": d} for d in (0.1, 0.2)},
        **{f"{s:.0%} of its size": {"scale": s} for s in (0.8, 0.9, 1.1, 1.2, 1.35)},
    }.items():
        mapping = moved(dlib_box, **change)
        line(
            name,
            judge.distances(test, [mapping(one.face) for one in test]),
            f"{100 * judge.lost(all_test, mapping):8.2f}",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
