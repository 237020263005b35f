"""The guard: the one place that knows the whole order, from the bytes of a photo to bytes that may leave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Unpack

from consentguard.consent.calibration import Calibration
from consentguard.consent.codes import FINDINGS, NOTES, reason_of, refusal
from consentguard.consent.decide import UNASKED, UNSURE_HEAD, Asked, Decision, Question, ask, circumstances, decide
from consentguard.consent.hours import now as school_time
from consentguard.consent.hours import school_day
from consentguard.consent.overriding import Override
from consentguard.consent.policy import Policy
from consentguard.consent.register import Register
from consentguard.consent.state import State, default_directory
from consentguard.consent.template_key import KeySource
from consentguard.consent.validity import why_fallen
from consentguard.content import Content, Held
from consentguard.enrol import Enrolment, Eyes, enrol
from consentguard.enrol.calibrate import calibrate_store
from consentguard.errors import (
    AuditFailed,
    CannotTell,
    Refused,
    UnreadableImage,
    VerificationFailed,
)
from consentguard.sight import Sight, reader_of
from consentguard.values import (
    Action,
    Box,
    Face,
    Finding,
    Grounds,
    Hand,
    Head,
    JudgedFace,
    Mode,
    Outcome,
    Picture,
    Released,
    Seen,
    Standing,
    Verdict,
    canonical,
    make_released,
    own_copy,
    sealed_statement,
)
from consentguard.values.stopwatch import so_far, stage, timed
from consentguard.verify import SomebodySeen, verify
from consentguard.vision import codec, draw
from consentguard.vision.detect import Detector
from consentguard.vision.embed import Embedder
from consentguard.vision.rewrite import Limits, RewritePlan, apply_plan, plan_rewrite
from consentguard.vision.weights import manifest
from consentguard.words import Words

Clock = Callable[[], datetime]

_THUMBNAIL_QUALITY: Final = 80
_STRONGER: Final = 2
"""How often a photo is planned again, one step stronger, after somebody was seen in the finished picture."""


@dataclass(frozen=True, slots=True)
class _Judged:
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
    def may_be_seen(self) -> tuple[bool, ...]:
        """For each of `seen.counted`."""
        return tuple(Action.for_standing(who.standing) is Action.KEEP for who in self.decision.faces)

    @property
    def approved(self) -> tuple[Face, ...]:
        # unsure heads follow the faces
        return tuple(face for face, keep in zip(self.seen.faces, self.may_be_seen, strict=False) if keep)


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Gives the errors of the pixel rooms, which know no file names, the name of the photo."""
    try:
        yield
    except (UnreadableImage, VerificationFailed) as error:
        raise type(error)(f"{name}: {error}") from error


