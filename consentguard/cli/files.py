"""Photos read and outputs written, with errors that name the file, the reason and the next step."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from consentguard.errors import CannotTell, UnreadableImage

_MAX_FILE: Final = 250_000_000


def read_photo(path: Path) -> bytes:
    """The bytes of a regular file. Raises UnreadableImage for anything else, naming the file and the reason."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableImage(f"{path}: is not a file; name photos, not folders or devices.")
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableImage(f"{path}: cannot be read ({why}); check the name and your rights.") from error
    if len(data) > _MAX_FILE:
        raise UnreadableImage(f"{path}: is over {_MAX_FILE // 1_000_000} MB; export it smaller and try again.")
    return data


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it. Raises CannotTell."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotTell(f"{folder}: cannot be written ({error.strerror}); choose another place for it.") from error


def write(target: Path, data: Callable[[], bytes]) -> None:
    """Writes a file whole; what goes wrong on the disk is nobody's fault but stops the photo."""
    from consentguard.vision.weights import write_whole

    try:
        write_whole(target, data())
    except OSError as error:
        raise CannotTell(f"{target}: cannot be written ({error.strerror}); choose another place for it.") from error
