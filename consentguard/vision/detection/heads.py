"""Heads that are not among the faces: seen from behind where that is certain, unsure where a face shows.

The passes that were taken for faces say where heads may be; close passes at each of them say whether it is one, whether
it is turned away and whether a face shows (backs.py). From behind is only what shows no trace of a face. A head that is
neither is left alone: docs/decisions/0072-backs-of-heads.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Face, Head, Pixels
from consentguard.vision import rewrite
from consentguard.vision.boxes import shared, suppressed
from consentguard.vision.detection.backs import Readings, likely_heads, read_heads, with_faces
from consentguard.vision.detection.centerface import CenterFace, DetectorPass, heights
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.detection.ssd import Floats, sigmoid
from consentguard.vision.models.store import ModelStore

_PIXELS: Final = 0.7e6
_SCALES: Final = (0.5, 1.4)
"""The finer pass has this many pixels, at a scale in this range; the coarser is half of it. Backs of heads under some
32 px show nobody, so nothing is gained by looking finer."""
_SMALLEST: Final = 20.0
"""Pixels, height of CenterFace's box (brow to chin)."""
_MOST: Final = 24
"""How many candidates get a close pass, the likeliest first."""

_HEAD: Final = 2.0
_HOPE: Final = 1.5
"""Log odds from which something is a head, and how much surer two passes may be than the first: 95 % are not."""
_BEHIND: Final = 0.0
_FACE: Final = 0.25
"""From behind needs these log odds, and no pass that gives a face this score."""
_SHOWS: Final = 0.50
"""Unsure, which counts as a face, is a head in which a pass gives a face this score."""
_INSIDE_FRAME: Final = 0.9
"""Share of the whole head that lies in the picture."""

_HEAD_SIDE: Final = 0.92
_HEAD_HALF: Final = 0.98
"""From the middle of a head to the edges of its box, in heights of a face."""


class HeadFinder:
    """Finds heads that are not among the faces. Safe to share between threads."""

    def __init__(self, network: CenterFace) -> None:
        self._network = network
        self.label = network.label

    @classmethod
    def load(cls, model_store: ModelStore) -> HeadFinder:
        """Reads CenterFace from the model store. Raises ModelUnavailable."""
        return cls(CenterFace.load(model_store))

    def find(
        self, pixels: Pixels | Levels, faces: Sequence[Face], passes: Sequence[DetectorPass] | None = None
    ) -> tuple[Head, ...]:
        """Heads of an RGB picture (uint8, height x width x 3, or its levels) that are none of its faces, surest first.

        `passes` are CenterFace's over the whole picture, upright, where somebody has made them already. Boxes may reach
        beyond the picture, as heads do. Raises ModelUnavailable.
        """
        levels = Levels.of(pixels)
        known = self.readings(levels, faces, self._passes(levels) if passes is None else passes)
        height, width = levels.pixels.shape[:2]
        behind = from_behind(known) & ~beside_a_face(known.boxes, faces) & inside_frame(known.boxes, width, height)
        unsure = ~behind & (known.face >= _SHOWS)
        score = sigmoid(known.head)
        found = (
            Head(head_box(known.boxes[i]), float(score[i]), bool(behind[i])) for i in np.flatnonzero(behind | unsure)
        )
        return tuple(head for head in found if head.box.within(width, height))

    def readings(self, levels: Levels, faces: Sequence[Face], passes: Sequence[DetectorPass]) -> Readings:
        """The heads among the candidates, each once, surest first, and what is known about them."""
        known = read_heads(self._network, levels, candidates(passes, faces), _HEAD, _HOPE)
        known = known.of(~among(known.boxes, faces))
        known = known.of(suppressed_heads(known.boxes, known.head))
        possible = (known.behind >= _BEHIND) & (known.face < _FACE)
        face = known.face.copy()
        face[possible] = with_faces(self._network, levels, known.of(possible)).face
        return Readings(known.boxes, known.head, known.behind, face)

    def _passes(self, levels: Levels) -> list[DetectorPass]:
        height, width = levels.pixels.shape[:2]
        finest = float(np.clip(np.sqrt(_PIXELS / (height * width)), *_SCALES))
        return [self._network.whole(levels, scale) for scale in (finest, finest / 2)]


