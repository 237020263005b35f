"""Rows of a register and back: in wide form one row a person, in long form one row a person and scope.

Read strictly: whatever is wrong is reported at once with its line and column. A blank cell means no.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from rapidfuzz import fuzz

from consentguard.consent.register.people import (
    COLUMNS,
    CONSENT_PARTS,
    OBJECTORS,
    PERSON_COLUMNS,
    REQUIRED,
    ROLES,
    SCOPES,
    Consent,
    Person,
)
from consentguard.consent.register.sheets import Sheet, delimiter_of, iso_day, read_sheet
from consentguard.errors import Problem

NAMES: Final = ("legal_forename", "legal_surname", "preferred_forename", "preferred_surname")
_LONGEST: Final = 100
"""Characters of a name or an id."""
_ALIKE: Final = 70
"""Per cent of likeness from which a column is taken for a misspelt one of ours."""
_ANSWERS: Final = (*SCOPES, "biometric")
_LONG_PARTS: Final = ("scope", "consent", "granted", "expires", "withdrawn", "document")
LONG_COLUMNS: Final = (*PERSON_COLUMNS, *_LONG_PARTS)
"""Every column of the long form; `scope` is one of the scopes or `biometric`, blank for a person without an answer."""


def read_people(text: str) -> tuple[dict[str, Person], list[Problem]]:
    """Every person of a CSV text in either form, and everything wrong with it; they count only if nothing is."""
    sheet, problems = read_sheet(text, delimiter_of(text) if text[:5].strip('"').lower().startswith("sep=") else ",")
    if problems and not sheet.columns:
        return {}, problems
    long = "scope" in sheet.columns
    wrong_header = list(_header_problems(sheet.columns, LONG_COLUMNS if long else COLUMNS))
    if wrong_header:
        return {}, wrong_header
    people: dict[str, Person] = {}
    first_line: dict[str, int] = {}
    for row in _gathered(sheet) if long else _one_each(sheet):
        person = row.person()
        problems += row.problems
        key = person.id.casefold()  # P001 and p001 would be told apart by nobody
        if key in first_line:
            problems.append(Problem(row.line, "id", f"{person.id!r} is already on line {first_line[key]}"))
        first_line.setdefault(key, row.line)
        people[person.id] = person
    if not people and not problems:
        problems.append(Problem(None, "", "there is nobody in it"))
    return people, sorted(problems, key=lambda problem: problem.line or 0)


def write_wide(people: Iterable[Person]) -> bytes:
    """A register of these people, one row each; `read_people` makes the same people of it. CSV in UTF-8."""
    return _written(COLUMNS, (cells_of(person) for person in people))


def write_long(people: Iterable[Person]) -> bytes:
    """A register of these people, one row for each scope they were asked for; reads back the same. CSV in UTF-8."""
    rows = []
    for person in people:
        cells = cells_of(person)
        own = {column: cells[column] for column in PERSON_COLUMNS}
        answers = [
            {"scope": scope, "consent": cells[scope], **{part[1:]: cells[scope + part] for part in CONSENT_PARTS[1:]}}
            for scope in _ANSWERS
            if any(cells[scope + part] for part in CONSENT_PARTS)
        ]
        rows += [{**own, **answer} for answer in answers or [dict.fromkeys(_LONG_PARTS, "")]]
    return _written(LONG_COLUMNS, rows)


def cells_of(person: Person) -> dict[str, str]:
    """A person as cells of the wide form."""
    cells = {
        "id": person.id,
        "role": person.role,
        "legal_forename": person.legal_forename,
        "legal_surname": person.legal_surname,
        "preferred_forename": person.preferred_forename,
        "preferred_surname": person.preferred_surname,
        "class": person.class_name,
        "never": "yes" if person.never else "",
        "objection": person.objection,
        "sibling_group": person.sibling_group,
        "left": str(person.left or ""),
    }
    for scope in _ANSWERS:
        answer = person.biometric if scope == "biometric" else person.consents.get(scope, Consent())
        cells |= {
            scope: "yes" if answer.given else "",
            f"{scope}_granted": str(answer.granted or ""),
            f"{scope}_expires": str(answer.expires or ""),
            f"{scope}_withdrawn": str(answer.withdrawn or ""),
            f"{scope}_document": answer.document,
        }
    return cells


def _written(columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _header_problems(header: tuple[str, ...], known: tuple[str, ...]) -> Iterable[Problem]:
    if not any(header):
        yield Problem(1, "", "the file is empty; the first line must name the columns")
        return
    if not any(column in known for column in header):
        yield Problem(
            1, "", "the first line does not name columns, separated by commas"
        )  # it may be a pupil's row: nothing of it is shown
        return
    for column in dict.fromkeys(header):
        if column not in known:
            yield Problem(1, shown_column(column, header.index(column)), "unknown column")
        elif header.count(column) > 1:
            yield Problem(1, column, "the column stands more than once")
    for column in REQUIRED:
        if column not in header:
            yield Problem(1, column, "the column is missing")


def shown_column(column: str, at: int) -> str:
    """What a report calls a column that is not known: its name where it is like one of ours, else only its number.

    A first line that is somebody's row would otherwise put a pupil's name into a message.
    """
    alike = max(fuzz.ratio(column.casefold(), name) for name in {*COLUMNS, *LONG_COLUMNS})
    return column if column and alike >= _ALIKE else f"column {at + 1}"


def _one_each(sheet: Sheet) -> Iterable[PersonRow]:
    for line, cells in sheet.rows:
        yield PersonRow(line, dict(zip(sheet.columns, cells, strict=True)))


def _gathered(sheet: Sheet) -> Iterable[PersonRow]:
    """Long rows put together by their id: what is said of the person must agree, and each scope stands once."""
    people: dict[str, PersonRow] = {}
    for line, cells in sheet.rows:
        row = dict(zip(sheet.columns, cells, strict=True))
        own = {column: text for column, text in row.items() if column in PERSON_COLUMNS}
        person = people.setdefault(row["id"], PersonRow(line, own))
        for column, text in own.items():
            if person.cells[column] != text:
                person.wrong(column, f"says otherwise on line {person.line}", line)
        scope = row["scope"].casefold()
        if not scope and not any(row.get(part) for part in _LONG_PARTS):
            continue
        if scope not in _ANSWERS:
            person.wrong("scope", f"is none of {', '.join(_ANSWERS)}", line)
        elif scope in person.cells:
            person.wrong("scope", f"{scope} of this person stands more than once", line)
        else:
            person.add({scope: row.get("consent", "")}, line, "consent")
            for part in _LONG_PARTS[2:]:
                person.add({f"{scope}_{part}": row.get(part, "")}, line, part)
    yield from people.values()


class PersonRow:
    """The cells of one person in wide form, on their way to a `Person`, collecting what is wrong with them."""

    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self.line = line
        self.cells = cells
        self.problems: list[Problem] = []
        self._places: dict[str, tuple[int, str]] = {}
        self._unreadable: set[str] = set()

    def add(self, cells: Mapping[str, str], line: int, column: str) -> None:
        """More cells, which the file has on another line or in a column of another name."""
        self.cells.update(cells)
        self._places.update(dict.fromkeys(cells, (line, column)))

    def wrong(self, column: str, message: str, line: int | None = None) -> None:
        """Notes that a cell is wrong, at the place where the file has it."""
        own_line, name = self._places.get(column, (self.line, column))
        self.problems.append(Problem(line or own_line, name, message))
        self._unreadable.add(column)

    def person(self) -> Person:
        for column in REQUIRED:
            if not self._text(column):
                self.wrong(column, "must not be blank")
        identifier = self.cells["id"]
        if any(character in identifier for character in ",;\r\n\t /\\"):
            self.wrong("id", "an id holds no spaces, commas, semicolons or slashes")
        elif identifier != unicodedata.normalize("NFKC", identifier) or not identifier.isprintable():
            self.wrong("id", "holds full-width or unseen characters, which look like others; type it anew")
        elif len(identifier) > _LONGEST:
            self.wrong("id", f"is longer than {_LONGEST} characters")
        for column in NAMES:
            if len(self._text(column)) > _LONGEST:
                self.wrong(column, f"is longer than {_LONGEST} characters")
        return Person(
            id=identifier,
            role=self._choice("role", ROLES),
            legal_forename=self._text("legal_forename"),
            legal_surname=self._text("legal_surname"),
            preferred_forename=self._text("preferred_forename"),
            preferred_surname=self._text("preferred_surname"),
            class_name=self._text("class"),
            never=self._yes("never"),
            objection=self._choice("objection", OBJECTORS),
            sibling_group=self._text("sibling_group"),
            left=self._day("left"),
            consents=MappingProxyType({scope: self._consent(scope) for scope in SCOPES}),
            biometric=self._consent("biometric"),
        )

    def _consent(self, scope: str) -> Consent:
        consent = Consent(
            given=self._yes(scope),
            granted=self._day(f"{scope}_granted"),
            expires=self._day(f"{scope}_expires"),
            withdrawn=self._day(f"{scope}_withdrawn"),
            document=self._text(f"{scope}_document"),
        )
        if consent.given and consent.granted is None and f"{scope}_granted" not in self._unreadable:
            self.wrong(f"{scope}_granted", "consent needs the day on which it was given")
        if not consent.given and (consent.granted or consent.expires) and consent.withdrawn is None:
            self.wrong(scope, "has dates of a consent but says no: write yes, or take the dates out")
        for later in ("expires", "withdrawn"):
            day = getattr(consent, later)
            if consent.granted and day and day < consent.granted:
                self.wrong(f"{scope}_{later}", f"is before {scope}_granted")
        return consent

    def _text(self, column: str) -> str:
        return self.cells.get(column, "")

    def _yes(self, column: str) -> bool:
        cell = self._text(column).casefold()
        if cell not in ("yes", "no", ""):
            self.wrong(column, "is neither yes nor no (blank means no)")
        return cell == "yes"

    def _choice(self, column: str, choices: tuple[str, ...]) -> str:
        cell = self._text(column).casefold()
        if cell and cell not in choices:
            self.wrong(column, f"is none of {', '.join(choices)}")
        return cell

    def _day(self, column: str) -> date | None:
        cell = self._text(column)
        day = iso_day(cell) if cell else None
        if cell and day is None:
            self.wrong(column, "is not a day like 2026-09-01")
        return day
