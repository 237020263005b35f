"""The ways in which one text may be meant: its escapes undone as HTML, JavaScript, CSS, XML, mail and addresses do."""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from consentguard.errors import CannotTell

_DEEPEST: Final = 4
"""How often one text is escaped within another: a page in a frame in a page in JSON is three times."""
_GROWTH: Final = 8
"""How many times longer its entities may make a text."""

_ESCAPE: Final = re.compile(
    r"(?<!\\)\\+(?:u00([2-7][0-9a-f])|u\{0{0,4}([2-7][0-9a-f])\}|x([2-7][0-9a-f])|(0[4-7][0-7]|1[0-7]{2})"
    r"""|(["'/`;:,+=])|[nrt]|(\r?\n))""",
    re.I,
)
"""How JSON, JavaScript and PHP write what base64 is made of (PHP: `\\/9j\\/`), and the line ends between."""
_OCTAL: Final = re.compile(r"(?<!\\)\\++([01]?[0-7]{2})(?![0-9])")
_CSS: Final = re.compile(r"\\([0-9A-Fa-f]{1,6})[ \t\n\f]?|\\(?=[^0-9A-Za-z\s\\])")
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})")
_DENSE: Final = re.compile(
    r"(?:[A-Za-z0-9+/=_\\%&#;:,{}-]++|(?:(?<=\\[0-9A-Fa-f])|(?<=\\[0-9A-Fa-f]{2})|(?<=\\[0-9A-Fa-f]{6}))[ \t]"
    r"|(?<=[A-Za-z0-9+/=;\\])\r?\n[ \t]*+(?=[A-Za-z0-9+/=\\%&])|(?<=\\)[\"'`])++"
)
"""What a coded file with escapes in it is made of."""
_HAS_ESCAPE: Final = re.compile(r"[\\%&]|=3D|=2[BF]|=\r?\n")
_SHORTEST: Final = 40
"""Letters and escapes in a row, so that they are no words."""
_FEWEST: Final = 200
_GAP: Final = 160
_ENTITY: Final = re.compile(r"<!ENTITY\s+(?:%\s+)?([\w.:-]+)\s+(?:\"([^\"]*+)\"|'([^']*+)')", re.I)
_USED: Final = re.compile(r"[&%]([\w.:-]+);")


def readings(text: str) -> Iterator[tuple[int, int, str]]:
    """Each way to read a text, or a part of it, that gives another one: the part's begin and end, and what it then is.

    The text itself is the first. Of the others only stretches count that are as dense as a coded file and hold escapes:
    what is not escaped within them is found without.

    Raises CannotTell for XML whose entities make it many times longer.
    """
    yield 0, len(text), text
    if "<!ENTITY" in text:
        expanded = _expanded(text)
        if expanded != text:
            yield from ((0, len(text), read) for _, _, read in readings(html.unescape(expanded)))
    for begins, ends in _escaped(text):
        yield from ((begins, ends, read) for read in _ways(text[begins:ends]))


def _escaped(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of letters and escapes close to each other, if they are long enough together."""
    if _HAS_ESCAPE.search(text) is None:
        return
    begins = letters = 0
    ends = -_GAP - 1
    escaped = False
    for found in _DENSE.finditer(text):
        if found.end() - found.start() < _SHORTEST:
            continue
        if found.start() - ends > _GAP:
            if escaped and letters >= _FEWEST:
                yield begins, ends
            begins, letters, escaped = found.start(), 0, False
        ends = found.end()
        letters += ends - found.start()
        escaped = escaped or _HAS_ESCAPE.search(found[0]) is not None
    if escaped and letters >= _FEWEST:
        yield begins, ends


def _ways(text: str) -> Iterator[str]:
    seen = {text}
    waiting = [(text, 0)]
    while waiting:
        read, depth = waiting.pop(0)
        usual = _ESCAPE.sub(_unescaped, html.unescape(read)) if "&" in read or "\\" in read else read
        if usual != text:
            yield usual
        if depth == _DEEPEST:
            continue
        for other in _others(read, usual):
            if other not in seen:
                seen.add(other)
                waiting.append((other, depth + 1))


def _others(read: str, usual: str) -> Iterator[str]:
    if usual != read and ("&" in usual or "\\" in usual):
        yield usual
    if "\\" in read:
        if _OCTAL.search(read):
            yield _OCTAL.sub(lambda found: chr(int(found[1], 8)), read)
        if any(not _OCTAL.fullmatch(found[0].strip()) for found in _CSS.finditer(read)):
            yield _CSS.sub(_of_css, read)
    if "quoted-printable" in read.lower() or "=3D" in read:
        yield quopri.decodestring(read.encode(errors="surrogateescape")).decode(errors="surrogateescape")
    if _PERCENT.search(usual):
        yield unquote_to_bytes(usual.encode(errors="surrogateescape")).decode(errors="surrogateescape")


def _unescaped(escape: re.Match[str]) -> str:
    code, octal, letter, line_end = escape[1] or escape[2] or escape[3], escape[4], escape[5], escape[6]
    if code or octal:
        return chr(int(code, 16) if code else int(octal, 8))
    return letter or line_end or " "


def _of_css(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] and 0 < int(escape[1], 16) <= 0x10FFFF else ""


def _expanded(text: str) -> str:
    """XML with its own entities in their places."""
    held = {found[1]: found[2] or found[3] or "" for found in _ENTITY.finditer(text)}
    most = _GROWTH * len(text) + 10_000
    for _ in range(_DEEPEST):
        grown = sum(len(held.get(found[1], "")) for found in _USED.finditer(text))
        if not grown:
            break
        if len(text) + grown > most:
            raise CannotTell("its entities make it many times longer; write out what they stand for")
        text = _USED.sub(lambda found: held.get(found[1], found[0]), text)
    return text
