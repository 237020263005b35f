"""Silhouettes: which cells of a picture a person takes up, and what of a hand stays."""

from __future__ import annotations

from typing import Final

import numpy as np

from consentguard.values import Box, Face, Hand, Head, PersonRegion, Point
from consentguard.vision.rewrite.cells import Grid, Levels8
from consentguard.vision.rewrite.cover import head_box
from consentguard.vision.rewrite.shapes import Polygon, ellipse, grown, hull, rounded

# A trunk in heights of its whole head, hair included, where nothing but the head is known: about as wide as shoulders,
# and down to the thighs. More of legs is not guessed. A head is that much higher than wide.
_HEAD_HIGH: Final = 1.15
_TRUNK_WIDE: Final = 1.8
_TRUNK_DOWN: Final = 0.75
_SHOULDERS: Final = 1.75
_TRUNK_HIGH: Final = 6.0

GUESSED: Final = 128
"""Confidence, of 255, of a trunk that is only guessed."""
_HEAD_SURE: Final = 255

_HAND_GROWN: Final = 0.08
_REACH_GROWN: Final = 0.3
"""Shares of a hand's longer side: by how much its outline is grown where it is kept in a silhouette, and where a crop
may show what is around it."""
_FOREARM_LONG: Final = 1.4
_FOREARM_WIDE: Final = 0.35
"""In lengths of the hand from wrist to middle finger tip: a forearm is 0.146 of the height, a hand 0.108 (Drillis and
Contini 1966); half of its width, sleeve included."""
_AT_WRIST, _AT_ELBOW, _ROUND = 0.24, 0.27, 16
"""Radii of an arm that is kept, in the same; and corners of its round ends."""
WRIST, _MIDDLE_ROOT, _MIDDLE_TIP = 0, 9, 12


def own_box(head: Face | Head) -> Box:
    """The whole head, by which bodies are measured."""
    return head_box(head) if isinstance(head, Face) else head.box


def body_levels(grid: Grid, head: Face | Head, person: PersonRegion | None) -> Levels8:
    """How surely each cell is of the person with this head: what was read of the body, or else a guessed trunk.

    No trunk is guessed beneath a face that is not confirmed, for it is likely none. Its own head, without the margins
    of its cover, is surely of it.
    """
    if person is not None and person.extent is not None:
        return grid.levels(person.extent)
    levels, box = grid.empty(), own_box(head)
    if isinstance(head, Head) or head.confirmed:
        grid.fill(levels, trunk(box), GUESSED)
    grid.fill(levels, rounded(box), _HEAD_SURE)
    return levels


def shown_levels(grid: Grid, head: Face | Head, person: PersonRegion | None) -> Levels8:
    """The same of somebody who may be seen: all of the head, hair included, is surely theirs."""
    levels = body_levels(grid, head, person)
    grid.fill(levels, ellipse(own_box(head)), _HEAD_SURE)
    return levels


def trunk(head: Box) -> Polygon:
    """Where the trunk beneath a head is, if nothing else is known."""
    x, unit = (head.left + head.right) / 2, max(head.height, head.width * _HEAD_HIGH)  # a frame may cut a head
    wide = _TRUNK_WIDE / 2 * unit
    top, shoulders, bottom = (head.top + down * unit for down in (_TRUNK_DOWN, _SHOULDERS, _TRUNK_HIGH))
    round_above = ellipse(Box.covering(x - wide, top, x + wide, 2 * shoulders - top))
    return hull((*round_above, *rounded(Box.covering(x - wide, shoulders, x + wide, bottom))))


def hand_length(hand: Hand) -> float:
    """From the wrist to the tip of the middle finger, in pixels."""
    wrist, root, tip = (np.array(hand.points[index]) for index in (WRIST, _MIDDLE_ROOT, _MIDDLE_TIP))
    return max(float(np.linalg.norm(root - wrist) + np.linalg.norm(tip - root)), 1.0)


def kept_hand(hand: Hand) -> Polygon:
    """A hand as a silhouette leaves it out."""
    return grown(hull(hand.outline), _HAND_GROWN * max(hand.box.width, hand.box.height))


def around_hand(hand: Hand) -> Polygon:
    """A hand with the rim that a crop may show."""
    return grown(hull(hand.outline), _REACH_GROWN * max(hand.box.width, hand.box.height))


def kept_forearm(hand: Hand) -> Polygon:
    """The arm behind a hand as a silhouette leaves it out: rounded, and no wider than it has to be."""
    wrist, elbow, length = _forearm(hand)
    turns = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
    circle = np.column_stack([np.cos(turns), np.sin(turns)]) * length
    return hull(_pairs(np.concatenate([wrist + circle * _AT_WRIST, elbow + circle * _AT_ELBOW])))


def forearm(hand: Hand) -> Polygon:
    """What lies behind a hand, as far as the elbow, with room around it."""
    wrist, root = (np.array(hand.points[index]) for index in (WRIST, _MIDDLE_ROOT))
    _, elbow, length = _forearm(hand)
    along = (wrist - root) / max(float(np.linalg.norm(wrist - root)), 1e-6)
    across = np.array([-along[1], along[0]]) * _FOREARM_WIDE * length
    return hull(_pairs(np.array([root + across, root - across, elbow + across, elbow - across])))


def _forearm(hand: Hand) -> tuple[np.ndarray, np.ndarray, float]:
    """The wrist, where the elbow is thought to be, and the length of the hand."""
    wrist, root = (np.array(hand.points[index]) for index in (WRIST, _MIDDLE_ROOT))
    length = hand_length(hand)
    along = (wrist - root) / max(float(np.linalg.norm(wrist - root)), 1e-6)
    return wrist, wrist + along * _FOREARM_LONG * length, length


def _pairs(points: np.ndarray) -> list[Point]:
    return [(float(x), float(y)) for x, y in points]
