"""Which files of a folder are pictures: by what their first bytes say, in constant memory however many there are."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from consentguard.kinds import SNIFFED, Kind, kind_of


@dataclass(frozen=True, slots=True)
class Found:
    """One file that has to get a verdict.

    Attributes:
        path: relative to the folder that is scanned.
        trouble: why it cannot be judged, where that is known already; else "".
        content: what identifies its content, where the listing says it; else "", and the bytes have to be read.
    """

    path: Path
    trouble: str = ""
    content: str = ""


class Walk:
    """Walks a folder in the order the disk has it; counts what it passes over.

    Links are not followed: a link to a picture gets a verdict of its own, "undecided". Hidden files and
    folders (a leading dot) are files like others, but what is neither a picture nor called like one is only counted.

    Attributes:
        passed_over: files seen so far that are no pictures.
    """

    def __init__(self, folder: Path, *, without: Collection[Path] = ()) -> None:
        """A walk over `folder` that enters none of the folders in `without`."""
        self._folder = folder
        self._without = {path.resolve() for path in without}
        self.passed_over = 0

    def __iter__(self) -> Iterator[Found]:
        """Raises OSError where the folder itself cannot be read; one within it that cannot gets its own `Found`."""
        folders = [Path()]
        while folders:
            here = folders.pop()
            try:
                entries = os.scandir(self._folder / here)
            except OSError as error:
                if here == Path():
                    raise
                yield Found(here, f"the folder cannot be read ({error.strerror})")
                continue
            with entries:  # read as it is walked: a folder of 100,000 is never held at once
                for entry in entries:
                    path = here / entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield from self._judge(path)
                    elif (self._folder / path).resolve() not in self._without:
                        folders.append(path)

    def one(self, path: Path) -> Found | None:
        """What the walk says of one file, `path` being relative to the folder; None for what is no picture."""
        return next(self._judge(path), None)

    def _judge(self, path: Path) -> Iterator[Found]:
        whole = self._folder / path
        try:
            mode = whole.lstat().st_mode
            if stat.S_ISLNK(mode):
                if judged(kind_of(b"", path)):
                    yield Found(path, "is a link; scan the folder that holds the photo itself")
                else:
                    self.passed_over += 1
                return
            if not stat.S_ISREG(mode):
                yield Found(path, "is not a file but a device or a pipe")
                return
            with whole.open("rb") as file:
                start = file.read(SNIFFED)
        except OSError as error:
            yield Found(path, f"cannot be read ({error.strerror})")
            return
        kind = kind_of(start, path)
        if judged(kind):
            yield Found(path, trouble_of(kind))
        else:
            self.passed_over += 1


def printable(name: Path | str) -> str:
    """A name as text that any file can hold and that moves no cursor, whatever its bytes; the rest stands escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def said_of(path: Path, message: str) -> str:
    """A message about a path, with the path in it printable."""
    lines = message.replace(str(path), printable(path)).splitlines()
    return "\n".join(printable(line) for line in lines)


def judged(kind: Kind | None) -> bool:
    """Whether a file of a kind gets a verdict; the others are passed over, and counted."""
    return kind in (Kind.PICTURE, Kind.VIDEO)


def trouble_of(kind: Kind | None) -> str:
    """Why nothing of a kind can be judged; "" where it can."""
    return "is a film; films are not judged, publish pictures" if kind is Kind.VIDEO else ""
