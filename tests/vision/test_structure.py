"""The walker names everything that is not pixels, and nothing that is."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from consentguard.errors import UnreadableImage
from consentguard.vision.imagefile import codec
from consentguard.vision.imagefile.structure import carried


def _saved(form: str, **settings: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (10, 120, 200)).save(file, form, **settings)
    return file.getvalue()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "canary"
    return exif.tobytes()


def _png_text() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "canary")
    return info


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (_saved("JPEG"), ()),
        (_saved("JPEG", progressive=True), ()),
        (_saved("PNG"), ()),
        (_saved("WEBP"), ()),
        (_saved("JPEG", exif=_exif()), ("exif",)),
        (_saved("JPEG", comment=b"canary"), ("comment",)),
        (_saved("JPEG", xmp=b"<x:xmpmeta/>"), ("xmp",)),
        (_saved("JPEG", icc_profile=b"x" * 200), ("icc",)),
        (_saved("JPEG") + b"canary", ("trailing-bytes",)),
        (_saved("PNG", exif=_exif()), ("exif",)),
        (_saved("PNG", pnginfo=_png_text()), ("text",)),
        (_saved("PNG") + b"canary", ("trailing-bytes",)),
        (_saved("WEBP", exif=_exif()), ("exif",)),
        (_saved("WEBP", icc_profile=b"x" * 200), ("icc",)),
        (_saved("BMP"), ("unknown",)),
    ],
    ids=lambda value: "-".join(value) or "bare" if isinstance(value, tuple) else "",
)
def test_every_part_is_named(data: bytes, names: tuple[str, ...]) -> None:
    assert carried(data) == names


def test_a_thumbnail_in_the_jfif_header_is_seen() -> None:
    data = _saved("JPEG")
    thumbnail = b"\x01\x01" + b"\xff\x00\x00"
    header = b"\xff\xe0" + (2 + 12 + len(thumbnail)).to_bytes(2, "big") + b"JFIF\0\1\1\0\0\1\0\1" + thumbnail
    assert carried(data[:2] + header + data[20:]) == ("thumbnail",)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_file_cut_anywhere_is_an_error_or_says_so(form: str) -> None:
    data = _saved(form)
    for end in range(12, len(data)):
        with pytest.raises(UnreadableImage):
            carried(data[:end])


def test_what_the_library_writes_is_bare() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    assert carried(codec.encode_jpeg(pixels, 90)) == ()
    assert carried(codec.encode_png(pixels)) == ()


CHUNKS = {
    "gAMA as everybody writes it": (b"gAMA", struct.pack(">I", 45455), ()),
    "another gAMA": (b"gAMA", struct.pack(">I", 10000), ("gamma",)),
    "free text in gAMA": (b"gAMA", b"canary", ("gamma",)),
    "cHRM of sRGB": (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000), ()),
    "cHRM of another space": (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000),
                              ("chromaticities",)),
    "sRGB": (b"sRGB", b"\0", ()),
    "free text in sRGB": (b"sRGB", b"canary", ("unknown",)),
    "sBIT of all bits": (b"sBIT", b"\x08\x08\x08", ()),
    "sBIT of some": (b"sBIT", b"\x05\x06\x05", ("significant-bits",)),
    "cICP": (b"cICP", b"\x01\x0d\x00\x01", ("colour-code",)),
    "HDR": (b"mDCV", b"x" * 24, ("unknown",)),
    "pHYs": (b"pHYs", b"x" * 9, ()),
    "free text in pHYs": (b"pHYs", b"x" * 40, ("unknown",)),
}  # fmt: skip


@pytest.mark.parametrize("case", CHUNKS)
@pytest.mark.parametrize("at", ["before the pixels", "behind them"])
def test_only_what_changes_nothing_is_a_hint(case: str, at: str) -> None:
    kind, body, found = CHUNKS[case]
    data = _saved("PNG")
    place = 33 if at == "before the pixels" else len(data) - 12
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    assert carried(data[:place] + chunk + data[place:]) == found


def test_sixteen_bits_are_named() -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((40, 40), 200, np.uint16)).save(file, "PNG")
    assert carried(file.getvalue()) == ("16-bit",)
