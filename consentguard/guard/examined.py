"""A photo that was looked at once and stays open, so that a person sees at once what each answer would make of it.

Nothing here may leave: a preview has had no second pass, is small, and says that it is a preview.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Unpack

from consentguard.guard.finishing import paint_of
from consentguard.values import Verdict
from consentguard.vision import draw
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import apply_plan

if TYPE_CHECKING:
    from consentguard.consent.question import Asked, Question
    from consentguard.guard.content import Held
    from consentguard.guard.judging import Judged
    from consentguard.guard.pipeline import Pipeline
    from consentguard.guard.planning import Choice
    from consentguard.guard.setup import Setup
    from consentguard.values import Box, Picture, Seen

PREVIEW_EDGE: Final = 480
"""Pixels of the longer side of a preview, at most: too small to be mistaken for the copy."""
_QUALITY: Final = 82


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
        ask: Callable[..., Question],
        seen: tuple[Picture, Seen],
        look_for_bodies: Callable[[Picture, Seen], Seen],
    ) -> None:
        self.content = hashlib.sha256(photo).hexdigest()
        self._pipeline, self._setup, self._late, self._ask = pipeline, setup, late, ask
        self._picture, self._seen = seen
        self._look_for_bodies = look_for_bodies
        self._with_bodies: Seen | None = None
        self._held: dict[tuple[str, str], Held] = {}
        self._last: tuple[Question, Judged] | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright source picture."""
        return self._picture.source_width, self._picture.source_height

    def inspect(self, *, name: str = "photo", both_passes: bool = False, **asked: Unpack[Asked]) -> Verdict:
        """What would happen to it, by the first pass alone unless `both_passes`. Raises WrongUsage, CannotTell."""
        judged = self._judged(**asked)
        return self._pipeline.verdict(self._pipeline.looked_twice(judged) if both_passes else judged, name)

    def preview(self, edge: int = PREVIEW_EDGE, **asked: Unpack[Asked]) -> bytes | None:
        """A JPEG of the copy as it is planned, marked "preview", `edge` pixels long at most; None where nothing leaves.

        The second pass has not looked at it. `edge` is brought down to `PREVIEW_EDGE`.
        """
        judged = self._judged(**asked)
        if judged.ruling.refused or judged.plan.rewrite is None:
            return None
        pixels = apply_plan(judged.picture.pixels, judged.plan, paint_of(self._setup.policy))
        return codec.encode_jpeg(draw.marked_preview(pixels, min(edge, PREVIEW_EDGE)), _QUALITY)

    def propose(self, **asked: Unpack[Asked]) -> tuple[Choice, ...]:
        """What policy lets be made of it, as `Guard.propose` says. Raises WrongUsage, CannotTell."""
        return self._pipeline.choices(self._judged(**asked))

    def original(self, edge: int) -> bytes:
        """A JPEG of the photo itself, upright, at most `edge` pixels long, for the person who decides alone."""
        return codec.encode_jpeg(draw.made_smaller(self._picture.pixels, edge), _QUALITY)

    def _judged(self, **asked: Any) -> Judged:
        question = self._ask(**asked)
        with self._lock:
            if self._last is not None and self._last[0] == question:
                return self._last[1]
            now = self._setup.clock()
            judged = self._pipeline.decided(
                self._picture, self._seen, question, now, self._late, bodies=self._bodies, content=self._content
            )
            self._last = (question, judged)
            return judged

    def _content(self, picture: Picture, question: Question) -> Held:
        """What the picture holds besides people; text is read once."""
        asked = (question.channel.name, question.suitable_by)
        if asked not in self._held:
            self._held[asked] = self._pipeline.content.judge(picture, question)
        return self._held[asked]

    def _bodies(self, picture: Picture, seen: Seen) -> Seen:
        """Hands and people, looked for once while the faces and heads stay the same."""
        if self._with_bodies is None or (self._with_bodies.faces, self._with_bodies.heads) != (seen.faces, seen.heads):
            self._with_bodies = self._look_for_bodies(picture, seen)
        return self._with_bodies
