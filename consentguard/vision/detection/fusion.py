"""From what several passes say to one calibrated score a face. Arrays in, arrays out; no pixels.

The score is a logistic regression, so it is a probability: of the boxes that score 0.7, about 70 % are labelled faces
(docs/decisions/0004). Its weights and the thresholds were fitted on half of the open sets, by face height in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.vision.boxes import suppressed_by_overlap, suppressed_with_insides
from consentguard.vision.detection.centerface import Floats, Rows, heights

_CLEAREST: Final = 40.0
"""Height in a pass, in pixels, at which the network is surest."""
_OCTAVES: Final = 1.6
"""How many octaves from there a pass's say falls to 0.6."""
_SAME: Final = 0.4
"""IoU from which boxes of two passes are one candidate."""
_REACH: Final = (1 + 1 / _SAME) / 2 - 1
"""How far apart, in widths, the middles of two boxes can be that have this IoU."""
_ONE_FACE: Final = 0.30
_ONE_INSIDE: Final = 0.65
"""IoU, or share of the smaller box inside the larger, from which two candidates are one face."""
_REFERENCE: Final = 32.0
"""Height in pixels from which octaves are counted in the features."""

_FIRST: Final = np.array([0.240, 0.794, 1.403, -0.889, 1.171, -0.387, 0.611])
_SMALL: Final = np.array([0.656, 0.758, 1.148, -0.445, 0.0])
_LARGE: Final = np.array([0.694, 0.262, 1.672, 0.0, 0.700])
"""Weights of the first passes, and of first passes and close pass for faces under and from `CLOSE_LARGE` pixels."""

_HEIGHTS: Final = (12.0, 16.0, 20.0, 32.0, 64.0, 128.0, 256.0)
_THRESHOLDS: Final = (0.56, 0.23, 0.12, 0.034, 0.022, 0.05, 0.10)
"""The score from which a face of this height counts; between the heights, linear in octaves. Small boxes are mostly no
faces and hard to recognise, large ones the other way round."""
SMALLEST: Final = 12.0
"""Pixels under which nothing counts: the network does not see such faces."""

CLOSE_LARGE: Final = 32.0
"""Height in pixels from which the close pass is the large one."""
_UNSURE_HEIGHTS: Final = (12.0, 16.0, 20.0, 32.0)
_UNSURE_FROM: Final = (0.06, 0.04, 0.03, 0.01)
_UNSURE_TO: Final = 0.80
"""Candidates from the score for their height (between the heights, linear in octaves) to the last get a close pass."""
_CLOSE_FROM: Final = 12.0
_CLOSE_MOST: Final = 64
"""Close passes are for candidates of so many pixels, and for so many of them; the likeliest first."""
_PLACED: Final = 0.05
PLACED_TO: Final = 64.0
"""A close pass of this score says better where a face is than the first passes did, up to so many pixels: a larger face
that a mask covers is cut short by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What may be faces, surest first.

    Attributes:
        rows: float32 (n, 15) as in centerface.py, the score being the fused one, 0..1.
        said: float32 (n, passes), what each first pass said, 0 for nothing.
        close: float32 (n,), what the close pass said, NaN where there was none.
    """

    rows: Rows
    said: Floats
    close: Floats

    def only(self, kept: Sequence[bool]) -> Candidates:
        """Those that are kept."""
        mask = np.asarray(kept, np.bool_)
        return Candidates(self.rows[mask], self.said[mask], self.close[mask])

    def counted(self, small: float = 1.0) -> NDArray[np.bool_]:
        """Which of them count as faces, at the operating point for their height; small ones from a share of it."""
        tall = self.rows[:, 3] - self.rows[:, 1]
        wanted = _by_height(tall, _HEIGHTS, _THRESHOLDS) * np.where(tall < CLOSE_LARGE, small, 1.0)
        counts: NDArray[np.bool_] = (tall >= SMALLEST) & (self.rows[:, 4] >= wanted)
        return counts


def fuse(passes: Sequence[Rows], scales: Sequence[float]) -> Candidates:
    """One candidate for each face from the candidates of all first passes: YuNet's, then CenterFace's, an array each.

    Scales are those of the passes, in the same order.
    """
    rows, said = _clustered(passes)
    features = _first_features(rows, said, np.asarray(scales))
    rows[:, 4] = _logistic(features @ _FIRST)
    likely = rows[:, 4] >= min(_UNSURE_FROM)  # no other is asked about, or counts, and most are others
    rows, said = rows[likely], said[likely]
    keep = suppressed_with_insides(rows[:, :4], rows[:, 4], _ONE_FACE, _ONE_INSIDE)
    return Candidates(rows[keep], said[keep], np.full(len(keep), np.nan, np.float32))


def unsure(candidates: Candidates) -> NDArray[np.intp]:
    """Indices of the candidates that deserve a close pass, likeliest first."""
    score, tall = candidates.rows[:, 4], candidates.rows[:, 3] - candidates.rows[:, 1]
    least = _by_height(tall, _UNSURE_HEIGHTS, _UNSURE_FROM)
    wanted = np.flatnonzero((score >= least) & (score < _UNSURE_TO) & (tall >= _CLOSE_FROM))
    return wanted[np.argsort(-score[wanted], kind="stable")][:_CLOSE_MOST]


def may_be_placed(boxes: Floats, close: Floats) -> NDArray[np.bool_]:
    """Which candidates a close pass that said `close` of them places better than the first passes did."""
    return np.asarray((close >= _PLACED) & (boxes[:, 3] - boxes[:, 1] < PLACED_TO))


