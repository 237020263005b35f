"""A description of a released photo for those who do not see it, from its verdict alone; so it can name nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from consentguard.consent.register.register import Register
from consentguard.values import Released, Rewrite, Verdict
from consentguard.values.shown import Shown

_WORDS: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_NOUNS: Final = {"pupil": ("pupil", "pupils"), "staff": ("adult", "adults"), "": ("person", "people")}


def proposed(released: Released, register: Register) -> str:
    """What can be said of a photo without looking: how many people are seen, their part in school, what is hidden.

    A sentence such as "A photo of two pupils and one adult; one head is covered." or "...; two people were removed
    from it." It is a start: a person who knows what the photo shows writes a better one.
    """
    return described(released.verdict, released.grounds.people, register)


def described(verdict: Verdict, people: Sequence[str], register: Register) -> str:
    """The same of a copy that is not released yet; `people` are the ids of those whose consent it would rest on."""
    seen = Shown.of(verdict)
    shown, hidden = len(seen.faces), seen.hidden
    parts = []
    if shown:
        parts.append(f"a photo of {_people(shown, people, register)}")
    if verdict.rewrite is Rewrite.SILHOUETTE:
        # Of some only the body is in the frame, and they are not counted.
        removed = _count(hidden, "person was", "people were") if hidden else "people were"
        parts.append(f"{removed} removed from it")
    elif hidden:
        parts.append(f"{_count(hidden, 'head is', 'heads are')} covered")
    if seen.backs:
        parts.append(f"{_count(seen.backs, 'person is', 'people are')} seen from behind")
    if seen.hands and not shown:
        parts.append("hands at work are seen")
    sentence = "; ".join(parts) if shown else "; ".join(["a photo of school life", *parts])
    return f"{sentence[0].upper()}{sentence[1:]}."


def _people(shown: int, people: Sequence[str], register: Register) -> str:
    """By their part in school, where everybody seen is known; else as people."""
    rows = [register.get(person) for person in people]
    roles = Counter(row.role if row and row.role in _NOUNS else "" for row in rows)
    if len(people) != shown or "" in roles:
        return _count(shown, *_NOUNS[""])
    return " and ".join(_count(roles[role], *_NOUNS[role]) for role in _NOUNS if roles[role])


def _count(number: int, one: str, many: str) -> str:
    word = _WORDS[number] if number < len(_WORDS) else str(number)
    return f"{word} {one if number == 1 else many}"
