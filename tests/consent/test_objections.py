"""What speaks against a photo becomes one ruling."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.objections import Objection, Ruling, ruling
from consentguard.consent.policy.overriding import Override
from consentguard.values import Finding

TOLD = Finding("maybe-surname", "caption", "may be a surname")
ALSO = Finding("no-face-found", "photo", "no face was found")

codes = st.sampled_from(["", "surname", "maybe-surname", "not-now", "no-face-refused"])
objections = st.lists(st.builds(Objection, codes, st.sampled_from([None, TOLD, ALSO]), st.booleans()), max_size=5)
overrides = st.sets(codes).map(lambda named: Override("Head", MappingProxyType(dict.fromkeys(named, "a reason"))))


def test_nothing_said_is_nothing_refused():
    assert ruling((), Override()) == Ruling((), False, ())
    assert Ruling() == Ruling((), False, ())


def test_an_objection_is_plain_and_no_person_decides_it_unless_it_says_so():
    assert Objection("surname") == Objection("surname", None, decidable=False)
    assert Objection.note(TOLD) == Objection("", TOLD, decidable=False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Objection("surname").code = "other"  # type: ignore[misc]


def test_what_only_has_to_be_known_stops_nothing():
    assert ruling([Objection.note(TOLD), Objection.note(ALSO)], Override()) == Ruling((), False, (TOLD, ALSO))


def test_each_reason_stands_once_in_the_order_in_which_it_was_raised():
    raised = [Objection("surname", TOLD), Objection("not-now"), Objection("surname", ALSO), Objection.note(TOLD)]
    assert ruling(iter(raised), Override()) == Ruling(("surname", "not-now"), False, (TOLD, ALSO, TOLD))


@pytest.mark.parametrize(
    ("decidable", "needs_person"), [((True,), True), ((False,), False), ((True, False), False), ((True, True), True)]
)
def test_a_person_decides_only_what_a_person_can_decide_all_of(decidable, needs_person):
    raised = [Objection(f"code-{at}", decidable=can) for at, can in enumerate(decidable)]
    assert ruling(raised, Override()).needs_person == needs_person


def test_what_is_overridden_stops_nothing_and_is_told_all_the_same():
    override = Override("Head", MappingProxyType({"maybe-surname": "the story is called so"}))
    undecidable = Objection("maybe-surname", TOLD)
    assert ruling([undecidable], override) == Ruling((), False, (TOLD,))
    assert ruling([undecidable, Objection("not-now", ALSO, decidable=True)], override) == Ruling(
        ("not-now",), True, (TOLD, ALSO)
    )


@given(objections, overrides)
def test_an_override_takes_reasons_away_and_nothing_else(raised, override):
    plain, overridden = ruling(raised, Override()), ruling(raised, override)
    assert overridden.refused == tuple(code for code in plain.refused if code not in override.why)
    assert overridden.findings == plain.findings


@given(objections, objections, overrides)
def test_one_more_objection_never_lets_more_through(raised, more, override):
    before, after = ruling(raised, override), ruling([*raised, *more], override)
    assert set(before.refused) <= set(after.refused)
    assert not (before.refused and after.needs_person and not before.needs_person)
