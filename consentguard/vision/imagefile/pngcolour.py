"""What a PNG says of its colours beside its samples: gAMA, cHRM, sRGB, cICP, sBIT and 16 bits.

They decide what is shown: under a gAMA of 0.1 a flower can be a face. What is shown is looked at, and a file that says
anything but plain 8-bit sRGB never goes as it is. PNG specification, third edition, 11.3.2 and 12.1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from consentguard.errors import UnreadableImage
from consentguard.values import Pixels
from consentguard.vision.imagefile import heif

_HARMLESS: Final = {
    b"sRGB": {bytes((intent,)) for intent in range(4)},
    b"gAMA": {struct.pack(">I", 45455)},
    b"cHRM": {struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)},
    b"sBIT": {b"\x08" * channels for channels in range(1, 5)},
}
"""What these chunks hold where they say plain 8-bit sRGB, as most programs write them (11.3.2.5)."""

_NAMES: Final = {
    b"sRGB": "unknown",
    b"gAMA": "gamma",
    b"cHRM": "chromaticities",
    b"sBIT": "significant-bits",
    b"cICP": "colour-code",
}
_SRGB_TRANSFERS: Final = {1, 6, 13, 14, 15}
"""sRGB's curve, and the ones of BT.709 and BT.2020, which nobody shows differently. ITU-T H.273 table 3."""


def part_of(kind: bytes, body: bytes) -> str | None:
    """What a chunk is called that says how colours are shown; "" where it says nothing new, None for other chunks."""
    if kind not in _NAMES:
        return None
    return "" if body in _HARMLESS.get(kind, set()) else _NAMES[kind]


def as_shown(pixels: Pixels, data: bytes) -> Pixels:
    """sRGB of the RGB pixels of a PNG without an ICC profile, as browsers show them (measured: Chromium 150).

    cICP counts before sRGB, and that before gAMA, which leads to linear light. Raises UnreadableImage for a cICP that
    sRGB cannot hold.
    """
    said = dict(reversed([*_before_pixels(data)]))  # the first of a kind counts
    if b"cICP" in said:
        primaries, transfer, matrix, full = said[b"cICP"].ljust(4, b"\0")[:4]
        if transfer not in _SRGB_TRANSFERS or matrix or not full:
            raise UnreadableImage("has colours or brightness beyond what can be published (cICP)")
        return heif.from_codes(pixels, {(primaries, transfer)})
    gamma = int.from_bytes(said.get(b"gAMA", b""), "big")
    if b"sRGB" in said or gamma == 0 or said[b"gAMA"] in _HARMLESS[b"gAMA"]:
        return pixels
    linear = (np.arange(256) / 255) ** (100_000 / gamma)
    shown: Pixels = heif.encoded(linear)[pixels]
    return shown


def _before_pixels(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each whole chunk before the picture data."""
    at = 8
    while True:
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body, check = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if kind in (b"IDAT", b"IEND"):
            return
        if zlib.crc32(kind + body) == int.from_bytes(check, "big"):
            yield kind, body
        at += 12 + length
