"""How far a head reaches beyond its face: hair, ears and chin."""

from __future__ import annotations

from math import atan2, hypot
from typing import Final

from consentguard.values import Box, Face, Head
from consentguard.vision.rewrite.shapes import Polygon, rounded

# How far a head reaches beyond its face box, in shares of the box's longer side. Set between the 75 % and the 97 %
# quantile of 399 heads of an open classroom set, whose head boxes are generous.
_HEAD_SIDE: Final = 0.27
_HEAD_UP: Final = 0.60
_HEAD_DOWN: Final = 0.25

# A turned head lies behind the face: away from where the nose points, further the more the nose is off the middle.
_HEAD_BEHIND: Final = 1.8
_NOSE_MIDDLE: Final = 0.05


# The same for what is painted, where too little is worse than too much. Fitted on every other one of 900 faces of
# 100 photos of scut_heads_b against their head boxes: docs/decisions/0014-cover.md.
_FRONT: Final = 0.16
_BEHIND: Final = 0.25
_PROFILE: Final = 2.40
_EYES_APART: Final = 0.33
_UP: Final = 0.58
_UP_DOUBT: Final = 0.42
_UP_WIDE: Final = 1.15
_WIDE: Final = 0.8
_DOWN: Final = 0.18
_DOUBT: Final = 1.10
_EYES_CLEAR: Final = 0.15
_NOSE_CLEAR: Final = 0.1


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


def head_shape(head: Face | Head) -> Polygon:
    """The outline of what may be a head, rather too much than too little; may reach outside the picture.

    Convex, rounded, turned as far as the eyes are. Wider on the side away from the nose the nearer the eyes are to each
    other, as in a profile, and wider all around the less sure the face is: what is hardly one is a head bent or turned.
    """
    if isinstance(head, Head):
        return rounded(head.box)
    box, doubt = head.box, 1 - head.score
    side = max(box.width, box.height)
    front, behind = _FRONT, _BEHIND
    nose, turn = 0.0, 0.0
    if head.landmarks:
        (left, top), (right, bottom) = head.landmarks[:2]
        apart = hypot(right - left, bottom - top) / side
        behind += _PROFILE * max(_EYES_APART - apart, 0.0)
        nose = (head.landmarks[2][0] - (box.left + box.right) / 2) / side
        turn = atan2(bottom - top, right - left) if apart > _EYES_CLEAR else 0.0
    front += (behind - front) * (1 - min(abs(nose) / _NOSE_CLEAR, 1.0)) / 2  # which way it looks is not clear
    reach = (behind, front) if nose > 0 else (front, behind)
    up = _UP + _UP_DOUBT * doubt + _UP_WIDE * max(box.width / box.height - _WIDE, 0.0)
    whole = Box.covering(
        box.left - (reach[0] + _DOUBT * doubt) * side,
        box.top - up * side,
        box.right + (reach[1] + _DOUBT * doubt) * side,
        box.bottom + (_DOWN + _DOUBT * doubt) * side,
    )
    return rounded(whole, turn, ((box.left + box.right) / 2, (box.top + box.bottom) / 2))
