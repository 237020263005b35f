"""What a file is, told by its first bytes and, only where they say nothing, by its name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from consentguard import kinds
from consentguard.kinds import Kind

SEALED: Final = frozenset({Kind.DOCUMENT, Kind.ARCHIVE, Kind.VIDEO, Kind.SOUND, Kind.ICON, Kind.CONTAINER})
"""Kinds that may hold pictures and are not looked into: policy names the paths that may go all the same."""

_POINTER: Final = (
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-[\w.-]+ sha256:[0-9a-f]{64}\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize \d+\n?\Z"
)
"""A whole pointer and nothing behind it (git-lfs, docs/spec.md): what only begins like one goes out as it is."""

_COVER: Final = re.compile(rb"APIC|PIC\0|covr|METADATA_BLOCK_PICTURE|image/(?:jpe?g|png)")

_WITHIN: Final = re.compile(
    rb"\xff\xd8\xff(?:\xe0..JF|\xe1..(?:Exif|http)|\xe2..(?:ICC_|MPF)|\xdb\0[\x43\x84]|\xed..Phot|\xee..Adob)"
    rb"|\x89PNG\r\n\x1a\n\0\0\0\rIHDR|GIF8[79]a.{4}[\x80-\xf7]|RIFF.{4}WEBPVP8|ftyp(?:hei[cx]|avif|mif1)",
    re.S,
)
"""How pictures begin that lie within another file: a database, a program, a page with bytes that are no text."""


def kind_of(data: bytes, path: str) -> Kind:
    """What a file is. A name never makes a picture harmless; it can only make the unknown suspect."""
    if re.match(_POINTER, data):
        return Kind.POINTER
    kind = kinds.kind_of(data, path)
    if kind is Kind.SOUND and not _COVER.search(data):
        kind = None
    return kind or (Kind.CONTAINER if _WITHIN.search(data) else Kind.TEXT)


def as_text(data: bytes) -> str:
    """The text of a file. Bytes that are not UTF-8 stay in it as surrogates; zeros, as of UTF-16 without a mark, go."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    return data.replace(b"\0", b"").decode("utf-8", errors="surrogateescape")


def line_counter(text: str) -> Callable[[int], int]:
    """The number of the line, from 1, that a place of this text is on, in a time that does not grow with the text."""
    ends = [found.start() for found in re.finditer("\n", text)]
    return lambda at: bisect_left(ends, at) + 1


def pointed_at(pointer: bytes) -> str:
    """The SHA-256, hex, of the file that a Git LFS pointer stands for."""
    found = re.match(_POINTER, pointer)
    return found["oid"].decode() if found else ""
