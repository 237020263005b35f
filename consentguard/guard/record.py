"""What is said of one photo, what is recorded of it, and the seal of bytes that are handed over once that is done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from consentguard.consent.codes import FINDINGS, NOTES, reason_of, refusal
from consentguard.consent.decide import Identity, Known
from consentguard.consent.pointing import SAME_FACE
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.record.inspected import Inspected, keep_inspected
from consentguard.consent.record.ledger import RELEASED, REVOKED, rows_about
from consentguard.consent.record.state import State
from consentguard.errors import AuditFailed, CannotTell, Refused
from consentguard.guard.judging import Judged
from consentguard.guard.setup import Setup
from consentguard.values import (
    HIDE,
    NOBODY,
    Action,
    Box,
    Finding,
    Grounds,
    Hand,
    Head,
    JudgedFace,
    Outcome,
    Picture,
    Released,
    Standing,
    Verdict,
    make_released,
    sealed_statement,
)
from consentguard.values.stopwatch import so_far, stage
from consentguard.vision.detection import passes


def verdict(judged: Judged, policy: Policy) -> Verdict:
    """What is said of a photo before anything is made of it: publishable, needs_rewrite or refused."""
    picture, seen, plan, ruled = judged.picture, judged.seen, judged.plan, judged.ruling
    about_name = judged.request.about_name
    findings = ruled.findings
    if picture.carried and picture.is_file:  # of pixels it is the file that was made here
        findings = (*findings, _metadata_finding(picture))
    findings = (*findings, *about_name)
    leaves = not ruled.refused
    reasons = ruled.refused if ruled.refused else _to_mend(judged)
    settled = {*NOTES, *judged.request.question.override.why}
    as_is = not reasons and all(finding.rule in settled for finding in findings)
    outcome = (Outcome.PUBLISHABLE if as_is else Outcome.NEEDS_REWRITE) if leaves else Outcome.REFUSED
    return Verdict(
        photo=judged.request.name,
        size=(picture.source_width, picture.source_height),
        outcome=outcome,
        needs_person=ruled.needs_person,
        publishable_as_is=as_is,
        reasons=reasons,
        faces=_faces(judged),
        hands=_scored(picture, seen.hands),
        heads_from_behind=_scored(picture, seen.from_behind),
        people=None if seen.people is None else tuple(picture.in_source(person.box) for person in seen.people),
        hands_seen=len(judged.hands) if leaves else None,
        backs_seen=len(judged.backs) if leaves else None,
        rewrite=plan.rewrite if leaves else None,
        frame=picture.in_source(plan.frame) if leaves else None,
        scale=picture.scale,
        worth=plan.worth if leaves else None,
        painted_share=plan.painted_share if leaves else None,
        fill=policy.picture.fill if leaves and plan.hidden.any() else None,
        findings=findings,
        smallest_face=policy.picture.smallest_face,
        models=_models(judged),
        timings=so_far(),
    )


def keep_numbers(setup: Setup, photo: bytes, judged: Judged, told: Verdict) -> None:
    """Keeps the numbers of a photo's faces, where it was inspected without tags and there is a state."""
    if setup.state is None or judged.request.question.tags:
        return
    in_source = judged.picture.in_source
    boxes = {face.number: face.box for face in told.faces if face.number is not None}
    boxes |= {number: in_source(head.box) for number, head in judged.pointed.backs}
    first_late = judged.pointed.next_number - len(judged.pointed.late)
    boxes = {**dict(enumerate(judged.pointed.late, first_late)), **boxes}
    faces = tuple(box for _, box in sorted(boxes.items()))
    kept = Inspected(faces, len(faces) + 1 - first_late, passes.finders(judged.detector))
    # A state that cannot be written to, as another user's: then nothing is kept, and `tags_of` says so.
    with suppress(AuditFailed):
        keep_inspected(setup.state, photo, kept, setup.clock())


