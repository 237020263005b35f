"""Importers: what schools' systems export becomes a register, or a report with every line and column."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest
from fakes import UNASKED, sample_with
from hypothesis import given
from hypothesis import strategies as st
from strategies import days, registers

from consentguard.consent.decide import decide
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.register.importers import IMPORTERS
from consentguard.consent.register.importers.base import Source
from consentguard.consent.register.importers.importing import checked, read
from consentguard.consent.register.mapping import read_mapping
from consentguard.consent.register.people import SCOPES
from consentguard.consent.register.register import Register
from consentguard.consent.register.rows import write_long, write_wide
from consentguard.consent.register.updating import update
from consentguard.errors import RegisterInvalid, WrongUsage
from consentguard.values import Mode, Standing

PRESETS = {form: importer.preset for form, importer in IMPORTERS.items()}
TODAY = date(2026, 11, 22)
SHIPPED = Policy.shipped()

ARBOR = "Student ID,Legal First Name,Legal Last Name,Preferred First Name,Registration Form,Response,Response Date\n"
SIMS = "Adno,Legal Surname,Legal Forename,Preferred Forename,Reg Group,Website photos,Website photos date\n"
BROMCOM = """\
id = "Pupil Ref"
legal_forename = "First"
legal_surname = ["Legal Last", "Last"]
class = "Tutor Group"
[scopes.website]
consent = "Photo OK (web)"
granted = "Signed"
document = "Form"
[answers]
yes = ["Signed for"]
"""


def source(text: str | bytes, name: str = "x.csv", scope: str | None = None) -> Source:
    return Source(text if isinstance(text, bytes) else text.encode(), name, scope)


def imported(form: str, *sources: Source, mapping=None, **how):
    return read(form, sources, mapping or PRESETS[form], **how)


def mistakes(form: str, *sources: Source, mapping=None, **how) -> list[tuple[int | None, str]]:
    with pytest.raises(RegisterInvalid) as caught:
        imported(form, *sources, mapping=mapping, **how)
    assert "nothing was loaded" in str(caught.value)
    assert not any(name in str(caught.value) for name in ("Hollowell", "Quillfeather", "Amara"))
    return [(problem.line, problem.where) for problem in caught.value.problems]


SIMS_MAP = PRESETS["sims"].with_columns({"website": ("Website photos",), "website_granted": ("Website photos date",)})

# -- Arbor ------------------------------------------------------------------------------------------------------------


def test_arbor_has_one_list_for_each_consent_type():
    web = source(
        ARBOR + "17,Amara,Winter,,4,Accept,07/09/2026\n18,Ben,Hollowell,Benny,4,Decline,14/09/2026\n"
        "19,Cy,Lee,,4,Pending,\n",
        "web.csv",
        "website",
    )
    social = source(ARBOR + "17,Amara,Winter,,4,Declined,20/09/2026\n", "social.csv", "social_media")
    people = imported("arbor", web, social).people
    assert {p: (people[p].standing("website", TODAY), people[p].standing("social_media", TODAY)) for p in people} == {
        "17": (Standing.CONSENTED, Standing.NO_CONSENT),
        "18": (Standing.NO_CONSENT, Standing.NO_CONSENT),
        "19": (Standing.NO_CONSENT, Standing.NO_CONSENT),
    }
    assert people["17"].consents["website"].granted == date(2026, 9, 7)
    assert (people["18"].preferred_forename, people["18"].class_name, people["18"].role) == ("Benny", "4", "pupil")


def test_lists_that_disagree_about_a_person_are_not_joined():
    web = source(ARBOR + "17,Amara,Winter,,4,Accept,2026-09-07\n", "web.csv", "website")
    other = source(ARBOR + "17,Daisy,Quillfeather,,4,Accept,2026-09-07\n", "press.csv", "press")
    assert mistakes("arbor", web, other) == [
        (2, "press.csv: Legal First Name"),
        (2, "press.csv: Legal Last Name"),
    ]


def test_a_list_without_ids_is_refused_because_names_join_nobody():
    text = "Legal First Name,Legal Last Name,Response\nAmara,Winter,Accept\n"
    assert mistakes("arbor", source(text, scope="website")) == [(1, "id")]
    assert mistakes("arbor", source(ARBOR + ",Amara,Winter,,4,Accept,2026-09-07\n", scope="website")) == [
        (2, "Student ID")
    ]


def test_an_answer_twice_is_reported():
    text = ARBOR + "17,Amara,Winter,,4,Accept,2026-09-07\n17,Amara,Winter,,4,Accept,2026-09-07\n"
    assert mistakes("arbor", source(text, scope="website")) == [(3, "Response")]


# -- SIMS, Bromcom, Wonde ---------------------------------------------------------------------------------------------


def test_sims_with_its_own_consent_columns():
    text = SIMS + "001,Hollowell,Benedict,Ben,4,Yes,2026-09-07\n002,Lee,Cy,,4,,\n003,Vale,Di,Di,4,No,2026-09-07\n"
    people = imported("sims", source(text), mapping=SIMS_MAP).people
    assert [p for p in people if people[p].standing("website", TODAY) is Standing.CONSENTED] == ["001"]
    assert (people["001"].preferred_forename, people["003"].preferred_forename) == ("Ben", "")
    assert people["003"].consents["website"].granted is None  # the day of a no is no day of a consent


def test_any_sheet_with_a_mapping_file():
    mapping = read_mapping(BROMCOM.encode(), "map.toml", PRESETS["csv"])
    text = "Pupil Ref;First;Last;Tutor Group;Photo OK (web);Signed;Form\nB7;Zo\u00eb;Quill;4;Signed for;7/9/2026;F12\n"
    text += "B8;Al;Hill;4;refused;13/9/2026;F13\n"
    found = imported("csv", source(text.encode("cp1252")), mapping=mapping)
    person = found.people["B7"]
    assert (person.legal_forename, person.standing("website", TODAY)) == ("Zo\u00eb", Standing.CONSENTED)
    assert person.consents["website"].document == "F12"
    assert any("Windows-1252" in note for note in found.notes)
    assert any("day first" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("id = 7\n", ["id"]),
        ("pupil = 'x'\n", ["pupil"]),
        ("[scopes.web]\nconsent = 'x'\n", ["scopes.web"]),
        ("[scopes.website]\nanswer = 'x'\n", ["scopes.website.answer"]),
        ("= 1", [""]),
    ],
)
def test_a_mapping_file_is_read_strictly(text, places):
    with pytest.raises(RegisterInvalid) as caught:
        read_mapping(text.encode(), "map.toml", PRESETS["csv"])
    assert [problem.where for problem in caught.value.problems] == places


def test_wonde_students_with_their_relations():
    student = {
        "id": "A500",
        "upi": "0f1e",
        "mis_id": "17",
        "forename": "Ben",
        "surname": "Hollowell",
        "legal_forename": "Benedict",
        "legal_surname": "Hollowell",
        "registration": {"data": {"name": "4"}},
        "education_details": {
            "data": {"leaving_date": {"date": "2027-07-20 00:00:00.000000", "timezone_type": 3, "timezone": "UTC"}}
        },
        "permissions": {"data": [{"name": "Website photos", "given": True, "on": "2026-09-07"}]},
    }
    mapping = PRESETS["wonde"].with_columns(
        {"website": ("permissions.Website photos.given",), "website_granted": ("permissions.Website photos.on",)}
    )
    found = imported("wonde", source(json.dumps({"data": [student]}), "students.json"), mapping=mapping)
    person = found.people["17"]
    assert (person.preferred_forename, person.preferred_surname, person.class_name) == ("Ben", "", "4")
    assert person.left == date(2027, 7, 20)
    assert person.standing("website", TODAY) is Standing.CONSENTED
    assert person.standing("website", date(2027, 7, 20)) is Standing.EXPIRED
    assert mistakes("wonde", source("[1]"), mapping=mapping) == [(None, "")]
    assert mistakes("wonde", source("{"), mapping=mapping) == [(None, "")]


# -- days, answers, encodings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "style", "granted"),
    [
        (["2026-09-07"], None, date(2026, 9, 7)),
        (["07/09/2026", "14/09/2026"], None, date(2026, 9, 7)),
        (["09/07/2026", "09/14/2026"], None, date(2026, 9, 7)),
        (["07/09/2026"], "day-first", date(2026, 9, 7)),
        (["07/09/2026"], "month-first", date(2026, 7, 9)),
        (["09/09/2026"], None, date(2026, 9, 9)),
        (["2026-09-07 10:15:00"], None, date(2026, 9, 7)),
    ],
)
def test_days_are_read_in_the_style_that_the_file_shows(written, style, granted):
    rows = "".join(f"{n},Hill,A{n},,4,Yes,{day}\n" for n, day in enumerate(written))
    people = imported("sims", source(SIMS + rows), mapping=SIMS_MAP, dates=style).people
    assert people["0"].consents["website"].granted == granted


@pytest.mark.parametrize(
    ("written", "style", "places"),
    [
        (["07/09/2026"], None, [(None, "")]),  # July or September?
        (["14/09/2026", "09/14/2026"], None, [(None, "")]),
        (["14/09/26"], None, [(2, "Website photos date")]),
        (["31/02/2026"], "day-first", [(2, "Website photos date")]),
        (["14/09/2026"], "iso", [(2, "Website photos date")]),
        (["soon"], None, [(2, "Website photos date")]),
    ],
)
def test_a_day_that_could_be_two_or_none_is_an_error(written, style, places):
    rows = "".join(f"{n},Hill,A{n},,4,Yes,{day}\n" for n, day in enumerate(written))
    found = mistakes("sims", source(SIMS + rows), mapping=SIMS_MAP, dates=style)
    assert found[: len(places)] == places


@pytest.mark.parametrize("answer", ["maybe", "Yes please", "ja", "ask mum"])
def test_an_answer_nobody_knows_is_an_error(answer):
    text = SIMS + f"1,Hill,Al,,4,{answer},2026-09-07\n"
    assert mistakes("sims", source(text), mapping=SIMS_MAP) == [(2, "Website photos")]


@pytest.mark.parametrize("answer", ["", "-", "Pending", "No response", "not set", "Decline", "false", "0"])
def test_whatever_is_no_yes_is_a_no(answer):
    text = SIMS + f"1,Hill,Al,,4,{answer},\n"
    (person,) = imported("sims", source(text), mapping=SIMS_MAP).people.values()
    assert person.standing("website", TODAY) is Standing.NO_CONSENT


def test_a_yes_without_a_day_needs_one():
    text = SIMS + "1,Hill,Al,,4,Yes,\n"
    assert mistakes("sims", source(text), mapping=SIMS_MAP) == [(2, "Website photos date")]
    people = imported("sims", source(text), mapping=SIMS_MAP, granted=date(2026, 9, 1)).people
    assert people["1"].consents["website"].granted == date(2026, 9, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_of_a_school_office_is_read(encoding):
    text = SIMS + "1,Bront\u00eb,Zo\u00eb,,4,Yes,2026-09-07\n"
    people = imported("sims", source(text.encode(encoding)), mapping=SIMS_MAP).people
    assert people["1"].legal_surname == "Bront\u00eb"
    assert mistakes("sims", source(b"a,b\n\x00,\xff"), mapping=SIMS_MAP) == [(None, "")]


def test_unknown_words_of_the_question_are_refused_with_the_choices():
    with pytest.raises(WrongUsage, match="pupil, staff, other"):
        imported("sims", source(SIMS), mapping=SIMS_MAP, role="parent")
    with pytest.raises(WrongUsage, match="iso, day-first, month-first"):
        imported("sims", source(SIMS), mapping=SIMS_MAP, dates="us")


def test_everything_wrong_comes_in_one_report():
    text = SIMS + "1,Hill,Al,,4,maybe,2026-09-07\n,Lee,Cy,,4,Yes,2026-09-07\n3,,Cy,,4,Yes,never\n"
    assert set(mistakes("sims", source(text), mapping=SIMS_MAP)) == {
        (2, "Website photos"),
        (3, "Adno"),
        (4, "Legal Surname"),
        (4, "Website photos date"),
    }


# -- an import into a register that lives -----------------------------------------------------------------------------


def test_what_only_the_register_knows_survives_an_import(register):
    rows = SIMS + "".join(
        f"{p.id},{p.legal_surname},{p.legal_forename},,5,Yes,2026-09-07\n" for p in register if p.role == "pupil"
    )
    new = imported("sims", source(rows), mapping=SIMS_MAP)
    people, notes = update(register, new, TODAY)
    merged = Register.parse(checked(people.values(), "merged"), "merged")
    assert notes == []
    for before in register:
        after = merged.people[before.id]
        assert (after.never, after.objection, after.sibling_group) == (
            before.never,
            before.objection,
            before.sibling_group,
        )
        assert after.biometric == before.biometric
        assert after.consents["press"] == before.consents["press"]  # the import knew of the website only
        if before.never or before.objection:
            assert after.standing("website", TODAY) is not Standing.CONSENTED


def test_whoever_is_missing_from_an_import_has_left_and_staff_stay(register):
    new = imported("sims", source(SIMS + "P001,Winterbourne,Amara,,4,Yes,2026-09-07\n"), mapping=SIMS_MAP)
    people, notes = update(register, new, TODAY)
    assert people["P002"].left == TODAY
    assert people["P002"].standing("social_media", TODAY) is Standing.EXPIRED
    assert people["P002"].standing("social_media", date(2026, 11, 21)) is Standing.CONSENTED
    assert all(person.left is None for person in people.values() if person.role != "pupil")
    assert len(notes) == sum(p.role == "pupil" for p in register) - 1
    assert not any(p.legal_surname in note for p in register for note in notes)


def test_the_same_names_under_another_id_are_two_people_and_said_so(register):
    rows = SIMS + "X99,Winterbourne,Amara,,4,Yes,2026-09-07\n"
    people, notes = update(register, imported("sims", source(rows), mapping=SIMS_MAP), TODAY)
    assert people["X99"].standing("social_media", TODAY) is Standing.NO_CONSENT  # nothing of P001's came over
    assert any(note.startswith("X99: is new and has the names of P001") for note in notes)


def test_a_refusal_in_the_import_ends_a_consent_of_the_register(register):
    rows = SIMS + "P001,Winterbourne,Amara,,4,Decline,2026-11-20\n"
    people, _ = update(register, imported("sims", source(rows), mapping=SIMS_MAP), TODAY)
    assert people["P001"].standing("website", TODAY) is Standing.NO_CONSENT
    assert people["P001"].standing("press", TODAY) is Standing.CONSENTED


def test_a_refusal_of_the_template_ends_it_and_silence_does_not(register):
    with_biometric = SIMS_MAP.with_columns({"biometric": ("Biometrics",)})
    row = "P001,Winterbourne,Amara,,4,Yes,2026-09-07"
    spoken = source(SIMS.strip() + f",Biometrics\n{row},No\n")
    people, _ = update(register, imported("sims", spoken, mapping=with_biometric), TODAY)
    assert people["P001"].biometric_standing(TODAY) is Standing.NO_CONSENT
    people, _ = update(register, imported("sims", source(SIMS + row + "\n"), mapping=SIMS_MAP), TODAY)
    assert people["P001"].biometric_standing(TODAY) is Standing.CONSENTED


def test_a_day_of_leaving_that_only_the_register_knows_is_kept_and_said():
    gone = Register.parse(sample_with({"P001": {"left": "2026-11-20"}}), "gone")
    rows = SIMS + "P001,Winterbourne,Amara,,4,Yes,2026-09-07\n"
    people, notes = update(gone, imported("sims", source(rows), mapping=SIMS_MAP), TODAY)
    assert people["P001"].standing("website", TODAY) is Standing.EXPIRED
    assert any(note.startswith("P001: is in the import and has left on 2026-11-20") for note in notes)


def test_an_id_that_is_a_teachers_and_a_pupils_is_two_people(register):
    new = imported("sims", source(SIMS + "T001,Winterbourne,Amara,,4,Yes,2026-09-07\n"), mapping=SIMS_MAP)
    with pytest.raises(RegisterInvalid, match="T001 is staff, in the import pupil"):
        update(register, new, TODAY)


# -- round trips ------------------------------------------------------------------------------------------------------


@given(registers(), days(), st.sampled_from(sorted(SHIPPED.channels)), st.integers(0, 3))
def test_a_long_form_imported_decides_the_same(register, on, channel, faces):
    long = read("long", [source(write_long(register), "long.csv")], PRESETS["csv"], dates="iso")
    again = Register.parse(checked(long.people.values(), "again"), "again")
    read_back = Register.parse(write_long(register), "long.csv")
    assert read_back.people == register.people
    for person in register:
        question = Question(SHIPPED.channel(channel), Mode.DECLARED, (person.id,), "Office")
        decisions = [decide((UNASKED,) * faces, one, SHIPPED, question, on) for one in (register, again, read_back)]
        assert decisions[0] == decisions[1] == decisions[2]
        for scope in SCOPES:
            assert again.people[person.id].standing(scope, on) is person.standing(scope, on)
        assert again.people[person.id].biometric_standing(on) is person.biometric_standing(on)


@given(registers())
def test_a_wide_form_reads_back_the_same(register):
    assert Register.parse(write_wide(register), "wide").people == register.people


def test_the_sample_goes_through_every_form(register):
    wide = imported("wide", source(sample_with({})), mapping=PRESETS["csv"])
    assert Register.parse(checked(wide.people.values(), "x"), "x").people == register.people
    long = imported("long", source(write_long(register)), mapping=PRESETS["csv"])
    assert Register.parse(checked(long.people.values(), "x"), "x").people == register.people


@given(registers(), days())
def test_lists_of_each_consent_type_imported_decide_as_their_answers_say(register, on):
    """A school's lists know yes or no and a day; of what they know, everybody stands as before."""
    lists = []
    for scope in SCOPES:
        rows = [(person, person.consents[scope]) for person in register]
        text = "".join(
            f"{n},A{n},B{n},,4,{'Accept' if answer.given else 'Decline'},{answer.granted or ''}\n"
            for n, (_, answer) in enumerate(rows)
        )
        lists.append(source(ARBOR + text, f"{scope}.csv", scope))
    people = imported("arbor", *lists, dates="iso").people
    for n, person in enumerate(register):
        for scope in SCOPES:
            plain = replace(person.consents[scope], expires=None, withdrawn=None)
            assert people[str(n)].standing(scope, on) is plain.standing(on)


