"""A register after an import: what files of the school know is taken from them, the rest stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

from consentguard.consent.register.importers.base import Imported
from consentguard.consent.register.people import Person
from consentguard.consent.register.register import Register
from consentguard.errors import Problem, RegisterInvalid


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
