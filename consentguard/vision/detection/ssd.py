"""What MediaPipe's single-shot detectors (palms, people) share: windows, anchors, decoding, one box per thing.

A window is a square of the picture, shrunk or grown to the network's input. Boxes live in three places: *raw* in
input pixels relative to an anchor, *shares* (0..1 of the window's side), and pixels of the picture.

Constants and formulas: the graphs `ssd_anchors_calculator`, `tensors_to_detections_calculator` and
`non_max_suppression_calculator` of MediaPipe 0.10 (Apache-2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.vision.boxes import overlaps

Floats = NDArray[np.float32]

Rows = NDArray[np.float32]
"""Candidates, one a row: left, top, right, bottom, score 0..1, then keypoints x, y, x, y, ..."""

_LOGIT_LIMIT: Final = 80.0
"""Logits are clipped to plus and minus this before the sigmoid. MediaPipe clips at 100 (score_clipping_thresh), where
float32 has no exponential any more; the scores are the same."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a network lays out its anchors.

    Attributes:
        size: side of the square input in pixels.
        layers: (stride in pixels, anchors for each cell), in the order of the network's output.
    """

    size: int
    layers: tuple[tuple[int, int], ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many anchors each layer has."""
        return tuple((self.size // stride) ** 2 * each for stride, each in self.layers)

    def anchors(self) -> Floats:
        """Centres x, y as shares of the input: float32, shape (sum of counts, 2). Sizes are all 1."""
        return np.concatenate([_grid(self.size // stride, each) for stride, each in self.layers])


def _grid(cells: int, each: int) -> Floats:
    line = (np.arange(cells, dtype=np.float32) + np.float32(0.5)) / np.float32(cells)
    y, x = np.meshgrid(line, line, indexing="ij")
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0)


PALM: Final = Layout(192, ((8, 2), (16, 6)))
"""Strides 8, 16, 16, 16 with two anchors each; layers of one stride share their cells. 2016 anchors."""


# ------------------------------------------------------------------------------------------------------------- windows


@dataclass(frozen=True, slots=True)
class Tile:
    """A square window of the picture, in its pixels; it may reach outside, where everything is black."""

    left: float
    top: float
    side: float


def tiles(width: int, height: int, side: int, step: int) -> tuple[Tile, ...]:
    """Square windows of `side` pixels that cover the picture, evenly laid at most `step` pixels apart, row by row.

    Along an axis on which the picture is shorter than the window there is one window, centred.
    """
    return tuple(Tile(left, top, side) for top in _starts(height, side, step) for left in _starts(width, side, step))


def _starts(length: int, side: int, step: int) -> list[int]:
    if length <= side:
        return [(length - side) // 2]
    count = -(-(length - side) // step) + 1
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


# ---------------------------------------------------------------------------------------------------------- decoding


def decode(raw: Floats, logits: Floats, anchors: Floats, size: int, threshold: float) -> Rows:
    """The candidates of one window as shares of its side: float32, shape (m, 5 + 2 x keypoints), in anchor order.

    Args:
        raw: (n, 4 + 2 x keypoints) input pixels: centre x, y from the anchor, width, height, keypoints from the anchor.
        logits: (n,) or (n, 1).
        anchors: (n, 2) shares of the input.
        size: side of the input in pixels.
        threshold: the score from which a row is a candidate, 0..1.
    """
    scores = sigmoid(logits.reshape(-1))
    (kept,) = np.nonzero(scores >= threshold)
    numbers, origin = raw[kept] / np.float32(size), anchors[kept]
    centre, half = numbers[:, :2] + origin, numbers[:, 2:4] / 2
    points = numbers[:, 4:] + np.tile(origin, (numbers.shape[1] - 4) // 2)
    return np.column_stack([centre - half, centre + half, scores[kept], points]).astype(np.float32)


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow, float32."""
    return (1 / (1 + np.exp(-np.clip(logits, -_LOGIT_LIMIT, _LOGIT_LIMIT)))).astype(np.float32)


def in_picture(rows: Rows, window: Tile) -> Rows:
    """Rows in shares of a window as rows in pixels of the picture."""
    placed = rows * np.float32(window.side)
    placed[:, 4] = rows[:, 4]
    placed[:, [0, 2, *range(5, rows.shape[1], 2)]] += window.left
    placed[:, [1, 3, *range(6, rows.shape[1], 2)]] += window.top
    return placed


# ------------------------------------------------------------------------------------------------ one box for a thing


def surest(rows: Rows, iou: float) -> Rows:
    """Plain suppression: of rows that overlap by more than `iou` the surest stays. Surest first."""
    return rows[[cluster[0] for cluster in _clusters(rows, iou)]]


def merged(rows: Rows, iou: float) -> Rows:
    """Weighted suppression: rows that overlap the surest by more than `iou` become one, their mean weighted by score.

    The score is that of the surest. Surest first. So MediaPipe steadies its boxes and keypoints.
    """
    means = np.empty((0, rows.shape[1]), np.float32)
    for cluster in _clusters(rows, iou):
        mean = np.average(rows[cluster], axis=0, weights=rows[cluster, 4])
        mean[4] = rows[cluster[0], 4]
        means = np.concatenate([means, mean[None].astype(np.float32)])
    return means


def _clusters(rows: Rows, iou: float) -> list[NDArray[np.intp]]:
    """Indices of rows that are one thing, the surest first in each and the clusters surest first."""
    left = np.argsort(-rows[:, 4], kind="stable")
    close = overlaps(rows, rows) > iou
    clusters = []
    while len(left):
        same = close[left[0], left]
        same[0] = True  # a box without area overlaps nothing, itself included
        clusters.append(left[same])
        left = left[~same]
    return clusters
