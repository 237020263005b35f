"""Every kind of file that this library tells apart: how it begins, how it is called, and what is done with it.

The one table of this. The scan, the hook, the decoder and what writes released files all read it.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
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
    SILENT = "file that shows nothing"
    UNKNOWN = "file of no kind that is known here, and no text"


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files.

    Attributes:
        name: as people call it.
        kind: what it is.
        begins: a regular expression over its first `SNIFFED` bytes, matched at the first; "" where they do not tell.
        suffixes: how its files are called at their end, the usual one first, with the dot.
        media_type: as RFC 6838 has it; "" where nobody asks for it.
        pillow: the name of the Pillow plugin that reads it; "" where none does, or none may.
    """

    name: str
    kind: Kind
    begins: bytes = b""
    suffixes: tuple[str, ...] = ()
    media_type: str = ""
    pillow: str = ""
    _begins: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begins", re.compile(self.begins or rb"(?!)", re.DOTALL))

    def matches(self, start: bytes) -> bool:
        """Whether a file that begins so is of this format."""
        return self._begins.match(start) is not None


SNIFFED: Final = 1024
"""How many of its first bytes tell every format."""

HEIF_BRANDS: Final = frozenset(b"heic heif heim heis heix heiv hevc hevm hevx mif1 mif2 msf1 miaf".split())
AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
"""Brands of ISO base media files that are pictures (ISO/IEC 23008-12, AVIF 1.1); most others are films."""


def _brands(brands: frozenset[bytes]) -> bytes:
    return rb".{4}ftyp(?:" + b"|".join(sorted(brands)) + rb")"


def _called(*names: str) -> tuple[str, ...]:
    return tuple(f".{name}" for name in names)


_NETPBM: Final = rb"P(?:[1-3]NN\s[\d#]|4NN\s|[56]NNN\s|7\nWIDTH|[Ff]\n\d+ \d+\n)".replace(
    b"N", rb"\s+(?:#[^\n]*\n\s*)*\d+"
)
"""Each N is a number of its header; comments may stand before it."""

_P, _V, _D, _A = Kind.PICTURE, Kind.VIDEO, Kind.DOCUMENT, Kind.ARCHIVE

JPEG: Final = Format("JPEG", _P, rb"\xff\xd8\xff", _called("jpg", "jpeg", "jpe", "jfif"), "image/jpeg", "JPEG")
PNG: Final = Format("PNG", _P, rb"\x89PNG", _called("png", "apng"), "image/png", "PNG")
WEBP: Final = Format("WEBP", _P, rb"RIFF.{4}WEBP", _called("webp"), "image/webp", "WEBP")

PUBLISHED: Final = MappingProxyType({"jpeg": JPEG, "png": PNG, "webp": WEBP})
"""What a policy may publish, by the name it has there."""

