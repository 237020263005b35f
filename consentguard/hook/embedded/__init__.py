"""Pictures written into texts: data URIs, base64 in however many strings, hex digits, lists of bytes, escapes of each.

The text is searched, not parsed: what a parser skips, such as a comment or a template's string, goes out all the same.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from consentguard import kinds
from consentguard.errors import CannotTell
from consentguard.hook.embedded.numbers import files_in_numbers
from consentguard.hook.embedded.pieces import base64_in_pieces, letters_of, texts_in_base64
from consentguard.hook.embedded.readings import readings
from consentguard.hook.embedded.streams import files_in_streams
from consentguard.hook.kinds import begins_within, kind_of, line_counter
from consentguard.kinds import Kind

_COMMENT: Final = (
    r"(?:/\*(?:[^*]|\*(?!/)){0,300}+\*/|//[^\n]{0,300}+\n|#[^\n]{0,300}+\n|--[^\n]{0,300}+\n"
    r"|<!--(?:[^-]|-(?!->)){0,300}+-->)"
)
_NAME: Final = r"[\w$.\[\]>-]{1,40}+"
_JOIN: Final = re.compile(
    rf"""["'`]\s*+(?:{_COMMENT}\s*+)*+"""
    rf"""(?:[+.,~&]=?|\|\||<<|;?\s*+(?:(?:const|let|var|my|static)\s++)?{_NAME}\s*+[+.]?=\s*+(?:{_NAME}\s*+[+.]\s*+)?|\)?\s*+[;.,+]?\s*+{_NAME}\(\s*+)?"""
    rf"""\s*+(?:{_COMMENT}\s*+)*+["'`]|(?<=[A-Za-z0-9+/])[ \t]*+\r?\n[ \t]*+(?:[-*#>|;]|//)[ \t]++(?=[A-Za-z0-9+/])"""
)
"""What joins two strings of a program, a list or a quoted text. One zero stands for it while a text is searched."""

_CODED: Final = re.compile(
    r"data:[^,\"'<>]{0,300};[\s\0]*+base64[\s\0]*+,((?:[A-Za-z0-9+/=_-]|%[0-9A-Fa-f]{2}|\s|\0(?!\s*+data:))*+)", re.I
)
_HEAD: Final = r"\s*+(?![^,\"'<>]{0,300};\s*base64\s*,)(?:[a-z]+/[a-z0-9.+-]+)?(?:;[^,\"'<>\s]{0,300})?,"
_PLAIN: Final = re.compile(
    rf"\"\s*+data:{_HEAD}([^\"]*+)|'\s*+data:{_HEAD}([^']*+)|`\s*+data:{_HEAD}([^`]*+)|data:{_HEAD}([^\"'<>\s)]*+)",
    re.I,
)
"""It ends at the quote that opened it; unquoted, where an unquoted address of HTML or CSS would."""

