"""Names across scripts: how a word of another script sounds in Latin letters, and what romanisations have in common."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

from anyascii import anyascii

_ROMANISED: Final = (
    ("shch", "s"), ("tsch", "c"), ("sch", "s"), ("tch", "c"), ("dzh", "j"), ("kh", "h"), ("ch", "c"), ("cz", "c"),
    ("sz", "s"), ("sh", "s"), ("zh", "z"), ("ts", "c"), ("tz", "c"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("gh", "g"),
    ("x", "ks"), ("w", "v"), ("ou", "u"), ("oy", "u"), ("oo", "u"), ("ee", "i"), ("ie", "e"), ("ye", "e"), ("yo", "o"),
    ("ya", "a"), ("ia", "a"), ("ja", "a"), ("yu", "u"), ("iu", "u"), ("ju", "u"), ("iy", "i"), ("yy", "i"), ("ij", "i"),
    ("y", "i"), ("j", "i"), ("q", "k"),
)  # fmt: skip
"""What romanisations write in different ways, and one way for all, in the order in which they are put in."""

_CJK: Final = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]")


def latin(word: str) -> str:
    """A word of another script in Latin letters, lower case; "" for a word that has only Latin letters."""
    if word.isascii() or not _is_foreign(word):
        return ""
    return "".join(character for character in anyascii(word).lower() if character.isalnum())


def sound(folded: str) -> str:
    """What all romanisations of a name have in common, roughly: Shevchenko, Szewczenko and Schewtschenko alike."""
    for written, heard in _ROMANISED:
        folded = folded.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", folded)


@functools.lru_cache(maxsize=4096)
def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith(("LATIN", "FULLWIDTH LATIN", "MATHEMATICAL", "MODIFIER LETTER"))


def _is_foreign(word: str) -> bool:
    """Whether all its letters are of another script; a mixture is a disguise and is read by its looks."""
    found = [character for character in word if character.isalpha()]
    return bool(found) and not any(map(_is_latin, found))


def is_ideographic(word: str) -> bool:
    """Whether it is Chinese, Japanese or Korean: there one sign is a syllable, and many signs share it."""
    return _CJK.search(word) is not None
