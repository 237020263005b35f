"""One photo once it is judged, and what follows where the second pass saw somebody in what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from consentguard.consent.decide import Decision, hiding
from consentguard.consent.objections import Objection, Ruling, ruling
from consentguard.consent.pointing import Pointed
from consentguard.consent.policy.policy import Policy
from consentguard.errors import VerificationFailed
from consentguard.guard.content import Held
from consentguard.guard.planning import Planner
from consentguard.guard.text_rules import Request
from consentguard.values import Box, Face, Hand, Head, Mode, Picture, Seen, Subject
from consentguard.values.stopwatch import stage
from consentguard.vision.detection import passes
from consentguard.vision.detection.detector import Detector
from consentguard.vision.rewrite import RewritePlan, kept_hand
from consentguard.vision.rewrite.shapes import Polygon, around, drawn, ellipse, moved

STRONGER: Final = 2
"""How often a photo is planned again, one step stronger, after somebody was seen in the finished picture."""
_BESIDE_PAINT: Final = 0.1
"""Share of a face that is painted, under which it is none of those that were hidden."""
_COVERED: Final = 0.2
"""By how much more of the face of somebody who may be seen may be painted in a stronger plan."""
_SAME_PLACE: Final = 0.3
"""IoU from which two detector passes found the same face."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One photo after looking and deciding, before anything is made of it.

    Attributes:
        request: what was asked.
        picture, seen: what was searched, and what was seen, bodies and hands included where they were looked for.
        detector: what found the faces.
        recognised_by: the model that compared them, "" where none did.
        pointed, decision: at whom the person points, and what may be seen of each face.
        shown: who of the faces and unsure heads may be seen.
        remain: what of somebody who may not be seen may remain.
        hides: somebody has to be hidden.
        held: what the picture holds besides people.
        plan: what would be done to the picture.
        objections, ruling: what speaks against it, and what all of that comes to.
        found: faces that only the second pass found, which are hidden like any other.
        named: the same, but they are among the people named, in mode declared.
        step: how often the photo was planned again.
    """

    request: Request
    picture: Picture
    seen: Seen
    detector: Detector
    recognised_by: str
    pointed: Pointed
    decision: Decision
    shown: frozenset[Subject]
    remain: frozenset[str]
    hides: bool
    held: Held
    plan: RewritePlan
    objections: tuple[Objection, ...]
    ruling: Ruling
    found: tuple[Face, ...] = ()
    named: tuple[Face, ...] = ()
    step: int = 0

    @property
    def may_be_seen(self) -> tuple[Face | Head, ...]:
        """Faces, and heads that count as faces, that may be seen, those that only the second pass found among them."""
        return (*(one.head for one in self.shown), *self.named)

    @property
    def backs(self) -> tuple[Head, ...]:
        """Heads from behind that may remain and that the plan does not paint or cut off."""
        heads = (self.seen.from_behind or ()) if "back_of_head" in self.remain else ()
        return tuple(head for head in heads if _shows(self.plan, ellipse(head.box)))

    @property
    def hands(self) -> tuple[Hand, ...]:
        """Hands that may remain and that the plan does not paint or cut off."""
        hands = (self.seen.hands or ()) if "hands" in self.remain else ()
        return tuple(hand for hand in hands if _shows(self.plan, kept_hand(hand)))


class StillSeen(VerificationFailed):
    """Somebody is still seen in the finished picture, however strong the plan.

    Attributes:
        judged: the photo with everybody whom the second pass found.
    """

    def __init__(self, message: str, judged: Judged) -> None:
        super().__init__(message)
        self.judged = judged


def with_objections(judged: Judged, *more: Objection) -> Judged:
    """The same photo with these objections more."""
    objections = (*judged.objections, *more)
    return replace(judged, objections=objections, ruling=ruling(objections, judged.request.question.override))


def judged_again(judged: Judged, faces: Sequence[Face], policy: Policy) -> Judged:
    """What follows from faces that the second pass saw: somebody was named, or has to be hidden.

    Raises StillSeen where they cannot be hidden.
    """
    faces = _suppressed(faces)
    if judged.request.question.mode is Mode.DECLARED:
        beside = tuple(face for face in faces if _painted_share(judged.plan, face.box) < _BESIDE_PAINT)
        if beside:
            return _counted(judged, beside)
    return _stronger(judged, faces, policy)


def _counted(judged: Judged, faces: Sequence[Face]) -> Judged:
    """The same photo, in mode declared, once the second pass saw more faces: each is one of the people named.

    Where there are more faces than names, nobody knows who is whose, and the photo is refused: never is one of them
    hidden as if it were known to be the stranger.
    """
    untold = sum(not known.says for known in judged.pointed.known) + len(judged.named)
    if untold + len(faces) <= len(judged.request.question.declared):
        return replace(judged, named=(*judged.named, *faces))
    refused = with_objections(judged, Objection("more-faces-than-declared", decidable=True))
    return replace(refused, found=(*judged.found, *faces))


def _stronger(judged: Judged, faces: Sequence[Face], policy: Policy) -> Judged:
    """The same photo planned again, one step stronger. Nobody who may be seen is covered by that.

    Refused where policy blocks a photo in which somebody has to be hidden.
    """
    judged = replace(judged, found=(*judged.found, *faces), hides=True)
    if blocked := hiding(policy, None):
        return with_objections(judged, *blocked)
    where = " and ".join(dict.fromkeys(judged.picture.place(face.box) for face in faces))
    told = (
        f"the second pass over the finished picture found a face that nobody cleared ({where}). Look at it with "
        "`consentguard inspect`, then tag it: --tag N=hide, or --tag N=nobody by whom policy lets say that"
    )
    step = judged.step + 1
    if step > STRONGER:
        raise StillSeen(told, judged)
    everybody = replace(judged.seen, faces=(*judged.seen.faces, *judged.named))
    if everybody.people is None and judged.remain != {"body"}:
        with stage("detect"):
            everybody = passes.bodies(judged.picture, everybody)
    shown = judged.shown | {Subject(face) for face in judged.named}
    planner = Planner(judged.picture, everybody, shown, judged.remain, judged.held.marks, policy)
    plan = planner.plan(judged.request.question, found=judged.found, step=step)
    if plan.rewrite is None or _covers_more(judged, plan):
        raise StillSeen(told, judged)
    return replace(judged, seen=replace(everybody, faces=judged.seen.faces), plan=plan, step=step)


def _covers_more(judged: Judged, stronger: RewritePlan) -> bool:
    """Whether a stronger plan covers somebody who may be seen, whom the one before let be seen."""
    boxes = [head.box for head in judged.may_be_seen]
    return any(_painted_share(stronger, box) - _painted_share(judged.plan, box) > _COVERED for box in boxes)


def _painted_share(plan: RewritePlan, box: Box) -> float:
    """The share of a box that a plan paints; 0 where the box lies outside its frame."""
    frame = plan.frame
    inside = box.within(frame.right, frame.bottom)
    if inside is None or inside.right <= frame.left or inside.bottom <= frame.top:
        return 0.0
    rows = slice(max(inside.top - frame.top, 0), inside.bottom - frame.top)
    columns = slice(max(inside.left - frame.left, 0), inside.right - frame.left)
    return float(plan.hidden[rows, columns].mean())


def _shows(plan: RewritePlan, shape: Polygon) -> bool:
    """Whether a polygon, in pixels of the picture, lies in the frame of a plan, unpainted for the most of that part."""
    frame, placed = plan.frame, moved(shape, -plan.frame.left, -plan.frame.top)
    box = around(placed).within(frame.width, frame.height)
    if box is None:
        return False
    inside = drawn([moved(placed, -box.left, -box.top)], box.width, box.height)
    painted = plan.hidden[box.top : box.bottom, box.left : box.right]
    return bool(2 * (inside & ~painted).sum() > inside.sum())


def _suppressed(faces: Sequence[Face]) -> tuple[Face, ...]:
    """The faces, those that several detector passes found at one place once."""
    kept: list[Face] = []
    for face in faces:
        if all(face.box.iou(other.box) < _SAME_PLACE for other in kept):
            kept.append(face)
    return tuple(kept)