_BEGINS: Final = (
    r"[/_]9j[/_]", "iVBORw0KGgo", "R0lGOD", "UklGR", "SUkq", "SUkr", "TU0AK", "PHN2Zy", "[/_]woA", "Qk[01]", "OEJQUw",
    "AAAA..Z0eXA", "AAAA...ZnR5c", "AAAADEpYTC", "AAAADGpQ", "[/_]0[/_]_?U", "cW9pZ", "RERTI", "UD[M-Q][KgN]",
    "JVBERi", "UEsDB", "H4sI", "Z2ltcCB", "RkxJRj", "QlBH", "AAABAA", "aWNucw", "q0tUWC", "di8x",
    "PD94bWwg", "PCFET0NUW",
)  # fmt: skip
_HINT: Final = re.compile("|".join(_BEGINS).encode())
"""The same in the letters alone, so that a text without any need not be searched."""
_SPREAD: Final = "|".join(
    r"[\s\0]*+".join(re.findall(r"\[[^\]]+\]|\.|.", begin.replace(".", "[A-Za-z0-9+/_-]"))).replace("?", "")
    for begin in _BEGINS
)
_BARE: Final = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?={_SPREAD})(?:[A-Za-z0-9+/\s\0]{{200,}}+|[A-Za-z0-9_\s\0-]{{200,}}+)={{0,2}}"
)
"""Either alphabet of RFC 4648, without a word that says so."""
_BEGIN: Final = re.compile(rf"\s*+(?:{_SPREAD})")
_UU: Final = re.compile(r"^begin [0-7]{3,4} [^\n]+\n((?:[ -`]{1,62}\r?\n)+)", re.M)
_HEAD_SIZE: Final = 8
_ABOUT: Final = 330
"""Letters between the beginning of a data URI and that of its data, at most."""
_ESCAPES: Final = ("&", "\\", "%")
_SHORT: Final = 16
"""Letters; strings shorter than that behind a whole file are arguments, not more of it."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """One file within a text: about the line it begins on, counted from 1, and its bytes; None if they are damaged."""

    line: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class _Find:
    """A file, and the stretch of the text that it was found in. It is `sure` if all of it and nothing else is in it."""

    begins: int
    ends: int
    data: bytes | None
    sure: bool

    def is_of(self, other: _Find) -> bool:
        """Whether this is the same file as the other, read badly."""
        here = self.begins <= other.ends and other.begins <= self.ends
        return here and (other.data or b"").startswith((self.data or b"")[:_HEAD_SIZE])


def embedded_in(text: str) -> Iterator[Embedded]:
    """Every file written into a text, in no order, each once for each way in which the text can be read."""
    line_at = line_counter(text)
    seen: set[bytes | None] = set()
    sure: list[_Find] = []
    unsure: list[_Find] = []
    try:
        for found in _found(text):
            if not found.sure:
                unsure.append(found)
                continue
            sure.append(found)
            if found.data not in seen:
                seen.add(found.data)
                yield Embedded(line_at(found.begins), found.data)
    except CannotTell:
        yield Embedded(1, None)
    # What an escape cuts off in one reading is whole in another one; what is whole in none is damaged.
    for found in unsure:
        if found.data not in seen and not any(found.is_of(other) for other in sure):
            seen.add(found.data)
            yield Embedded(line_at(found.begins), found.data)


def _found(text: str) -> Iterator[_Find]:
    for at, data in files_in_numbers(text):
        yield _Find(at, at + _ABOUT, data, sure=True)
    for found in _UU.finditer(text):
        yield _Find(*found.span(), _uudecoded(found[1]), sure=True)
    for number, (begins, ends, read) in enumerate(readings(text)):
        letters = letters_of(read)

        def at_most(at: int, whole: bool = number == 0, begins: int = begins, ends: int = ends) -> tuple[int, int]:
            return (at, at + _ABOUT) if whole else (begins, ends)

        for at, part, cut in _files(read, letters):
            yield _Find(*at_most(at), part, sure=(not cut and number == 0) or (part is not None and _is_whole(part)))
        yield from (_Find(*at_most(at), data, sure=False) for at, data in files_in_streams(_raw(read)))
        for at, coded in (*base64_in_pieces(read, letters), *texts_in_base64(read)):
            yield _Find(*at_most(at), _base64(coded), sure=False)


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _uudecoded(lines: str) -> bytes | None:
    try:
        return b"".join(binascii.a2b_uu(line) for line in lines.splitlines())
    except binascii.Error:
        return None


def _files(read: str, letters: bytes) -> Iterator[tuple[int, bytes | None, bool]]:
    if "data:" in read.lower():
        for found in _PLAIN.finditer(read):
            body = next((group for group in found.groups() if group is not None), "")
            yield found.start(), unquote_to_bytes(_raw(body)), False
    if b"base64" not in letters.lower() and not _HINT.search(letters):
        return
    joined = _JOIN.sub("\0", read)
    longer = len(joined) != len(read)
    ends = 0
    spans = []
    for found in _CODED.finditer(joined):
        spans.append(found.span())
        for data in _decoded(found[1].split("\0")):
            yield _place(found.start(), joined, longer), data, joined[found.end() : found.end() + 1] in _ESCAPES
    inside = iter([*spans, (len(joined) + 1, len(joined) + 1)])
    begins, ends = next(inside)
    for found in _BARE.finditer(joined):
        while ends <= found.start():
            begins, ends = next(inside)
        if begins <= found.start():
            continue  # it was yielded whole
        for pieces in _separate(found[0].split("\0")):
            for data in _decoded(pieces):
                if data is None or _known(data):
                    yield _place(found.start(), joined, longer), data, joined[found.end() : found.end() + 1] in _ESCAPES


def _place(at: int, joined: str, longer: bool) -> int:
    """About where something of the joined text stands in the text: joints hide line ends, and are few before it."""
    return at if not longer else at + joined.count("\0", 0, at)


def _separate(pieces: list[str]) -> Iterator[list[str]]:
    """Strings that each begin like a file are files of their own; the others go on with the one before."""
    group: list[str] = []
    for piece in pieces:
        if group and _BEGIN.match(piece):
            yield group
            group = []
        group.append(piece)
    yield group


def _decoded(pieces: list[str]) -> Iterator[bytes | None]:
    """The file in these strings: the first alone where it is whole, else all of them."""
    pieces = [piece for piece in pieces if piece.strip()] or [""]
    first = _base64(pieces[0])
    more = [piece for piece in pieces[1:] if len(piece) >= _SHORT] or len(pieces[0]) < _SHORT
    if len(pieces) == 1 or not more or pieces[0].rstrip().endswith("=") or (first and _is_whole(first)):
        yield first
        return
    together = _base64("".join(pieces))
    if first and kind_of(first, "") is Kind.SILENT:
        yield first
    else:
        yield together


def _base64(payload: str) -> bytes | None:
    """Base64 as browsers read it: percent signs resolved, white space dropped, the padding left to itself."""
    plain = unquote_to_bytes(payload).decode("latin-1") if "%" in payload else payload
    letters = re.sub(r"[\s\0=]", "", plain).translate(str.maketrans("-_", "+/"))
    try:
        return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return None


def _is_whole(data: bytes) -> bool:
    """Whether a picture ends where its format says that it ends."""
    if data.startswith(b"\x89PNG"):
        return data[4:8] == b"\r\n\x1a\n" and data[-8:-4] == b"IEND"
    if data.startswith(b"\xff\xd8\xff"):
        return data.endswith(b"\xff\xd9")
    if data.startswith(b"GIF8"):
        return data.endswith(b"\x3b")
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 == len(data)
    return data.rstrip().endswith((b"</svg>", b"</html>"))


def _known(data: bytes) -> bool:
    """Whether bytes that nobody announced are a file: chance makes three letters of anything."""
    head = data[:4].lower()
    return kinds.kind_of(data, "") is not None or head in (b"<svg", b"<?xm", b"<!do") or begins_within(data) is not None
