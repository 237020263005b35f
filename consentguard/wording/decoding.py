"""Text as a reader would see it once it is shown: entities, percent and backslash escapes, mojibake, reversed runs.

Every form keeps for each of its characters where in the text it came from.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import ftfy

_ESCAPED: Final = re.compile(
    r"&#?\w{2,31};|(?:%[0-9A-Fa-f]{2})+|\\u(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]{1,6}\})|\\x[0-9A-Fa-f]{2}|(?:=[0-9A-F]{2}){2,}|=2[27DF]"
)
_GARBLED: Final = re.compile(r"(?<!\S)\S{1,80}(?!\S)")
"""A word that may be UTF-8 read as another encoding. Longer ones are no words."""

_REVERSED: Final = re.compile("[\u202b\u202e\u2067]([^\u202c\u2069\n]*)")
"""What stands behind a right-to-left override or embedding is shown from its end."""

_ROUNDS: Final = 3
"""How often a text is decoded again: `&amp;#39;` is escaped twice."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text as it is shown. `places[n]` is where the character n came from, and one more place is the text's end."""

    text: str
    places: tuple[int, ...]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where in the source `start`:`end` of the text stands; at least one character."""
        first = self.places[start]
        return first, max(first + 1, self.places[end])


def shown_forms(text: str) -> Iterator[DecodedText]:
    """What a text may be shown as, where that differs from how it is written; nothing for most texts."""
    shown = DecodedText(text, tuple(range(len(text) + 1)))
    for _ in range(_ROUNDS):
        before = shown
        if any(mark in shown.text for mark in "&%\\="):
            shown = _replaced(shown, _ESCAPED, _unescaped)
        if not shown.text.isascii():
            shown = _replaced(shown, _GARBLED, _mended)
        if shown.text == before.text:
            break
    if shown.text != text:
        yield shown
    if _REVERSED.search(shown.text):
        yield DecodedText(_REVERSED.sub(lambda found: found[0][0] + found[1][::-1], shown.text), shown.places)


def _replaced(shown: DecodedText, pattern: re.Pattern[str], replace: Callable[[str], str]) -> DecodedText:
    """The form with every match replaced; all characters of a replacement come from where the match began."""
    pieces: list[str] = []
    places: list[int] = []
    last = 0
    for found in pattern.finditer(shown.text):
        new = replace(found[0])
        if new == found[0]:
            continue
        pieces += [shown.text[last : found.start()], new]
        places += shown.places[last : found.start()]
        places += [shown.places[found.start()]] * len(new)
        last = found.end()
    if not pieces:
        return shown
    pieces.append(shown.text[last:])
    places += shown.places[last:]
    return DecodedText("".join(pieces), tuple(places))


def _unescaped(escaped: str) -> str:
    if escaped.startswith("&"):
        return html.unescape(escaped)
    if escaped.startswith("\\"):
        point = int(escaped[2:].strip("{}"), 16)
        return chr(point) if point < 0x110000 else escaped
    return bytes.fromhex(escaped.replace("%", "").replace("=", "")).decode("utf-8", errors="replace")


def _mended(word: str) -> str:
    return word if word.isascii() else ftfy.fix_encoding(word)
