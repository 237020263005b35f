"""What the guard sees with: models and gallery, each loaded when it is first needed and then kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from consentguard.consent.policy.policy import Policy
from consentguard.consent.recognition.enrolled import forget_without_consent, gallery
from consentguard.consent.recognition.match import Gallery, Match
from consentguard.consent.recognition.templates import TemplateStore
from consentguard.consent.record.state import State
from consentguard.errors import PolicyInvalid, Problem, TemplateStoreError
from consentguard.guard.setup import Setup
from consentguard.values import Face, Picture, Seen, Subject
from consentguard.values.stopwatch import stage
from consentguard.vision.detection import passes
from consentguard.vision.detection.detector import DETECTORS, Detector
from consentguard.vision.embedding.embedder import EMBEDDERS, Embedder, steady
from consentguard.vision.embedding.quality import measured
from consentguard.vision.imagefile.codec import ReadLimits
from consentguard.vision.imagefile.sandbox import Isolation, Reader
from consentguard.vision.models.loaded import loaded
from consentguard.vision.models.store import ModelStore

Part = TypeVar("Part")

_RIM: Final = 0.03
"""In heights of a face: a box that ends this near the frame may be cut by it, as exactly as a detector's boxes are."""


def reader_of(policy: Policy) -> Reader:
    """What reads photos under a policy."""
    files, picture = policy.files, policy.picture
    limits = ReadLimits(
        max_bytes=files.max_megabytes * 1_000_000,
        max_pixels=picture.max_megapixels * 1_000_000,
        max_side=files.max_side,
        max_ratio=files.max_ratio,
        first_frame=files.frames == "first_frame",
    )
    isolation = Isolation(files.max_seconds, files.max_memory) if files.isolate else None
    return Reader(picture.max_edge, limits, isolation)


@dataclass(frozen=True, slots=True)
class FirstPass:
    """What a first pass found in one picture, hands and people not yet; and what found the faces."""

    seen: Seen
    detector: Detector


class VisionModels:
    """Finds faces and heads and, where asked, says who they are. Safe to share between threads.

    Attributes:
        custom_parts: parts that were injected instead of shipped, such as "detector:mine@1".
    """

    def __init__(
        self,
        setup: Setup,
        *,
        detector: Detector | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._setup = setup
        self._detector = detector
        self._embedder = embedder
        self._store: TemplateStore | None = None
        self._gallery: tuple[object, Gallery] | None = None
        self._loading = threading.RLock()
        lacking = [name for name in ("find", "search", "find_upright") if detector and not hasattr(detector, name)]
        if lacking:
            raise TypeError(
                f"{detector!r} has no {', '.join(lacking)}; derive it from Detector (examples/own_detector.py)"
            )
        parts = {"detector": detector, "embedder": embedder}
        self.custom_parts = tuple(f"{name}:{part.label}" for name, part in parts.items() if part is not None)

    @property
    def detector(self) -> Detector:
        """The detector; it must see as small as policy asks. Raises ModelUnavailable, PolicyInvalid."""
        with self._loading:
            if self._detector is None:
                self._detector = self._chosen("picture.detector", self._setup.policy.picture.detector, DETECTORS)
        wanted, able = self._setup.policy.picture.smallest_face, self._detector.smallest_face
        if wanted < able:
            raise PolicyInvalid(
                self._setup.policy.file,
                [Problem(None, "picture.smallest_face", f"{self._detector.label} finds faces from {able} px")],
                "Ask for no smaller faces, or lower picture.max_edge so that they cannot be recognised.",
            )
        return self._detector

    @property
    def embedder(self) -> Embedder:
        """The embedder that policy names. Raises ModelUnavailable, PolicyInvalid."""
        with self._loading:
            if self._embedder is None:
                self._embedder = self._chosen(
                    "recognition.embedder", self._setup.policy.recognition.embedder, EMBEDDERS
                )
            return self._embedder

    def _chosen(self, key: str, name: str, choices: Mapping[str, Callable[[ModelStore], Part]]) -> Part:
        if name not in choices:
            problem = Problem(None, key, f"{name!r} is none of {', '.join(choices)}")
            raise PolicyInvalid(self._setup.policy.file, [problem], "Name one of these.")
        return loaded(choices[name])

    def load(self) -> None:
        """Loads what looks at every photo. Raises ModelUnavailable, PolicyInvalid."""
        _ = self.detector
        passes.load()

    def first_pass(self, picture: Picture, *, until_face: bool = False) -> FirstPass:
        """Faces, and heads that are no faces, in pixels of the picture. Raises CannotTell where a detector fails.

        With `until_face` heads are looked for only where there is no face.
        """
        detector, smallest = self.detector, self._setup.policy.picture.smallest_face
        with stage("detect"):
            seen = passes.first_pass(detector, picture, smallest, until_face=until_face)
        return FirstPass(seen, detector)

    def compare(
        self, picture: Picture, faces: Sequence[Face], among: frozenset[str] | None, on: date, now: datetime
    ) -> tuple[Mapping[Subject, Match], str]:
        """Who each face is, and the model that says so. The embeddings of the photo live in this call and nowhere else.

        `among` are the only people who may match, None for anybody; `on` is the day that is asked about; `now` the
        time, for templates whose consent has gone go first.
        Raises TemplateStoreError where there is nobody to compare with.
        """
        gallery = self._enrolled(on, now)
        sound = [_sound(face, picture) for face in faces]
        with stage("embed"):
            embeddings = steady(self.embedder, picture.pixels, faces)
        with stage("match"):
            matches = gallery.identify(embeddings, sound, among)
        return {Subject(face): match for face, match in zip(faces, matches, strict=True)}, self.embedder.label

    @property
    def finders(self) -> tuple[str, ...]:
        """What finds faces and heads, by the order of which people point at them."""
        return passes.finders(self.detector)

    def enrolled_digest(self) -> str:
        """What stands in the template store, as one SHA-256 (hex). Raises TemplateStoreError where there is none."""
        return self._opened()[0].digest()

    def _enrolled(self, on: date, now: datetime) -> Gallery:
        """The gallery of that day; read again whenever the store, or the day, is another."""
        with self._loading:
            (store, state), embedder = self._opened(), self.embedder
            forget_without_consent(store, state, self._setup.register, now, self._setup.policy.zone)
            what = (store.stamp(), on)
            if self._gallery is None or self._gallery[0] != what:
                self._gallery = (
                    what,
                    gallery(
                        store,
                        self._setup.register,
                        on,
                        embedder=embedder.label,
                        population=embedder.population,
                        false_positives=self._setup.policy.recognition.false_positives,
                    ),
                )
            return self._gallery[1]

    def _opened(self) -> tuple[TemplateStore, State]:
        """The template store, opened once: its key may have to be asked for."""
        with self._loading:
            if self._setup.state is None:
                raise TemplateStoreError(
                    "mode matched needs somebody to compare with; run `consentguard init`, then `consentguard enrol`."
                )
            if self._store is None:
                self._store = TemplateStore.open(self._setup.state.directory)
            return self._store, self._setup.state


def _sound(face: Face, picture: Picture) -> bool:
    """Good enough to be recognised: not cut by the frame, and clear enough."""
    box, rim = face.box, _RIM * face.box.height
    cut = box.left < rim or box.top < rim or box.right > picture.width - rim or box.bottom > picture.height - rim
    return not cut and bool(face.landmarks) and measured(picture.pixels, face).recognisable
