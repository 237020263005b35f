"""The default face detector: CenterFace at several scales, its looks fused, and a close look where they leave doubt.

Several looks an octave apart find more than one fine look: a face that one scale misses, another sees. The finest is
chosen from what has to be found, not from the camera's megapixels. docs/decisions/0004 has what was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import cv2
import numpy as np

from consentguard.values import Box, Face, Pixels
from consentguard.vision.detection.centerface import CenterFace, DetectorPass, Floats, Rows, padded
from consentguard.vision.detection.fusion import CLOSE_LARGE, Candidates, fuse, may_be_placed, placed, settle, unsure
from consentguard.vision.detection.pyramid import TURNS, Levels
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore

_SEEN_FROM: Final = 12.0
_SEEN_TO: Final = 300.0
"""Heights in pixels between which the network sees a face whole."""
_FINEST_PIXELS: Final = 1.1e6
"""Pixels of the finest look where nothing smaller has to be found: finer than that adds false boxes, hardly faces."""
_FINEST_SCALE: Final = 1.4
"""A small picture is enlarged by no more than this."""
_STEP: Final = 64
"""Pixels to whose multiples looks are padded, as centerface.py has it for larger ones."""
_SURE: Final = 0.9
_SURE_TURNED: Final = 0.5
"""A face of the first score stands upright, whatever a turned look says; a turned face counts from the second."""
_TURNED: Final = (1, 2, 3)
"""Quarters to the left by which the picture is turned."""
_SAME_TURNED: Final = 0.3
"""IoU from which a turned face is one that was found upright."""
_SNAP: Final = (0.92, 1.04)
"""How far a scale may be moved to fit the shapes that looks are padded to."""
_CUTS: Final = ((128, 48.0, True), (192, 80.0, False))
"""Of the close looks, for small and for large faces: side of the cut, height of the face in it, both in pixels, and
whether it is mirrored."""


class FaceFinder:
    """Finds faces. Safe to share between threads."""

    smallest_face = 12
    """Pixels: the network loses smaller ones, and what is smaller is no face to this detector."""

    def __init__(self, network: CenterFace) -> None:
        self._network = network
        self.label = network.label

    @classmethod
    def load(cls, model_store: ModelStore) -> FaceFinder:
        """Reads the network from the model store. Raises ModelUnavailable."""
        return cls(CenterFace.load(model_store))

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first; the score is a probability.

        `smallest_face` is the height in pixels from which every face has to be found.
        """
        return self.search(pixels, smallest_face)[0]

    def search(self, pixels: Pixels, smallest_face: int = 20) -> tuple[tuple[Face, ...], tuple[DetectorPass, ...]]:
        """The same faces, and each upright look at the whole picture, for whoever can use that too: heads.py.

        The picture is looked at turned too, for a phone held sideways may not say so, and people lie down.
        """
        levels = Levels(pixels)
        scales = _scales_of(levels, smallest_face)
        looks = [partial(self._network.whole, levels, scale) for scale in scales]
        looks += [partial(self._network.whole, levels, scales[-1], turns=turns) for turns in _TURNED]
        seen = engine.together(looks)
        rows = [look.rows for look in seen]
        found = self._fused(levels, rows[: len(scales)], scales)
        return self._with_turned(levels, smallest_face, found, rows[len(scales) :]), tuple(seen[: len(scales)])

    def find_upright(self, pixels: Pixels, smallest_face: int = 20, *, finest: bool = True) -> tuple[Face, ...]:
        """Faces that stand upright, surest first; without the finest look, those twice as large and larger."""
        levels = Levels(pixels)
        scales = _scales_of(levels, smallest_face)
        if not finest:
            scales = scales[1:] if len(scales) > 2 else (scales[1], scales[1] / 2)
        return self._upright(levels, scales)

    def _upright(self, levels: Levels, scales: Sequence[float]) -> tuple[Face, ...]:
        return self._fused(levels, engine.together([partial(self._network.look, levels, s) for s in scales]), scales)

    def _with_turned(
        self, levels: Levels, smallest_face: int, found: tuple[Face, ...], coarse: Sequence[Rows]
    ) -> tuple[Face, ...]:
        """The faces, and those that are seen only with the picture turned, surest first.

        `coarse` is what the coarsest look of the plan saw at each turn. Where nothing sure stands upright, the picture
        may lie on its side, and it is looked at anew at the scale of the second pass, where that is finer.
        """
        sure = [face for face in found if face.score >= _SURE]
        scales = _scales_of(levels, smallest_face)
        if not sure and len(scales) > 2:
            looks = [partial(self._network.look, levels, scales[1], turns=turns) for turns in _TURNED]
            coarse = engine.together(looks)
        for turns, rows in zip(_TURNED, coarse, strict=True):
            for face in self._turned(levels, smallest_face, turns, rows, sure):
                found = (
                    *(other for other in found if other.box.iou(face.box) <= _SAME_TURNED or other.score > face.score),
                    face,
                )
        return tuple(sorted(found, key=lambda face: -face.score))

    def _turned(
        self, levels: Levels, smallest_face: int, turns: int, rows: Rows, sure: Sequence[Face]
    ) -> tuple[Face, ...]:
        """Faces seen with the picture turned by so many quarters to the left; none where a coarse look saw none."""
        height, width = levels.pixels.shape[:2]
        rows = rows[rows[:, 4] >= _SURE_TURNED]
        there = [turned_back(Face(Box.covering(*row[:4]), float(row[4])), turns, width, height) for row in rows]
        if all(any(face.box.iou(other.box) > _SAME_TURNED for other in sure) for face in there):
            return ()
        turned = Levels(cv2.rotate(levels.pixels, TURNS[turns - 1]).astype(np.uint8, copy=False))
        found = self._upright(turned, _scales_of(turned, smallest_face))
        found = tuple(turned_back(face, turns, width, height) for face in found if face.score >= _SURE_TURNED)
        return tuple(face for face in found if not any(face.box.iou(other.box) > _SAME_TURNED for other in sure))

    def _fused(self, levels: Levels, seen: Sequence[Rows], scales: Sequence[float]) -> tuple[Face, ...]:
        """The faces that looks at these scales make together, with close looks where they leave doubt."""
        height, width = levels.pixels.shape[:2]
        first = fuse(seen, scales)
        found = settle(first, *self._close_looks(levels, first))
        looks = [f"x{scale:.2f}" for scale in scales]
        faces = (_face(found, int(index), looks) for index in np.flatnonzero(found.count))
        # a centre may lie in the padding; what touches no pixel of the picture shows nothing
        return tuple(face for face in faces if face.box.within(width, height))

    def _close_looks(self, levels: Levels, candidates: Candidates) -> tuple[Floats, Floats]:
        """What the close looks say: float32 (n,), NaN for none, and float32 (n, 4), where the faces are.

        The cut that suits its height says whether a doubtful candidate is a face; where it does, the other cut helps
        to say where.
        """
        close, boxes = np.full(len(candidates.rows), np.nan, np.float32), candidates.rows[:, :4].copy()
        doubtful = unsure(candidates)
        around = boxes[doubtful]
        suits = ((around[:, 3] - around[:, 1]) >= CLOSE_LARGE).astype(int)  # index into _CUTS
        said, seen = np.zeros((2, len(around)), np.float32), np.stack([around, around])
        for number, (side, face, mirror) in enumerate(_CUTS):
            at = np.flatnonzero(suits == number)
            said[number, at], seen[number, at] = self._network.close_look(levels, around[at], side, face, mirror=mirror)
        close[doubtful] = said[suits, np.arange(len(around))]
        again = may_be_placed(around, close[doubtful])
        for number, (side, face, mirror) in enumerate(_CUTS):
            at = np.flatnonzero((suits != number) & again)
            said[number, at], seen[number, at] = self._network.close_look(levels, around[at], side, face, mirror=mirror)
        boxes[doubtful] = placed(around, said[0], seen[0], said[1], seen[1])
        return close, boxes


