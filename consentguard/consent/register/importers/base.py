"""What every importer is: names for our columns, a way to get a table out of a file, and what its rows mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from consentguard.consent.register.people import SCOPES, Person
from consentguard.consent.register.sheets import Sheet, delimiter_of, read_sheet
from consentguard.errors import Problem

ANSWERED: Final = (*SCOPES, "biometric")
"""What people are asked for, one by one."""

# What a parent who has not answered looks like counts as no, as a blank does.
_YES: Final = ("yes", "y", "true", "1", "accept", "accepted", "agree", "agreed", "granted", "given", "consent given")
_NO: Final = ("no", "n", "false", "0", "decline", "declined", "denied", "refused", "withheld", "not given", "withdrawn")
LEFT: Final = ("Date of Leaving", "Leaving Date", "Leaving date")
"""What schools call the day on which somebody left."""


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

    def with_answers(self, yes: tuple[str, ...], no: tuple[str, ...]) -> Columns:
        """The same, with more ways to say yes and no, which count before those that are known."""
        said_yes, said_no = (tuple(text.casefold() for text in texts) for texts in (yes, no))
        return replace(
            self,
            yes=(*(text for text in self.yes if text not in said_no), *said_yes),
            no=(*(text for text in self.no if text not in said_yes), *said_no),
        )


def columns(**names: tuple[str, ...]) -> Columns:
    """A preset, by keyword."""
    return Columns(MappingProxyType(names))


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its bytes, what errors call it, and the scope that a list of one consent type is about."""

    data: bytes
    name: str
    scope: str | None = None


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


def table_of(text: str, problems: list[Problem]) -> Sheet | None:
    """A text with separated cells as a table, whatever separates them."""
    sheet, wrong = read_sheet(text, delimiter_of(text))
    problems += wrong
    return sheet


Widen = Callable[[dict[str, str], dict[str, str], int, list[Problem]], tuple[dict[str, str], dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file.

    Attributes:
        preset: names that its columns are known to have.
        table: makes a table of the text of a file; None, with a problem, where it is none.
        own: our own columns, for our own forms: any other column is then a mistake.
        lists: there is a file for each scope, named with `--scope SCOPE=FILE`.
        must_answer: every scope that is asked for must have its column.
        widen: puts a row under the columns of our wide form, where the file has several rows for a person.
    """

    preset: Columns = Columns()
    table: Callable[[str, list[Problem]], Sheet | None] = table_of
    own: tuple[str, ...] = ()
    lists: bool = False
    must_answer: bool = False
    widen: Widen | None = None
