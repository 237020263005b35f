"""Registers from what schools have: exports of Arbor, SIMS and Bromcom, Wonde's JSON, and our own two forms.

Every format is the same work: a mapping says which of the file's columns is which of ours, answers and days are read in
the file's own way, and what comes out is checked like any register. People are told apart by an id, never by a name.
Columns differ from school to school; what a preset does not know is named with `--scope` or in a mapping file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from consentguard.consent.policy.toml_keys import Keys, read_toml
from consentguard.consent.register.people import COLUMNS, CONSENT_PARTS, PERSON_COLUMNS, ROLES, SCOPES, Person
from consentguard.consent.register.register import Register
from consentguard.consent.register.rows import LONG_COLUMNS, PersonRow, shown_column, write_wide
from consentguard.consent.register.sheets import (
    DATE_STYLES,
    Sheet,
    date_style,
    decode,
    delimiter_of,
    read_day,
    read_sheet,
)
from consentguard.errors import Problem, RegisterInvalid, WrongUsage
from consentguard.files import MAX_TABLE, read_bounded

FORMATS: Final = ("arbor", "sims", "wonde", "csv", "wide", "long")
ANSWERED: Final = (*SCOPES, "biometric")
_NEXT_STEP: Final = "Mend these and import again; nothing was written. Formats are explained in docs/register.md."
_DEEPEST: Final = 50
_DAYS: Final = ("_granted", "_expires", "_withdrawn")
# What a parent who has not answered looks like counts as no, as a blank does.
_YES: Final = ("yes", "y", "true", "1", "accept", "accepted", "agree", "agreed", "granted", "given", "consent given")
_NO: Final = ("no", "n", "false", "0", "decline", "declined", "denied", "refused", "withheld", "not given", "withdrawn")
_NONE: Final = ("", "-", "pending", "awaiting", "no response", "not set", "not known", "unknown", "null", "none")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a file are which of ours.

    Attributes:
        columns: our column -> names the file may have for it; the first that it has is taken, compared without case.
        yes, no: how the file writes answers, lower case; everything that means "not answered" is known already.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    yes: tuple[str, ...] = _YES
    no: tuple[str, ...] = _NO

    def with_columns(self, more: Mapping[str, tuple[str, ...]]) -> Columns:
        """The same, with other names for some of our columns."""
        return replace(self, columns=MappingProxyType({**self.columns, **more}))


_LEFT: Final = ("Date of Leaving", "Leaving Date", "Leaving date")
PRESETS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        # One list for each consent type, downloaded by itself.
        "arbor": Columns(
            MappingProxyType(
                {
                    "id": ("Student ID", "Arbor Student ID", "UPN", "Admission Number"),
                    "legal_forename": ("Legal First Name", "First Name", "Forename"),
                    "legal_surname": ("Legal Last Name", "Last Name", "Surname"),
                    "preferred_forename": ("Preferred First Name",),
                    "preferred_surname": ("Preferred Last Name",),
                    "class": ("Registration Form", "Form", "Class"),
                    "left": _LEFT,
                    "answer": ("Response", "Consent", "Status", "Answer"),
                    "answer_granted": ("Response Date", "Date of Response", "Date"),
                    "answer_expires": ("Expiry Date",),
                }
            )
        ),
        "sims": Columns(
            MappingProxyType(
                {
                    "id": ("Admission Number", "Adno", "UPN"),
                    "legal_forename": ("Legal Forename", "Forename"),
                    "legal_surname": ("Legal Surname", "Surname"),
                    "preferred_forename": ("Preferred Forename",),
                    "preferred_surname": ("Preferred Surname",),
                    "class": ("Reg Group", "Registration Group", "Reg"),
                    "left": _LEFT,
                }
            )
        ),
        # Fields of the student object; `forename` and `surname` are the names in use.
        "wonde": Columns(
            MappingProxyType(
                {
                    "id": ("mis_id", "upi"),
                    "legal_forename": ("legal_forename", "forename"),
                    "legal_surname": ("legal_surname", "surname"),
                    "preferred_forename": ("forename",),
                    "preferred_surname": ("surname",),
                    "class": ("registration.name", "registration.code", "year.name"),
                    "left": ("education_details.leaving_date",),
                }
            )
        ),
        "csv": Columns(),
    }
)


@dataclass(frozen=True, slots=True)
class Imported:
    """People read from files of a school, with what the reader should know.

    Attributes:
        people: by id.
        answered: our columns that the files have; of all others they say nothing.
        notes: plain sentences without names: encoding, date style, columns that were not used.
    """

    people: Mapping[str, Person]
    answered: frozenset[str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its bytes, what errors call it, and the scope that a list of one consent type is about."""

    data: bytes
    name: str
    scope: str | None = None


