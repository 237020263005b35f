"""Walks the skeleton of an image file that came in: what is the picture, and what else does the file carry.

It says what a copy will lose, and whether a file could go exactly as it is. What goes out is proved in `bare`.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from consentguard.errors import UnreadableImage
from consentguard.kinds import JPEG, PNG, WEBP, Format
from consentguard.vision.imagefile import pngcolour

_END: Final = 0xD9
_JPEG_STANDALONE: Final = {0x01, *range(0xD0, 0xD8)}
_JPEG_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_PROGRESSIVE: Final = {0xC2, 0xC6, 0xCA, 0xCE}
_JPEG_SCAN_ENDS: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Entropy-coded data goes on over stuffed zeros, fill bytes and restarts; any other marker ends it."""
_MOST_SCANS: Final = 200
"""A progressive JPEG has about ten. Hundreds keep a decoder busy for minutes."""

_PNG_PIXELS: Final = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
_PNG_HINTS: Final = {b"bKGD": 6, b"pHYs": 9}
"""Chunks without influence on an opaque picture, with the most bytes they can hold; what is longer is no hint."""
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Left, top, step right, step down of the seven passes of an interlaced PNG."""

_WEBP_PIXELS: Final = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What a walk found.

    Attributes:
        container: "JPEG", "PNG", "WEBP", or "" for what is not walked here.
        size: width and height that the file claims, before any orientation; None where it was not walked.
        parts: what the file holds besides its pixels, by name and each once.
    """

    container: str
    size: tuple[int, int] | None
    parts: tuple[str, ...]


def carried(data: bytes) -> tuple[str, ...]:
    """What a file holds besides its pixels; see `walk`."""
    return walk(data).parts


def walk(data: bytes) -> Skeleton:
    """Walks a file from its first byte to its last. What is no JPEG, PNG or WebP carries "unknown".

    Raises UnreadableImage where a JPEG, PNG or WebP breaks off or contradicts itself.
    """
    walkers: dict[Format, type[_Walker]] = {JPEG: _Jpeg, PNG: _Png, WEBP: _WebP}
    walker = next((walker(data) for kind, walker in walkers.items() if kind.matches(data)), None)
    if walker is None:
        return Skeleton("", None, ("unknown",))
    parts = tuple(dict.fromkeys(walker.parts()))
    if walker.size is None:
        raise UnreadableImage(f"the {walker.container} holds no picture")
    return Skeleton(walker.container, walker.size, parts)


class _Walker:
    """One pass over a file; `size` is known when `parts` has been read to its end."""

    container = ""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size: tuple[int, int] | None = None

    def parts(self) -> Iterator[str]:
        raise NotImplementedError


def _behind(tail: bytes) -> str:
    """What lies behind the end of a picture: phones put a second picture or a film there."""
    if JPEG.matches(tail):
        return "second-picture"
    return "video" if b"ftyp" in tail else "trailing-bytes"


