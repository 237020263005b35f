"""Pictures written into texts: data URIs of HTML, Markdown, SVG and CSS, and bare base64, as in notebooks and JSON.

The text is searched, not parsed: what a parser skips, such as a comment or a template's string, goes out all the same.
"""

from __future__ import annotations

import binascii
import html
import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from consentguard.hook.kinds import line_counter

_ESCAPE: Final = re.compile(r"""(?<!\\)\\+(?:u\{?00([2-7][0-9a-f])\}?|x([2-7][0-9a-f])|(["'/`])|[nrt]|(\r?\n))""", re.I)
"""How JSON, JavaScript and PHP write what base64 is made of (PHP: `\\/9j\\/`), and the line ends between."""

_JOINT: Final = r"""\s|["'`]\s*[+.]?\s*["'`]"""
"""What may stand within base64: white space, and what joins two strings of a program."""
_CODED: Final = re.compile(
    rf"data:[^,\"'<>]{{0,300}};\s*base64\s*,((?:[A-Za-z0-9+/=_-]|%[0-9A-Fa-f]{{2}}|{_JOINT})*+)", re.I
)
_PLAIN: Final = re.compile(
    r"data:\s*(?![^,\"'<>]{0,300};\s*base64\s*,)(?:[a-z]+/[a-z0-9.+-]+)?(?:;[^,\"'<>\s]{0,300})?,([^\"'<>\s)]*)", re.I
)
_STARTS: Final = (r"[/_]9j[/_]", r"iVBORw0KGgo", r"R0lGOD", r"UklGR", r"SUkq", r"TU0AK",
                  r"AAAA[\w+/-]{3,4}Z0eXA|AAAA[\w+/-]{4}ZnR5c", r"PHN2Zy", r"[/_]woA", r"Qk[01]")  # fmt: skip
_BARE: Final = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?={'|'.join(_STARTS)})"
    rf"(?:(?:[A-Za-z0-9+/]|{_JOINT}){{200,}}+|(?:[A-Za-z0-9_-]|{_JOINT}){{200,}}+)={{0,2}}"
)
"""Either alphabet of RFC 4648, without a word that says so."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """One file within a text: the line it begins on, counted from 1, and its bytes; None where they are damaged."""

    line: int
    data: bytes | None


def embedded_in(text: str) -> Iterator[Embedded]:
    """Every file written into a text, in no order; one may be found twice."""
    read = html.unescape(text)  # base64 holds neither `&` nor `\`, so that other texts lose nothing
    read = _ESCAPE.sub(_unescaped, read)
    line_at = line_counter(read)
    uris = [*_CODED.finditer(read)]
    for found in uris:
        yield Embedded(line_at(found.start()), _decoded(found[1]))
    for found in _PLAIN.finditer(read):
        data = unquote_to_bytes(found[1].encode("utf-8", errors="surrogateescape"))
        yield Embedded(line_at(found.start()), data)
    starts = [uri.start(1) for uri in uris]
    for found in _BARE.finditer(read):
        before = bisect(starts, found.start()) - 1
        if before < 0 or uris[before].end() <= found.start():  # else it was yielded whole
            yield Embedded(line_at(found.start()), _decoded(found[0]))


def _unescaped(escape: re.Match[str]) -> str:
    code, letter, line_end = escape[1] or escape[2], escape[3], escape[4]
    return chr(int(code, 16)) if code else letter or line_end or " "


def _decoded(payload: str) -> bytes | None:
    """Base64 as browsers read it: percent signs resolved, white space dropped, the padding left to itself."""
    plain = unquote_to_bytes(payload).decode("latin-1") if "%" in payload else payload
    letters = re.sub(rf"{_JOINT}|=", "", plain).translate(str.maketrans("-_", "+/"))
    try:
        return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return None