def read_mapping(data: bytes, file: str, base: Columns) -> Columns:
    """A mapping file (TOML) over a preset. Raises RegisterInvalid with everything that is wrong with it.

    `id = "Pupil Reference"` names the file's column, `["A", "B"]` several; `[scopes.website]` has `consent`, `granted`,
    `expires`, `withdrawn` and `document`; `[answers]` lists more ways to say `yes` and `no`.
    """
    try:
        keys = Keys(read_toml(data))
    except ValueError as error:
        raise RegisterInvalid(file, [Problem(None, "", f"not a TOML file ({error})")], _NEXT_STEP) from error
    columns: dict[str, tuple[str, ...]] = {}

    def take(keys: Keys, key: str, column: str) -> None:
        if keys.has(key):
            columns[column] = keys.one_or_more(key)

    for column in PERSON_COLUMNS:
        take(keys, column, column)
    scopes, answers = keys.table("scopes"), keys.table("answers")
    for scope in ANSWERED:
        if scopes.has(scope):
            table = scopes.table(scope)
            take(table, "consent", scope)
            for part in CONSENT_PARTS[1:]:
                take(table, part[1:], scope + part)
    yes = tuple(text.casefold() for text in answers.texts("yes"))
    no = tuple(text.casefold() for text in answers.texts("no"))
    problems = keys.finish()
    if problems:
        raise RegisterInvalid(file, problems, "Mend the mapping file; docs/register.md shows one.")
    mapped = base.with_columns(columns)
    return replace(mapped, yes=(*mapped.yes, *yes), no=(*(n for n in mapped.no if n not in yes), *no))


def read(
    form: str,
    sources: Sequence[Source],
    mapping: Columns,
    *,
    role: str = "pupil",
    dates: str | None = None,
    granted: date | None = None,
) -> Imported:
    """The people of a school's files. Raises RegisterInvalid with everything that is wrong; then nothing is read.

    Args:
        form: one of `FORMATS`.
        sources: the files; for Arbor one for each consent type, with its scope.
        mapping: a preset, perhaps changed by `read_mapping`.
        role: of everybody in files that do not say.
        dates: how days are written, one of `DATE_STYLES`; without it that must be clear from each file.
        granted: the day for consents without one, such as the day the list was made.
    """
    if role not in ROLES:
        raise WrongUsage(f"role {role!r} does not exist; choose one of {', '.join(ROLES)}")
    if dates is not None and dates not in DATE_STYLES:
        raise WrongUsage(f"dates {dates!r} do not exist; choose one of {', '.join(DATE_STYLES)}")
    importer = _Importer(form, mapping, role, dates, granted, several=len(sources) > 1)
    for source in sources:
        importer.add(source)
    return importer.finish(", ".join(source.name for source in sources))


def update(old: Register, new: Imported, on: date, role: str = "pupil") -> tuple[dict[str, Person], list[str]]:
    """A register after an import: what the import knows is taken from it, what only the register knows is kept.

    A `never` and an objection never go away by themselves. Whoever is missing from the import and has its role has
    left, on `on`. Returns the people and plain sentences about them, ids only. Raises RegisterInvalid where an id is of
    people in different roles, because then it is two people.
    """
    people: dict[str, Person] = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for person in old:
        fresh = new.people.get(person.id)
        if fresh is not None:
            people[person.id] = _merged(person, fresh, new.answered)
            if fresh.role != person.role:
                problems.append(Problem(None, "id", f"{person.id} is {person.role}, in the import {fresh.role}"))
            if (left := people[person.id].left) and left <= on:
                notes.append(
                    f"{person.id}: is in the import and has left on {left}; whoever came back needs that blank"
                )
        elif person.role == role and person.left is None:
            people[person.id] = replace(person, left=on)
            notes.append(f"{person.id}: not in the import, so marked as left on {on}")
        else:
            people[person.id] = person
    if problems:
        raise RegisterInvalid(old.file, problems, "Give one of the two another id; or say --role where all have it.")
    names = {_name(person): person.id for person in old}
    for identifier, fresh in new.people.items():
        if identifier not in people:
            people[identifier] = fresh
            if (twin := names.get(_name(fresh))) is not None:
                notes.append(f"{identifier}: is new and has the names of {twin}; if it is one child, keep one id")
    return people, notes


