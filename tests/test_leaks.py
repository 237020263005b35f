"""Nothing leaks: a secret planted in thirty places of a file is in none of the bytes that leave, and nothing calls out.

Each test plants its own secret; a second face is hidden where a picture can hide, and looked for by the detector.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from fakes import SAMPLE_FILE, sample_with
from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, Refused, UnreadableImage
from consentguard.guard.guard import Guard
from consentguard.values import Released
from consentguard.vision.detection.detector import Detector
from consentguard.vision.imagefile import bare, codec

SECRET = b"Winterbourne-CANARY-51.5N-0.1W"


@pytest.fixture(scope="module")
def wall() -> Image.Image:
    """A picture without anybody in it, so that the whole file is released."""
    rows, columns = np.mgrid[0:200, 0:240]
    return Image.fromarray(np.dstack([rows, columns, (rows + columns) // 2]).astype(np.uint8))


@pytest.fixture(scope="module")
def face(photographs: dict[str, bytes]) -> bytes:
    """A photograph with one face, as a small JPEG: what must not come back."""
    return codec.encode_jpeg(codec.decode(photographs["obama"], max_edge=240).pixels, 90)


@pytest.fixture
def covering(register: Register, body_policy: Policy, state: State) -> Guard:
    return Guard(register, body_policy, state=state)


def without_figures(policy: Policy) -> Policy:
    """So that every face that a detector finds in a release is one too many: a drawn one may be found."""
    return replace(policy, picture=replace(policy.picture, sticker=""))


def _saved(image: Image.Image, form: str = "JPEG", **settings: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _in_jpeg(image: Image.Image, marker: int, payload: bytes) -> bytes:
    data = _saved(image)
    return data[:2] + _segment(marker, payload) + data[2:]


def _in_png(image: Image.Image, kind: bytes, body: bytes) -> bytes:
    data = _saved(image, "PNG")
    chunk = len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
    return data[:33] + chunk + data[33:]


def _in_webp(image: Image.Image, kind: bytes, body: bytes) -> bytes:
    data = _saved(image, "WEBP")
    grown = data[12:] + kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
    return b"RIFF" + (4 + len(grown)).to_bytes(4, "little") + b"WEBP" + grown


def _exif(tag: int, value: object, folder: int | None = None) -> bytes:
    exif = Image.Exif()
    (exif if folder is None else exif.get_ifd(folder))[tag] = value
    return exif.tobytes()


def _thumbnail_exif(face: bytes) -> bytes:
    """EXIF with a second directory, IFD1, that holds a JPEG."""
    at = 8 + 2 + 4 + 2 + 3 * 12 + 4
    head = b"Exif\0\0II*\0" + struct.pack("<IHI", 8, 0, 14)
    entries = struct.pack("<HHII", 0x0103, 3, 1, 6) + struct.pack("<HHII", 0x0201, 4, 1, at)
    return head + struct.pack("<H", 3) + entries + struct.pack("<HHIII", 0x0202, 4, 1, len(face), 0) + face


def _png_text(compressed: bool = False) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET.decode(), zip=compressed)
    return info


def _png_international() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return info


def _described_profile() -> bytes:
    """sRGB whose copyright is the secret."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for index in range(struct.unpack_from(">I", profile, 128)[0]):
        name, at, length = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        if name == b"cprt":
            secret = SECRET.decode().encode("utf-16-be")[: length - 28]
            return profile[: at + 28] + secret + profile[at + 28 + len(secret) :]
    raise AssertionError("no copyright")


def _under_alpha(wall: Image.Image, face: bytes) -> bytes:
    """The face in full colour under an alpha of 0; around it the wall."""
    rgba = wall.convert("RGBA")
    hidden = Image.open(io.BytesIO(face)).convert("RGBA").crop((40, 20, 160, 150))
    hidden.putalpha(0)
    rgba.paste(hidden, (40, 30))
    return _saved(rgba, "PNG")


def _tall(wall: Image.Image, face: bytes) -> bytes:
    """The face below the last row that the header admits, in a PNG."""
    both = Image.new("RGB", (240, 480))
    both.paste(wall, (0, 0))
    both.paste(Image.open(io.BytesIO(face)), (0, 200))
    data = bytearray(_saved(both, "PNG"))
    data[20:24] = struct.pack(">I", 200)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def _heic(image: Image.Image, *more: Image.Image, **settings: object) -> bytes:
    file = pillow_heif.from_pillow(image)
    for other in more:
        file.add_from_pillow(other)
    out = io.BytesIO()
    file.save(out, quality=90, **settings)
    return out.getvalue()


