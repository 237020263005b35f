"""Five points of a face: dlib's shape predictor, to the last bit.

Inside a face's box the predictor starts from the average face and improves it fifteen times. Each time it looks at 800
pixels near the points it has so far, and 500 small decision trees, each comparing four pairs of those pixels, say how
to move the points (Kazemi and Sullivan, "One millisecond face alignment", 2014; model by Davis King, public domain).

It has to be exact. A pixel that rounds the other way sends the trees elsewhere, and the error grows from step to step:
adding the 500 corrections in float64 instead of float32 moved the points in 163 of 798 boxes, by up to 36 pixels. So
the order and the precision of every operation below are dlib's (dlib/image_processing/shape_predictor.h).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Pixels
from consentguard.vision.embedding.dlib.packed import integers, reals, unusable

_POINTS = 5
_CASCADES = 15
_TREES = 500
_SPLITS = 15  # four levels: 1 + 2 + 4 + 8
_LEAVES = 16
_FEATURES = 800
_COORDINATES = 2 * _POINTS

_TREE_NUMBERS = 1 + 4 * _SPLITS + 1 + _LEAVES * (2 + 2 * _COORDINATES)
_HEAD_NUMBERS = 1 + 2 + 2 * _COORDINATES + 1

_LARGEST = 1e6
"""Far beyond any point or correction in units of the box; more than this is damage."""

_LAYOUT: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "initial": (np.float32, (_POINTS, 2)),
    "first": (np.uint16, (_CASCADES, _TREES, _SPLITS)),
    "second": (np.uint16, (_CASCADES, _TREES, _SPLITS)),
    "thresholds": (np.int16, (_CASCADES, _TREES, _SPLITS)),
    "leaves": (np.float32, (_CASCADES, _TREES, _LEAVES, _COORDINATES)),
    "anchors": (np.uint8, (_CASCADES, _FEATURES)),
    "offsets": (np.float32, (_CASCADES, 2, _FEATURES)),
}
"""The predictor as arrays. Points and offsets are in units of the box; `first` and `second` number the features whose
difference a split compares with its threshold; a feature sits at its anchor point plus its offset (x row, y row)."""


class ShapePredictor:
    """Finds the corners of both eyes and the root of the nose's underside. Any number of threads may share one."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], file: str) -> None:
        """From the arrays of `to_arrays`, for instance out of an .npz cache (load it with `allow_pickle=False`).

        Raises ModelUnavailable, naming `file`, if one is missing or of another type, shape or range.
        """
        for name, (dtype, shape) in _LAYOUT.items():
            array = arrays.get(name)
            if array is None or array.dtype != dtype or array.shape != shape:
                raise unusable(file, f"the predictor's {name} should be {np.dtype(dtype)} {shape}")
            if not (np.abs(array) <= _LARGEST).all():  # not-a-number is not smaller either
                raise unusable(file, f"the predictor's {name} holds a number too large for any shape")
        if max(arrays["first"].max(), arrays["second"].max()) >= _FEATURES or arrays["anchors"].max() >= _POINTS:
            raise unusable(file, "the predictor looks for a feature that does not exist")
        self._arrays = {name: np.ascontiguousarray(arrays[name]) for name in _LAYOUT}

        self._initial: NDArray[np.float32] = self._arrays["initial"]
        self._leaves: NDArray[np.float32] = self._arrays["leaves"].reshape(_CASCADES, _TREES * _LEAVES, _COORDINATES)
        self._offsets: NDArray[np.float32] = self._arrays["offsets"]
        self._turned = np.stack([-self._offsets[:, 1], self._offsets[:, 0]], axis=1)  # by a quarter turn
        self._anchors = self._arrays["anchors"].astype(np.intp)
        # sixteen columns, so that the answers of one tree fill two bytes; the last one asks "0 > 0"
        room_for_one_more = ((0, 0), (0, 0), (0, 1))
        pair = [np.pad(self._arrays[name].astype(np.intp), room_for_one_more) for name in ("first", "second")]
        self._pairs = np.stack(pair, axis=1)
        self._thresholds = np.pad(self._arrays["thresholds"], room_for_one_more)
        self._leaf_of_answers = _leaf_of_answers()
        self._first_leaf = np.arange(0, _TREES * _LEAVES, _LEAVES)

        centred = self._initial.astype(np.float64) - self._initial.mean(axis=0, dtype=np.float64)
        spread = (centred**2).sum()
        if spread < 0.01:
            raise unusable(file, "the predictor's average face has no size")
        # two rows that take ten coordinates to the two numbers of the similarity; a quarter turn is (x, y) -> (-y, x)
        turned = np.column_stack([-centred[:, 1], centred[:, 0]])
        self._to_similarity = np.stack([centred.ravel(), turned.ravel()]) / spread

    @classmethod
    def read(cls, data: bytes, file: str) -> ShapePredictor:
        """Reads `shape_predictor_5_face_landmarks.dat`: a third of a second, which a cache of `to_arrays` saves.

        Check the SHA-256 of `data` first; `file` is its name, for messages. Raises ModelUnavailable if it is not this
        predictor, whole and unharmed.
        """
        return cls(_parse(integers(data, file), file), file)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The predictor as named plain arrays, for `numpy.savez` and back through the constructor."""
        return dict(self._arrays)

    def landmarks(self, pixels: Pixels, box: Box) -> NDArray[np.intp]:
        """Five points (x, y) in pixels, shape (5, 2), equal to those of dlib's `shape_predictor`.

        Args:
            pixels: RGB, uint8, shape (height, width, 3). What lies outside the picture counts as black.
            box: the face as dlib's detector would box it (`boxes.dlib_box`); it may reach outside the picture. It is
                half open like every `Box`: this is where it becomes dlib's inclusive rectangle, so the face that
                face_recognition calls (top, right, bottom, left) is `Box(left, top, right + 1, bottom + 1)`.

        Returns:
            The outer and inner corner of the eye on the viewer's right, the outer and inner corner of the other
            eye, the point under the nose; whole pixels, possibly outside the picture.
        """
        left, top = box.left, box.top
        width, height = box.right - 1 - left, box.bottom - 1 - top  # dlib: right - left, both inclusive, without + 1
        size = np.array([[width], [height]], dtype=np.float64)
        origin = np.array([[left], [top]]) + 0.5  # floor(v + 0.5) rounds as dlib does

        seen = _Grey(pixels)
        # row 0 is the shape so far, rows 1..500 the corrections; summed over axis 0, NumPy adds row after row, in
        # float32, as dlib does (over the last axis it would add in pairs)
        rows = np.empty((1 + _TREES, _COORDINATES), dtype=np.float32)
        shape = self._initial
        for cascade in range(_CASCADES):
            places = self._feature_places(cascade, shape)
            features = seen.at(np.floor(places * size + origin).astype(np.intp))
            # features are whole numbers, so their differences may be compared with thresholds rounded down
            first, second = _pick(features, self._pairs[cascade])
            answers = np.packbits(first - second > self._thresholds[cascade]).view(">u2")
            leaf = self._first_leaf + _pick(self._leaf_of_answers, answers)
            rows[0] = shape.reshape(_COORDINATES)
            rows[1:] = _pick(self._leaves[cascade], leaf)
            shape = np.add.reduce(rows, axis=0).reshape(_POINTS, 2)
        return np.floor(shape * size[:, 0] + origin[:, 0]).astype(np.intp)

    def _feature_places(self, cascade: int, shape: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where the cascade looks, in units of the box: rows x and y, shape (2, 800).

        The offsets were drawn for the average face. The similarity from that face to `shape` (least squares) is a
        multiple `along` of what it is applied to plus a multiple `across` of the same after a quarter turn.
        """
        along, across = (self._to_similarity @ shape.ravel()).astype(np.float32)
        # in float32 and in this order: the two products, their sum, the anchor
        places: NDArray[np.float32] = along * self._offsets[cascade]
        places += across * self._turned[cascade]
        places += shape.T.take(self._anchors[cascade], axis=1)
        return places


