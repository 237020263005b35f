"""Every way to write a picture as text, one line each: what carries metadata is found, what carries none passes."""

# ruff: noqa: E501

from __future__ import annotations

import base64
import binascii
import html
import io
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

import numpy as np
import pytest
from hook.websites import still, with_text
from PIL import Image

from consentguard.hook.embedded import embedded_in


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{b64(data)}"


def parts(text: str, size: int = 70) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def js_component(text: str) -> str:
    """What encodeURIComponent leaves as it is."""
    return quote(text, safe="-_.!~*'()")


def svg(data: bytes) -> str:
    return f"<svg xmlns='http://www.w3.org/2000/svg'><g transform='scale(1)'><image href='{uri(data)}'/></g></svg>"


FORMS: dict[str, tuple[str, Callable[[bytes], str]]] = {
    # -- base64 in several strings
    "notebook, a list of lines": ("a.ipynb", lambda p: json.dumps({"image/png": [line + "\n" for line in parts(b64(p), 76)]})),
    "a list of lines, indented": ("a.ipynb", lambda p: json.dumps({"image/png": [line + "\n" for line in parts(b64(p), 76)]}, indent=1)),
    "joined list": ("a.js", lambda p: f"x = [{', '.join(map(repr, parts(b64(p))))}].join('')"),
    "joined list of short pieces": ("a.js", lambda p: f"x=[{','.join(map(json.dumps, parts(b64(p), 4)))}].join('')"),
    "joined list of letters": ("a.js", lambda p: f"x=[{','.join(map(json.dumps, b64(p)))}].join('')"),
    "p += ": ("a.js", lambda p: "let p = '';\n" + "".join(f"p += '{part}';\n" for part in parts(b64(p)))),
    "p = p + ": ("a.js", lambda p: "let p = '';\n" + "".join(f"p = p + '{part}';\n" for part in parts(b64(p)))),
    "named pieces": ("a.js", lambda p: "".join(f'const a{n} = "{part}";\n' for n, part in enumerate(parts(b64(p))))),
    "concat": ("a.js", lambda p: "x = ''" + "".join(f".concat('{part}')" for part in parts(b64(p)))),
    "comments between": ("a.js", lambda p: "x = " + " /* more */ +\n // and more\n".join(f"'{part}'" for part in parts(b64(p)))),
    "Python, side by side": ("a.py", lambda p: "x = (" + "\n     ".join(f"'{part}'" for part in parts(b64(p))) + ")"),
    "Python, with comments": ("a.py", lambda p: "x = (" + "  # more\n     ".join(f"'{part}'" for part in parts(b64(p))) + ")"),
    "PHP, .=": ("a.php", lambda p: "<?php $p = '';\n" + "".join(f"$p .= '{part}';\n" for part in parts(b64(p)))),
    "C#, @": ("a.cs", lambda p: 'x = "' + '" +\r\n    "'.join(parts(b64(p))) + '";'),
    "Visual Basic": ("a.vb", lambda p: 'x = "' + '" & _\r\n    "'.replace(" _", "").join(parts(b64(p))) + '"'),
    "YAML list": ("a.yml", lambda p: "photo:\n" + "".join(f"  - {part}\n" for part in parts(b64(p)))),
    "quoted mail": ("a.txt", lambda p: "".join(f"> {part}\n" for part in parts(b64(p)))),
    "commented out": ("a.js", lambda p: "".join(f"// {part}\n" for part in parts(b64(p)))),
    "data URI in pieces": ("a.js", lambda p: "x = '" + "' + '".join(parts(uri(p), 30)) + "'"),
    "data URI in a list": ("a.json", lambda p: json.dumps([uri(p), "logo", "A heron by the pond, with its fish"])),
    "template literal": ("a.js", lambda p: f"x = `{uri(p)}`"),
    "arguments behind": ("a.js", lambda p: f'h("img", "{b64(p)}", "logo", "header")'),
    # -- escapes
    "CSS escapes": ("a.css", lambda p: f"a{{background:url({uri(p).replace('/', chr(92) + '2f ').replace('+', chr(92) + '2b ').replace(',', chr(92) + '2c ')})}}"),
    "CSS escapes, six digits": ("a.css", lambda p: f"a{{background:url({uri(p).replace('/', chr(92) + '00002f').replace(':', chr(92) + '00003a')})}}"),
    "CSS, escaped signs": ("a.css", lambda p: f"a{{background:url({uri(p).replace('/', chr(92) + '/').replace(';', chr(92) + ';').replace('+', chr(92) + '+')})}}"),
    "octal": ("a.js", lambda p: "x = '" + "".join(f"\\{ord(c):03o}" for c in uri(p)) + "'"),
    "octal, some": ("a.c", lambda p: f'x = "{b64(p).replace("/", chr(92) + "057").replace("+", chr(92) + "053")}";'),
    "hex escapes": ("a.js", lambda p: "x = '" + "".join(f"\\x{ord(c):02x}" for c in uri(p)) + "'"),
    "unicode escapes": ("a.js", lambda p: "x = '" + "".join(f"\\u{{{ord(c):x}}}" if c.isdigit() else f"\\u{ord(c):04x}" for c in uri(p))+ "'"),
    "numbered entities": ("a.html", lambda p: "<img src='" + "".join(f"&#x{ord(c):x};" for c in uri(p)) + "'>"),
    "SVG entity": ("a.svg", lambda p: f'<!DOCTYPE svg [<!ENTITY photo "{uri(p)}">]><svg><image href="&photo;"/></svg>'),
    "SVG entities, in pieces": ("a.svg", lambda p: f'<!DOCTYPE svg [<!ENTITY a "data:image/png;ba"><!ENTITY b "se64,{b64(p)[:50]}"><!ENTITY c "{b64(p)[50:]}">]><svg><image href="&a;&b;&c;"/></svg>'),
    "SVG entities, nested": ("a.svg", lambda p: f"<!DOCTYPE svg [<!ENTITY d 'data:image'><!ENTITY a '&d;/png;base64,{b64(p)}'>]><svg><image href='&a;'/></svg>"),
    "srcdoc": ("a.html", lambda p: f'<iframe srcdoc="{html.escape(f"<img src={uri(p)!r}>")}">'),
    "srcdoc, twice": ("a.html", lambda p: '<iframe srcdoc="' + html.escape('<iframe srcdoc="' + html.escape(f"<img src={uri(p).replace('/', '&#47;')!r}>") + '">') + '">'),
    "srcdoc, three times": ("a.html", lambda p: "<iframe srcdoc='" + html.escape(html.escape(html.escape(uri(p).replace("/", "&sol;").replace(":", "&colon;")))) + "'>"),
    "encodeURIComponent in quotes": ("a.css", lambda p: f'a{{background:url("data:image/svg+xml,{js_component(svg(p))}")}}'),
    "encodeURIComponent in HTML": ("a.html", lambda p: f'<img src="data:image/svg+xml;utf8,{js_component(svg(p))}">'),
    "encodeURIComponent, unquoted": ("a.css", lambda p: f"a{{background:url(data:image/svg+xml,{quote(svg(p), safe='')})}}"),
    "plain SVG in quotes": ("a.css", lambda p: f'a{{background:url("data:image/svg+xml,{svg(p)}")}}'),
    "percent, twice": ("a.html", lambda p: f"<img src='data:image/svg+xml,{quote(quote(svg(p)))}'>"),
    "percent over base64": ("a.html", lambda p: f"<a href='?u={quote(uri(p), safe='')}'>"),
    "JSON in JSON in HTML": ("a.html", lambda p: f"<div data-x='{html.escape(json.dumps(json.dumps({'p': uri(p).replace('/', chr(92) + '/')})))}'>"),
    "quoted-printable": ("a.mht", lambda p: "Content-Transfer-Encoding: quoted-printable\n\n" + quopri.encodestring(f'<img src="{uri(p)}">'.encode()).decode()),
    "uuencode": ("a.txt", lambda p: "begin 644 a.png\n" + "".join(binascii.b2a_uu(p[at : at + 45]).decode() for at in range(0, len(p), 45)) + "`\nend\n"),
    # -- hex and numbers
    "hex": ("a.sql", lambda p: f"INSERT INTO photos VALUES ('{p.hex()}')"),
    "hex, 0x": ("a.sql", lambda p: f"INSERT INTO photos VALUES (0x{p.hex().upper()})"),
    "hex, \\x": ("a.sql", lambda p: f"COPY photos FROM stdin;\n\\\\x{p.hex()}\n"),
    "hex, X''": ("a.sql", lambda p: f"INSERT INTO photos VALUES (X'{p.hex()}')"),
    "hex, spaced": ("a.txt", lambda p: p.hex(" ")),
    "hex, with colons": ("a.txt", lambda p: p.hex(":")),
    "hex, in lines": ("a.txt", lambda p: "\n".join(parts(p.hex(), 64))),
    "hex, in strings": ("a.js", lambda p: "x = '" + "' +\n '".join(parts(p.hex(), 64)) + "'"),
    "xxd": ("a.txt", lambda p: "".join(f"{n * 16:08x}: {p[n * 16 : n * 16 + 16].hex(' ', 2)}  {'.' * 16}\n" for n in range(len(p) // 16 + 1))),
    "hexdump -C": ("a.txt", lambda p: "".join(f"{n * 16:08x}  {p[n * 16 : n * 16 + 16].hex(' ')}  |{'.' * 16}|\n" for n in range(len(p) // 16 + 1))),
    "list of bytes": ("a.json", lambda p: json.dumps(list(p))),
    "list of bytes, indented": ("a.json", lambda p: json.dumps({"photo": list(p)}, indent=2)),
    "Buffer": ("a.json", lambda p: json.dumps({"type": "Buffer", "data": list(p)})),
    "an object of bytes": ("a.json", lambda p: json.dumps({str(n): b for n, b in enumerate(p)})),
    "C": ("a.h", lambda p: "unsigned char a[] = {" + ", ".join(f"0x{b:02x}" for b in p) + "};"),
    "C, in lines": ("a.h", lambda p: "unsigned char a[] = {\n" + ",\n".join(", ".join(f"0x{b:02x}" for b in p[at : at + 12]) for at in range(0, len(p), 12)) + "};"),
    "Java": ("a.java", lambda p: "byte[] a = {" + ", ".join(f"(byte) 0x{b:02X}" for b in p) + "};"),
    "signed": ("a.java", lambda p: "byte[] a = {" + ", ".join(str(b - 256 if b > 127 else b) for b in p) + "};"),
    "octal numbers": ("a.js", lambda p: f"a = [{','.join(f'0o{b:o}' for b in p)}]"),
    "binary numbers": ("a.js", lambda p: f"a = [{','.join(f'0b{b:08b}' for b in p)}]"),
    "Rust": ("a.rs", lambda p: f"[{', '.join(f'{b}u8' for b in p)}]"),
    "fromCharCode": ("a.js", lambda p: f"String.fromCharCode({','.join(map(str, p))})"),
    "words, big end first": ("a.js", lambda p: f"[{','.join(str(int.from_bytes(w, 'big')) for w in words(p))}]"),
    "words, little end first": ("a.js", lambda p: f"[{','.join(hex(int.from_bytes(w, 'little')) for w in words(p))}]"),
    "words, signed": ("a.js", lambda p: f"[{','.join(str(int.from_bytes(w, 'big', signed=True)) for w in words(p))}]"),
    "bytes, escaped": ("a.py", lambda p: "x = b'" + "".join(f"\\x{b:02x}" for b in p) + "'"),
    "bytes, as Python shows them": ("a.py", lambda p: f"x = {p!r}"),
    "bytes, in octal": ("a.c", lambda p: 'x = "' + "".join(f"\\{b:03o}" for b in p) + '";'),
    # -- what stands between is no pattern
    "lines of a script, commented": ("a.js", lambda p: "let p = '';\n" + "".join(f"p += '{part}'; // row {n}\n" for n, part in enumerate(parts(b64(p))))),
    "template, in braces": ("a.js", lambda p: "x=`data:image/png;base64,${'" + "'}${'".join(parts(b64(p))) + "'}`"),
    "elements": ("a.xml", lambda p: "\n".join(f"<c>{part}</c>" for part in parts(b64(p)))),
    "attributes": ("a.xml", lambda p: "\n".join(f'<c d="{part}"/>' for part in parts(b64(p)))),
    "a shell's variable": ("a.sh", lambda p: "".join(f'S="$S{part}"\n' for part in parts(b64(p)))),
    "a difference": ("a.patch", lambda p: "".join(f"+{part}\n" for part in parts(b64(p)))),
    "split by a bar": ("a.js", lambda p: f"x='{'|'.join(parts(b64(p), 40))}'.replaceAll('|','')"),
    "JSON, under keys": ("a.json", lambda p: json.dumps({f"p{n}": part for n, part in enumerate(parts(b64(p)))})),
    "Lua": ("a.lua", lambda p: "s = " + " ..\n".join(f'"{part}"' for part in parts(b64(p)))),
    "base64 of base64": ("a.txt", lambda p: b64(b64(p).encode())),
    "behind other letters": ("a.txt", lambda p: f"prefix{b64(p)}"),
    "rows of lists": ("a.json", lambda p: json.dumps([list(p[at : at + 16]) for at in range(0, len(p), 16)])),
    "YAML list of numbers": ("a.yml", lambda p: "".join(f"  - {b}\n" for b in p)),
    "places and numbers": ("a.csv", lambda p: "i,v\n" + "".join(f"{n},{b}\n" for n, b in enumerate(p))),
    "assignments": ("a.js", lambda p: "".join(f"a[{n}]={b};\n" for n, b in enumerate(p))),
    "numbers with decimals": ("a.json", lambda p: json.dumps([float(b) for b in p])),
    "numbers in quotes": ("a.json", lambda p: json.dumps([str(b) for b in p])),
    "hex in quotes": ("a.json", lambda p: json.dumps([f"0x{b:02x}" for b in p])),
    "hex, with commas": ("a.txt", lambda p: p.hex(",")),
    "hex, with percent signs": ("a.txt", lambda p: "".join(f"%{b:02X}" for b in p)),
    "hex, Basic": ("a.bas", lambda p: ",".join(f"&H{b:02X}" for b in p)),
    "hex, assembler": ("a.asm", lambda p: ",".join(f"0{b:02x}h" for b in p)),
    "hex, Kotlin": ("a.kt", lambda p: ", ".join(f"0x{b:02X}.toByte()" for b in p)),
    "long words": ("a.c", lambda p: ",".join(f"0x{p[at : at + 8].hex()}ULL" for at in range(0, len(p), 8))),
    "entities of bytes": ("a.html", lambda p: "".join(f"&#{b};" for b in p)),
    "decimal escapes": ("a.lua", lambda p: 's="' + "".join(f"\\{b:03d}" for b in p) + '"'),
    "octal dump": ("a.txt", lambda p: "".join(f"{at:07o} {' '.join(f'{b:03o}' for b in p[at : at + 16])}\n" for at in range(0, len(p), 16))),
    "bits": ("a.txt", lambda p: "".join(f"{b:08b}" for b in p)),
    "bytes, shown in lines": ("a.py", lambda p: "x = (" + "\n".join(repr(p[at : at + 30]) for at in range(0, len(p), 30)) + ")"),
    "quoted-printable bytes": ("a.eml", lambda p: binascii.b2a_qp(p, istext=False).decode()),
    "numbers of SVG": ("a.js", lambda p: f"new TextDecoder().decode(new Uint8Array([{','.join(map(str, svg(p).encode()))}]))"),
}  # fmt: skip


def words(data: bytes) -> list[bytes]:
    whole = data + bytes(-len(data) % 4)
    return [whole[at : at + 4] for at in range(0, len(whole), 4)]


PADDED = {form for form in FORMS if form.startswith("words")} | {
    "lines of a script, commented", "JSON, under keys", "hex, with percent signs", "bytes, shown in lines", "long words",
    "octal dump", "decimal escapes", "quoted-printable bytes", "places and numbers",
}  # fmt: skip
"""Four bytes a word: up to three zeros stand behind the picture, and a picture with more behind it is undecided.

Where anything may stand between the pieces of a picture, its end is not sure either."""


def pixel(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1, 1)).save(out, kind)
    return out.getvalue()


BEFORE = {
    "alone": "",
    "after a placeholder": f'const a="{uri(pixel("PNG"))}";\n',
    "after an escaped placeholder": f"""const a="{uri(pixel("PNG")).replace("/", chr(92) + "/")}";\n""",
    "after a placeholder of another kind": f'const a="{uri(pixel("GIF"), "image/gif")}";\n',
}
"""Pages begin with a picture of one pixel that stands there until the photo has come."""


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("form", FORMS)
def test_a_picture_written_as_text_is_judged(judge, form, before):
    path, write = FORMS[form]
    bad = judge.judge(path, (BEFORE[before] + write(with_text())).encode())
    assert [verdict for verdict in bad if verdict.outcome.exit_code], "nothing was found"
    assert {reason for verdict in bad for reason in verdict.reasons} <= {"metadata", "unreadable-image"}
    if before == "alone" and form not in PADDED:
        good = judge.judge(path, write(still()).encode())
        assert good
        assert {verdict.outcome.value for verdict in good} == {"publishable"}


@pytest.mark.parametrize("form", ["split by a bar", "a list of lines, indented", "decimal escapes"])
def test_pictures_that_begin_alike_are_two(form):
    """The tables of two JPEGs of one program are the same, and they stand before anything else."""
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    before = f"""const a="{uri(pixel("JPEG"), "image/jpeg").replace("/", chr(92) + "/")}";\n"""
    assert out.getvalue() in {found.data for found in embedded_in(before + FORMS[form][1](out.getvalue()))}


def test_a_small_picture_that_claims_to_be_huge_stops_no_other(judge):
    (verdict,) = judge.judge("a.gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(90))
    assert verdict.outcome.exit_code


NOTHING = {
    "lock file": ("package-lock.json", json.dumps({"integrity": ["sha512-" + base64.b64encode(bytes(range(64))).decode()] * 50})),
    "source map": ("a.js.map", '{"version":3,"mappings":"' + "AAAAA,SAASA,IAAI;" * 500 + '"}'),
    "minified": ("a.js", "var a=[" + ",".join(str(n % 97) for n in range(3000)) + "];"),
    "colours": ("a.css", ".a{color:#89504e;background:#ffd8ff}" * 100),
    "coordinates": ("a.geojson", json.dumps([[n / 7, n / 11] for n in range(2000)])),
    "hashes": ("a.txt", "\n".join(f"{n:064x}" for n in range(300))),
    "a certificate": ("a.pem", "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(b"\x30\x82\x03\x01" + bytes(900)).decode()),
    "words about data": ("a.md", "data: a, b, data:text/plain,hi and [data:image/png]"),
    "Adobe's entities": ("a.svg", '<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]><svg xmlns="&ns;"><path d="M0 0"/></svg>'),
    "a font in a style": ("a.css", "@font-face{src:url('data:font/ttf;base64," + base64.b64encode(__import__("test_file_kinds").FONT()).decode() + "') format('truetype')}"),
    "icons in a style": ("a.css", """a{background:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Cpath d='M0 0'/%3E%3C/svg%3E")}"""),
}  # fmt: skip


@pytest.mark.parametrize("form", NOTHING)
def test_what_a_site_is_made_of_passes(judge, form):
    path, text = NOTHING[form]
    assert judge.judge(path, text.encode()) == ()


def test_entities_that_grow_without_end_are_undecided(judge):
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 20}">' for n in range(1, 9))
    page = f'<!DOCTYPE svg [<!ENTITY e0 "0123456789">{levels}]><svg>&e8;</svg>'
    (verdict,) = judge.judge("a.svg", page.encode())
    assert verdict.outcome.value == "cannot_tell"


HOSTILE = ("data:", "data:a/b,", "'+'", "/9j/", "\\/9j\\/", "' ", "iVBORw0KGgo ", "data:;base64,", "\\" * 9, "0x89,", "89 ",
           "'a'+", '"a", ', "p += '", "/* ", "'/*", "// ", "&amp;", "%25", "\\u0041", "\\101", "\\41 ", "=3D", "<!ENTITY a '",
           "137,80,", '"0":137,', "begin 644 a\n")  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_picture_at_the_end_of_a_large_text_is_found_in_good_time(part):
    """What took a time that grows with the square of the text would not end here."""
    end = f'\n\n \'"`--> */\n<img src="{uri(still())}">'
    found = [each.data for each in embedded_in(part * (300_000 // len(part)) + end)]
    assert still() in found


def test_of_two_photos_of_one_size_beside_each_other_neither_is_taken_for_the_other() -> None:
    """Programs write the same tables into both; one is whole, and what follows the other keeps it from being so."""
    whole, trailed = (jpeg(seed) for seed in (1, 2))
    trailed += b"what a camera left"
    assert whole[:200] == trailed[:200]
    text = f"a{{background:url({uri(whole)})}} b{{background:url({uri(trailed).replace('/', chr(92) + '2f ')})}}"
    assert {found.data for found in embedded_in(text)} == {whole, trailed}


def jpeg(seed: int) -> bytes:
    blocks = np.random.default_rng(seed).integers(0, 255, (12, 18, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(blocks).resize((300, 200)).save(out, "JPEG", quality=85)
    return out.getvalue()
