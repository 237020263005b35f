"""Web fonts: a file that is one, from its first byte to its last, and holds no pictures in place of letters.

Read are the directories of TrueType and OpenType (ISO/IEC 14496-22), WOFF 1 and 2 (W3C) and EOT. The tables of a WOFF 2
are packed as one stream that is not unpacked here: only what its directory names is known.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import Final

_PICTURES: Final = frozenset((b"SVG ", b"sbix", b"CBDT", b"CBLC", b"EBDT", b"EBLC", b"bdat", b"bloc"))
"""Tables with pictures of letters: emoji, and whatever else somebody draws there."""
_OUTLINES: Final = frozenset((b"glyf", b"CFF ", b"CFF2"))
_HEAD_MAGIC: Final = b"\x5f\x0f\x3c\xf5"
_SFNT: Final = (b"\0\1\0\0", b"OTTO", b"true", b"typ1")
_MOST: Final = 64_000_000
"""Bytes that one font unpacks to at most."""

_SPELT: Final = (
    "cmap head hhea hmtx maxp name OS/2 post cvt fpgm glyf loca prep CFF VORG EBDT EBLC gasp hdmx kern LTSH PCLT VDMX "
    "vhea vmtx BASE GDEF GPOS GSUB EBSC JSTF MATH CBDT CBLC COLR CPAL SVG sbix acnt avar bdat bloc bsln cvar fdsc "
    "feat fmtx fvar gvar hsty just lcar mort morx opbd prop trak Zapf Silf Glat Gloc Feat Sill"
)
_WOFF2_TAGS: Final = tuple(tag.encode().ljust(4) for tag in _SPELT.split())
"""Known table tags by their number (WOFF 2.0, section 4.1)."""


def tables_of_font(data: bytes) -> bytes | None:
    """What a whole font holds, unpacked as far as it can be; None for what is no whole font, or one with pictures."""
    readers = {b"ttcf": _of_collection, b"wOFF": _of_woff, b"wOF2": _of_woff2} | dict.fromkeys(_SFNT, _of_sfnt)
    reader = readers.get(data[:4]) or (_of_eot if data[34:36] == b"LP" else None)
    try:
        return reader(data) if reader else None
    except (struct.error, zlib.error, IndexError):  # it ends before its directory does
        return None


def _tags_fit(tags: Iterable[bytes]) -> bool:
    tags = list(tags)
    held = set(tags)
    return len(held) == len(tags) and {b"head", b"maxp"} <= held and bool(_OUTLINES & held) and not _PICTURES & held


def _entries(data: bytes, at: int) -> list[tuple[bytes, int, int]]:
    """Tag, place and length of each table of a directory at `at`."""
    (number,) = struct.unpack_from(">H", data, at + 4)
    rows = [struct.unpack_from(">4sIII", data, at + 12 + 16 * row) for row in range(number)]
    return [(tag, begins, length) for tag, _, begins, length in rows]


def _of_sfnt(data: bytes) -> bytes | None:
    entries = _entries(data, 0)
    head = next((begins for tag, begins, _ in entries if tag == b"head"), -1)
    whole = (
        _tags_fit(tag for tag, _, _ in entries)
        and _covered(data, [(0, 12 + 16 * len(entries)), *((begins, length) for _, begins, length in entries)])
        and data[head + 12 : head + 16] == _HEAD_MAGIC
    )
    return data if whole else None


def _covered(data: bytes, stretches: list[tuple[int, int]]) -> bool:
    """Whether these stretches, each padded to four bytes, are all there is, without one byte between or behind."""
    at = 0
    for begins, length in sorted(stretches):
        if begins > at + 3 or (begins < at and begins):
            return False
        at = max(at, begins + length)
    return at <= len(data) <= at + 3


def _of_collection(data: bytes) -> bytes | None:
    (number,) = struct.unpack_from(">I", data, 8)
    if not 0 < number <= 256:
        return None
    places = struct.unpack_from(f">{number}I", data, 12)
    shared: set[tuple[int, int]] = {(0, 12 + 4 * number + (12 if data[4:6] == b"\0\2" else 0))}
    for place in places:
        entries = _entries(data, place)
        if not _tags_fit(tag for tag, _, _ in entries):
            return None
        shared |= {(place, 12 + 16 * len(entries)), *((begins, length) for _, begins, length in entries)}
    return data if _covered(data, list(shared)) else None


def _of_woff(data: bytes) -> bytes | None:
    """The tables of a WOFF 1. A private block may be anything, so there must be none."""
    length, number, reserved, total = struct.unpack_from(">IHHI", data, 8)
    meta_at, meta_length, _, _, private_length = struct.unpack_from(">5I", data, 24)
    rows = [struct.unpack_from(">4s4I", data, 44 + 20 * row) for row in range(number)]
    stretches = [(0, 44 + 20 * number), *((begins, packed) for _, begins, packed, _, _ in rows)]
    stretches += [(meta_at, meta_length)] if meta_length else []
    if length != len(data) or reserved or private_length or total > _MOST or not _covered(data, stretches):
        return None
    if not _tags_fit(tag for tag, *_ in rows):
        return None
    tables = []
    for _, begins, packed, size, _ in rows:
        table = data[begins : begins + packed]
        if packed < size:
            unpacker = zlib.decompressobj()
            table = unpacker.decompress(table, min(size, _MOST) + 1)
            if not unpacker.eof or unpacker.unused_data:
                return None
        if len(table) != size:
            return None
        tables.append(table)
    if meta_length:
        tables.append(zlib.decompressobj().decompress(data[meta_at : meta_at + meta_length], 1_000_000))
    return b"".join(tables)


def _of_woff2(data: bytes) -> bytes | None:
    length, number, reserved, _, packed = struct.unpack_from(">IHHII", data, 8)
    others = struct.unpack_from(">5I", data, 28)
    if length != len(data) or reserved or any(others) or not number:
        return None
    at, tags = 48, []
    for _ in range(number):
        flags = data[at]
        at += 1
        tag = _WOFF2_TAGS[flags & 63] if flags & 63 < len(_WOFF2_TAGS) else data[at : at + 4]
        at += 4 * (flags & 63 == 63)
        at = _after_number(data, at)
        outlines = tag in (b"glyf", b"loca")
        at = _after_number(data, at) if (flags >> 6 == 0) == outlines else at
        tags.append(tag)
    return data if _tags_fit(tags) and at + packed <= len(data) <= at + packed + 3 else None


def _after_number(data: bytes, at: int) -> int:
    """Behind a UIntBase128, which has five bytes at most."""
    for step in range(5):
        if data[at + step] < 0x80:
            return at + step + 1
    raise IndexError(at)


def _of_eot(data: bytes) -> bytes | None:
    """The font within an EOT that is neither packed nor scrambled."""
    size, font_size, _, flags = struct.unpack_from("<IIII", data, 0)
    font = data[len(data) - font_size :]
    plain = not flags & 0x10000004 and 0 < font_size < len(data) - 34
    return _of_sfnt(font) if plain and size == len(data) and font.startswith(_SFNT) else None
