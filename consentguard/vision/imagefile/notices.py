"""Reads whose work a photo is, as its file says: artist, credit, copyright, and the marks of picture agencies."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image, ImageFile, IptcImagePlugin, UnidentifiedImageError

from consentguard.values import Notice
from consentguard.values.agencies import agencies

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
_MOST: Final = 1 << 20
"""Bytes of one packet that are looked into; a notice is a line."""
_LONGEST: Final = 100
_MANY: Final = 40
"""Characters of a notice, and notices of a file, that are kept: enough to know the school's own by."""

_EXIF: Final = {0x013B: "EXIF artist", 0x8298: "EXIF copyright", 0x9C9D: "EXIF author"}
_DESCRIPTION: Final = 0x010E
_IPTC: Final = {
    (2, 80): "IPTC by-line",
    (2, 110): "IPTC credit",
    (2, 115): "IPTC source",
    (2, 116): "IPTC copyright",
}
_XMP: Final = {
    "dc:creator": "XMP creator",
    "dc:rights": "XMP rights",
    "photoshop:Credit": "XMP credit",
    "photoshop:Source": "XMP source",
    "xmpRights:Owner": "XMP owner",
    "plus:ImageCreatorName": "XMP creator",
    "plus:CopyrightOwnerName": "XMP owner",
}
_PNG: Final = {"author": "PNG author", "copyright": "PNG copyright", "artist": "PNG artist"}

_DAMAGE: Final = (
    *(UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, LookupError, TypeError),
    *(ArithmeticError, AttributeError, RuntimeError, MemoryError, struct.error, Warning),
)


def notices(photo: bytes) -> tuple[Notice, ...]:
    """Every field of a photo that names an author, an owner or an agency, in no order that matters.

    Called where the photo is decoded (files may be hostile). A file that cannot be read has none: whether it can be
    used at all is the codec's question. No pixel is decoded. HEIC, GIF and BMP are not looked into.
    """
    found: list[Notice] = []
    try:
        with Image.open(io.BytesIO(photo), formats=_FORMATS) as image:
            for fields in (_exif, _iptc, _xmp, _texts):
                try:
                    found += fields(image)
                except _DAMAGE:
                    continue  # one damaged packet hides no other
    except _DAMAGE:
        return ()
    short = (Notice(each.field, each.text[:_LONGEST]) for each in found if re.search(r"\w", each.text))
    return tuple(dict.fromkeys(short))[:_MANY]


def _exif(image: ImageFile.ImageFile) -> Iterator[Notice]:
    exif = image.getexif()
    for tag, field in _EXIF.items():
        yield Notice(field, _plain(exif.get(tag)))
    yield from _marks("EXIF description", _plain(exif.get(_DESCRIPTION)))


def _iptc(image: ImageFile.ImageFile) -> Iterator[Notice]:
    packets = IptcImagePlugin.getiptcinfo(image) or {}
    for key, field in _IPTC.items():
        value: Any = packets.get(key)
        for each in value if isinstance(value, list) else [value]:
            yield Notice(field, _plain(each))


def _xmp(image: ImageFile.ImageFile) -> Iterator[Notice]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    text = _plain(packet)[:_MOST]
    for name, field in _XMP.items():
        inside = re.search(rf"<{name}\b[^>]*>(.*?)</{name}>", text, re.DOTALL)
        attribute = re.search(rf'\b{name}="([^"]*)"', text)
        for match in filter(None, (inside, attribute)):
            yield Notice(field, " ".join(re.sub(r"<[^>]*>", " ", match[1]).split()))


def _texts(image: ImageFile.ImageFile) -> Iterator[Notice]:
    for key, value in image.info.items():
        if isinstance(value, str) and str(key).casefold() in _PNG:
            yield Notice(_PNG[str(key).casefold()], value[:_MOST])
    yield from _marks("comment", _plain(image.info.get("comment")))


def _marks(field: str, text: str) -> Iterator[Notice]:
    """A field that is free text counts only where it names an agency."""
    if agencies(text):
        yield Notice(field, text)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        value = value[:_MOST]
        wide = value[1::2].count(0) > len(value) // 4  # Windows writes its own fields as UTF-16
        value = value.decode("utf-16-le" if wide else "utf-8", errors="replace")
    return str(value or "").strip("\0 \t\r\n")
