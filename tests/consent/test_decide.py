"""The decision: pure, and for every question the strictest answer that the register and the policy give."""

from __future__ import annotations

import dataclasses
from datetime import date
from types import MappingProxyType

import pytest
from fakes import UNASKED, sample_with
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import days, registers

from consentguard.consent.codes import FINDINGS, NOTES, REASONS
from consentguard.consent.decide import Known, decide
from consentguard.consent.objections import Ruling, ruling
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.question import Question, ask
from consentguard.consent.recognition.match import Answer, Match
from consentguard.consent.register.register import SCOPES, Register
from consentguard.errors import WrongUsage
from consentguard.values import Action, Mode, Standing

TODAY = date(2026, 11, 22)
SHIPPED = Policy.shipped()
SHIPPED_MATCHED = dataclasses.replace(SHIPPED, modes=tuple(Mode), dpia="DPIA-2026-1")
REFUSE_EMPTY = dataclasses.replace(SHIPPED, on_no_face="refuse")
counts = st.integers(0, 6)
channels = st.sampled_from(SCOPES).map(lambda scope: Channel("drawn", scope))
policies = st.sampled_from([SHIPPED, REFUSE_EMPTY])


def unasked(faces: int) -> tuple[Known, ...]:
    """As many faces, of which nothing is known but that they are there."""
    return (UNASKED,) * faces


def shown(decision) -> int:
    return sum(Action.for_standing(face.standing) is Action.KEEP for face in decision.faces)


def ruled(decision) -> Ruling:
    """What the decision's objections come to where nobody overrides any."""
    return ruling(decision.objections, Override())


def refused(decision) -> tuple[str, ...]:
    return ruled(decision).refused


@st.composite
def declarations(draw) -> tuple[Register, Question]:
    register = draw(registers())
    people = draw(st.lists(st.sampled_from(sorted(register.people)), min_size=1, unique=True))
    return register, Question(draw(channels), Mode.DECLARED, tuple(people), "the tests")


# -- mode off ---------------------------------------------------------------------------------------------------------


@given(counts, registers(), channels, days(), policies)
def test_off_shows_nobody_whatever_the_register_says(faces, register, channel, on, policy):
    decision = decide(unasked(faces), register, policy, Question(channel), on)
    assert shown(decision) == 0
    assert [(face.person, face.standing) for face in decision.faces] == [(None, Standing.UNKNOWN)] * faces
    assert decision.rests_on == ()
    assert decision.hides == (faces > 0)


# -- mode matched -----------------------------------------------------------------------------------------------------


@given(st.data(), registers(), channels, days())
def test_a_matched_face_is_shown_only_with_both_consents_and_outside_sibling_groups(data, register, channel, on):
    people = st.sampled_from([*sorted(register.people), "not in the register"])
    answers = st.one_of(
        people.map(lambda person: Match(Answer.MATCH, person)),
        st.sampled_from([Match(Answer.NO_MATCH), Match(Answer.UNSURE)]),
    )
    matches = data.draw(st.lists(answers, max_size=5))
    decision = decide([Known(match) for match in matches], register, SHIPPED, Question(channel, Mode.MATCHED), on)
    assert len(decision.faces) == len(matches)
    kept = []
    for match, who in zip(matches, decision.faces, strict=True):
        person = register.get(match.person or "")
        free = (
            person is not None
            and person.biometric_standing(on) is Standing.CONSENTED
            and not person.sibling_group
            and person.standing(channel.scope, on) is Standing.CONSENTED
        )
        assert (Action.for_standing(who.standing) is Action.KEEP) == free
        if match.answer is Answer.UNSURE:
            assert (who.person, who.standing) == (None, Standing.UNSURE)
        kept += [match.person] if free else []
    assert set(decision.rests_on) == set(kept)


@given(st.data(), registers(), channels, days(), st.sampled_from(["never", "objection", "withdrawn", "no answer"]))
def test_one_more_reason_against_somebody_matched_hides_them_and_frees_nobody(data, register, channel, on, change):
    matches = [Match(Answer.MATCH, person) for person in register.people]
    victim = data.draw(st.sampled_from(sorted(register.people)))
    person = worse(register.people[victim], change, channel.scope, on)
    changed = dataclasses.replace(register, people=MappingProxyType({**register.people, victim: person}))
    question = Question(channel, Mode.MATCHED)
    before, after = (decide([Known(match) for match in matches], r, SHIPPED, question, on) for r in (register, changed))
    for match, was, now in zip(matches, before.faces, after.faces, strict=True):
        if match.person == victim:
            assert Action.for_standing(now.standing) is Action.HIDE
        else:
            assert now == was


