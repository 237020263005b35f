"""The pipeline: one photo's way from its bytes to bytes that may leave, read from top to bottom.

Each step is one call into the module that does it, and no module calls back. `check` and `inspect` are the same page,
stopped earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from consentguard.consent.clock import school_day
from consentguard.consent.codes import refusal
from consentguard.consent.decide import circumstances, decide
from consentguard.consent.objections import Objection, ruling
from consentguard.consent.question import Question
from consentguard.consent.recognition.match import Match
from consentguard.errors import CannotTell, Refused, VerificationFailed
from consentguard.guard import judging
from consentguard.guard.content import Content, Held
from consentguard.guard.finishing import preview, prove, render
from consentguard.guard.inputs import Photo
from consentguard.guard.judging import Judged
from consentguard.guard.models import VisionModels, reader_of
from consentguard.guard.planning import Choice, Planner
from consentguard.guard.record import Recording
from consentguard.guard.setup import Setup
from consentguard.guard.tagging import pointed
from consentguard.guard.text_rules import Words
from consentguard.guard.verify import SomebodySeen
from consentguard.values import Box, Face, Finding, Mode, Outcome, Picture, Released, Rewrite, Seen, Subject, Verdict
from consentguard.values.stopwatch import stage

STRONGER: Final = 2
"""How often a photo is planned again, one step stronger, after somebody was seen in the finished picture."""


class StillSeen(VerificationFailed):
    """Somebody is still seen in the finished picture, however strong the plan.

    Attributes:
        judged: the photo with everybody whom the second pass found.
    """

    def __init__(self, message: str, judged: Judged | None = None) -> None:
        super().__init__(message)
        self.judged = judged


class Pipeline:
    """The order of the steps. May be shared between threads.

    Attributes:
        content: judges what a picture holds besides people.
    """

    def __init__(self, setup: Setup, models: VisionModels, words: Words) -> None:
        self._reader = reader_of(setup.policy)
        self.content = Content(setup.policy, words)
        self._setup, self._models, self._words = setup, models, words

    def read(self, photo: Photo) -> Picture:
        """A picture of a photo. Raises UnreadableImage."""
        return replace(self._reader.read(photo.data), is_file=photo.is_file)

    def release(self, photo: Photo, question: Question, recording: Recording, late: Sequence[Box] = ()) -> Released:
        """Read, look, decide, plan, paint, encode, verify, record. Raises Refused and CannotTell, recorded."""
        name = photo.name
        try:
            judged = self.planned(photo, question, recording.now, late)
            self._stop_if_refused(judged, name)
            judged, data = self.finished(judged)
            self._stop_if_refused(judged, name)
            recording.stop_if_taken_back(data, self.verdict(judged, name))
        except (Refused, CannotTell) as error:
            recording.failed(error)
            raise
        return recording.sealed(data, self.verdict(judged, name), judged.decision.rests_on)

    def check(self, photo: Photo, question: Question, at: datetime, late: Sequence[Box] = ()) -> Judged:
        """The same without a copy to hand over: where somebody would be seen, the second pass looks all the same."""
        return self.looked_twice(self.planned(photo, question, at, late))

    def planned(
        self, photo: Photo, question: Question, at: datetime, late: Sequence[Box] = (), *, thorough: bool = False
    ) -> Judged:
        """Read, look, decide, plan. If `thorough`, hands and people are looked for even where nobody is hidden.

        `late` are boxes, in pixels of the source, at which only the second pass found a face the last time: tags may
        be on those too.
        """
        with stage("decode"):
            picture = self.read(photo)
        return self.decided(picture, self._models.look(picture), question, at, late, thorough=thorough)

    def decided(
        self,
        picture: Picture,
        seen: Seen,
        question: Question,
        at: datetime,
        late: Sequence[Box] = (),
        *,
        thorough: bool = False,
        bodies: Callable[[Picture, Seen], Seen] | None = None,
        content: Callable[[Picture, Question], Held] | None = None,
    ) -> Judged:
        """Decide and plan, about a picture that was looked at already; see `planned`.

        `bodies` looks for hands and people, and `content` judges what else the picture holds, for a caller that keeps
        what was found.
        """
        setup, policy, today = self._setup, self._setup.policy, school_day(at, self._setup.policy.zone)
        matches: dict[Subject, Match] = {}
        if question.mode is Mode.MATCHED:
            found = self._models.compare(picture, seen.faces, question.among, today, setup.clock())
            matches = {Subject(face): match for face, match in zip(seen.faces, found, strict=True)}
        at_whom = pointed(seen, picture, matches, question.tags, late)
        seen = at_whom.seen
        decision = decide(at_whom.known, setup.register, policy, question, today)
        remain = policy.remain_on(question.channel)
        objections = (*decision.objections, *circumstances(setup.register, policy, question, at))
        refused = ruling(objections, question.override).refused  # then nothing more need be looked for
        hides = judging.hides(seen, decision, remain)
        if (hides and not refused and remain != {"body"}) or thorough:
            seen = (bodies or self._models.look_for_bodies)(picture, seen)
        with stage("content"):
            held = Held() if refused else (content or self.content.judge)(picture, question)
        with stage("plan"):
            plan = Planner(picture, seen, decision, remain, held, policy).plan(question)
        judged = Judged(picture, seen, question, at_whom, decision, remain, held, plan, objections)
        said = self._words.objections({"caption": question.caption, "alt": question.alt}, channel=question.channel)
        more = (*judging.against_plan(judged, policy), *held.objections, *said)
        return replace(judged, objections=(*objections, *more))

    def finished(self, judged: Judged) -> tuple[Judged, bytes]:
        """Paint, encode, verify; planned again, one step stronger, where the second pass saw somebody.

        Returns the judgement that the bytes follow from, too; it refuses where the second pass saw more faces than were
        named, and then the bytes may not leave. Raises VerificationFailed where somebody is still seen.
        """
        while True:
            data = render(judged, self._setup.policy)
            try:
                prove(data, judged, self._setup.policy, self._models.find_again)
            except SomebodySeen as error:
                judged = self._answered(judged, error)
                if judged.ruling.refused:
                    return judged, b""
            else:
                return judged, data

    def looked_twice(self, judged: Judged, *, to_show: bool = False) -> Judged:
        """What may go as it is, or shows anybody, after both passes: what `check` says then is what `release` does.

        With `to_show` every photo is looked at twice, and what is still seen is part of the judgement, not an error.
        """
        if judged.ruling.refused or not (to_show or judged.shown or judged.plan.rewrite is Rewrite.NONE):
            return judged
        try:
            return self.finished(judged)[0]
        except StillSeen as error:
            if not to_show or error.judged is None:
                raise
            told = Objection("verification-failed", Finding("verification-failed", "photo", str(error)), decidable=True)
            return replace(error.judged, objections=(*error.judged.objections, told))

    def choices(self, judged: Judged) -> tuple[Choice, ...]:
        """Everything that could be made of a photo, each with a preview, and last to publish nothing."""
        policy = self._setup.policy
        planner = Planner(judged.picture, judged.seen, judged.decision, judged.remain, judged.held, policy)
        return planner.choices(partial(preview, judged.picture, policy=policy), refused=bool(judged.ruling.refused))

    def _answered(self, judged: Judged, error: SomebodySeen) -> Judged:
        """What follows from faces that the second pass saw: somebody was named, or has to be hidden."""
        faces = judging.one_each(error.faces)
        if judged.question.mode is Mode.DECLARED:
            beside = tuple(f for f in faces if judging.painted_share(judged.plan, f.box) < judging.BESIDE_PAINT)
            if beside:
                return judging.counted(judged, beside)
        return self._stronger(judged, faces, error)

    def _stronger(self, judged: Judged, faces: Sequence[Face], error: SomebodySeen) -> Judged:
        """The same photo planned again, one step stronger. Nobody who may be seen is covered by that."""
        where = " and ".join(dict.fromkeys(judged.picture.place(face.box) for face in faces))
        told = (
            f"the second pass over the finished picture found a face that nobody cleared ({where}). Look at it with "
            "`consentguard inspect`, then tag it: --tag N=hide, or --tag N=nobody by whom policy lets say that"
        )
        found = replace(judged, found=(*judged.found, *faces))
        if judged.step == STRONGER:
            raise StillSeen(told, found) from error
        seen = judged.seen
        if seen.people is None and judged.remain != {"body"}:
            seen = self._models.look_for_bodies(judged.picture, seen)
        before, judged = judged, judging.again(judged, seen, faces, self._setup.policy)
        if judged.plan.rewrite is None or judging.covers_more(before, judged):
            raise StillSeen(told, found) from error
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
