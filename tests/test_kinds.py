"""One table of file kinds: every format begins as its specification says, and everybody who asks gets one answer."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from consentguard import kinds
from consentguard.batch.walk import Walk
from consentguard.hook import kinds as hook_kinds
from consentguard.kinds import FORMATS, PUBLISHED, SNIFFED, Kind, format_called, format_of, kind_of
from consentguard.vision.imagefile import codec, heif

FTYP = b"\0\0\0\x18ftyp"

# name of the format -> how its files begin, each taken from the format's own specification
BEGINNINGS = {
    "JPEG": [b"\xff\xd8\xff\xe0\0\x10JFIF", b"\xff\xd8\xff\xdb"],
    "PNG": [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    "WEBP": [b"RIFF\x10\0\0\0WEBPVP8L"],
    "GIF": [b"GIF87a", b"GIF89a"],
    "BMP": [b"BM\x36\0\0\0\0\0\0\0\x36"],
    "TIFF": [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"],
    "camera raw": [b"IIRO\x08\0\0\0", b"IIU\0\x08\0\0\0", b"FUJIFILMCCD-RAW "],
    "HEIF": [FTYP + b"heic", FTYP + b"mif1"],
    "AVIF": [FTYP + b"avif"],
    "ISO picture": [FTYP + b"crx ", FTYP + b"jxl ", FTYP + b"jp2 "],
    "JPEG XL": [b"\xff\x0a\xfa\x7f\x01", b"\0\0\0\x0cJXL \r\n\x87\n"],
    "JPEG 2000": [b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51\0\x2f"],
    "JPEG XR": [b"II\xbc\x01\x20\0\0\0"],
    "Photoshop": [b"8BPS\0\x01\0\0", b"8BPS\0\x02\0\0"],
    "GIMP": [b"gimp xcf file\0"],
    "PCX": [b"\x0a\x05\x01\x08\0\0"],
    "Netpbm": [b"P6\n# made by hand\n640 480\n255\n", b"P3 2 2 255 ", b"P4 8 8\n", b"P7\nWIDTH 3\n", b"P1\n3 2\n101"],
    "OpenEXR": [b"\x76\x2f\x31\x01\x02\0\0\0"],
    "Radiance": [b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n"],
    "QOI": [b"qoif\0\0\0\x20"],
    "DDS": [b"DDS \x7c\0\0\0"],
    "KTX": [b"\xabKTX 11\xbb\r\n\x1a\n", b"\xabKTX 20\xbb\r\n\x1a\n"],
    "SGI": [b"\x01\xda\x01\x01\0\x03"],
    "Sun raster": [b"\x59\xa6\x6a\x95\0\0\0\x20"],
    "Windows metafile": [b"\xd7\xcd\xc6\x9a\0\0", b"\x01\0\0\0\x6c" + bytes(35) + b" EMF"],
    "PICT": [bytes(512) + b"\0\0\0\0\0\0\0\0\0\0\0\x11\x02\xff\x0c\0"],
    "MNG": [b"\x8aMNG\r\n\x1a\n", b"\x8bJNG\r\n\x1a\n"],
    "FLIF": [b"FLIF31\x03\xff"],
    "BPG": [b"BPG\xfb\x20"],
    "JBIG2": [b"\x97JB2\r\n\x1a\n\x01"],
    "DICOM": [bytes(128) + b"DICM\x02\0"],
    "Windows icon": [b"\0\0\x01\0\x01\0\x10\x10", b"\0\0\x02\0\x01\0"],
    "Apple icon": [b"icns\0\0\x10\0"],
    "XPM": [b"/* XPM */\nstatic char *a[] = {", b"! XPM2\n"],
    "XBM": [b"#define a_width 8\n#define a_height 8\nstatic char"],
    "film": [FTYP + b"isom", FTYP + b"qt  ", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI LIST", b"\0\0\0\x08free"],
    "document": [b"%PDF-1.7", b"junk\n%PDF-1.4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf1"],
    "archive": [b"PK\x03\x04", b"\x1f\x8b\x08", b"\x1f\x9d\x90", b"7z\xbc\xaf\x27\x1c", bytes(257) + b"ustar"],
    "sound": [b"ID3\x04", b"fLaC", b"RIFF\0\0\0\0WAVE"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "start"), [(name, start) for name, starts in BEGINNINGS.items() for start in starts])
def test_a_format_is_told_by_how_it_begins(name: str, start: bytes) -> None:
    found = format_of(start)
    assert found is not None
    assert found.name == name


def test_the_table_of_beginnings_is_whole() -> None:
    assert set(BEGINNINGS) == {each.name for each in FORMATS if each.begins}


@pytest.mark.parametrize(
    "text", [b"", b"P5 and P6 went to the farm.\n", b"P1 2 3 jump", b"BM is a town\n", b"FORM 3b", b"\n\x01", b"<svg>",
             b"DDS lessons", b"II. Autumn", b"MM and friends", b"qoi", b"GIF", b"The free meals are", b"#?"]
)  # fmt: skip
def test_words_are_no_pictures(text: bytes) -> None:
    assert kind_of(text, "page.md") not in (Kind.PICTURE, Kind.VIDEO, Kind.ICON)


PIXELS = Image.fromarray(np.full((40, 40, 3), 90, np.uint8))


READ = tuple(each.pillow for each in FORMATS if each.pillow)


@pytest.mark.parametrize("plugin", (*READ, "JPEG2000", "TGA", "ICO", "PCX", "DDS", "PPM", "SGI", "PDF"))
def test_what_pillow_writes_is_known(plugin: str) -> None:
    file = io.BytesIO()
    PIXELS.save(file, plugin)
    name = next(f"photo{extension}" for extension, owner in Image.registered_extensions().items() if owner == plugin)
    found = kind_of(file.getvalue(), name)
    assert found is not None
    read = [each.pillow for each in FORMATS if each.matches(file.getvalue()) and each.pillow]
    assert read == ([plugin] if plugin in codec.FORMATS else [])


def test_a_name_is_enough_and_told_once() -> None:
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert format_called("a.JPG") is PUBLISHED["jpeg"]
    assert kind_of(b"Not found", "photo.HEIC") is Kind.PICTURE
    assert kind_of(b"\xff\xd8\xff", "notes.txt") is Kind.PICTURE


@given(st.binary(max_size=SNIFFED), st.sampled_from(("", "a.jpg", "b.jp2", "c.psd", "d.mp4", "e.txt", "f.ico")))
def test_what_follows_the_first_bytes_changes_nothing(start: bytes, name: str) -> None:
    start = start.ljust(SNIFFED, b"\0")
    assert kind_of(start, name) == kind_of(start + b"\xff\xd8\xff%PDF-", name)


def test_scan_and_hook_judge_the_same_files(tmp_path: Path) -> None:
    """A file for each beginning and each suffix: the scan gives a verdict where the hook sees a picture or film."""
    files = {f"{number}": start for number, start in enumerate(chain(*BEGINNINGS.values()))}
    files |= {f"called{suffix}": b"nothing known" for each in FORMATS for suffix in each.suffixes}
    files |= {"words.txt": b"words", "empty": b""}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    shown = {name for name, data in files.items() if hook_kinds.kind_of(data, name) in (Kind.PICTURE, Kind.VIDEO)}
    assert {str(found.path) for found in Walk(tmp_path)} == shown
    assert {"called.jp2", "called.psd"} <= shown


def test_brands_of_heif_are_those_of_the_table() -> None:
    for brand in kinds.HEIF_BRANDS:
        assert heif.is_heif(FTYP + brand + bytes(12))
    for brand in kinds.AVIF_BRANDS:
        assert not heif.is_heif(FTYP + brand + bytes(12))
