"""The plan: what can be done to a picture, and which of it is most worth publishing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from consentguard.values import Box, Face, Picture, Rewrite, Seen, Subject
from consentguard.vision.rewrite.bodies import heads_alone, tidied
from consentguard.vision.rewrite.cells import closed_cells, small_parts
from consentguard.vision.rewrite.crop import best_frames, near_heads, painted_frames
from consentguard.vision.rewrite.figures import Figures
from consentguard.vision.rewrite.ground import Ground, Painted
from consentguard.vision.rewrite.placement import Placement, placement_of
from consentguard.vision.rewrite.scene import Limits, Scene, survey
from consentguard.vision.rewrite.shapes import Mask, Polygon, around, drawn, moved, rounded, share_of
from consentguard.vision.rewrite.silhouette import around_hand, kept_forearm, kept_hand
from consentguard.vision.rewrite.worth import worth_of_covers

_DEFAULT_LIMITS: Final = Limits()
_ORDER: Final = (Rewrite.NONE, Rewrite.CROP, Rewrite.SILHOUETTE, Rewrite.COVER)
_THIRD: Final = 0.35
"""Share of a hand that has to be outside of the covers for it to be kept."""
_BESIDE: Final = 0.3
"""Share of what is around a kept hand that has to be seen: a hand alone in paint is no picture of work."""
_GAP: Final = 0.01
"""In longer sides of the picture: what lies between two people and is not twice as wide is painted with them."""
_ISLAND: Final = 0.01
"""Share of the picture under which what is left between people is no place to be seen any more."""


@dataclass(frozen=True, slots=True, eq=False)
class RewritePlan:
    """What will be done to a picture.

    Attributes:
        rewrite: the kind, None where no rewrite keeps policy's promise.
        frame: the part that leaves, in pixels of the picture.
        why: one plain sentence.
        hidden: which pixels of the frame are painted over: read-only bool, shape (height, width) of the frame.
        people: which pixels of the frame show people, as far as any are seen: the fill takes no colour from them, and
            does not fade into them. Of the same shape.
        heads: covers of heads, in pixels of the picture, for stickers.
        worth: how much it is worth publishing, 0..1.
        refused: code of the reason where there is no rewrite, else "".
        figures: who of those painted over stands where, for figures to be drawn; None for none.
    """

    rewrite: Rewrite | None
    frame: Box
    why: str
    hidden: Mask
    people: Mask
    heads: tuple[Box, ...] = ()
    worth: float = 1.0
    refused: str = ""
    figures: Figures | None = None

    def __post_init__(self) -> None:
        for mask in (self.hidden, self.people):
            if mask.shape != (self.frame.height, self.frame.width):
                raise ValueError("the masks of a plan have the size of its frame")
            mask.flags.writeable = False
        if self.figures is not None:
            if self.figures.labels.shape != self.hidden.shape:
                raise ValueError("the figures of a plan have the size of its frame")
            if (self.figures.labels[~self.hidden] > 0).any():
                raise ValueError("figures stand only where a plan hides somebody")

    @property
    def painted_share(self) -> float:
        """The share of the frame that is painted over, 0..1."""
        return share_of(self.hidden)

    def as_json(self) -> dict[str, Any]:
        """The plan in plain types; nothing is lost.

        Masks are run lengths, row by row: so many pixels that are not set, so many that are, and so on.
        """
        return {
            "rewrite": self.rewrite.value if self.rewrite else None,
            "frame": self.frame.as_list(),
            "why": self.why,
            "hidden": run_lengths(self.hidden),
            "people": run_lengths(self.people),
            "heads": [head.as_list() for head in self.heads],
            "worth": round(self.worth, 4),
            "painted_share": round(self.painted_share, 4),
            "refused": self.refused,
            **({} if self.figures is None else {"figures": self.figures.as_json()}),
        }


def run_lengths(mask: Mask) -> list[int]:
    """How many pixels are not set, then how many are, and so on, row by row from the top left."""
    flat = np.concatenate([[False], mask.ravel(), [not mask.ravel()[-1]]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(length) for length in np.diff(np.concatenate([[0], ends]))]


def plan_rewrite(
    picture: Picture,
    seen: Seen,
    shown: Collection[Subject],
    remain: Collection[str],
    *,
    limits: Limits = _DEFAULT_LIMITS,
    marks: Sequence[Box] = (),
    found: Sequence[Face] = (),
    step: int = 0,
) -> RewritePlan:
    """What shall be done: the first of `propose`; a plan that refuses, saying why, where there is none."""
    scene = survey_of(picture, seen, shown, remain, marks, found, step)
    possible = list(_possible(scene, picture, remain, limits))
    preferred = _preferred(possible, limits)
    return preferred[0].plan(scene.grid.pixels(scene.people)) if preferred else _refusal(scene, possible, limits)


def propose(
    picture: Picture,
    seen: Seen,
    shown: Collection[Subject],
    remain: Collection[str],
    *,
    limits: Limits = _DEFAULT_LIMITS,
    marks: Sequence[Box] = (),
    found: Sequence[Face] = (),
    step: int = 0,
) -> tuple[RewritePlan, ...]:
    """Everything that keeps policy's promise in a picture, most worth first; empty where nothing may leave.

    Args:
        picture: what was looked at; its pixels say how sharp and how bare what a crop would show is.
        seen: what was seen in it.
        shown: those of `seen.counted` who may be seen.
        remain: what of anybody else may stay visible: hands, back_of_head, body.
        limits: how little may be left.
        marks: boxes to be painted in every kind of rewrite, such as words that were read; they forbid nothing else.
        found: faces that a pass over an earlier rewrite found; hidden like any other.
        step: how many such passes there were; heads and bodies are drawn larger with each.
    """
    scene = survey_of(picture, seen, shown, remain, marks, found, step)
    people = scene.grid.pixels(scene.people)
    return tuple(one.plan(people) for one in _preferred(list(_possible(scene, picture, remain, limits)), limits))


def survey_of(
    picture: Picture,
    seen: Seen,
    shown: Collection[Subject],
    remain: Collection[str],
    marks: Sequence[Box],
    found: Sequence[Face],
    step: int,
) -> Scene:
    """The scene in a picture; arguments as for `propose`."""
    width, height = picture.width, picture.height
    return survey(seen, shown, remain, width, height, scale=picture.scale, marks=marks, found=found, step=step)


def silhouettes(scene: Scene) -> Mask:
    """Which pixels are painted if everybody who may not be seen is: bool, of the picture's size.

    Bodies with the gaps between them, less hands and people that stay; then heads and marks, whatever stays; and small
    islands among it that show nothing kept.
    """
    grid = scene.grid
    bodies = closed_cells(scene.bodies | scene.cut, _GAP * max(grid.columns, grid.rows)) & ~scene.shown
    covered = scene.covers | scene.marks
    painted = grid.pixels(bodies) | covered
    kept = drawn([rounded(face) for face in scene.faces], scene.width, scene.height)
    for hand in scene.hands:
        own, arm, near = kept_hand(hand), kept_forearm(hand), around_hand(hand)
        reach = around((*own, *arm, *near))  # a pixel beside a polygon is touched, too
        box = Box(reach.left - 1, reach.top - 1, reach.right + 1, reach.bottom + 1).within(scene.width, scene.height)
        if box is None:
            continue
        part = (slice(box.top, box.bottom), slice(box.left, box.right))
        own_pixels, mine = _drawn_in(box, own), _drawn_in(box, own, arm)
        beside = _drawn_in(box, near) & ~mine
        if _share(own_pixels, ~covered[part]) >= _THIRD and _share(beside, ~painted[part]) >= _BESIDE:
            kept[part] |= mine
    hidden, stays = painted, scene.shown
    if kept.any():
        hidden = (painted & ~kept) | covered
        stays = grid.touched(kept & ~hidden) | stays
    islands = small_parts(~grid.full(hidden), _ISLAND * grid.rows * grid.columns, stays)
    if islands.any():
        hidden |= grid.blocks(islands) & ~(kept | grid.pixels(scene.shown))
    return hidden


def _drawn_in(box: Box, *shapes: Polygon) -> Mask:
    """The pixels of polygons in a box."""
    return drawn([moved(shape, -box.left, -box.top) for shape in shapes], box.width, box.height)


def _share(pixels: Mask, of: Mask) -> float:
    """Which share of some pixels are of others, 0..1; 0 where there are none."""
    return float((pixels & of).sum() / max(pixels.sum(), 1))


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """What a plan would be, before its masks are cut out; as `RewritePlan`, but `hidden` is of the whole picture."""

    rewrite: Rewrite
    frame: Box
    why: str
    hidden: Mask
    heads: tuple[Box, ...] = ()
    worth: float = 1.0
    placement: Placement | None = None

    def plan(self, people: Mask) -> RewritePlan:
        """The plan; `people` are pixels of the whole picture."""
        part = (slice(self.frame.top, self.frame.bottom), slice(self.frame.left, self.frame.right))
        hidden = self.hidden[part].copy()
        figures = None if self.placement is None else self.placement.figures(hidden, self.frame)
        people = people[part] & ~hidden
        return RewritePlan(self.rewrite, self.frame, self.why, hidden, people, self.heads, self.worth, figures=figures)


def _preferred(possible: Sequence[_Candidate], limits: Limits) -> list[_Candidate]:
    """All that is worth enough, in the order in which it is preferred."""
    plans = [plan for plan in possible if plan.worth >= limits.least_worth]
    if limits.by_worth:
        return sorted(plans, key=lambda plan: -plan.worth)
    return sorted(plans, key=lambda plan: (_ORDER.index(plan.rewrite), -plan.worth))


def _possible(scene: Scene, picture: Picture, remain: Collection[str], limits: Limits) -> Iterator[_Candidate]:
    """Everything that keeps policy's promise, in no order."""
    whole = Box(0, 0, scene.width, scene.height)
    if not scene.hidden:
        if scene.marks.any():
            yield _Candidate(Rewrite.COVER, whole, "nobody has to be hidden, but marks have", scene.marks)
        else:
            yield _Candidate(Rewrite.NONE, whole, "nobody has to be hidden", scene.marks)
        return
    bodies_remain, near, ground = "body" in remain, near_heads(scene), Ground.of(scene, picture)
    for frame, worth in best_frames(scene, ground, limits, near, bodies_remain=bodies_remain):
        yield _Candidate(Rewrite.CROP, frame, _why_crop(scene, frame), scene.marks, worth=worth)
    if scene.overlap:
        return
    heads = tuple(around(one.cover) for one in scene.hidden if not one.again)
    if bodies_remain:
        hidden, why = scene.covers | scene.marks, "heads are covered; bodies may remain"
        placed = placement_of(heads_alone(scene), Painted.of(scene, hidden)) if limits.figures else None
        yield _Candidate(Rewrite.COVER, whole, why, hidden, heads, worth_of_covers(hidden), placed)
        return
    found, scene = scene, tidied(scene) if limits.figures else scene
    hidden = silhouettes(scene)
    if 1 - share_of(hidden) >= limits.smallest_share:
        why = "everybody who may not be seen is painted over"
        painted = Painted.of(scene, hidden)
        placed = placement_of(scene, painted) if limits.figures else None
        for frame, worth in painted_frames(scene, ground, painted, near, limits, placed):
            part = (slice(frame.top, frame.bottom), slice(frame.left, frame.right))
            if hidden[part].any() or scene.grid.pixels(near)[part].any():
                yield _Candidate(Rewrite.SILHOUETTE, frame, why, hidden, heads, worth, placed)
            else:  # nothing of anybody hidden lies in it
                yield _Candidate(Rewrite.CROP, frame, _why_crop(found, frame), scene.marks, worth=worth)


