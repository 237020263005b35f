"""Pictures written into texts: data URIs, base64 in however many strings, hex digits, lists of bytes, escapes of each.

The text is searched, not parsed: what a parser skips, such as a comment or a template's string, goes out all the same.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
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
_FEWEST: Final = 200
_BARE: Final = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?={_SPREAD})"
    rf"(?:[A-Za-z0-9+/\s\0]{{{_FEWEST},}}+|[A-Za-z0-9_\s\0-]{{{_FEWEST},}}+)={{0,2}}"
)
"""Either alphabet of RFC 4648, without a word that says so."""
_BEGIN: Final = re.compile(rf"\s*+(?:{_SPREAD})")
_STRONG: Final = re.compile(r"\s*+(?:[/_]9j[/_][427]|iVBORw0KGg|R0lGOD[lm]|UklGR)")
"""Few enough letters to stand at the beginning of a string, and too many to do so by chance."""
_UU: Final = re.compile(r"^begin [0-7]{3,4} [^\n]+\n((?:[ -`]{1,62}\r?\n)+)", re.M)
_HEAD_SIZE: Final = 8
_RUN, _SAMPLES, _SHARED = 8, 64, 0.75
"""Bytes or letters of a run, how many runs of a file are looked for in another, and the share that says it is the same.