def _merged(before: Person, fresh: Person, answered: frozenset[str]) -> Person:
    """One person: each thing from the import where its files speak of it, else from the register."""
    return replace(
        fresh,
        never=before.never or fresh.never,
        objection=fresh.objection or before.objection,
        sibling_group=fresh.sibling_group or before.sibling_group,
        preferred_forename=fresh.preferred_forename or before.preferred_forename,
        preferred_surname=fresh.preferred_surname or before.preferred_surname,
        class_name=fresh.class_name if "class" in answered else before.class_name,
        left=fresh.left if "left" in answered else before.left,
        consents=MappingProxyType({**before.consents, **fresh.consents}),
        biometric=fresh.biometric if "biometric" in answered else before.biometric,
    )


def _name(person: Person) -> tuple[str, str]:
    return person.legal_forename.casefold(), person.legal_surname.casefold()


class _Importer:
    """Files on their way to people, and everything wrong with them."""

    def __init__(
        self, form: str, mapping: Columns, role: str, dates: str | None, granted: date | None, *, several: bool
    ) -> None:
        self._form = form
        self._mapping = mapping
        self._role = role
        self._dates = dates
        self._granted = granted
        self._several = several
        self._rows: dict[str, _Found] = {}
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._asked: set[str] = set()

    def add(self, source: Source) -> None:
        """Reads one more file."""
        problems: list[Problem] = []
        sheet = self._sheet(source, problems)
        if sheet is not None:
            columns = self._columns(source, sheet, problems)
            if not any(problem.line is None or problem.line == 1 for problem in problems):
                self._take(source, sheet, columns, problems)
        prefix = f"{source.name}: " if self._several else ""
        self._problems += [replace(problem, where=f"{prefix}{problem.where}") for problem in problems]

    def finish(self, file: str) -> Imported:
        """The people, once nothing is wrong. Raises RegisterInvalid otherwise."""
        people: dict[str, Person] = {}
        for found in self._rows.values():
            person = found.row.person()
            prefix = f"{found.file}: " if self._several else ""
            self._problems += [replace(problem, where=f"{prefix}{problem.where}") for problem in found.row.problems]
            asked = {scope: answer for scope, answer in person.consents.items() if scope in self._asked}
            people[person.id] = replace(person, consents=MappingProxyType(asked))
        if not people and not self._problems:
            self._problems.append(Problem(None, "", "there is nobody in it"))
        if self._problems:
            raise RegisterInvalid(file, self._problems, _NEXT_STEP)
        return Imported(MappingProxyType(people), frozenset(self._asked), tuple(dict.fromkeys(self._notes)))

    def _sheet(self, source: Source, problems: list[Problem]) -> Sheet | None:
        try:
            text, encoding = decode(source.data)
        except UnicodeDecodeError:
            problems.append(Problem(None, "", "is text in no encoding we know; save it as CSV UTF-8"))
            return None
        if encoding != "UTF-8":
            self._notes.append(f"{source.name}: read as {encoding}; see that names with accents came over right")
        if self._form == "wonde":
            return _from_json(text, problems)
        sheet, wrong = read_sheet(text, delimiter_of(text))
        problems += wrong
        return sheet

    def _columns(self, source: Source, sheet: Sheet, problems: list[Problem]) -> dict[str, int]:
        """Where in the file each of our columns stands."""
        if self._form in ("wide", "long"):
            own = LONG_COLUMNS if self._form == "long" else COLUMNS
            wanted: dict[str, tuple[str, ...]] = {column: (column,) for column in own}
            problems += [
                Problem(1, shown_column(column, at), "unknown column")
                for at, column in enumerate(sheet.columns)
                if column not in own
            ]
        else:
            wanted = dict(self._mapping.columns)
            if source.scope is not None:
                for part in CONSENT_PARTS:
                    wanted[f"{source.scope}{part}"] = wanted.get(f"answer{part}", ())
        index = {name.casefold(): n for n, name in reversed(list(enumerate(sheet.columns)))}
        columns: dict[str, int] = {}
        for ours, names in wanted.items():
            places = [index[name.casefold()] for name in names if name.casefold() in index]
            if places and not ours.startswith("answer"):
                columns[ours] = places[0]
        missing = [column for column in ("id", "legal_forename", "legal_surname") if column not in columns]
        if source.scope is not None and source.scope not in columns:
            missing.append(source.scope)
        missing += [o for o in wanted if o in ANSWERED and self._form in ("sims", "wonde", "csv") and o not in columns]
        for column in dict.fromkeys(missing):
            known = " or ".join(wanted.get(column, ())) or "nothing: name it in a mapping file (--columns)"
            problems.append(Problem(1, column, f"no such column; looked for {known}"))
        self._asked |= {*columns, *(ANSWERED if self._form == "long" else ())}
        return columns

    def _take(self, source: Source, sheet: Sheet, columns: dict[str, int], problems: list[Problem]) -> None:
        style = self._style(source, sheet, columns, problems)
        for line, cells in sheet.rows:
            texts = {column: cells[place] for column, place in columns.items()}
            names = {column: sheet.columns[place] for column, place in columns.items()}
            if self._form == "long":
                texts, names = _widened(texts, names, line, problems)
            row = self._translated(texts, names, line, style, problems)
            self._merge(row, names, line, source, problems)

    def _style(self, source: Source, sheet: Sheet, columns: dict[str, int], problems: list[Problem]) -> str:
        """How the days of a file are written: as told, else as they say themselves; a problem where they do not."""
        if self._dates:
            return self._dates
        places = [n for column, n in columns.items() if column.endswith(_DAYS) or column in ("left", *_bare(_DAYS))]
        style, why = date_style([cells[place] for _, cells in sheet.rows for place in places])
        if style is None:
            problems.append(Problem(None, "", f"{why}; say how days are written: --dates day-first or month-first"))
            return "iso"
        if style != "iso":
            self._notes.append(f"{source.name}: days are written {style.replace('-', ' ')}, as some of them show")
        return style

    def _translated(
        self, texts: dict[str, str], names: dict[str, str], line: int, style: str, problems: list[Problem]
    ) -> dict[str, str]:
        """One row in the words of our wide form."""
        row = {column: text for column, text in texts.items() if column in PERSON_COLUMNS}
        row.setdefault("role", self._role)
        row["role"] = row["role"] or self._role
        for name in ("forename", "surname"):
            if row.get(f"preferred_{name}", "").casefold() == row.get(f"legal_{name}", "").casefold():
                row[f"preferred_{name}"] = ""
        days = [column for column in texts if column == "left" or column.endswith(_DAYS)]
        for column in days:
            text = texts[column]
            day = read_day(text, style) if text else None
            if text and day is None:
                problems.append(
                    Problem(line, names[column], f"is not a day ({'2026-09-07' if style == 'iso' else style})")
                )
            row[column] = str(day or "")
        for scope in ANSWERED:
            if scope in texts:
                row[scope] = self._answer(texts[scope], names[scope], line, problems)
                row[f"{scope}_document"] = texts.get(f"{scope}_document", "")
                if row[scope] == "yes" and not row.get(f"{scope}_granted") and self._granted:
                    row[f"{scope}_granted"] = str(self._granted)
                if not row[scope] and not row.get(f"{scope}_withdrawn"):
                    row[f"{scope}_granted"] = row[f"{scope}_expires"] = ""  # the day of a refusal is no consent's
        return row

    def _answer(self, text: str, name: str, line: int, problems: list[Problem]) -> str:
        word = " ".join(text.casefold().split())
        if word in self._mapping.yes:
            return "yes"
        if word not in self._mapping.no and word not in _NONE:
            problems.append(Problem(line, name, "is no answer we know; add it to [answers] of a mapping file"))
        return ""

    def _merge(
        self, row: dict[str, str], names: dict[str, str], line: int, source: Source, problems: list[Problem]
    ) -> None:
        key = row["id"].casefold()
        if not key:
            problems.append(Problem(line, names["id"], "must not be blank: people are told apart by it, never by name"))
            return
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = _Found(PersonRow(line, {}), source.name)
        for column, text in row.items():
            before = found.row.cells.get(column)
            once = column not in PERSON_COLUMNS or self._form != "long"
            if before is not None and (before != text or (once and found.file == source.name and column in ANSWERED)):
                where = names.get(column, column)
                problems.append(Problem(line, where, f"says otherwise, or again, for {row['id']} than {found.place}"))
            else:
                found.row.add({column: text}, line, names.get(column, column))


