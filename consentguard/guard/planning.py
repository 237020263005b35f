"""What is done to a picture: the best that policy allows, or what a person chose among it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.errors import WrongUsage
from consentguard.values import Box, Face, Picture, Rewrite, Seen, Subject, canonical
from consentguard.vision.rewrite import FIGURE, Limits, RewritePlan, hidden_of, plan_rewrite, propose

REFUSE: Final = "refuse"
"""The choice to publish nothing of a photo."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be made of a photo.

    Attributes:
        digest: names it to `release(choice=...)`; another plan has another one.
        rewrite: its kind, None for the choice to publish nothing.
        frame: the part of the upright source picture that leaves.
        worth: how much it is worth publishing, 0..1; choices come in the order that policy prefers.
        painted_share: which share of the frame is painted over, 0..1.
        why: one plain sentence: what it keeps, and why it ranks where it does.
        preview: a JPEG of at most 480 px, marked so. It had no second pass, so it is for the desk only.
    """

    digest: str
    rewrite: Rewrite | None
    frame: Box | None
    worth: float
    painted_share: float
    why: str
    preview: bytes | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, without the preview."""
        return {
            "digest": self.digest,
            "rewrite": self.rewrite.value if self.rewrite else None,
            "frame": self.frame.as_list() if self.frame else None,
            "worth": round(self.worth, 3),
            "painted_share": round(self.painted_share, 3),
            "why": self.why,
        }

    def _repr_jpeg_(self) -> bytes | None:
        """The preview, in a notebook."""
        return self.preview


