"""What a file is, told by its first bytes and, only where they say nothing, by its name."""

from __future__ import annotations

import enum
import re
from bisect import bisect_left
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final


class Kind(enum.StrEnum):
    """What matters of a file: may it show somebody, and can that be judged?"""

    PICTURE = "picture"
    TEXT = "text, or bytes that are searched like one"
    POINTER = "Git LFS pointer"
    DOCUMENT = "document"
    ARCHIVE = "archive or office document"
    VIDEO = "video"
    SOUND = "sound file with a cover picture"
    ICON = "set of icons"
    CONTAINER = "file with a picture in it"


SEALED: Final = frozenset({Kind.DOCUMENT, Kind.ARCHIVE, Kind.VIDEO, Kind.SOUND, Kind.ICON, Kind.CONTAINER})
"""Kinds that may hold pictures and are not looked into: policy names the paths that may go all the same."""

_PICTURE_BRANDS: Final = rb"hei[cfmsxv]|hev[cmx]|mif[12]|msf1|miaf|avi[fs]|crx |jxl |jp[2mx] "

_POINTER: Final = (
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-[\w.-]+ sha256:[0-9a-f]{64}\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize \d+\n?\Z"
)
"""A whole pointer and nothing behind it (git-lfs, docs/spec.md): what only begins like one goes out as it is."""

_SIGNATURES: Final = tuple(
    (kind, re.compile(pattern, re.S))
    for kind, pattern in (
        (Kind.POINTER, _POINTER),
        # JPEG, PNG, GIF, WebP, BMP; TIFF and the camera files made of it; Photoshop; JPEG XL, 2000 and XR; raw
        (
            Kind.PICTURE,
            rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP|BM.{4}\0\0\0\0|II[\x2a\x2b]\0|MM\0[\x2a\x2b]|IIRO|IIU\0",
        ),
        (Kind.ICON, rb"\0\0[\x01\x02]\0"),
        (Kind.PICTURE, rb"8BPS|\xff\x0a|\0\0\0\x0c(?:JXL |jP  )|\xff\x4f\xff\x51|II\xbc\x01|FUJIFILM"),
        (Kind.PICTURE, rb".{4}ftyp(?:" + _PICTURE_BRANDS + rb")"),
        (
            Kind.VIDEO,
            rb".{4}(?:ftyp|moov|mdat)|\0.{3}(?:wide|free|skip|pnot)|\x1a\x45\xdf\xa3|RIFF.{4}AVI |FLV\x01|OggS",
        ),
        (Kind.VIDEO, rb"\x30\x26\xb2\x75|\0\0\x01[\xb0-\xbf]|[FCZ]WS[\x01-\x40]|\x47.{187}\x47.{187}\x47"),
        (Kind.DOCUMENT, rb".{0,1000}%PDF-|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf|%!PS|\xc5\xd0\xd3\xc6|AT&TFORM"),
        (Kind.ARCHIVE, rb"PK(?:\x03\x04|\x05\x06|\x07\x08)|\x1f\x8b|BZh[1-9]|\xfd7zXZ\0|7z\xbc\xaf|Rar!\x1a\x07"),
        (Kind.ARCHIVE, rb"\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|.{257}ustar|!<arch>|MSCF"),
        (Kind.SOUND, rb"ID3|fLaC|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]|RIFF.{4}WAVE|FORM.{4}AIF"),
    )
)
_COVER: Final = re.compile(rb"APIC|PIC\0|covr|METADATA_BLOCK_PICTURE|image/(?:jpe?g|png)")

_NAMES: Final = {
    Kind.PICTURE: "jpg jpeg jpe jfif png apng gif webp bmp dib tif tiff heic heif hif avif jxl jp2 j2k jpf jpx psd "
    "tga dng cr2 cr3 nef nrw arw orf rw2 raf srw pef raw jxr wdp hdp pcx exr hdr qoi xcf kra pbm pgm ppm pnm pam",
    Kind.VIDEO: "mp4 m4v mov qt webm mkv avi wmv asf flv mpg mpeg m2v mts m2ts 3gp 3g2 ogv swf",
    Kind.DOCUMENT: "pdf doc docx xls xlsx ppt pptx odt ods odp epub xps",
}
_BY_NAME: Final = {f".{ending}": kind for kind, endings in _NAMES.items() for ending in endings.split()}


_WITHIN: Final = re.compile(
    rb"\xff\xd8\xff(?:\xe0..JF|\xe1..(?:Exif|http)|\xe2..(?:ICC_|MPF)|\xdb\0[\x43\x84]|\xed..Phot|\xee..Adob)"
    rb"|\x89PNG\r\n\x1a\n\0\0\0\rIHDR|GIF8[79]a.{4}[\x80-\xf7]|RIFF.{4}WEBPVP8|ftyp(?:hei[cx]|avif|mif1)",
    re.S,
)
"""How pictures begin that lie within another file: a database, a program, a page with bytes that are no text."""


def kind_of(data: bytes, path: str) -> Kind:
    """What a file is. A name never makes a picture harmless; it can only make the unknown suspect."""
    kind = next((kind for kind, signature in _SIGNATURES if signature.match(data)), None)
    if kind is Kind.SOUND and not _COVER.search(data):
        kind = None
    # What is named like a picture and is none goes to the guard all the same, which says what is wrong with it.
    kind = kind or _BY_NAME.get(PurePosixPath(path.lower()).suffix)
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
