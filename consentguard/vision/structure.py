"""Walks the skeleton of an image file: which parts are pixels, and what else it carries.

Used twice: on what comes in, to say what a copy will lose, and on what goes out, to prove that nothing is carried.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from consentguard.errors import UnreadableImage

_JPEG_STANDALONE: Final = {0x01, *range(0xD0, 0xD8)}
_JPEG_PIXELS: Final = {0xC4, 0xDA, 0xDB, 0xDD, *range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC)}
_PNG_PIXELS: Final = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
_PNG_HINTS: Final = {b"sRGB": 1, b"gAMA": 4, b"sBIT": 4, b"bKGD": 6, b"pHYs": 9}
"""Chunks that say how to show the pixels, with the most bytes they can hold; what is longer is no hint."""
_WEBP_PIXELS: Final = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}


def carried(data: bytes) -> tuple[str, ...]:
    """What a file holds besides its pixels, by name and each once; empty for a bare picture.

    A container that this module cannot walk carries "unknown". Raises UnreadableImage where a JPEG, PNG or WebP breaks
    off or contradicts itself.
    """
    if data[:2] == b"\xff\xd8":
        parts = _jpeg(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        parts = _png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        parts = _webp(data)
    else:
        parts = iter(("unknown",))
    return tuple(dict.fromkeys(parts))


def _jpeg(data: bytes) -> Iterator[str]:
    """Segments of ITU T.81 up to the first end of image; what follows that is not this picture."""
    at = 2
    while True:
        if data[at : at + 1] != b"\xff":
            raise UnreadableImage("the JPEG breaks off between two segments")
        while data[at : at + 1] == b"\xff":  # fill bytes may precede a marker
            at += 1
        if at >= len(data):
            raise UnreadableImage("the JPEG has no end")
        marker = data[at]
        at += 1
        if marker == 0xD9:
            break
        if marker in _JPEG_STANDALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        payload = data[at + 2 : at + length]
        if length < 2 or at + length > len(data):
            raise UnreadableImage("a JPEG segment is longer than the file")
        if marker not in _JPEG_PIXELS and not _is_bare_jfif(marker, payload):
            yield _jpeg_name(marker, payload)
        at += length
        if marker == 0xDA:
            at = _after_scan(data, at)
    if at < len(data):
        yield "trailing-bytes"


def _is_bare_jfif(marker: int, payload: bytes) -> bool:
    """A JFIF header without a thumbnail: 14 bytes, the last two being the thumbnail's size."""
    return marker == 0xE0 and payload[:5] == b"JFIF\0" and len(payload) == 14 and payload[12:] == b"\0\0"


def _jpeg_name(marker: int, payload: bytes) -> str:
    known = {
        (0xE0, b"JFIF"): "thumbnail",
        (0xE1, b"Exif"): "exif",
        (0xE1, b"http"): "xmp",
        (0xE2, b"ICC_"): "icc",
        (0xE2, b"MPF\0"): "second-picture",
        (0xED, b"Phot"): "photoshop",
        (0xEE, b"Adob"): "adobe",
    }
    if marker == 0xFE:
        return "comment"
    return known.get((marker, payload[:4]), f"app{marker - 0xE0}" if 0xE0 <= marker <= 0xEF else "unknown")


def _after_scan(data: bytes, at: int) -> int:
    """Where the entropy-coded data ends: at the next marker that is neither a stuffed zero nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise UnreadableImage("the JPEG breaks off within its picture data")
        follower = data[at + 1]
        if follower == 0xFF:
            at += 1
        elif follower == 0 or 0xD0 <= follower <= 0xD7:
            at += 2
        else:
            return at


def _png(data: bytes) -> Iterator[str]:
    at = 8
    names = {b"eXIf": "exif", b"iCCP": "icc", b"tEXt": "text", b"zTXt": "text", b"iTXt": "text", b"acTL": "frames"}
    while True:
        if at + 12 > len(data):
            raise UnreadableImage("the PNG breaks off before its end")
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        at += 12 + length
        if at > len(data):
            raise UnreadableImage("a PNG chunk is longer than the file")
        if kind not in _PNG_PIXELS and length > _PNG_HINTS.get(kind, -1):
            yield names.get(kind, "unknown")
        if kind == b"IEND":
            break
    if at < len(data):
        yield "trailing-bytes"


def _webp(data: bytes) -> Iterator[str]:
    names = {b"EXIF": "exif", b"XMP ": "xmp", b"ICCP": "icc", b"ANIM": "frames", b"ANMF": "frames"}
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise UnreadableImage("the WebP breaks off before its end")
    at = 12
    while at + 8 <= end:
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise UnreadableImage("a WebP chunk is longer than the file")
        if kind not in _WEBP_PIXELS:
            yield names.get(kind, "unknown")
        at += 8 + length + length % 2
    if end < len(data):
        yield "trailing-bytes"