LONG = "id,role,legal_forename,legal_surname,scope,consent,granted\n"


@pytest.mark.parametrize(
    ("rows", "places"),
    {
        "unknown scope": ("P1,pupil,Ann,Bee,twitter,yes,2026-09-01\n", [(2, "scope")]),
        "no answer": ("P1,pupil,Ann,Bee,press,maybe,\n", [(2, "consent")]),
        "no day": ("P1,pupil,Ann,Bee,press,yes,\n", [(2, "granted")]),
        "scope twice": ("P1,pupil,Ann,Bee,press,,\nP1,pupil,Ann,Bee,press,yes,2026-09-01\n", [(3, "scope")]),
        "two names": ("P1,pupil,Ann,Bee,press,,\nP1,pupil,Ann,Cee,website,,\n", [(3, "legal_surname")]),
        "answer without scope": ("P1,pupil,Ann,Bee,,yes,2026-09-01\n", [(2, "scope")]),
    }.values(),
)
def test_every_mistake_of_a_long_form_has_its_line_and_column(rows, places):
    with pytest.raises(RegisterInvalid) as caught:
        Register.parse((LONG + rows).encode(), "long.csv")
    assert [(problem.line, problem.where) for problem in caught.value.problems] == places


@given(registers(), days())
def test_leaving_never_shows_more(register, on):
    for person in register:
        left = replace(person, left=on, consents=MappingProxyType(dict(person.consents)))
        for scope in SCOPES:
            assert left.standing(scope, on) is not Standing.CONSENTED
        assert left.biometric_standing(on) is not Standing.CONSENTED