def settle(candidates: Candidates, close: Floats, boxes: Floats) -> Candidates:
    """The final scores, one candidate a face.

    Args:
        candidates: of the first passes.
        close: float32 (n,), what the close pass said of each, NaN where there was none.
        boxes: float32 (n, 4), where each of them is, after the close passes.
    """
    rows = candidates.rows.copy()
    rows[:, :4] = boxes
    tall = rows[:, 3] - rows[:, 1]
    octaves = np.log2(np.maximum(tall, 1.0) / _REFERENCE)
    features = np.stack(
        [
            np.ones(len(rows)),
            logit(rows[:, 4], 0.005),
            logit(np.nan_to_num(close), 0.02),
            np.minimum(octaves, 0),
            np.maximum(octaves, 0),
        ],
        axis=1,
    )
    settled = _logistic(np.where(tall < CLOSE_LARGE, features @ _SMALL, features @ _LARGE))
    rows[:, 4] = np.where(np.isnan(close), rows[:, 4], settled)
    keep = suppressed_with_insides(rows[:, :4], rows[:, 4], _ONE_FACE, _ONE_INSIDE)
    return Candidates(rows[keep], candidates.said[keep], close[keep])


def _clustered(passes: Sequence[Rows]) -> tuple[Rows, Floats]:
    """Candidates over all passes: boxes are means weighted by squared score, landmarks those of the surest pass."""
    every = np.concatenate(passes)
    seeds = every[suppressed_by_overlap(every[:, :4], every[:, 4], _SAME)]
    said = np.zeros((len(seeds), len(passes)), np.float32)
    if not len(seeds):
        return seeds, said
    total, weight = np.zeros((len(seeds), 4)), np.zeros((len(seeds), 1))
    for number, found in enumerate(passes):
        owners, members = _belonging(seeds, found)
        said[owners, number] = found[members, 4]
        say = found[members, 4:5].astype(np.float64) ** 2
        total[owners] += say * found[members, :4]
        weight[owners] += say
    rows = seeds.copy()  # the seed is the surest pass's, landmarks included
    rows[:, :4] = total / np.maximum(weight, 1e-12)
    return rows, said


def _first_features(rows: Rows, said: Floats, scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the first score is made of: one, mean logit of CenterFace's passes, YuNet's logit, octaves under and over
    the reference, and both logits once more, times the octaves over it: YuNet hardly knows large faces.

    In the mean a pass counts the more, the nearer the face is in it to the height at which the network is surest.
    """
    tall = heights(rows)
    logits, fine = logit(said[:, 1:], 0.03), logit(said[:, 0], 0.05)
    octaves = np.log2(tall[:, None] * scales[None, 1:] / _CLEAREST)
    say = np.exp(-0.5 * (octaves / _OCTAVES) ** 2) + 0.03
    mean = (logits * say).sum(axis=1) / say.sum(axis=1)
    octave = np.log2(tall / _REFERENCE)
    over = np.maximum(octave, 0)
    return np.stack([np.ones(len(rows)), mean, fine, np.minimum(octave, 0), over, fine * over, mean * over], axis=1)


def _belonging(seeds: Rows, found: Rows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which candidates of one pass belong to which seeds: indices into both, each seed and each candidate at most once.

    A candidate belongs to the seed it overlaps most, if by `_SAME`; of a seed's candidates the surest speaks.
    """
    seed, member, overlap = _overlapping(seeds[:, :4], found[:, :4])
    order = np.lexsort((-overlap, member))  # for each candidate its best seed first
    seed, member = seed[order], member[order]
    first = np.unique(member, return_index=True)[1]
    seed, member = seed[first], member[first]
    order = np.lexsort((-found[member, 4], seed))  # for each seed its surest candidate first
    seed, member = seed[order], member[order]
    first = np.unique(seed, return_index=True)[1]
    return seed[first], member[first]


def _overlapping(one: Floats, other: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Every pair of boxes with an IoU of `_SAME` or more: indices into both, and the IoU.

    Such boxes are at most 1 / `_SAME` times as wide and as high as each other, so the middle of the one lies within
    0.75 of the other's width from its middle. That leaves few pairs to be compared, also in a crowd of thousands.
    """
    middle, others = (one[:, 0] + one[:, 2]) / 2, (other[:, 0] + other[:, 2]) / 2
    reach = _REACH * (one[:, 2] - one[:, 0])
    across = np.argsort(others, kind="stable")
    low = np.searchsorted(others[across], middle - reach, side="left")
    high = np.searchsorted(others[across], middle + reach, side="right")
    counts = high - low
    left = np.repeat(np.arange(len(one)), counts)
    starts = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    right = across[starts + np.arange(len(left))]
    a, b = one[left], other[right]
    shared = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
    overlap: Floats = shared / np.maximum(union, 1e-9)
    same = overlap >= _SAME
    return left[same], right[same], overlap[same]


def _by_height(tall: Floats, heights_of: Sequence[float], scores: Sequence[float]) -> NDArray[np.float64]:
    """A score for each height in pixels, between those that are given linear in octaves."""
    return np.asarray(np.interp(np.log2(np.maximum(tall, 1.0)), np.log2(heights_of), scores), np.float64)


def logit(scores: Floats, floor: float) -> NDArray[np.float64]:
    """Log odds; a pass that said nothing counts as `floor`."""
    clipped = np.clip(scores.astype(np.float64), floor, 0.98)
    odds: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return odds


def _logistic(values: NDArray[np.float64]) -> Floats:
    return (1 / (1 + np.exp(-values))).astype(np.float32)
