"""Registers from what schools have: exports of Arbor, SIMS and Bromcom, Wonde's JSON, and our own two forms.

Every format is the same work: a mapping says which of the file's columns is which of ours, answers and days are read in
the file's own way, and what comes out is checked like any register. People are told apart by an id, never by a name.
Columns differ from school to school; what a preset does not know is named with `--scope` or in a mapping file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from consentguard.consent.register.importers import IMPORTERS, Importer
from consentguard.consent.register.importers.base import ANSWERED, Columns, Imported, Source
from consentguard.consent.register.people import CONSENT_PARTS, PERSON_COLUMNS, ROLES, Person
from consentguard.consent.register.register import Register
from consentguard.consent.register.rows import PersonRow, shown_column, write_wide
from consentguard.consent.register.sheets import DATE_STYLES, Sheet, date_style, decode, garbled_lines, read_day
from consentguard.consent.register.workbook import is_workbook, read_workbook
from consentguard.errors import Problem, RegisterInvalid, WrongUsage
from consentguard.files import MAX_TABLE, read_bounded

_MOST_LINES: Final = 20
_NEXT_STEP: Final = "Mend these and import again; nothing was written. Formats are explained in docs/register.md."
_NAMES: Final = ("legal_forename", "legal_surname", "preferred_forename", "preferred_surname")
_LONGEST_ANSWER: Final = 60
_DAYS: Final = ("_granted", "_expires", "_withdrawn")
_NONE: Final = ("", "-", "pending", "awaiting", "no response", "not set", "not known", "unknown", "null", "none")


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
        form: one of `IMPORTERS`.
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
    reading = _Reading(IMPORTERS[form], mapping, role, dates, granted, several=len(sources) > 1)
    for source in sources:
        reading.add(source)
    return reading.finish(", ".join(source.name for source in sources))


class _Reading:
    """Files on their way to people, and everything wrong with them."""

    def __init__(
        self, importer: Importer, mapping: Columns, role: str, dates: str | None, granted: date | None, *, several: bool
    ) -> None:
        self._importer = importer
        self._mapping = mapping
        self._role = role
        self._dates = dates
        self._granted = granted
        self._several = several
        self._rows: dict[str, _Found] = {}
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._asked: set[str] = set()
        self._unknown: set[tuple[str, str]] = set()

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
        if is_workbook(source.data):
            sheet, wrong, notes = read_workbook(source.data)
            problems += wrong
            self._notes += [f"{source.name}: {note}" for note in notes]
            return None if wrong else sheet
        try:
            text, encoding = decode(source.data)
        except UnicodeDecodeError:
            problems.append(Problem(None, "", "is text in no encoding we know; save it as CSV UTF-8"))
            return None
        if encoding != "UTF-8":
            lines = [number for number, line in enumerate(text.split("\n"), 1) if not line.isascii()]
            note = f"read as {encoding}; see that names with accents came over right{_on(lines)}"
            self._notes.append(f"{source.name}: {note}")
        if garbled := garbled_lines(text):
            note = f"names look garbled{_on(garbled)}, as MÃ¼ller for Müller; export the file anew as CSV UTF-8"
            self._notes.append(f"{source.name}: {note}")
        return self._importer.table(text, problems)

    def _columns(self, source: Source, sheet: Sheet, problems: list[Problem]) -> dict[str, int]:
        """Where in the file each of our columns stands."""
        own = self._importer.own
        if own:
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
        if self._importer.must_answer:
            missing += [ours for ours in wanted if ours in ANSWERED and ours not in columns]
        for column in dict.fromkeys(missing):
            known = " or ".join(wanted.get(column, ())) or "nothing: name it in a mapping file (--columns)"
            problems.append(Problem(1, column, f"no such column; looked for {known}"))
        self._asked |= {*columns, *(ANSWERED if self._importer.widen else ())}
        return columns

    def _take(self, source: Source, sheet: Sheet, columns: dict[str, int], problems: list[Problem]) -> None:
        style = self._style(source, sheet, columns, problems)
        for line, cells in sheet.rows:
            texts = {column: cells[place] for column, place in columns.items()}
            names = {column: sheet.columns[place] for column, place in columns.items()}
            if self._importer.widen:
                texts, names = self._importer.widen(texts, names, line, problems)
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
                row[scope] = self._answer(texts[scope], names[scope], line, row, problems)
                row[f"{scope}_document"] = texts.get(f"{scope}_document", "")
                if row[scope] == "yes" and not row.get(f"{scope}_granted") and self._granted:
                    row[f"{scope}_granted"] = str(self._granted)
                if not row[scope] and not row.get(f"{scope}_withdrawn"):
                    row[f"{scope}_granted"] = row[f"{scope}_expires"] = ""  # the day of a refusal is no consent's
        return row

    def _answer(self, text: str, column: str, line: int, row: dict[str, str], problems: list[Problem]) -> str:
        word = " ".join(text.casefold().split())
        if word in self._mapping.yes:
            return "yes"
        if word not in self._mapping.no and word not in _NONE and (column, word) not in self._unknown:
            self._unknown.add((column, word))
            named = any(fold in word for name in _NAMES if (fold := row.get(name, "").casefold()))
            shown = "(it holds a name)" if named else repr(" ".join(text.split())[:_LONGEST_ANSWER])
            how = 'add it to [answers] of a mapping file, or say --answer "TEXT=yes" or "TEXT=no"'
            problems.append(
                Problem(line, column, f"is no answer we know, here and wherever else it stands: {shown}; {how}")
            )
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
            once = column not in PERSON_COLUMNS or self._importer.widen is None
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


def _on(lines: list[int]) -> str:
    """ ", on lines 2, 3", of many only the first ones; "" for none."""
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    return f", on line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:_MOST_LINES]))}{more}" if lines else ""