def _heic_described(wall: Image.Image, **info: bytes) -> bytes:
    image = wall.copy()
    image.info.update(info)
    return _heic(image)


def _tiff_tags(tag: int) -> TiffImagePlugin.ImageFileDirectory_v2:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[tag] = SECRET.decode() if tag in (270, 315) else SECRET
    tags.tagtype[tag] = 2 if tag in (270, 315) else 1
    return tags


def _hidden_frame(wall: Image.Image, face: bytes, form: str) -> bytes:
    return _saved(wall, form, save_all=True, append_images=[Image.open(io.BytesIO(face)).resize(wall.size)])


PLACES: dict[str, Callable[[Image.Image, bytes], bytes]] = {
    # secrets in words
    "JPEG EXIF description": lambda wall, face: _saved(wall, exif=_exif(0x010E, SECRET.decode())),
    "JPEG EXIF GPS": lambda wall, face: _saved(wall, exif=_exif(0x001D, SECRET.decode(), 0x8825)),
    "JPEG EXIF user comment": lambda wall, face: _saved(wall, exif=_exif(0x9286, b"ASCII\0\0\0" + SECRET, 0x8769)),
    "JPEG XMP": lambda wall, face: _in_jpeg(wall, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET),
    "JPEG Photoshop block": lambda wall, face: _in_jpeg(
        wall, 0xED, b"Photoshop 3.0\0008BIM\4\4\0\0\0\0\0\x20" + SECRET
    ),
    "JPEG comment": lambda wall, face: _in_jpeg(wall, 0xFE, SECRET),
    "JPEG colour profile": lambda wall, face: _saved(wall, icc_profile=_described_profile()),
    "JPEG C2PA": lambda wall, face: _in_jpeg(wall, 0xEB, b"JP\0\1" + SECRET),
    "JPEG private segment": lambda wall, face: _in_jpeg(wall, 0xEA, SECRET),
    "JPEG unused quantisation": lambda wall, face: _in_jpeg(wall, 0xDB, b"\3" + (SECRET * 3)[:64]),
    "JPEG trailing bytes": lambda wall, face: _saved(wall) + SECRET,
    "PNG tEXt": lambda wall, face: _saved(wall, "PNG", pnginfo=_png_text()),
    "PNG zTXt": lambda wall, face: _saved(wall, "PNG", pnginfo=_png_text(compressed=True)),
    "PNG iTXt": lambda wall, face: _saved(wall, "PNG", pnginfo=_png_international()),
    "PNG eXIf": lambda wall, face: _saved(wall, "PNG", exif=_exif(0x010E, SECRET.decode())),
    "PNG iCCP": lambda wall, face: _saved(wall, "PNG", icc_profile=_described_profile()),
    "PNG private chunk": lambda wall, face: _in_png(wall, b"seCr", SECRET),
    "PNG trailing bytes": lambda wall, face: _saved(wall, "PNG") + SECRET,
    "WebP EXIF": lambda wall, face: _saved(wall, "WEBP", exif=_exif(0x010E, SECRET.decode())),
    "WebP XMP": lambda wall, face: _saved(wall, "WEBP", xmp=SECRET),
    "WebP private chunk": lambda wall, face: _in_webp(wall, b"SECR", SECRET),
    "GIF comment": lambda wall, face: _saved(wall, "GIF", comment=SECRET),
    "TIFF description": lambda wall, face: _saved(wall, "TIFF", tiffinfo=_tiff_tags(270)),
    "TIFF IPTC": lambda wall, face: _saved(wall, "TIFF", tiffinfo=_tiff_tags(33723)),
    "HEIC EXIF": lambda wall, face: _heic_described(wall, exif=_exif(0x010E, SECRET.decode())),
    "HEIC XMP": lambda wall, face: _heic_described(wall, xmp=SECRET),
    "AVIF EXIF": lambda wall, face: _saved(wall, "AVIF", exif=_exif(0x010E, SECRET.decode())),
    # an uncovered face
    "JPEG EXIF thumbnail": lambda wall, face: _in_jpeg(wall, 0xE1, _thumbnail_exif(face)),
    "JPEG JFXX thumbnail": lambda wall, face: _in_jpeg(wall, 0xE0, b"JFXX\0\x10" + face),
    "JPEG Photoshop thumbnail": lambda wall, face: _in_jpeg(wall, 0xED, b"Photoshop 3.0\0008BIM\4\x0c" + face),
    "JPEG second picture (MPF)": lambda wall, face: _in_jpeg(wall, 0xE2, b"MPF\0" + SECRET) + face,
    "JPEG second picture (MPO)": lambda wall, face: _saved(
        wall, "MPO", save_all=True, append_images=[Image.open(io.BytesIO(face))]
    ),
    "JPEG motion photo": lambda wall, face: _saved(wall) + b"\0\0\0\x18ftypmp42" + SECRET + face,
    "PNG alpha 0": _under_alpha,
    "PNG rows below the last": _tall,
    "HEIC second picture": lambda wall, face: _heic(wall, Image.open(io.BytesIO(face))),
    "HEIC thumbnail": lambda wall, face: _heic(wall, thumbnails=[64]),
    "GIF second frame": lambda wall, face: _hidden_frame(wall, face, "GIF"),
    "TIFF second page": lambda wall, face: _hidden_frame(wall, face, "TIFF"),
    "WebP second frame": lambda wall, face: _hidden_frame(wall, face, "WEBP"),
    "APNG second frame": lambda wall, face: _hidden_frame(wall, face, "PNG"),
}