@dataclass(slots=True)
class _Found:
    """A person so far, and the file that named them first."""

    row: PersonRow
    file: str

    @property
    def place(self) -> str:
        return f"line {self.row.line} of {self.file}"


def _bare(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.removeprefix("_") for part in parts)


def _widened(
    texts: dict[str, str], names: dict[str, str], line: int, problems: list[Problem]
) -> tuple[dict[str, str], dict[str, str]]:
    """A row of the long form under the column names of the wide one."""
    scope = texts.get("scope", "").casefold()
    row = {column: text for column, text in texts.items() if column in PERSON_COLUMNS}
    if scope and scope not in ANSWERED:
        problems.append(Problem(line, names["scope"], f"is none of {', '.join(ANSWERED)}"))
    elif scope:
        row |= {scope: texts.get("consent", "")}
        row |= {f"{scope}{part}": texts.get(part[1:], "") for part in CONSENT_PARTS[1:]}
    return row, {**names, **{f"{scope}{part}": part[1:] or "consent" for part in CONSENT_PARTS}}


def _from_json(text: str, problems: list[Problem]) -> Sheet | None:
    """Student objects as a sheet: every leaf is a column named by its path, such as `education_details.leaving_date`.

    A relation is a list; its items are named by their `name`, `description`, `type` or `code`. The line is the number
    of the student in the file.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.append(Problem(None, "", f"not a JSON file ({error})"))
        return None
    students = value.get("data") if isinstance(value, dict) else value
    if not isinstance(students, list) or not all(isinstance(student, dict) for student in students):
        problems.append(Problem(None, "", "holds no list of student objects"))
        return None
    try:
        flat = [dict(_leaves(student, "")) for student in students]
    except ValueError as error:
        problems.append(Problem(None, "", str(error)))
        return None
    columns = tuple(dict.fromkeys(path for student in flat for path in student))
    rows = tuple((n, tuple(student.get(path, "") for path in columns)) for n, student in enumerate(flat, 1))
    return Sheet(columns, rows)


def _leaves(value: Any, path: str, depth: int = 0) -> Iterable[tuple[str, str]]:
    if depth > _DEEPEST:
        raise ValueError(f"is nested more than {_DEEPEST} deep")
    if isinstance(value, dict) and set(value) == {"data"}:
        value = value["data"]
    if isinstance(value, dict) and "date" in value and "timezone" in value:
        value = value["date"]  # how Wonde writes a moment
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            label = number
            if isinstance(item, dict):
                label = next((item[key] for key in ("name", "description", "type", "code") if item.get(key)), number)
            yield from _leaves(item, f"{path}.{label}", depth + 1)
    else:
        yield path, "" if value is None else str(value).strip()


def checked(people: Iterable[Person], file: str) -> bytes:
    """People as the bytes of a register that reads back the same. Raises RegisterInvalid otherwise."""
    data = write_wide(people)
    Register.parse(data, file)
    return data


def load_source(path: Path, scope: str | None = None) -> Source:
    """A file to import. Raises RegisterInvalid where it cannot be read."""
    try:
        return Source(read_bounded(path, MAX_TABLE), str(path), scope)
    except OSError as error:
        why = error.strerror or type(error).__name__
        problem = Problem(None, "", f"the file cannot be read ({why})")
        raise RegisterInvalid(str(path), [problem], "Check its name and your rights.") from error


__all__ = ["FORMATS", "PRESETS", "Imported", "Source", "checked", "load_source", "read", "read_mapping", "update"]
