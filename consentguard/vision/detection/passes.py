"""What is searched when: the first pass for faces and heads, then bodies, and the second pass over what would leave."""

from __future__ import annotations

from functools import partial
from typing import Final

from consentguard.values import Face, Picture, Seen
from consentguard.vision.detection.copies import copies
from consentguard.vision.detection.hands import HandFinder
from consentguard.vision.detection.heads import HeadFinder
from consentguard.vision.detection.people import PeopleFinder
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.drawn import is_drawn
from consentguard.vision.models.engine import both
from consentguard.vision.models.loaded import loaded

_SAME_FACE: Final = 0.3
"""IoU from which a face of a copy (copies.py) is one that was found already."""


def first_pass(detector: Detector, picture: Picture, smallest: int, *, until_face: bool = False) -> Seen:
    """Faces, and heads that are no faces, in pixels of the picture; figures that were drawn here are nobody.

    Raises CannotTell where a detector fails.

    Args:
        detector: what finds faces.
        picture: in which.
        smallest: height in pixels of the smallest faces that are looked for.
        until_face: heads are looked for only where there is no face.
    """
    faces, upright = detector.search(picture.pixels, smallest)  # what it saw upright need not be looked for again
    faces = _with_copies(detector, picture, smallest, faces)
    real = tuple(face for face in faces if not is_drawn(picture.pixels, face.box))
    if real and until_face:
        return Seen(real)
    heads = loaded(HeadFinder.load).find(picture.pixels, faces, upright)
    return Seen(real, tuple(head for head in heads if not is_drawn(picture.pixels, head.box)))


def bodies(picture: Picture, seen: Seen) -> Seen:
    """What was seen, with hands and people looked for too. Raises CannotTell where a detector fails."""
    counted, levels = [one.head for one in seen.counted], Levels(picture.pixels)
    hands, people = both(
        partial(loaded(HandFinder.load).find, levels, counted),
        partial(loaded(PeopleFinder.load).find, levels, seen.faces, seen.heads or ()),
    )
    return Seen(seen.faces, seen.heads, hands, people)


def second_pass(detector: Detector, smallest: int, picture: Picture, *, finest: bool = True) -> tuple[Face, ...]:
    """Every face of a finished picture but drawn ones, surest first, at the operating point of the first pass.

    Not turned and not stretched: whoever lies on their side, or is faint, was found in the first pass or will not be
    found in a second, and that paint covers what was found is proved from the pixels. `finest` as `Detector` has it.
    Raises CannotTell where the detector fails.
    """
    faces = detector.find_upright(picture.pixels, smallest, finest=finest)
    return tuple(face for face in faces if not is_drawn(picture.pixels, face.box))


def finders(detector: Detector) -> tuple[str, ...]:
    """The models that find faces and heads, by the order of which people point at them, each with its digest."""
    return tuple(dict.fromkeys((detector.label, *labels(Seen((), ())))))


def labels(seen: Seen) -> tuple[str, ...]:
    """The models that looked for what is no face, each with its digest."""
    parts = loaded(HeadFinder.load).label.split("+") if seen.heads is not None else []
    parts += loaded(HandFinder.load).label.split("+") if seen.hands is not None else []
    parts += loaded(PeopleFinder.load).label.split("+") if seen.people is not None else []
    return tuple(parts)


def load() -> None:
    """Loads what every first pass needs besides its detector. Raises ModelUnavailable."""
    loaded(HeadFinder.load)


def _with_copies(detector: Detector, picture: Picture, smallest: int, faces: tuple[Face, ...]) -> tuple[Face, ...]:
    """The faces, and those that only show in a copy of the picture, surest first."""
    for copy in copies(picture.pixels):
        found = detector.find(copy.pixels, max(detector.smallest_face, round(smallest * copy.scale)))
        faint = [copy.back(face) for face in found if face.score >= copy.sure]
        new = [face for face in faint if all(face.box.iou(other.box) < _SAME_FACE for other in faces)]
        faces = tuple(sorted((*faces, *new), key=lambda face: -face.score))
    return faces
