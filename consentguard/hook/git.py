"""The git program: asked one question, or kept for many objects; whatever it cannot say is undecided."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO, Final

from consentguard.errors import CannotTell, UnreadableImage
from consentguard.files import MAX_FILE

_CHUNK: Final = 1 << 20


def ask(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git answers in a folder. Raises CannotTell where it fails, in its own words."""
    done = run(folder, *arguments, given=given)
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        if "not a git repository" in lines[-1]:
            raise CannotTell(f"{folder}: is not in a git repository; run this in one, or use `hook files`.")
        raise CannotTell(f"{folder}: git {arguments[0]} failed ({lines[-1]}); mend that and try again.")
    return done.stdout


def run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What git answers, also where it says no. Raises CannotTell where there is no git."""
    try:
        return subprocess.run(
            ["git", *arguments], cwd=folder, env=_environment(), input=given, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise _no_git(folder) from error


def started(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Git, running, with a pipe to it and one from it. Raises CannotTell where there is no git."""
    try:
        return subprocess.Popen(
            ["git", *arguments], cwd=folder, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except FileNotFoundError as error:
        raise _no_git(folder) from error


def one_object(pipe: IO[bytes], path: str, oid: str) -> bytes | CannotTell:
    """The next object that `cat-file --batch` gives; or why it is not here, or too large to be read.

    Raises CannotTell where git breaks off.
    """
    header = pipe.readline().decode().split()
    if header[-1:] == ["missing"]:
        return CannotTell(f"{path}: its content is not in this clone; run `git fetch` or `git fsck`.")
    if len(header) != 3:
        raise CannotTell(f"{path}: git could not give {oid[:12]}; run `git fsck` and try again.")
    size = int(header[2])
    if size > MAX_FILE:
        for start in range(0, size + 1, _CHUNK):
            pipe.read(min(_CHUNK, size + 1 - start))
        return UnreadableImage(f"{path}: is over {MAX_FILE // 1_000_000} MB; export it smaller and try again.")
    data = pipe.read(size)
    if len(data) != size or pipe.read(1) != b"\n":
        raise CannotTell(f"{path}: git broke off while giving it; run `git fsck` and try again.")
    return data


def _environment() -> dict[str, str]:
    # What is pushed are the real objects, whatever `git replace` shows in their place.
    return {**os.environ, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _no_git(folder: Path) -> CannotTell:
    if not folder.is_dir():
        return CannotTell(f"{folder}: is no folder; run this in the repository.")
    return CannotTell("git: the program is not in PATH, so nothing can be read; install git, or mend PATH.")
