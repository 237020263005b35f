"""The default face detector: YuNet at a fine scale, CenterFace at coarser ones, their passes fused, and a close pass
where they leave doubt.

Several passes an octave apart find more than one fine pass: a face that one scale misses, another sees. The finest is
chosen from what has to be found, not from the camera's megapixels. docs/decisions/0004 and 0065 have what was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import numpy as np

from consentguard.values import Box, Face, Pixels
from consentguard.vision.detection.centerface import CenterFace, DetectorPass, Floats, Rows, padded
from consentguard.vision.detection.fusion import CLOSE_LARGE, PLACED_TO, Candidates, fuse, may_be_placed, settle, unsure
from consentguard.vision.detection.opinion import ASKED_UNDER, NO_FACE, UNCONFIRMED, second_opinion
from consentguard.vision.detection.pyramid import TURNS, Levels
from consentguard.vision.detection.turning import Turn, roll, turned_back
from consentguard.vision.detection.yunet import YuNet
from consentguard.vision.drawn import is_drawn
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore

_SEEN_FROM: Final = 12.0
_SEEN_TO: Final = 400.0
"""Heights in pixels between which the networks see a face whole."""
_COARSER: Final = 0.7
"""CenterFace's finest pass in YuNet's: 0.5 costs half as much, and misses 25 of 512 faces of 32 px and more that 0.7
misses 22 of (docs/decisions/0065)."""
_FINEST_PIXELS: Final = 1.1e6
"""Pixels of the finest pass where nothing smaller has to be found: finer than that adds false boxes, hardly faces."""
_FINEST_SCALE: Final = 1.4
"""A small picture is enlarged by no more than this."""
_STEP: Final = 64
"""Pixels to whose multiples passes are padded, as centerface.py has it for larger ones."""
_SURE: Final = 0.9
_SURE_TURNED: Final = 0.5
"""A face of the first score stands upright, whatever a turned pass says; a turned face counts from the second."""
_WEAKEST_FINE: Final = 0.05
"""YuNet's score from which the fusion wants its candidates."""
_LOOKS_TURNED: Final = 0.8
"""YuNet's score from which a turned pass over the second scale has the whole search done in that turn."""
_TURNED: Final = (1, 2, 3)
_ASLANT: Final = (45, 135, 225, 315)
"""Quarters, and degrees, to the left by which the picture is turned."""
_LEANS: Final = 25
"""Degrees by which a face leans that does not stand upright."""
_MOST_LEAN: Final = 4
"""A picture lies on its side, or aslant, where fewer than one in so many of its sure faces stand upright."""
_SAME_TURNED: Final = 0.3
"""IoU from which a turned face is one that was found upright."""
_SECOND: Final = 0.5
"""Share of the usual score from which a small face of the second pass counts (docs/decisions/0087-speed.md)."""
_SNAP: Final = (0.92, 1.04)
"""How far a scale may be moved to fit the shapes that passes are padded to."""
_CUTS: Final = ((128, 48.0, True), (192, 80.0, False))
"""Of the close passes, for small and for large faces: side of the cut, height of the face in it, both in pixels, and
whether it is mirrored."""


@dataclass(frozen=True, slots=True)
class _Turned:
    """One way to turn a picture: `make` turns it, `back` takes a face to the picture as it is, and `seen` says whether
    coarse passes saw a face in it that is not known to be upright."""

    make: Callable[[], Levels]
    back: Callable[[Face], Face]
    seen: bool


