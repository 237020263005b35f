"""Silhouettes: how much of a picture a person takes up, drawn so calmly that it can be looked at."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from consentguard.values import Box, Face, Hand, Head, Person, Point
from consentguard.vision.rewrite.cover import head_box
from consentguard.vision.rewrite.shapes import Polygon, grown, hull, polygon, rounded

# A body in heights of its whole head, hair included, where nothing but the head is known: wider than shoulders, and
# an adult's 7.5 heads (Drillis and Contini 1966) are six of these generous ones. A head is that much higher than wide.
_HEAD_HIGH: Final = 1.15
_SHOULDERS_WIDE: Final = 2.2
_TRUNK_DOWN: Final = 0.9
_TRUNK_HIGH: Final = 6.5

_CUT_FROM, _CUT_TO = 2.75, 3.0
_CUT_EDGE: Final = 0.1
_CUT_WIDE: Final = 0.3
"""In heads: where the view of a bust (people.py) ends below the middle of the head; how near to its end an outline
counts as its end, and how wide it is there if the view cut it."""
_LEGS: Final = 0.3
"""Heads by which what lies below such a cut is wider, to each side."""

_GRAIN: Final = 32.0
"""Pixels of a head's height at which an outline is made calm."""
_CALM: Final = 0.15
"""Heads: dents and spikes thinner than twice this vanish, corners are rounded by as much."""
_FINER: Final = 4
"""How much finer than its grain the calm outline is drawn."""

_HAND_GROWN: Final = 0.08
_REACH_GROWN: Final = 0.3
"""Shares of a hand's longer side: by how much its outline is grown where it is kept in a silhouette, and where a crop
may show what is around it."""
_FOREARM_LONG: Final = 1.4
_FOREARM_WIDE: Final = 0.35
"""In lengths of the hand from wrist to middle finger tip: a forearm is 0.146 of the height, a hand 0.108 (Drillis and
Contini 1966); half of its width, sleeve included."""
_WRIST, _MIDDLE_ROOT, _MIDDLE_TIP = 0, 9, 12


def body_shape(head: Face | Head, cover: Polygon, person: Person | None, larger: float) -> Polygon:
    """The extent of the person with this head, covered like this: the outline, or else what follows from the head."""
    box = head_box(head) if isinstance(head, Face) else head.box
    if person is not None and person.outline:
        return _calm(_to_the_feet(person.outline, box), box.height, (larger - 1) * box.height)
    x, unit = (box.left + box.right) / 2, max(box.height, box.width * _HEAD_HIGH) * larger  # a frame may cut a head
    wide = _SHOULDERS_WIDE / 2 * unit
    # rounded, the trunk is as wide as the shoulders where they are
    trunk = rounded(Box.covering(x - wide, box.top + _TRUNK_DOWN * unit, x + wide, box.top + _TRUNK_HIGH * unit))
    return hull((*cover, *trunk))


def _to_the_feet(outline: tuple[Point, ...], head: Box) -> tuple[Point, ...]:
    """The outline; where it ends at the lower edge of the view of a bust, with as much below it as a body has.

    In such a view the person goes on below; a third of the outlines of an open classroom set end there.
    """
    unit, middle = head.height, (head.top + head.bottom) / 2
    points = np.array(outline)
    bottom = float(points[:, 1].max())
    ends = points[points[:, 1] > bottom - _CUT_EDGE * unit, 0]
    wide = float(np.ptp(ends))
    if not _CUT_FROM <= (bottom - middle) / unit <= _CUT_TO or wide < _CUT_WIDE * unit:
        return outline
    left, right = float(ends.min()) - _LEGS * unit, float(ends.max()) + _LEGS * unit
    legs = rounded(Box.covering(left, bottom - 2 * _LEGS * unit, right, head.top + _TRUNK_HIGH * unit))
    return _united(outline, legs)


def headless_shape(person: Person, larger: float) -> Polygon:
    """The extent of somebody of whom no head was found, but an outline was."""
    unit = max(person.box.width / 3, 1.0)
    return _calm(person.outline, unit, (larger - 1) * unit)


def kept_hand(hand: Hand) -> Polygon:
    """A hand as a silhouette leaves it out."""
    return grown(hull(hand.outline), _HAND_GROWN * max(hand.box.width, hand.box.height))


def hand_and_forearm(hand: Hand) -> tuple[Polygon, Polygon]:
    """What a crop may show of a person: a hand with a rim, and the forearm behind it."""
    rim = grown(hull(hand.outline), _REACH_GROWN * max(hand.box.width, hand.box.height))
    wrist, root, tip = (np.array(hand.points[index]) for index in (_WRIST, _MIDDLE_ROOT, _MIDDLE_TIP))
    length = max(float(np.linalg.norm(root - wrist) + np.linalg.norm(tip - root)), 1.0)
    along = (wrist - root) / max(float(np.linalg.norm(wrist - root)), 1e-6)
    across = np.array([-along[1], along[0]]) * _FOREARM_WIDE * length
    elbow = wrist + along * _FOREARM_LONG * length
    return rim, hull(_pairs(np.array([root + across, root - across, elbow + across, elbow - across])))


def _united(outline: tuple[Point, ...], other: Polygon) -> tuple[Point, ...]:
    """The outline around two polygons that overlap."""
    points, more = np.array(outline), np.array(other, np.float64)
    low = np.floor(np.minimum(points.min(axis=0), more.min(axis=0))) - 1
    width, height = (np.ceil(np.maximum(points.max(axis=0), more.max(axis=0))) - low + 2).astype(int)
    mask = np.zeros((height, width), np.uint8)
    for shape in (points, more):
        cv2.fillPoly(mask, [np.round(shape - low).astype(np.int32)], 255)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return tuple(_pairs(max(contours, key=cv2.contourArea).reshape(-1, 2) + low))


def _calm(outline: tuple[Point, ...], unit: float, by: float) -> Polygon:
    """An outline without dents and spikes, rounded; never smaller than the outline but at its spikes."""
    scale = min(_GRAIN / unit, 1.0)
    points = np.array(outline) * scale
    rim = int(np.ceil((unit + by) * scale)) + 2
    low = np.floor(points.min(axis=0)) - rim
    width, height = (np.ceil(points.max(axis=0)) - low + rim).astype(int)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(points - low).astype(np.int32)], 255)
    reach = max(round(_CALM * unit * scale), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    mask = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc), cv2.MORPH_OPEN, disc)
    more = round(by * scale) + round(reach / 2)  # what the blur takes from round corners
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * more + 1, 2 * more + 1)))
    mask = cv2.GaussianBlur(mask, (0, 0), reach / 2)
    mask = cv2.resize(mask, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return polygon(outline)
    smooth = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 1.0, closed=True).reshape(-1, 2)
    return polygon(_pairs(((smooth + 0.5) / _FINER + low) / scale)) if len(smooth) >= 3 else polygon(outline)


def _pairs(points: np.ndarray) -> list[Point]:
    return [(float(x), float(y)) for x, y in points]
