"""How far a head reaches beyond its face: hair, ears and chin."""

from __future__ import annotations

from math import atan2, hypot
from typing import Final

from consentguard.values import Box, Face, Head
from consentguard.vision.rewrite.shapes import Polygon, superellipse

# How far a head reaches beyond its face box, in shares of the box's longer side. Set between the 75 % and the 97 %
# quantile of 399 heads of an open classroom set, whose head boxes are generous.
_HEAD_SIDE: Final = 0.27
_HEAD_UP: Final = 0.60
_HEAD_DOWN: Final = 0.25

# A turned head lies behind the face: away from where the nose points, further the more the nose is off the middle.
_HEAD_BEHIND: Final = 1.8
_NOSE_MIDDLE: Final = 0.05


# The same for what is painted, where too little is worse than too much. Fitted on the faces of 60 photos of
# scut_heads_b whose name has an even SHA-1, against their head boxes, the rim around the cover included:
# docs/decisions/0093-covers-that-fit.md.
_SIDE: Final = 0.12
_AWAY: Final = 0.73
_PROFILE: Final = 1.90
_EYES_APART: Final = 0.33
_UP: Final = 0.53
_UP_WIDE: Final = 2.09
_WIDE: Final = 0.8
_DOWN: Final = 0.15
_DOUBT_SIDE: Final = 1.71
_DOUBT_UP: Final = 0.82
_DOUBT_DOWN: Final = 0.38
_MOST_DOUBT: Final = 0.5
_EYES_CLEAR: Final = 0.15


def head_box(face: Face) -> Box:
    """The usual whole head of an upright face, by which bodies are measured; may reach outside the picture."""
    box = face.box
    side = max(box.width, box.height)
    behind_left = behind_right = 0.0
    if face.landmarks:
        nose_off = (face.landmarks[2][0] - (box.left + box.right) / 2) / side
        behind_left = _HEAD_BEHIND * min(max(nose_off - _NOSE_MIDDLE, 0.0), 0.5)
        behind_right = _HEAD_BEHIND * min(max(-nose_off - _NOSE_MIDDLE, 0.0), 0.5)
    return Box.covering(
        box.left - (_HEAD_SIDE + behind_left) * side,
        box.top - _HEAD_UP * side,
        box.right + (_HEAD_SIDE + behind_right) * side,
        box.bottom + _HEAD_DOWN * side,
    )


def head_shape(head: Face | Head, by: float = 0.0) -> Polygon:
    """The outline of what may be a head, rather too much than too little, and of `by` pixels around it.

    Convex, rounded, turned as far as the eyes are; may reach outside the picture. Wider on the side away from the nose,
    wider the nearer the eyes are to each other, as in a profile, and wider the less sure the face is, down to a score
    of a half: what is hardly a face is a head bent or turned.
    """
    if isinstance(head, Head):
        whole = head.box
        return superellipse(whole.left, whole.top, whole.right, whole.bottom, by=by)
    box, doubt = head.box, min(1 - head.score, _MOST_DOUBT)
    side = max(box.width, box.height)
    reach, nose, turn = _SIDE + _DOUBT_SIDE * doubt, 0.0, 0.0
    if head.landmarks:
        (left, top), (right, bottom) = head.landmarks[:2]
        apart = hypot(right - left, bottom - top) / side
        reach += _PROFILE * max(_EYES_APART - apart, 0.0)
        nose = (head.landmarks[2][0] - (box.left + box.right) / 2) / side
        turn = atan2(bottom - top, right - left) if apart > _EYES_CLEAR else 0.0
    up = _UP + _DOUBT_UP * doubt + _UP_WIDE * max(box.width / box.height - _WIDE, 0.0)
    return superellipse(
        box.left - max(reach + _AWAY * nose, 0.0) * side,
        box.top - up * side,
        box.right + max(reach - _AWAY * nose, 0.0) * side,
        box.bottom + (_DOWN + _DOUBT_DOWN * doubt) * side,
        turn=turn,
        about=((box.left + box.right) / 2, (box.top + box.bottom) / 2),
        by=by,
    )