class FaceFinder:
    """Finds faces. Safe to share between threads."""

    smallest_face = 12
    """Pixels: the network loses smaller ones, and what is smaller is no face to this detector."""

    def __init__(self, fine: YuNet, network: CenterFace) -> None:
        self._fine = fine
        self.network = network
        self.label = f"{network.label}+{fine.label}"

    @classmethod
    def load(cls, model_store: ModelStore) -> FaceFinder:
        """Reads both networks from the model store. Raises ModelUnavailable."""
        return cls(YuNet.load(model_store), CenterFace.load(model_store))

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first; the score is a probability.

        `smallest_face` is the height in pixels from which every face has to be found.
        """
        return self.search(pixels, smallest_face)[0]

    def search(self, pixels: Pixels, smallest_face: int = 20) -> tuple[tuple[Face, ...], tuple[DetectorPass, ...]]:
        """The same faces, and each upright pass of CenterFace over the whole picture, for heads.py.

        The picture is looked at turned too, for a phone held sideways may not say so, and people lie down.
        """
        levels = Levels(pixels)
        scales = _scales_of(levels, smallest_face)
        wholes: list[Callable[[], DetectorPass]] = [partial(self.network.whole, levels, scale) for scale in scales[1:]]
        fine: list[Callable[[], Rows]] = [partial(self._fine.candidates, levels, scales[0], _WEAKEST_FINE)]
        # Not in their order: what lies as the picture does comes last, for each other shape takes a network up to a
        # quarter of a pass to get ready.
        fine += [
            partial(self._fine.candidates, levels, scales[0] / 2, _SURE_TURNED, turns=turns) for turns in (1, 3, 2)
        ]
        seen, (finest, *turned) = engine.both(partial(engine.together, wholes), partial(engine.together, fine))
        turned = [turned[0], turned[2], turned[1]]
        found = self._fused(levels, [finest, *(each.rows for each in seen)], scales)
        return self._with_turned(levels, smallest_face, found, scales, turned), tuple(seen)

    def find_upright(self, pixels: Pixels, smallest_face: int = 20, *, finest: bool = True) -> tuple[Face, ...]:
        """Faces that stand upright, surest first, small ones from half of the score that `find` asks: these are what a
        first pass misses. Without CenterFace's finest pass, which costs most, from the scores of `find`, and with
        nothing asked about drawn faces, of which a finished picture has many.
        """
        levels = Levels(pixels)
        finer, fine, *coarser = _scales_of(levels, smallest_face)
        if finest:
            return self._upright(levels, (finer, fine, *coarser), _SECOND)
        rows = engine.together(self._passes(levels, (finer, *coarser)))
        return self._fused(levels, rows, (finer, *coarser), leave_out=partial(is_drawn, pixels))

    def _passes(self, levels: Levels, scales: Sequence[float]) -> list[Callable[[], Rows]]:
        """The passes of a plan: YuNet's at the finest scale, CenterFace's at the others."""
        fine: Callable[[], Rows] = partial(self._fine.candidates, levels, scales[0], _WEAKEST_FINE)
        return [fine, *(partial(self.network.candidates, levels, scale) for scale in scales[1:])]

    def _upright(self, levels: Levels, scales: Sequence[float], small: float = 1.0) -> tuple[Face, ...]:
        # Coarsest first: where the first pass ended, and so that the next one begins with the shape of the last.
        seen = engine.together(self._passes(levels, scales)[::-1])
        return self._fused(levels, seen[::-1], scales, small)

    def _with_turned(
        self,
        levels: Levels,
        smallest_face: int,
        found: tuple[Face, ...],
        scales: Sequence[float],
        coarse: Sequence[Rows],
    ) -> tuple[Face, ...]:
        """The faces, and those that are seen only with the picture turned, surest first.

        `coarse` is what YuNet saw at each quarter. Where hardly any sure face stands upright, the picture may lie on
        its side or aslant: then less is asked of YuNet, CenterFace, which knows turned faces better, is asked too, and
        YuNet is asked about eighths. Where more sure faces stand upright in a turned picture than in the one that is
        given, it was taken so, and no more is asked of its faces than of upright ones.
        """
        sure = [face for face in found if face.score >= _SURE]
        upright = sum(abs(roll(face)) < _LEANS for face in sure)
        searched: list[tuple[_Turned, tuple[Face, ...]]] = []
        # A sure face that leans tells nothing of the others in a picture that was taken so.
        aslant = not upright or _MOST_LEAN * upright < len(sure)
        known = () if aslant else sure
        for turn in self._turns(levels, smallest_face, scales, coarse, known, aslant=aslant):
            if turn.seen:
                searched.append((turn, self._upright(turn.make(), scales)))
        counts = [sum(face.score >= _SURE for face in seen) for _, seen in searched]
        most = max(counts, default=0)
        for (turn, seen), count in zip(searched, counts, strict=True):
            usual = count == most > upright
            for face in (turn.back(face) for face in seen if usual or face.score >= _SURE_TURNED):
                if not _known(face, sure) and face.box.within(levels.pixels.shape[1], levels.pixels.shape[0]):
                    found = _with_face(found, face)
        return tuple(sorted(found, key=lambda face: -face.score))

    def _turns(
        self,
        levels: Levels,
        smallest_face: int,
        scales: Sequence[float],
        coarse: Sequence[Rows],
        known: Sequence[Face],
        *,
        aslant: bool,
    ) -> list[_Turned]:
        """Where coarse passes over the turned picture saw a face that is not known, by quarters and, if it may be
        `aslant`, by eighths."""
        height, width = levels.pixels.shape[:2]
        likely = [rows[rows[:, 4] >= (_SURE_TURNED if aslant else _LOOKS_TURNED)] for rows in coarse]
        eighths: list[Rows] = []
        if aslant:
            turned: list[Callable[[], Rows]] = [
                partial(self.network.candidates, levels, scales[0] / 2, _SURE_TURNED, turns=turns) for turns in _TURNED
            ]
            small, across, _ = levels.resized(scales[0] / 2)
            turned += [partial(self._aslant, small, across, degrees) for degrees in _ASLANT]
            seen = engine.together(turned)
            lying, eighths = seen[: len(_TURNED)], seen[len(_TURNED) :]
            likely = [np.concatenate(both) for both in zip(likely, lying, strict=True)]
        turns = []
        for quarters, rows in zip(_TURNED, likely, strict=True):
            back = partial(turned_back, turns=quarters, width=width, height=height)
            make: Callable[[], Levels] = partial(_quarters, levels.pixels, quarters)
            turns.append(_Turned(make, back, _unknown(rows, back, known)))
        for degrees, rows in zip(_ASLANT if aslant else (), eighths, strict=True):
            turn = Turn.by(degrees, width, height)
            make = partial(_eighths, levels.pixels, turn)
            turns.append(_Turned(make, turn.back, _unknown(rows, turn.back, known)))
        return turns

    def _aslant(self, small: Pixels, scale: float, degrees: int) -> Rows:
        """What YuNet sees in a picture that is turned, from a copy at this scale, in pixels of the turned picture."""
        turn = Turn.by(degrees, small.shape[1], small.shape[0])
        rows = self._fine.candidates(Levels(turn.picture(small)), 1.0, _SURE_TURNED)
        rows[:, :4] /= scale
        return rows

    def _fused(
        self,
        levels: Levels,
        seen: Sequence[Rows],
        scales: Sequence[float],
        small: float = 1.0,
        leave_out: Callable[[Box], bool] | None = None,
    ) -> tuple[Face, ...]:
        """The faces that passes at these scales make together, with close passes where they leave doubt; `small` as in
        `Candidates.counted`, and nothing more is asked about boxes to be left out."""
        height, width = levels.pixels.shape[:2]
        first = fuse(seen, scales)
        if leave_out is not None:
            first = first.only([not leave_out(Box.covering(*row[:4].tolist())) for row in first.rows])
        found = settle(first, *self._close_passes(levels, first))
        passes = [f"x{scale:.2f}" for scale in scales]
        counted = np.flatnonzero(found.counted(small))
        opinion = self._second_opinion(levels, found.rows[counted], found.close[counted])
        faces = (
            _face(found, int(index), passes, confirmed=said >= UNCONFIRMED)
            for index, said in zip(counted, opinion, strict=True)
            if said >= NO_FACE
        )
        # a centre may lie in the padding; what touches no pixel of the picture shows nothing
        return tuple(face for face in faces if face.box.within(width, height))

    def _second_opinion(self, levels: Levels, rows: Rows, close: Floats) -> Floats:
        """Log odds of the doubtful ones, float32 (n,), infinite for the others."""
        said = np.full(len(rows), np.inf, np.float32)
        doubtful = rows[:, 4] < ASKED_UNDER
        # Where a large box is, no close pass has moved it, and what that said is what a second opinion asks first.
        known = np.where(rows[:, 3] - rows[:, 1] >= PLACED_TO, close, np.nan)
        said[doubtful] = second_opinion(self.network, levels, rows[doubtful, :4], rows[doubtful, 4], known[doubtful])
        return said

    def _close_passes(self, levels: Levels, candidates: Candidates) -> tuple[Floats, Floats]:
        """What the close passes say: float32 (n,), NaN for none, and float32 (n, 4), where the faces are.

        Each doubtful candidate is looked at in the cut that suits its height.
        """
        close, boxes = np.full(len(candidates.rows), np.nan, np.float32), candidates.rows[:, :4].copy()
        doubtful = unsure(candidates)
        large = (boxes[doubtful, 3] - boxes[doubtful, 1]) >= CLOSE_LARGE
        for (side, face, mirror), at in zip(_CUTS, (doubtful[~large], doubtful[large]), strict=True):
            said, seen = self.network.close_pass(levels, boxes[at], side, face, mirror=mirror)
            close[at], boxes[at] = said, np.where(may_be_placed(boxes[at], said)[:, None], seen, boxes[at])
        return close, boxes


def _quarters(pixels: Pixels, turns: int) -> Levels:
    return Levels(cv2.rotate(pixels, TURNS[turns - 1]).astype(np.uint8, copy=False))


def _eighths(pixels: Pixels, turn: Turn) -> Levels:
    return Levels(turn.picture(pixels), turn.outline)


def _unknown(rows: Rows, back: Callable[[Face], Face], sure: Sequence[Face]) -> bool:
    """Whether a coarse pass over the turned picture saw anything that is not known to stand upright."""
    there = (back(Face(Box.covering(*row[:4]), min(float(row[4]), 1.0))) for row in rows)
    return any(not _known(face, sure) for face in there)


def _with_face(found: tuple[Face, ...], turned: Face) -> tuple[Face, ...]:
    """The faces with one of a turned copy, in the place of weaker ones there; or as they are, where one is stronger."""
    same = [one for one in found if one.box.iou(turned.box) > _SAME_TURNED]
    if any(one.score > turned.score for one in same):
        return found
    return (*(one for one in found if one not in same), turned)


def _known(face: Face, sure: Sequence[Face]) -> bool:
    return any(face.box.iou(other.box) > _SAME_TURNED for other in sure)


def _scales_of(levels: Levels, smallest_face: int) -> tuple[float, ...]:
    height, width = levels.pixels.shape[:2]
    return plan_scales(width, height, smallest_face)


def plan_scales(width: int, height: int, smallest_face: int) -> tuple[float, ...]:
    """The scales at which a picture is looked at, finest first: YuNet's, then CenterFace's, at least two.

    In the finest, faces of `smallest_face` pixels are at least 12 px high; CenterFace's begin at 0.7 of it and are an
    octave apart; in the coarsest, a face that fills the picture's short side is at most 400 px high.
    """
    least = _SEEN_FROM / smallest_face
    scale = min(max(least, (_FINEST_PIXELS / (height * width)) ** 0.5), max(_FINEST_SCALE, least))
    scales = [_snapped(width, height, scale, least)]
    scales.append(scales[0] * _COARSER)
    while min(height, width) * scales[-1] > _SEEN_TO or len(scales) < 3:
        scales.append(scales[-1] / 2)
    return tuple(scales)


def _snapped(width: int, height: int, scale: float, least: float) -> float:
    """A scale near this one at which the pass needs the least padding, so that many photos share one shape."""
    steps = [(side * scale // _STEP + more) * _STEP / side for side in (width, height) for more in (0, 1)]
    near = [step for step in steps if step >= least and _SNAP[0] <= step / scale <= _SNAP[1]]

    def waste(step: float) -> float:
        tall, wide = padded(round(height * step), round(width * step))
        return tall * wide / (height * width * step**2)

    return min([scale, *near], key=waste)


def _face(found: Candidates, index: int, passes: list[str], *, confirmed: bool) -> Face:
    row = [float(number) for number in found.rows[index]]
    close = () if np.isnan(found.close[index]) else ("close",)
    return Face(
        box=Box.covering(*row[:4]),
        score=row[4],
        landmarks=tuple(zip(row[5::2], row[6::2], strict=True)),
        seen_by=(*(name for name, said in zip(passes, found.said[index], strict=True) if said), *close),
        confirmed=confirmed,
    )