# -- mode declared ----------------------------------------------------------------------------------------------------


@given(declarations(), st.sampled_from([-1, 0, 1, 1, 2]), days())
def test_a_face_is_shown_only_if_everybody_named_may_be_and_nobody_else_is_there(asked, more, on):
    register, question = asked
    faces = len(question.declared) + more  # about as many faces as names, where the answer turns
    decision = decide(unasked(faces), register, SHIPPED, question, on)
    standings = [register.people[p].standing(question.channel.scope, on) for p in question.declared]
    fits = all(s is Standing.CONSENTED for s in standings) and faces <= len(question.declared)
    assert shown(decision) == (faces if fits else 0)
    assert bool(refused(decision)) == (not fits)
    assert decision.rests_on == (question.declared if fits and faces else ())  # a photo of nobody shows nobody


@given(declarations(), counts, days())
def test_every_face_gets_its_answer_and_refusals_have_their_reason(asked, faces, on):
    register, question = asked
    decision = decide(unasked(faces), register, SHIPPED, question, on)
    assert len(decision.faces) == faces
    assert set(refused(decision)) <= set(REASONS)
    assert {finding.rule for finding in ruled(decision).findings} <= set(FINDINGS)
    if refused(decision):
        assert decision.hides == (faces > 0)


@given(declarations(), counts, days())
def test_the_same_question_gets_the_same_answer_in_any_order(asked, faces, on):
    register, question = asked
    turned = dataclasses.replace(question, declared=question.declared[::-1])
    first, again = (decide(unasked(faces), register, SHIPPED, question, on) for _ in range(2))
    other = decide(unasked(faces), register, SHIPPED, turned, on)
    assert first == again
    assert (shown(first), ruled(first).refused, ruled(first).needs_person) == (
        shown(other),
        ruled(other).refused,
        ruled(other).needs_person,
    )


def worse(person, change, scope, on):
    """The same person with one more reason not to be shown."""
    answer = person.consents[scope]
    return {
        "never": lambda: dataclasses.replace(person, never=True),
        "objection": lambda: dataclasses.replace(person, objection="child"),
        "withdrawn": lambda: dataclasses.replace(
            person, consents=MappingProxyType({**person.consents, scope: dataclasses.replace(answer, withdrawn=on)})
        ),
        "no answer": lambda: dataclasses.replace(person, consents=MappingProxyType({})),
    }[change]()


@given(declarations(), counts, days(), st.sampled_from(["never", "objection", "withdrawn", "no answer"]), st.data())
def test_one_more_reason_against_it_never_shows_more(asked, faces, on, change, data):
    register, question = asked
    victim = data.draw(st.sampled_from(sorted(register.people)))
    person = worse(register.people[victim], change, question.channel.scope, on)
    changed = dataclasses.replace(register, people=MappingProxyType({**register.people, victim: person}))
    before, after = (decide(unasked(faces), r, SHIPPED, question, on) for r in (register, changed))
    assert shown(after) <= shown(before)
    if victim in question.declared:
        assert shown(after) == 0
        assert refused(after)
    else:
        assert after == before


@given(declarations(), days())
def test_somebody_who_is_not_in_the_register_stops_everything(asked, on):
    register, question = asked
    stranger = dataclasses.replace(question, declared=(*question.declared, "P999"))
    decision = decide(unasked(1), register, SHIPPED, stranger, on)
    assert shown(decision) == 0
    assert refused(decision)


def test_with_one_name_and_one_face_the_face_has_the_name(register):
    one = ask(register, SHIPPED, people=["P001"], by="the tests")
    assert decide(unasked(1), register, SHIPPED, one, TODAY).faces[0].person == "P001"
    two = ask(register, SHIPPED, people=["P001", "P002"], by="the tests")
    assert [face.person for face in decide(unasked(2), register, SHIPPED, two, TODAY).faces] == [None, None]


