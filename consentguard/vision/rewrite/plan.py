"""The plan: what will be done to a picture, and the order in which that is chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from consentguard.values import Box, Face, Rewrite, Seen, Subject
from consentguard.vision.rewrite.crop import best_frame
from consentguard.vision.rewrite.paint import painted_pixels
from consentguard.vision.rewrite.scene import Limits, Scene, survey
from consentguard.vision.rewrite.shapes import Polygon, around, free
from consentguard.vision.rewrite.silhouette import kept_hand

_DEFAULT_LIMITS: Final = Limits()
_THIRD: Final = 0.35


@dataclass(frozen=True, slots=True)
class RewritePlan:
    """What will be done to a picture; boxes and polygons in its own pixels.

    Attributes:
        rewrite: the kind, None where no rewrite keeps policy's promise.
        frame: the part that leaves.
        why: one plain sentence.
        painted: bodies that become flat colour, and heads with calm outlines.
        kept: what is left out of them: hands, heads from behind, people who may be seen.
        covered: heads and marks that become flat colour whatever is kept, in whole JPEG blocks.
    """

    rewrite: Rewrite | None
    frame: Box
    why: str
    painted: tuple[Polygon, ...] = ()
    kept: tuple[Polygon, ...] = ()
    covered: tuple[Polygon, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The plan in plain types; nothing is lost."""

        def listed(shapes: Sequence[Polygon]) -> list[list[list[int]]]:
            return [[list(point) for point in shape] for shape in shapes]

        return {
            "rewrite": self.rewrite.value if self.rewrite else None,
            "frame": self.frame.as_list(),
            "why": self.why,
            "painted": listed(self.painted),
            "kept": listed(self.kept),
            "covered": listed(self.covered),
        }


def plan_rewrite(
    seen: Seen,
    shown: Collection[Subject],
    remain: Collection[str],
    width: int,
    height: int,
    *,
    limits: Limits = _DEFAULT_LIMITS,
    marks: Sequence[Box] = (),
    found: Sequence[Face] = (),
    step: int = 0,
) -> RewritePlan:
    """The least that keeps policy's promise in a picture of `width` x `height` pixels.

    Args:
        seen: what was seen in it.
        shown: those of `seen.counted` who may be seen.
        remain: what of anybody else may stay visible: hands, back_of_head, body.
        limits: how little may be left.
        marks: boxes to be painted in every kind of rewrite, such as words that were read; they forbid nothing else.
        found: faces that a look at an earlier rewrite found; hidden like any other.
        step: how many such looks there were; heads and bodies are drawn larger with each.

    Tried in this order: nothing to hide; a crop; silhouettes, or covered heads where `body` may remain; no rewrite.
    """
    scene = survey(seen, shown, remain, width, height, marks=marks, found=found, step=step)
    whole = Box(0, 0, width, height)
    bodies_remain = "body" in remain
    if not scene.heads:
        if scene.marks:
            return RewritePlan(Rewrite.COVER, whole, "nobody has to be hidden, but marks have", covered=scene.marks)
        return RewritePlan(Rewrite.NONE, whole, "nobody has to be hidden")
    frame = best_frame(scene, limits, bodies_remain=bodies_remain)
    if frame is not None:
        return RewritePlan(Rewrite.CROP, frame, _why_crop(scene, frame), covered=scene.marks)
    if bodies_remain:
        covered = (*scene.calm, *scene.marks)
        return RewritePlan(Rewrite.COVER, whole, "heads are covered; bodies may remain", covered=covered)
    covered = (*scene.covers, *scene.marks)
    kept = (*_mostly_free([kept_hand(hand) for hand in scene.hands], covered), *scene.others)
    painted = (*scene.bodies, *scene.calm)
    plan = RewritePlan(Rewrite.SILHOUETTE, whole, "no frame large enough leaves everybody out", painted, kept, covered)
    if 1 - float(painted_pixels(plan).mean()) >= limits.smallest_share:
        return plan
    less = f"less than {limits.smallest_share:.0%} of the picture could be seen once everybody is painted over"
    return replace(plan, rewrite=None, why=less, painted=(), kept=(), covered=())


def _mostly_free(hands: Sequence[Polygon], covered: Sequence[Polygon]) -> list[Polygon]:
    """The hands of which enough is left when everything that has to be covered is; a few fingers are not kept."""
    boxes = [around(hand) for hand in hands]
    return [
        hand for hand, box in zip(hands, boxes, strict=True) if free(box, hand, covered) >= _THIRD * free(box, hand, ())
    ]


def _why_crop(scene: Scene, frame: Box) -> str:
    hands = sum(hand.box.overlap(frame) == hand.box.area for hand in scene.hands)
    share = frame.area / (scene.width * scene.height)
    return f"this frame keeps {share:.0%} of the picture and {hands} of {len(scene.hands)} hands, and shows nobody else"