@dataclass(frozen=True, slots=True)
class Recording:
    """One photo on its way into the record: ids, digests and names of those who answer, no pupil's name.

    Attributes:
        setup, state: under which papers, and where it is recorded.
        question: what was asked.
        source: SHA-256 of the photo, hex.
        now: when it was asked for.
        custom_parts: parts of the guard that were injected.
    """

    setup: Setup
    state: State
    question: Question
    source: str
    now: datetime
    custom_parts: tuple[str, ...]

    def released(self, judged: Judged, data: bytes) -> Released:
        """Records a release of these bytes and seals it. Raises Refused, recorded too, and AuditFailed."""
        told = verdict(judged, self.setup.policy)
        try:
            if told.outcome is Outcome.REFUSED:
                raise Refused(refusal(told.photo, told, judged.plan.why), told)
            self._stop_if_taken_back(data, told)
        except (Refused, CannotTell) as error:
            self.failed(error)
            raise
        return self._sealed(data, told, judged.decision.rests_on)

    def failed(self, error: Refused | CannotTell) -> None:
        """Records that nothing may leave, and why. Raises AuditFailed."""
        if isinstance(error, Refused):
            kind, why = Outcome.REFUSED, {"reasons": list(error.verdict.reasons), "models": list(error.verdict.models)}
        else:
            kind, why = Outcome.CANNOT_TELL, {"reasons": [reason_of(error)], "models": []}
        self.state.record(kind.value, {**self._circumstances(), **why}, self.now.isoformat(timespec="seconds"))

    def _stop_if_taken_back(self, data: bytes, verdict: Verdict) -> None:
        """Raises Refused for bytes whose release a person took back, unless somebody answers for them by name."""
        rows = rows_about(self.state, hashlib.sha256(data).hexdigest())
        last = next((row.kind for row in rows if row.kind in (RELEASED, REVOKED)), "")
        if last == REVOKED and not self.question.by.strip():
            withheld = replace(verdict, outcome=Outcome.REFUSED, publishable_as_is=False, reasons=("revoked",))
            raise Refused(refusal(verdict.photo, withheld), withheld)

    def _sealed(self, data: bytes, verdict: Verdict, people: tuple[str, ...]) -> Released:
        """Records a release that rests on the consent of `people`, and seals it. Raises AuditFailed."""
        digest = hashlib.sha256(data).hexdigest()
        row = {
            **self._circumstances(),
            "sha256": digest,
            "rewrite": verdict.rewrite.value if verdict.rewrite else None,
            "fill": verdict.fill,
            "faces": len(verdict.faces),
            "hidden": verdict.hidden,
            "people": list(people),
            "consents": self.setup.register.evidence(people, self.question.channel.scope),
            "models": list(verdict.models),
            "tags": [
                {"box": face.box.as_list(), "says": face.tag, "added": face.added} for face in verdict.faces if face.tag
            ],
        }
        with stage("record"):
            seq = self.state.record("released", row, self.now.isoformat(timespec="seconds"))
        finished = replace(verdict.finished(Outcome.RELEASED, digest), timings=so_far())
        grounds = Grounds(
            channel=self.question.channel.name,
            mode=self.question.mode.value,
            by=self.question.by,
            source_sha256=self.source,
            register_sha256=self.setup.register.sha256,
            policy_sha256=self.setup.policy.digest,
            models=verdict.models,
            people=people,
            custom_parts=self.custom_parts,
            released_at=self.now.isoformat(timespec="seconds"),
            audit_seq=seq,
        )
        seal = self.state.seal(sealed_statement(digest, finished, grounds))
        return make_released(data=data, verdict=finished, grounds=grounds, seal=seal)

    def _circumstances(self) -> dict[str, object]:
        return {
            "source": self.source,
            **self.question.recorded(),
            "register": self.setup.register.sha256,
            "policy": self.setup.policy.digest,
            "policy_file": self.setup.policy.sha256,
            "custom_parts": list(self.custom_parts),
        }


def _models(judged: Judged) -> tuple[str, ...]:
    """What looked, each model with its digest, once."""
    looked = (judged.detector.label, judged.recognised_by, *passes.labels(judged.seen), judged.held.label)
    return tuple(dict.fromkeys(filter(None, looked)))


def _to_mend(judged: Judged) -> tuple[str, ...]:
    """Why a photo that may leave may not leave as it is."""
    reasons = {
        "unapproved-face": judged.hides,
        "surname-in-picture": judged.held.marks,
        "not-a-file": not judged.picture.is_file,
        "metadata": judged.picture.carried and judged.picture.is_file,
        "file-name": judged.request.about_name,
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
