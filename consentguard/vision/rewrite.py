"""From what must not be seen to other pixels: first a plan that can be read, then paint. Both pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consentguard.values import Box, Face, Pixels, Rewrite, frozen_pixels

_BLOCK: Final = 16
"""Pixels a side of the square that a 4:2:0 JPEG codes as one; paint fills whole ones (ITU T.81, A.2)."""

# How far a head reaches beyond its face box, in shares of the box's longer side. Set between the 75 % and the 97 %
# quantile of 399 heads of an open classroom set, whose head boxes are generous; to be calibrated on area covered.
_HEAD_SIDE: Final = 0.27
_HEAD_UP: Final = 0.60
_HEAD_DOWN: Final = 0.25

# A turned head lies behind the face: away from where the nose points, further the more the nose is off the middle.
_HEAD_BEHIND: Final = 1.8
_NOSE_MIDDLE: Final = 0.05


@dataclass(frozen=True, slots=True)
class RewritePlan:
    """What will be done to a picture; all boxes in its own pixels.

    Attributes:
        rewrite: the kind, None where no rewrite keeps policy's promise.
        frame: the part that leaves.
        painted: what becomes flat colour, in whole JPEG blocks, inside the frame.
        why: one plain sentence.
    """

    rewrite: Rewrite | None
    frame: Box
    painted: tuple[Box, ...]
    why: str

    def as_json(self) -> dict[str, Any]:
        return {
            "rewrite": self.rewrite.value if self.rewrite else None,
            "frame": self.frame.as_list(),
            "painted": [box.as_list() for box in self.painted],
            "why": self.why,
        }


def plan_rewrite(hidden: Sequence[Box], remain: Collection[str], width: int, height: int) -> RewritePlan:
    """The least that hides these heads (`head_box` of a face) in a picture of `width` x `height` pixels.

    `remain` names what of an unapproved person may stay visible: hands, back_of_head, body. Covering heads leaves the
    bodies, so it is planned only where `body` may remain; cropping and silhouettes are not planned yet.
    """
    frame = Box(0, 0, width, height)
    if not hidden:
        return RewritePlan(Rewrite.NONE, frame, (), "nobody has to be hidden")
    if "body" in remain:
        painted = tuple(box for head in hidden if (box := _whole_blocks(head).within(width, height)))
        return RewritePlan(Rewrite.COVER, frame, painted, "covering the heads leaves the bodies, which may remain")
    kept = ", ".join(sorted(remain)) or "nothing"
    return RewritePlan(
        None,
        frame,
        (),
        f"of an unapproved person policy lets remain: {kept}; covering the head would leave the body visible, and "
        "cutting it out is not built yet",
    )


def head_box(face: Face) -> Box:
    """The whole head of a face, hair, ears and chin included; may reach outside the picture."""
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


def apply_plan(pixels: Pixels, plan: RewritePlan, paint: tuple[int, int, int]) -> Pixels:
    """The picture that leaves: RGB uint8, the plan's frame with its painted boxes in one flat colour.

    What lies under the paint has no influence on the result. Raises ValueError for a plan without a rewrite.
    """
    if plan.rewrite is None:
        raise ValueError("a plan that refuses cannot be applied")
    frame = plan.frame
    picture = pixels[frame.top : frame.bottom, frame.left : frame.right].copy()
    for box in plan.painted:
        picture[box.top - frame.top : box.bottom - frame.top, box.left - frame.left : box.right - frame.left] = paint
    return frozen_pixels(picture)


def _whole_blocks(box: Box) -> Box:
    return Box(
        box.left // _BLOCK * _BLOCK,
        box.top // _BLOCK * _BLOCK,
        -(-box.right // _BLOCK) * _BLOCK,
        -(-box.bottom // _BLOCK) * _BLOCK,
    )
