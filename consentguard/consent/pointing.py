"""From tags, which are boxes in the source picture, to the faces and heads that were found in it. Pure: no pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from consentguard.consent.decide import NO_MATCH, UNSURE_HEAD, Known
from consentguard.consent.recognition.match import Match
from consentguard.errors import WrongUsage
from consentguard.values import Box, Face, Head, Picture, Seen, Subject, Tag

SAME_FACE: Final = 0.5
"""IoU from which a tag is on a face."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Something that a tag can be on: its number, and its box in pixels of the source."""

    number: int
    head: Face | Head
    box: Box


@dataclass(frozen=True, slots=True)
class Pointed:
    """What was seen, once a person has pointed at it.

    Attributes:
        seen: with every face and head at which the person points among its `counted`.
        known: what is known of each of these, in their order.
        backs: heads from behind at which nobody points, each with its number.
        late: boxes in pixels of the source at which, the last time, only the second pass found a face.
        next_number: the first that none of all these has.
    """

    seen: Seen
    known: tuple[Known, ...] = ()
    backs: tuple[tuple[int, Face | Head], ...] = ()
    late: tuple[Box, ...] = ()
    next_number: int = 1


def numbered(seen: Seen) -> tuple[Subject, ...]:
    """Everybody at whom a person can point, in the order of their numbers: whoever counts as a face, then backs."""
    return (*seen.counted, *(one for one in seen.subjects if one.turned_away))


def pointed(
    seen: Seen, picture: Picture, matches: Mapping[Subject, Match], tags: Sequence[Tag], late: Sequence[Box]
) -> Pointed:
    """What was seen once a person has pointed at it.

    Args:
        seen: faces and heads as they were found.
        picture: in which; tags and `late` are in pixels of its source.
        matches: what the gallery says of faces, in mode matched.
        tags: what the person says.
        late: boxes at which, the last time, only the second pass found a face.

    A head from behind counts once a person points at it. A box that was added, and a tagged one of `late`, becomes a
    face like any other. Raises WrongUsage for a tag outside the picture, on nothing, or on the same face as another.
    """
    found = [_Candidate(n, one.head, picture.in_source(one.head.box)) for n, one in enumerate(numbered(seen), 1)]
    later = [_Candidate(n, _face(picture, box), box) for n, box in enumerate(late, len(found) + 1)]
    _check(tags, picture)
    on = _bound([tag for tag in tags if not tag.added], [*found, *later])
    known: dict[Face | Head, Known] = {}
    heads: list[Head] = []
    for each in found:
        head, tag = each.head, on.get(each.number)
        if isinstance(head, Head):
            head = replace(head, from_behind=head.from_behind and tag is None)
            heads.append(head)
        match = UNSURE_HEAD if isinstance(head, Head) else matches.get(Subject(head), NO_MATCH)
        known[head] = Known(match, tag.says if tag else "", each.number)
    more = {each.head: Known(says=on[each.number].says, number=each.number) for each in later if each.number in on}
    more |= {_face(picture, tag.box): Known(says=tag.says, added=True) for tag in tags if tag.added}
    faces = (*seen.faces, *(head for head in more if isinstance(head, Face)))
    seen = replace(seen, faces=faces, heads=None if seen.heads is None else tuple(heads))
    known |= more
    return Pointed(
        seen,
        known=tuple(known[one.head] for one in seen.counted),
        backs=tuple((known[one.head].number or 0, one.head) for one in seen.subjects if one.turned_away),
        late=tuple(late),
        next_number=len(found) + len(later) + 1,
    )


def _face(picture: Picture, box: Box) -> Face:
    """A face where a person, or the second pass, saw one."""
    return Face(picture.from_source(box), 1.0)


def _check(tags: Sequence[Tag], picture: Picture) -> None:
    for at, tag in enumerate(tags):
        if tag.box.within(picture.source_width, picture.source_height) != tag.box:
            size = f"{picture.source_width} x {picture.source_height}"
            raise WrongUsage(f"a tag lies outside the picture of {size} pixels: {tag.box.as_list()}")
        twice = next((other for other in tags[:at] if other.box.iou(tag.box) >= SAME_FACE), None)
        if twice is not None:
            raise WrongUsage(f"two tags are on one face: {twice.box.as_list()} and {tag.box.as_list()}")


def _bound(tags: Sequence[Tag], found: Sequence[_Candidate]) -> dict[int, Tag]:
    """The tag on each number, one to one, the nearest pairs first."""
    pairs = sorted(
        ((tag.box.iou(each.box), each.number, tag) for tag in tags for each in found),
        key=lambda pair: (-pair[0], pair[1]),
    )
    on: dict[int, Tag] = {}
    left = list(tags)
    for iou, number, tag in pairs:
        if iou >= SAME_FACE and tag in left and number not in on:
            on[number] = tag
            left.remove(tag)
    if left:
        raise WrongUsage(
            f"no face was found at {left[0].box.as_list()}; a tag is on a face that `inspect` shows. To hide what was "
            "not found, mark the box as added"
        )
    return on