class _Jpeg(_Walker):
    """Segments of ITU T.81 up to the first end of image; what follows that is not this picture."""

    container = "JPEG"

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._progressive = False
        self._quantisers: dict[int, int] = {}  # table of each component
        self._waiting: set[tuple[str, int]] = set()  # tables defined that no scan has used yet
        self._sent: dict[int, list[int | None]] = {}  # component -> lowest bit sent of each of its 64 coefficients
        self._scans = 0

    def parts(self) -> Iterator[str]:
        readers: dict[int, Callable[[bytes], Iterator[str]]] = {
            0xDB: self._quantisation,
            0xC4: self._huffman,
            0xDA: self._scan,
            0xDD: lambda payload: iter(()),
            **dict.fromkeys(_JPEG_FRAMES, self._frame),
        }
        end = 2
        for marker, payload, behind in self._segments():
            end = behind
            try:
                if marker in readers:
                    self._progressive |= marker in _JPEG_PROGRESSIVE
                    yield from readers[marker](payload)
                elif marker != _END and not _is_bare_jfif(marker, payload):
                    yield _jpeg_name(marker, payload)
            except (IndexError, struct.error) as error:
                raise UnreadableImage("a JPEG table breaks off") from error
        if any(bits[0] is None for bits in self._sent.values()):
            raise UnreadableImage("the JPEG lacks one of its colours")
        if self._waiting:
            yield "unused-tables"
        if end < len(self.data):
            yield _behind(self.data[end:])

    def _segments(self) -> Iterator[tuple[int, bytes, int]]:
        """Marker, payload and where it ends, of each segment up to the end of image; picture data is skipped."""
        data, at, marker = self.data, 2, 0
        while marker != _END:
            if data[at : at + 1] != b"\xff":
                raise UnreadableImage("the JPEG breaks off between two segments")
            while data[at : at + 1] == b"\xff":  # fill bytes may precede a marker
                at += 1
            if at >= len(data):
                raise UnreadableImage("the JPEG has no end")
            marker = data[at]
            at += 1
            if marker in _JPEG_STANDALONE:
                continue
            length = 0 if marker == _END else int.from_bytes(data[at : at + 2], "big")
            if (length < 2 and marker != _END) or at + length > len(data):
                raise UnreadableImage("a JPEG segment is longer than the file")
            yield marker, data[at + 2 : at + length], at + length
            at += length
            if marker == 0xDA:
                stop = _JPEG_SCAN_ENDS.search(data, at)
                if stop is None:
                    raise UnreadableImage("the JPEG breaks off within its picture data")
                at = stop.start()

    def _frame(self, payload: bytes) -> Iterator[str]:
        if self.size is not None:
            yield "second-picture"
        height, width, count = struct.unpack(">HHB", payload[1:6])
        self.size = (width, height)
        for at in range(6, 6 + 3 * count, 3):
            self._quantisers[payload[at]] = payload[at + 2]
            self._sent[payload[at]] = [None] * 64

    def _define(self, table: tuple[str, int]) -> Iterator[str]:
        if table in self._waiting:  # the one before it was never used: room for anything
            yield "unused-tables"
        self._waiting.add(table)

    def _quantisation(self, payload: bytes) -> Iterator[str]:
        at = 0
        while at < len(payload):
            yield from self._define(("quantiser", payload[at] & 15))
            at += 129 if payload[at] >> 4 else 65
        if at != len(payload):
            raise UnreadableImage("a JPEG table breaks off")

    def _huffman(self, payload: bytes) -> Iterator[str]:
        at = 0
        while at < len(payload):
            yield from self._define(("AC" if payload[at] >> 4 else "DC", payload[at] & 15))
            at += 17 + sum(payload[at + 1 : at + 17])
        if at != len(payload):
            raise UnreadableImage("a JPEG table breaks off")

    def _scan(self, payload: bytes) -> Iterator[str]:
        self._scans += 1
        if self._scans > _MOST_SCANS:
            raise UnreadableImage(f"the JPEG has more than {_MOST_SCANS} scans")
        count = payload[0]
        first, last, bits = payload[1 + 2 * count], payload[2 + 2 * count], payload[3 + 2 * count]
        for at in range(1, 1 + 2 * count, 2):
            component, tables = payload[at], payload[at + 1]
            if component not in self._sent:
                raise UnreadableImage("a JPEG scan is of no known colour")
            self._waiting.discard(("quantiser", self._quantisers[component]))
            self._waiting -= {("DC", tables >> 4), ("AC", tables & 15)}
            before = self._sent[component]
            whole = not self._progressive
            expected = None if whole or bits >> 4 == 0 else bits >> 4
            for k in range(64) if whole else range(first, min(last, 63) + 1):
                if before[k] != expected:  # sent before, and overwritten now: the first picture is seen by nobody
                    yield "hidden-scan"
                    break
            before[:] = [
                (0 if whole else bits & 15) if whole or first <= k <= last else old for k, old in enumerate(before)
            ]


def _is_bare_jfif(marker: int, payload: bytes) -> bool:
    """A JFIF header without a thumbnail: 14 bytes, the last two being the thumbnail's size."""
    return marker == 0xE0 and payload[:5] == b"JFIF\0" and len(payload) == 14 and payload[12:] == b"\0\0"


