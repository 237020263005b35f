"""Hands: palms found by one MediaPipe model in several windows, each confirmed and outlined by another.

Palm detection looks at the photo with two rims around it, and at those half-size tiles in which the hand of somebody
may be too small for that. What it finds is cut out turned upright, and the hand landmark model says whether a hand is
there and where its 21 points are. The points give a better cut, which must convince it once more, and more so where
the palm itself was faint. docs/decisions/0005-hands.md has numbers.

Constants without another source: the graphs `palm_detection_detection_to_roi`, `hand_landmarks_to_roi` and
`hand_landmark_cpu` of MediaPipe 0.10 (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Face, Hand, Head, Pixels
from consentguard.vision.boxes import overlaps, shared, suppressed
from consentguard.vision.detection import ssd
from consentguard.vision.detection.pyramid import Levels, View
from consentguard.vision.detection.ssd import Floats, Rows, Tile
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore, manifest

_RIMS: Final = (4 / 3, 2.0)
"""Sides of the windows over the whole photo, in its long sides. A hand that fills the photo is found only with a rim;
with both, a window without one finds nothing more."""

_SMALLEST_TILE: Final = 192
"""Pixels. A smaller tile would be grown to the palm model's input and show it nothing new."""

_NEED_TILES: Final = (1 / 32, 1 / 4)
"""Heights of faces, in the photo's long side, of whose owners half-size tiles may show hands that the whole does not: a
hand is some 1.25 faces long (brow to chin), and a window shows hands of a twelfth of its side and often of less than a
sixth only. In 90 photos of wider_train, mafa_masked and scut_heads_b that loses no hand, 1/10 one in twenty."""

_REACH: Final = (3.5, 6.0)
"""How far a hand gets from its face, to either side and downwards, in heights of the face: an arm with its hand is 0.44
of the body's height and the face 0.08 (Drillis and Contini 1966), but few stretch them sideways."""

_SAME_PALM: Final = 0.3
"""Within a window, palms that overlap by more than this IoU are averaged (MediaPipe's value)."""

_SAME_SIGHT: Final = 0.5
"""Palms of different windows that overlap by more than this IoU are not both followed up."""

_SAME_HAND: Final = 0.4
_PART_OF_HAND: Final = 0.8
"""Hands whose boxes overlap by more than this IoU are one; so are two of which this share of the smaller lies in the
other: a tile that shows half a hand makes a small hand of it. Chosen on even photos."""

_SECOND_CHANCE: Final = 0.3
"""Presence in the first cut from which a second one, made from the points, is worth making."""

_FAINT: Final = 0.15
_CHANCE_IF_FAINT: Final = 0.5
_SURE_IF_FAINT: Final = 0.93
"""A palm that scores this much, but less than the manifest's threshold, is followed up too, and has to convince the
landmark model more: presence in the first and the second cut. Chosen by eye on 90 photos of people: of what these add,
six hands, none was wrong; with 0.8, five of fourteen: elbows, an ear, a dress."""

_WRIST, _MIDDLE = 0, 2
"""Of the palm model's seven keypoints: they give the hand's direction."""

_KNUCKLES: Final = (5, 9, 13)
_PALM_POINTS: Final = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""Of the 21 points: roots of index, middle and ring finger; and those that hardly move with the fingers."""

_HAND_SIDE: Final = 224
_CUT_AROUND_PALM: Final = (2.6, -0.5)
_CUT_AROUND_POINTS: Final = (2.0, -0.1)
"""Side of the cut in longer sides of the box, and how far it moves along the hand in heights of the box (less than 0:
towards the finger tips)."""

_GROWN: Final = 0.1
"""Points lie inside the hand: the outline is grown by this share of their longer extent. On even photos the box then
holds 97 % (egohands) and 94 % (hands_counting) of the labelled box, at IoU 0.82; 0.08 holds 95 % and 91 %."""

_SIDES: Final = 16
"""Corners of the disc that the outline is grown by."""

_EARS: Final = 0.2
"""Share of a face's width by which its box is widened on each side: the palm model takes ears and cheeks for hands."""