def _refusal(scene: Scene, possible: Sequence[_Candidate], limits: Limits) -> RewritePlan:
    """The plan where nothing may leave, with the reason."""
    if possible:
        best = max(possible, key=lambda plan: plan.worth)
        part = best.hidden[best.frame.top : best.frame.bottom, best.frame.left : best.frame.right]
        code = "too-little-left"
        why = (
            f"the best that could be made of it, {share_of(part):.0%} painted over, is worth {best.worth:.0%}, "
            f"under {limits.least_worth:.0%}"
        )
    elif scene.overlap:
        code = "faces-overlap"
        why = "the face of somebody who may not be seen meets that of somebody who may, and no crop parts them"
    else:
        code = "nothing-may-remain"
        why = f"less than {limits.smallest_share:.0%} of the picture could be seen once everybody is painted over"
    empty = np.zeros((scene.height, scene.width), np.bool_)
    return RewritePlan(None, Box(0, 0, scene.width, scene.height), why, empty, empty.copy(), (), 0.0, code)


def _why_crop(scene: Scene, frame: Box) -> str:
    hands = sum(hand.box.overlap(frame) == hand.box.area for hand in scene.hands)
    share = frame.area / (scene.width * scene.height)
    return f"this frame keeps {share:.0%} of the picture and {hands} of {len(scene.hands)} hands, and shows nobody else"
