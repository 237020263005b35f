"""The pipeline: one photo's way from its bytes to bytes that may leave, read from top to bottom.

Each step is one call into the module that does it, and no module calls back. `check` and `inspect` are the same page,
stopped earlier.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from consentguard.consent.clock import school_day
from consentguard.consent.codes import refusal
from consentguard.consent.decide import UNASKED, UNSURE_HEAD, Question, circumstances, decide
from consentguard.consent.objections import ruling
from consentguard.errors import CannotTell, Refused, VerificationFailed
from consentguard.guard import judging
from consentguard.guard.content import Content, Held
from consentguard.guard.finishing import prove, render
from consentguard.guard.judging import Judged
from consentguard.guard.models import VisionModels, reader_of
from consentguard.guard.record import Recording
from consentguard.guard.setup import Setup
from consentguard.guard.text_rules import Words
from consentguard.guard.verify import SomebodySeen
from consentguard.values import Mode, Outcome, Picture, Released, Rewrite, Seen, Verdict
from consentguard.values.stopwatch import stage

STRONGER: Final = 2
"""How often a photo is planned again, one step stronger, after somebody was seen in the finished picture."""


class Pipeline:
    """The order of the steps. May be shared between threads.

    Attributes:
        read: makes a picture of a file.
        content: judges what a picture holds besides people.
    """

    def __init__(self, setup: Setup, models: VisionModels, words: Words) -> None:
        self.read = reader_of(setup.policy).read
        self.content = Content(setup.policy, words)
        self._setup, self._models, self._words = setup, models, words

    def release(self, photo: bytes, name: str, question: Question, recording: Recording) -> Released:
        """Read, look, decide, plan, paint, encode, verify, record. Raises Refused and CannotTell, recorded."""
        try:
            judged = self.planned(photo, question, recording.now)
            self._stop_if_refused(judged, name)
            judged, data = self.finished(judged)
            self._stop_if_refused(judged, name)
        except (Refused, CannotTell) as error:
            recording.failed(error)
            raise
        return recording.sealed(data, self.verdict(judged, name), judged.decision.rests_on)

    def check(self, photo: bytes, question: Question, at: datetime) -> Judged:
        """The same without a copy to hand over: where somebody would be seen, the second pass looks all the same."""
        return self.looked_twice(self.planned(photo, question, at))

    def planned(self, photo: bytes, question: Question, at: datetime, *, thorough: bool = False) -> Judged:
        """Read, look, decide, plan. If `thorough`, hands and people are looked for even where nobody is hidden."""
        with stage("decode"):
            picture = self.read(photo)
        return self.decided(picture, self._models.look(picture), question, at, thorough=thorough)

    def decided(
        self, picture: Picture, seen: Seen, question: Question, at: datetime, *, thorough: bool = False
    ) -> Judged:
        """Decide and plan, about a picture that was looked at already."""
        setup, policy, today = self._setup, self._setup.policy, school_day(at)
        known = (UNASKED,) * len(seen.faces)
        if question.mode is Mode.MATCHED:
            known = self._models.compare(picture, seen.faces, question.among, today, setup.clock())
        known = (*known, *(UNSURE_HEAD,) * len(seen.unsure))
        decision = decide(known, setup.register, policy, question, today)
        remain = policy.remain_on(question.channel)
        objections = (*decision.objections, *circumstances(policy, question, at))
        refused = ruling(objections, question.override).refused  # then nothing more need be looked for
        hides = judging.hides(seen, decision, remain)
        if (hides and not refused and remain != {"body"}) or thorough:
            seen = self._models.look_for_bodies(picture, seen)
        with stage("content"):
            held = Held() if refused else self.content.judge(picture, question)
        with stage("plan"):
            plan = judging.plan_of(picture, seen, decision, remain, held, policy)
        judged = Judged(picture, seen, question, decision, remain, held, plan, objections)
        said = self._words.objections({"caption": question.caption, "alt": question.alt}, channel=question.channel)
        more = (*judging.against_plan(judged, policy), *held.objections, *said)
        return replace(judged, objections=(*objections, *more))

    def finished(self, judged: Judged) -> tuple[Judged, bytes]:
        """Paint, encode, verify; planned again, one step stronger, where the second pass saw somebody.

        Returns the judgement that the bytes follow from, too. Raises VerificationFailed where somebody is still seen.
        """
        while True:
            data = render(judged, self._setup.policy)
            try:
                prove(data, judged, self._setup.policy, self._models.find_again)
            except SomebodySeen as error:
                judged = self._stronger(judged, error)
            else:
                return judged, data

    def looked_twice(self, judged: Judged) -> Judged:
        """What may go as it is, or shows anybody, after both passes: what `check` says then is what `release` does."""
        if judged.ruling.refused or not (judged.shown or judged.plan.rewrite is Rewrite.NONE):
            return judged
        return self.finished(judged)[0]

    def _stronger(self, judged: Judged, error: SomebodySeen) -> Judged:
        if judged.step == STRONGER:
            raise VerificationFailed(str(error)) from error
        seen = judged.seen
        if seen.people is None and judged.remain != {"body"}:
            seen = self._models.look_for_bodies(judged.picture, seen)
        judged = judging.again(judged, seen, error.faces, self._setup.policy)
        if judged.plan.rewrite is None:
            raise VerificationFailed(str(error)) from error
        return judged

    def _stop_if_refused(self, judged: Judged, name: str) -> None:
        verdict = self.verdict(judged, name)
        if verdict.outcome is Outcome.REFUSED:
            raise Refused(refusal(name, verdict, judged.plan.why), verdict)

    def verdict(self, judged: Judged, name: str) -> Verdict:
        """What is said of a photo before anything is made of it."""
        models = self._models.labels(judged.seen, compared=judged.question.mode is Mode.MATCHED)
        return judging.verdict(
            judged, name, self._setup.policy, models=models, about_name=self._words.judge_file_name(name)
        )