def _holds_secret(data: bytes) -> bool:
    shapes = (SECRET, SECRET.decode().encode("utf-16-le"), SECRET.decode().encode("utf-16-be"))
    return any(shape in data for shape in shapes)


def test_there_are_at_least_thirty_places() -> None:
    assert len(PLACES) >= 30


@pytest.mark.parametrize("place", PLACES)
def test_what_is_planted_is_in_no_byte_that_leaves(
    place: str, wall: Image.Image, face: bytes, register: Register, body_policy: Policy, state: State,
    detector: Detector,
) -> None:  # fmt: skip
    planted = PLACES[place](wall, face)
    policy = without_figures(replace(body_policy, files=replace(body_policy.files, frames="first_frame")))
    released = Guard(register, policy, state=state).release(planted, name=f"{SECRET.decode()}.jpg")
    assert not _holds_secret(released.data)
    assert face[2000:2030] not in released.data
    assert bare.prove(released.data, "jpeg") == wall.size
    assert detector.find(codec.decode(released.data, max_edge=2048).pixels) == ()
    assert "metadata-dropped" in [finding.rule for finding in released.verdict.findings], "and it is said"
    # nor does it come out beside the bytes
    kept = b"".join(path.read_bytes() for path in state.directory.iterdir())
    assert not _holds_secret(kept)
    assert SECRET.decode() not in str(released.grounds.as_json())


@pytest.mark.parametrize("place", [place for place in PLACES if "frame" in place or "page" in place])
def test_more_frames_than_one_are_refused_unless_policy_takes_the_first(
    place: str, wall: Image.Image, face: bytes, covering: Guard
) -> None:
    with pytest.raises(UnreadableImage, match="more than one picture"):
        covering.release(PLACES[place](wall, face))


def test_none_of_these_may_go_as_it_is(wall: Image.Image, face: bytes, covering: Guard) -> None:
    for place, plant in PLACES.items():
        try:
            verdict = covering.inspect(plant(wall, face))
        except UnreadableImage:
            continue
        assert not verdict.publishable_as_is, place


def test_rows_below_the_last_of_a_jpeg_never_go_as_they_are(wall: Image.Image, face: bytes, covering: Guard) -> None:
    """Two decoders agree on what lies above them, so a copy of that may go; the file itself may not."""
    both = Image.new("RGB", (240, 480))
    both.paste(wall, (0, 0))
    both.paste(Image.open(io.BytesIO(face)), (0, 200))
    data = _saved(both)
    at = data.index(b"\xff\xc0") + 5
    cut = data[:at] + (200).to_bytes(2, "big") + data[at + 2 :]
    assert not covering.inspect(cut).publishable_as_is
    copy = Image.open(io.BytesIO(covering.release(cut).data))
    assert copy.size == (240, 200)