Of files that were read badly at least 92 % were found, of two JPEGs of one size by one program 6 %, of tiny ones 50 %.
"""
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
    """A file, and the stretch of the text that it was found in. It is `sure` if all of it and nothing else is in it.

    `reading` numbers the ways to read the text; the first is the text itself.
    """

    begins: int
    ends: int
    data: bytes | None
    sure: bool
    reading: int = 0

    def is_of(self, other: _Find) -> bool:
        """Whether this is the same file as a sure one, read badly. In one reading the two stand apart."""
        mine, theirs = self.data or b"", other.data or b""
        if self.reading == other.reading or self.begins > other.ends or other.begins > self.ends:
            return False
        if not theirs.startswith(mine[:_HEAD_SIZE]):
            return False
        # An escape that is read as letters, or not at all, shifts the bytes behind it and leaves the letters of base64.
        return _share_in(mine, theirs) >= _SHARED or _share_in(_letters(mine), _letters(theirs)) >= _SHARED


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
            elif found.data not in seen:  # the first place is the nearest: a later reading knows but the stretch
                sure.append(found)
                seen.add(found.data)
                yield Embedded(line_at(found.begins), found.data)
    except CannotTell:
        yield Embedded(1, None)
    # What an escape cuts off in one reading is whole in another one; what is whole in none is damaged.
    longer: list[bytes] = []
    for found in sorted(unsure, key=lambda each: len(each.data or b""), reverse=True):
        part = found.data is not None and any(other.startswith(found.data) for other in longer)
        if not part and found.data not in seen and not any(found.is_of(other) for other in sure):
            longer.append(found.data or b"")
            seen.add(found.data)
            yield Embedded(line_at(found.begins), found.data)


def _found(text: str) -> Iterator[_Find]:
    whole: list[tuple[int, int]] = []
    for at, ends, data in files_in_numbers(text):
        whole.append((at, ends))
        yield _Find(at, ends, data, sure=True)
    for found in _UU.finditer(text):
        yield _Find(*found.span(), _uudecoded(found[1]), sure=True)
    for number, (begins, ends, read) in enumerate(readings(text)):
        letters = letters_of(read)

        def find(at: int, to: int, data: bytes | None, sure: bool, number: int = number,
                 stretch: tuple[int, int] = (begins, ends)) -> _Find:  # fmt: skip
            return _Find(*(stretch if number else (at, to)), data, sure, number)

        for at, to, part, cut in _files(read, letters):
            sure = (not cut and number == 0) or (part is not None and _is_whole(part))
            yield find(at, to, part, sure)
            if sure and to > at and part is not None and _is_all(part):
                whole.append((at, to))
        rest = _without(read, whole)
        letters = letters if rest is read else letters_of(rest)
        yield from (find(at, at, data, sure=False) for at, data in files_in_streams(_raw(rest)))
        for at, coded in (*base64_in_pieces(rest, letters), *texts_in_base64(rest)):
            yield find(at, at, _base64(coded), sure=False)
        whole = []


def _share_in(data: bytes, other: bytes) -> float:
    """Which share of the runs of a file stand in another, 0..1, of some runs all through it."""
    step = max(1, len(data) // _SAMPLES)
    runs = [data[at : at + _RUN] for at in range(0, max(1, len(data) - _RUN + 1), step)]
    return sum(run in other for run in runs) / len(runs)


def _letters(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """A text with blanks where something was found whole, so that nothing else is taken for a part of it."""
    parts, behind = [], 0
    for begins, ends in sorted(spans):
        parts += [text[behind:begins], " " * (ends - max(begins, behind))]
        behind = max(ends, behind)
    return "".join((*parts, text[behind:])) if spans else text


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _uudecoded(lines: str) -> bytes | None:
    try:
        return b"".join(binascii.a2b_uu(line) for line in lines.splitlines())
    except binascii.Error:
        return None


def _files(read: str, letters: bytes) -> Iterator[tuple[int, int, bytes | None, bool]]:
    """Where each file begins and ends, its bytes, and whether an escape cuts it off; no end where that is not known."""
    if "data:" in read.lower():
        for found in _PLAIN.finditer(read):
            data = unquote_to_bytes(_raw(next((group for group in found.groups() if group is not None), "")))
            yield found.start(), found.end() if _is_whole(data) else found.start(), data, False
    if b"base64" not in letters.lower() and not _HINT.search(letters):
        return
    joined, place = _joined(read)
    begun, ended = [], []
    for found in _CODED.finditer(joined):
        at = found.start()
        for offset, pieces in _separate(found[1], _STRONG):
            for part, size in _decoded(pieces):
                ends = found.start(1) + offset + size
                if at == found.start() or (size >= _FEWEST and (part is None or _known(part))):
                    yield place(at), place(ends), part, joined[ends : ends + 1] in _ESCAPES
                    begun.append(at)
                    ended.append(ends)
                at = ends
    for found in _BARE.finditer(joined):
        for offset, pieces in _separate(found[0], _BEGIN):
            at = found.start() + offset
            before = bisect_right(begun, at)
            if before and at < ended[before - 1]:
                continue  # it was yielded whole
            for part, size in _decoded(pieces):
                if part is None or _known(part):
                    yield place(at), place(at + size), part, joined[at + size : at + size + 1] in _ESCAPES


def _joined(read: str) -> tuple[str, Callable[[int], int]]:
    """A text with one zero for each joint of two strings, and where a place of it is in the text."""
    joints, hidden = [], [0]
    for found in _JOIN.finditer(read):
        joints.append(found.start() - hidden[-1])
        hidden.append(hidden[-1] + found.end() - found.start() - 1)
    return _JOIN.sub("\0", read), lambda at: at + hidden[bisect_left(joints, at)]


def _separate(coded: str, begin: re.Pattern[str]) -> Iterator[tuple[int, list[str]]]:
    """Strings that each begin like a file are files of their own, each with its place; the others go on with the one
    before."""
    group: list[str] = []
    at = size = 0
    for piece in coded.split("\0"):
        if group and begin.match(piece):
            yield at, group
            at, size, group = at + size, 0, []
        group.append(piece)
        size += len(piece) + 1
    yield at, group


def _decoded(pieces: list[str]) -> Iterator[tuple[bytes | None, int]]:
    """The file in these strings, and how many letters it takes: the first alone where it is whole, else all of them."""
    blank = next((n for n, piece in enumerate(pieces) if piece.strip()), 0)
    alone, whole = len("\0".join(pieces[: blank + 1])), len("\0".join(pieces))
    pieces = [piece for piece in pieces if piece.strip()] or [""]
    first = _base64(pieces[0])
    more = [piece for piece in pieces[1:] if len(piece) >= _SHORT] or len(pieces[0]) < _SHORT
    if len(pieces) == 1 or not more or pieces[0].rstrip().endswith("=") or (first and _is_whole(first)):
        yield first, alone
        return
    together = _base64("".join(pieces))
    if first and kind_of(first, "") is Kind.SILENT:
        yield first, alone
    else:
        yield together, whole


def _base64(payload: str) -> bytes | None:
    """Base64 as browsers read it: percent signs resolved, white space dropped, the padding left to itself."""
    plain = unquote_to_bytes(payload).decode("latin-1") if "%" in payload else payload
    letters = re.sub(r"[\s\0=]", "", plain).translate(str.maketrans("-_", "+/"))
    try:
        return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return None


_ENDING: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")
"""How pictures begin whose format says where they end."""


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


def _is_all(data: bytes) -> bool:
    """Whether this is a file, and whole as far as its format says."""
    return _known(data) and (_is_whole(data) or not data.startswith(_ENDING))


def _known(data: bytes) -> bool:
    """Whether bytes that nobody announced are a file: chance makes three letters of anything."""
    head = data[:4].lower()
    return kinds.kind_of(data, "") is not None or head in (b"<svg", b"<?xm", b"<!do") or begins_within(data) is not None
