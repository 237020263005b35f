"""Puts the released copy of a staged picture in its place, and the author's original out of the repository."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from consentguard.errors import CannotTell
from consentguard.files import read_photo, write_whole
from consentguard.hook.repository import Blob, Repository
from consentguard.kinds import PUBLISHED

ORIGINALS: Final = "originals"
"""The folder of the state directory where originals go that a fix took out of a repository."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What a fix did.

    Attributes:
        path: of the file in the repository.
        original: where the author's original is now.
        on_disk: the file of the work tree was the original too, and is the released copy now.
    """

    path: str
    original: Path
    on_disk: bool


def may_be_fixed(path: str, published: str) -> bool:
    """Whether a copy in the format that policy publishes can take a file's name, by which pages refer to it."""
    return path.lower().endswith(PUBLISHED[published].suffixes)


def fix(repository: Repository, blob: Blob, original: bytes, released: bytes, state: Path) -> Fixed:
    """Stages a released copy in the place of a picture; the original goes to `originals/` of the state directory.

    A file of the work tree that holds the original is replaced too; one that holds something else is left alone. The
    original is safe before anything is changed. Raises CannotTell where something cannot be written.
    """
    kept = state / ORIGINALS / f"{hashlib.sha256(original).hexdigest()[:16]}{PurePosixPath(blob.path).suffix.lower()}"
    try:
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(kept, original)
        repository.stage(blob, released)
        file = repository.folder / blob.path
        on_disk = file.is_file() and not file.is_symlink() and read_photo(file) == original
        if on_disk:
            mode = file.stat().st_mode & 0o777
            write_whole(file, released)
            file.chmod(mode)
    except OSError as error:
        raise CannotTell(f"{blob.path}: cannot be replaced ({error.strerror}); the original is as it was.") from error
    return Fixed(blob.path, kept, on_disk)