class Guard:
    """Stands between photos and the public, under one register and one policy.

    A guard may be shared between threads. Models are loaded at the first look and then kept.

    Attributes:
        register, policy: what it answers for.
        words: judges text by itself, for doors that post more than one caption.
    """

    def __init__(
        self,
        register: Register,
        policy: Policy,
        *,
        state: State | None = None,
        detector: Detector | None = None,
        embedder: Embedder | None = None,
        clock: Clock | None = None,
    ) -> None:
        """A guard from its parts.

        Args:
            register: who may be shown where.
            policy: what the school decided.
            state: key, audit trail and templates; needed to release and to match, not to inspect.
            detector, embedder: instead of the shipped ones. What is injected marks every release, and doors refuse
                those, unless policy names the part.
            clock: instead of the real one, with the same consequence.
        """
        self.register = register
        self.policy = policy
        self._state = state
        self.words = Words(register, policy)
        self._content = Content(policy, self.words)
        self._sight = Sight(register, policy, state=state, detector=detector, embedder=embedder)
        self._register_file: Path | None = None
        self._reader = reader_of(policy)
        self._clock = clock or school_time
        self._custom_parts = (*self._sight.custom_parts, *(("clock",) if clock else ()))

    @classmethod
    def open(
        cls,
        register: str | Path = "consent_register.csv",
        *,
        policy: str | Path | None = None,
        state: str | Path | None = None,
    ) -> Guard:
        """A guard from files, as the command line has it.

        Args:
            register: the consent register.
            policy: a policy file; without it policy.toml of the state directory, without that the shipped SCH 026.
            state: the directory that `consentguard init` made; without it the usual place. A guard opened where there
                is none can inspect, not release.

        Raises RegisterInvalid, PolicyInvalid or AuditFailed.
        """
        directory = Path(state) if state else default_directory()
        rules = Policy.in_force(Path(policy) if policy else None, directory)
        opened = State.open(directory) if state or directory.exists() else None
        guard = cls(Register.load(Path(register)), rules, state=opened)
        guard._register_file = Path(register)
        return guard

    @property
    def state(self) -> State:
        """Key and audit trail. Raises AuditFailed where the guard was opened without."""
        return self._needs_state()

    def question(self, **asked: Unpack[Asked]) -> Question:
        """Checks what is asked, before any photo. Raises WrongUsage with the choices."""
        return ask(self.register, self.policy, **asked)

    def inspect(
        self, photo: bytes, *, name: str = "photo", at: datetime | None = None, **asked: Unpack[Asked]
    ) -> Verdict:
        """What would happen to a photo: for looking only, and it carries no bytes.

        The outcome is `publishable` (may go exactly as it is), `needs_rewrite` or `refused`; nothing is written.

        Args:
            photo: the bytes of the file.
            name: what the verdict and errors call it.
            at: the time to decide for; now without it.
            asked: channel, mode, people, by; see `Asked`.

        Raises WrongUsage for a wrong question, CannotTell where no decision can be reached.
        """
        question = self.question(**asked)
        with _about(name), timed():
            return self._verdict(self._judge(photo, question, at or self._clock()), name)

    def glance(self, photo: bytes, *, name: str = "photo", channel: str | None = None) -> Verdict:
        """Whether a photo of nobody known may go exactly as it is: `inspect` in mode off, for doors in a hurry.

        It ends with the first face, `refused` for `unapproved-face`: what else is to see, and what could be made of the
        photo, is left to `release`. Where there is none, the verdict is that of `inspect`. Errors as there.
        """
        question = self.question(channel=channel, mode=Mode.OFF.value)
        threading.Thread(target=self._load_quietly).start()  # beside the decoding, which has a process of its own
        with _about(name):
            picture = self._reader.read(photo)
            seen = self._sight.look(picture, until_face=True)
            if seen.heads is not None:
                return self._verdict(self._judge((picture, seen), question, self._clock()), name)
        return Verdict(
            photo=name,
            outcome=Outcome.REFUSED,
            reasons=("unapproved-face",),
            faces=tuple(JudgedFace(picture.in_source(f.box), f.score, None, Standing.UNKNOWN) for f in seen.faces),
            scale=picture.scale,
            smallest_face=self.policy.picture.smallest_face,
            models=self._sight.labels(seen, compared=False),
        )

    def _load_quietly(self) -> None:
        with suppress(CannotTell):  # said again to whoever looks
            self._sight.load()

    def draw(self, photo: bytes, *, name: str = "photo", **asked: Unpack[Asked]) -> tuple[Verdict, bytes]:
        """The verdict of `inspect`, and a PNG that shows what was seen; for the desk, never for publishing."""
        question = self.question(**asked)
        with _about(name):
            judged = self._judge(photo, question, self._clock(), thorough=True)
        verdict = self._verdict(judged, name)
        return verdict, draw.inspection(judged.picture, judged.seen, verdict.faces)

    def release(self, photo: bytes, *, name: str = "photo", **asked: Unpack[Asked]) -> Released:
        """Other bytes, in which nobody is seen who may not be; or an error, and then nothing may leave.

        Arguments as for `inspect`; the time is always now. Refusals and failures are recorded like releases.

        Raises:
            Refused: it was judged and must not go; the error carries the verdict.
            CannotTell: no decision was reached, the second look failed, or it could not be recorded.
            WrongUsage: channel, mode or people do not exist or are not allowed.
        """
        question = self.question(**asked)
        state = self._needs_state()
        now = self._clock()
        source = hashlib.sha256(photo).hexdigest()
        with timed():
            try:
                with _about(name):
                    judged = self._judge(photo, question, now)
                    verdict = self._verdict(judged, name)
                    if verdict.outcome is Outcome.REFUSED:
                        raise Refused(refusal(name, verdict, judged.plan.why), verdict)
                    judged, data = self._rewritten(judged)
                    verdict = self._verdict(judged, name)
            except (Refused, CannotTell) as error:
                self._record_failure(state, question, source, error, now)
                raise
            return self._sealed(data, verdict, question, judged.decision, source, state, now)

    def thumbnail(self, photo: bytes, verdict: Verdict, edge: int) -> bytes | None:
        """A small JPEG for a report: what a photo shows that may be shown, nobody's face else; None where that fails.

        Args:
            photo: the photo, or the released bytes, that the verdict is about.
            verdict: what `inspect`, `release` or `Refused` said of it; what may go as it is is shown so.
            edge: pixels of the longer side, at most.

        Otherwise every head, those seen from behind included, is covered with wide margins, and the small picture is
        looked at again. Raises CannotTell where a look fails.
        """
        rules = self.policy.picture
        small = replace(self._reader, max_edge=edge).read(photo)
        pixels = small.pixels
        if verdict.outcome not in (Outcome.RELEASED, Outcome.PUBLISHABLE):
            heads = [face.box for face in verdict.faces] + [box for box, _ in verdict.heads_from_behind or ()]
            pixels = draw.heads_covered(small, heads, rules.paint)
            if self._sight.find(Picture(pixels, small.width, small.height)):
                return None
        return codec.encode_jpeg(pixels, _THUMBNAIL_QUALITY)

    def basis(self, on: datetime, **asked: Unpack[Asked]) -> str:
        """SHA-256, hex, over everything but the photo that an answer to this question rests on at a time.

        Register and policy, the standing of everybody that day (a consent may expire overnight), the model files, the
        enrolled where faces are compared, and what was asked. Whoever keeps verdicts keeps this beside them
        and asks again when it changes. Raises WrongUsage, and TemplateStoreError where nobody is enrolled.
        """
        question, today = self.question(**asked), school_day(on)
        scope = question.channel.scope
        standings = [
            [person.id, person.standing(scope, today).value, person.biometric_standing(today).value]
            for person in self.register
        ]
        models = sorted(card.sha256 for card in manifest().values() if card.group != "photographs")
        enrolled = self._sight.enrolled_digest() if question.mode is Mode.MATCHED else ""
        rests_on = [self.register.sha256, self.policy.digest, sorted(standings), models, enrolled,
                    question.channel.name, question.mode.value, list(question.declared), self._content.label,
                    question.caption, question.alt, question.suitable_by, question.override.as_json(),
                    None if question.among is None else sorted(question.among),
                    list(self._custom_parts)]  # fmt: skip
        return hashlib.sha256(canonical(rests_on)).hexdigest()

    def admit(self, released: Released, *, channel: str) -> Released:
        """What every door asks before bytes go out: is this ours, unchanged, recorded, and does it still stand?

        The door names its channel, so that what was released for another is refused.
        A guard that was opened from a register file reads it anew, so that a consent withdrawn an hour ago counts; it
        answers for its own policy. RegisterInvalid where the file has mistakes by now: then nothing goes.
        Returns the release in an object of its own: its bytes are those that were checked, whoever else holds the first
        one. Raises AuditFailed for a release that is not this state's or not recorded, and Refused for one
        made with injected parts, under another policy, or resting on a consent that has gone since.
        """
        state = self._needs_state()
        try:
            own = own_copy(released)
            digest, grounds, verdict = own.sha256, own.grounds, own.verdict
            genuine = state.seal_holds(sealed_statement(digest, verdict, grounds), own.seal)
        except (AttributeError, TypeError) as error:
            raise AuditFailed("this is not a release; make one with Guard.release() from the photo.") from error
        row = state.audit.entry(grounds.audit_seq) if genuine else None
        if row is None or row.kind != "released" or row.body["sha256"] != digest:
            raise AuditFailed("this release was not made and recorded here, or was changed; release the photo again.")
        fallen = why_fallen(
            self.register if self._register_file is None else Register.load(self._register_file),
            self.policy,
            made_for=grounds.channel,
            mode=grounds.mode,
            policy_sha256=grounds.policy_sha256,
            people=grounds.people,
            custom_parts=grounds.custom_parts,
            channel=channel,
            on=school_day(self._clock()),
        )
        if fallen:
            code, why = fallen
            # Whoever catches the refusal reads its verdict, which must not say "released" any longer.
            withheld = replace(verdict, outcome=Outcome.REFUSED, publishable_as_is=False, sha256=None, reasons=(code,))
            raise Refused(why, withheld)
        return own

    def enrol(self, source: str | Path, *, key: KeySource | None = None) -> Enrolment:
        """Makes and seals face templates of people with biometric consent, for mode matched; see `enrolment`.

        `key` says where the key of the templates shall live, the first time (default: a file of the state directory).
        People who cannot be enrolled are listed in what is returned. Raises WrongUsage where policy does not allow mode
        matched, TemplateStoreError where the photos or the store cannot be used.
        """
        self.policy.mode(Mode.MATCHED.value)
        eyes = Eyes(self._reader, self._sight.detector, self._sight.embedder)
        return enrol(Path(source), self.register, eyes, self._needs_state(), self._clock(), key)

    def calibrate(self, photos: str | Path | None = None) -> tuple[Calibration, tuple[str, ...]]:
        """Measures on the enrolled how often they are taken for one another, and keeps the threshold that follows.

        `photos` are other photos of the enrolled, laid out as for `enrol`; they make the numbers honest, and nothing of
        them is kept. Returns the calibration, and a line for each photo that could not be used. Raises WrongUsage,
        TemplateStoreError.
        """
        self.policy.mode(Mode.MATCHED.value)
        eyes = Eyes(self._reader, self._sight.detector, self._sight.embedder)
        rate, folder = self.policy.recognition.false_positives, Path(photos) if photos else None
        return calibrate_store(self.register, eyes, self._needs_state(), self._clock(), rate, folder)

    # -- the steps, in order ------------------------------------------------------------------------------------------

    def _judge(
        self, photo: bytes | tuple[Picture, Seen], question: Question, moment: datetime, *, thorough: bool = False
    ) -> _Judged:
        """Looks and decides. Hands and people are looked for where they matter, or if `thorough`."""
        remain, today = self.policy.remain_on(question.channel), school_day(moment)
        if isinstance(photo, bytes):
            with stage("decode"):
                picture = self._reader.read(photo)
            # Heads are always looked for: one that is no face to the detector may still be a child's.
            seen = self._sight.look(picture)
        else:
            picture, seen = photo
        compared = question.mode is Mode.MATCHED
        known = (UNASKED,) * len(seen.faces)
        if compared:
            known = self._sight.compare(picture, seen.faces, question.among, today, self._clock())
        known = (*known, *(UNSURE_HEAD,) * len(seen.unsure))
        decision = decide(known, self.register, self.policy, question, today)
        about = (*decision.findings, *circumstances(self.policy, question, moment))
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
        if hides and not refused and self.policy.on_unapproved == "block":
            refused = ("unapproved-face",)
        elif hides and not refused and plan.rewrite is None:
            refused, needs_person = ("unapproved-face", "nothing-may-remain"), True
        said = self.words.judge({"caption": question.caption, "alt": question.alt})
        for judged in (held, said):
            decision = replace(decision, findings=(*decision.findings, *judged.findings))
            against = question.override.left(judged.refused)
            if against:  # a person can decide only what a person can decide all of
                needs_person = judged.needs_person and (needs_person or not refused)
                refused = (*refused, *against)
        needs_person = needs_person and bool(refused)
        return _Judged(
            picture, seen, compared, decision, remain, plan, refused, needs_person, hides, held, question.override
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
        approved = [Action.for_standing(who.standing) is Action.KEEP for who in decision.faces]
        rules = self.policy.rewrite
        return plan_rewrite(
            seen,
            approved,
            remain,
            picture.width,
            picture.height,
            limits=Limits(rules.smallest_crop, rules.smallest_share / 100),
            marks=marks,
            found=found,
            step=step,
        )

    def _rewritten(self, judged: _Judged) -> tuple[_Judged, bytes]:
        """The finished bytes, looked at once more; planned again, one step stronger, where somebody was seen in them.

        Raises VerificationFailed where somebody is still seen after that.
        """
        rules, files = self.policy.picture, self.policy.files
        for step in range(1 + _STRONGER):
            with stage("paint"):
                pixels = apply_plan(judged.picture.pixels, judged.plan, rules.paint)
            with stage("encode"):
                data = codec.encode(pixels, files.format, quality=rules.jpeg_quality, sampling=files.sampling)
            backs = (judged.seen.from_behind or ()) if "back_of_head" in judged.remain else ()
            try:
                with stage("verify"):
                    verify(data, judged.plan, judged.approved, backs, self._sight.find, rules.paint, files.format)
            except SomebodySeen as error:
                judged = self._stronger(judged, error.faces, step + 1)
                if step == _STRONGER or judged.plan.rewrite is None:
                    raise VerificationFailed(str(error)) from error
            else:
                return judged, data
        raise AssertionError("the last look either passed or was raised")

    def _stronger(self, judged: _Judged, faces: tuple[Face, ...], step: int) -> _Judged:
        """The same photo, with what a look at its finished picture found hidden too."""
        picture, seen, found = judged.picture, judged.seen, (*judged.found, *faces)
        if seen.people is None and judged.remain != {"body"}:
            seen = self._sight.look_for_bodies(picture, seen)
        plan = self._plan(picture, seen, judged.decision, judged.remain, judged.held.marks, found, step)
        return replace(judged, seen=seen, plan=plan, found=found)

    def _sealed(
        self,
        data: bytes,
        verdict: Verdict,
        question: Question,
        decision: Decision,
        source: str,
        state: State,
        now: datetime,
    ) -> Released:
        digest = hashlib.sha256(data).hexdigest()
        row = {
            **self._circumstances(question, source),
            "sha256": digest,
            "rewrite": verdict.rewrite.value if verdict.rewrite else None,
            "faces": len(verdict.faces),
            "hidden": verdict.hidden,
            "people": list(decision.rests_on),
            "consents": self.register.evidence(decision.rests_on, question.channel.scope),
            "models": list(verdict.models),
        }
        with stage("record"):
            seq = state.record("released", row, now.isoformat(timespec="seconds"))
        finished = replace(verdict.finished(Outcome.RELEASED, digest), timings=so_far())
        grounds = Grounds(
            channel=question.channel.name,
            mode=question.mode.value,
            source_sha256=source,
            register_sha256=self.register.sha256,
            policy_sha256=self.policy.digest,
            models=verdict.models,
            people=decision.rests_on,
            custom_parts=self._custom_parts,
            released_at=now.isoformat(timespec="seconds"),
            audit_seq=seq,
        )
        seal = state.seal(sealed_statement(digest, finished, grounds))
        return make_released(data=data, verdict=finished, grounds=grounds, seal=seal)

    def _record_failure(
        self, state: State, question: Question, source: str, error: Refused | CannotTell, now: datetime
    ) -> None:
        reasons = error.verdict.reasons if isinstance(error, Refused) else (reason_of(error),)
        state.record(
            Outcome.REFUSED.value if isinstance(error, Refused) else Outcome.CANNOT_TELL.value,
            {**self._circumstances(question, source), "reasons": list(reasons)},
            now.isoformat(timespec="seconds"),
        )

    def _circumstances(self, question: Question, source: str) -> dict[str, object]:
        return {
            "source": source,
            "channel": question.channel.name,
            "account": question.channel.account,
            "mode": question.mode.value,
            "declared": list(question.declared),
            "by": question.by,
            "suitable_by": question.suitable_by,
            "override": question.override.as_json(),
            "occasion": question.occasion.as_json() if question.occasion else None,
            "register": self.register.sha256,
            "policy": self.policy.digest,
            "custom_parts": list(self._custom_parts),
        }

    def _verdict(self, judged: _Judged, name: str) -> Verdict:
        picture, seen, decision, plan = judged.picture, judged.seen, judged.decision, judged.plan
        findings = decision.findings
        reasons = list(judged.refused)
        if picture.carried:
            findings = (*findings, _metadata_finding(picture))
        names_a_pupil = self.words.judge_file_name(name)
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
                    JudgedFace(picture.in_source(found.box), found.score, who.person, who.standing)
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
            findings=findings,
            smallest_face=self.policy.picture.smallest_face,
            models=(*self._sight.labels(seen, compared=judged.compared), *filter(None, (judged.held.label,))),
            timings=so_far(),
        )

    def _needs_state(self) -> State:
        if self._state is None:
            raise AuditFailed("there is no state to record in; make it once with `consentguard init`.")
        return self._state


def _scored(picture: Picture, found: Sequence[Hand | Head] | None) -> tuple[tuple[Box, float], ...] | None:
    """Boxes in pixels of the source with their scores; None where nothing was looked for."""
    return None if found is None else tuple((picture.in_source(thing.box), thing.score) for thing in found)


def _metadata_finding(picture: Picture) -> Finding:
    return Finding("metadata-dropped", "file", f"{FINDINGS['metadata-dropped']}: {', '.join(picture.carried)}")
