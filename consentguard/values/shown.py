"""What a released photo lets be seen, in numbers and in one sentence with register ids; it can name nobody."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.values.geometry import Box
from consentguard.values.released import Released
from consentguard.values.verdict import Action, JudgedFace, Mode, Standing, Verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """What is seen in the frame that was released.

    Attributes:
        faces: those that stay visible.
        hidden: how many faces and heads are painted over.
        backs: how many people are seen from behind.
        hands: hands are seen.
    """

    faces: tuple[JudgedFace, ...]
    hidden: int
    backs: int
    hands: bool

    @classmethod
    def of(cls, verdict: Verdict) -> Shown:
        """Counts what the verdict found, leaving out what a crop cut off and, of hands and backs, what is painted."""
        frame = verdict.frame

        def inside(box: Box) -> bool:
            return frame is None or (
                box.left < frame.right and frame.left < box.right and box.top < frame.bottom and frame.top < box.bottom
            )

        faces = [face for face in verdict.faces if inside(face.box)]
        kept = tuple(face for face in faces if face.action is Action.KEEP)
        return cls(kept, len(faces) - len(kept), verdict.backs_seen or 0, bool(verdict.hands_seen))


def in_words(released: Released) -> str:
    """How many faces stay visible, whose consent each rests on, and how many are hidden; for whoever sends it.

    Such as "1 face stays visible, with the consent of P001; 2 faces are hidden".
    """
    shown = Shown.of(released.verdict)
    parts = []
    if shown.faces:
        verb = "face stays" if len(shown.faces) == 1 else "faces stay"
        parts.append(f"{len(shown.faces)} {verb} visible, {_resting_on(shown.faces, released)}")
    else:
        parts.append("no face stays visible")
    if shown.hidden:
        parts.append(f"{shown.hidden} face{' is' if shown.hidden == 1 else 's are'} hidden")
    if shown.backs:
        parts.append(f"{shown.backs} {'person is' if shown.backs == 1 else 'people are'} seen from behind")
    return "; ".join(parts)


def _resting_on(faces: tuple[JudgedFace, ...], released: Released) -> str:
    """Whose consent visible faces rest on, as far as it is known face by face."""
    people, things = released.grounds.people, sum(face.standing is Standing.NOBODY for face in faces)
    told = []
    if things:
        told.append(f"{things} of them called nobody (a statue, a picture)")
    known = [face.person for face in faces if face.person and face.standing is not Standing.NOBODY]
    if len(people) == 1:
        told.append(f"with the consent of {people[0]}")
    elif people and len(known) == len(faces) - things:
        told += [f"one with the consent of {person}" for person in known]
    elif people:
        declared = released.grounds.mode == Mode.DECLARED.value
        which = ", whom you named; which face is whose is not known" if declared else ""
        told.append(f"with the consents of {', '.join(people[:-1])} and {people[-1]}{which}")
    return ", ".join(told) or "with nobody's consent"