def candidates(passes: Sequence[DetectorPass], faces: Sequence[Face]) -> Floats:
    """What may be a head that is no face: float32 (n, 4), the likeliest first."""
    rows = np.concatenate([likely_heads(each) for each in passes])
    rows = rows[(heights(rows) >= _SMALLEST) & ~among(rows, faces)]
    return rows[suppressed_heads(rows, rows[:, 4])][:_MOST, :4]


def from_behind(known: Readings) -> NDArray[np.bool_]:
    """Which heads are positively seen from behind: turned away by what the network's inside says, and no pass sees a
    face."""
    return np.asarray((known.head >= _HEAD) & (known.behind >= _BEHIND) & (known.face < _FACE))


def suppressed_heads(boxes: Floats, sure: Floats) -> NDArray[np.intp]:
    """Indices left when boxes of one head are one, surest first: 0.4 of the smaller shared, or middles near."""
    order = np.argsort(-sure, kind="stable")
    middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
    apart = np.hypot(*np.moveaxis(middle[:, None] - middle[None], -1, 0))
    tall = heights(boxes)
    same = (_shared(boxes, boxes) > 0.4) | (apart < 0.7 * np.maximum(tall[:, None], tall[None]))
    return suppressed(same, order)


def head_box(box: Floats) -> Box:
    """The whole head around CenterFace's box of it."""
    x, y, unit = float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, float(heights(box[None])[0])
    side, half = _HEAD_SIDE * unit, _HEAD_HALF * unit
    return Box.covering(x - side, y - half, x + side, y + half)


def among(rows: Floats, faces: Sequence[Face]) -> NDArray[np.bool_]:
    """Which candidates (n, 4+) belong to a face: a third of the smaller box is shared, or the middle is in its head."""
    if not faces or not len(rows):
        return np.zeros(len(rows), np.bool_)
    known = np.array([face.box.as_list() for face in faces], np.float32)
    head = np.array([rewrite.head_box(face).as_list() for face in faces], np.float32)
    middle = (rows[:, None, :2] + rows[:, None, 2:4]) / 2
    inside = np.all((middle >= head[None, :, :2]) & (middle <= head[None, :, 2:]), axis=-1)
    return np.asarray(np.any(_shared(rows, known) > 1 / 3, axis=1) | np.any(inside, axis=1))


def inside_frame(boxes: Floats, width: int, height: int) -> NDArray[np.bool_]:
    """Whether the head around each of CenterFace's boxes (n, 4) lies in the picture, but for a rim."""
    heads = [head_box(box) for box in boxes]
    inside = [head.within(width, height) for head in heads]
    shares = [part.area / head.area if part else 0.0 for part, head in zip(inside, heads, strict=True)]
    return np.array(shares, np.float32) >= _INSIDE_FRAME


def beside_a_face(boxes: Floats, faces: Sequence[Face]) -> NDArray[np.bool_]:
    """Whether the head around each of CenterFace's boxes (n, 4) holds the middle of a face: then it is not all hair.

    Of 105 boxes from behind in 575 photos of scut_heads_b those are 15, and three of these were none.
    """
    heads = np.array([head_box(box).as_list() for box in boxes], np.float32).reshape(-1, 1, 4)
    known = np.array([face.box.as_list() for face in faces], np.float32).reshape(-1, 4)
    middle = (known[:, :2] + known[:, 2:]) / 2
    return np.asarray(((heads[..., :2] <= middle) & (middle <= heads[..., 2:])).all(axis=-1).any(axis=-1))


def _shared(rows: Floats, others: Floats) -> Floats:
    """Intersection over the smaller box, each of rows with each of others."""
    areas = [np.maximum(boxes[:, 2:4] - boxes[:, :2], 1e-6).prod(axis=1) for boxes in (rows, others)]
    return np.asarray(shared(rows, others) / np.minimum(areas[0][:, None], areas[1][None]), np.float32)
