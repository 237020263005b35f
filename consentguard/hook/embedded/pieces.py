"""Base64 of pictures in pieces that anything may stand between, and of texts that hold a picture in turn."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final

_FEWEST_LETTERS: Final = 200
"""Letters of base64, as many as for what stands in one piece."""
_GAP: Final = 160
"""Letters that may stand between two pieces of one file."""
_PIECE: Final = 16
"""Letters of a piece that is no word; where the first is shorter, all are as long as it."""
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_OTHERS: Final = bytes(set(range(256)) - set(_LETTERS))

_SURE: Final = (
    *(b"iVBORw0KGg", b"R0lGODlh", b"R0lGODdh", b"ZnR5cGhlaW", b"ZnR5cG1pZj", b"ZnR5cGF2aW", b"XRUJQVlA4"),
    *(b"/9j/4", b"_9j_4", b"/9j/2", b"_9j_2", b"/9j/7", b"_9j_7"),
)
"""How base64 of a picture begins, surely enough to be believed in the middle of other letters and in pieces."""
_APART: Final = r"[^A-Za-z0-9+/_-]{0,16}+"
_BEGINS: Final = tuple(
    re.compile(_APART.join(map(re.escape, ("U", "k", "l", "G", "R") if sure[0] == ord("X") else sure.decode())))
    for sure in _SURE
)
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_-]+")
_CODED_TEXT: Final = re.compile(
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}+(?:\s{0,2}[ \t]*+[A-Za-z0-9+/]{40,}+)*+(?:\s{0,2}[ \t]*+[A-Za-z0-9+/]+)?"
)


def letters_of(text: str) -> bytes:
    """The letters of base64 in a text, and nothing else of it."""
    return text.encode("latin-1", errors="replace").translate(None, _OTHERS)


def base64_in_pieces(text: str, letters: bytes) -> Iterator[tuple[int, str]]:
    """Where each picture in pieces begins, and its letters put together; `letters` are those of the whole text."""
    begins = [
        (found.start(), found.end(), number)
        for number, (sure, pattern) in enumerate(zip(_SURE, _BEGINS, strict=True))
        if sure in letters
        for found in pattern.finditer(text)
    ]
    places = {at for at, _, _ in begins}
    behind = [0] * len(_SURE)
    for at, ends, number in begins:
        if at >= behind[number]:
            found, behind[number] = _pieces(text, at, places)
            if len(found) >= _FEWEST_LETTERS:
                yield at, found
            behind[number] = max(behind[number], ends)


def texts_in_base64(text: str) -> Iterator[tuple[int, str]]:
    """Where and what is base64 of texts; only what is read from its beginning as one."""
    for found in _CODED_TEXT.finditer(text):
        start = binascii.a2b_base64(found[0][:40])
        if start.isascii() and start.decode().replace("\n", " ").isprintable():
            yield found.start(), found[0]


def _pieces(text: str, begins: int, others: set[int]) -> tuple[str, int]:
    """The letters from a place on, those of every later piece that is as long or no word, and where the last ends.

    It ends before a piece that begins as one of the `others` does: there another file begins.
    """
    tokens = _TOKEN.finditer(text, begins)
    first = next(tokens)
    before = _TOKEN.match(text[max(0, begins - _PIECE) : begins][::-1])
    prefix = before[0][::-1] if before else ""  # `S="$S` or the plus of a difference stands before every piece
    pieces, ends, gap, size = [first[0]], first.end(), "", len(first[0])
    for token in tokens:
        if token.start() - ends > _GAP or token.start() in others or token.start() + len(prefix) in others:
            break
        piece = token[0].removeprefix(prefix)
        between = text[ends : token.start()]
        if len(piece) != size and (size < _PIECE or len(piece) < _PIECE) and between != gap:
            continue  # a word, a number
        pieces.append(piece)
        ends, gap = token.end(), between
        if len(piece) < min(size, _PIECE):
            break
    return "".join(pieces), ends