class _Grey:
    """A picture as the predictor sees it: (R + G + B) // 3, which is dlib's grey and not the luma; black outside."""

    def __init__(self, pixels: Pixels) -> None:
        self._height, self._width = pixels.shape[:2]
        self._colours = pixels.reshape(-1, 3)

    def at(self, places: NDArray[np.intp]) -> NDArray[np.int16]:
        """The grey at each (x, y) of `places`, shape (2, n)."""
        x, y = places
        # as unsigned numbers, negative ones are very large
        inside = (x.view(np.uintp) < self._width) & (y.view(np.uintp) < self._height)
        red, green, blue = _pick(self._colours, y * self._width + x).T
        grey: NDArray[np.int16] = (red.astype(np.int16) + green + blue) // 3 * inside
        return grey


def _pick(values: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """`values[numbers]`, twice as fast: numbers that do not exist are moved to the nearest that does, not refused."""
    return values.take(numbers, axis=0, mode="clip")


def _leaf_of_answers() -> NDArray[np.uint8]:
    """For every possible set of answers of a tree, split 0 in the highest of sixteen bits: the leaf it leads to.

    A tree is stored breadth first: "yes" at split i leads to 2 i + 1, "no" to 2 i + 2; 15 and more are leaves.
    """
    answers = np.arange(1 << 16)
    place = np.zeros(1 << 16, dtype=np.int64)
    for _ in range(4):
        yes = (answers >> (15 - place)) & 1
        place = 2 * place + 2 - yes
    return (place - _SPLITS).astype(np.uint8)


def _parse(numbers: NDArray[np.int64], file: str) -> dict[str, NDArray[Any]]:
    """The file's numbers, cut into arrays. The layout is fixed, so every length is known beforehand and checked."""
    in_cascade = 1 + _TREES * _TREE_NUMBERS
    in_anchors, in_offsets = 1 + _FEATURES, 1 + 4 * _FEATURES
    wanted = _HEAD_NUMBERS + _CASCADES * (in_cascade + in_anchors + in_offsets) + 2
    if len(numbers) != wanted:
        raise unusable(file, f"the 5-point predictor has {wanted} numbers, not {len(numbers)}")

    def check(what: str, found: NDArray[np.int64], value: int) -> None:
        # a matrix's rows and columns may be stored negated, which marks a newer form of the same thing
        if (np.abs(found) != value).any():
            raise unusable(file, f"the predictor's {what} should be {value} everywhere")

    def real(pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        return reals(pairs[..., 0], pairs[..., 1], file)

    head, rest = np.split(numbers, [_HEAD_NUMBERS])
    cascades, anchors, offsets = np.split(rest, np.cumsum([_CASCADES * in_cascade, 1 + _CASCADES * in_anchors]))
    check("version", head[0], 1)
    check("number of coordinates", head[1], _COORDINATES)
    check("number of columns", head[2], 1)
    check("number of cascades", np.array([head[-1], anchors[0], offsets[0]]), _CASCADES)
    initial = real(head[3:-1].reshape(_POINTS, 2, 2))

    cascades = cascades.reshape(_CASCADES, in_cascade)
    check("number of trees", cascades[:, 0], _TREES)
    trees = cascades[:, 1:].reshape(_CASCADES, _TREES, _TREE_NUMBERS)
    splits, leaves = np.split(trees, [1 + 4 * _SPLITS], axis=2)
    check("number of splits", splits[..., 0], _SPLITS)
    check("number of leaves", leaves[..., 0], _LEAVES)
    splits = splits[..., 1:].reshape(_CASCADES, _TREES, _SPLITS, 4)
    leaves = leaves[..., 1:].reshape(_CASCADES, _TREES, _LEAVES, 2 + 2 * _COORDINATES)
    check("rows of a leaf", leaves[..., 0], _COORDINATES)
    check("columns of a leaf", leaves[..., 1], 1)
    leaves = leaves[..., 2:].reshape(_CASCADES, _TREES, _LEAVES, _COORDINATES, 2)

    anchors = anchors[1:].reshape(_CASCADES, in_anchors)
    offsets = offsets[1:].reshape(_CASCADES, in_offsets)
    check("number of anchors", anchors[:, 0], _FEATURES)
    check("number of offsets", offsets[:, 0], _FEATURES)
    offsets = offsets[:, 1:].reshape(_CASCADES, _FEATURES, 2, 2)

    for what, found, below in (("features", splits[..., :2], _FEATURES), ("anchors", anchors[:, 1:], _POINTS)):
        if found.min() < 0 or found.max() >= below:
            raise unusable(file, f"the predictor's {what} should lie in 0..{below - 1}")
    return {
        "initial": _float32(initial, file),
        "first": splits[..., 0].astype(np.uint16),
        "second": splits[..., 1].astype(np.uint16),
        # a difference of brightness lies in -255..255: thresholds beyond mean "never" and "always"
        "thresholds": np.clip(np.floor(real(splits[..., 2:])), -256, 255).astype(np.int16),
        "leaves": _float32(real(leaves), file),
        "anchors": anchors[:, 1:].astype(np.uint8),
        "offsets": _float32(real(offsets).transpose(0, 2, 1), file),
    }


def _float32(values: NDArray[np.float64], file: str) -> NDArray[np.float32]:
    """What was written from float32 comes back unchanged."""
    if (np.abs(values) > _LARGEST).any():
        raise unusable(file, "the predictor holds a number too large for any shape")
    return np.ascontiguousarray(values, dtype=np.float32)
