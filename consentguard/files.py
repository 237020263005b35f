"""Files on the disk: read whole or not at all, written whole or not at all, and removed on the record."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol

from consentguard.errors import AuditFailed, CannotTell, UnreadableImage

# A link could point elsewhere by the time it is used, and a pipe that nobody writes to must not hold us up.
_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_MEGA: Final = 1_000_000
MAX_FILE: Final = 250 * _MEGA
"""Bytes; what nobody would publish, whatever a policy says."""


MAX_TABLE: Final = 50 * _MEGA
"""Bytes of a table that people keep, such as a register; a trust's is a tenth of that."""
MAX_KEY: Final = 10_000
"""Bytes of a file that holds one key."""


class Recorder(Protocol):
    """What keeps a record, such as the state of a guard."""

    def record(self, kind: str, body: Mapping[str, Any], at: str) -> int:
        """Appends a row and returns its number. Raises AuditFailed."""


def read_photo(path: Path, max_bytes: int = MAX_FILE) -> bytes:
    """The bytes of a regular file that holds still while it is read.

    Raises UnreadableImage, naming the file and the reason, for a link, a device, a pipe or a folder, for more than
    `max_bytes`, and for a file that changed meanwhile. Links in the folders above it are followed.
    """
    try:
        if path.is_symlink():  # where the system cannot say so while it opens
            raise UnreadableImage(f"{path}: is a link; name the file that it points to.")
        if path.is_dir():
            raise UnreadableImage(f"{path}: is not a file; name photos, not folders.")
        with open(path, "rb", opener=_opened) as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableImage(f"{path}: is not a file; name photos, not folders, pipes or devices.")
            if before.st_size > max_bytes:
                raise UnreadableImage(f"{path}: is over {max_bytes / _MEGA:g} MB; export it smaller and try again.")
            data = file.read(max_bytes + 1)
            after = os.fstat(file.fileno())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableImage(f"{path}: cannot be read ({why}); check the name and your rights.") from error
    if len(data) != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableImage(f"{path}: changed while it was read; wait until it is whole and try again.")
    return data


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file that people edit: a register, a policy, a list. Links to one are followed.

    Raises OSError, with the reason as its `strerror`, for a folder, a pipe or a device, and for more than `max_bytes`.
    """
    # Without O_NONBLOCK a pipe that nobody writes to would hold us up as it is opened.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"it is over {max_bytes / _MEGA:g} MB", str(path))
    return data


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is there whole or not at all, readable by its owner only. Raises OSError.

    A file of that name is replaced, never written into: what it held is not left behind the end of what it holds now.
    """
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write piece by piece, that is there when all of it is written, else not at all; as `write_whole`."""
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".consentguard-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:  # Ctrl-C included: no half file stays behind
        Path(scratch).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_secret(path: Path, text: str) -> None:
    """Writes a key to a new file, for its owner only, whole or not at all.

    Raises FileExistsError for one that is there, which is left as it is; OSError where it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hex, read piece by piece. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_link(path: Path) -> bool:
    """Whether a name leads elsewhere: a symbolic link, or a junction of Windows. False where nothing is."""
    try:
        found = path.lstat()
    except OSError:
        return False
    reparse = getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0)
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_file_attributes", 0) & reparse)


def printable(name: Path | str) -> str:
    """A name as text that any file can hold and that moves no cursor, whatever its bytes; the rest stands escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def said_of(path: Path | str, message: str) -> str:
    """A message about a path, with the path in it, and everything else but the ends of lines, printable."""
    lines = message.replace(str(path), printable(path)).splitlines()
    return "\n".join(printable(line) for line in lines)


def remove_source(path: Path, sha256: str, trail: Recorder, at: str) -> None:
    """Deletes the original of something published, and records that it is gone: for policies that ask for it.

    It is unlinked, not overwritten: on flash memory overwriting writes elsewhere and erases nothing. Copies in backups,
    in the cloud or on the camera are not reached.

    Args:
        path: the original.
        sha256: hex digest it was released from (`Grounds.source_sha256`); a file that holds anything else stays.
        trail: where the record goes, such as the guard's state.
        at: ISO 8601 with offset.

    Raises UnreadableImage if the file is not that original any more, CannotTell if it cannot be deleted, and
    AuditFailed if it is deleted but the record could not be made.
    """
    if hashlib.sha256(read_photo(path)).hexdigest() != sha256:
        raise UnreadableImage(f"{path}: is not the file that was published; it was left where it is. Look at it.")
    try:
        path.unlink()
    except OSError as error:
        raise CannotTell(f"{path}: cannot be deleted ({error.strerror}); delete it by hand.") from error
    _sync_folder(path.parent)
    try:
        trail.record("source-removed", {"source": sha256}, at)
    except AuditFailed as error:
        raise AuditFailed(f"{path}: was deleted, but that could not be recorded: {error}") from error


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _FLAGS)


def _sync_folder(folder: Path) -> None:
    """Makes a new or removed name last through a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot; the data itself is safe
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
