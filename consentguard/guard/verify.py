"""Finishing: paint, encode, and the second pass over the very bytes that will leave.

Of earlier steps it takes on trust which pixels were to be hidden, who may be seen, and which heads from behind and
hands the first pass found; that the picture shows no more than follows from these, and nobody else, it proves anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

import cv2

from consentguard.consent.policy.policy import Policy
from consentguard.errors import UnreadableImage, VerificationFailed
from consentguard.guard.judging import Judged
from consentguard.values import Box, Face, Hand, Head, Picture
from consentguard.values.stopwatch import stage
from consentguard.vision.detection import passes
from consentguard.vision.imagefile import bare, codec
from consentguard.vision.models.engine import both, together
from consentguard.vision.rewrite import Mask, Paint, RewritePlan, apply_plan, kept_hand, proof
from consentguard.vision.rewrite.shapes import in_shapes, share_of, uint8

_SAME_FACE: Final = 0.4
"""IoU from which a face of the second pass is the approved one of the first; JPEG noise moves boxes by less."""

_IN_HEAD: Final = 0.6
"""Share of a hit that lies in a head which the first pass cleared as from behind, from which the hit is that head."""

_BACK_AT_MOST: Final = 0.92
"""Score of a hit that a back permits: of 145 heads seen from behind none scores more, of 424 that show an eye, the nose
or the mouth four in five do (docs/decisions/0072-backs-of-heads.md)."""

_ALL_HAND: Final = 0.9
"""Share of what can be seen in a hit that lies in hands, from which nothing else is seen there."""

_SAME_PLACE: Final = 0.2
"""IoU from which a face seen before painting is in the place of a hit."""

_PAINT: Final = 0.9
"""Share of a hit of the plain pass that is paint or drawing, from which it shows nobody: either follows from what may
be seen."""


class Find(Protocol):
    """Finds the faces of a finished picture, small ones from a lower score than the first pass; without the finest of
    CenterFace's passes, and from its scores, where it is seen as the first pass will see it."""

    def __call__(self, picture: Picture, *, finest: bool = True) -> Sequence[Face]: ...


class SomebodySeen(VerificationFailed):
    """The second pass found somebody whom nobody cleared: a stronger plan may help.

    Attributes:
        faces: what was found, in pixels of the picture before its crop.
    """

    def __init__(self, message: str, faces: tuple[Face, ...]) -> None:
        super().__init__(message)
        self.faces = faces


def paint_of(policy: Policy) -> Paint:
    """How a policy wants what is hidden to be painted."""
    rules = policy.picture
    return Paint(rules.fill, rules.paint, rules.sticker, rules.note)


def finish(judged: Judged, policy: Policy) -> bytes:
    """The file that the plan makes of the picture, proved to be that and to show nobody else.

    Raises ValueError for a plan without a rewrite, VerificationFailed and SomebodySeen as `verify` does, and CannotTell
    where a detector fails.
    """
    paint, quality, files = paint_of(policy), policy.picture.jpeg_quality, policy.files
    with stage("paint"):
        pixels = apply_plan(judged.picture.pixels, judged.plan, paint)
    with stage("encode"):
        data = codec.encode(pixels, files.format, quality=quality, sampling=files.sampling)
    hands = (judged.seen.hands or ()) if "hands" in judged.remain else ()
    find = partial(passes.second_pass, judged.detector, policy.picture.smallest_face)
    with stage("verify"):
        verify(data, judged.plan, judged.may_be_seen, judged.backs, hands, judged.picture, find, paint, files.format,
               quality, files.sampling)  # fmt: skip
    return data


