"""What is slow to work out and the same every time, kept in the user's cache folder. A convenience, never a source."""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

from consentguard.files import write_whole

_HEAD: Final = 64
"""Bytes before what is kept, its digest in hex: the engine wants what follows to begin at a multiple of them."""

_EARLIER: Final = re.compile(r"compiled-[0-9a-f]{16}-[0-9a-f]{16}")
"""What earlier versions called what they kept, and no version reads any more: some 100 MB."""


def folder() -> Path:
    """This user's cache folder; it may not exist or be writable."""
    return Path(platformdirs.user_cache_dir("consentguard", appauthor=False))


def remembered(name: str, source_sha256: str, make: Callable[[], bytes]) -> bytes:
    """`make()`, or what it gave the last time for this source.

    Args:
        name: what is kept, with a version that changes whenever `make` does.
        source_sha256: digest of everything that `make` works from.
        make: works it out; its errors come through.

    A kept file begins with the digest of its rest; one that is damaged is made again. That proves no more than that it
    is whole: whoever may write this user's files may change it (SECURITY.md), so one that others may write, or that is
    somebody else's, is not used. A folder that cannot be written costs the time again, nothing else.
    """
    path = folder() / f"{name}-{source_sha256[:16]}"
    with suppress(OSError):
        kept = path.read_bytes() if _ours_alone(path) and _ours_alone(path.parent) else b""
        if _whole(kept):
            return kept[_HEAD:]
    return keep(name, source_sha256, make())


def keep(name: str, source_sha256: str, made: bytes) -> bytes:
    """The same bytes, kept for `remembered` in the place of what is there, where the folder can be written."""
    path = folder() / f"{name}-{source_sha256[:16]}"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, _head(made) + made)
        for old in path.parent.iterdir():
            if _EARLIER.fullmatch(old.name):
                old.unlink(missing_ok=True)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """What is kept, as the file itself lies in memory: pages that nobody needs take none, and come back when read.

    Attributes:
        data: uint8 (n,), to be read only; what is written to it stays in this process.
    """

    data: NDArray[np.uint8]
    _file: mmap.mmap

    def let_go(self) -> None:
        """Gives back the memory of all pages; the next who reads one has it read from the file again."""
        self._file.madvise(mmap.MADV_DONTNEED)


def mapped(name: str, source_sha256: str, make: Callable[[], bytes]) -> Mapped | bytes:
    """As `remembered`, mapped into memory where that can be; the file stays what it is for as long as it is mapped,
    because a new one takes its place instead of its content."""
    path = folder() / f"{name}-{source_sha256[:16]}"
    return _mapped(path) or remembered(name, source_sha256, make)


def _mapped(path: Path) -> Mapped | None:
    with suppress(OSError, ValueError):  # an empty file cannot be mapped
        if hasattr(mmap, "MADV_DONTNEED") and _ours_alone(path) and _ours_alone(path.parent):
            with path.open("rb") as file:
                inside = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            if _whole(memoryview(inside)):
                return Mapped(np.frombuffer(inside, np.uint8)[_HEAD:], inside)
    return None


def _head(made: bytes | memoryview) -> bytes:
    return hashlib.sha256(made).hexdigest().encode("ascii")


def _whole(kept: bytes | memoryview) -> bool:
    return _head(kept[_HEAD:]) == bytes(kept[:_HEAD])


def _ours_alone(path: Path) -> bool:
    """Whether nobody but this user may write here, where the system can say so. Raises OSError."""
    found = path.lstat()
    if os.name != "posix":
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