def _jpeg_name(marker: int, payload: bytes) -> str:
    known = {
        (0xE0, b"JFIF"): "thumbnail",
        (0xE0, b"JFXX"): "thumbnail",
        (0xE1, b"Exif"): "exif",
        (0xE1, b"http"): "xmp",
        (0xE2, b"ICC_"): "icc",
        (0xE2, b"MPF\0"): "second-picture",
        (0xE2, b"urn:"): "gain-map",
        (0xEB, b"JP\0\1"): "c2pa",
        (0xED, b"Phot"): "photoshop",
        (0xEE, b"Adob"): "adobe",
    }
    if marker == 0xFE:
        return "comment"
    return known.get((marker, payload[:4]), f"app{marker - 0xE0}" if 0xE0 <= marker <= 0xEF else "unknown")


class _Png(_Walker):
    """Chunks of the PNG specification up to IEND."""

    container = "PNG"

    def parts(self) -> Iterator[str]:
        data, at = self.data, 8
        names = {b"eXIf": "exif", b"iCCP": "icc", b"tEXt": "text", b"zTXt": "text", b"iTXt": "text", b"acTL": "frames"}
        while True:
            if at + 12 > len(data):
                raise UnreadableImage("the PNG breaks off before its end")
            length, kind = struct.unpack(">I4s", data[at : at + 8])
            if at + 12 + length > len(data):
                raise UnreadableImage("a PNG chunk is longer than the file")
            if kind == b"IHDR" and length == 13:
                self.size = struct.unpack(">II", data[at + 8 : at + 16])
                palette = data[at + 17] == 3
                if data[at + 16] > 8:
                    yield "16-bit"  # of these a copy keeps eight
            colours = pngcolour.part_of(kind, data[at + 8 : at + 8 + length])
            if colours:
                yield colours
            elif colours is None and kind not in _PNG_PIXELS and length > _PNG_HINTS.get(kind, -1):
                yield names.get(kind, "unknown")
            if (kind == b"PLTE" and self.size and not palette) or (kind == b"IEND" and length):
                yield "unknown"
            at += 12 + length
            if kind == b"IEND":
                break
        if at < len(data):
            yield _behind(data[at:])


def png_surplus(data: bytes) -> bool:
    """Whether a PNG that was walked holds more picture data than its size takes: rows that no reader shows."""
    width, height, depth, colour, interlaced = struct.unpack(">IIBB2xB", data[16:29])
    bits = depth * _PNG_CHANNELS.get(colour, 0)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    wanted = 0
    for left, top, right, down in passes:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        wanted += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    inflate, held, at = zlib.decompressobj(), 0, 8
    while True:
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IEND":
            return held != wanted or bool(inflate.unused_data) or not inflate.eof
        piece = data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        while piece and held <= wanted:
            held += len(inflate.decompress(piece, _PIECE))
            piece = inflate.unconsumed_tail
        if held > wanted or (kind == b"IDAT" and length and inflate.unused_data):
            return True
        at += 12 + length


class _WebP(_Walker):
    """Chunks of a RIFF of form WEBP."""

    container = "WEBP"

    def parts(self) -> Iterator[str]:
        data, at = self.data, 12
        names = {b"EXIF": "exif", b"XMP ": "xmp", b"ICCP": "icc", b"ANIM": "frames", b"ANMF": "frames"}
        end = 8 + int.from_bytes(data[4:8], "little")
        if end > len(data):
            raise UnreadableImage("the WebP breaks off before its end")
        pictures = 0
        while at + 8 <= end:
            kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if at + 8 + length > end:
                raise UnreadableImage("a WebP chunk is longer than the file")
            if kind not in _WEBP_PIXELS:
                yield names.get(kind, "unknown")
            pictures += kind in (b"VP8 ", b"VP8L")
            self.size = self.size or _webp_size(kind, data[at + 8 : at + 8 + min(length, 10)])
            at += 8 + length + length % 2
        if pictures > 1:
            yield "second-picture"
        if at != end or end < len(data):
            yield _behind(data[min(at, end) :])


def _webp_size(kind: bytes, head: bytes) -> tuple[int, int] | None:
    """Width and height in the first bytes of a chunk; None in one that has none. RFC 9649 and RFC 6386."""
    if len(head) < 5:
        return None
    if kind == b"VP8X" and len(head) == 10:
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if kind == b"VP8 " and len(head) == 10:
        return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    if kind == b"VP8L":
        packed = int.from_bytes(head[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    return None