def verify(
    data: bytes,
    plan: RewritePlan,
    approved: Sequence[Face | Head],
    backs: Sequence[Head],
    hands: Sequence[Hand],
    before: Picture,
    find: Find,
    paint: Paint,
    kind: str = "jpeg",
    quality: int = 90,
    sampling: str = "4:2:0",
) -> None:
    """Decodes what would leave and searches it, mirrored and plainly. Returns nothing, so no answer can be ignored.

    That it is the expected picture is proved without trust in the painter (`proof.follows`). The mirrored detector pass
    sees the pixels anew, with bare paint where something is drawn: that is proved to be the drawing, and a drawn face
    is taken for a face. The plain one sees the very bytes: most of what a first pass over the copy would find is found
    here (docs/decisions/0105-what-a-copy-shows-again.md), but for what lies in the paint and its drawings.

    Args:
        data: the very bytes.
        plan: what was to be done.
        approved: faces, and heads that count as faces, that may be seen; each permits one hit.
        backs: heads that the first pass cleared as from behind and that are left to be seen; the detector takes a
            third of them for faces, and each permits one hit.
        hands: that may remain. With all around them painted, the detector takes one in ten for a face: such a hit does
            not count where a mirrored detector pass over `before` finds no face there either.
        before: the picture that was painted.
        find: the detector at the operating point of the first pass.
        paint: how what is hidden was painted.
        kind: the format of the file.
        quality, sampling: with which it was encoded; see `codec.encode`.

    Boxes of `approved`, `backs` and `hands` are in pixels of the picture before its crop. Raises VerificationFailed
    where the bytes are not a bare file of that `kind`, or not the expected picture; SomebodySeen where `find` finds a
    face that is none of these.
    """
    frame = plan.frame
    size = bare.prove(data, kind)
    try:
        picture = codec.decode(data, max_edge=max(frame.width, frame.height), max_pixels=frame.area)
    except UnreadableImage as error:
        raise VerificationFailed(f"the finished file cannot be read again: {error}") from error
    if size != (frame.width, frame.height) or size != (picture.width, picture.height):
        raise VerificationFailed("the finished file is not the planned size; report this.")
    expected, undrawn = proof.expected(before.pixels, plan, paint)
    undrawn_on = replace(picture, pixels=proof.without_drawings(picture.pixels, expected, undrawn))
    both_ways = [partial(find, picture, finest=False), partial(find, _flipped(undrawn_on))]
    as_expected, (plain, other) = both(
        partial(proof.follows, data, expected, kind, quality, sampling), partial(together, both_ways)
    )
    if not as_expected:
        raise VerificationFailed("the finished picture is not what follows from what may be seen; report this.")
    plain = [face for face in plain if not _is_paint(face.box, plan.hidden)]
    seen = (plain, [_mirrored(face, frame.width) for face in other])
    unknown = [_uncleared([_moved(face, frame.left, frame.top) for face in way], approved, backs) for way in seen]
    somebody = [face for way in unknown for face in way]
    in_hands = [face for face in somebody if _only_hands(face, hands, plan.hidden, frame)]
    if in_hands:
        there = [_mirrored(face, before.width).box for face in find(_flipped(before))]
        made_by_paint = [face for face in in_hands if all(face.box.iou(box) < _SAME_PLACE for box in there)]
        somebody = [face for face in somebody if face not in made_by_paint]
    if somebody:
        first = somebody[0]
        raise SomebodySeen(
            f"a second pass over the finished picture found a face at {first.box.as_list()} (score {first.score:.2f}) "
            "that nobody cleared; crop it out of the photo and try again.",
            tuple(somebody),
        )


def _is_paint(box: Box, painted: Mask) -> bool:
    """Whether what is seen in a box is paint."""
    inside = box.within(painted.shape[1], painted.shape[0])
    return inside is not None and share_of(painted[inside.top : inside.bottom, inside.left : inside.right]) >= _PAINT


def _uncleared(faces: Sequence[Face], approved: Sequence[Face | Head], backs: Sequence[Head]) -> list[Face]:
    """The faces of one detector pass that are neither approved nor known backs of heads; each of these permits one."""
    expected, turned_away, rest = list(approved), [head.box for head in backs], []
    for face in faces:
        same = max(expected, key=partial(_likeness, face), default=None)
        back = max(turned_away, key=face.box.overlap, default=None)
        if same is not None and _likeness(face, same) >= _SAME_FACE:
            expected.remove(same)
        elif back is not None and face.score <= _BACK_AT_MOST and face.box.overlap(back) >= _IN_HEAD * face.box.area:
            turned_away.remove(back)
        else:
            rest.append(face)
    return rest


def _likeness(face: Face, approved: Face | Head) -> float:
    """How surely a hit is somebody who may be seen, as an IoU; of a whole head the hit is only a part."""
    if isinstance(approved, Head) and face.box.overlap(approved.box) >= _IN_HEAD * face.box.area:
        return max(face.box.iou(approved.box), _SAME_FACE)
    return face.box.iou(approved.box)


def _only_hands(face: Face, hands: Sequence[Hand], painted: Mask, frame: Box) -> bool:
    """Whether what can be seen in a face's box is hands, and all else of it is paint."""
    left, top = frame.left, frame.top
    box = face.box.within(frame.right, frame.bottom)
    if not hands or box is None or box.left < left or box.top < top:
        return False
    seen = ~painted[box.top - top : box.bottom - top, box.left - left : box.right - left]
    return in_shapes(box, [kept_hand(hand) for hand in hands], seen) >= _ALL_HAND


def _flipped(picture: Picture) -> Picture:
    return Picture(uint8(cv2.flip(picture.pixels, 1)), picture.width, picture.height)


def _mirrored(face: Face, width: int) -> Face:
    return Face(face.box.mirrored(width), face.score, confirmed=face.confirmed)


def _moved(face: Face, x: int, y: int) -> Face:
    box = face.box
    moved = Box(box.left + x, box.top + y, box.right + x, box.bottom + y)
    return Face(moved, face.score, confirmed=face.confirmed)
