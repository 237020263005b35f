"""What may be handed in as a photo or as people, what comes back, and several photos at once."""

import asyncio
import io
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import consentguard
from consentguard.guard.many import Many
from consentguard.values.plain import people_of
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
