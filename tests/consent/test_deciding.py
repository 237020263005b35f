"""The decision face by face, and every sentence that it says."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime

import pytest
from fakes import LONDON, SAMPLE_FILE, UNASKED, sample_with

from consentguard.consent.clock import Occasion
from consentguard.consent.codes import FINDINGS
from consentguard.consent.decide import (
    NO_MATCH,
    UNSURE_HEAD,
    Decision,
    Identity,
    Known,
    circumstances,
    decide,
)
from consentguard.consent.objections import Objection
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.recognition.match import Answer, Match
from consentguard.consent.register.register import Register
from consentguard.values import HIDE, NOBODY, Finding, Mode, Standing

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=LONDON)
SHIPPED = Policy.shipped()
REGISTER = Register.load(SAMPLE_FILE)
MAIN = SHIPPED.channel("main")
SCOPE = MAIN.scope
OFF = Question(MAIN)
TAGGED = Question(MAIN, Mode.TAGGED, by="Office")
MATCHED = Question(MAIN, Mode.MATCHED)
UNKNOWN = Identity(None, Standing.UNKNOWN)
UNSURE = Identity(None, Standing.UNSURE)
AMARA = Identity("P001", Standing.CONSENTED)


def declared(*people: str) -> Question:
    return Question(MAIN, Mode.DECLARED, people, "Office")


def matched(person: str) -> Known:
    return Known(Match(Answer.MATCH, person))


def notes(*told: tuple[str, str, str]) -> tuple[Objection, ...]:
    return tuple(Objection.note(Finding(*each)) for each in told)


# -- what is known of a face ------------------------------------------------------------------------------------------


def test_a_face_is_called_by_its_number_and_an_added_box_has_none():
    assert Known(number=3).where == "face 3"
    assert Known(number=0).where == "face 0"
    assert Known(added=True).where == "an added box"
    assert Known(NO_MATCH, "", None, added=False) == UNASKED


def test_a_decision_hides_if_it_hides_one():
    assert not Decision(()).hides
    assert not Decision((AMARA,)).hides
    assert not Decision((Identity(None, Standing.NOBODY),)).hides
    assert Decision((AMARA, UNKNOWN)).hides


# -- nobody points ----------------------------------------------------------------------------------------------------


def test_off_knows_nobody_and_keeps_doubt(register):
    faces = (UNASKED, Known(UNSURE_HEAD), matched("P001"))
    assert decide(faces, register, SHIPPED, OFF, TODAY) == Decision((UNKNOWN, UNSURE, UNKNOWN))


def test_declared_names_the_only_face_and_says_who_was_missing(register):
    assert decide((UNASKED,), register, SHIPPED, declared("P001"), TODAY) == Decision((AMARA,), (), ("P001",))
    nameless = Identity(None, Standing.CONSENTED)
    two = decide((UNASKED, UNASKED), register, SHIPPED, declared("P001", "P002"), TODAY)
    assert two == Decision((nameless, nameless), (), ("P001", "P002"))
    missing = ("fewer-faces-than-declared", "photo", "1 faces found, 2 people named")
    one = decide((UNASKED,), register, SHIPPED, declared("P001", "P002"), TODAY)
    assert one == Decision((nameless,), notes(missing), ("P001", "P002"))


def test_declared_too_few_names_clear_nobody(register):
    faces = (UNASKED, Known(UNSURE_HEAD))
    against = (Objection("more-faces-than-declared", decidable=True),)
    assert decide(faces, register, SHIPPED, declared("P001"), TODAY) == Decision((UNKNOWN, UNSURE), against)


def test_declared_one_who_may_not_be_shown_stops_all(register):
    for person, standing in (("P003", Standing.NO_CONSENT), ("P999", Standing.UNKNOWN)):
        told = Finding("declared-not-approved", person, f"{person}: {standing.value} for {SCOPE}")
        expected = Decision((Identity(None, standing),) * 2, (Objection("declared-not-approved", told),))
        assert decide((UNASKED,) * 2, register, SHIPPED, declared("P001", person), TODAY) == expected


def test_declared_the_first_who_may_not_is_the_news_but_never_comes_before_all(register):
    told = [Finding("declared-not-approved", "P003", f"P003: no-consent for {SCOPE}"),
            Finding("declared-not-approved", "P004", f"P004: expired for {SCOPE}")]  # fmt: skip
    expected = Decision((Identity(None, Standing.NO_CONSENT),), tuple(Objection(one.rule, one) for one in told))
    assert decide((UNASKED,), register, SHIPPED, declared("P003", "P004"), TODAY) == expected
    never = Finding("declared-not-permitted", "P007", f"P007: not-permitted for {SCOPE}")
    code = "declared-not-permitted"
    expected = Decision((Identity(None, Standing.NOT_PERMITTED),), (Objection(code, told[0]), Objection(code, never)))
    assert decide((UNASKED,), register, SHIPPED, declared("P003", "P007"), TODAY) == expected


# -- matched ----------------------------------------------------------------------------------------------------------


def test_matched_names_whom_both_consents_clear_each_once(register):
    faces = (matched("P001"), UNASKED, Known(Match(Answer.UNSURE)), Known(UNSURE_HEAD), matched("P002"))
    told = ("not-sure-who", "photo", "1 face is like somebody enrolled, but not surely enough; it helps to say who is "
            "expected: --expected, or --people with --by")  # fmt: skip
    decision = decide(faces, register, SHIPPED, MATCHED, TODAY)
    assert decision.faces[:4] == (AMARA, UNKNOWN, UNSURE, UNSURE)
    assert decision.objections == notes(told)
    assert decision.rests_on == tuple(who.person for who in decision.faces if who.standing is Standing.CONSENTED)
    twice = decide((matched("P001"), matched("P001")), register, SHIPPED, MATCHED, TODAY)
    assert twice == Decision((AMARA, AMARA), (), ("P001",))


def test_matched_whoever_is_known_and_has_no_consent_is_hidden_and_nothing_rests_on_them():
    ends = Register.parse(sample_with({"P001": {f"{SCOPE}_expires": "2026-11-01"}}), "r.csv")
    decision = decide((matched("P001"),), ends, SHIPPED, MATCHED, TODAY)
    assert decision == Decision((Identity("P001", Standing.EXPIRED),))
    assert decision.hides


def test_matched_doubt_is_counted_and_needs_no_advice_where_somebody_is_expected(register):
    expected = dataclasses.replace(MATCHED, among=frozenset({"P001"}))
    doubt = Known(Match(Answer.UNSURE))
    decision = decide((doubt, doubt), register, SHIPPED, expected, TODAY)
    told = ("not-sure-who", "photo", "2 faces are like somebody enrolled, but not surely enough")
    assert decision == Decision((UNSURE, UNSURE), notes(told))


def test_matched_whoever_is_not_expected_or_of_a_sibling_group_is_not_cleared(register):
    expected = dataclasses.replace(MATCHED, among=frozenset({"P002"}))
    assert decide((matched("P001"),), register, SHIPPED, expected, TODAY) == Decision((UNSURE,))
    of_group = [person.id for person in register
                if person.sibling_group and person.biometric_standing(TODAY) is Standing.CONSENTED]  # fmt: skip
    told = ("not-sure-who", "photo", "1 face is like a brother or sister of a group that a person has to tell apart: "
            "a tag")  # fmt: skip
    assert decide((matched(of_group[0]),), register, SHIPPED, MATCHED, TODAY) == Decision((UNSURE,), notes(told))


def test_matched_without_biometric_consent_or_register_nobody_is_named(register):
    plain = [person.id for person in register if person.biometric_standing(TODAY) is not Standing.CONSENTED]
    for person in (plain[0], "P999"):
        assert decide((matched(person),), register, SHIPPED, MATCHED, TODAY).faces == (UNKNOWN,)


# -- somebody points --------------------------------------------------------------------------------------------------


def test_a_tag_makes_a_face_as_free_as_its_person(register):
    faces = (Known(says="P001", number=1), UNASKED, Known(says="P003", number=3), Known(says="P999", number=4))
    told = (("tagged-not-approved", "face 3", f"face 3: no-consent for {SCOPE}"),
            ("tagged-not-approved", "face 4", f"face 4: unknown for {SCOPE}"))  # fmt: skip
    expected = Decision((AMARA, UNKNOWN, Identity(None, Standing.NO_CONSENT), UNKNOWN), notes(*told), ("P001",))
    assert decide(faces, register, SHIPPED, TAGGED, TODAY) == expected


def test_a_tag_that_hides_an_added_box_and_a_nobody(register):
    hidden = Identity(None, Standing.HIDDEN_BY_PERSON)
    faces = (Known(says=HIDE, number=1), Known(says="P001", added=True), Known(says=NOBODY, number=2))
    told = ("called-nobody", "face 2", "Office says that face 2 is nobody")
    expected = Decision((hidden, hidden, Identity(None, Standing.NOBODY)), notes(told))
    assert decide(faces, register, SHIPPED, TAGGED, TODAY) == expected


def test_a_tag_on_whoever_must_never_be_published_refuses_except_where_matched(register):
    face = Known(says="P007", number=1)
    never = Identity(None, Standing.NOT_PERMITTED)
    rule = Finding("declared-not-permitted", "face 1", f"face 1: not-permitted for {SCOPE}")
    refuses = Decision((never,), (Objection("declared-not-permitted", rule),))
    assert decide((face,), register, SHIPPED, TAGGED, TODAY) == refuses
    told = ("tagged-not-approved", "face 1", f"face 1: not-permitted for {SCOPE}")
    assert decide((face,), register, SHIPPED, MATCHED, TODAY) == Decision((never,), notes(told))


def test_a_machine_clears_nobody_whom_a_person_pointed_out_elsewhere(register):
    faces = (matched("P001"), Known(says="P001", number=2))
    assert decide(faces, register, SHIPPED, MATCHED, TODAY) == Decision((UNSURE, AMARA), (), ("P001",))


def test_pointed_faces_do_not_count_among_the_declared_and_come_in_their_order(register):
    faces = (Known(says=HIDE, number=1), UNASKED, Known(says="P002", number=3))
    decision = decide(faces, register, SHIPPED, declared("P001"), TODAY)
    hidden = Identity(None, Standing.HIDDEN_BY_PERSON)
    assert decision == Decision((hidden, AMARA, Identity("P002", Standing.CONSENTED)), (), ("P001", "P002"))
    again = decide((UNASKED, Known(says="P001", number=2)), register, SHIPPED, declared("P001"), TODAY)
    assert again == Decision((AMARA, AMARA), (), ("P001",))


def test_where_every_face_is_pointed_at_nobody_is_shown_by_having_been_named(register):
    decision = decide((Known(says=HIDE, number=1),), register, SHIPPED, declared("P001"), TODAY)
    assert decision.rests_on == ()
    assert [one.finding.rule for one in decision.objections if one.finding] == ["fewer-faces-than-declared"]


# -- no face, and the moment ------------------------------------------------------------------------------------------


def test_no_face_says_what_was_looked_for(register):
    told = ("no-face-found", "photo", "no face of 20 px and more at published size was found")
    assert decide((), register, SHIPPED, OFF, TODAY) == Decision((), notes(told))
    refusing = dataclasses.replace(SHIPPED, on_no_face="refuse")
    refused = (*notes(told), Objection("no-face-refused", decidable=True))
    assert decide((), register, refusing, OFF, TODAY) == Decision((), refused)
    named = decide((), register, SHIPPED, declared("P001"), TODAY)
    missing = ("fewer-faces-than-declared", "photo", "0 faces found, 1 people named")
    assert named == Decision((), notes(told, missing), ())


def test_the_moment_and_the_review_only_have_to_be_known():
    assert circumstances(REGISTER, SHIPPED, OFF, NOON) == ()
    night = NOON.replace(hour=22)
    objected = circumstances(REGISTER, SHIPPED, OFF, night)
    assert [(one.code, one.finding.rule) for one in objected if one.finding] == [("", "outside-hours")]
    match = dataclasses.replace(OFF, by="Office", occasion=Occasion("event", "a football match", "Office"))
    assert circumstances(REGISTER, SHIPPED, match, NOON.replace(hour=22)) == ()
    night = NOON.replace(hour=22)
    for zone, due in (("Europe/London", False), ("Pacific/Auckland", True)):
        policy = dataclasses.replace(SHIPPED, review_due=date(2026, 11, 24), time_zone=zone)
        told = [one.finding.rule for one in circumstances(REGISTER, policy, OFF, night) if one.finding]
        assert ("review-overdue" in told) == due
    for day, due in ((24, False), (23, True), (22, True)):
        policy = dataclasses.replace(SHIPPED, review_due=date(2026, 11, day))
        due_since = ("review-overdue", "policy",
                f"{SHIPPED.name}: the governing body was to review it by 2026-11-{day}")  # fmt: skip
        assert circumstances(REGISTER, policy, OFF, NOON) == (notes(due_since) if due else ())
        assert len(circumstances(REGISTER, policy, OFF, NOON.replace(hour=22))) == 1 + due


def test_that_there_is_no_register_is_told():
    told = ("no-register", "register", FINDINGS["no-register"])
    assert circumstances(Register.nobody(), SHIPPED, OFF, NOON) == notes(told)


def test_whoever_refuses_a_photo_refuses_it_and_can_take_it_back():
    asked = dataclasses.replace(OFF, by="Office", refuse="her mother asked us to")
    told = Finding("refused-by-person", "photo", "Office refuses it: her mother asked us to")
    assert circumstances(REGISTER, SHIPPED, asked, NOON) == (Objection("refused-by-person", told, decidable=True),)


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.DECLARED, Mode.TAGGED, Mode.MATCHED])
def test_an_expired_consent_shows_nobody_from_its_day_on(mode):
    ends = Register.parse(sample_with({"P001": {f"{SCOPE}_expires": "2026-11-23"}}), "r.csv")
    face = {Mode.TAGGED: Known(says="P001", number=1), Mode.MATCHED: matched("P001")}.get(mode, UNASKED)
    asked = Question(MAIN, mode, ("P001",) if mode is Mode.DECLARED else (), "Office")
    shown = [not decide((face,), ends, SHIPPED, asked, date(2026, 11, day)).hides for day in (22, 23)]
    assert shown == ([False, False] if mode is Mode.OFF else [True, False])