@pytest.mark.parametrize(
    ("person", "reason", "standing"),
    [
        ("P003", "declared-not-approved", "no-consent"),
        ("P004", "declared-not-approved", "expired"),
        ("P005", "declared-not-approved", "withdrawn"),
        ("P006", "declared-not-approved", "objection"),
        ("P007", "declared-not-permitted", "not-permitted"),
        ("P009", "declared-not-approved", "no-consent"),
        ("P010", "declared-not-approved", "no-consent"),
        ("P011", "declared-not-approved", "no-consent"),
        ("P012", "declared-not-approved", "objection"),
    ],
)
def test_everybody_of_the_sample_who_may_not_be_shown_stops_the_photo(register, person, reason, standing):
    question = ask(register, SHIPPED, people=["P001", person], by="the tests")
    decision = decide(unasked(2), register, SHIPPED, question, TODAY)
    assert refused(decision) == (reason,)
    assert {face.standing.value for face in decision.faces} == {standing}
    assert [(f.rule, f.where) for f in ruled(decision).findings] == [(reason, person)]
    assert standing in ruled(decision).findings[0].message


def test_never_comes_before_every_other_reason(register):
    question = ask(register, SHIPPED, people=["P003", "P007"], by="the tests")
    decision = decide(unasked(1), register, SHIPPED, question, TODAY)
    assert refused(decision) == ("declared-not-permitted",)
    assert decision.faces[0].standing is Standing.NOT_PERMITTED


def test_more_faces_than_names_is_for_a_person_to_settle(register):
    question = ask(register, SHIPPED, people=["P001"], by="the tests")
    decision = decide(unasked(2), register, SHIPPED, question, TODAY)
    assert (refused(decision), ruled(decision).needs_person, shown(decision)) == (
        ("more-faces-than-declared",),
        True,
        0,
    )


def test_fewer_faces_than_names_is_told(register):
    question = ask(register, SHIPPED, people=["P001", "P002"], by="the tests")
    decision = decide(unasked(1), register, SHIPPED, question, TODAY)
    assert [finding.rule for finding in ruled(decision).findings] == ["fewer-faces-than-declared"]
    assert decision.rests_on == ("P001", "P002")


def test_consent_for_one_channel_is_none_for_another(register):
    for channel, expected in (("website", ()), ("main", ("declared-not-approved",))):
        question = ask(register, SHIPPED, channel=channel, people=["P011"], by="the tests")
        assert refused(decide(unasked(1), register, SHIPPED, question, TODAY)) == expected


def test_a_consent_of_tomorrow_does_not_count_today():
    tomorrow = Register.parse(sample_with({"P001": {"social_media_granted": "2026-11-23"}}), "tomorrow")
    question = ask(tomorrow, SHIPPED, people=["P001"], by="the tests")
    assert refused(decide(unasked(1), tomorrow, SHIPPED, question, TODAY))
    assert not refused(decide(unasked(1), tomorrow, SHIPPED, question, date(2026, 11, 23)))


# -- no face ----------------------------------------------------------------------------------------------------------


@given(registers(), channels, days(), policies)
def test_no_face_is_told_and_refused_where_policy_says_so(register, channel, on, policy):
    decision = decide(unasked(0), register, policy, Question(channel), on)
    assert [finding.rule for finding in ruled(decision).findings] == ["no-face-found"]
    refuses = policy.on_no_face == "refuse"
    assert refused(decision) == (("no-face-refused",) if refuses else ())
    assert ruled(decision).needs_person == refuses


@given(declarations(), days(), policies)
def test_that_no_face_was_found_takes_no_refusal_back(asked, on, policy):
    register, question = asked
    with_face, without = (decide(unasked(faces), register, policy, question, on) for faces in (1, 0))
    assert set(refused(with_face)) <= set(refused(without))


# -- the question -----------------------------------------------------------------------------------------------------


def test_naming_people_chooses_declared_and_nothing_else_does(register):
    assert ask(register, SHIPPED, people=["P001"], by="me").mode is Mode.DECLARED
    assert ask(register, SHIPPED, by="me").mode is Mode.OFF
    assert ask(register, SHIPPED).channel.name == "main"


