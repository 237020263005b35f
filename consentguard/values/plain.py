"""Text as it is handed in, made plain once: what is judged is then what is used.

A subclass of `str` may answer `strip()` or `split()` with something else than it holds. Everything public copies its
texts with `plain_text` before it judges them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from consentguard.errors import WrongUsage

_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category that are seen as nothing."""


def plain_text(value: object, what: str) -> str:
    """A text as a plain `str` with the same characters; `what` is what errors call it.

    Raises WrongUsage for anything but text, and for text that holds NUL or half a surrogate pair.
    """
    try:
        text = str.__str__(value)  # of a subclass it takes the characters, not its methods
        text.encode("utf-8")
    except TypeError:
        raise WrongUsage(f"{what} must be text, not {type(value).__name__}") from None
    except UnicodeEncodeError:
        raise WrongUsage(f"{what} holds characters that are no text (half a surrogate pair); write it anew") from None
    if "\0" in text:
        raise WrongUsage(f"{what} holds a NUL character; write it anew")
    return text


def plain_path(value: object, what: str) -> str:
    """The name of a file as a plain `str`: bytes of it that are no text are question marks (PEP 383 has them as halves
    of surrogate pairs). Raises WrongUsage for anything but text.
    """
    try:
        return str.__str__(value).encode("utf-8", "replace").decode("utf-8")
    except TypeError:
        raise WrongUsage(f"{what} must be text, not {type(value).__name__}") from None


def optional_text(value: object, what: str) -> str | None:
    """`plain_text` of a text that may be left out."""
    return None if value is None else plain_text(value, what)


def plain_texts(values: object, what: str) -> tuple[str, ...]:
    """A list of texts, each as a plain `str`. Raises WrongUsage, also for one text in place of a list."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise WrongUsage(f"{what} must be a list of texts, not {type(values).__name__}")
    return tuple(plain_text(value, what) for value in tuple(values))


def people_of(people: object) -> tuple[str, ...]:
    """Register ids as a list: one text is one id. Raises TypeError for anything but texts."""
    if isinstance(people, str):
        return (people,)
    if isinstance(people, bytes | Mapping) or not isinstance(people, Iterable):
        raise TypeError(f"people are register ids, such as ['P001', 'P002'], not {type(people).__name__}")
    ids = tuple(people)
    if wrong := next((type(one).__name__ for one in ids if not isinstance(one, str)), None):
        raise TypeError(f"people are register ids, such as ['P001', 'P002']; one of these is {wrong}")
    return ids


def plain_name(value: object, what: str) -> str:
    """Somebody's name without outer blanks. Raises WrongUsage for what holds less than two letters or a line end."""
    name = plain_text(value, what).strip()
    if _letters(name) < 2 or any(unicodedata.category(character) == "Cc" for character in name):
        raise WrongUsage(f"{what} must be the name of a person")
    return name


def plain_reason(value: object, what: str) -> str:
    """A reason without outer blanks. Raises WrongUsage for what holds less than three letters or digits."""
    reason = plain_text(value, what).strip()
    if _letters(reason) < 3:
        raise WrongUsage(f"{what} needs a name or a reason, of three letters or more; {reason!r} says nothing")
    return reason


def _letters(text: str) -> int:
    folded = unicodedata.normalize("NFKC", text)
    return sum(character.isalnum() and character not in _BLANK_LETTERS for character in folded)
