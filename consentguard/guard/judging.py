"""One photo between the steps of the pipeline, what each step adds to it, and the verdict that says what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from consentguard.consent.codes import FINDINGS, NOTES
from consentguard.consent.decide import Decision, Identity, Known
from consentguard.consent.objections import Objection, Ruling, ruling
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.record.inspected import Inspected
from consentguard.guard.content import Held
from consentguard.guard.planning import Planner, shown
from consentguard.guard.tagging import SAME_FACE, Pointed
from consentguard.values import (
    HIDE,
    NOBODY,
    Action,
    Box,
    Face,
    Finding,
    Hand,
    Head,
    JudgedFace,
    Outcome,
    Picture,
    Seen,
    Standing,
    Subject,
    Verdict,
)
from consentguard.values.stopwatch import so_far
from consentguard.vision.rewrite import RewritePlan

BESIDE_PAINT: Final = 0.1
"""Share of a face that is painted, under which it is none of those that were hidden."""
_COVERED: Final = 0.2
"""By how much more of the face of somebody who may be seen may be painted in a stronger plan."""
_SAME_PLACE: Final = 0.3
"""IoU from which two looks found the same face."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One photo after looking and deciding, before anything is made of it.

    Attributes:
        picture, seen: what was looked at, and what was seen, bodies and hands included where they were looked for.
        question, pointed, decision: what was asked, at whom the person points, and what may be seen of each face.
        remain: what of somebody who may not be seen may remain.
        held: what the picture holds besides people.
        plan: what would be done to the picture.
        objections: what speaks against it.
        found: faces that only the second pass found, which are hidden like any other.
        named: the same, but they are among the people named, in mode declared.
        step: how often the photo was planned again.
    """

    picture: Picture
    seen: Seen
    question: Question
    pointed: Pointed
    decision: Decision
    remain: frozenset[str]
    held: Held
    plan: RewritePlan
    objections: tuple[Objection, ...]
    found: tuple[Face, ...] = ()
    named: tuple[Face, ...] = ()
    step: int = 0

    @property
    def ruling(self) -> Ruling:
        """What all objections come to."""
        return ruling(self.objections, self.question.override)

    @property
    def shown(self) -> frozenset[Subject]:
        """Who of the faces and unsure heads may be seen."""
        return shown(self.seen, self.decision)

    @property
    def hides(self) -> bool:
        """Whether anybody has to be hidden."""
        return hides(self.seen, self.decision, self.remain) or bool(self.found)


def hides(seen: Seen, decision: Decision, remain: frozenset[str]) -> bool:
    """Whether anybody has to be hidden.

    Whoever is turned away is nobody's declared or matched face; they stay only where policy lets backs remain.
    """
    return decision.hides or (bool(seen.from_behind) and "back_of_head" not in remain)


def counted(judged: Judged, faces: Sequence[Face]) -> Judged:
    """The same photo, in mode declared, once the second pass saw more faces: each is one of the people named.

    Where there are more faces than names, nobody knows who is whose, and the photo is refused: never is one of them
    hidden as if it were known to be the stranger.
    """
    untold = sum(not known.says for known in judged.pointed.known) + len(judged.named)
    if untold + len(faces) <= len(judged.question.declared):
        return replace(judged, named=(*judged.named, *faces))
    more = Objection("more-faces-than-declared", decidable=True)
    return replace(judged, found=(*judged.found, *faces), objections=(*judged.objections, more))


def painted_share(plan: RewritePlan, box: Box) -> float:
    """The share of a box that a plan paints; 0 where the box lies outside its frame."""
    frame = plan.frame
    inside = box.within(frame.right, frame.bottom)
    if inside is None or inside.right <= frame.left or inside.bottom <= frame.top:
        return 0.0
    rows = slice(max(inside.top - frame.top, 0), inside.bottom - frame.top)
    columns = slice(max(inside.left - frame.left, 0), inside.right - frame.left)
    return float(plan.hidden[rows, columns].mean())


def against_plan(judged: Judged, policy: Policy) -> tuple[Objection, ...]:
    """What speaks against a photo in which somebody has to be hidden: policy blocks it, or nothing would be left."""
    if not judged.hides or judged.ruling.refused:
        return ()
    if policy.on_unapproved == "block":
        return (Objection("unapproved-face"),)
    if judged.plan.rewrite is None:
        return tuple(Objection(code, decidable=True) for code in ("unapproved-face", judged.plan.refused))
    return ()


def verdict(
    judged: Judged, name: str, policy: Policy, *, models: Sequence[str], about_name: Sequence[Finding]
) -> Verdict:
    """What is said of a photo before anything is made of it: publishable, needs_rewrite or refused.

    `models` are those that looked; `about_name` is what is to say about the file's name.
    """
    picture, seen, plan, ruled = judged.picture, judged.seen, judged.plan, judged.ruling
    findings = ruled.findings
    if picture.carried and picture.is_file:  # of pixels it is the file that was made here
        findings = (*findings, _metadata_finding(picture))
    findings = (*findings, *about_name)
    leaves = not ruled.refused
    reasons = ruled.refused if ruled.refused else _to_mend(judged, about_name)
    settled = {*NOTES, *judged.question.override.why}
    as_is = not reasons and all(finding.rule in settled for finding in findings)
    outcome = (Outcome.PUBLISHABLE if as_is else Outcome.NEEDS_REWRITE) if leaves else Outcome.REFUSED
    return Verdict(
        photo=name,
        size=(picture.source_width, picture.source_height),
        outcome=outcome,
        needs_person=ruled.needs_person,
        publishable_as_is=as_is,
        reasons=reasons,
        faces=_faces(judged),
        hands=_scored(picture, seen.hands),
        heads_from_behind=_scored(picture, seen.from_behind),
        people=None if seen.people is None else tuple(picture.in_source(person.box) for person in seen.people),
        rewrite=plan.rewrite if leaves else None,
        frame=picture.in_source(plan.frame) if leaves else None,
        scale=picture.scale,
        worth=plan.worth if leaves else None,
        painted_share=plan.painted_share if leaves else None,
        fill=policy.picture.fill if leaves and plan.hidden.any() else None,
        findings=findings,
        smallest_face=policy.picture.smallest_face,
        models=tuple(filter(None, (*models, judged.held.label))),
        timings=so_far(),
    )


def to_keep(judged: Judged, told: Verdict, models: tuple[str, ...]) -> Inspected:
    """What is kept of a photo that was inspected without tags, so that a person can point at its faces by number."""
    in_source = judged.picture.in_source
    boxes = {face.number: face.box for face in told.faces if face.number is not None}
    boxes |= {number: in_source(head.box) for number, head in judged.pointed.backs}
    first_late = judged.pointed.next_number - len(judged.pointed.late)
    boxes = {**dict(enumerate(judged.pointed.late, first_late)), **boxes}
    faces = tuple(box for _, box in sorted(boxes.items()))
    return Inspected(faces, len(faces) + 1 - first_late, models)


def again(judged: Judged, seen: Seen, faces: Sequence[Face], policy: Policy) -> Judged:
    """The same photo one step stronger: what a look at its finished picture found is hidden too."""
    found, step = (*judged.found, *faces), judged.step + 1
    planner = Planner(judged.picture, seen, judged.decision, judged.remain, judged.held, policy)
    plan = planner.plan(judged.question, found=found, step=step)
    return replace(judged, seen=seen, plan=plan, found=found, step=step)


def covers_more(before: Judged, after: Judged) -> bool:
    """Whether a stronger plan covers somebody who may be seen, whom the one before let be seen."""
    boxes = [one.head.box for one in after.shown]
    return any(painted_share(after.plan, box) - painted_share(before.plan, box) > _COVERED for box in boxes)


def one_each(faces: Sequence[Face]) -> tuple[Face, ...]:
    """The faces, those that several looks found at one place once."""
    kept: list[Face] = []
    for face in faces:
        if all(face.box.iou(other.box) < _SAME_PLACE for other in kept):
            kept.append(face)
    return tuple(kept)


def _to_mend(judged: Judged, about_name: Sequence[Finding]) -> tuple[str, ...]:
    """Why a photo that may leave may not leave as it is."""
    reasons = {
        "unapproved-face": judged.hides,
        "surname-in-picture": judged.held.marks,
        "not-a-file": not judged.picture.is_file,
        "metadata": judged.picture.carried and judged.picture.is_file,
        "file-name": about_name,
        "too-large": judged.picture.scale < 1,
    }
    return tuple(code for code, there in reasons.items() if there)


def _faces(judged: Judged) -> tuple[JudgedFace, ...]:
    picture, seen = judged.picture, judged.seen
    faces = [
        JudgedFace(
            box=picture.in_source(one.head.box),
            score=one.head.score,
            person=who.person,
            standing=who.standing,
            number=known.number,
            tag=_tag(known, who),
            added=known.added,
            where=picture.place(one.head.box),
        )
        for one, known, who in zip(seen.counted, judged.pointed.known, judged.decision.faces, strict=True)
    ]
    fresh = judged.pointed.next_number
    late = dict(enumerate(judged.pointed.late, fresh - len(judged.pointed.late)))
    for found, standing in ((judged.named, Standing.CONSENTED), (judged.found, Standing.UNKNOWN)):
        for face in found:
            box = picture.in_source(face.box)
            if any(each.action is Action.HIDE and each.box.iou(box) >= SAME_FACE for each in faces):
                continue  # somebody who is hidden already, and was still seen
            number = next((n for n, old in late.items() if old.iou(box) >= SAME_FACE), fresh)
            fresh += number == fresh
            faces.append(JudgedFace(box, face.score, None, standing, number, where=picture.place(face.box)))
    return tuple(faces)


def _tag(known: Known, who: Identity) -> str | None:
    """What a verdict says of a tag. Who a hidden face is said to be is not kept."""
    if not known.says:
        return None
    if who.standing is Standing.NOBODY:
        return NOBODY
    return who.person or (HIDE if who.standing is Standing.HIDDEN_BY_PERSON else "hidden")


def _scored(picture: Picture, found: Sequence[Hand | Head] | None) -> tuple[tuple[Box, float], ...] | None:
    """Boxes in pixels of the source with their scores; None where nothing was looked for."""
    return None if found is None else tuple((picture.in_source(thing.box), thing.score) for thing in found)


def _metadata_finding(picture: Picture) -> Finding:
    return Finding("metadata-dropped", "file", f"{FINDINGS['metadata-dropped']}: {', '.join(picture.carried)}")
