"""One photo's judgement: what is seen in it, what of that may be, what shall be done, and the verdict that says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consentguard.consent.clock import school_day
from consentguard.consent.codes import FINDINGS, NOTES
from consentguard.consent.decide import UNASKED, UNSURE_HEAD, Decision, Question, circumstances, decide
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.guard.content import Content, Held
from consentguard.guard.models import Sight
from consentguard.guard.text_rules import Words
from consentguard.values import (
    Action,
    Box,
    Face,
    Finding,
    Hand,
    Head,
    JudgedFace,
    Mode,
    Outcome,
    Picture,
    Seen,
    Standing,
    Subject,
    Verdict,
)
from consentguard.values.stopwatch import so_far, stage
from consentguard.vision.imagefile.sandbox import Reader
from consentguard.vision.rewrite import Limits, RewritePlan, plan_rewrite

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Judged:
    """One photo after looking and deciding, before anything is made of it; `found` is what only later looks found."""

    picture: Picture
    seen: Seen
    compared: bool
    decision: Decision
    remain: frozenset[str]
    plan: RewritePlan
    refused: tuple[str, ...]
    needs_person: bool
    hides: bool
    held: Held
    override: Override
    found: tuple[Face, ...] = ()

    @property
    def approved(self) -> tuple[Face, ...]:
        shown = _shown(self.seen, self.decision)
        return tuple(face for face in self.seen.faces if Subject(face) in shown)


class Judge:
    """Judges photos under one register and one policy. May be shared between threads; it records nothing."""

    def __init__(
        self, register: Register, policy: Policy, reader: Reader, sight: Sight, words: Words, clock: Clock
    ) -> None:
        self._register = register
        self._policy = policy
        self._reader = reader
        self._sight = sight
        self._words = words
        self._content = Content(policy, words)
        self._clock = clock

    @property
    def text_reader(self) -> str:
        """The label of what reads text in pictures; "" where nothing does. Raises ModelUnavailable."""
        return self._content.label

    def judge(self, photo: bytes, question: Question, moment: datetime, *, thorough: bool = False) -> Judged:
        """Reads a photo, looks and decides. Hands and people are looked for where they matter, or if `thorough`.

        Raises CannotTell where it cannot be read or looked at.
        """
        with stage("decode"):
            picture = self._reader.read(photo)
        # Heads are always looked for: one that is no face to the detector may still be a child's.
        return self.weigh(picture, self._sight.look(picture), question, moment, thorough=thorough)

    def weigh(
        self, picture: Picture, seen: Seen, question: Question, moment: datetime, *, thorough: bool = False
    ) -> Judged:
        """Decides about a picture that was looked at already; see `judge`."""
        remain, today = self._policy.remain_on(question.channel), school_day(moment)
        compared = question.mode is Mode.MATCHED
        known = (UNASKED,) * len(seen.faces)
        if compared:
            known = self._sight.compare(picture, seen.faces, question.among, today, self._clock())
        known = (*known, *(UNSURE_HEAD,) * len(seen.unsure))
        decision = decide(known, self._register, self._policy, question, today)
        about = (*decision.findings, *circumstances(self._policy, question, moment))
        decision = replace(decision, findings=about, refused=question.override.left(decision.refused))
        # Whoever is turned away is nobody's declared or matched face; they stay only where policy lets backs remain.
        hides = decision.hides or (bool(seen.from_behind) and "back_of_head" not in remain)
        if (hides and not decision.refused and remain != {"body"}) or thorough:
            seen = self._sight.look_for_bodies(picture, seen)
        with stage("content"):
            # What is refused already need not be read.
            held = Held() if decision.refused else self._content.judge(picture, question)
        with stage("plan"):
            plan = self._plan(picture, seen, decision, remain, held.marks)
        refused, needs_person = decision.refused, decision.needs_person
        if hides and not refused and self._policy.on_unapproved == "block":
            refused = ("unapproved-face",)
        elif hides and not refused and plan.rewrite is None:
            refused, needs_person = ("unapproved-face", plan.refused), True
        said = self._words.judge({"caption": question.caption, "alt": question.alt}, channel=question.channel)
        for judged in (held, said):
            decision = replace(decision, findings=(*decision.findings, *judged.findings))
            against = question.override.left(judged.refused)
            if against:  # a person can decide only what a person can decide all of
                needs_person = judged.needs_person and (needs_person or not refused)
                refused = (*refused, *against)
        needs_person = needs_person and bool(refused)
        return Judged(
            picture, seen, compared, decision, remain, plan, refused, needs_person, hides, held, question.override
        )

    def stronger(self, judged: Judged, faces: tuple[Face, ...], step: int) -> Judged:
        """The same photo, with what a look at its finished picture found hidden too."""
        picture, seen, found = judged.picture, judged.seen, (*judged.found, *faces)
        if seen.people is None and judged.remain != {"body"}:
            seen = self._sight.look_for_bodies(picture, seen)
        plan = self._plan(picture, seen, judged.decision, judged.remain, judged.held.marks, found, step)
        return replace(judged, seen=seen, plan=plan, found=found)

    def verdict(self, judged: Judged, name: str) -> Verdict:
        """What is said of a photo before anything is made of it: publishable, needs_rewrite or refused."""
        picture, seen, decision, plan = judged.picture, judged.seen, judged.decision, judged.plan
        findings = decision.findings
        reasons = list(judged.refused)
        if picture.carried:
            findings = (*findings, _metadata_finding(picture))
        names_a_pupil = self._words.judge_file_name(name)
        findings = (*findings, *names_a_pupil)
        if not judged.refused:
            reasons += ["unapproved-face"] if judged.hides or judged.found else []
            reasons += ["surname-in-picture"] if judged.held.marks else []
            reasons += ["metadata"] if picture.carried else []
            reasons += ["file-name"] if names_a_pupil else []
            reasons += ["too-large"] if picture.scale < 1 else []
        settled = {*NOTES, *judged.override.why}
        as_is = not reasons and all(finding.rule in settled for finding in findings)
        leaves = not judged.refused
        outcome = (Outcome.PUBLISHABLE if as_is else Outcome.NEEDS_REWRITE) if leaves else Outcome.REFUSED
        return Verdict(
            photo=name,
            outcome=outcome,
            needs_person=judged.needs_person,
            publishable_as_is=as_is,
            reasons=tuple(reasons),
            faces=(
                *(
                    JudgedFace(picture.in_source(found.head.box), found.head.score, who.person, who.standing)
                    for found, who in zip(seen.counted, decision.faces, strict=True)
                ),
                *(JudgedFace(picture.in_source(face.box), face.score, None, Standing.UNKNOWN) for face in judged.found),
            ),
            hands=_scored(picture, seen.hands),
            heads_from_behind=_scored(picture, seen.from_behind),
            people=None if seen.people is None else tuple(picture.in_source(person.box) for person in seen.people),
            rewrite=plan.rewrite if leaves else None,
            frame=picture.in_source(plan.frame) if leaves else None,
            scale=picture.scale,
            worth=plan.worth if leaves else None,
            painted_share=plan.painted_share if leaves else None,
            fill=self._policy.picture.fill if leaves and plan.hidden.any() else None,
            findings=findings,
            smallest_face=self._policy.picture.smallest_face,
            models=(*self._sight.labels(seen, compared=judged.compared), *filter(None, (judged.held.label,))),
            timings=so_far(),
        )

    def _plan(
        self,
        picture: Picture,
        seen: Seen,
        decision: Decision,
        remain: Collection[str],
        marks: tuple[Box, ...],
        found: tuple[Face, ...] = (),
        step: int = 0,
    ) -> RewritePlan:
        rules = self._policy.rewrite
        return plan_rewrite(
            picture,
            seen,
            _shown(seen, decision),
            remain,
            limits=Limits(
                rules.smallest_crop,
                rules.smallest_share / 100,
                rules.least_worth / 100,
                by_worth=rules.order == "worth",
                clothes=rules.crop_shows == "clothes",
            ),
            marks=marks,
            found=found,
            step=step,
        )


def _shown(seen: Seen, decision: Decision) -> frozenset[Subject]:
    known = zip(seen.counted, decision.faces, strict=True)
    return frozenset(one for one, who in known if Action.for_standing(who.standing) is Action.KEEP)


def _scored(picture: Picture, found: Sequence[Hand | Head] | None) -> tuple[tuple[Box, float], ...] | None:
    """Boxes in pixels of the source with their scores; None where nothing was looked for."""
    return None if found is None else tuple((picture.in_source(thing.box), thing.score) for thing in found)


def _metadata_finding(picture: Picture) -> Finding:
    return Finding("metadata-dropped", "file", f"{FINDINGS['metadata-dropped']}: {', '.join(picture.carried)}")
