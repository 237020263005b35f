"""The pipeline: one photo's way from its bytes to bytes that may leave, read from top to bottom.

Each step is one call into the module that does it, and no module calls back. `inspect`, `glance` and `propose` are the
same page, stopped earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from consentguard.consent.clock import school_day
from consentguard.consent.decide import circumstances, decide, hiding
from consentguard.consent.objections import Objection, ruling
from consentguard.consent.pointing import pointed
from consentguard.consent.question import Question
from consentguard.consent.recognition.match import Match
from consentguard.consent.record.inspected import late_faces
from consentguard.errors import CannotTell
from consentguard.guard.content import Content, Held
from consentguard.guard.judging import Judged, StillSeen, judged_again, with_objections
from consentguard.guard.models import FirstPass, VisionModels, reader_of
from consentguard.guard.planning import Planner
from consentguard.guard.record import Recording
from consentguard.guard.setup import Setup
from consentguard.guard.text_rules import Request
from consentguard.guard.verify import SomebodySeen, finish
from consentguard.values import Box, Finding, Mode, Picture, Released, Rewrite, Seen, Subject
from consentguard.values.stopwatch import stage
from consentguard.vision.detection import passes
from consentguard.vision.imagefile.inputs import Photo
from consentguard.wording import Screen


class Pipeline:
    """The order of the steps. May be shared between threads.

    Attributes:
        content: judges what a picture holds besides people.
    """

    def __init__(self, setup: Setup, models: VisionModels, screen: Screen) -> None:
        self._reader = reader_of(setup.policy)
        self.content = Content(setup.register, setup.policy, screen)
        self._setup, self._models = setup, models

    def release(self, photo: Photo, request: Request, recording: Recording) -> Released:
        """Read, look, decide, plan, paint, encode, verify, record. Raises Refused and CannotTell, recorded."""
        try:
            judged, data = self.finished(self.planned(photo, request, recording.now))
        except CannotTell as error:
            recording.failed(error)
            raise
        return recording.released(judged, data)

    def planned(self, photo: Photo, request: Request, at: datetime, *, thorough: bool = False) -> Judged:
        """Read, look, decide, plan. If `thorough`, hands and people are looked for even where nobody is hidden."""
        with stage("decode"):
            picture = self.read(photo)
        first = self._models.first_pass(picture)
        return self.decided(picture, first, request, at, self.late(photo, first), thorough=thorough)

    def read(self, photo: Photo) -> Picture:
        """A picture of a photo. Raises UnreadableImage."""
        return replace(self._reader.read(photo.data), is_file=photo.is_file)

    def late(self, photo: Photo, first: FirstPass) -> tuple[Box, ...]:
        """Boxes, in pixels of the source, at which only the second pass found a face the last time: tags may be on
        those too."""
        return late_faces(self._setup.state, photo.data, passes.finders(first.detector))

    def basis(self, question: Question, at: datetime) -> tuple[object, ...]:
        """All on which `decided` rests besides the photo: where it is equal, so is the answer.

        Raises TemplateStoreError where faces are to be compared and nobody is enrolled.
        """
        setup, policy = self._setup, self._setup.policy
        enrolled = self._models.enrolled_digest() if question.mode is Mode.MATCHED else ""
        moment = circumstances(setup.register, policy, question, at)
        return question, school_day(at, policy.zone), moment, enrolled

    def decided(
        self,
        picture: Picture,
        first: FirstPass,
        request: Request,
        at: datetime,
        late: Sequence[Box] = (),
        *,
        thorough: bool = False,
        bodies: Callable[[Picture, Seen], Seen] = passes.bodies,
        content: Callable[[Picture, Question], Held] | None = None,
    ) -> Judged:
        """Decide and plan, about a picture that had its first pass; see `planned` and `late`.

        `bodies` looks for hands and people, and `content` judges what else the picture holds, for a caller that keeps
        what was found.
        """
        setup, policy, question = self._setup, self._setup.policy, request.question
        today, remain = school_day(at, policy.zone), policy.remain_on(question.channel)
        matches: Mapping[Subject, Match] = {}
        recognised_by = ""
        if question.mode is Mode.MATCHED:
            matches, recognised_by = self._models.compare(
                picture, first.seen.faces, question.among, today, setup.clock()
            )
        at_whom = pointed(first.seen, picture, matches, question.tags, late)
        seen = at_whom.seen
        decision = decide(at_whom.known, setup.register, policy, question, today)
        objections = (*decision.objections, *circumstances(setup.register, policy, question, at))
        refused = ruling(objections, question.override).refused  # then nothing more need be looked for
        # Whoever is turned away is nobody's declared or matched face; they stay only where policy lets backs remain.
        hides = decision.hides or (bool(seen.from_behind) and "back_of_head" not in remain)
        if (hides and not refused and remain != {"body"}) or thorough:
            with stage("detect"):
                seen = bodies(picture, seen)
        with stage("content"):
            held = Held() if refused else (content or self.content.judge)(picture, question)
        shown = decision.shown(seen.counted)
        with stage("plan"):
            plan = Planner(picture, seen, shown, remain, held.marks, policy).plan(question)
        nothing = plan.refused if plan.rewrite is None else None
        if hides and not refused:
            objections = (*objections, *hiding(policy, nothing))
        elif nothing is not None and not refused:  # as of a frame that a person drew too small
            objections = (*objections, Objection(nothing, decidable=True))
        objections = (*objections, *held.objections, *request.against_words)
        ruled = ruling(objections, question.override)
        return Judged(request, picture, seen, first.detector, recognised_by, at_whom, decision, shown, remain, hides,
                      held, plan, objections, ruled)  # fmt: skip

    def finished(self, judged: Judged) -> tuple[Judged, bytes]:
        """Paint, encode, verify; planned again, one step stronger, where the second pass saw somebody.

        Returns the judgement that the bytes follow from, too. There are none where it refuses: before, or because the
        second pass saw more faces than were named. Raises VerificationFailed where somebody is still seen.
        """
        while not judged.ruling.refused:
            try:
                return judged, finish(judged, self._setup.policy)
            except SomebodySeen as error:
                judged = judged_again(judged, error.faces, self._setup.policy)
        return judged, b""

    def looked_twice(self, judged: Judged, *, to_show: bool = False) -> Judged:
        """What may go as it is, or shows anybody, after both passes: what `check` says then is what `release` does.

        With `to_show` every photo gets both passes, and what is still seen is part of the judgement, not an error.
        """
        if not (to_show or judged.shown or judged.plan.rewrite is Rewrite.NONE):
            return judged
        try:
            return self.finished(judged)[0]
        except StillSeen as error:
            if not to_show:
                raise
            told = Finding("verification-failed", "photo", str(error))
            return with_objections(error.judged, Objection("verification-failed", told, decidable=True))
