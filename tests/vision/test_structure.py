"""The walker names everything that is not pixels, and nothing that is."""

import io
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


def test_a_hint_that_is_too_long_is_no_hint() -> None:
    """Free text can hide in a chunk that says how to show the pixels."""
    data = _saved("PNG")
    for length, found in ((4, ()), (40, ("unknown",))):
        body = b"sBIT" + b"x" * length
        chunk = length.to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
        assert carried(data[:33] + chunk + data[33:]) == found