_IN_FACE: Final = 0.5
"""Share of a hand's points in a face's widened box from which it is not believed. A hand before a face is given up."""

Squares = NDArray[np.float64]
"""Turned squares, one a row: centre x, y and side in pixels of the picture, angle in radians, clockwise as seen."""


class HandFinder:
    """Finds hands. Safe to share between threads."""

    def __init__(
        self,
        palms: engine.CompiledNetwork,
        marks: engine.CompiledNetwork,
        label: str,
        palm_threshold: float,
        presence: float,
    ) -> None:
        self._palms, self._marks = palms, marks
        self._palm_threshold, self._presence = palm_threshold, presence
        self._anchors = ssd.PALM.anchors()
        self.label = label

    @classmethod
    def load(cls, model_store: ModelStore) -> HandFinder:
        """Reads both networks from the model store. Raises ModelUnavailable."""
        palm, mark = manifest()["palm-detection"], manifest()["hand-landmark"]
        return cls(
            engine.load(model_store.read(palm), palm.file, {}, exact=False, one_at_a_time=True),
            engine.load(model_store.read(mark), mark.file, {}, exact=False, one_at_a_time=True),
            f"{palm.label}+{mark.label}",
            palm.sure_from,
            mark.sure_from,
        )

    def find(self, pixels: Pixels | Levels, faces: Sequence[Face | Head] = ()) -> tuple[Hand, ...]:
        """Every confirmed hand of an RGB picture (uint8, height x width x 3; or its levels), surest first; none inside
        a face.

        Faces, and heads that count as one, say where hands cannot be, and whose hands are too small to be seen in a
        window over the whole; without any, every window is taken. Box and outline are kept inside the picture; the 21
        points of a hand cut by the frame may lie outside. Raises ModelUnavailable if a network fails.
        """
        levels = Levels.of(pixels)
        height, width = levels.pixels.shape[:2]
        palms = ssd.surest(self._seen(levels, palm_tiles(width, height, faces)), _SAME_SIGHT)
        middles = (palms[:, None, 0:2] + palms[:, None, 2:4]) / np.float32(2)
        palms = palms[~in_faces(middles, faces)]
        faint = palms[:, 4] < self._palm_threshold
        points, presence = self._marked(levels, around_palms(palms))
        for least, least_if_faint in ((_SECOND_CHANCE, _CHANCE_IF_FAINT), (self._presence, _SURE_IF_FAINT)):
            kept = np.flatnonzero(presence >= np.where(faint, least_if_faint, least))
            surer = presence[kept] - faint[kept]  # a faint palm never takes the place of another
            kept = kept[suppressed_hands(extents(points[kept], width, height), surer)]
            faint, points, presence = faint[kept], points[kept], presence[kept]
            if least != self._presence:
                points, presence = self._marked(levels, around_points(points))
        believed = ~in_faces(points, faces)
        hands = (
            _hand(marks, float(score), width, height)
            for marks, score in zip(points[believed], presence[believed], strict=True)
        )
        return tuple(sorted((hand for hand in hands if hand), key=lambda hand: -hand.score))

    def _seen(self, levels: Levels, windows: Sequence[Tile]) -> Rows:
        """Palms of all windows, in pixels of the picture: (n, 19), score and seven keypoints among them."""

        def palms(window: Tile) -> Rows:
            middle = window.left + window.side / 2, window.top + window.side / 2
            outputs = self._palms(levels.shown(View(*middle, window.side), ssd.PALM.size))
            rows = ssd.decode(outputs["Identity"][0], outputs["Identity_1"][0], self._anchors, ssd.PALM.size, _FAINT)
            return ssd.in_picture(ssd.merged(rows, _SAME_PALM), window)

        return np.concatenate(engine.together([partial(palms, window) for window in windows]))

    def _marked(self, levels: Levels, squares: Squares) -> tuple[Floats, Floats]:
        """What the landmark model says of the cuts: points (n, 21, 2) in pixels of the picture, and presence (n,)."""

        def marks(square: NDArray[np.float64]) -> tuple[Floats, float]:
            outputs = self._marks(levels.shown(View(*square.tolist()), _HAND_SIDE))
            local = outputs["Identity"].reshape(21, 3)[:, :2]
            return local, float(np.clip(outputs["Identity_1"][0, 0], 0, 1))

        answers = engine.together([partial(marks, square) for square in squares])
        local = np.array([points for points, _ in answers], np.float32).reshape(-1, 21, 2)
        return placed(local, squares, _HAND_SIDE), np.array([presence for _, presence in answers], np.float32)


