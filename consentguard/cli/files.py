"""Outputs written, with errors that name the file, the reason and the next step."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from pathlib import Path

from consentguard.errors import CannotTell
from consentguard.files import write_whole


def expanded(named: Iterable[Path]) -> list[Path]:
    """Files that were named, patterns such as safe/*.jpg opened: the shells of Windows leave that to the program."""
    files: list[Path] = []
    for path in named:
        pattern = glob.has_magic(path.name) and not path.exists()
        files += (sorted(path.parent.glob(path.name)) if pattern else []) or [path]
    return files


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it. Raises CannotTell."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotTell(f"{folder}: cannot be written ({error.strerror}); choose another place for it.") from error


def write(target: Path, data: Callable[[], bytes]) -> None:
    """Writes a file whole; what goes wrong on the disk is nobody's fault but stops the photo."""
    try:
        write_whole(target, data())
    except OSError as error:
        raise CannotTell(f"{target}: cannot be written ({error.strerror}); choose another place for it.") from error
