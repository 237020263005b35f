"""Files: only what holds still is read, nothing is ever half written, and what is deleted is on record."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from consentguard import files
from consentguard.consent.record.state import State
from consentguard.errors import AuditFailed, CannotTell, UnreadableImage

AT = "2026-11-22T09:30:00+00:00"
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"picture" * 1000)
    return path


def test_a_plain_file_is_read(photo: Path) -> None:
    assert files.read_photo(photo) == photo.read_bytes()


@posix
def test_links_pipes_devices_and_folders_are_refused(photo: Path, tmp_path: Path) -> None:
    link, fifo = tmp_path / "link.jpg", tmp_path / "pipe.jpg"
    link.symlink_to(photo)
    os.mkfifo(fifo)
    for path, why in ((link, "is a link"), (fifo, "not a file"), (Path("/dev/zero"), "not a file"), (tmp_path, "not")):
        with pytest.raises(UnreadableImage, match=why) as caught:
            files.read_photo(path)
        assert str(path) in str(caught.value)


@posix
def test_a_link_that_takes_the_files_place_is_not_followed(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the opening: the system itself refuses to follow."""
    link = photo.with_name("link.jpg")
    link.symlink_to(photo)
    monkeypatch.setattr(Path, "is_symlink", lambda self: False)
    with pytest.raises(UnreadableImage, match="cannot be read"):
        files.read_photo(link)


def test_a_file_that_is_too_large_is_not_read(photo: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"over 0.001 MB"):
        files.read_photo(photo, 1000)


@pytest.mark.parametrize("name", ["missing.jpg", "nul\0.jpg"])
def test_what_cannot_be_opened_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="cannot be read"):
        files.read_photo(tmp_path / name)


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    change: str, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        nonlocal looks
        looks += 1
        if looks == 2:  # opened and looked at; now a camera goes on copying
            if change == "grow":
                with photo.open("ab") as file:
                    file.write(b"more")
            else:
                photo.write_bytes(b"another" * (1000 if change == "rewrite" else 10))
            os.utime(photo, ns=(1, 1))
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(UnreadableImage, match="changed while"):
        files.read_photo(photo)


def test_a_written_file_is_whole_private_and_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "out.jpg"
    target.write_bytes(b"old and much longer" * 100)
    kept = tmp_path / "the old one"
    os.link(target, kept)
    files.write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert kept.read_bytes() == b"old and much longer" * 100, "the old file was replaced, not written into"
    if os.name == "posix":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jpg", "the old one"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is found out at the latest when the data is forced onto it."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    target = tmp_path / "out.jpg"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(target, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.jpg", b"old")]


def test_readers_see_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target, choices = tmp_path / "out.jpg", (b"a" * 300_000, b"b" * 200_000)
    files.write_whole(target, choices[0])
    done = threading.Event()
    seen: set[bytes] = set()

    def watch() -> None:
        while not done.is_set():
            seen.add(target.read_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for turn in range(20):
        files.write_whole(target, choices[turn % 2])
    done.set()
    watcher.join()
    assert seen <= set(choices)


def test_a_source_is_deleted_on_the_record(photo: Path, state: State) -> None:
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    files.remove_source(photo, digest, state, AT)
    assert not photo.exists()
    entry = state.audit.entry(1)
    assert entry is not None
    assert (entry.kind, entry.body) == ("source-removed", {"source": digest})


def test_another_file_than_the_published_one_stays(photo: Path, state: State) -> None:
    with pytest.raises(UnreadableImage, match="not the file that was published"):
        files.remove_source(photo, "0" * 64, state, AT)
    assert photo.exists()
    assert state.audit.verify().seq == 0


def test_a_source_that_cannot_be_deleted_says_so_and_is_not_recorded(
    photo: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        with pytest.raises(CannotTell, match="by hand"):
            files.remove_source(photo, digest, state, AT)
    assert state.audit.verify().seq == 0


def test_a_deletion_that_cannot_be_recorded_is_said_aloud(photo: Path, state: State) -> None:
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    state.audit.path.unlink()
    with pytest.raises(AuditFailed, match="was deleted, but"):
        files.remove_source(photo, digest, state, AT)
