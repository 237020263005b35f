"""The register: read strictly, reported whole, and never more generous than its strictest cell."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import date, timedelta
from types import MappingProxyType

import pytest
from fakes import SAMPLE_FILE, sample_with
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import consents, days, persons, registers

from consentguard.consent.register.register import COLUMNS, OBJECTORS, SCOPES, Consent, Person, Register
from consentguard.errors import CannotTell, RegisterInvalid
from consentguard.values import Standing

HEADER = "id,role,legal_forename,legal_surname"
TODAY = date(2026, 11, 22)


def parsed(text: str) -> Register:
    return Register.parse(text.encode(), "r.csv")


def mistakes(text: str | bytes) -> list[tuple[int | None, str]]:
    """Where each reported mistake is: line and column."""
    with pytest.raises(RegisterInvalid) as caught:
        Register.parse(text if isinstance(text, bytes) else text.encode(), "r.csv")
    return [(problem.line, problem.where) for problem in caught.value.problems]


def row(columns: str, cells: str) -> str:
    """A register of one row: extra columns and their cells after a pupil whose required cells are right."""
    return f"{HEADER},{columns}\nP1,pupil,Ann,Bee,{cells}\n"


# -- every mistake, with its place ------------------------------------------------------------------------------------

DATES = "website,website_granted,website_expires,website_withdrawn"

MISTAKES = {
    "empty file": ("", [(1, "")]),
    "only blanks": (" \n", [(1, "")]),
    "header alone": (f"{HEADER}\n", [(None, "")]),
    "unknown column": (row("consent", "yes"), [(1, "consent")]),
    "misspelt column": (row("socialmedia", "yes"), [(1, "socialmedia")]),
    "column without a name": (row("", "x"), [(1, "column 5")]),
    "column twice": (row("never,never", "yes,"), [(1, "never")]),
    "two wrong columns": (row("a,b", "1,2"), [(1, "column 5"), (1, "column 6")]),
    "missing columns": ("id,role\nP1,pupil\n", [(1, "legal_forename"), (1, "legal_surname")]),
    "semicolons": ("id;role\n", [(1, "")]),
    "no header": ("P1,pupil,Ann,Bee\n", [(1, "")]),
    "too few cells": (f"{HEADER}\nP1,pupil,Ann\n", [(2, "")]),
    "too many cells": (f"{HEADER}\nP1,pupil,Ann,Bee,more\n", [(2, "")]),
    "blank id": (f"{HEADER}\n,pupil,Ann,Bee\n", [(2, "id")]),
    "blank names": (f"{HEADER}\nP1,pupil, ,\n", [(2, "legal_forename"), (2, "legal_surname")]),
    "blank role": (f"{HEADER}\nP1,,Ann,Bee\n", [(2, "role")]),
    "unknown role": (f"{HEADER}\nP1,parent,Ann,Bee\n", [(2, "role")]),
    "id twice": (f"{HEADER}\nP1,pupil,Ann,Bee\nP2,pupil,Al,Cee\nP1,staff,Di,Eff\n", [(4, "id")]),
    "id twice but for its case": (f"{HEADER}\np1,pupil,Ann,Bee\nP1,pupil,Al,Cee\n", [(3, "id")]),
    "id with a comma": (f'{HEADER}\n"P1,P2",pupil,Ann,Bee\n', [(2, "id")]),
    "id with a space": (f"{HEADER}\nP 1,pupil,Ann,Bee\n", [(2, "id")]),
    "id with a slash": (f"{HEADER}\n../P1,pupil,Ann,Bee\n", [(2, "id")]),
    "never is neither yes nor no": (row("never", "x"), [(2, "never")]),
    "never in another language": (row("never", "TRUE"), [(2, "never")]),
    "objection by nobody known": (row("objection", "yes"), [(2, "objection")]),
    "answer is neither yes nor no": (row("website", "maybe"), [(2, "website")]),
    "yes without its day": (row("website", "yes"), [(2, "website_granted")]),
    "biometric yes without its day": (row("biometric,biometric_granted", "yes,"), [(2, "biometric_granted")]),
    "day as the British write it": (row("website,website_granted", "yes,07/09/2026"), [(2, "website_granted")]),
    "day that does not exist": (row("website,website_granted", "yes,2026-02-30"), [(2, "website_granted")]),
    "day without dashes": (row("website,website_granted", "yes,20260907"), [(2, "website_granted")]),
    "day of a week": (row("website,website_granted", "yes,2026-W37-1"), [(2, "website_granted")]),
    "day with a time": (row("website,website_granted", "yes,2026-09-07T10:00"), [(2, "website_granted")]),
    "expires is no day": (row(DATES, "yes,2026-09-07,never,"), [(2, "website_expires")]),
    "withdrawn is no day": (row(DATES, "yes,2026-09-07,,yes"), [(2, "website_withdrawn")]),
    "no, with the day of a consent": (row("website,website_granted", "no,2026-09-07"), [(2, "website")]),
    "blank, with a day of expiry": (row("website,website_expires", ",2027-09-07"), [(2, "website")]),
    "expires before it began": (row(DATES, "yes,2026-09-07,2026-09-06,"), [(2, "website_expires")]),
    "withdrawn before it began": (row(DATES, "yes,2026-09-07,,2026-09-06"), [(2, "website_withdrawn")]),
    "a quote that never ends": (f'{HEADER}\n"P1,pupil,Ann,Bee\n', [(2, "")]),
    "text after a quote": (f'{HEADER}\n"P1"x,pupil,Ann,Bee\n', [(2, "")]),
    "a NUL byte": (f"{HEADER}\nP1,pupil,A\0nn,Bee\n", [(2, "")]),
    "not UTF-8": (f"{HEADER}\nP1,pupil,Zo\xeb,Bee\n".encode("latin-1"), [(2, "")]),
    "UTF-16": (f"{HEADER}\n".encode("utf-16"), [(1, "")]),
    "line numbers count blank lines": (f"{HEADER}\n\n,,,\nP1,pupil,Ann,Bee\nP2,x,Al,Cee\n", [(5, "role")]),
    "line numbers count lines within cells": (f'{HEADER}\nP1,pupil,"A\nnn",Bee\nP2,x,Al,Cee\n', [(4, "role")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "places"), MISTAKES.values(), ids=MISTAKES)
def test_every_mistake_is_reported_with_line_and_column(text, places):
    assert mistakes(text) == places


def test_one_report_holds_everything_and_says_what_to_do():
    text = row("never,website,website_granted", "x,maybe,soon") + "P1,nobody,,Bee,,,\n"
    with pytest.raises(RegisterInvalid) as caught:
        parsed(text)
    error = caught.value
    assert {(p.line, p.where) for p in error.problems} == {
        (2, "never"),
        (2, "website"),
        (2, "website_granted"),
        (3, "id"),
        (3, "role"),
        (3, "legal_forename"),
    }
    assert str(error).startswith("r.csv: 6 problems, nothing was loaded\n")
    assert "line 3, id: 'P1' is already on line 2" in str(error)
    assert "consentguard register check" in str(error)
    assert isinstance(error, CannotTell)
    assert error.exit_code == 3


def test_a_report_repeats_no_name_of_a_pupil():
    with pytest.raises(RegisterInvalid) as caught:
        parsed(f"{HEADER},never\nP1,pupil,Ann,Beeswax,x\n")
    assert "Beeswax" not in str(caught.value)


@pytest.mark.parametrize("path", ["missing.csv", "."])
def test_a_register_that_cannot_be_read_is_named(tmp_path, path):
    with pytest.raises(RegisterInvalid, match=r"cannot be read") as caught:
        Register.load(tmp_path / path)
    assert str(tmp_path / path) in str(caught.value)
    assert "--register FILE" in str(caught.value)


# -- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", ["{}", "\ufeff{}", "{}\n\n", "{} "], ids=["plain", "bom", "blank end", "spaces"])
def test_what_a_spreadsheet_adds_is_no_mistake(spoil):
    register = parsed(spoil.format(row("class,never", "4, YES ").strip()))
    assert register.people["P1"].never
    assert register.people["P1"].class_name == "4"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(end):
    register = parsed(f"{HEADER}\nP1,pupil,Ann,Bee\nP2,staff,Al,Cee\n".replace("\n", end))
    assert list(register.people) == ["P1", "P2"]


def test_blank_means_no_everywhere():
    person = parsed(f"{HEADER}\nP1,pupil,Ann,Bee\n").people["P1"]
    assert {person.standing(scope, TODAY) for scope in (*SCOPES, "a scope of tomorrow")} == {Standing.NO_CONSENT}
    assert person.biometric_standing(TODAY) is Standing.NO_CONSENT


def test_the_digest_changes_with_any_byte():
    one, two = parsed(f"{HEADER}\nP1,pupil,Ann,Bee\n"), parsed(f"{HEADER}\nP1,pupil,Ann,Bee \n")
    assert one.people == two.people
    assert one.sha256 != two.sha256


def test_no_name_shows_in_what_a_traceback_would_print(register):
    for person in register:
        shown = f"{person!r} {person!s} {register.people[person.id]!r}"
        assert person.legal_surname not in shown
        assert person.legal_forename not in shown
        assert person.id in shown
    assert "Winterbourne" not in repr(register)


def test_people_and_their_answers_cannot_be_changed(register):
    person = register.people["P003"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        person.never = False
    with pytest.raises(TypeError):
        person.consents["website"] = Consent(True, TODAY)
    with pytest.raises(TypeError):
        register.people["P999"] = person


# -- the sample -------------------------------------------------------------------------------------------------------


def test_the_sample_is_a_class_of_12_and_two_staff(register):
    roles = [person.role for person in register]
    assert (roles.count("pupil"), roles.count("staff"), len(register)) == (12, 2, 14)
    assert register.people["P001"].standing("social_media", TODAY) is Standing.CONSENTED


def test_the_sample_shows_every_state_that_a_register_can_hold(register):
    shown = {person.standing(scope, TODAY) for person in register for scope in SCOPES}
    # these follow from the photo, not from the register
    elsewhere = {Standing.UNKNOWN, Standing.UNSURE, Standing.NOBODY, Standing.HIDDEN_BY_PERSON}
    assert shown == set(Standing) - elsewhere
    assert {person.objection for person in register} >= {"parent", "child"}
    assert any(person.never for person in register)


def test_the_sample_tells_a_written_no_from_a_blank():
    answers = {
        tuple(cells[scope] for scope in SCOPES)
        for cells in csv.DictReader(io.StringIO(SAMPLE_FILE.read_text("utf-8")))
        if not cells["never"]
    }
    assert {("no",) * 5, ("",) * 5} <= answers
    assert any(len(set(answer)) > 1 for answer in answers)  # consent for some scopes only


def test_the_sample_has_siblings_of_whom_one_may_be_shown(register):
    groups = [person.sibling_group for person in register if person.sibling_group]
    pair = [person for person in register if person.sibling_group == "S1"]
    assert groups == ["S1", "S1"]
    assert {p.standing("website", TODAY) for p in pair} == {Standing.CONSENTED, Standing.NO_CONSENT}


def test_the_samples_objections_stand_against_a_written_yes(register):
    objecting = [person for person in register if person.objection]
    assert objecting
    for person in objecting:
        assert person.consents["website"].standing(TODAY) is Standing.CONSENTED
        assert person.standing("website", TODAY) is Standing.OBJECTION


def test_the_sample_uses_every_column():
    assert tuple(SAMPLE_FILE.read_text("utf-8").splitlines()[0].split(",")) == COLUMNS


def test_a_sample_with_one_cell_changed_is_another_register(register):
    changed = Register.parse(sample_with({"P001": {"objection": "parent"}}), "changed")
    assert changed.people["P001"].objection == "parent"
    assert changed.people["P002"] == register.people["P002"]


def test_the_sample_keeps_the_biometric_answer_apart(register):
    standings = {key: register.people[key].biometric_standing(TODAY).value for key in ("P001", "P002", "P005", "P006")}
    assert standings == {"P001": "consented", "P002": "no-consent", "P005": "withdrawn", "P006": "objection"}
    assert register.people["P002"].standing("website", TODAY) is Standing.CONSENTED


# -- what holds of every register -------------------------------------------------------------------------------------

scopes = st.sampled_from(SCOPES)


@given(persons(), scopes, days())
def test_never_dominates_everything(person, scope, on):
    barred = dataclasses.replace(person, never=True)
    assert barred.standing(scope, on) is Standing.NOT_PERMITTED
    assert barred.biometric_standing(on) is Standing.NOT_PERMITTED


@given(persons(), st.sampled_from(OBJECTORS), scopes, days())
def test_an_objection_dominates_every_consent(person, who, scope, on):
    assume(not person.never)
    objected = dataclasses.replace(person, objection=who)
    assert objected.standing(scope, on) is Standing.OBJECTION
    assert objected.biometric_standing(on) is Standing.OBJECTION


@given(consents(), days(), days())
def test_a_withdrawal_never_shows_more(consent, day, on):
    earlier = min(day, consent.withdrawn) if consent.withdrawn else day
    after = dataclasses.replace(consent, withdrawn=earlier)
    if after.standing(on) is Standing.CONSENTED:
        assert consent.standing(on) is Standing.CONSENTED
    if earlier <= on:
        assert after.standing(on) is Standing.WITHDRAWN


@given(consents(), days(), days())
def test_an_earlier_expiry_never_shows_more(consent, day, on):
    earlier = min(day, consent.expires) if consent.expires else day
    after = dataclasses.replace(consent, expires=earlier)
    if after.standing(on) is Standing.CONSENTED:
        assert consent.standing(on) is Standing.CONSENTED
        assert on < earlier


@given(consents(), days())
def test_consent_holds_from_the_day_it_was_given_to_the_day_before_it_ends(consent, on):
    ends = [day for day in (consent.expires, consent.withdrawn) if day]
    holds = consent.given and consent.granted <= on and all(on < day for day in ends)
    assert (consent.standing(on) is Standing.CONSENTED) == holds


@given(consents(), days(), st.integers(1, 400))
def test_what_has_ended_never_begins_again(consent, on, later):
    if consent.standing(on) in (Standing.WITHDRAWN, Standing.EXPIRED):
        assert consent.standing(on + timedelta(days=later)) in (Standing.WITHDRAWN, Standing.EXPIRED)


@given(persons(), scopes, days())
def test_one_scopes_answer_is_worth_nothing_for_another(person, scope, on):
    alone = dataclasses.replace(person, consents=MappingProxyType({scope: person.consents[scope]}))
    assert alone.standing(scope, on) is person.standing(scope, on)
    for other in set(SCOPES) - {scope}:
        assert alone.standing(other, on) is not Standing.CONSENTED


@given(persons(), days())
def test_consent_to_be_shown_is_no_consent_to_a_template(person, on):
    without = dataclasses.replace(person, biometric=Consent())
    assert without.biometric_standing(on) is not Standing.CONSENTED


def as_csv(register: Register) -> bytes:
    def cells(person: Person) -> dict[str, str]:
        values = {
            "id": person.id,
            "role": person.role,
            "legal_forename": person.legal_forename,
            "legal_surname": person.legal_surname,
            "never": "yes" if person.never else "",
            "objection": person.objection,
            "sibling_group": person.sibling_group,
        }
        for scope, answer in {**person.consents, "biometric": person.biometric}.items():
            values[scope] = "yes" if answer.given else ""
            values[f"{scope}_document"] = answer.document
            for part in ("granted", "expires", "withdrawn"):
                day = getattr(answer, part)
                values[f"{scope}_{part}"] = day.isoformat() if day else ""
        return values

    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(map(cells, register))
    return out.getvalue().encode()


@given(registers())
def test_a_register_written_as_csv_reads_back_the_same(register):
    assert Register.parse(as_csv(register), "drawn").people == register.people


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_register_or_a_report(data):
    try:
        register = Register.parse(data, "r.csv")
    except RegisterInvalid as error:
        assert error.problems
    else:
        assert len(register)


@given(registers(most=2), st.data())
def test_a_damaged_register_is_reported_or_still_whole_rows(register, data):
    text = bytearray(as_csv(register))
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b',"\n\rx0-'))
    try:
        read = Register.parse(bytes(text), "r.csv")
    except RegisterInvalid as error:
        assert all(problem.line is None or problem.line >= 1 for problem in error.problems)
    else:
        assert all(person.role and person.id for person in read)


def test_a_row_in_the_place_of_the_columns_shows_nobodys_name() -> None:
    data = b"id,role,legal_forename,legal_surname,Winterbourne,wesbite\nP1,pupil,Al,Hill,x,\n"
    with pytest.raises(RegisterInvalid) as caught:
        Register.parse(data, "register.csv")
    assert [problem.where for problem in caught.value.problems] == ["column 5", "wesbite"]
    assert "Winterbourne" not in str(caught.value)
