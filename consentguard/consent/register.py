"""The consent register: who may be shown where, in the words schools use.

One row per person, one file, read strictly: whatever is wrong is reported at once with its line and column, and then
nothing is loaded. A blank cell means no.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from consentguard.errors import Problem, RegisterInvalid
from consentguard.values import Standing

SCOPES: Final = ("website", "social_media", "press", "prospectus", "newsletter")
"""What consent is given for, one by one."""

ROLES: Final = ("pupil", "staff", "other")
OBJECTORS: Final = ("parent", "child", "self")

_PERSON_COLUMNS: Final = (
    "id",
    "role",
    "legal_forename",
    "legal_surname",
    "preferred_forename",
    "preferred_surname",
    "class",
    "never",
    "objection",
    "sibling_group",
)
_CONSENT_PARTS: Final = ("", "_granted", "_expires", "_withdrawn", "_document")
_REQUIRED: Final = ("id", "role", "legal_forename", "legal_surname")

COLUMNS: Final = (
    *_PERSON_COLUMNS,
    *(f"{scope}{part}" for scope in (*SCOPES, "biometric") for part in _CONSENT_PARTS),
)
"""Every column the register may have; all but `id`, `role` and the legal names may be left out."""

_MAX_BYTES: Final = 50_000_000
_NEXT_STEP = "Mend these cells and run `consentguard register check` again; columns are explained in docs/register.md."


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer for one scope (or for biometrics): given or not, with its dates and the document that proves it."""

    given: bool = False
    granted: date | None = None
    expires: date | None = None
    withdrawn: date | None = None
    document: str = ""

    def standing(self, on: date) -> Standing:
        """What this answer is worth on a day. The days of expiry and of withdrawal no longer count as consent."""
        if self.withdrawn is not None and self.withdrawn <= on:
            return Standing.WITHDRAWN
        if not self.given or self.granted is None or self.granted > on:
            return Standing.NO_CONSENT
        if self.expires is not None and self.expires <= on:
            return Standing.EXPIRED
        return Standing.CONSENTED


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the register. `consents` maps each scope, `biometric` the use of face templates.

    Names are here for the rules about words; no verdict, log or audit row ever holds one.
    """

    id: str
    role: str
    legal_forename: str
    legal_surname: str
    preferred_forename: str = ""
    preferred_surname: str = ""
    class_name: str = ""
    never: bool = False
    objection: str = ""
    sibling_group: str = ""
    consents: Mapping[str, Consent] = field(default_factory=lambda: MappingProxyType({}))
    biometric: Consent = Consent()

    def __repr__(self) -> str:
        return f"<Person {self.id}>"  # a repr ends up in logs and tracebacks; a name must not

    def standing(self, scope: str, on: date) -> Standing:
        """What may be shown of this person for a scope on a day.

        `never` dominates everything, an objection dominates every consent, and a scope without an answer is a no.
        """
        if self.never:
            return Standing.NOT_PERMITTED
        if self.objection:
            return Standing.OBJECTION
        return self.consents.get(scope, Consent()).standing(on)

    def biometric_standing(self, on: date) -> Standing:
        """Whether a template of this person's face may exist on a day; the same order of precedence."""
        if self.never:
            return Standing.NOT_PERMITTED
        if self.objection:
            return Standing.OBJECTION
        return self.biometric.standing(on)


