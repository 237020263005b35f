"""One judged photo without models or pixels that matter: what is said, recorded, sealed, and judged again."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from fakes import FixedFaces

from consentguard.consent.alt import described
from consentguard.consent.clock import school_day
from consentguard.consent.decide import Known, decide
from consentguard.consent.objections import Objection, ruling
from consentguard.consent.pointing import Pointed
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.record.ledger import Ledger
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import ModelUnavailable, Refused
from consentguard.guard.content import Held
from consentguard.guard.judging import STRONGER, Judged, StillSeen, judged_again, with_objections
from consentguard.guard.planning import Planner
from consentguard.guard.record import Recording, verdict
from consentguard.guard.setup import Setup
from consentguard.guard.text_rules import Request
from consentguard.values import (
    Box,
    Face,
    Finding,
    Hand,
    Head,
    Mode,
    Outcome,
    Picture,
    Rewrite,
    Seen,
    Standing,
    sealed_statement,
)

NOW = datetime.fromisoformat("2026-11-23T10:00:00+00:00")
PICTURE = Picture(np.full((600, 800, 3), 128, np.uint8), 800, 600)
ONE, TWO = Face(Box(100, 100, 160, 180), 0.9), Face(Box(500, 100, 560, 180), 0.8)
NO_MORE = Held()
BYTES = b"the bytes that would leave"


def asked(policy: Policy, people: tuple[str, ...] = (), **more: Any) -> Question:
    mode = Mode.DECLARED if people else Mode.OFF
    return Question(policy.channel("website"), mode, people, **more)


def judged_of(register: Register, policy: Policy, question: Question, *faces: Face, held: Held = NO_MORE) -> Judged:
    """A photo in which these faces were seen, decided and planned as the pipeline does."""
    seen, known = Seen(faces), tuple(Known(number=n) for n, _ in enumerate(faces, 1))
    decision = decide(known, register, policy, question, school_day(NOW, policy.zone))
    shown, remain = decision.shown(seen.counted), policy.remain_on(question.channel)
    plan = Planner(PICTURE, seen, shown, remain, held.marks, policy).plan(question)
    objections = (*decision.objections, *held.objections)
    at_whom = Pointed(seen, known, next_number=len(faces) + 1)
    return Judged(
        Request("pond.jpg", question), PICTURE, seen, FixedFaces(), "", at_whom, decision, shown,
        remain, decision.hides, held, plan, objections, ruling(objections, question.override),
    )  # fmt: skip


@pytest.fixture
def recording(register: Register, body_policy: Policy, state: State):
    def made(question: Question) -> Recording:
        setup = Setup(register, body_policy, state, lambda: NOW)
        return Recording(setup, state, question, "0" * 64, NOW, ("clock",))

    return made


def kinds(state: State) -> list[str]:
    return [entry.kind for entry in state.audit.entries()]


# -- what is said -----------------------------------------------------------------------------------------------------


def test_a_photo_of_nobody_may_go_as_it_is(register, body_policy) -> None:
    told = verdict(judged_of(register, body_policy, asked(body_policy)), body_policy)
    assert (told.photo, told.outcome, told.publishable_as_is) == ("pond.jpg", Outcome.PUBLISHABLE, True)
    assert [finding.rule for finding in told.findings] == ["no-face-found"]
    assert told.models == ("fixed@test",)


def test_a_face_that_is_hidden_needs_a_rewrite_and_is_told_with_its_number(register, body_policy) -> None:
    told = verdict(judged_of(register, body_policy, asked(body_policy), ONE), body_policy)
    assert (told.outcome, told.reasons) == (Outcome.NEEDS_REWRITE, ("unapproved-face",))
    (face,) = told.faces
    assert (face.number, face.box, face.standing) == (1, ONE.box, Standing.UNKNOWN)


def test_a_face_of_the_second_pass_is_told_after_the_others_and_hidden(register, body_policy) -> None:
    late = dataclasses.replace(judged_of(register, body_policy, asked(body_policy)), found=(TWO,), hides=True)
    told = verdict(late, body_policy)
    assert [(face.number, face.box) for face in told.faces] == [(1, TWO.box)]
    assert (told.outcome, told.reasons) == (Outcome.NEEDS_REWRITE, ("unapproved-face",))


BEHIND = [Head(Box(x, 100, x + 80, 190), 0.9, from_behind=True) for x in (100, 400, 700)]


def test_only_backs_and_hands_that_are_left_are_told_and_permit_a_hit(register, body_policy) -> None:
    """One is painted over, and one lies outside of the frame."""
    hands = tuple(
        Hand(Box(x, 400, x + 60, 470), 0.9, ((x + 30, 470), *((x + 30, 430),) * 20),
             ((x, 400), (x + 60, 400), (x + 60, 470), (x, 470)))
        for x in (110, 410, 710)
    )  # fmt: skip
    plain = judged_of(register, body_policy, asked(body_policy))
    frame, hidden = Box(50, 0, 650, 600), np.zeros((600, 600), np.bool_)
    hidden[:, :200] = True
    plan = dataclasses.replace(plain.plan, rewrite=Rewrite.SILHOUETTE, frame=frame, hidden=hidden, people=~hidden)
    seen = Seen((), tuple(BEHIND), hands)
    judged = dataclasses.replace(plain, seen=seen, plan=plan, remain=frozenset({"hands", "back_of_head"}))
    assert (judged.backs, judged.hands) == ((BEHIND[1],), (hands[1],))
    told = verdict(judged, body_policy)
    assert (told.backs_seen, told.hands_seen, len(told.heads_from_behind or ())) == (1, 1, 3)
    assert described(told, (), register) == (
        "A photo of school life; people were removed from it; one person is seen from behind; hands at work are seen."
    )
    neither = dataclasses.replace(judged, remain=frozenset())
    assert (neither.backs, neither.hands) == ((), ())


def test_an_objection_refuses_and_what_is_overridden_stays_a_finding(register, body_policy) -> None:
    """What a picture holds, with somebody who answers for it."""
    held = Held(objections=(Objection("foreign-notice", Finding("foreign-notice", "file", "theirs"), decidable=True),))
    plain = verdict(judged_of(register, body_policy, asked(body_policy), held=held), body_policy)
    assert (plain.outcome, plain.reasons, plain.needs_person) == (Outcome.REFUSED, ("foreign-notice",), True)
    assert (plain.rewrite, plain.frame) == (None, None)
    override = Override("Ms Castlegate", {"foreign-notice": "they gave it to us"})
    who = asked(body_policy, by="Ms Castlegate", override=override)
    answered = verdict(judged_of(register, body_policy, who, held=held), body_policy)
    assert (answered.outcome, answered.reasons) == (Outcome.PUBLISHABLE, ())
    assert "foreign-notice" in {finding.rule for finding in answered.findings}


def test_one_more_objection_is_ruled_on_with_the_others(register, body_policy) -> None:
    before = judged_of(register, body_policy, asked(body_policy))
    after = with_objections(before, Objection("verification-failed", decidable=True))
    assert (before.ruling.refused, after.ruling.refused) == ((), ("verification-failed",))
    assert after.ruling.needs_person and not with_objections(after, Objection("surname")).ruling.needs_person


# -- what is recorded -------------------------------------------------------------------------------------------------


def test_a_release_is_recorded_before_it_is_sealed(register, body_policy, state, recording) -> None:
    question = asked(body_policy, ("P001",), by="Ms Castlegate")
    judged = judged_of(register, body_policy, question, ONE)
    assert judged.ruling.refused == ()
    released = recording(question).released(judged, BYTES)
    row = state.audit.entry(released.grounds.audit_seq)
    assert (row.kind, row.body["people"], row.body["by"]) == ("released", ["P001"], "Ms Castlegate")
    assert (row.body["sha256"], row.body["custom_parts"]) == (released.sha256, ["clock"])
    assert state.seal_holds(sealed_statement(released.sha256, released.verdict, released.grounds), released.seal)
    assert (released.data, released.verdict.outcome) == (BYTES, Outcome.RELEASED)


def test_what_is_refused_is_recorded_once_and_hands_over_nothing(register, body_policy, state, recording) -> None:
    question = asked(body_policy, ("P001",), by="Ms Castlegate")
    with pytest.raises(Refused) as caught:
        recording(question).released(judged_of(register, body_policy, question, ONE, TWO), b"")
    assert caught.value.verdict.reasons == ("more-faces-than-declared",)
    assert kinds(state).count("refused") == 1 and "released" not in kinds(state)


def test_what_was_taken_back_comes_back_only_with_a_name(register, body_policy, state, recording) -> None:
    nobody, somebody = asked(body_policy), asked(body_policy, by="Ms Castlegate")
    judged = judged_of(register, body_policy, nobody)
    first = recording(nobody).released(judged, BYTES)
    Ledger(state).revoke(first.sha256, by="Ms Castlegate", why="wrong photo", at=NOW)
    with pytest.raises(Refused) as caught:
        recording(nobody).released(judged, BYTES)
    assert caught.value.verdict.reasons == ("revoked",)
    assert kinds(state)[-1] == "refused"
    assert recording(somebody).released(judged, BYTES).sha256 == first.sha256


def test_a_failure_is_recorded_by_its_code(body_policy, state, recording) -> None:
    recording(asked(body_policy)).failed(ModelUnavailable("no model"))
    (row,) = [entry for entry in state.audit.entries() if entry.kind == "cannot_tell"]
    assert row.body["reasons"] == ["model-unavailable"]


# -- judged again -----------------------------------------------------------------------------------------------------


def test_whoever_the_second_pass_finds_is_hidden_in_a_stronger_plan(register, body_policy) -> None:
    before = judged_of(register, body_policy, asked(body_policy), ONE)
    after = judged_again(before, (TWO, TWO), body_policy)
    assert (after.found, after.step, after.hides) == ((TWO,), 1, True)
    hidden = after.plan.hidden[TWO.box.top : TWO.box.bottom, TWO.box.left : TWO.box.right]
    assert after.plan.frame == Box(0, 0, 800, 600) and hidden.all()


def test_after_two_stronger_plans_nothing_leaves(register, body_policy) -> None:
    last = dataclasses.replace(judged_of(register, body_policy, asked(body_policy), ONE), step=STRONGER)
    with pytest.raises(StillSeen) as caught:
        judged_again(last, (TWO,), body_policy)
    assert caught.value.judged.found == (TWO,)


def test_where_policy_blocks_whoever_the_second_pass_finds_refuses_the_photo(register, body_policy) -> None:
    blocks = dataclasses.replace(body_policy, on_unapproved="block")
    before = judged_of(register, blocks, asked(blocks))
    assert before.ruling.refused == () and not before.hides
    told = verdict(judged_again(before, (TWO,), blocks), blocks)
    assert (told.outcome, told.reasons, told.needs_person) == (Outcome.REFUSED, ("unapproved-face",), False)
    assert [face.box for face in told.faces] == [TWO.box]


@pytest.mark.parametrize(("rows", "stops"), [(16, False), (17, True)])
def test_somebody_who_may_be_seen_is_not_covered_by_a_stronger_plan(
    register, body_policy, monkeypatch: pytest.MonkeyPatch, rows: int, stops: bool
) -> None:
    """By no more than a fifth of the face, 16 of its 80 rows, beyond what was painted before."""
    question = asked(body_policy, ("P001",), by="Ms Castlegate")
    before = judged_of(register, body_policy, question, ONE)
    plan = dataclasses.replace(before.plan, rewrite=Rewrite.COVER, hidden=_rows(100, 102 + rows))
    monkeypatch.setattr(Planner, "plan", lambda *_, **__: plan)
    within = Face(Box(100, 100, 160, 112), 0.5)  # some of it was painted already, so it is none of the named
    painted = dataclasses.replace(before, plan=dataclasses.replace(before.plan, hidden=_rows(100, 102)))
    if stops:
        with pytest.raises(StillSeen):
            judged_again(painted, (within,), body_policy)
    else:
        assert judged_again(painted, (within,), body_policy).plan is plan


def _rows(first: int, last: int) -> np.ndarray:
    hidden = np.zeros((600, 800), np.bool_)
    hidden[first:last, 100:160] = True
    return hidden


def test_in_mode_declared_a_face_more_is_one_of_the_named_or_refuses(register, body_policy) -> None:
    two = asked(body_policy, ("P001", "P002"), by="Ms Castlegate")
    before = judged_of(register, body_policy, two, ONE)
    after = judged_again(before, (TWO,), body_policy)
    assert (after.named, after.found, after.plan.rewrite) == ((TWO,), (), Rewrite.NONE)
    third = Face(Box(300, 300, 360, 380), 0.7)
    assert judged_again(after, (third,), body_policy).ruling.refused == ("more-faces-than-declared",)


def test_who_was_named_for_the_second_pass_is_not_covered_by_a_stronger_plan(register, body_policy) -> None:
    """Somebody beside them is hidden, and still seen."""
    question = asked(body_policy, ("P001", "P002"), by="Ms Castlegate")
    before = judged_of(register, body_policy, question, ONE)
    beside = Face(Box(TWO.box.right + 10, 100, TWO.box.right + 70, 180), 0.8)
    hidden = np.zeros((600, 800), np.bool_)
    hidden[beside.box.top : beside.box.bottom, beside.box.left : beside.box.right] = True
    plan = dataclasses.replace(before.plan, rewrite=Rewrite.COVER, hidden=hidden)
    after = judged_again(dataclasses.replace(before, named=(TWO,), plan=plan), (beside,), body_policy)
    kept = after.plan.hidden[TWO.box.top : TWO.box.bottom, TWO.box.left : TWO.box.right]
    assert (after.step, after.found) == (1, (beside,)) and kept.mean() < 0.15
    assert len(after.seen.faces) == 1, "a verdict tells of those whom the first pass found by their order"


def test_a_stronger_plan_that_would_cover_who_was_named_is_none(
    register, body_policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = judged_of(register, body_policy, asked(body_policy, ("P001", "P002"), by="Ms Castlegate"))
    painted = dataclasses.replace(before, named=(ONE,), plan=dataclasses.replace(before.plan, hidden=_rows(100, 102)))
    plan = dataclasses.replace(before.plan, rewrite=Rewrite.COVER, hidden=_rows(100, 180))
    monkeypatch.setattr(Planner, "plan", lambda *_, **__: plan)
    with pytest.raises(StillSeen):
        judged_again(painted, (Face(Box(100, 100, 160, 112), 0.5),), body_policy)


# -- a kind or a frame that a person asked for -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Rewrite.CROP, Rewrite.SILHOUETTE, Rewrite.COVER])
def test_a_kind_of_rewrite_asks_for_nothing_where_nobody_has_to_be_hidden(register, body_policy, kind: Rewrite) -> None:
    plain = judged_of(register, body_policy, asked(body_policy, rewrite=kind))
    assert plain.plan.rewrite is Rewrite.NONE
    words = judged_of(register, body_policy, asked(body_policy, rewrite=kind), held=Held(marks=(Box(9, 9, 99, 29),)))
    assert words.plan.rewrite is Rewrite.COVER
    framed = judged_of(register, body_policy, asked(body_policy, rewrite=kind, frame=Box(0, 0, 700, 500)))
    assert (framed.plan.rewrite, framed.plan.frame) == (Rewrite.CROP, Box(0, 0, 700, 500))
    hidden = judged_of(register, body_policy, asked(body_policy, rewrite=kind), ONE)
    assert hidden.plan.rewrite in (kind, None)
