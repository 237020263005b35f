"""The default face detector: CenterFace at several scales, its looks fused, and a close look where they leave doubt.

Several looks an octave apart find more than one fine look: a face that one scale misses, another sees. The finest is
chosen from what has to be found, not from the camera's megapixels. docs/decisions/0004 has what was tried.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from consentguard.values import Box, Face, Pixels
from consentguard.vision.centerface import CenterFace, Floats, Rows, padded
from consentguard.vision.fusion import CLOSE_LARGE, Candidates, fuse, settle, unsure
from consentguard.vision.weights import Shelf

_SEEN_FROM: Final = 12.0
_SEEN_TO: Final = 300.0
"""Heights in pixels between which the network sees a face whole."""
_FINEST_PIXELS: Final = 1.1e6
"""Pixels of the finest look where nothing smaller has to be found: finer than that adds false boxes, hardly faces."""
_FINEST_SCALE: Final = 1.4
"""A small picture is enlarged by no more than this."""
_STEP: Final = 64
_SNAP: Final = (0.92, 1.04)
"""How far a scale may be moved to fit the shapes that looks are padded to."""
_SMALL_CUT: Final = (128, 48.0)
_LARGE_CUT: Final = (192, 80.0)
"""Side of the close look's cut and height of the face in it, in pixels."""


class FaceFinder:
    """Finds faces. Safe to share between threads."""

    smallest_face = 12
    """Pixels: the network loses smaller ones, and what is smaller is no face to this detector."""

    def __init__(self, network: CenterFace) -> None:
        self._network = network
        self.label = network.label

    @classmethod
    def load(cls, shelf: Shelf) -> FaceFinder:
        """Reads the network from the shelf. Raises ModelUnavailable."""
        return cls(CenterFace.load(shelf))

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first; the score is a probability.

        `smallest_face` is the height in pixels from which every face has to be found.
        """
        return self.search(pixels, smallest_face)[0]

    def search(self, pixels: Pixels, smallest_face: int = 20) -> tuple[tuple[Face, ...], tuple[Rows, ...]]:
        """The same faces, and what each look at the whole picture saw, for whoever can use that too: heads.py."""
        height, width = pixels.shape[:2]
        scales = plan_scales(width, height, smallest_face)
        seen = tuple(self._network.look(pixels, scale) for scale in scales)
        first = fuse(seen, scales)
        close = self._close_looks(pixels, first)
        found = settle(first, close)
        looks = [f"x{scale:.2f}" for scale in scales]
        faces = (_face(found, int(index), looks) for index in np.flatnonzero(found.count))
        # a centre may lie in the padding; what touches no pixel of the picture shows nothing
        return tuple(face for face in faces if face.box.within(width, height)), seen

    def _close_looks(self, pixels: Pixels, candidates: Candidates) -> Floats:
        close = np.full(len(candidates.rows), np.nan, np.float32)
        doubtful = unsure(candidates)
        boxes = candidates.rows[doubtful, :4]
        small = (boxes[:, 3] - boxes[:, 1]) < CLOSE_LARGE
        for chosen, (side, face), mirror in ((small, _SMALL_CUT, True), (~small, _LARGE_CUT, False)):
            close[doubtful[chosen]] = self._network.close_look(pixels, boxes[chosen], side, face, mirror=mirror)[0]
        return close


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


def _face(found: Candidates, index: int, looks: list[str]) -> Face:
    row = [float(number) for number in found.rows[index]]
    close = () if np.isnan(found.close[index]) else ("close",)
    return Face(
        box=Box.covering(*row[:4]),
        score=row[4],
        landmarks=tuple(zip(row[5::2], row[6::2], strict=True)),
        seen_by=(*(look for look, said in zip(looks, found.said[index], strict=True) if said), *close),
    )
