"""The output folder of a scan: one scan at a time writes there, and it deletes only what a scan wrote there before.

A worker delivers copies and thumbnails into `incoming`. The process that keeps the journal notes each one and moves it
to its place. So nothing ever lies among the released copies that the journal does not know, wherever a scan is killed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from filelock import FileLock, Timeout

from consentguard.errors import CannotTell
from consentguard.files import digest_of, is_link, write_whole

JOURNAL: Final = "scan.db"
RELEASED: Final = "released"
THUMBS: Final = "thumbs"
"""What lies beside the report."""

_INCOMING: Final = "incoming"
_LOCK: Final = "scan.lock"
_HOLDER: Final = f"{_LOCK}.holder"
_DISK: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS)
_STEM: Final = 16
"""Hex digits of its SHA-256 that a file is named after."""
_NAMED: Final = re.compile(rf"[0-9a-f]{{{_STEM}}}\.(?:jpg|png|webp)")


class OutputFailed(CannotTell):
    """What was made cannot be kept: not a matter of one photo, so the scan stops and can be resumed."""


@contextmanager
def claimed(out: Path, photos: object) -> Iterator[None]:
    """Holds an output folder for one scan of `photos`; makes it, for its owner only, where it is not there.

    Raises CannotTell naming the scan that holds it, or for a folder that holds what no scan made; that is left as it
    was.
    """
    try:
        _check_ours(out, photos)
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(out / _LOCK, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout as error:
        raise CannotTell(
            f"{out}: another scan ({_holder(out)}) writes here; wait for it, or name another --out."
        ) from error
    except OSError as error:
        raise OutputFailed(f"{out}: cannot be written ({error.strerror or error}); name another --out.") from error
    try:
        with _failing(out):
            (out / _LOCK).chmod(0o600)  # one that an earlier version made
            _clear_incoming(out)
            write_whole(out / _HOLDER, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
        with _failing(out):
            _clear_incoming(out)
    finally:
        (out / _HOLDER).unlink(missing_ok=True)
        lock.release()


def deliver(out: Path, folder: Path, data: bytes, suffix: str) -> str:
    """Writes a file, named after its content, for the scan to move to `folder` of `out`; returns where it will lie.

    Raises OutputFailed.
    """
    name = f"{hashlib.sha256(data).hexdigest()[:_STEM]}{suffix}"
    with _failing(out / _INCOMING / name):
        _own_folder(out, Path(_INCOMING))
        write_whole(out / _INCOMING / name, data)
    return (folder / name).as_posix()


def place(out: Path, path: str) -> None:
    """Moves what was delivered to its place. Raises OutputFailed."""
    relative = Path(path)
    with _failing(out / relative):
        _own_folder(out, relative.parent)
        try:
            (out / _INCOMING / relative.name).replace(out / relative)
        except FileNotFoundError:  # two photos gave one copy, and it was moved for the other
            if not _as_written(out / relative):
                raise


def is_there(out: Path, path: str, sha256: str | None) -> bool:
    """Whether a copy lies where it was placed, as it was written."""
    try:
        return _no_link(out, Path(path)) and digest_of(out / path) == sha256
    except OSError:
        return False


def remove(out: Path, path: str) -> bool:
    """Deletes a file that a scan wrote, and folders that are empty then; False where something else lies there now.

    What lies behind a link is not reached. Raises CannotTell for a path that no scan writes to.
    """
    parts = PurePosixPath(path).parts
    if parts[:1] not in ((RELEASED,), (THUMBS,)) or ".." in parts or not _NAMED.fullmatch(parts[-1]):
        raise CannotTell(f"{out / JOURNAL}: is no journal of a scan ({path!r} was never written); name another --out.")
    target = out / path
    with _failing(target):
        if not _no_link(out, Path(path)) or not target.exists():
            return True  # it is not here any more
        if not _as_written(target):
            return False
        target.unlink()
        for folder in list(Path(path).parents)[:-2]:
            with suppress(OSError):  # somebody else's files lie there
                (out / folder).rmdir()
    return True


def strange(out: Path, known: set[str]) -> Iterator[str]:
    """Files among the released copies that are none, as paths relative to `out`."""
    for folder, _, files in os.walk(out / RELEASED):
        for name in files:
            path = Path(folder, name).relative_to(out).as_posix()
            if path not in known:
                yield path


def _check_ours(out: Path, photos: object) -> None:
    """Raises CannotTell where what is in `out` is not a scan's, or leads elsewhere."""
    if isinstance(photos, Path) and out.resolve() == photos.resolve():
        raise CannotTell(f"{out}: is the folder of the photos; name a new or empty folder as --out.")
    if not out.exists():
        return
    names = sorted(path.name for path in out.iterdir())
    ours = (JOURNAL, _LOCK, _HOLDER)
    theirs = next((name for name in names if name not in ours), None)
    if theirs and JOURNAL not in names:
        raise CannotTell(f"{out}: holds files that no scan made ({theirs}); name a new or empty folder as --out.")
    for name in (*ours, RELEASED, THUMBS, _INCOMING):
        if is_link(out / name):
            raise CannotTell(f"{out / name}: is a link; remove the link or name another --out.")


def _own_folder(out: Path, relative: Path) -> None:
    """Makes folders below `out`, for their owner only. Raises OutputFailed where one of them leads elsewhere."""
    for folder in (*reversed(relative.parents), relative):
        if is_link(out / folder) and folder != Path():
            raise OutputFailed(f"{out / folder}: is a link; remove the link or name another --out.")
        (out / folder).mkdir(exist_ok=True, mode=0o700)


def _no_link(out: Path, relative: Path) -> bool:
    return not any(is_link(out / part) for part in (relative, *relative.parents) if part != Path())


def _as_written(path: Path) -> bool:
    """Whether a file still holds what its name says."""
    return path.is_file() and not is_link(path) and digest_of(path).startswith(path.stem)


def _clear_incoming(out: Path) -> None:
    """Removes what a killed scan had delivered and not noted, so not released."""
    folder = out / _INCOMING
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.name.startswith(".consentguard-") or (_NAMED.fullmatch(path.name) and _as_written(path)):
            path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _holder(out: Path) -> str:
    try:
        return (out / _HOLDER).read_text("utf-8")
    except OSError:
        return "of a process that has not said its name yet"


@contextmanager
def _failing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = "the disk is full or cannot be written" if error.errno in _DISK else "cannot be written"
        raise OutputFailed(
            f"{target}: {what} ({error.strerror}); mend that and scan again, it goes on where it stopped."
        ) from error