def palm_tiles(width: int, height: int, faces: Sequence[Face | Head] = ()) -> tuple[Tile, ...]:
    """Where palms are looked for in a picture of this size: the whole, twice, and overlapping half-size tiles.

    Where faces are known, only those tiles that somebody reaches whose hands may be too small for the whole.
    """
    side = max(width, height)
    rims = [ceil(side * rim) for rim in _RIMS]
    large = [Tile((width - rim) // 2, (height - rim) // 2, rim) for rim in rims]
    half = ceil(side / 2)
    small = ssd.tiles(width, height, half, half // 2) if half >= _SMALLEST_TILE else ()
    least, most = (share * side for share in _NEED_TILES)
    reached = [reach(face.box) for face in faces if least <= face.box.height < most]
    return (*large, *(tile for tile in small if not faces or any(_meet(tile, box) for box in reached)))


def reach(face: Box) -> Box:
    """Where the hands of somebody with this face can be; it may lie outside the picture."""
    aside, down = (round(heights * face.height) for heights in _REACH)
    return Box(face.left - aside, face.top, face.right + aside, face.bottom + down)


def _meet(tile: Tile, box: Box) -> bool:
    across = min(tile.left + tile.side, box.right) - max(tile.left, box.left)
    return across > 0 and min(tile.top + tile.side, box.bottom) > max(tile.top, box.top)


# ------------------------------------------------------------------------------------------------------------- cuts


def around_palms(palms: Rows) -> Squares:
    """The square that should hold the whole hand of each palm, fingers up: (n, 19) gives (n, 4)."""
    low, high = palms[:, 0:2].astype(np.float64), palms[:, 2:4].astype(np.float64)
    keypoints = palms[:, 5:].reshape(-1, 7, 2).astype(np.float64)
    angle = _upright(keypoints[:, _MIDDLE] - keypoints[:, _WRIST])
    return _squares((low + high) / 2, high - low, angle, *_CUT_AROUND_PALM)


def around_points(points: Floats) -> Squares:
    """The square around the hand that has these points, fingers up: (n, 21, 2) gives (n, 4)."""
    marks = points.astype(np.float64)
    index, middle, ring = (marks[:, knuckle] for knuckle in _KNUCKLES)
    angle = _upright(((index + ring) / 2 + middle) / 2 - marks[:, _WRIST])
    turned = _turned(marks[:, _PALM_POINTS], -angle)
    low, high = turned.min(axis=1), turned.max(axis=1)
    centre = _turned((low + high)[:, None] / 2, angle)[:, 0]
    return _squares(centre, high - low, angle, *_CUT_AROUND_POINTS)


def _upright(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """The angle by which something that points up must be turned to point in this direction: (n, 2) gives (n,)."""
    return np.asarray(np.pi / 2 - np.arctan2(-direction[:, 1], direction[:, 0]), np.float64)


def _turned(points: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, k, 2) turned clockwise around the origin, each of the n by its own angle."""
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = points[..., 0], points[..., 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=2)


def _squares(
    centre: NDArray[np.float64], size: NDArray[np.float64], angle: NDArray[np.float64], scale: float, along: float
) -> Squares:
    shift = np.stack([np.zeros(len(size)), size[:, 1] * along], axis=1)
    moved = centre + _turned(shift[:, None], angle)[:, 0]
    return np.column_stack([moved, size.max(axis=1) * scale, angle])


def placed(points: Floats, squares: Squares, side: int) -> Floats:
    """Points (n, k, 2) of cuts of `side` pixels in pixels of the picture."""
    local = (points.astype(np.float64) - side / 2) * (squares[:, 2] / side)[:, None, None]
    return np.asarray(_turned(local, squares[:, 3]) + squares[:, None, :2], np.float32)


# ------------------------------------------------------------------------------------------------- what counts as one


def extents(points: Floats, width: int, height: int) -> Floats:
    """Grown boxes around hands (n, 21, 2), kept inside the picture: left, top, right, bottom; maybe empty."""
    low, high = points.min(axis=1), points.max(axis=1)
    grown = _GROWN * (high - low).max(axis=1, keepdims=True)
    sides = np.array([width, height, width, height], np.float32)
    return np.asarray(np.clip(np.hstack([low - grown, high + grown]), 0, sides), np.float32)


def suppressed_hands(boxes: Floats, scores: Floats) -> NDArray[np.intp]:
    """Indices of the boxes that stay, surest first: what overlaps a surer one, or is part of it or it a part, goes."""
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    smaller = np.minimum(areas[:, None], areas[None, :])
    same = (overlaps(boxes, boxes) > _SAME_HAND) | (shared(boxes, boxes) > _PART_OF_HAND * smaller)
    left = np.argsort(-scores, kind="stable")
    return suppressed(same, left[areas[left] > 0])


def in_faces(points: NDArray[Any], faces: Sequence[Face | Head]) -> NDArray[np.bool_]:
    """For each of n sets of points (n, k, 2), whether half of them or more lie in one face and its ears."""
    if not faces:
        return np.zeros(len(points), np.bool_)
    boxes = np.array([face.box.as_list() for face in faces], np.float32)
    ears = _EARS * (boxes[:, 2] - boxes[:, 0])
    boxes[:, 0] -= ears
    boxes[:, 2] += ears
    inside = (points[:, None] >= boxes[None, :, None, :2]) & (points[:, None] < boxes[None, :, None, 2:])
    return np.asarray((inside.all(axis=3).mean(axis=2) >= _IN_FACE).any(axis=1))


# ---------------------------------------------------------------------------------------------------------- outlines


def outline(points: Floats, width: int, height: int) -> Floats:
    """The convex hull of discs around the points (21, 2), inside the picture: (k, 2); k = 0 if outside.

    Convex, so it is simple and holds the gaps between spread fingers too.
    """
    radius = max(_GROWN * float(np.ptp(points, axis=0).max()), 0.5)
    turns = np.arange(_SIDES) * (2 * np.pi / _SIDES)
    # The polygon goes around the disc, not inside it.
    disc = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (radius / np.cos(np.pi / _SIDES))
    hull = cv2.convexHull((points[:, None] + disc[None]).reshape(-1, 2).astype(np.float32))
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    area, inside = cv2.intersectConvexConvex(hull, frame)
    if area < 1 or inside is None:
        return np.empty((0, 2), np.float32)
    return np.clip(np.asarray(inside, np.float32).reshape(-1, 2), 0, frame[2])


def _hand(points: Floats, score: float, width: int, height: int) -> Hand | None:
    edge = outline(points, width, height)
    if len(edge) < 3:
        return None
    left, top = edge.min(axis=0)
    right, bottom = edge.max(axis=0)
    box = Box.covering(float(left), float(top), float(right), float(bottom)).within(width, height)
    return Hand(box, score, _points(points), _points(edge)) if box else None


def _points(rows: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in rows)
