"""The consent register: everybody the school answers for, read whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from consentguard.consent.register.people import COLUMNS, OBJECTORS, ROLES, SCOPES, Consent, Person
from consentguard.consent.register.rows import read_people
from consentguard.errors import Problem, RegisterInvalid
from consentguard.files import MAX_TABLE, read_bounded

__all__ = ["COLUMNS", "OBJECTORS", "ROLES", "SCOPES", "Consent", "Person", "Register"]

_NEXT_STEP = "Mend these cells and run `consentguard register check` again; columns are explained in docs/register.md."

_EXCEL = (
    "It looks as if Excel had saved it. `consentguard register import FILE --format wide --out NEW.csv` reads that "
    "(with --dates day-first where it asks), and docs/register.md says how to keep Excel from changing days."
)
_SLASHED = re.compile(r"(?<!\d)\d{1,2}[/.]\d{1,2}[/.]\d{2,4}(?!\d)")
_SAME = 5
"""Problems of one kind in one column from which only the first is listed, with the number of the others."""


@dataclass(frozen=True, slots=True)
class Register:
    """Everybody the school answers for, by id, and the digest of the file they were read from."""

    people: Mapping[str, Person]
    sha256: str
    file: str

    @classmethod
    def nobody(cls) -> Register:
        """A register of nobody, for looking where no register is."""
        return cls(MappingProxyType({}), hashlib.sha256(b"").hexdigest(), "no register")

    @classmethod
    def load(cls, path: Path) -> Register:
        """Reads a register file. Raises RegisterInvalid with all that is wrong with it; then nothing is loaded."""
        try:
            data = read_bounded(path, MAX_TABLE)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise RegisterInvalid(
                str(path),
                [Problem(None, "", f"the file cannot be read ({why})")],
                "Copy the register to this folder or to the state directory, or name it with --register FILE.",
            ) from error
        return cls.parse(data, str(path))

    @classmethod
    def parse(cls, data: bytes, file: str) -> Register:
        """Reads the bytes of a register; `file` is what errors call it. Raises RegisterInvalid as `load` does."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise RegisterInvalid(
                file,
                [Problem(line, "", "not UTF-8 text")],
                "Save it as CSV UTF-8, or use `register import`.",
            ) from error
        people, problems = read_people(text)
        if problems:
            raise RegisterInvalid(file, _gathered(problems), _EXCEL if _is_excels(text, problems) else _NEXT_STEP)
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


def _gathered(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, those of a kind in one column as one where they are many."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.where, problem.message), []).append(problem)
    listed: list[Problem] = []
    for (where, message), same in kinds.items():
        many = len(same) > _SAME
        listed += [Problem(same[0].line, where, f"{message}; so on {len(same) - 1} more lines")] if many else same
    return sorted(listed, key=lambda problem: problem.line or 0)


def _is_excels(text: str, problems: Iterable[Problem]) -> bool:
    """Whether a spreadsheet program wrote its own days, or semicolons, into a register."""
    header = text.partition("\n")[0]
    days = sum("is not a day" in problem.message for problem in problems)
    return header.count(";") > header.count(",") or (days > 0 and _SLASHED.search(text) is not None)
