"""The scene: which regions of a picture are secret, and which may be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from consentguard.values import Box, Face, Hand, Head, Person, Seen
from consentguard.vision.rewrite.cover import head_shape
from consentguard.vision.rewrite.shapes import Polygon, around, corners, grown, hull, nearer, whole_blocks
from consentguard.vision.rewrite.silhouette import body_shape, headless_shape

_STEP: Final = 0.15
"""By how much heads and bodies are drawn larger each time that a look at the finished picture found somebody."""
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
        covers: what is painted to hide them, in whole JPEG blocks, less what is nearer to somebody who may be seen.
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
    marks: tuple[Polygon, ...]
    bodies: tuple[Polygon, ...]
    approved: tuple[Box, ...]
    backs: tuple[Box, ...]
    others: tuple[Polygon, ...]
    hands: tuple[Hand, ...]


def survey(
    seen: Seen,
    approved: Sequence[bool],
    remain: Collection[str],
    width: int,
    height: int,
    *,
    marks: Sequence[Box],
    found: Sequence[Face],
    step: int,
) -> Scene:
    """Sorts what was seen; arguments as for `plan_rewrite`."""
    larger = 1 + _STEP * step
    people = {person.head: person for person in seen.people or () if person.head is not None}
    if len(approved) != len(seen.counted):
        raise ValueError(f"{len(seen.counted)} faces and unsure heads need as many flags, not {len(approved)}")
    flags = iter(approved)
    secret: list[tuple[Face | Head, Person | None]] = []
    free: list[tuple[Face | Head, Person | None]] = []
    backs: list[Box] = []
    owners: list[Face | Head] = [*seen.faces, *(seen.heads or ())]
    for index, head in enumerate(owners):
        if isinstance(head, Head) and head.from_behind:
            may_stay = "back_of_head" in remain
            backs += [head.box] if may_stay else []
        else:
            may_stay = next(flags)
        (free if may_stay else secret).append((head, people.get(index)))
    secret += [(face, None) for face in found]
    heads = tuple(_larger(head_shape(head), larger) for head, _ in secret)
    visible = [face for face, _ in free if isinstance(face, Face)]
    bodies = [body_shape(head, shape, person, larger) for shape, (head, person) in zip(heads, secret, strict=True)]
    bodies += [headless_shape(person, larger) for person in seen.people or () if person.head is None and person.outline]
    return Scene(
        width=width,
        height=height,
        heads=heads,
        # Those of earlier steps too, so that no step shows more than the one before.
        covers=_present(
            whole_blocks(_contested(_larger(head_shape(head), 1 + _STEP * earlier), head, visible), width, height)
            for head, _ in secret
            for earlier in range(step + 1)
        ),
        marks=_present(whole_blocks(corners(mark), width, height) for mark in marks),
        bodies=tuple(bodies),
        approved=tuple(around(head_shape(face)) for face in visible),
        backs=tuple(backs),
        others=_present(_own(head, person, heads) for head, person in free),
        hands=tuple(seen.hands or ()) if "hands" in remain else (),
    )


def _larger(shape: Polygon, factor: float) -> Polygon:
    return grown(shape, (factor - 1) * around(shape).height) if factor > 1 else shape


def _contested(shape: Polygon, head: Face | Head, visible: Sequence[Face]) -> Polygon:
    """A secret head less what is nearer to the face of somebody who may be seen; its own face is always in it."""
    core = grown(corners(head.box), _FACE_RIM * max(head.box.width, head.box.height))
    for face in visible:
        if around(shape).overlap(face.box):
            shape = hull((*core, *(nearer(shape, head.box, face.box) or ())))
    return shape


def _own(head: Face | Head, person: Person | None, secret: Sequence[Polygon]) -> Polygon | None:
    """What somebody who may be seen takes up, less what is nearer to a secret head."""
    mine = head_shape(head)
    shape: Polygon | None = body_shape(head, mine, person, 1.0)
    for other in secret:
        shape = nearer(shape, around(mine), around(other)) if shape else None
    return shape


def _present(shapes: Iterable[Polygon | None]) -> tuple[Polygon, ...]:
    return tuple(shape for shape in shapes if shape)