@dataclass(frozen=True, slots=True)
class Register:
    """Everybody the school answers for, by id, and the digest of the file they were read from."""

    people: Mapping[str, Person]
    sha256: str
    file: str

    @classmethod
    def load(cls, path: Path) -> Register:
        """Reads a register file. Raises RegisterInvalid with all that is wrong with it; then nothing is loaded."""
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise RegisterInvalid(
                str(path),
                [Problem(None, "", f"the file cannot be read ({why})")],
                "Name the register with --register FILE; `consent_register.csv` of the project is a sample.",
            ) from error
        if len(data) > _MAX_BYTES:
            raise RegisterInvalid(str(path), [Problem(None, "", "the file is over 50 MB: not a register")], _NEXT_STEP)
        return cls.parse(data, str(path))

    @classmethod
    def parse(cls, data: bytes, file: str) -> Register:
        """Reads the bytes of a register; `file` is what errors call it. Raises RegisterInvalid as `load` does."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise RegisterInvalid(
                file, [Problem(line, "", "not UTF-8 text")], "Save the sheet as CSV UTF-8 and try again."
            ) from error
        people, problems = _read(text)
        if problems:
            raise RegisterInvalid(file, problems, _NEXT_STEP)
        return cls(MappingProxyType(people), hashlib.sha256(data).hexdigest(), file)

    def get(self, person: str) -> Person | None:
        return self.people.get(person)

    def evidence(self, people: Iterable[str], scope: str) -> dict[str, dict[str, str]]:
        """For each id the consent that a release rests on: scope, the day it was given, and the document."""
        rows = {person: self.people[person].consents.get(scope, Consent()) for person in people}
        return {
            person: {"scope": scope, "granted": str(row.granted or ""), "document": row.document}
            for person, row in rows.items()
        }

    def __iter__(self) -> Iterator[Person]:
        return iter(self.people.values())

    def __len__(self) -> int:
        return len(self.people)


def _read(text: str) -> tuple[dict[str, Person], list[Problem]]:
    """Every person of a CSV text, and everything wrong with it; the people count only if nothing is."""
    problems: list[Problem] = []
    people: dict[str, Person] = {}
    if "\0" in text:
        return {}, [Problem(text.count("\n", 0, text.index("\0")) + 1, "", "a NUL byte: this is not a CSV file")]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        problems += _header_problems(header)
        if problems:
            return {}, problems
        first_line: dict[str, int] = {}
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                break
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problems.append(Problem(line, "", f"{len(cells)} cells where the header has {len(header)}"))
                continue
            row = _Row(line, {column: cell.strip() for column, cell in zip(header, cells, strict=True)})
            person = row.person()
            problems += row.problems
            key = person.id.casefold()  # P001 and p001 would be told apart by nobody
            if key in first_line:
                problems.append(Problem(line, "id", f"{person.id!r} is already on line {first_line[key]}"))
            first_line.setdefault(key, line)
            people[person.id] = person
    except csv.Error as error:
        problems.append(Problem(reader.line_num, "", f"not a readable CSV row ({error})"))
    if not people and not problems:
        problems.append(Problem(None, "", "there is nobody in it"))
    return people, problems


def _header_problems(header: list[str]) -> Iterable[Problem]:
    if not any(header):
        yield Problem(1, "", "the file is empty; the first line must name the columns")
        return
    if not any(column in COLUMNS for column in header):
        yield Problem(
            1, "", "the first line does not name columns, separated by commas"
        )  # it may be a pupil's row: nothing of it is shown
        return
    for column in dict.fromkeys(header):
        if column not in COLUMNS:
            yield Problem(1, column or "(no name)", "unknown column")
        elif header.count(column) > 1:
            yield Problem(1, column, "the column stands more than once")
    for column in _REQUIRED:
        if column not in header:
            yield Problem(1, column, "the column is missing")


class _Row:
    """One line of the file on its way to a `Person`, collecting what is wrong with it."""

    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self.line = line
        self.cells = cells
        self.problems: list[Problem] = []

    def person(self) -> Person:
        for column in _REQUIRED:
            if not self.cells[column]:
                self._wrong(column, "must not be blank")
        identifier = self.cells["id"]
        if any(character in identifier for character in ",;\r\n\t /\\"):
            self._wrong("id", "an id holds no spaces, commas, semicolons or slashes")
        return Person(
            id=identifier,
            role=self._choice("role", ROLES),
            legal_forename=self.cells["legal_forename"],
            legal_surname=self.cells["legal_surname"],
            preferred_forename=self._text("preferred_forename"),
            preferred_surname=self._text("preferred_surname"),
            class_name=self._text("class"),
            never=self._yes("never"),
            objection=self._choice("objection", OBJECTORS),
            sibling_group=self._text("sibling_group"),
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
        if consent.given and consent.granted is None and self._readable(f"{scope}_granted"):
            self._wrong(f"{scope}_granted", "consent needs the day on which it was given")
        if not consent.given and (consent.granted or consent.expires) and consent.withdrawn is None:
            self._wrong(scope, "has dates of a consent but says no: write yes, or take the dates out")
        for later in ("expires", "withdrawn"):
            day = getattr(consent, later)
            if consent.granted and day and day < consent.granted:
                self._wrong(f"{scope}_{later}", f"is before {scope}_granted")
        return consent

    def _text(self, column: str) -> str:
        return self.cells.get(column, "")

    def _yes(self, column: str) -> bool:
        cell = self._text(column).casefold()
        if cell not in ("yes", "no", ""):
            self._wrong(column, "is neither yes nor no (blank means no)")
        return cell == "yes"

    def _choice(self, column: str, choices: tuple[str, ...]) -> str:
        cell = self._text(column).casefold()
        if cell and cell not in choices:
            self._wrong(column, f"is none of {', '.join(choices)}")
        return cell

    def _day(self, column: str) -> date | None:
        cell = self._text(column)
        if not cell:
            return None
        try:
            if [len(part) for part in cell.split("-")] != [4, 2, 2]:  # fromisoformat takes 20260901 and week dates too
                raise ValueError(cell)
            return date.fromisoformat(cell)
        except ValueError:
            self._wrong(column, "is not a day like 2026-09-01")
            return None

    def _readable(self, column: str) -> bool:
        return not any(problem.where == column for problem in self.problems)

    def _wrong(self, column: str, message: str) -> None:
        self.problems.append(Problem(self.line, column, message))
