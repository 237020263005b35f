"""Texts in which no surname of a register can stand, told in a small part of the time that looking for them takes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from typing import Final

from consentguard.wording.near import near
from consentguard.wording.spellings import SHORT
from consentguard.wording.transliterate import sound

_PLAIN: Final = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a", "'")
    | dict.fromkeys("\u201c\u201d\u201e", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014", "-")
    | dict.fromkeys("\u2026\u2022\xb7\xa3\xa0\xa9\xae\u2122", " ")
)
"""Typographic signs that separate words like the ones they stand for here."""
_ODD: Final = re.compile(r"[^\x00-\x7f]|[@$|+*\\^~%={}<>`]|[!?#&](?=[A-Za-z0-9])|[^\x20-\x7e\t\r\n]")
"""What may stand for a letter, or hide one: such a text is read with care."""
_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyz"
_ALIKE: Final = bytes.maketrans(_LETTERS.upper() + b"IiGg0134567896", _LETTERS + b"llbboleasbtbbb")
"""Capitals as small letters, and letters alike that one digit may stand for: 1 for i and l, 6 for b and g."""
_MIXED: Final = re.compile(r"[0-9][A-Za-z]|[A-Za-z][0-9]|(?<![A-Za-z])[A-Za-z]{0,3}[a-z]I[A-Za-z]{0,3}(?![A-Za-z])")
"""A digit in a word, or in a short one a capital i, which may be an l."""
_OTHERS: Final = bytes(set(range(256)) - set(_LETTERS) - set(_LETTERS.upper()) - set(b"0123456789"))
_PART: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_WORD: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_'-]*[A-Za-z0-9])?")
"""With what may join the halves of a name, or of the same name in another script."""
_STRETCHED: Final = re.compile(rb"([a-z])\1\1+")
_STRETCH: Final = "~"
"""Stands behind a letter that was stretched, while short surnames are looked for around it."""
_MOST_PARTS: Final = 6
_GRAM: Final = 4
"""Letters by whose first ones a surname is looked for in what is run together; shorter ones are looked for as words."""


class Sieve:
    """Filed once for the names of one register, then only read."""

    def __init__(
        self,
        spellings: Collection[str],
        by_forename: Mapping[str, Collection[str]],
        foreign_sounds: Collection[str],
        plurals: Collection[str],
    ) -> None:
        """All folded: every spelling of a surname, those of each first name, how surnames of other scripts sound, and
        the endings of a plural.
        """
        self._by_gram: dict[bytes, list[bytes]] = {}
        short = {spelling for spelling in spellings if len(spelling) < _GRAM}
        together = {"".join(pair) for name in by_forename for s in short for pair in ((name, s), (s, name))}
        for spelling in (*spellings, *together):
            if len(spelling) >= _GRAM:
                alike = spelling.encode().translate(_ALIKE)
                self._by_gram.setdefault(alike[:_GRAM], []).append(alike)
        self._grams = frozenset(self._by_gram)
        self._short = frozenset(f"{spelling}{ending}" for spelling in short for ending in ("", *plurals))
        self._stretched = re.compile("|".join(f"{_STRETCH}?".join(each) for each in self._short)) if short else None
        self._by_forename = by_forename
        self._forenames = frozenset(by_forename)
        self._sounds = frozenset(foreign_sounds)

    def lets_through(self, raw: str, *, first_names: bool = True) -> bool:
        """Whether a text may name somebody: a surname in any form, or a first name. Else it surely does not.

        With `first_names` False one alone is nothing.
        """
        raw = raw.translate(_PLAIN) if not raw.isascii() else raw
        if _ODD.search(raw):
            return True
        parts = [part.lower() for part in _PART.findall(raw)]
        words = frozenset(parts)
        if not self._forenames.isdisjoint(words) and (first_names or self._has_misspelt(parts)):
            return True
        if self._short and (_MIXED.search(raw) or self._has_short(parts, words)):
            return True
        if self._sounds and self._has_sound(raw, words):
            return True
        joined = raw.encode().translate(_ALIKE, _OTHERS)
        forms = [joined]
        if _STRETCHED.search(joined):
            forms += [_STRETCHED.sub(rb"\1", joined), _STRETCHED.sub(rb"\1\1", joined)]
            if self._stretched and self._has_stretched("".join(parts)):
                return True
        return any(map(self._has_surname, forms))

    def _has_sound(self, raw: str, words: frozenset[str]) -> bool:
        """Whether a word sounds like a surname of another script, as a whole or in a part of it."""
        whole = {re.sub(r"[^a-z0-9]", "", word.lower()) for joined in _WORD.findall(raw)
                 for word in (joined, *re.split("['-]", joined))}  # fmt: skip
        return any(sound(word) in self._sounds for word in whole | words if len(word) > SHORT)

    def _has_stretched(self, letters: str) -> bool:
        """Whether a short surname stands where a letter is stretched: all the letters of a text, run together."""
        reach = 2 * max(map(len, self._short))
        for once in (rf"\1{_STRETCH}", rf"\1\1{_STRETCH}"):
            form = re.sub(r"(.)\1\1+", once, letters)
            for found in re.finditer(_STRETCH, form):
                if self._stretched and self._stretched.search(
                    form[max(0, found.start() - reach) : found.end() + reach]
                ):
                    return True
        return False

    def _has_surname(self, joined: bytes) -> bool:
        grams = self._grams.intersection([joined[at : at + _GRAM] for at in range(len(joined) - _GRAM + 1)])
        return any(spelling in joined for gram in grams for spelling in self._by_gram[gram])

    def _has_misspelt(self, parts: list[str]) -> bool:
        """Whether what follows a first name is nearly a surname of somebody called so."""
        return any(
            near("".join(parts[at + 1 : last]), spelling)
            for at, part in enumerate(parts)
            for spelling in self._by_forename.get(part, ())
            for last in range(at + 2, min(at + 2 + _MOST_PARTS, len(parts) + 1))
        )

    def _has_short(self, parts: list[str], words: frozenset[str]) -> bool:
        if not self._short.isdisjoint(words):
            return True
        pairs = ("".join(pair) for pair in itertools.pairwise(parts) if len(pair[0]) + len(pair[1]) < _GRAM + 2)
        return not self._short.isdisjoint(pairs) or any(
            "".join(three) in self._short for three in zip(parts, parts[1:], parts[2:], strict=False)
            if len(three[0]) == len(three[1]) == 1
        )  # fmt: skip