def test_a_sibling_is_not_cleared_by_a_machine_however_many_consents_there_are(register):
    assert register.people["P008"].sibling_group
    asked = ask(register, SHIPPED_MATCHED, mode="matched", people=("P008",), by="the tests", expected="4")
    (who,) = decide((Known(Match(Answer.MATCH, "P008")),), register, SHIPPED, asked, TODAY).faces
    assert (who.person, who.standing) == (None, Standing.UNSURE)


def test_whoever_is_not_among_those_expected_or_named_is_never_named_by_a_machine(register):
    everybody = ask(register, SHIPPED_MATCHED, mode="matched")
    assert everybody.among is None
    of_class = ask(register, SHIPPED_MATCHED, mode="matched", expected=" 4 ")
    assert of_class.among == frozenset(person.id for person in register if person.class_name == "4")
    named = ask(register, SHIPPED_MATCHED, mode="matched", people=("P002", "T002"), by="the tests")
    assert named.among == frozenset({"P002", "T002"})
    both = ask(register, SHIPPED_MATCHED, mode="matched", people=("P002", "T002"), by="the tests", expected="4")
    assert both.among == frozenset({"P002"})
    match = (Known(Match(Answer.MATCH, "P001")),)
    standings = [decide(match, register, SHIPPED, asked, TODAY).faces[0] for asked in (everybody, of_class, named)]
    assert [(who.person, who.standing) for who in standings] == [
        ("P001", Standing.CONSENTED), ("P001", Standing.CONSENTED), (None, Standing.UNSURE)]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"mode": "matched", "expected": "7"}, "class '7' is not in the register.*it knows 4"),
        ({"mode": "matched", "expected": ""}, "class '' is not in the register"),
        ({"mode": "matched", "people": ("P001",)}, "--by NAME"),
        ({"mode": "off", "expected": "4"}, "only in mode matched"),
        ({"mode": "off", "people": ("P001",)}, "only in modes declared and matched"),
    ],
)
def test_expecting_needs_mode_matched_and_a_class_that_there_is(register, asked, told):
    with pytest.raises(WrongUsage, match=told):
        ask(register, SHIPPED_MATCHED, **asked)


def test_a_person_named_twice_counts_once(register):
    question = ask(register, SHIPPED, people=["P001", "P001"], by="me")
    assert question.declared == ("P001",)
    assert refused(decide(unasked(2), register, SHIPPED, question, TODAY)) == ("more-faces-than-declared",)


WRONG = {
    "unknown channel": ({"channel": "facebook"}, "choose one of main"),
    "mode not allowed": ({"mode": "matched"}, "choose one of off, declared"),
    "no such mode": ({"mode": "guess"}, "choose one of off, declared"),
    "people in mode off": ({"mode": "off", "people": ["P001"], "by": "me"}, "not in mode off"),
    "declared without people": ({"mode": "declared", "by": "me"}, "--people"),
    "declared without by": ({"people": ["P001"]}, "--by"),
    "declared by blanks": ({"people": ["P001"], "by": "  "}, "--by"),
    "unknown person": ({"people": ["P001", "P999"], "by": "me"}, "P999; it knows P001, P002"),
    "unknown for its case": ({"people": ["p001"], "by": "me"}, "p001"),
}


@pytest.mark.parametrize(("asked", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_is_refused_with_the_choices(register, asked, told):
    with pytest.raises(WrongUsage, match=told):
        ask(register, SHIPPED, **asked)


# -- codes ------------------------------------------------------------------------------------------------------------


def test_codes_are_one_plain_sentence_each():
    for code, sentence in {**REASONS, **FINDINGS}.items():
        assert code == code.lower().replace(" ", "-")
        assert sentence
        assert not sentence.endswith(".")
    assert set(FINDINGS) >= NOTES


def test_no_finding_that_names_a_refusal_passes_as_a_note():
    assert not NOTES & set(REASONS)


@given(declarations(), counts, days())
def test_what_refuses_never_passes_as_publishable(asked, faces, on):
    register, question = asked
    decision = decide(unasked(faces), register, SHIPPED, question, on)
    assume(any(finding.rule not in NOTES for finding in ruled(decision).findings))
    assert refused(decision)