FORMATS: Final = (
    JPEG,
    PNG,
    WEBP,
    Format("GIF", _P, rb"GIF8", _called("gif"), "image/gif", "GIF"),
    Format("BMP", _P, rb"BM.{4}\0\0\0\0", _called("bmp", "dib"), "image/bmp", "BMP"),
    # Camera raw files of most makers begin like TIFF too; BigTIFF has 43 for 42.
    Format("TIFF", _P, rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]", _called("tif", "tiff"), "image/tiff", "TIFF"),
    Format("camera raw", _P, rb"IIRO|IIRS|IIU\0|FUJIFILM|\0MRM|FOVb", _called(
        "dng", "cr2", "cr3", "nef", "nrw", "arw", "orf", "rw2", "raf", "srw", "pef", "raw", "3fr", "mrw", "x3f")),
    Format("HEIF", _P, _brands(HEIF_BRANDS), _called("heic", "heif", "hif"), "image/heic"),
    Format("AVIF", _P, _brands(AVIF_BRANDS), _called("avif"), "image/avif", "AVIF"),
    Format("ISO picture", _P, rb".{4}ftyp(?:crx |jxl |jp[2mx] )"),
    Format("JPEG XL", _P, rb"\xff\x0a|\0\0\0\x0cJXL ", _called("jxl")),
    Format("JPEG 2000", _P, rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", _called("jp2", "j2k", "jpf", "jpx", "j2c")),
    Format("JPEG XR", _P, rb"II\xbc\x01", _called("jxr", "wdp", "hdp")),
    Format("Photoshop", _P, rb"8BPS", _called("psd", "psb")),
    Format("GIMP", _P, rb"gimp xcf", _called("xcf")),
    Format("Krita", _P, suffixes=_called("kra")),
    Format("Targa", _P, suffixes=_called("tga")),
    Format("PCX", _P, rb"\x0a[\0\x02-\x05]\x01[\x01\x02\x04\x08]", _called("pcx")),
    Format("Netpbm", _P, _NETPBM, _called("ppm", "pgm", "pbm", "pnm", "pam", "pfm")),
    Format("OpenEXR", _P, rb"\x76\x2f\x31\x01", _called("exr")),
    Format("Radiance", _P, rb"#\?(?:RADIANCE|RGBE)", _called("hdr")),
    Format("QOI", _P, rb"qoif", _called("qoi")),
    Format("DDS", _P, rb"DDS \x7c\0\0\0", _called("dds")),
    Format("KTX", _P, rb"\xabKTX (?:11|20)\xbb", _called("ktx", "ktx2")),
    Format("SGI", _P, rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]", _called("sgi", "rgb")),
    Format("Sun raster", _P, rb"\x59\xa6\x6a\x95", _called("ras")),
    Format("Windows metafile", _P, rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", _called("wmf", "emf")),
    Format("PICT", _P, rb".{522}\0\x11\x02\xff\x0c\0", _called("pict", "pct")),
    Format("MNG", _P, rb"[\x8a\x8b][MJ]NG\r\n\x1a\n", _called("mng", "jng")),
    Format("FLIF", _P, rb"FLIF", _called("flif")),
    Format("BPG", _P, rb"BPG\xfb", _called("bpg")),
    Format("JBIG2", _P, rb"\x97JB2\r\n\x1a\n", _called("jb2", "jbig2")),
    Format("DICOM", _P, rb".{128}DICM", _called("dcm")),
    Format("Windows icon", Kind.ICON, rb"\0\0[\x01\x02]\0", _called("ico", "cur")),
    Format("Apple icon", Kind.ICON, rb"icns\0", _called("icns")),
    Format("film", _V, rb".{4}(?:ftyp|moov|mdat)|\0.{3}(?:wide|free|skip|pnot)|\x1a\x45\xdf\xa3|RIFF.{4}AVI "
           rb"|FLV\x01|OggS|\x30\x26\xb2\x75|\0\0\x01[\xb0-\xbf]|[FCZ]WS[\x01-\x40]|\x47.{187}\x47.{187}\x47", _called(
        "mp4", "m4v", "mov", "qt", "webm", "mkv", "avi", "wmv", "asf", "flv", "mpg", "mpeg", "m2v", "mts", "m2ts",
        "3gp", "3g2", "ogv", "swf")),
    Format("XPM", _P, rb"(?:\s*/\*.{0,400}?\*/)?\s*/\* XPM \*/|! XPM2", _called("xpm")),
    Format("XBM", _P, rb"(?:\s*/\*.{0,400}?\*/)?\s*#define\s+\w+_width\s+\d+\s+#define\s+\w+_height\s+\d",
           _called("xbm")),
    Format("document", _D, rb".{0,1000}%PDF-|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf|%!PS|\xc5\xd0\xd3\xc6|AT&TFORM",
           _called("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "epub", "xps")),
    Format("archive", _A, rb"PK(?:\x03\x04|\x05\x06|\x07\x08)|\x1f[\x8b\x9d]|BZh[1-9]|\xfd7zXZ\0|7z\xbc\xaf"
           rb"|Rar!\x1a\x07|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|.{257}ustar|!<arch>|MSCF|LZIP|\x5d\0\0.{2}(?:\xff{8}|.{2}\0{4})",
           _called("zip", "gz", "tgz", "bz2", "xz", "zst", "br", "z", "lz", "lzma", "7z", "rar", "tar", "svgz", "dmg")),
    Format("sound", Kind.SOUND, rb"ID3|fLaC|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]|RIFF.{4}WAVE|FORM.{4}AIF"),
)  # fmt: skip
"""In the order in which they are tried."""

_BY_SUFFIX: Final = MappingProxyType({suffix: each for each in FORMATS for suffix in each.suffixes})


def format_of(start: bytes) -> Format | None:
    """The format that a file's first bytes (`SNIFFED` are enough) tell, None where they tell none."""
    head = start[:SNIFFED]
    return next((each for each in FORMATS if each.matches(head)), None)


def format_called(name: str | PurePath) -> Format | None:
    """The format that the end of a file's name tells, None where it tells none."""
    return _BY_SUFFIX.get(PurePath(name).suffix.lower())


def kind_of(start: bytes, name: str | PurePath) -> Kind | None:
    """What a file is by its first bytes and, only where they tell nothing, by its name; None for neither.

    A name never makes a picture harmless; it can only make the unknown suspect: what is called a photo and is none is
    judged all the same, and the guard says what is wrong with it.
    """
    found = format_of(start) or format_called(name)
    return found.kind if found else None
