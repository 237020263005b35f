"""Heads by the inside of CenterFace: where one may be, and what it shows.

CenterFace was taught faces, yet the inside of it knows heads: linear readings of its tensor `474`, fitted on labelled
heads by benchmarks/backs.py, find them in passes over the whole picture that were taken for faces, and tell them in
close passes. What shows of a face is said by the network itself (docs/decisions/0072-backs-of-heads.md).
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass, fields
from importlib import resources
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.vision.detection.centerface import INNER_STRIDE, TALL, CenterFace, DetectorPass, Window, heights
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.detection.ssd import Floats

_FILE: Final = "heads.npz"

SIZES: Final = (("small", 38.0), ("large", 80.0))
"""Height in pixels of the heads that a reading of a pass over the whole picture finds: half an octave more or less. The
first is of 3 x 3 cells of the tensor, the second of 3 x 3 squares of four."""
_LIKELY: Final = -1.0
"""Log odds from which there may be a head: 65 of 79 clear backs at 6 boxes a photo."""

HEAD_OVER_FACE: Final = 1.75
"""How much higher a whole head is than the face box by which CenterFace's passes are measured."""
_PLACES: Final = 9
PASS: Final = (128, 84.0)
"""Side of the cut by which heads are told, and height of the whole head in it, in pixels."""
_FACE_PASSES: Final = ((64, 36.0), (96, 56.0), (192, 120.0))
"""The same of the other cuts in which a face is looked for. One size misses what another sees."""
_WINDOW: Final = Window(
    across=0.35 * HEAD_OVER_FACE, down=0.42 * HEAD_OVER_FACE, least=0.3 * HEAD_OVER_FACE, most=1.3 * HEAD_OVER_FACE
)
"""Where in a head a face may be, and of what size."""
_MOST_MOVED: Final = 0.5
"""By how much a head may be larger or smaller than it was thought to be: the logarithm."""
_ASPECT: Final = 0.78
"""Width over height of CenterFace's boxes."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Linear readings of nine places of the tensor, row by row, 96 channels each, the constant last.

    Attributes:
        small, large: float32 (865,), log odds that there is a head in the middle of such places of a pass over the
            whole picture, for heads of two sizes.
        head: float32 (865,), log odds that the cut shows a head.
        behind: float32 (865,), log odds that a head is seen from behind, and shows no face.
        place: float32 (865, 3), where its middle lies from that of the cut, across and down in heights of the head
            that the cut was made for, and the logarithm of how much higher it is.
    """

    small: Floats
    large: Floats
    head: Floats
    behind: Floats
    place: Floats


_NAMES: Final = tuple(field.name for field in fields(Weights))


@functools.cache
def shipped() -> Weights:
    """The weights that travel with this package."""
    file = resources.files("consentguard.vision.detection").joinpath(_FILE)
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as parts:
        return Weights(*(np.asarray(parts[name], np.float32) for name in _NAMES))


