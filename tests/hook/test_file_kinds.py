"""Kinds of file, one line each: what may show somebody does not pass as text, and what a site is made of passes."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import pytest
from hook.websites import still, with_text
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from consentguard.hook.kinds import SEALED, kind_of, pointed_at
from consentguard.kinds import Kind

NOISE = bytes(hashlib.sha256(b"noise").digest()) * 200


def photo(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(still())).convert("RGB").resize((64, 64)).save(out, form, **options)
    return out.getvalue()


NOT_JUDGED = {
    "PPM called .txt": ("a.txt", lambda: photo("PPM")),
    "plain PPM": ("a.txt", lambda: b"P3\n2 2\n255\n" + b"120 90 80 " * 4),
    "PGM with a comment": ("a.txt", lambda: b"P5\n# made\n4 4\n255\n" + bytes(range(100, 116))),
    "PAM": ("a.dat", lambda: b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + bytes(12)),
    "DDS": ("a.bin", lambda: photo("DDS")),
    "KTX2": ("a.ktx2", lambda: b"\xabKTX 20\xbb\r\n\x1a\n" + NOISE),
    "SGI": ("a.bin", lambda: photo("SGI")),
    "Sun raster": ("a.bin", lambda: b"\x59\xa6\x6a\x95" + NOISE),
    "PICT": ("a.bin", lambda: bytes(522) + b"\0\x11\x02\xff\x0c\0" + NOISE),
    "EMF": ("a.bin", lambda: b"\x01\0\0\0" + bytes(36) + b" EMF" + NOISE),
    "WMF": ("a.bin", lambda: b"\xd7\xcd\xc6\x9a" + NOISE),
    "WMF without its head": ("a.bin", lambda: b"\x01\0\x09\0\0\x03" + NOISE),
    "JP2 in an Apple icon": ("a.icns", lambda: b"icns" + struct.pack(">I", 300) + b"ic07" + photo("JPEG2000")),
    "FLIF": ("a.bin", lambda: b"FLIF31" + NOISE),
    "BPG": ("a.bin", lambda: b"BPG\xfb" + NOISE),
    "JBIG2": ("a.bin", lambda: b"\x97JB2\r\n\x1a\n" + NOISE),
    "DICOM": ("a.bin", lambda: bytes(128) + b"DICM" + NOISE),
    ".Z": ("a.Z", lambda: b"\x1f\x9d\x90" + NOISE),
    ".lzma": ("a.lzma", lambda: b"\x5d\0\0\x80\0" + b"\xff" * 8 + NOISE),
    ".lz": ("a.lz", lambda: b"LZIP\x01" + NOISE),
    ".br": ("a.html.br", lambda: NOISE),
    ".br, only letters": ("a.html.br", lambda: b"words"),
    "XPM": ("a.txt", lambda: b"/* XPM */\nstatic char *a[] = {\n"),
    "XBM": ("a.h", lambda: b"#define a_width 8\n#define a_height 8\nstatic char a[] = {0x00};"),
    "FITS": ("a.fits", lambda: b"SIMPLE  =                    T" + NOISE),
    "NumPy": ("a.npy", lambda: b"\x93NUMPY\x01\0" + NOISE),
    "HDF5": ("a.h5", lambda: b"\x89HDF\r\n\x1a\n" + NOISE),
    "MNG": ("a.bin", lambda: b"\x8aMNG\r\n\x1a\n" + NOISE),
    "Targa without a name": ("a.bin", lambda: photo("TGA")),
    "database": ("a.db", lambda: b"SQLite format 3\0" + NOISE),
    "raw pixels": ("a.html", lambda: Image.open(io.BytesIO(still())).convert("RGB").point(lambda v: v // 8).tobytes()),
    "noise": ("a.txt", lambda: NOISE),
    "noise with a mark of UTF-16": ("a.txt", lambda: b"\xff\xfe" + NOISE),
    "noise, every other byte zero": ("a.txt", lambda: b"".join(bytes((b % 32, 0)) for b in NOISE)),
    "XBM behind a comment": ("a.h", lambda: b"/* a face */\n#define a_width 9\n#define a_height 9\n"),
    "XPM behind a comment": ("a.c", lambda: b'/* a face */\n/* XPM */\nstatic char *a[] = {"1 1 1 1"};'),
    "font that is none": ("a.woff2", lambda: b"wOF2\0\1\0\0" + NOISE),
    "font with a photo behind": ("a.ttf", lambda: FONT() + photo("JPEG")),
    "font with noise behind": ("a.ttf", lambda: FONT() + NOISE),
    "font with a photo as a table": ("a.ttf", lambda: sfnt({**tables(FONT()), b"FACE": photo("JPEG")})),
    "font with drawings": ("a.otf", lambda: sfnt({**tables(FONT()), b"SVG ": b"<svg/>"})),
    "font with bitmaps": ("a.ttf", lambda: sfnt({**tables(FONT()), b"sbix": NOISE})),
    "font without outlines": ("a.ttf", lambda: sfnt({t: d for t, d in tables(FONT()).items() if t != b"glyf"})),
    "WOFF with a private block": ("a.woff", lambda: woff(tables(FONT()), private=NOISE)),
    "WOFF with a photo, packed": ("a.woff", lambda: woff({**tables(FONT()), b"FACE": photo("JPEG")})),
    "WOFF cut off": ("a.woff", lambda: woff(tables(FONT()))[:-9]),
    "WOFF 2 with drawings": ("a.woff2", lambda: woff2("head", "maxp", "glyf", "loca", "SVG")),
    "WOFF 2 with more behind": ("a.woff2", lambda: woff2("head", "maxp", "glyf", "loca") + NOISE),
    "EOT, packed": ("a.eot", lambda: eot(FONT(), flags=4)),
}  # fmt: skip


def FONT() -> bytes:  # noqa: N802
    """The TrueType font that Pillow carries."""
    font = ImageFont.load_default(10)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return bytes(font.font_bytes)


def tables(font: bytes) -> dict[bytes, bytes]:
    (number,) = struct.unpack_from(">H", font, 4)
    rows = [struct.unpack_from(">4sIII", font, 12 + 16 * row) for row in range(number)]
    return {tag: font[at : at + length] for tag, _, at, length in rows}


def sfnt(held: dict[bytes, bytes]) -> bytes:
    at, directory, body = 12 + 16 * len(held), b"", b""
    for tag, table in sorted(held.items()):
        directory += struct.pack(">4sIII", tag, 0, at + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return b"\0\1\0\0" + struct.pack(">HHHH", len(held), 0, 0, 0) + directory + body


def woff(held: dict[bytes, bytes], private: bytes = b"") -> bytes:
    at, directory, body = 44 + 20 * len(held), b"", b""
    for tag, table in sorted(held.items()):
        packed = min(zlib.compress(table), table, key=len)
        directory += struct.pack(">4sIIII", tag, at + len(body), len(packed), len(table), 0)
        body += packed + bytes(-len(packed) % 4)
    length = at + len(body) + len(private)
    extra = (0, 0, 0, at + len(body) if private else 0, len(private))
    head = struct.pack(">4s4sIHHIHH5I", b"wOFF", b"\0\1\0\0", length, len(held), 0, len(sfnt(held)), 1, 0, *extra)
    return head + directory + body + private


def woff2(*names: str) -> bytes:
    """Its directory as the specification has it; the stream of its tables is not looked into, here neither."""
    known = {"head": 1, "maxp": 4, "glyf": 10, "loca": 11, "SVG": 36, "cmap": 0}
    directory = b""
    for name in names:
        directory += bytes((known[name], 0x81, 0x10)) + (b"\x81\x00" if name in ("glyf", "loca") else b"")
    stream = NOISE[:120]
    length = 48 + len(directory) + len(stream)
    head = (b"wOF2", b"\0\1\0\0", length, len(names), 0, 1000, len(stream), 1, 0, 0, 0, 0, 0, 0)
    return struct.pack(">4s4sIHHIIHH5I", *head) + directory + stream


def eot(font: bytes, flags: int = 0) -> bytes:
    head = struct.pack("<IIII", 0, len(font), 0x00020001, flags).ljust(34, b"\0") + b"LP" + bytes(46)
    return struct.pack("<I", len(head) + len(font)) + head[4:] + font


PASS = {
    "TrueType": ("a.ttf", FONT),
    "TrueType called anything": ("fonts/a", FONT),
    "WOFF": ("a.woff", lambda: woff(tables(FONT()))),
    "WOFF 2": ("a.woff2", lambda: woff2("cmap", "head", "maxp", "glyf", "loca")),
    "EOT": ("a.eot", lambda: eot(FONT())),
    "sound": ("a.mp3", lambda: b"ID3\x04\0\0\0\0\0\x7fTIT2" + NOISE),
    "WebAssembly": ("a.wasm", lambda: b"\0asm\x01\0\0\0" + NOISE),
    "translations": ("a.mo", lambda: b"\xde\x12\x04\x95\0\0\0\0" + NOISE),
    "folder settings": (".DS_Store", lambda: b"\0\0\0\x01Bud1\0\0" + NOISE),
    "UTF-8": ("a.html", lambda: "Grüße, 日本語, \U0001f3c5".encode()),
    "Latin-1": ("a.html", lambda: "café über naïve".encode("latin-1")),
    "Shift JIS": ("a.html", lambda: "学校の写真です。".encode("shift_jis") * 20),
    "UTF-16": ("a.html", lambda: "Dear parents, 日本語".encode("utf-16")),
    "UTF-16 without a mark": ("a.html", lambda: "Dear parents".encode("utf-16-be")),
    "UTF-32": ("a.html", lambda: "Dear parents".encode("utf-32-le")),
    "a stray zero": ("a.html", lambda: b"words\0words"),
    "form feeds and escapes": ("a.txt", lambda: b"\x0cpage\x1b[1mbold\x1b[0m\x1a"),
    "a minified program": ("a.min.js", lambda: b"!function(e,t){var n=[0,1,2,3];e.exports=n}(this);" * 500),
    "a source map": ("a.js.map", lambda: b'{"version":3,"mappings":"AAAA;BACA,CAAC,OAAO","names":[]}'),
    "a lock file": ("yarn.lock", lambda: b'"a@1":\n  integrity sha512-' + b"Qk0x" * 22 + b"==\n"),
    "empty": ("a", lambda: b""),
}  # fmt: skip


@pytest.mark.parametrize("form", NOT_JUDGED)
def test_what_may_show_somebody_is_no_text(judge, form):
    path, data = NOT_JUDGED[form][0], NOT_JUDGED[form][1]()
    assert kind_of(data, path) in SEALED | {Kind.PICTURE}
    (verdict,) = judge.judge(path, data)
    assert verdict.outcome.value == "cannot_tell"
    (finding,) = verdict.findings
    assert any(step in finding.message for step in ("unjudged", "save it as", "publish"))


@pytest.mark.parametrize("form", PASS)
def test_what_a_site_is_made_of_passes(judge, form):
    path, make = PASS[form]
    assert judge.judge(path, make()) == ()


@given(st.binary(min_size=300, max_size=2000))
def test_no_bytes_are_a_font_by_chance_and_none_break_the_reader(data):
    for start in (b"\0\1\0\0", b"OTTO", b"ttcf\0\1\0\0", b"wOFF", b"wOF2", b"\0" * 34 + b"LP"):
        assert kind_of(start + data, "a.woff") is not Kind.SILENT


OID = hashlib.sha256(with_text()).hexdigest()
V1, OLD, OLDER = "https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2"
POINTERS = {
    "canonical": f"version {V1}\noid sha256:{OID}\nsize 3\n",
    "CRLF": f"version {V1}\r\noid sha256:{OID}\r\nsize 3\r\n",
    "empty lines": f"\nversion {V1}\n\noid sha256:{OID}\n\nsize 3\n\n\n",
    "spaces at the end": f"version {V1}  \noid sha256:{OID} \nsize 3\t\n",
    "upper-case oid": f"version {V1}\noid sha256:{OID.upper()}\nsize 3\n",
    "hawser": f"version {OLD}\noid sha256:{OID}\nsize 3\n",
    "git-media": f"version {OLDER}\noid sha256:{OID}\nsize 3\n",
    "an extension": f"version {V1}\next-0-a sha256:{'0' * 64}\noid sha256:{OID}\nsize 3\n",
    "no line end": f"version {V1}\noid sha256:{OID}\nsize 3",
}


@pytest.mark.parametrize("form", POINTERS)
def test_a_pointer_is_judged_by_what_it_stands_for_however_it_is_written(judge, form):
    pointer = POINTERS[form].encode()
    assert pointed_at(pointer) == OID
    (verdict,) = judge.judge("a.jpg", pointer)
    assert (verdict.outcome.value, verdict.reasons) == ("cannot_tell", ("lfs-pointer",))
    (verdict,) = judge.judge("a.dat", pointer, stored=lambda sha256: {OID: with_text()}.get(sha256))
    assert verdict.reasons == ("metadata",)
