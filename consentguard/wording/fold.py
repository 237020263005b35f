"""Text as a reader takes it: letters without case, accents or disguise, in parts that remember where they stood."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from consentguard.wording.lists import phrases
from consentguard.wording.transliterate import latin

_ALONE: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ı": "i", "ȷ": "j", "ɑ": "a", "ɐ": "a", "ǝ": "e",
    "ɡ": "g", "ɩ": "i", "ſ": "s", "ɒ": "a", "ʟ": "l", "ɪ": "i", "ʀ": "r", "ʏ": "y", "ɴ": "n", "ɢ": "g", "ʜ": "h",
}  # fmt: skip
"""Latin letters that no decomposition of Unicode takes apart."""

_LOOK_ALIKES: Final = {
    **dict(zip("АВЕЗКМНОРСТУХЅІЈԌԚԜҮ", "abe3kmhopctyxsijgqwy", strict=True)),
    **dict(zip("авекмнорстухѕіјһԁԛԝӏԍүёї", "abekmhopctyxsijhdqwlgyei", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),
    **dict(zip("αεικνορτυωχηγςϲϳ", "aeikvoptuwxnyccj", strict=True)),
    **dict(zip("օսոհցԼՏ", "ounhgls", strict=True)),
    **dict(zip("ᎪᏴᏟᎠᎬᎮᏀᎻᏆᎫᏦᏞᎷᏃᏢᎡᏚᎢᏙᎳᎩᏃ", "abcdehghijklmnprstvwyz", strict=True)),
}  # fmt: skip
"""Letters of other scripts that pass for Latin ones: Cyrillic, Greek, Armenian, Cherokee."""

_NAMED: Final = re.compile(
    r"(?:(?:NEGATIVE )?(?:CIRCLED |SQUARED |PARENTHESIZED )?LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL)"
    r"|REGIONAL INDICATOR SYMBOL LETTER|MODIFIER LETTER (?:SMALL|CAPITAL)"
    r"|CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER)"
    r" ([A-Z])(?: WITH .*)?"
)
_CONFUSABLES: Final = {
    chr(int(point, 16)): shows
    for shows, *points in (line.split() for line in phrases("consentguard.wording.lists", "confusables"))
    for point in points
}
"""What else passes for Latin letters, of Unicode's data: Cherokee, Lisu, Deseret, Coptic and more."""
_FILLERS: Final = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
"""Letters and signs that show nothing."""
_IGNORED: Final = ("Cf", "Mn", "Me", "Sk")
"""Kinds of characters that nobody sees or that sit on a letter: joiners, soft hyphens, accents, skin tones."""

_LEET: Final = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "bg", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "li", "€": "e", "+": "t",
}  # fmt: skip
_SYMBOLS: Final = frozenset("@$!|€+")
_MOST_READINGS: Final = 32


@functools.lru_cache(maxsize=4096)
def letters(character: str) -> str | None:
    """One character as lower-case letters and digits without accents; "" if nobody sees it, None if it separates."""
    if character.isascii():
        return character.lower() if character.isalnum() else None
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    small = character.casefold()
    if small in _ALONE:
        return _ALONE[small]
    kind = unicodedata.category(character)
    if kind in _IGNORED or character in _FILLERS:
        return ""
    name = _NAMED.fullmatch(unicodedata.name(character, ""))
    if name:
        return name[1].lower()
    plain = unicodedata.normalize("NFKD", character)
    if plain != character:
        found = [letters(each) for each in plain]
        return "".join(each or "" for each in found) if any(found) else None
    if kind[0] == "L":
        return _CONFUSABLES.get(character) or _CONFUSABLES.get(character.upper()) or small
    return small if kind in ("Mc", "Nd") else None


def fold(text: str) -> str:
    """All letters and digits of a text, folded and run together."""
    return "".join(letters(character) or "" for character in unicodedata.normalize("NFC", text))


@dataclass(frozen=True, slots=True)
class WordPart:
    """A stretch of letters, or of digits, of one word; "AmaraW1" has the parts Amara, W and 1.

    Attributes:
        text: folded.
        start, end: where it stands in the text, half open.
        word: number of the word it belongs to.
        capital: its first letter is a capital.
        shout: two letters or more, all capitals.
    """

    text: str
    start: int
    end: int
    word: int
    capital: bool
    shout: bool

    @property
    def is_letter(self) -> bool:
        return self.text.isalpha()

    def __repr__(self) -> str:
        return f"<WordPart {self.start}:{self.end}>"


