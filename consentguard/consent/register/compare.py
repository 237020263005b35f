"""Two registers compared, and one counted: what to look at again after a change. Ids only, never a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from consentguard.consent.policy.rules.retention import months_between
from consentguard.consent.register.people import ROLES, SCOPES, Person
from consentguard.consent.register.register import Register
from consentguard.values import Standing

_SOON = timedelta(days=30)
_NAMES = ("legal_forename", "legal_surname", "preferred_forename", "preferred_surname")


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """What changed for one person between two registers, judged on one day.

    Attributes:
        person: the id.
        what: `joined`, `gone` (not in the new register), `names`, `class`, or a scope (`biometric` among them).
        before, after: what they may be shown as, for a scope; None where it is none, or the person is in one only.
    """

    person: str
    what: str
    before: Standing | None = None
    after: Standing | None = None

    @property
    def lost(self) -> bool:
        """Whether they were consented and are no longer: what was published of them must be looked at again."""
        return self.before is Standing.CONSENTED and self.after is not Standing.CONSENTED

    @property
    def gained(self) -> bool:
        """Whether they are consented now and were not."""
        return self.after is Standing.CONSENTED and self.before is not Standing.CONSENTED

    def __str__(self) -> str:
        if self.before is self.after is None:
            return f"{self.person}: {self.what}"
        mark = "lost " if self.lost else "gained " if self.gained else ""
        before, after = self.before or "not in it", self.after or "not in it"
        return f"{self.person}: {mark}{self.what} ({before} -> {after})"


def compare(old: Register, new: Register, on: date) -> tuple[RegisterChange, ...]:
    """Everything that changed for anybody, on one day, in the order of the ids."""
    ids = sorted({*old.people, *new.people})
    return tuple(change for person in ids for change in _changes(person, old.get(person), new.get(person), on))


def _changes(person: str, before: Person | None, after: Person | None, on: date) -> Iterator[RegisterChange]:
    if before is None or after is None:
        yield RegisterChange(person, "gone" if after is None else "joined")
    elif any(getattr(before, name) != getattr(after, name) for name in _NAMES):
        yield RegisterChange(person, "names")
    if before and after and before.class_name != after.class_name:
        yield RegisterChange(person, "class")
    for scope in (*SCOPES, "biometric"):
        was, now = _standing(before, scope, on), _standing(after, scope, on)
        known = before is not None and after is not None
        if was is not now and (known or Standing.CONSENTED in (was, now)):
            yield RegisterChange(person, scope, was, now)


def _standing(person: Person | None, scope: str, on: date) -> Standing | None:
    if person is None:
        return None
    return person.biometric_standing(on) if scope == "biometric" else person.standing(scope, on)


@dataclass(frozen=True, slots=True)
class Stats:
    """A register in numbers, on one day.

    Attributes:
        roles: how many of each role, those who have left not among them.
        left: how many have left.
        scopes: for each scope (`biometric` last) how many stand how, of those who have not left.
        ending: how many consents end within thirty days.
    """

    roles: Counter[str]
    left: int
    scopes: dict[str, Counter[Standing]]
    ending: int

    def __str__(self) -> str:
        people = ", ".join(f"{self.roles[role]} {role}" for role in ROLES)
        lines = [f"{self.roles.total()} people ({people}); {self.left} have left"]
        for scope, counts in self.scopes.items():
            shown = ", ".join(f"{counts[standing]} {standing}" for standing in Standing if counts[standing])
            lines.append(f"  {scope:13} {shown}")
        return "\n".join([*lines, f"  {self.ending} consents end within 30 days"])


def count(register: Register, on: date) -> Stats:
    """A register in numbers."""
    here = [person for person in register if person.left is None or person.left > on]
    answers = [consent for person in here for consent in (*person.consents.values(), person.biometric)]
    return Stats(
        roles=Counter(person.role for person in here),
        left=len(register) - len(here),
        scopes={
            scope: Counter(standing for person in here if (standing := _standing(person, scope, on)))
            for scope in (*SCOPES, "biometric")
        },
        ending=sum(
            consent.standing(on) is Standing.CONSENTED and consent.standing(on + _SOON) is Standing.EXPIRED
            for consent in answers
        ),
    )


def kept_too_long(register: Register, on: date, months: int) -> tuple[str, ...]:
    """Ids of those who left at least so many calendar months before a day."""
    return tuple(
        person.id for person in register if person.left is not None and months_between(person.left, on) >= months
    )
