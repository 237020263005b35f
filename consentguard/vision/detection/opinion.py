"""A second opinion on boxes that the passes hardly took for faces: pipes, puzzles, hedges, and faces half hidden.

One logistic regression of the fused score, closer passes of CenterFace at two scales, each plain and mirrored, and what
the inside of it says of a head there (backs.py). Fitted by benchmarks/opinion.py; docs/decisions/0090-second-opinion.md
has what it loses.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.vision.detection.backs import read_heads
from consentguard.vision.detection.centerface import CenterFace, Floats
from consentguard.vision.detection.fusion import logit
from consentguard.vision.detection.pyramid import TURNS, Levels

ASKED_UNDER: Final = 0.35
"""Score under which a second opinion is asked for: two in three of such boxes are no labelled face."""
NO_FACE: Final = -2.0
"""Log odds under which a box is dropped; one labelled face of 938 lay there when the fit had not seen its photo."""
UNCONFIRMED: Final = -1.4
"""Log odds under which a box is hidden like any face, but no body is guessed beneath it."""

_CUTS: Final = ((64, 36.0), (192, 80.0))
"""Side of the cut and height of the face in it, in pixels."""
_RIM: Final = 0.25
"""Heights of a box from the frame under which no second opinion is asked for."""
_TURNED: Final = (128, 48.0)
_SHOWS_TURNED: Final = 0.3
"""The cut in which a box that would be dropped is looked at turned, and the score of a face there that keeps it."""
_REFERENCE: Final = 32.0
"""Height in pixels from which octaves are counted."""
_WEIGHTS: Final = np.array([0.297, 0.356, -0.335, -0.123, 1.095, -0.383, 0.173])
_CONSTANT: Final = 1.066
"""Weights of the first score, of octaves under and over the reference, of the cuts, of the highest score in two passes
at the head's own place (logits), and of the log odds that it is a head."""


def second_opinion(network: CenterFace, levels: Levels, boxes: Floats, scores: Floats) -> Floats:
    """Log odds, float32 (n,), that boxes (n, 4) of these fused scores (n,) are faces or heads after all.

    Infinite for a box near the frame, beyond which a closer pass sees black, and for one that would be dropped and
    shows a face when the picture is turned by quarters.
    """
    odds = np.full(len(boxes), np.inf, np.float32)
    asked = np.flatnonzero(_away_from_frame(boxes, levels))
    if not len(asked):
        return odds
    odds[asked] = features(network, levels, boxes[asked], scores[asked]) @ _WEIGHTS + _CONSTANT
    dropped = np.flatnonzero(odds < NO_FACE)
    odds[dropped[_shows_turned(network, levels, boxes[dropped])]] = np.inf
    return odds


def features(network: CenterFace, levels: Levels, boxes: Floats, scores: Floats) -> NDArray[np.float64]:
    """What the odds are made of, float64 (n, 7), in the order of the weights."""
    octaves = np.log2(np.maximum(boxes[:, 3] - boxes[:, 1], 1.0) / _REFERENCE)
    head = read_heads(network, levels, boxes, -np.inf, 0.0)  # none is left out
    closer = [_closer(network, levels, boxes, side, tall) for side, tall in _CUTS]
    known = [logit(scores, 0.005), np.minimum(octaves, 0), np.maximum(octaves, 0), *closer, logit(head.face, 0.01)]
    return np.stack([*known, head.head], axis=1).astype(np.float64)


def _away_from_frame(boxes: Floats, levels: Levels) -> NDArray[np.bool_]:
    height, width = levels.pixels.shape[:2]
    gaps = np.concatenate([boxes[:, :2], np.array([width, height]) - boxes[:, 2:]], axis=1).min(axis=1)
    return np.asarray(gaps >= _RIM * (boxes[:, 3] - boxes[:, 1]))


def _shows_turned(network: CenterFace, levels: Levels, boxes: Floats) -> NDArray[np.bool_]:
    """Which boxes (n, 4) show a face in the picture turned by quarters."""
    best = np.zeros(len(boxes), np.float32)
    if not len(boxes):
        return best > 0
    pixels, turned = levels.pixels, boxes
    for _ in TURNS:
        width = pixels.shape[1]
        pixels = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE).astype(np.uint8, copy=False)
        left, top, right, bottom = turned.T
        turned = np.stack([top, width - right, bottom, width - left], axis=1)
        best = np.maximum(best, network.close_pass(Levels(pixels), turned, *_TURNED, mirror=False)[0])
    return np.asarray(best >= _SHOWS_TURNED)


def _closer(network: CenterFace, levels: Levels, boxes: Floats, side: int, tall: float) -> Floats:
    """The mean logit of a plain and a mirrored pass."""
    plain, mirrored = (network.close_pass(levels, boxes, side, tall, mirror=mirror)[0] for mirror in (False, True))
    return np.asarray((logit(plain, 0.01) + logit(mirrored, 0.01)) / 2, np.float32)
