"""Which files of a folder are pictures: by what their first bytes say, in constant memory however many there are."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consentguard.kinds import SNIFFED, Kind, kind_of


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file that has to get a verdict.

    Attributes:
        path: relative to the folder that is scanned.
        trouble: why it cannot be judged, where that is known already; else "".
        content: what identifies its content, where the listing says it; else "", and the bytes have to be read.
    """

    path: Path
    trouble: str = ""
    content: str = ""


CLUTTER_FOLDERS: Final = frozenset(
    ("@eaDir", ".@__thumb", ".thumbnails", ".Trashes", ".Trash", "$RECYCLE.BIN", "#recycle", "__MACOSX", ".AppleDouble")
)
"""Folders that storage devices, telephones and systems fill with previews of photos, or with what was thrown away."""
_CLUTTER_FILES: Final = (".trashed-", ".pending-")
"""How Android names what was thrown away, and what is not complete yet."""
_APPLE_DOUBLE: Final = b"\0\5\x16\7"
"""How the files begin that a Mac writes beside others, as ._NAME, on disks that are not its own (RFC 1740)."""


def clutter_of(path: Path, start: bytes = b"") -> str:
    """Which kind of clutter a file is, "" for none: something beside or of a photo that no person put there."""
    folder = next((part for part in path.parent.parts if part in CLUTTER_FOLDERS), "")
    if folder:
        return folder
    if path.name.startswith("._") and start.startswith(_APPLE_DOUBLE):
        return "._*"
    return next((f"{prefix}*" for prefix in _CLUTTER_FILES if path.name.startswith(prefix)), "")


class Walk:
    """Walks a folder in the order the disk has it; counts what it passes over.

    Links are not followed: a link to a picture gets a verdict of its own, "undecided". Hidden files and
    folders (a leading dot) are files like others, but what is neither a picture nor called like one is only counted.

    Attributes:
        passed_over: files seen so far that are no pictures.
        clutter: how many files or folders of which kind of clutter were passed over so far.
    """

    def __init__(self, folder: Path, *, without: Collection[Path] = (), clutter: bool = True) -> None:
        """A walk over `folder` that enters none of the folders in `without`.

        With `clutter` False nothing is taken for clutter, for folders whose every file is published.
        """
        self._folder = folder
        self._without = {path.resolve() for path in without}
        self._tidy = clutter
        self.passed_over = 0
        self.clutter: Counter[str] = Counter()

    def __iter__(self) -> Iterator[FoundFile]:
        """Raises OSError where the folder itself cannot be read; one within it that cannot gets its own `FoundFile`."""
        folders = [Path()]
        while folders:
            here = folders.pop()
            try:
                entries = os.scandir(self._folder / here)
            except OSError as error:
                if here == Path():
                    raise
                yield FoundFile(here, f"the folder cannot be read ({error.strerror})")
                continue
            with entries:  # read as it is walked: a folder of 100,000 is never held at once
                for entry in entries:
                    path = here / entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield from self._judge(path)
                    elif self._tidy and entry.name in CLUTTER_FOLDERS:
                        self.clutter[entry.name] += 1
                    elif (self._folder / path).resolve() not in self._without:
                        folders.append(path)

    def _judge(self, path: Path) -> Iterator[FoundFile]:
        whole = self._folder / path
        try:
            mode = whole.lstat().st_mode
            if stat.S_ISLNK(mode):
                if judged(kind_of(b"", path)):
                    yield FoundFile(path, "is a link; scan the folder that holds the photo itself")
                else:
                    self.passed_over += 1
                return
            if not stat.S_ISREG(mode):
                yield FoundFile(path, "is not a file but a device or a pipe")
                return
            with whole.open("rb") as file:
                start = file.read(SNIFFED)
        except OSError as error:
            yield FoundFile(path, f"cannot be read ({error.strerror})")
            return
        kind = kind_of(start, path)
        clutter = clutter_of(path, start) if self._tidy else ""
        if clutter:
            self.clutter[clutter] += 1
        elif judged(kind):
            yield FoundFile(path, trouble_of(kind))
        else:
            self.passed_over += 1


def judged(kind: Kind | None) -> bool:
    """Whether a file of a kind gets a verdict; the others are passed over, and counted."""
    return kind in (Kind.PICTURE, Kind.VIDEO)


def trouble_of(kind: Kind | None) -> str:
    """Why nothing of a kind can be judged; "" where it can."""
    return "is a film; films are not judged, publish pictures" if kind is Kind.VIDEO else ""