def limits_of(policy: Policy) -> Limits:
    """How little may be left under a policy."""
    rules = policy.rewrite
    return Limits(
        rules.smallest_crop,
        rules.smallest_share / 100,
        rules.least_worth / 100,
        by_worth=rules.order == "worth",
        clothes=rules.crop_shows == "clothes",
        figures=policy.picture.sticker == FIGURE,
    )


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans for one photo: everything that a plan follows from.

    Attributes:
        picture, seen: what was searched, and what was seen.
        shown: who of the faces and unsure heads may be seen.
        remain: what of somebody who may not be seen may remain.
        marks: words to be painted over.
        policy: its limits.
    """

    picture: Picture
    seen: Seen
    shown: frozenset[Subject]
    remain: frozenset[str]
    marks: tuple[Box, ...]
    policy: Policy

    def plan(self, question: Question, *, found: tuple[Face, ...] = (), step: int = 0) -> RewritePlan:
        """What would be done: the best, or what the question asks for; a plan that refuses where there is none.

        A kind says how people are hidden: where nobody has to be, it asks for nothing. In a later `step`, once the
        second pass found somebody, a plan is another one: then it is the nearest of the kind that was chosen. Raises
        WrongUsage for a frame outside the picture, and for a choice that is not there.
        """
        kind = question.rewrite if found or hidden_of(self.seen, self.shown, self.remain) else None
        if question.frame is not None:
            return self._framed(question.frame, kind, found, step)
        if question.choice not in ("", REFUSE):
            return self._chosen(self.candidates(found, step), question.choice, step)
        if kind is None:
            return self._first(found, step)
        plans = self.candidates(found, step)
        if not plans:
            return self._first(found, step)  # which says why
        wanted = next((plan for plan in plans if plan.rewrite is kind), None)
        return wanted or self._none(plans[0], f"no {kind} of it can be published; {_kinds(plans)} can be")

    def candidates(self, found: tuple[Face, ...] = (), step: int = 0) -> tuple[RewritePlan, ...]:
        """Everything that policy allows, in the order that it prefers."""
        return propose(self.picture, self.seen, self.shown, self.remain, limits=limits_of(self.policy),
                       marks=self.marks, found=found, step=step)  # fmt: skip

    def choices(self, preview: Callable[[RewritePlan], bytes], *, refused: bool) -> tuple[Choice, ...]:
        """The same for a person to choose from, and last the choice to publish nothing; only that if `refused`."""
        plans = () if refused else self.candidates()
        made = [
            Choice(
                digest=digest_of(plan),
                rewrite=plan.rewrite,
                frame=self.picture.in_source(plan.frame),
                worth=plan.worth,
                painted_share=plan.painted_share,
                why=_ranked(plan, number, len(plans)),
                preview=preview(plan),
            )
            for number, plan in enumerate(plans, 1)
        ]
        return (*made, Choice(REFUSE, None, None, 0.0, 0.0, "nothing of it is published, and that is recorded"))

    def _first(self, found: tuple[Face, ...], step: int) -> RewritePlan:
        return plan_rewrite(self.picture, self.seen, self.shown, self.remain, limits=limits_of(self.policy),
                            marks=self.marks, found=found, step=step)  # fmt: skip

    def _chosen(self, plans: Sequence[RewritePlan], choice: str, step: int) -> RewritePlan:
        plan = next((plan for plan in plans if digest_of(plan) == choice), None)
        if plan is not None:
            return plan
        first = next((plan for plan in self.candidates() if digest_of(plan) == choice), None) if step else None
        alike = [plan for plan in plans if first is not None and plan.rewrite is first.rewrite]
        if first is not None and alike:
            return max(alike, key=lambda plan: plan.frame.iou(first.frame))
        raise WrongUsage(
            "what was chosen is not what would be made of this photo now (its tags, the register, the policy or the "
            "models are others); ask for the proposals again"
        )

    def _framed(self, frame: Box, kind: Rewrite | None, found: tuple[Face, ...], step: int) -> RewritePlan:
        """A frame that a person drew: what is hidden inside it is painted as in the kind that was chosen."""
        source = Box(0, 0, self.picture.source_width, self.picture.source_height)
        if frame.within(source.right, source.bottom) != frame:
            raise WrongUsage(
                f"the frame {frame.as_list()} lies outside the picture of {source.right} x {source.bottom}"
            )
        part = self.picture.from_source(frame).within(self.picture.width, self.picture.height)
        rules = self.policy.rewrite
        if part is None or min(part.width, part.height) < rules.smallest_crop:
            raise WrongUsage(f"the frame is too small: its short edge needs {rules.smallest_crop} published pixels")
        whole = replace(limits_of(self.policy), least_worth=0.0)
        plans = propose(self.picture, self.seen, self.shown, self.remain, limits=whole, marks=self.marks, found=found,
                        step=step)  # fmt: skip
        everything = Box(0, 0, self.picture.width, self.picture.height)
        wanted = [p for p in plans if p.frame == everything and (kind is None or p.rewrite is kind)]
        if not wanted:
            why = f"inside this frame nothing can be painted as {kind}" if kind else "no frame of it can be published"
            return self._none(self._first(found, step), why)
        rows, columns = slice(part.top, part.bottom), slice(part.left, part.right)
        hidden, people = wanted[0].hidden[rows, columns].copy(), wanted[0].people[rows, columns].copy()
        share = 1 - float(hidden.mean())
        if share * part.area < rules.smallest_share / 100 * self.picture.width * self.picture.height:
            why = "too little of the picture would be seen in this frame"
            return self._none(self._first(found, step), why, "too-little-left")
        why = f"a frame drawn by a person, {hidden.mean():.0%} of it painted over"
        figures = None if wanted[0].figures is None else wanted[0].figures.within(part)
        return RewritePlan(Rewrite.CROP, part, why, hidden, people, wanted[0].heads, share, figures=figures)

    def _none(self, like: RewritePlan, why: str, code: str = "nothing-may-remain") -> RewritePlan:
        """The same plan, refusing: for its own reason, where it refuses already."""
        return replace(like, rewrite=None, why=why, worth=0.0, refused=like.refused or code)


def digest_of(plan: RewritePlan) -> str:
    """SHA-256, hex, over everything that a plan does."""
    return hashlib.sha256(canonical(plan.as_json())).hexdigest()


def _kinds(plans: Sequence[RewritePlan]) -> str:
    return ", ".join(dict.fromkeys(str(plan.rewrite) for plan in plans)) or "nothing"


def _ranked(plan: RewritePlan, number: int, of: int) -> str:
    painted = f"{plan.painted_share:.0%} painted over" if plan.hidden.any() else "nothing painted over"
    return f"{plan.why}; {painted}, worth {plan.worth:.0%}: {number} of {of}"
