"""What files are, what is written into them, and what is remembered of them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import sqlite3
import struct
import subprocess
import sys
import zlib
from urllib.parse import quote

import pytest
from fakes import sample_with
from hook.websites import PDF, hook, still, tiny, with_text
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.hook.embedded import embedded_in
from consentguard.hook.judge import Judge
from consentguard.hook.kinds import kind_of
from consentguard.kinds import Kind
from consentguard.program import program_digest
from consentguard.values import Verdict


@pytest.fixture
def judge(office) -> Judge:
    state, _ = office
    register, policy = Register.load(state / "consent_register.csv"), Policy.load(state / "policy.toml")
    return Judge(register, policy, State.open(state))


def said(verdicts: tuple[Verdict, ...]) -> list[tuple[str, str, list[str]]]:
    return [(verdict.photo, verdict.outcome.value, list(verdict.reasons)) for verdict in verdicts]


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def bare(data: bytes) -> str:
    return base64.b64encode(data).decode()


# -- kinds ------------------------------------------------------------------------------------------------------------

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"5" * 64 + b"\nsize 3\n"
FTYP = b"\0\0\0\x18ftyp"

KINDS = [
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "notes.txt", Kind.PICTURE),
    (b"GIF89a", "", Kind.PICTURE),
    (b"RIFF\0\0\0\0WEBPVP8 ", "", Kind.PICTURE),
    (b"BM\x36\0\0\0\0\0\0\0", "", Kind.PICTURE),
    (b"II*\0\x08\0\0\0", "", Kind.PICTURE),
    (b"\0\0\x01\0\x01\0\x10\x10", "favicon.ico", Kind.ICON),
    (FTYP + b"heic", "", Kind.PICTURE),
    (FTYP + b"avif", "", Kind.PICTURE),
    (FTYP + b"crx ", "", Kind.PICTURE),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "", Kind.PICTURE),
    (FTYP + b"isom", "photo.jpg", Kind.VIDEO),
    (FTYP + b"qt  ", "", Kind.VIDEO),
    (b"\x1aE\xdf\xa3", "", Kind.VIDEO),
    (b"junk\n%PDF-1.4", "", Kind.DOCUMENT),
    (b"PK\x03\x04", "letter.docx", Kind.ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", Kind.DOCUMENT),
    (b"\x1f\x8b\x08", "drawing.svgz", Kind.ARCHIVE),
    (b"ID3\x04\0\0\0\0\0\x7fTIT2", "song.mp3", Kind.SILENT),
    (b"ID3\x04\0\0\0\0\0\x7fAPIC", "song.mp3", Kind.SOUND),
    (b"wOF2\0\1\0\0", "font.woff2", Kind.UNKNOWN),
    (b"\0\1\2\3", "photo.tga", Kind.PICTURE),
    (b"Not found", "photo.jpg", Kind.PICTURE),
    (b"Not found", "film.mp4", Kind.VIDEO),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg", Kind.TEXT),
    (b"caf\xe9", "old.html", Kind.TEXT),
    ("page".encode("utf-16"), "page.html", Kind.TEXT),
    (b"", "empty", Kind.TEXT),
    (POINTER, "x.jpg", Kind.POINTER),
    (POINTER + b"<p>", "page.html", Kind.TEXT),
    (b"version https://git-lfs.github.com/spec/v1\n", "x.html", Kind.TEXT),
    (b"The free meals are", "meals.md", Kind.TEXT),
    (b"\0\0\0\x08free", "", Kind.VIDEO),
    (b"SQLite format 3\0\x10\0\xff\xd8\xff\xe0\0\x10JFIF", "pupils.db", Kind.CONTAINER),
    (b"ID3 \0\0\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "song.mp3", Kind.CONTAINER),
    (b"words, then \0\0\0\x18ftypheic", "page.html", Kind.CONTAINER),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name", "kind"), KINDS)
def test_content_decides_and_a_name_only_makes_suspect(data, name, kind):
    assert kind_of(data, name) is kind


@given(st.binary(max_size=400), st.sampled_from(["a.jpg", "b.HEIC", "c.png"]))
def test_what_is_named_like_a_picture_never_goes_unjudged(data, name):
    assert kind_of(data, name) is not Kind.TEXT


# -- pictures in texts ------------------------------------------------------------------------------------------------

CARRIERS = {
    "page.html": lambda picture: f'<p>\n<img alt="" src="{uri(picture)}">',
    "page.md": lambda picture: f"# News\n![yard]({uri(picture)})\n",
    "drawing.svg": lambda picture: f"<svg>\n<image xlink:href='{uri(picture)}'/></svg>",
    "style.css": lambda picture: f"a{{\nbackground:url({uri(picture)})}}",
    "shout.css": lambda picture: f"\nurl({uri(picture).replace('data:image/png;base64', 'DATA:;BASE64')})",
    "wrong-type.html": lambda picture: f'\n<img src="{uri(picture, "text/plain;charset=utf-8")}">',
    "escaped.html": lambda picture: f'\n<img src="{uri(picture).replace("+", "&#43;").replace(":", "&colon;")}">',
    "percent.html": lambda picture: f'\n<img src="data:image/png,{quote(picture)}">',
    "percent64.html": lambda picture: "\n<img src='data:image/png;base64,"
                                      f"{quote(base64.b64encode(picture).decode(), safe='')}'>",
    "wrapped.html": lambda picture: f'\n<img src="{uri(picture)[:40]}\n   {uri(picture)[40:]}">',
    "notebook.ipynb": lambda picture: "{\n" + json.dumps({"image/png": base64.encodebytes(picture).decode()}) + "}",
    "frame.html": lambda picture: f'\n<iframe src="{uri(uri(picture).encode(), "text/html")}">',
    "nested.css": lambda picture: f"\nurl('data:image/svg+xml,{quote(f'<svg><image href={uri(picture)!r}/>')}')",
    "plain.css": lambda picture: f"\nurl('data:image/svg+xml;utf8,<svg><image href=\"{uri(picture)}\"/>')",
    "php.json": lambda picture: '\n{"photo": "' + uri(picture).replace("/", r"\/") + '"}',
    "php-bare.json": lambda picture: '\n{"photo": "' + bare(picture).replace("/", r"\/") + '"}',
    "escaped.json": lambda picture: '\n{"photo": "'
                                    + uri(picture).replace("+", r"\u002B").replace("/", r"\u002f") + '"}',
    "twice.json": lambda picture: "\n" + json.dumps(json.dumps({"photo": uri(picture)}).replace("/", r"\/")),
    "mail.json": lambda picture: "\n" + json.dumps({"body": "\n\n" + base64.encodebytes(picture).decode()}),
    "photos.csv": lambda picture: f"name,photo\nyard,{bare(picture)}\n",
    "photo.ini": lambda picture: f"[a]\nphoto={bare(picture)}",
    "quoted.css": lambda picture: f"\nurl(data:image/png;x='1';base64,{bare(picture)})",
    "split.html": lambda picture: f'<img src="da\nta:image/png;base64,{bare(picture)}">',
    "pieces.js": lambda picture: "\nx = '" + "' +\n  '".join(re.findall(".{1,70}", bare(picture))) + "'",
    "pieces.php": lambda picture: "\n$x = 'data:image/png;base64,' . '" + bare(picture)[:80] + "' . '"
                                  + bare(picture)[80:] + "'",
    "address.json": lambda picture: "\n" + base64.urlsafe_b64encode(picture).decode(),
    "no-type.html": lambda picture: f'\n<img src="data:,{quote(picture)}">',
    "zero.html": lambda picture: f'\0\n<img src="{uri(picture)}">',
}  # fmt: skip


@pytest.mark.parametrize("name", CARRIERS)
def test_a_picture_written_into_a_text_is_judged(judge, name):
    bad = CARRIERS[name](with_text()).encode()
    assert said(judge.judge(name, bad)) == [(f"{name}, line 2", "needs_rewrite", ["metadata"])]
    good = CARRIERS[name](still()).encode()
    assert said(judge.judge(name, good)) == [(f"{name}, line 2", "publishable", [])]


def test_other_encodings_hide_nothing(judge):
    page = CARRIERS["page.html"](with_text())
    for encoding in ("utf-16", "utf-8-sig", "utf-32", "utf-16-le", "utf-16-be"):
        (verdict,) = judge.judge("page.html", page.encode(encoding))
        assert verdict.reasons == ("metadata",), encoding


def test_a_released_picture_passes_inside_a_page_and_a_damaged_one_does_not(judge, office):
    _, released = office
    page = f'<img src="{uri(released, "image/jpeg")}"><img src="data:image/png;base64,iVBORw0K">'
    first, second = judge.judge("page.html", page.encode())
    assert (first.outcome.value, second.outcome.value) == ("released", "cannot_tell")


def test_words_about_data_are_no_pictures(judge):
    for text in ("data: a, b and c", "var data:Map<string,number>", "/9j/ is how a JPEG begins", "data:text/plain,hi",
                 "metadata:base64,", "[data:image/png]"):  # fmt: skip
        assert judge.judge("page.md", text.encode()) == (), text


def test_one_picture_is_one_however_often_it_is_found(judge):
    array = json.dumps([bare(still()), bare(still(1)), uri(still())])
    assert said(judge.judge("photos.json", array.encode())) == [("photos.json, line 1", "publishable", [])] * 2


def test_a_page_that_begins_like_a_pointer_is_judged_whole(judge, office):
    _, released = office
    pointer = POINTER.replace(b"5" * 64, hashlib.sha256(released).hexdigest().encode())
    assert said(judge.judge("a.jpg", pointer)) == [("a.jpg", "released", [])]
    page = pointer + f'<img src="{uri(with_text())}">'.encode()
    assert said(judge.judge("a.html", page)) == [("a.html, line 4", "needs_rewrite", ["metadata"])]


def test_what_is_too_deep_is_undecided(judge):
    page = uri(with_text())
    for _ in range(8):
        page = uri(page.encode(), "text/html")
    (verdict,) = judge.judge("page.html", page.encode())
    assert verdict.outcome.value == "cannot_tell"


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text):
    assert all(found.line >= 1 for found in embedded_in(text + "data:" + text))


# -- what policy lets through -----------------------------------------------------------------------------------------


def test_documents_go_where_policy_says_and_pictures_are_judged_even_there(office):
    state, _ = office
    text = (state / "policy.toml").read_bytes().replace(b"unjudged = []", b'unjudged = ["policies/*"]')
    judge = Judge(Register.load(state / "consent_register.csv"), Policy.parse(text, "p"), State.open(state))
    assert judge.judge("policies/2026/bullying.pdf", PDF) == ()
    assert said(judge.judge("letters/a.pdf", PDF)) == [("letters/a.pdf", "cannot_tell", ["not-looked-into"])]
    assert said(judge.judge("policies/yard.png", with_text())) == [("policies/yard.png", "needs_rewrite", ["metadata"])]
    assert said(judge.judge("policies/photo.jpg", b"broken"))[0][1] == "cannot_tell"


def test_spacers_and_bullets_show_nobody(judge):
    assert said(judge.judge("spacer.gif", tiny())) == [("spacer.gif", "publishable", [])]
    assert said(judge.judge("x.gif", tiny() + bytes(3000)))[0][1] != "publishable"
    for form in ("PNG", "JPEG", "WEBP"):
        assert said(judge.judge(f"x.{form}", shrunk(form)))[0][1] == "publishable", form


def hidden() -> bytes:
    """A picture of 40 x 40 in under 2 kB: what a spacer must not carry."""
    out = io.BytesIO()
    Image.open(io.BytesIO(still())).resize((40, 40)).save(out, "JPEG", quality=30)
    return out.getvalue()


def in_comment(gif: bytes) -> bytes:
    body = hidden()
    blocks = b"".join(bytes((len(part),)) + part for part in (body[at : at + 255] for at in range(0, len(body), 255)))
    at = 13 + 768
    return gif[:at] + b"\x21\xfe" + blocks + b"\0" + gif[at:]


def in_codes(gif: bytes) -> bytes:
    """Behind the last code of the picture, where no decoder looks."""
    body = hidden()
    blocks = b"".join(bytes((len(part),)) + part for part in (body[at : at + 255] for at in range(0, len(body), 255)))
    return gif[:-2] + blocks + b"\0\x3b"


def tall_png() -> bytes:
    """An 8 x 8 picture with forty more rows that the header does not admit."""
    out = io.BytesIO()
    Image.open(io.BytesIO(hidden())).resize((8, 48)).save(out, "PNG")
    data = bytearray(out.getvalue())
    data[20:24] = struct.pack(">I", 8)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


SMUGGLED = {
    "behind a GIF": lambda: tiny() + hidden(),
    "in its comment": lambda: in_comment(tiny()),
    "behind its codes": lambda: in_codes(tiny()),
    "in a PNG's text": lambda: shrunk("PNG", pnginfo=text_chunk()),
    "behind a PNG": lambda: shrunk("PNG") + hidden(),
    "in a PNG's rows": tall_png,
    "in a JPEG's comment": lambda: shrunk("JPEG", comment=b"Amara Winterbourne"),
    "behind a JPEG": lambda: shrunk("JPEG", quality=30) + hidden(),
    "in a WebP's XMP": lambda: shrunk("WEBP", xmp=b"Amara Winterbourne"),
}


def shrunk(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(tiny())).convert("L").save(out, form, **options)
    return out.getvalue()


def text_chunk() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "Amara Winterbourne")
    return info


@pytest.mark.parametrize("how", SMUGGLED)
def test_a_spacer_carries_nothing(judge, how):
    data = SMUGGLED[how]()
    assert len(data) <= 2048, "or it would be no spacer"
    assert said(judge.judge("spacer.gif", data))[0][1] == "cannot_tell"


# -- releases that do not stand any more ------------------------------------------------------------------------------


def test_a_release_stands_for_its_channel_its_policy_and_as_long_as_the_consent(
    tmp_path, photographs, body_policy, body_policy_text
):
    from consentguard.guard.guard import Guard

    state, register = State.create(tmp_path / "state"), Register.parse(sample_with({}), "r")
    photo = Guard(register, body_policy, state=state).release(
        photographs["obama"], channel="website", people=["T001"], by="Office"
    )
    assert said(Judge(register, body_policy, state).judge("a.jpg", photo.data)) == [("a.jpg", "released", [])]
    changed = Policy.parse(body_policy_text.replace(b"smallest_face = 20", b"smallest_face = 18"), "p")
    withdrawn = Register.parse(sample_with({"T001": {"website_withdrawn": "2026-10-01"}}), "r")
    for judge, code in (
        (Judge(register, body_policy, state, channel="press"), "other-channel"),
        (Judge(register, changed, state), "policy-changed"),
        (Judge(withdrawn, body_policy, state), "consent-gone"),
    ):
        (verdict,) = judge.judge("a.jpg", photo.data)
        assert (verdict.outcome.exit_code, verdict.reasons[:2]) == (1, (code, "unapproved-face"))


# -- memory -----------------------------------------------------------------------------------------------------------

WARM = """
import sys
from consentguard.cli import main
code = main(["hook", "files", *sys.argv[1:]])
print(code, [name for name in ("cv2", "openvino", "numpy", "PIL", "cryptography") if name in sys.modules])
"""


def test_a_picture_judged_before_needs_neither_engine_nor_arrays(site):
    for number in range(3):
        site.write(f"{number}.png", still(number))
    site.write("released.jpg", site.released)
    names = ["0.png", "1.png", "2.png", "released.jpg"]
    assert hook("files", *names) == 0
    done = subprocess.run(
        [sys.executable, "-c", WARM, *names], cwd=site.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == "0 []\n"


def test_a_memory_that_somebody_wrote_into_is_not_believed(site, capsys):
    site.write("yard.png", with_text(7))
    assert hook("files", "yard.png") == 1
    with sqlite3.connect(site.state / "hook-cache.db") as memory:
        for key, body in memory.execute("SELECT key, body FROM kept").fetchall():
            forged = {**json.loads(body), "outcome": "publishable", "reasons": []}
            memory.execute("UPDATE kept SET body = ? WHERE key = ?", (json.dumps(forged), key))
    memory.close()
    assert hook("files", "yard.png") == 1


def test_a_memory_that_cannot_be_used_costs_nothing_but_time(site, capsys):
    site.write("still.png", still(8))
    (site.state / "hook-cache.db").write_bytes(b"no database" * 100)
    assert hook("files", "still.png") == 0
    assert "every picture is judged anew" in capsys.readouterr().err
    (site.state / "hook-cache.db").unlink()


def test_another_register_or_policy_is_another_question(office, photographs):
    state, _ = office
    policy = Policy.load(state / "policy.toml")
    keys = set()
    for changes in ({}, {"T001": {"class": "Class 6"}}):
        judge = Judge(Register.parse(sample_with(changes), "r"), policy, State.open(state))
        keys.add(json.dumps(judge._circumstances, sort_keys=True))
    keys.add(
        json.dumps(Judge(Register.parse(sample_with({}), "r"), Policy.shipped(), State.open(state))._circumstances)
    )
    assert len(keys) == 3


def test_another_program_or_an_extra_more_is_another_question(judge, monkeypatch):
    before = program_digest()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # so that no text is read in pictures
    program_digest.cache_clear()
    assert judge._circumstances["program"] == program_digest() != before
    monkeypatch.undo()
    program_digest.cache_clear()
    assert program_digest() == before


# -- files of any tool ------------------------------------------------------------------------------------------------


def test_a_list_of_names_is_read_from_stdin(site):
    site.write("a\nb.pdf", PDF)
    site.write("c.txt", b"words")
    command = [sys.executable, "-m", "consentguard", "hook", "files", "--from0", "--json"]
    done = subprocess.run(
        command, cwd=site.folder, input=b"a\nb.pdf\0c.txt\0missing.jpg\0", capture_output=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 3
    assert [(line["photo"], line["reasons"]) for line in lines] == [
        ("a\nb.pdf", ["not-looked-into"]),
        ("missing.jpg", ["unreadable-image"]),
    ]


def test_a_list_without_a_name_is_no_leave_to_upload(site):
    """`find pulbic -print0 | consentguard hook files --from0 && rsync public/ ...`"""
    command = [sys.executable, "-m", "consentguard", "hook", "files", "--from0"]
    done = subprocess.run(command, cwd=site.folder, input=b"", capture_output=True, text=False, check=False)
    assert done.returncode == 2
    assert b"nothing was judged" in done.stderr
