"""The scene: which regions of a picture are secret, and which may be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from consentguard.values import Box, Face, Hand, Head, Person, Seen, Subject
from consentguard.vision.rewrite.cover import head_shape
from consentguard.vision.rewrite.shapes import (
    Polygon,
    around,
    around_blocks,
    corners,
    free,
    grown,
    hull,
    nearer,
    whole_blocks,
)
from consentguard.vision.rewrite.silhouette import body_shape, headless_shape

_STEP: Final = 0.15
"""By how much heads and bodies are drawn larger each time that a look at the finished picture found somebody."""
_IN_HAND: Final = 0.6
"""Share of what a later look found that lies in a hand, from which it is that hand."""
_WHOLE_BACK: Final = 0.7
"""Share of a head from behind that has to be left for it to be kept at all."""
_FACE_RIM: Final = 0.1
"""In longer sides of a face: what around it is covered even where somebody who may be seen is nearer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How little may be left.

    Attributes:
        smallest_edge: pixels, of a cropped picture's short edge.
        smallest_share: 0..1, of the picture's area that a crop has to keep, or silhouettes have to leave visible.
    """

    smallest_edge: int = 400
    smallest_share: float = 0.12


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rewrite has to do with; polygons may reach outside the picture.

    Attributes:
        width, height: of the picture, in pixels.
        heads: whole heads that may not be seen, convex.
        covers: what has to be painted to hide them, in whole JPEG blocks, less what is nearer to somebody who may be
            seen.
        calm: the same, grown until their outlines are those of heads and no longer of blocks.
        marks: what else is painted, in whole JPEG blocks.
        bodies: everything of the people who may not be seen.
        approved: whole heads of the people who may be seen.
        backs: heads positively seen from behind that may remain.
        others: people who may be seen, turned away or approved, less what is nearer to a secret head.
        hands: hands that may remain.
    """

    width: int
    height: int
    heads: tuple[Polygon, ...]
    covers: tuple[Polygon, ...]
    calm: tuple[Polygon, ...]
    marks: tuple[Polygon, ...]
    bodies: tuple[Polygon, ...]
    approved: tuple[Box, ...]
    backs: tuple[Box, ...]
    others: tuple[Polygon, ...]
    hands: tuple[Hand, ...]


def survey(
    seen: Seen,
    shown: Collection[Subject],
    remain: Collection[str],
    width: int,
    height: int,
    *,
    marks: Sequence[Box],
    found: Sequence[Face],
    step: int,
) -> Scene:
    """Sorts what was seen; arguments as for `plan_rewrite`."""
    backs = [one for one in seen.subjects if one.turned_away] if "back_of_head" in remain else []
    visible = [one for one in seen.counted if one in shown]
    stay = {*backs, *visible}
    secret: list[tuple[Face | Head, Person | None]] = [(s.head, s.body) for s in seen.subjects if s not in stay]
    secret += [(face, None) for face in found]
    factors = [1 + _STEP * step * _near(head.box, found) for head, _ in secret]
    heads = tuple(_larger(head_shape(head), factor) for (head, _), factor in zip(secret, factors, strict=True))
    hands = tuple(seen.hands or ()) if "hands" in remain else ()
    known = len(secret) - len(found)
    bodies = [
        body_shape(head, shape, person, factor)
        for shape, (head, person), factor in zip(heads, secret, factors, strict=True)
    ]
    # What a later look found in a body that is painted, or took a hand for, has no body of its own.
    bodies[known:] = [
        body for face, body in zip(found, bodies[known:], strict=True) if not _belongs(face, bodies[:known], hands)
    ]
    bodies += [headless_shape(person, 1.0) for person in seen.people or () if person.head is None and person.outline]
    # Those of earlier steps too, so that no step shows more than the one before.
    hidden = [
        _contested(_larger(head_shape(head), 1 + (factor - 1) * earlier / max(step, 1)), head, visible)
        for (head, _), factor in zip(secret, factors, strict=True)
        for earlier in range(step + 1)
    ]
    covers = _present(whole_blocks(shape, width, height) for shape in hidden)
    return Scene(
        width=width,
        height=height,
        heads=heads,
        covers=covers,
        calm=_present(around_blocks(shape, width, height) for shape in hidden),
        marks=_present(whole_blocks(corners(mark), width, height) for mark in marks),
        bodies=tuple(bodies),
        approved=tuple(around(head_shape(one.head)) for one in visible),
        backs=tuple(one.head.box for one in backs),
        others=_present(_own(one, heads, covers) for one in seen.subjects if one in stay),
        hands=hands,
    )


def _near(box: Box, found: Sequence[Face]) -> bool:
    """Whether something was found where a head had been hidden, or beside it."""
    around = Box.covering(box.left - box.width, box.top - box.height, box.right + box.width, box.bottom + box.height)
    return any(around.overlap(face.box) for face in found)


def _belongs(face: Face, bodies: Sequence[Polygon], hands: Sequence[Hand]) -> bool:
    """Whether a face that a later look found lies in a body that is painted anyhow, or is a hand that was kept."""
    middle = ((face.box.left + face.box.right) / 2, (face.box.top + face.box.bottom) / 2)
    if any(cv2.pointPolygonTest(np.array(body, np.int32), middle, False) >= 0 for body in bodies):
        return True
    return any(hand.box.overlap(face.box) >= _IN_HAND * face.box.area for hand in hands)


def _larger(shape: Polygon, factor: float) -> Polygon:
    return grown(shape, (factor - 1) * around(shape).height) if factor > 1 else shape


def _contested(shape: Polygon, head: Face | Head, visible: Sequence[Subject]) -> Polygon:
    """A secret head less what is nearer to the head of somebody who may be seen; its own face is always in it."""
    core = grown(corners(head.box), _FACE_RIM * max(head.box.width, head.box.height))
    for one in visible:
        if around(shape).overlap(one.head.box):
            shape = hull((*core, *(nearer(shape, head.box, one.head.box) or ())))
    return shape


def _own(subject: Subject, secret: Sequence[Polygon], covers: Sequence[Polygon]) -> Polygon | None:
    """What somebody who may be seen takes up, less what is nearer to a secret head; nothing of a back cut to pieces."""
    mine = head_shape(subject.head)
    shape: Polygon | None = body_shape(subject.head, mine, subject.body, 1.0)
    for other in secret:
        shape = nearer(shape, around(mine), around(other)) if shape else None
    if shape and subject.turned_away and free(subject.head.box, shape, covers) < _WHOLE_BACK:
        return None
    return shape


def _present(shapes: Iterable[Polygon | None]) -> tuple[Polygon, ...]:
    return tuple(shape for shape in shapes if shape)
