"""What is slow to work out and the same every time, kept in the user's cache folder. A convenience, never a source."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from consentguard.files import write_whole

_DIGEST_BYTES = 32


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
        if hashlib.sha256(kept[_DIGEST_BYTES:]).digest() == kept[:_DIGEST_BYTES]:
            return kept[_DIGEST_BYTES:]
    made = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, hashlib.sha256(made).digest() + made)
    return made


def _ours_alone(path: Path) -> bool:
    """Whether nobody but this user may write here, where the system can say so. Raises OSError."""
    found = path.lstat()
    if os.name != "posix":
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
