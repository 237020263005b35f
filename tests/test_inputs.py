"""What may be handed in as a photo or as people, what comes back, and several photos at once."""

import asyncio
import io
import itertools
import logging
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import consentguard
from consentguard.guard.many import Many
from consentguard.values.plain import people_of
from consentguard.vision.imagefile import codec
from consentguard.vision.imagefile.inputs import photo_of

BY = {"people": "T001", "by": "Miriam Castlegate"}


def test_pixels_have_the_digest_of_size_and_values():
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    array, image = photo_of(pixels), photo_of(Image.fromarray(pixels))
    assert (array.sha256, array.data, array.is_file) == (image.sha256, image.data, False)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(array.data))), pixels)
    assert photo_of(pixels[::-1]).sha256 != array.sha256 != photo_of(pixels.reshape(6, 4, 3)).sha256


def test_a_pillow_image_is_turned_upright_and_carries_nothing():
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "CANARY"
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(held, "JPEG", exif=exif, comment=b"CANARY")
    taken = photo_of(Image.open(held))
    assert Image.open(io.BytesIO(taken.data)).size == (4, 6)
    assert b"CANARY" not in taken.data


def _inks_profile() -> bytes:
    """The least ICC profile for CMYK: each of the sixteen corners of the inks has one colour of Lab (ICC.1, 10.10)."""
    identity = struct.pack(">9i", *(65536 * (at % 4 == 0) for at in range(9)))
    light = [255 * (4 - sum(inks)) // 4 for inks in itertools.product((0, 1), repeat=4)]
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + bytes(range(256)) * 4
    lut += b"".join(bytes([value, 128, 128]) for value in light) + bytes(range(256)) * 3
    text = b"text" + bytes(4) + b"none\0\0\0\0"
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags, at, table = {b"cprt": text, b"wtpt": white, b"A2B0": lut}, 128 + 4 + 3 * 12, b""
    for name, body in tags.items():
        table += name + struct.pack(">2I", at, len(body))
        at += len(body)
    rest = struct.pack(">I", len(tags)) + table + b"".join(tags.values())
    head = struct.pack(">I4xI4s4s4s12x4s28x3i", 128 + len(rest), 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp",
                       63190, 65536, 54061)  # fmt: skip
    return head.ljust(128, b"\0") + rest


def test_inks_with_a_profile_are_shown_as_the_profile_says():
    """As the same picture is in a file: what Pillow makes of inks without it is another colour."""
    image = Image.new("CMYK", (48, 40), (255, 0, 0, 0))
    image.info["icc_profile"] = _inks_profile()
    held = io.BytesIO()
    image.save(held, "TIFF", icc_profile=_inks_profile())
    told = [
        codec.decode(photo.data, max_edge=48, max_pixels=10**4)
        for photo in (photo_of(image), photo_of(held.getvalue()))
    ]
    assert np.array_equal(told[0].pixels, told[1].pixels)
    red, green, blue = told[0].pixels[20, 20].astype(int)
    assert max(red, green, blue) - min(red, green, blue) < 6, "a grey, not cyan"


def test_a_profile_that_cannot_be_used_is_told_with_the_photos_name():
    image = Image.new("CMYK", (48, 40))
    image.info["icc_profile"] = b"none"
    with pytest.raises(consentguard.UnreadableImage, match=r"^a scan: its colour profile.*to RGB first"):
        photo_of(image, "a scan")


def test_a_path_is_read_and_named(tmp_path):
    path = tmp_path / "one.jpg"
    path.write_bytes(b"bytes")
    assert photo_of(path) == photo_of(str(path)) == photo_of(b"bytes", str(path))
    with pytest.raises(consentguard.UnreadableImage, match=r"two\.jpg"):
        photo_of(tmp_path / "two.jpg")


@pytest.mark.parametrize(
    "wrong",
    [None, 5, ["photo.jpg"], np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8),
     Image.new("F", (4, 4))],
)  # fmt: skip
def test_what_is_no_photo_is_a_type_error(wrong):
    with pytest.raises(TypeError):
        photo_of(wrong)


@pytest.mark.parametrize("wrong", [None, 5, b"P001", {"P001": 1}, ["P001", 5]])
def test_people_are_texts(wrong, guard):
    assert people_of("P001") == people_of(["P001"]) == ("P001",)
    with pytest.raises(TypeError, match="register ids"):
        guard().question(people=wrong, by="Miriam Castlegate")


def test_pixels_never_go_as_they_are(guard, photographs):
    looking = guard()
    read = cv2.imdecode(np.frombuffer(photographs["obama"], np.uint8), 1)
    assert read is not None
    array = np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)
    verdict = looking.inspect(array, **BY)
    assert (verdict.outcome, verdict.reasons) == ("needs_rewrite", ("not-a-file",))
    assert not verdict.publishable_as_is
    assert "not-a-file" in repr(verdict)
    assert "<td>consented</td>" in verdict._repr_html_()
    released = looking.release(array, **BY)
    assert released.grounds.source_sha256 == photo_of(array).sha256
    assert released.to_dict()["verdict"] == released.verdict.to_dict()
    assert released._repr_jpeg_() == looking.admit(released, channel="main").data


def test_many_photos_keep_their_order_and_stop_for_none(guard, photographs, tmp_path, caplog):
    for name in ("obama", "biden"):
        (tmp_path / f"Winterbourne-{name}.jpg").write_bytes(photographs[name])
    photos = [tmp_path / "Winterbourne-obama.jpg", b"no photo", tmp_path / "Winterbourne-biden.jpg"]
    told: list[tuple[int, int]] = []
    with caplog.at_level(logging.DEBUG, "consentguard"):
        done = asyncio.run(guard().release_many_async(photos, progress=lambda *at: told.append(at)))
    assert [type(one) for one in done] == [consentguard.Released, consentguard.UnreadableImage, consentguard.Released]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert "3 of 3 photos" in caplog.text
    assert "Winterbourne" not in caplog.text


def test_a_wrong_question_stops_before_any_photo(guard):
    with pytest.raises(consentguard.WrongUsage, match="nowhere"):
        guard().release_many([], channel="nowhere")
    with pytest.raises(TypeError, match="a list of photos"):
        guard().release_many("photo.jpg")
    with pytest.raises(consentguard.WrongUsage, match="workers"):
        guard().release_many([], workers=0)
    with pytest.raises(consentguard.WrongUsage, match="belong to one photo"):
        guard().release_many([b"1", b"2"], people=["P001", "P002"], by="Office")


def test_progress_that_fails_is_the_callers_error(guard, monkeypatch):
    monkeypatch.setattr(consentguard.Guard, "release", lambda self, photo, **asked: photo)
    with pytest.raises(ZeroDivisionError):
        guard().release_many([b"1", b"2"], progress=lambda done, total: 1 / 0)
    assert issubclass(consentguard.Guard, Many)


def test_detect_needs_no_papers(photographs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = consentguard.detect(photographs["obama"])
    (face,) = found.faces
    assert face.score > 0.5
    assert len(face.points) == 5
    assert all(face.box.left < x < face.box.right and face.box.top < y < face.box.bottom for x, y in face.points)
    assert found.people
    assert repr(found).startswith("<Detected 1 faces, ")
    assert found.to_dict()["faces"][0]["box"] == face.box.as_list()
    assert list(Path.cwd().iterdir()) == []
