"""Finds people of a register by what somebody types: an id, or a name in the legal or the preferred form."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from consentguard.consent.register.people import Person
from consentguard.consent.register.register import Register
from consentguard.errors import WrongUsage


def search(register: Register, text: str) -> tuple[Person, ...]:
    """Everybody whose id is `text`, or one of whose names has every word of it as the beginning of a word."""
    wanted = _words(text)
    exact = register.get(text.strip())
    if exact is not None:
        return (exact,)
    return tuple(
        person for person in register if wanted and any(_begins(_words(name), wanted) for name in person.full_names)
    )


def ids_of(register: Register, people: Iterable[str]) -> tuple[str, ...]:
    """Register ids for what was typed: ids stay, a full name becomes the id of the one person who has it.

    Raises WrongUsage where several people have that name, naming their ids. What is neither an id nor a full name
    stays as it is: it is unknown, and whoever decides says so.
    """
    return tuple(_id_of(register, typed.strip()) for typed in people)


def _id_of(register: Register, typed: str) -> str:
    if register.get(typed) is not None or " " not in typed:
        return typed
    wanted = _words(typed)
    same = [person.id for person in register if wanted in [_words(name) for name in person.full_names]]
    if len(same) > 1:
        raise WrongUsage(f"a name given for --people is that of {len(same)} people: {', '.join(same)}; give the id")
    return same[0] if same else typed


def _begins(name: list[str], wanted: list[str]) -> bool:
    return all(any(word.startswith(part) for word in name) for part in wanted)


def _words(text: str) -> list[str]:
    """Words without case and accents, joints of double names apart."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in plain).split()
