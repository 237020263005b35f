"""Listings by URL, on the storage that fsspec keeps in memory."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from consentguard.batch.remote import LISTED, RemoteFolder, RemoteWalk
from consentguard.batch.unit import Scanner, Settings, Task
from consentguard.cli.parser import build_parser
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, UnreadableImage

SAMPLE = Path(__file__).parents[2] / "consent_register.csv"
PIXEL = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def bucket():
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for name, data in {"a.jpg": PIXEL, "deep/empty.JPG": b"", "deep/no suffix": PIXEL, "film.mp4": b"film",
                       "notes.txt": b"notes"}.items():  # fmt: skip
        memory.pipe(f"/bucket/photos/{name}", data)
    memory.pipe("/bucket/elsewhere/b.jpg", PIXEL)
    yield memory
    memory.store.clear()


def test_pictures_are_found_by_name_and_what_has_no_name_of_one_is_looked_into(bucket):
    walk = RemoteWalk(RemoteFolder("memory://bucket/photos"))
    found = {one.path.as_posix(): one for one in walk}
    assert set(found) == {"a.jpg", "deep/empty.JPG", "deep/no suffix", "film.mp4"}
    assert [name for name, one in found.items() if one.trouble] == ["film.mp4"]
    assert all(one.content.startswith(LISTED) for one in found.values())
    assert walk.passed_over == 1


def test_a_name_that_would_lead_out_of_the_folder_is_not_followed(bucket):
    bucket.store["/bucket/photos/deep/../../x.jpg"] = bucket.store["/bucket/photos/a.jpg"]
    bucket.store["/bucket/photos/deep//y.jpg"] = bucket.store["/bucket/photos/a.jpg"]
    found = [one for one in RemoteWalk(RemoteFolder("memory://bucket/photos")) if "is no path" in one.trouble]
    assert found
    assert all(".." not in one.path.parts for one in found)


def test_an_object_that_changed_is_another_content(bucket):
    def contents():
        return {one.path.name: one.content for one in RemoteWalk(RemoteFolder("memory://bucket/photos"))}

    before = contents()
    bucket.pipe("/bucket/photos/a.jpg", PIXEL + b" more")
    after = contents()
    assert {name for name in before if before[name] != after[name]} == {"a.jpg"}


def test_what_is_no_file_is_undecided(tmp_path):
    (tmp_path / "dead.jpg").symlink_to("nowhere")
    (found,) = RemoteWalk(RemoteFolder(f"local://{tmp_path}"))
    assert "is a link" in found.trouble


def test_what_cannot_be_listed_or_read_says_so(bucket, monkeypatch):
    with pytest.raises(CannotTell, match="memory://nowhere: cannot be listed"):
        list(RemoteWalk(RemoteFolder("memory://nowhere")))
    with pytest.raises(CannotTell, match="zz://x: cannot be opened"):
        list(RemoteWalk(RemoteFolder("zz://x")))
    folder = RemoteFolder("memory://bucket/photos")
    assert folder.read(Path("a.jpg")) == PIXEL
    with pytest.raises(UnreadableImage, match=r"memory://bucket/photos/gone\.jpg: cannot be read"):
        folder.read(Path("gone.jpg"))
    monkeypatch.setattr("consentguard.batch.remote.MAX_FILE", 5)
    with pytest.raises(UnreadableImage, match="export it smaller"):
        folder.read(Path("a.jpg"))


def test_an_object_that_cannot_be_fetched_is_tried_again_by_the_next_scan(bucket, tmp_path):
    register, policy = Register.load(SAMPLE), Policy.shipped()
    settings = Settings(
        RemoteFolder("memory://bucket/photos"), tmp_path, SAMPLE, None, None, {}, register.sha256, policy.fingerprint
    )
    (judged,) = Scanner(settings).scan_batch([Task(Path("gone.jpg"), LISTED + "1")])
    assert (judged.verdict["outcome"], judged.lasting) == ("cannot_tell", False)


def test_the_command_takes_urls():
    def folder(text):
        return build_parser().parse_args(["scan", text, "--out", "out"]).folder

    assert folder("s3://bucket/photos") == RemoteFolder("s3://bucket/photos")
    assert folder("file:///photos/x") == Path("/photos/x")
    assert folder("photos") == Path("photos")
