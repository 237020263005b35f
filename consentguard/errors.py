"""Everything that stops a photo, as one tree.

    ConsentGuardError
    |- Refused               decided: it must not go                 exit 1
    |- WrongUsage            the question itself was wrong           exit 2
    `- CannotTell            undecided, so it must not go            exit 3
       |- UnreadableImage
       |- ModelUnavailable
       |- RegisterInvalid
       |- PolicyInvalid
       |- VerificationFailed
       |- AuditFailed
       `- TemplateStoreError

Every message says three things: what it is about (a file, where there is one), the reason, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consentguard.values import Verdict


class ConsentGuardError(Exception):
    """Nothing may be published: the root of every error this library raises on purpose."""

    exit_code = 3


class Refused(ConsentGuardError):
    """The photo was judged and must not go.

    Attributes:
        verdict: what was seen and decided, with the reason codes.
        needs_person: True where a person could still decide, or supply what is missing.
    """

    exit_code = 1

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.needs_person = verdict.needs_person


class WrongUsage(ConsentGuardError, ValueError):
    """An option names something that does not exist: a channel, a mode, a person. The message lists the choices."""

    exit_code = 2


class CannotTell(ConsentGuardError):
    """No decision could be reached; what is undecided does not go."""


class UnreadableImage(CannotTell):
    """The bytes are not one whole picture that every reader would show alike."""


class ModelUnavailable(CannotTell):
    """A model file is missing, altered or unusable."""


class VerificationFailed(CannotTell):
    """The second pass, over the very bytes that were about to leave, found something that may not be there."""


class AuditFailed(CannotTell):
    """The audit trail could not be read, continued or proved; nothing is released without its record."""


class TemplateStoreError(CannotTell):
    """Face templates could not be made, opened or trusted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file that people edit: `line` counts from 1, `where` is a column or a key."""

    line: int | None
    where: str
    message: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.where) if part)
        return f"{place}: {self.message}" if place else self.message


class _Report(CannotTell):
    """An error that lists everything wrong with one file at once, so that it is mended in one go."""

    def __init__(self, file: str, problems: Iterable[Problem], next_step: str) -> None:
        self.file = file
        self.problems = tuple(problems)
        found = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        lines = [f"{file}: {found}, nothing was loaded", *(f"  {problem}" for problem in self.problems), next_step]
        super().__init__("\n".join(lines))


class RegisterInvalid(_Report):
    """The consent register has mistakes. `problems` holds all of them; nothing was loaded."""


class PolicyInvalid(_Report):
    """The policy file has mistakes, or asks for what this version cannot do. `problems` holds all of them."""