@dataclass(frozen=True, slots=True)
class Readings:
    """What is known about candidates; every array has one row for each.

    Attributes:
        boxes: float32 (n, 4), as CenterFace would see a face there; the head around it is `HEAD_OVER_FACE` as high.
        head, behind: float32 (n,), log odds.
        face: float32 (n,), the best score of a face in any pass that was taken, 0..1.
    """

    boxes: Floats
    head: Floats
    behind: Floats
    face: Floats

    def of(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Readings:
        return Readings(self.boxes[which], self.head[which], self.behind[which], self.face[which])


def likely_heads(seen: DetectorPass) -> Floats:
    """Where a pass over the whole picture may show a head: float32 (n, 5), boxes in pixels of the picture and log odds.

    The boxes are such as CenterFace would see a face in. Costs nothing beside the pass.
    """
    weights, found = shipped(), []
    for name, tall in SIZES:
        step = 1 if name == "small" else 2
        maps = seen.inside if step == 1 else by_four(seen.inside)
        odds = slid(maps, getattr(weights, name), step)
        best = cv2.dilate(odds, np.ones((2 * step + 1, 2 * step + 1), np.uint8))
        row, column = np.nonzero((odds >= _LIKELY) & (odds >= best))
        middle = (np.column_stack([column, row]) + step / 2) * INNER_STRIDE / (seen.across, seen.down)
        boxes = _usual(middle, np.full(len(row), tall / HEAD_OVER_FACE / seen.across))
        found.append(np.column_stack([boxes, odds[row, column]]))
    return np.concatenate(found).astype(np.float32)


def slid(maps: Floats, weights: Floats, step: int) -> Floats:
    """A reading at every place of maps (96, h, w), float32 (h, w); the nine places are `step` apart, none beyond."""
    height, width = maps.shape[1:]
    said = np.tensordot(weights[:-1].reshape(_PLACES, -1), maps, 1)
    roomy = np.pad(said, ((0, 0), (step, step), (step, step)))
    total: Floats = np.full((height, width), weights[-1], np.float32)
    for place in range(_PLACES):
        down, across = (step * at for at in divmod(place, 3))
        total = total + roomy[place, down : down + height, across : across + width]
    return total.astype(np.float32)


def by_four(maps: Floats) -> Floats:
    """Means of each cell and its neighbours to the right and below; there is nothing beyond the maps."""
    roomy = np.pad(maps, ((0, 0), (0, 1), (0, 1)))
    return np.asarray((roomy[:, :-1, :-1] + roomy[:, 1:, :-1] + roomy[:, :-1, 1:] + roomy[:, 1:, 1:]) / 4, np.float32)


def read_heads(network: CenterFace, levels: Levels, boxes: Floats, least: float, hope: float) -> Readings:
    """Which of the boxes (n, 4) are heads, moved to where these are.

    Three passes: one that says where the head is, and a plain and a mirrored one there. What is more than `hope` under
    `least`, the log odds from which something is a head, gets no second one.
    """
    weights = shipped()
    _, inside = _told(network, levels, boxes, mirror=False)
    boxes = _placed(boxes, _linear(inside, weights.place))[_linear(inside, weights.head) >= least - hope]
    plain, inside = _told(network, levels, boxes, mirror=False)
    mirrored, other = _told(network, levels, boxes, mirror=True)
    inside = np.asarray((inside + other) / 2, np.float32)
    head, behind = _linear(inside, weights.head), _linear(inside, weights.behind)
    known = Readings(_placed(boxes, _linear(inside, weights.place)), head, behind, np.maximum(plain, mirrored))
    return known.of(head >= least)


def _told(network: CenterFace, levels: Levels, boxes: Floats, *, mirror: bool) -> tuple[Floats, Floats]:
    side, tall = PASS
    return network.head_pass(levels, boxes, side, tall / HEAD_OVER_FACE, mirror=mirror, window=_WINDOW)


def with_faces(network: CenterFace, levels: Levels, known: Readings) -> Readings:
    """The same after six more passes for a face, of three sizes, plain and mirrored."""
    face = known.face
    for side, tall in _FACE_PASSES:
        for mirror in (False, True):
            score, _ = network.close_pass(
                levels, known.boxes, side, tall / HEAD_OVER_FACE, mirror=mirror, window=_WINDOW
            )
            face = np.maximum(face, score)
    return Readings(known.boxes, known.head, known.behind, face)


def _linear(inside: Floats, weights: Floats) -> Floats:
    return np.asarray(inside @ weights[:-1] + weights[-1], np.float32)


def _placed(boxes: Floats, place: Floats) -> Floats:
    """Boxes around where the heads are said to be."""
    tall = heights(boxes)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + place[:, :2] * (HEAD_OVER_FACE * tall)[:, None]
    return _usual(middle, tall * np.exp(np.clip(place[:, 2], -_MOST_MOVED, _MOST_MOVED)))


def _usual(middle: NDArray[np.floating], tall: NDArray[np.floating]) -> Floats:
    """Boxes of CenterFace's usual shape, of which `heights` says `tall`."""
    half = (tall / TALL)[:, None] / 2 * np.array([_ASPECT**0.5, _ASPECT**-0.5])
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)
