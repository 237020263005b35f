"""Pictures written into texts: data URIs of HTML, Markdown, SVG and CSS, and bare base64, as in notebooks.

The text is searched, not parsed: what a parser skips, such as a comment or a template's string, goes out all the same.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

_PAYLOAD: Final = r"(?:[A-Za-z0-9+/=_-]|%[0-9A-Fa-f]{2}|\s|\\[nr\n])*"
_CODED: Final = re.compile(rf"data:[^,\"'<>]{{0,300}};\s*base64\s*,({_PAYLOAD})", re.I)
_PLAIN: Final = re.compile(
    r"data:\s*(?![^,\"'<>]{0,300};\s*base64\s*,)[a-z]+/[a-z0-9.+-]+[^,\"'<>\s]{0,300},([^\"'<>\s)]*)", re.I
)
_STARTS: Final = (r"/9j/", r"iVBORw0KGgo", r"R0lGOD", r"UklGR", r"SUkq", r"TU0AK",
                  r"AAAA[A-Za-z0-9+/]{3,4}Z0eXA|AAAA[A-Za-z0-9+/]{4}ZnR5c", r"PHN2Zy", r"/woA", r"Qk[01]")  # fmt: skip
_BARE: Final = re.compile(rf"(?<![A-Za-z0-9+/=,])(?:{'|'.join(_STARTS)})(?:[A-Za-z0-9+/=]|\s|\\[nr\n]){{200,}}")


@dataclass(frozen=True, slots=True)
class Embedded:
    """One file within a text: the line it begins on, counted from 1, and its bytes; None where they are damaged."""

    line: int
    data: bytes | None


def embedded_in(text: str) -> Iterator[Embedded]:
    """Every file written into a text, in no order; one may be found twice."""
    read = html.unescape(text)  # base64 holds no `&`, so that other texts lose nothing
    for found in _CODED.finditer(read):
        yield Embedded(_line(read, found.start()), _decoded(found[1]))
    for found in _PLAIN.finditer(read):
        data = unquote_to_bytes(found[1].encode("utf-8", errors="surrogateescape"))
        yield Embedded(_line(read, found.start()), data)
    for found in _BARE.finditer(read):
        yield Embedded(_line(read, found.start()), _decoded(found[0]))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _decoded(payload: str) -> bytes | None:
    """Base64 as browsers read it: percent signs resolved, white space dropped, the padding left to itself."""
    plain = unquote_to_bytes(payload).decode("latin-1") if "%" in payload else payload
    letters = re.sub(r"\s|\\[nr\n]|=", "", plain).translate(str.maketrans("-_", "+/"))
    try:
        return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return None
