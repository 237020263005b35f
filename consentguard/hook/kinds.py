"""What a file is, told by its first bytes and, only where they say nothing, by its name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from consentguard import kinds
from consentguard.hook.fonts import tables_of_font
from consentguard.kinds import Kind

SEALED: Final = frozenset(
    {Kind.DOCUMENT, Kind.ARCHIVE, Kind.VIDEO, Kind.SOUND, Kind.ICON, Kind.CONTAINER, Kind.UNKNOWN}
)
"""Kinds that may hold pictures and are not looked into: policy names the paths that may go all the same."""

_POINTER: Final = re.compile(
    rb"\s*version[ \t]+https?://(?:(?:git-lfs|hawser)\.github\.com/spec/v1|git-media\.io/v/2)\s*\n"
    rb"(?:\s*ext-\d-[\w.-]+[ \t]+sha256:[0-9a-f]{64}\s*\n)*"
    rb"\s*oid[ \t]+sha256:(?P<oid>[0-9a-f]{64})\s*\n\s*size[ \t]+\d+\s*\Z",
    re.I,
)
"""A whole pointer and nothing behind it, as git-lfs reads it: either line end, empty lines, spaces at the end, and the
two older addresses are taken (git-lfs, docs/spec.md, lfs/pointer.go). What only begins like one goes out as it is."""
_LARGEST_POINTER: Final = 1024
"""Bytes that git-lfs reads of a file to see whether it is a pointer."""

_COVER: Final = re.compile(rb"APIC|PIC\0|covr|METADATA_BLOCK_PICTURE|image/(?:jpe?g|png)")

_WITHIN: Final = re.compile(
    rb"\xff\xd8\xff(?:\xe0..JF|\xe1..(?:Exif|http)|\xe2..(?:ICC_|MPF)|\xdb\0[\x43\x84]|\xed..Phot|\xee..Adob)"
    rb"|\x89PNG\r\n\x1a\n\0\0\0\rIHDR|GIF8[79]a.{4}[\x80-\xf7]|RIFF.{4}WEBPVP8|ftyp(?:hei[cx]|avif|mif1)",
    re.S,
)
"""How pictures begin that lie within another file: a database, a program, a page with bytes that are no text."""


_SHOWS_NOTHING: Final = re.compile(
    rb"\0asm[\x01\x02]|MThd\0\0\0\x06|\xde\x12\x04\x95\0|\x95\x04\x12\xde\0|\0\0\0\x01Bud1"
)
"""WebAssembly, MIDI, compiled translations of gettext, folder settings of a Mac: searched like texts all the same."""

_CONTROLS: Final = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\b\x1a\x1b"})
"""Bytes that stand in no text of any encoding that keeps ASCII; zeros among them, which UTF-16 has."""
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def kind_of(data: bytes, path: str) -> Kind:
    """What a file is. A name never makes a picture harmless; it can only make the unknown suspect."""
    if pointed_at(data):
        return Kind.POINTER
    kind = kinds.kind_of(data, path)
    if kind is Kind.SOUND and not _COVER.search(data):
        kind = Kind.SILENT
    if kind not in (None, Kind.SILENT):
        return kind
    font = tables_of_font(data)
    if _WITHIN.search(font or data):
        return Kind.CONTAINER
    if kind or font or _SHOWS_NOTHING.match(data):
        return Kind.SILENT
    return Kind.TEXT if _is_text(data) else Kind.UNKNOWN


def _is_text(data: bytes) -> bool:
    """Whether bytes are a text, in UTF-8, UTF-16 or UTF-32 or in an older encoding that keeps ASCII.

    Two controls in a thousand bytes are forgiven, as browsers forgive them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decodes(data, encoding)
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls <= max(1, len(data) // 500):
        return True
    even, odd, half = data[::2].count(0), data[1::2].count(0), max(1, len(data) // 2)
    if max(even, odd) < half * 2 // 5 or (min(even, odd) > half // 50 and even + odd < len(data) * 7 // 10):
        return False
    return any(_decodes(data, encoding) for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"))


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    controls = sum(text.count(chr(code)) for code in _CONTROLS)
    private = sum(0xE000 <= ord(letter) < 0xF900 for letter in text[:4096])
    return controls <= max(1, len(text) // 500) and private <= max(1, len(text[:4096]) // 20)


def begins_within(data: bytes) -> int | None:
    """Where a picture begins within other bytes; None where none does."""
    found = _WITHIN.search(data)
    return found.start() if found else None


def as_text(data: bytes) -> str:
    """The text of a file. Bytes that are not UTF-8 stay in it as surrogates; zeros, as of UTF-16 without a mark, go."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    return data.replace(b"\0", b"").decode("utf-8", errors="surrogateescape")


def line_counter(text: str) -> Callable[[int], int]:
    """The number of the line, from 1, that a place of this text is on, in a time that does not grow with the text."""
    ends = [found.start() for found in re.finditer("\n", text)]
    return lambda at: bisect_left(ends, at) + 1


def pointed_at(pointer: bytes) -> str:
    """The SHA-256, hex, of the file that a Git LFS pointer stands for; "" for what is no pointer."""
    found = _POINTER.match(pointer) if len(pointer) <= _LARGEST_POINTER else None
    return found["oid"].decode().lower() if found else ""
