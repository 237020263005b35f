"""What a person is shown of a photo: previews, thumbnails, and a photo that stays open while they decide.

Nothing here may leave: a preview has had no second pass, is small, and says that it is a preview.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Unpack

from consentguard.guard.models import reader_of
from consentguard.guard.planning import Planner
from consentguard.guard.record import verdict
from consentguard.guard.verify import paint_of
from consentguard.values import Outcome, Picture, Verdict
from consentguard.vision import draw
from consentguard.vision.detection import passes
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import apply_plan

if TYPE_CHECKING:
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.question import Asked, Question
    from consentguard.guard.content import Held
    from consentguard.guard.judging import Judged
    from consentguard.guard.models import FirstPass
    from consentguard.guard.pipeline import Pipeline
    from consentguard.guard.planning import Choice
    from consentguard.guard.setup import Setup
    from consentguard.guard.text_rules import Request
    from consentguard.values import Box, Seen
    from consentguard.vision.detection.detector import Detector
    from consentguard.vision.ocr import Writing
    from consentguard.vision.rewrite import RewritePlan

PREVIEW_EDGE: Final = 480
"""Pixels of the longer side of a preview, at most: too small to be mistaken for the copy."""
_QUALITY: Final = 82
_THUMBNAIL_QUALITY: Final = 80


def preview(picture: Picture, plan: RewritePlan, policy: Policy, edge: int = PREVIEW_EDGE) -> bytes:
    """A small JPEG of what a plan makes of a picture, marked so. It had no second pass: for the desk only."""
    pixels = apply_plan(picture.pixels, plan, paint_of(policy))
    return codec.encode_jpeg(draw.marked_preview(pixels, min(edge, PREVIEW_EDGE)), _QUALITY)


def choices(judged: Judged, policy: Policy) -> tuple[Choice, ...]:
    """Everything that could be made of a photo, each with a preview, and last to publish nothing."""
    planner = Planner(judged.picture, judged.seen, judged.shown, judged.remain, judged.held.marks, policy)
    return planner.choices(lambda plan: preview(judged.picture, plan, policy), refused=bool(judged.ruling.refused))


def thumbnail(photo: bytes, told: Verdict, edge: int, policy: Policy, detector: Detector) -> bytes | None:
    """A small JPEG of a photo in which every head is covered, if it has to be; None where one is still found in it."""
    rules = policy.picture
    small = replace(reader_of(policy), max_edge=edge).read(photo)
    pixels = small.pixels
    if told.outcome not in (Outcome.RELEASED, Outcome.PUBLISHABLE):
        heads = [face.box for face in told.faces] + [box for box, _ in told.heads_from_behind or ()]
        pixels = draw.heads_covered(small, heads, rules.paint)
        if passes.second_pass(detector, rules.smallest_face, Picture(pixels, small.width, small.height)):
            return None
    return codec.encode_jpeg(pixels, _THUMBNAIL_QUALITY)


class Examined:
    """One photo between the detectors and the decision. Made by `Guard.examine`; may be shared between threads.

    Attributes:
        content: SHA-256 of the photo's bytes, hex.
    """

    def __init__(
        self,
        photo: bytes,
        pipeline: Pipeline,
        setup: Setup,
        late: tuple[Box, ...],
        ask: Callable[..., Request],
        seen: tuple[Picture, FirstPass],
    ) -> None:
        self.content = hashlib.sha256(photo).hexdigest()
        self._pipeline, self._setup, self._late, self._ask = pipeline, setup, late, ask
        self._picture, self._first = seen
        self._with_bodies: Seen | None = None
        self._writing: Writing | None = None
        self._last: tuple[object, Judged] | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright source picture."""
        return self._picture.source_width, self._picture.source_height

    def inspect(self, *, name: str = "photo", both_passes: bool = False, **asked: Unpack[Asked]) -> Verdict:
        """What would happen to it, by the first pass alone unless `both_passes`. Raises WrongUsage, CannotTell."""
        judged = self._judged(name, **asked)
        return verdict(self._pipeline.looked_twice(judged) if both_passes else judged, self._setup.policy)

    def preview(self, edge: int = PREVIEW_EDGE, **asked: Unpack[Asked]) -> bytes | None:
        """A JPEG of the copy as it is planned, marked "preview", `edge` pixels long at most; None where nothing leaves.

        The second pass has not searched it. `edge` is brought down to `PREVIEW_EDGE`.
        """
        judged = self._judged("photo", **asked)
        if judged.ruling.refused or judged.plan.rewrite is None:
            return None
        return preview(judged.picture, judged.plan, self._setup.policy, edge)

    def propose(self, **asked: Unpack[Asked]) -> tuple[Choice, ...]:
        """What policy lets be made of it, as `Guard.propose` says. Raises WrongUsage, CannotTell."""
        return choices(self._judged("photo", **asked), self._setup.policy)

    def original(self, edge: int) -> bytes:
        """A JPEG of the photo itself, upright, at most `edge` pixels long, for the person who decides alone."""
        return codec.encode_jpeg(draw.made_smaller(self._picture.pixels, edge), _QUALITY)

    def _judged(self, name: str, **asked: Any) -> Judged:
        request = self._ask(name, **asked)
        with self._lock:
            now = self._setup.clock()
            basis = self._pipeline.basis(request.question, now)
            if self._last is None or self._last[0] != basis:
                judged = self._pipeline.decided(
                    self._picture, self._first, request, now, self._late, bodies=self._bodies, content=self._content
                )
                self._last = basis, judged
            return replace(self._last[1], request=request)

    def _content(self, picture: Picture, question: Question) -> Held:
        """What the picture holds besides people; text is read once."""
        return self._pipeline.content.judge(picture, question, self._read)

    def _read(self, picture: Picture) -> Writing:
        if self._writing is None:
            self._writing = self._pipeline.content.read(picture)
        return self._writing

    def _bodies(self, picture: Picture, seen: Seen) -> Seen:
        """Hands and people, looked for once while the faces and heads stay the same."""
        if self._with_bodies is None or (self._with_bodies.faces, self._with_bodies.heads) != (seen.faces, seen.heads):
            self._with_bodies = passes.bodies(picture, seen)
        return self._with_bodies