# -- what is published ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "suffix"), [("jpeg", ".jpg"), ("png", ".png"), ("webp", ".webp")])
def test_every_published_format_is_bare_and_covers(
    kind: str, suffix: str, register: Register, body_policy: Policy, state: State, photographs: dict[str, bytes],
    detector: Detector,
) -> None:  # fmt: skip
    policy = without_figures(replace(body_policy, files=replace(body_policy.files, format=kind, sampling="4:4:4")))
    released = Guard(register, policy, state=state).release(photographs["obama"])
    bare.prove(released.data, kind)
    assert released.suffix == suffix
    assert detector.find(codec.decode(released.data, max_edge=2048).pixels) == ()


# -- exit points ------------------------------------------------------------------------------------------------------


def test_a_consent_withdrawn_while_the_program_runs_stops_it(
    tmp_path: Path, state: State, photographs: dict[str, bytes]
) -> None:
    file = tmp_path / "register.csv"
    shutil.copyfile(SAMPLE_FILE, file)
    guard = Guard.open(file, state=state.directory)
    released = guard.release(photographs["obama"], people=["P001"], by="a teacher")
    guard.admit(released, channel=released.grounds.channel)
    file.write_bytes(sample_with({}, without="P001"))
    with pytest.raises(Refused) as caught:
        guard.admit(released, channel=released.grounds.channel)
    assert caught.value.verdict.reasons == ("consent-gone",)
    file.write_text("not a register")
    with pytest.raises(CannotTell):
        guard.admit(released, channel=released.grounds.channel)


def test_released_bytes_are_bound_to_their_digest(covering: Guard, wall: Image.Image) -> None:
    released: Released = covering.release(_saved(wall))
    object.__setattr__(released, "data", released.data + b"\0")
    with pytest.raises(CannotTell, match="was changed"):
        covering.admit(released, channel=released.grounds.channel)


# -- no network -------------------------------------------------------------------------------------------------------


def test_nothing_opens_a_socket(
    covering: Guard, photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def forbidden(*arguments: object, **settings: object) -> None:
        calls.append(arguments)
        raise OSError("no network here")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, forbidden)
    released = covering.release(photographs["obama"])
    covering.admit(released, channel=released.grounds.channel)
    covering.inspect(photographs["biden"])
    assert calls == []


def _in_a_box_without_network() -> list[str] | None:
    """How to run something in a network namespace of its own, where this system and user may."""
    command = ["unshare", "-rn"]
    if shutil.which("unshare") is None:
        return None
    return command if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0 else None


LISTENING = """
import json, sys
seen = []
names = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind")
# urllib3, which the reader of text imports, asks the kernel whether it knows IPv6 by binding to ::1
own = lambda event, given: event == "socket.bind" and given[1][0] == "::1" and given[1][1] == 0
def listen(event, given):
    if event in names and not own(event, given):
        seen.append((event, given[1:]))
sys.addaudithook(listen)
from consentguard.cli import main
for command in json.loads(sys.argv[1]):
    print("ENDED", command[0], main(command), flush=True)
print("ATTEMPTS", seen, file=sys.stderr)
"""


def test_check_release_and_scan_work_without_any_network(tmp_path: Path, photographs: dict[str, bytes]) -> None:
    """In a network namespace without interfaces where possible; and an audit hook sees every attempt, library or not.

    The hook is of the process that judges; the decoder's worker and the engine's threads are in the same namespace.
    """
    box = _in_a_box_without_network()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(codec.encode_jpeg(np.full((200, 240, 3), 180, np.uint8), 90))
    (tmp_path / "photos" / "two.jpg").write_bytes(photographs["obama"])
    common = ["--register", str(SAMPLE_FILE), "--state", "state"]
    commands = [
        ["init", "--state", "state"],
        ["check", "photos/one.jpg", "photos/two.jpg", "--json", *common],
        ["release", "photos/one.jpg", "--out", "safe", *common],
        ["scan", "photos", "--out", "scanned", "--workers", "1", *common],
    ]
    done = subprocess.run(
        [*(box or []), sys.executable, "-c", LISTENING, json.dumps(commands)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert "ATTEMPTS []" in done.stderr, done.stderr
    assert re.findall(r"(?m)^ENDED (\w+) (\d)$", done.stdout) == [
        ("init", "0"), ("check", "1"), ("release", "0"), ("scan", "0")
    ], done.stderr  # fmt: skip
    outcomes = [json.loads(line)["outcome"] for line in done.stdout.splitlines() if line.startswith("{")]
    assert outcomes == ["publishable", "needs_rewrite"]
