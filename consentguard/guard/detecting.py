"""What the models find in one photo, for programs that need no decision: no register, no policy and no state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from consentguard.consent.clock import now
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.guard.models import VisionModels, reader_of
from consentguard.guard.setup import Setup
from consentguard.values import Box, Face, Hand, Head, PersonRegion, Picture, Point
from consentguard.vision.detection import passes
from consentguard.vision.imagefile.inputs import PhotoLike, photo_of


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found.

    Attributes:
        box: in pixels of the upright photo.
        score: how sure it is, 0..1; of a person that of the head, 0 where none was found.
        points: of a face five points (x, y), eye, eye, nose, mouth corner, mouth corner, each pair from the viewer's
            left; of a hand 21 points; otherwise empty.
    """

    box: Box
    score: float
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found in one photo, surest first.

    Attributes:
        width, height: pixels of the upright photo.
        faces: faces.
        heads: heads that are no faces and of which it is not sure that they are seen from behind.
        heads_from_behind: heads that are surely seen from behind.
        hands, people: hands, and whole people.
    """

    width: int
    height: int
    faces: tuple[Found, ...]
    heads: tuple[Found, ...]
    heads_from_behind: tuple[Found, ...]
    hands: tuple[Found, ...]
    people: tuple[Found, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain types: width, height, and for each kind a list of box, score and points."""
        kinds = ("faces", "heads", "heads_from_behind", "hands", "people")
        return {
            "width": self.width,
            "height": self.height,
            **{
                kind: [
                    {"box": one.box.as_list(), "score": round(one.score, 3), "points": [list(p) for p in one.points]}
                    for one in getattr(self, kind)
                ]
                for kind in kinds
            },
        }

    def __repr__(self) -> str:
        counts = {
            "faces": self.faces,
            "heads": self.heads,
            "heads from behind": self.heads_from_behind,
            "hands": self.hands,
            "people": self.people,
        }
        told = ", ".join(f"{len(found)} {kind}" for kind, found in counts.items())
        return f"<Detected {told} in {self.width} x {self.height} pixels>"


def detect(photo: PhotoLike) -> Detected:
    """Finds faces, heads, hands and people in a photo. Decides nothing, records nothing, recognises nobody.

        for face in consentguard.detect("photo.jpg").faces:
            print(face.box, face.score)

    Faces are found from 20 pixels of height, in a picture of at most 2048 pixels a side (the shipped policy's values).

    Raises UnreadableImage for what cannot be read, ModelUnavailable before `consentguard models pull`, and TypeError
    for what is no photo.
    """
    policy = Policy.shipped()
    taken = photo_of(photo)
    picture = reader_of(policy).read(taken.data)
    models = VisionModels(Setup(Register.nobody(), policy, None, partial(now, policy.zone)))
    seen = passes.bodies(picture, models.first_pass(picture).seen)
    heads = seen.heads or ()
    return Detected(
        picture.source_width,
        picture.source_height,
        _found(picture, seen.faces),
        _found(picture, [head for head in heads if not head.from_behind]),
        _found(picture, [head for head in heads if head.from_behind]),
        _found(picture, seen.hands or ()),
        _found(picture, seen.people or ()),
    )


def _found(picture: Picture, things: Sequence[Face | Head | Hand | PersonRegion]) -> tuple[Found, ...]:
    across, down = picture.source_width / picture.width, picture.source_height / picture.height
    made = []
    for thing in things:
        points = thing.landmarks if isinstance(thing, Face) else thing.points if isinstance(thing, Hand) else ()
        sure = (thing.head.score if thing.head else 0.0) if isinstance(thing, PersonRegion) else thing.score
        made.append(Found(picture.in_source(thing.box), sure, tuple((x * across, y * down) for x, y in points)))
    return tuple(sorted(made, key=lambda one: -one.score))
