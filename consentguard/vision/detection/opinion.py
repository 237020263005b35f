"""A second opinion on boxes that the passes hardly took for faces: pipes, puzzles, hedges, and faces half hidden.

A closer pass of CenterFace first, plain and mirrored; where that leaves doubt, one logistic regression of it, the fused
score and what the inside of the network says of a head there (backs.py). Fitted by benchmarks/opinion.py;
docs/decisions/0090-second-opinion.md has what it loses.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.vision.detection.backs import read_heads
from consentguard.vision.detection.centerface import CenterFace, Floats
from consentguard.vision.detection.fusion import logit
from consentguard.vision.detection.pyramid import Levels

ASKED_UNDER: Final = 0.35
"""Score under which a second opinion is asked for: two in three of such boxes are no labelled face."""
NO_FACE: Final = -2.0
"""Log odds under which a box is dropped; one labelled face of 938 lay there when the fit had not seen its photo."""
UNCONFIRMED: Final = -1.4
"""Log odds under which a box is hidden like any face, but no body is guessed beneath it."""

_CLOSER: Final = (192, 80.0)
"""Side of the cut and height of the face in it, in pixels; that of the first passes' close pass at large faces."""
_SEEN: Final = -1.6
"""The mean logit of the closer passes over which nothing else is asked: of 461 boxes none that lay over it and away
from the frame came under `UNCONFIRMED`."""
_RIM: Final = 0.25
"""Heights of a box from the frame under which no second opinion is asked for."""
_TURNED: Final = (128, 48.0)
_SHOWS_TURNED: Final = 0.3
"""The cut in which a box that would be dropped is looked at turned, and the score of a face there that keeps it."""
_REFERENCE: Final = 32.0
"""Height in pixels from which octaves are counted."""
_WEIGHTS: Final = np.array([0.198, 0.371, -0.314, 0.996, -0.351, 0.196])
_CONSTANT: Final = 1.19
"""Weights of the first score, of octaves under and over the reference, of the closer passes, of the highest score in
two passes at the head's own place (logits), and of the log odds that it is a head."""


def second_opinion(network: CenterFace, levels: Levels, boxes: Floats, scores: Floats, close: Floats) -> Floats:
    """Log odds, float32 (n,), that boxes (n, 4) of these fused scores (n,) are faces or heads after all.

    `close` (n,) is what a plain closer pass said of them already, NaN where none was taken. Infinite for a box near the
    frame, beyond which a closer pass sees black, for one in which a closer pass sees a face, and for one that would be
    dropped and shows a face when the picture is turned by quarters.
    """
    odds = np.full(len(boxes), np.inf, np.float32)
    asked = np.flatnonzero(_away_from_frame(boxes, levels))
    if not len(asked):
        return odds
    closer = closer_passes(network, levels, boxes[asked], close[asked])
    asked, closer = asked[closer <= _SEEN], closer[closer <= _SEEN]
    odds[asked] = features(network, levels, boxes[asked], scores[asked], closer) @ _WEIGHTS + _CONSTANT
    dropped = np.flatnonzero(odds < NO_FACE)
    odds[dropped[_shows_turned(network, levels, boxes[dropped])]] = np.inf
    return odds


def closer_passes(network: CenterFace, levels: Levels, boxes: Floats, close: Floats) -> Floats:
    """The mean logit of a plain and a mirrored closer pass, float32 (n,); the plain one only where `close` is NaN."""
    plain, new = close.copy(), np.isnan(close)
    plain[new] = network.close_pass(levels, boxes[new], *_CLOSER)[0]
    mirrored = network.close_pass(levels, boxes, *_CLOSER, mirror=True)[0]
    return np.asarray((logit(plain, 0.01) + logit(mirrored, 0.01)) / 2, np.float32)


def features(network: CenterFace, levels: Levels, boxes: Floats, scores: Floats, closer: Floats) -> NDArray[np.float64]:
    """What the odds are made of, float64 (n, 6), in the order of the weights."""
    octaves = np.log2(np.maximum(boxes[:, 3] - boxes[:, 1], 1.0) / _REFERENCE)
    head = read_heads(network, levels, boxes, -np.inf, 0.0)  # none is left out
    known = [logit(scores, 0.005), np.minimum(octaves, 0), np.maximum(octaves, 0), closer, logit(head.face, 0.01)]
    return np.stack([*known, head.head], axis=1).astype(np.float64)


def _away_from_frame(boxes: Floats, levels: Levels) -> NDArray[np.bool_]:
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    along = np.roll(levels.outline, -1, axis=0) - levels.outline
    inward = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1)[:, None]
    gaps = ((corners[:, :, None] - levels.outline) * inward).sum(axis=3).min(axis=(1, 2))
    return np.asarray(gaps >= _RIM * (boxes[:, 3] - boxes[:, 1]))


def _shows_turned(network: CenterFace, levels: Levels, boxes: Floats) -> NDArray[np.bool_]:
    """Which boxes (n, 4) show a face where they are turned by quarters."""
    best = np.zeros(len(boxes), np.float32)
    for turns in (1, 2, 3):
        best = np.maximum(best, network.close_pass(levels, boxes, *_TURNED, turns=turns)[0])
    return np.asarray(best >= _SHOWS_TURNED)
