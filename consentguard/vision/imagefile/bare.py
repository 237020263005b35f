"""Proves that a finished file is a bare picture: every byte of it is one that this library makes, for these pixels.

Nothing is read leniently here. A JPEG must begin with the one header that its size, sampling and quality leave it, to
the byte; a PNG must be IHDR, IDAT, IEND; a WebP one picture chunk. Behind the header there may be exactly the data that
a decoder needs for that many rows: cut by its last byte it must no longer suffice, and nothing may follow it.
"""

from __future__ import annotations

import re
import struct
import zlib
from functools import cache
from typing import Final

import cv2
import numpy as np
import simplejpeg

from consentguard.errors import VerificationFailed

SAMPLINGS: Final = {"4:2:0": 0x22, "4:4:4": 0x11}
"""Chroma subsampling by its usual name, with the sampling factors of the first component (ITU T.81, B.2.2)."""

# ITU T.81 annex K: the quantisation tables K.1 and K.2 in zigzag order ...
_LUMINANCE: Final = bytes.fromhex(
    "100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933"
    "383740485c4e404457453738506d51575f626768673e4d71797064785c656763"
)
_CHROMINANCE: Final = bytes.fromhex("1112121815182f1a1a2f63423842" + "63" * 50)
# ... and the Huffman tables K.3 to K.6, each as 16 counts and then the symbols.
_HUFFMAN: Final = {
    0x00: "00010501010101010100000000000000" "000102030405060708090a0b",
    0x10: "0002010303020403050504040000017d"
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a343536"
    "3738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999a"
    "a2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7"
    "f8f9fa",
    0x01: "00030101010101010101010000000000" "000102030405060708090a0b",
    0x11: "00020102040403040705040400010277"
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35"
    "363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798"
    "999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7"
    "f8f9fa",
}  # fmt: skip
_SIZE_AT: Final = 20 + 2 * 69 + 5
"""Where height and width stand: behind SOI, JFIF and the two quantisation tables."""
_STRAY_MARKER: Final = re.compile(rb"\xff[^\x00]")
_WEBP_SPARE: Final = 4
"""Bytes; without its last four no picture of libwebp can be decoded, though up to three may be spare (measured)."""


def prove(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height of a finished file of that kind ("jpeg", "png" or "webp"), if it is bare.

    Raises VerificationFailed for any byte that is not one of the picture's.
    """
    prover = {"jpeg": _jpeg, "png": _png, "webp": _webp}[kind]
    try:
        return prover(data)
    except (struct.error, IndexError, zlib.error) as error:
        raise _surplus("it breaks off") from error


def jpeg_header(width: int, height: int, quality: int, sampling: int) -> bytes:
    """The one header of a baseline JPEG: SOI, JFIF 1.1 without density or thumbnail, DQT, SOF0, DHT, SOS."""
    tables = b"".join(_segment(0xDB, bytes((number,)) + table) for number, table in enumerate(_quantisers(quality)))
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes((1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1))
    codes = b"".join(_segment(0xC4, bytes((number,)) + bytes.fromhex(text)) for number, text in _HUFFMAN.items())
    jfif = _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    scan = _segment(0xDA, bytes((3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0)))
    return b"\xff\xd8" + jfif + tables + _segment(0xC0, frame) + codes + scan


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (2 + len(payload)).to_bytes(2, "big") + payload


@cache
def _quantisers(quality: int) -> tuple[bytes, bytes]:
    """The tables of annex K scaled as the Independent JPEG Group does for a quality of 1..100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    scaled = [
        bytes(min(max((step * scale + 50) // 100, 1), 255) for step in table) for table in (_LUMINANCE, _CHROMINANCE)
    ]
    return scaled[0], scaled[1]


@cache
def _quality_of(tables: tuple[bytes, bytes]) -> int | None:
    return next((quality for quality in range(1, 101) if _quantisers(quality) == tables), None)


def _jpeg(data: bytes) -> tuple[int, int]:
    height, width = struct.unpack(">HH", data[_SIZE_AT : _SIZE_AT + 4])
    quality = _quality_of((data[25:89], data[94:158]))
    sampling = data[_SIZE_AT + 6]
    header = jpeg_header(width, height, quality or 1, sampling)
    if quality is None or sampling not in SAMPLINGS.values() or not data.startswith(header):
        raise _surplus("its header is not the one of a bare JPEG")
    if not data.endswith(b"\xff\xd9"):
        raise _surplus("bytes follow its end")
    scan = data[len(header) : -2]
    if _STRAY_MARKER.search(scan) or scan.endswith(b"\xff"):
        raise _surplus("its picture data is interrupted")
    # libjpeg counts the blocks for us: it warns of data that is missing, and of more than a few bytes behind the last
    # block; those few are found by taking one away.
    shorter = scan[:-2] if scan.endswith(b"\xff\0") else scan[:-1]
    if not _jpeg_suffices(data) or _jpeg_suffices(header + shorter + b"\xff\xd9"):
        raise _surplus("it holds more or less picture data than its size takes")
    return width, height


def _jpeg_suffices(data: bytes) -> bool:
    """Whether this is exactly enough data, give or take the few bytes that a decoder reads ahead."""
    try:  # an eighth of the size: all of the data is read, and little is computed
        simplejpeg.decode_jpeg(data, min_height=1, min_width=1, strict=True)
    except ValueError:
        return False
    return True


def _png(data: bytes) -> tuple[int, int]:
    width, height, *settings = struct.unpack(">II5B", data[16:29])
    if data[:16] != b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" or settings != [8, 2, 0, 0, 0]:
        raise _surplus("its header is not the one of a bare PNG")
    at, stream, kind = 8, [], b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if (kind != b"IDAT" and (at, kind, length) not in ((8, b"IHDR", 13), (len(data) - 12, b"IEND", 0))) or (
            zlib.crc32(kind + body) != int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
        ):
            raise _surplus("it holds more than one picture's chunks")
        stream.append(body if kind == b"IDAT" else b"")
        at += 12 + length
    if at != len(data):
        raise _surplus("bytes follow its end")
    inflate = zlib.decompressobj()
    rows = inflate.decompress(b"".join(stream), height * (1 + 3 * width) + 1)
    if len(rows) != height * (1 + 3 * width) or not inflate.eof or inflate.unused_data:
        raise _surplus("it holds more or less picture data than its size takes")
    return width, height


def _webp(data: bytes) -> tuple[int, int]:
    kind, length = data[12:16], int.from_bytes(data[16:20], "little")
    size = int.from_bytes(data[4:8], "little")
    pad = data[20 + length :]
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or kind not in (b"VP8 ", b"VP8L"):
        raise _surplus("its header is not the one of a bare WebP")
    if size != len(data) - 8 or pad != b"\0" * (length % 2):
        raise _surplus("bytes follow its picture")
    body = data[20 : 20 + length - _WEBP_SPARE]
    shorter = kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
    whole = _webp_decoded(data)
    cut = _webp_decoded(b"RIFF" + (4 + len(shorter)).to_bytes(4, "little") + b"WEBP" + shorter)
    if whole is None or cut is not None:
        raise _surplus("it holds more or less picture data than its size takes")
    return whole


def _webp_decoded(data: bytes) -> tuple[int, int] | None:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if pixels is None else (pixels.shape[1], pixels.shape[0])


def _surplus(what: str) -> VerificationFailed:
    return VerificationFailed(f"the finished file is more than its pixels: {what}; report this.")
