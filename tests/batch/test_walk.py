"""Which files get a verdict."""

import os
from pathlib import Path

import pytest

from consentguard.batch.walk import Walk, judged
from consentguard.kinds import kind_of

PIXEL = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(PIXEL)
    (tmp_path / "no suffix").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "empty.JPG").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"notes")
    (tmp_path / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  ")
    (tmp_path / "phone").write_bytes(b"\0\0\0\x14ftypheic")
    (tmp_path / ".hidden" / "deep").mkdir(parents=True)
    (tmp_path / ".hidden" / "deep" / "b.webp").write_bytes(b"RIFF\0\0\0\0WEBPVP8 ")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "made.jpg").write_bytes(PIXEL)
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / os.fsdecode(b"caf\xe9 \n.jpg")).write_bytes(PIXEL)
    return tmp_path


def test_pictures_are_found_by_content_and_by_name_and_nothing_is_followed(folder):
    walk = Walk(folder, without=(folder / "out",))
    found = {str(one.path): one.trouble for one in walk}
    assert {name for name, trouble in found.items() if not trouble} == {
        "a.jpg", "no suffix", "empty.JPG", "phone", ".hidden/deep/b.webp", os.fsdecode(b"caf\xe9 \n.jpg")
    }  # fmt: skip
    assert {name: trouble.split(";")[0] for name, trouble in found.items() if trouble} == {
        "film.mov": "is a film",
        "link.jpg": "is a link",
        "pipe.jpg": "is not a file but a device or a pipe",
    }
    assert walk.passed_over == 2  # notes.txt, and the link to a folder


def test_a_folder_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        list(Walk(tmp_path / "gone"))


def test_a_folder_within_that_cannot_be_read_gets_a_verdict(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)  # root may read everything, so the disk cannot say no here
    (found,) = Walk(tmp_path)
    assert found.path == Path("shut")
    assert "Permission denied" in found.trouble


@pytest.mark.parametrize("start", [b"", b"%PDF-1.7", b"PK\3\4", b"RIFF\0\0\0\0WAVE", b"<svg", b"BM and so on"])
def test_what_is_no_picture(start):
    assert not judged(kind_of(start, ""))


CLUTTER = {
    "._IMG_1.jpg": b"\0\5\x16\7\0\2\0\0Mac OS X",
    "@eaDir/IMG_1.jpg/SYNOPHOTO_THUMB_M.jpg": PIXEL,
    "trip/.thumbnails/1.jpg": PIXEL,
    ".trashed-1700000000-IMG_2.jpg": PIXEL,
    "__MACOSX/trip/._a.jpg": b"\0\5\x16\7",
}


def test_what_devices_leave_beside_photos_is_named_and_passed_over(tmp_path: Path) -> None:
    for name, data in {**CLUTTER, "IMG_1.jpg": PIXEL, "._face.jpg": PIXEL}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    walk = Walk(tmp_path)
    assert {str(found.path) for found in walk} == {"IMG_1.jpg", "._face.jpg"}  # a name alone hides no picture
    assert walk.clutter == {"._*": 1, "@eaDir": 1, ".thumbnails": 1, ".trashed-*": 1, "__MACOSX": 1}
    published = {str(found.path) for found in Walk(tmp_path, clutter=False)}
    assert {"trip/.thumbnails/1.jpg", "@eaDir/IMG_1.jpg/SYNOPHOTO_THUMB_M.jpg"} <= published