def _scales_of(levels: Levels, smallest_face: int) -> tuple[float, ...]:
    height, width = levels.pixels.shape[:2]
    return plan_scales(width, height, smallest_face)


def plan_scales(width: int, height: int, smallest_face: int) -> tuple[float, ...]:
    """The scales at which a picture is looked at, finest first, an octave apart; at least two.

    In the finest, faces of `smallest_face` pixels are at least 12 px high; in the coarsest, a face that fills the
    picture's short side is at most 300 px high. The sum of their pixels is at most 4/3 of the finest's.
    """
    least = _SEEN_FROM / smallest_face
    scale = min(max(least, (_FINEST_PIXELS / (height * width)) ** 0.5), max(_FINEST_SCALE, least))
    scales = [_snapped(width, height, scale, least)]
    while min(height, width) * scales[-1] > _SEEN_TO or len(scales) < 2:
        scales.append(scales[-1] / 2)
    return tuple(scales)


def _snapped(width: int, height: int, scale: float, least: float) -> float:
    """A scale near this one at which the look needs the least padding, so that many photos share one shape."""
    steps = [(side * scale // _STEP + more) * _STEP / side for side in (width, height) for more in (0, 1)]
    near = [step for step in steps if step >= least and _SNAP[0] <= step / scale <= _SNAP[1]]

    def waste(step: float) -> float:
        tall, wide = padded(round(height * step), round(width * step))
        return tall * wide / (height * width * step**2)

    return min([scale, *near], key=waste)


def turned_back(face: Face, turns: int, width: int, height: int) -> Face:
    """A face of a picture of `width` x `height` that was turned left by so many quarters, in pixels of the picture."""

    def back(x: float, y: float) -> tuple[float, float]:
        return ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[turns]

    corners = [back(x, y) for x, y in ((face.box.left, face.box.top), (face.box.right, face.box.bottom))]
    (x0, x1), (y0, y1) = (sorted(values) for values in zip(*corners, strict=True))
    points = [back(*point) for point in face.landmarks]
    # each pair from the viewer's left to right, in the picture as it is
    pairs = [*sorted(points[:2]), *points[2:3], *sorted(points[3:])]
    seen_by = tuple(f"{look} turned {90 * turns}" for look in face.seen_by)
    return Face(Box.covering(x0, y0, x1, y1), face.score, tuple(pairs), seen_by)


def _face(found: Candidates, index: int, looks: list[str]) -> Face:
    row = [float(number) for number in found.rows[index]]
    close = () if np.isnan(found.close[index]) else ("close",)
    return Face(
        box=Box.covering(*row[:4]),
        score=row[4],
        landmarks=tuple(zip(row[5::2], row[6::2], strict=True)),
        seen_by=(*(look for look, said in zip(looks, found.said[index], strict=True) if said), *close),
    )