@dataclass(frozen=True, slots=True)
class Word:
    """What stands between separators. `first` and `last` are its parts, both included; `mark` is # or @ before it."""

    first: int
    last: int
    start: int
    end: int
    mark: str
    readings: tuple[str, ...]
    """The word run together, in every way that digits and symbols in it can be read as letters."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in parts and words."""

    raw: str
    parts: tuple[WordPart, ...]
    words: tuple[Word, ...]

    def between(self, left: int, right: int) -> str:
        """What separates two parts."""
        return self.raw[self.parts[left].end : self.parts[right].start]


_CAMEL: Final = re.compile(
    r"[a-z](?=[A-Z])|[A-Z](?=[A-Z][a-z])|[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])|[_@$!|€+]|.(?=[_@$!|€+])"
)


def read(raw: str) -> Text:
    """Takes a text apart. Spans are those of `raw`."""
    parts: list[WordPart] = []
    words: list[Word] = []
    for start, end in _words(raw):
        first = len(parts)
        for left, right in _parts(raw, start, end):
            text = "".join(letters(character) or "" for character in raw[left:right])
            if text:
                initial = next((character for character in raw[left:right] if letters(character)), "")
                cased = raw[left:right]
                shout = len(text) > 1 and cased.upper() == cased and cased.lower() != cased
                plain = unicodedata.normalize("NFKD", initial)  # mathematical bold and its like know no case
                parts.append(WordPart(text, left, right, len(words), plain != plain.lower(), shout))
        if len(parts) > first:
            mark = raw[start - 1] if start and raw[start - 1] in "#@＃＠" else ""
            words.append(Word(first, len(parts) - 1, start, end, mark, _readings(raw[start:end])))
    return Text(raw, tuple(parts), tuple(words))


def _words(raw: str) -> Iterator[tuple[int, int]]:
    """Stretches of letters and digits, with the symbols in between that can stand for letters, and underscores."""
    start: int | None = None
    last = len(raw) - 1
    for at, character in enumerate(raw):
        inside = letters(character) is not None
        if not inside and character in _SYMBOLS:
            goes_on = at < last and raw[at + 1].isalnum()
            inside = goes_on if start is not None else goes_on and character == "$"
            inside = inside or (start is not None and character == "$")
        if not inside and character == "_":
            inside = start is not None
        if inside and start is None:
            start = at
        elif not inside and start is not None:
            yield start, at
            start = None
    if start is not None:
        yield start, len(raw)


def _parts(raw: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    word = raw[start:end]
    if word.isascii() and word.isalpha() and (word.islower() or word.isupper() or word[1:].islower()):
        yield start, end
        return
    plain = "".join(_shape(character) for character in word)
    cuts = [match.end() for match in _CAMEL.finditer(plain)]
    for left, right in itertools.pairwise(dict.fromkeys((0, *cuts, len(word)))):
        yield start + left, start + right


def _shape(character: str) -> str:
    """A stand-in of the same case, so that one pattern cuts words of every script."""
    if character.isascii():
        return character
    if character.isdecimal():
        return "0"
    if character.isupper():
        return "A"
    return "a" if letters(character) else "-"


def _readings(word: str) -> tuple[str, ...]:
    """Every way to read a word; digits at its end may also be a year or a number: jackjones2016."""
    if word.isascii() and word.isalpha() and "I" not in word[1:]:
        return (word.lower(),)
    choices: list[str] = []
    for at, character in enumerate(word):
        plain = letters(character) or ""
        if character == "I" and at and word[at - 1].islower():
            choices.append("il")
        elif plain in ("i", "l") and character in _CONFUSABLES:
            choices.append("il")  # a letter that looks like a bar passes for both
        elif not plain or plain in _LEET:
            choices.append(_LEET.get(plain or character, ""))
        else:
            choices += list(plain)
    readings = map("".join, itertools.product(*filter(None, choices)))
    named = word.rstrip("0123456789")
    first = _readings(named) if named and named != word else ()
    sounded = latin(word)
    return tuple(dict.fromkeys((*first, *itertools.islice(readings, _MOST_READINGS), *([sounded] if sounded else ()))))


_STRETCHED: Final = re.compile(r"(.)\1\1+")


def unstretched(text: str) -> tuple[str, ...]:
    """The text, and where a letter stands three times and more in a row also with two and with one of it."""
    if not _STRETCHED.search(text):
        return (text,)
    return (text, _STRETCHED.sub(r"\1\1", text), _STRETCHED.sub(r"\1", text))


def single_letters(text: Text) -> Iterator[list[int]]:
    """Runs of at least three parts of one letter each, close together."""
    run: list[int] = []
    for at, part in enumerate(text.parts):
        if len(part.text) == 1 and (not run or len(text.between(at - 1, at)) <= 4):
            run.append(at)
            continue
        if len(run) >= 3:
            yield run
        run = [at] if len(part.text) == 1 else []
    if len(run) >= 3:
        yield run
