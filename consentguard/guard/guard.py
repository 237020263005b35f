"""The guard: the one place that knows the whole order, from the bytes of a photo to bytes that may leave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from consentguard.consent.clock import now, school_day
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Asked, Question
from consentguard.consent.recognition.calibration import Calibration
from consentguard.consent.recognition.template_key import KeySource
from consentguard.consent.record.inspected import tags_of
from consentguard.consent.record.ledger import Ledger, Release
from consentguard.consent.record.log import logged
from consentguard.consent.record.state import State, default_directory
from consentguard.consent.register.register import Register
from consentguard.enrol import Enrolment, FaceDescriber, enrol
from consentguard.enrol.calibrate import calibrate_store
from consentguard.errors import AuditFailed, CannotTell
from consentguard.guard.admission import admitted
from consentguard.guard.examined import Examined, choices, thumbnail
from consentguard.guard.many import Many
from consentguard.guard.models import VisionModels, reader_of
from consentguard.guard.pipeline import Pipeline
from consentguard.guard.planning import Choice
from consentguard.guard.record import Recording, keep_numbers, verdict
from consentguard.guard.setup import Clock, Setup, no_register
from consentguard.guard.text_rules import Words
from consentguard.program import program_digest
from consentguard.values import JudgedFace, Mode, Outcome, Released, Standing, Tag, Verdict, canonical
from consentguard.values.stopwatch import timed
from consentguard.vision import draw
from consentguard.vision.detection.detector import Detector
from consentguard.vision.embedding.embedder import Embedder
from consentguard.vision.imagefile.inputs import PhotoLike, about, name_of, photo_of


class Guard(Many):
    """Stands between photos and the public, under one register and one policy.

    A guard may be shared between threads. Models are loaded at the first pass and then kept.

    Attributes:
        register, policy: what it answers for.
        words: judges text by itself, for exit points that post more than one caption.
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
            detector, embedder: instead of the shipped ones. What is injected marks every release, and exit points
                refuse those, unless policy names the part.
            clock: instead of the real one, with the same consequence.
        """
        self.register = register
        self.policy = policy
        self.words = Words(register, policy)
        self._setup = Setup(register, policy, state, clock or partial(now, policy.zone))
        self._models = VisionModels(self._setup, detector=detector, embedder=embedder)
        self._pipeline = Pipeline(self._setup, self._models, self.words.screen)
        self._register_file: Path | None = None
        self._custom_parts = (*self._models.custom_parts, *(("clock",) if clock else ()))

    @classmethod
    def open(
        cls,
        register: str | Path | None = "consent_register.csv",
        *,
        policy: str | Path | None = None,
        state: str | Path | None = None,
    ) -> Guard:
        """A guard from files, as the command line has it.

        Args:
            register: the consent register; None for none, where policy allows that (`without_register`).
            policy: a policy file; without it policy.toml of the state directory, without that the shipped SCH 026.
            state: the directory that `consentguard init` made; without it the usual place. Without one nothing goes.

        Raises RegisterInvalid, PolicyInvalid or AuditFailed.
        """
        directory = Path(state) if state else default_directory()
        rules = Policy.in_force(Path(policy) if policy else None, directory)
        opened = State.open(directory) if state or State.is_made(directory) else None
        file = None if register is None else Path(register)
        guard = cls(no_register(rules) if file is None else Register.load(file), rules, state=opened)
        guard._register_file = file
        return guard

    @property
    def state(self) -> State:
        """Key and audit trail. Raises AuditFailed where the guard was opened without."""
        if self._setup.state is None:
            raise AuditFailed(
                "there is no state to record in; make it once with `consentguard init`, or with `consentguard start`, "
                "which also makes policy and register and fetches the models."
            )
        return self._setup.state

    def question(self, **asked: Unpack[Asked]) -> Question:
        """Checks what is asked, before any photo. Raises WrongUsage with the choices, and TypeError for people."""
        return self.words.question(**asked)

    def inspect(
        self, photo: PhotoLike, *, name: str | None = None, at: datetime | None = None, **asked: Unpack[Asked]
    ) -> Verdict:
        """What would happen to a photo: for looking only, and it carries no bytes.

        The outcome is `publishable` (may go exactly as it is), `needs_rewrite` or `refused`; nothing is written.

        Args:
            photo: the bytes of a file, its path, a Pillow image or an RGB array (height, width, 3) of uint8. Pixels are
                no file, so they are never `publishable`; finding and reason are `not-a-file`.
            name: what the verdict and errors call it; the path, or "photo", without it.
            at: the time to decide for; now without it.
            asked: channel, mode, people, by; see `Asked`.

        Raises WrongUsage for a wrong question, CannotTell where no decision can be reached.
        """
        request, taken = self.words.request(name_of(photo, name), **asked), photo_of(photo, name)
        with about(taken.name), timed(), logged("inspect", taken.sha256) as call:
            judged = self._pipeline.planned(taken, request, at or self._setup.clock())
            judged = self._pipeline.looked_twice(judged)
            call.verdict = told = verdict(judged, self.policy)
        keep_numbers(self._setup, taken.data, judged, told)
        return told

    def glance(self, photo: PhotoLike, *, name: str | None = None, channel: str | None = None) -> Verdict:
        """Whether a photo of nobody known may go exactly as it is: `inspect` in mode off, at its quickest.

        It ends with the first face, `refused` for `unapproved-face`: what else is to see, and what could be made of the
        photo, is left to `release`. Where there is none, the verdict is that of `inspect`. Errors as there.
        """
        request, taken = (
            self.words.request(name_of(photo, name), channel=channel, mode=Mode.OFF.value),
            photo_of(photo, name),
        )
        threading.Thread(target=self._load_quietly).start()  # beside the decoding, which has a process of its own
        with about(taken.name):
            picture = self._pipeline.read(taken)
            first = self._models.first_pass(picture, until_face=True)
            if first.seen.heads is not None:
                judged = self._pipeline.decided(picture, first, request, self._setup.clock())
                return verdict(self._pipeline.looked_twice(judged), self.policy)
        boxes = [(picture.in_source(face.box), face.score) for face in first.seen.faces]
        return Verdict(
            photo=taken.name,
            outcome=Outcome.REFUSED,
            reasons=("unapproved-face",),
            faces=tuple(JudgedFace(box, score, None, Standing.UNKNOWN) for box, score in boxes),
            scale=picture.scale,
            size=(picture.source_width, picture.source_height),
            smallest_face=self.policy.picture.smallest_face,
            models=(first.detector.label,),
        )

    def _load_quietly(self) -> None:
        with suppress(CannotTell):  # said again to whoever looks
            self._models.load()

    def draw(
        self, photo: PhotoLike, *, name: str | None = None, **asked: Unpack[Asked]
    ) -> tuple[Verdict, bytes, dict[str, Any]]:
        """The verdict of `inspect`, a PNG that shows what was seen, for the desk only, and the plan in plain types.

        The plan is that of `RewritePlan.as_json`, in pixels of the picture as it would be published.
        """
        request, taken = self.words.request(name_of(photo, name), **asked), photo_of(photo, name)
        with about(taken.name):
            judged = self._pipeline.planned(taken, request, self._setup.clock(), thorough=True)
            judged = self._pipeline.looked_twice(judged, to_show=True)
        told = verdict(judged, self.policy)
        keep_numbers(self._setup, taken.data, judged, told)
        drawn = draw.inspection(judged.picture, judged.seen, told.faces, judged.pointed.backs)
        return told, drawn, judged.plan.as_json()

    def propose(self, photo: PhotoLike, *, name: str | None = None, **asked: Unpack[Asked]) -> tuple[Choice, ...]:
        """Everything that policy lets be made of a photo, in the order that it prefers, and last to publish nothing.

        Arguments and errors as for `inspect`. Empty but for the last where nothing may leave. Each has a small preview
        that had no second pass: it is for the person who chooses, and `release(choice=...)` may still refuse.
        """
        request, taken = self.words.request(name_of(photo, name), **asked), photo_of(photo, name)
        with about(taken.name), timed(), logged("propose", taken.sha256) as call:
            judged = self._pipeline.planned(taken, request, self._setup.clock())
            call.verdict = verdict(judged, self.policy)
            return choices(judged, self.policy)

    def examine(self, photo: PhotoLike, *, name: str | None = None) -> Examined:
        """A photo searched once and held open, for a program in which a person decides: see `Examined`.

        Raises CannotTell where the photo cannot be read or a detector fails.
        """
        taken = photo_of(photo, name)
        with about(taken.name):
            picture = self._pipeline.read(taken)
            first = self._models.first_pass(picture)
            late = self._pipeline.late(taken, first)
        return Examined(taken.data, self._pipeline, self._setup, late, self.words.request, (picture, first))

    def release(self, photo: PhotoLike, *, name: str | None = None, **asked: Unpack[Asked]) -> Released:
        """Other bytes, in which nobody is seen who may not be; or an error, and then nothing may leave.

        Arguments as for `inspect`; the time is always now. Refusals and failures are recorded like releases.

        Raises:
            Refused: it was judged and must not go; the error carries the verdict.
            CannotTell: no decision was reached, the second pass failed, or it could not be recorded.
            WrongUsage: channel, mode or people do not exist or are not allowed.
        """
        taken, state, now = photo_of(photo, name), self.state, self._setup.clock()
        request = self.words.request(taken.name, **asked)
        recording = Recording(self._setup, state, request.question, taken.sha256, now, self._custom_parts)
        with timed(), about(taken.name), logged("release", taken.sha256) as call:
            released = self._pipeline.release(taken, request, recording)
            call.verdict = released.verdict
            return released

    def thumbnail(self, photo: bytes, verdict: Verdict, edge: int) -> bytes | None:
        """A small JPEG for a report: what a photo shows that may be shown, nobody's face else; None where that fails.

        Args:
            photo: the photo, or the released bytes, that the verdict is about.
            verdict: what `inspect`, `release` or `Refused` said of it; what may go as it is is shown so.
            edge: pixels of the longer side, at most.

        Otherwise every head, those seen from behind included, is covered with wide margins, and the small picture is
        searched again. Raises CannotTell where a detector fails.
        """
        return thumbnail(photo, verdict, edge, self.policy, self._models.detector)

    def basis(self, on: datetime, **asked: Unpack[Asked]) -> str:
        """SHA-256, hex, over everything but the photo that an answer to this question rests on at a time.

        Register and policy, the standing of everybody that day (a consent may expire overnight), this program, the
        enrolled where faces are compared, and what was asked. Whoever keeps verdicts keeps this beside them
        and asks again when it changes. Raises WrongUsage, and TemplateStoreError where nobody is enrolled.
        """
        question, today = self.question(**asked), school_day(on, self.policy.zone)
        scope = question.channel.scope
        standings = [
            [person.id, person.standing(scope, today).value, person.biometric_standing(today).value]
            for person in self.register
        ]
        enrolled = self._models.enrolled_digest() if question.mode is Mode.MATCHED else ""
        rests_on = [self.register.sha256, self.policy.fingerprint, sorted(standings), program_digest(),
                    enrolled, question.as_json(), self._pipeline.content.label, list(self._custom_parts)]  # fmt: skip
        return hashlib.sha256(canonical(rests_on)).hexdigest()

    def admit(self, released: Released, *, channel: str) -> Released:
        """Checks before bytes go out that they are this state's, unchanged and recorded, and that the release stands.

        The exit point names its channel: what was released for another is refused. A guard opened from a register
        file reads it anew, so that a consent withdrawn an hour ago counts. Returns the release in an object of its
        own, whose bytes are those that were checked. Raises RegisterInvalid where the file has mistakes by now,
        AuditFailed for a release that is not this state's or not recorded, and Refused for one made with injected
        parts, under another policy, or resting on a consent that has gone since.
        """
        register = self.register if self._register_file is None else Register.load(self._register_file)
        return admitted(self._setup, self.state, register, released, channel)

    def revoke(self, release: Released | str, *, by: str, why: str) -> tuple[Release, ...]:
        """Takes back every release of these bytes (or of the bytes of that SHA-256), and returns them.

        No exit point accepts them from then on; a signed list for CI only from its next export. What is posted already
        is not deleted. Raises WrongUsage without a name or a reason, AuditFailed for what was not released here.
        """
        self.words.check_recorded(names=(by,), reasons=(why,))
        sha256 = release if isinstance(release, str) else release.sha256
        return Ledger(self.state).revoke(sha256, by=by, why=why, at=self._setup.clock())

    def enrol(self, source: str | Path, *, key: KeySource | None = None) -> Enrolment:
        """Makes and seals face templates of people with biometric consent, for mode matched; see `enrolment`.

        `key` says where the key of the templates shall live, the first time (default: a file of the state directory).
        People who cannot be enrolled are listed in what is returned. Raises WrongUsage where policy does not allow mode
        matched, TemplateStoreError where the photos or the store cannot be used.
        """
        self.policy.mode(Mode.MATCHED.value)
        describer = FaceDescriber(reader_of(self.policy), self._models.detector, self._models.embedder)
        return enrol(Path(source), self.register, describer, self.state, self._setup.clock(), self.policy.zone, key)

    def calibrate(self, photos: str | Path | None = None) -> tuple[Calibration, tuple[str, ...]]:
        """Measures on the enrolled how often they are taken for one another, and keeps the threshold that follows.

        `photos` are other photos of the enrolled, laid out as for `enrol`; nothing of them is kept. Without them the
        rates come out too low, and the threshold may become stricter than the shipped one, never laxer. Returns the
        calibration, and a line for each photo that could not be used and each person to enrol anew. Raises WrongUsage,
        TemplateStoreError.
        """
        self.policy.mode(Mode.MATCHED.value)
        describer = FaceDescriber(reader_of(self.policy), self._models.detector, self._models.embedder)
        rate, folder = self.policy.recognition.false_positives, Path(photos) if photos else None
        now, zone = self._setup.clock(), self.policy.zone
        return calibrate_store(self.register, describer, self.state, now, zone, rate, folder)

    def tags(self, photo: PhotoLike, says: Mapping[int, str]) -> tuple[Tag, ...]:
        """Tags on faces by the numbers that `inspect` gave them: number -> register id, `hide` or `nobody`.

        Raises WrongUsage where the photo was not inspected under this state, or with other models, and for a number
        that no face has.
        """
        return tags_of(self.state, photo_of(photo).data, says, self._models.finders)
