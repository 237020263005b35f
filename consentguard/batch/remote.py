"""Folders that are no folders: buckets and anything else that fsspec lists, named by a URL such as s3://BUCKET/PHOTOS.

What is there is told apart by what the listing says of each object (tag, size, times), so that listing a million costs
no download; the worker that judges a photo is the only one that fetches it. A changed object has another tag and is
judged anew. Copies of one content are judged once each.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from consentguard.batch.walk import FoundFile, clutter_of, judged, trouble_of
from consentguard.errors import CannotTell, UnreadableImage
from consentguard.files import MAX_FILE
from consentguard.kinds import SNIFFED, kind_of
from consentguard.program import install_command

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LISTED: Final = "listed:"
"""What a content begins with that is known from a listing only, where others are the SHA-256 of the bytes."""


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder by its URL. Picklable; every process connects for itself. Keys for it come from its environment."""

    url: str

    def __str__(self) -> str:
        return self.url

    def connect(self) -> tuple[AbstractFileSystem, str]:
        """The file system and the path in it. Raises CannotTell where a package is missing or the URL is none."""
        try:
            import fsspec  # noqa: PLC0415
        except ImportError as error:
            raise CannotTell(f"a URL needs the package fsspec; run `{install_command('ray')}`.") from error
        try:
            system, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise CannotTell(
                f"{self.url}: cannot be opened ({error}); mend the URL or install what it needs."
            ) from error
        return system, root

    def read(self, path: Path) -> bytes:
        """The bytes of a photo. Raises UnreadableImage where they cannot be had, or are more than anybody publishes."""
        system, root = self.connect()
        name = f"{self.url}/{path.as_posix()}"
        try:
            with system.open(_under(root, path), "rb") as file:
                data: bytes = file.read(MAX_FILE + 1)
        except Exception as error:  # each kind of storage has errors of its own, and none of them is ours to hide
            raise UnreadableImage(
                f"{name}: cannot be read ({_said(error)}); check the name and your rights."
            ) from error
        if len(data) > MAX_FILE:
            raise UnreadableImage(f"{name}: is over {MAX_FILE // 1_000_000} MB; export it smaller and try again.")
        return data


class RemoteWalk:
    """Every picture under a URL, as `walk.Walk` does for folders on the disk.

    Pictures and films are known by their names, so that nothing is fetched; what has another name is looked into. What
    the storage lists at once is held at once: a folder of theirs should not hold more than some 100,000 objects.

    Attributes:
        passed_over: objects seen so far that are no pictures.
        clutter: how many objects of which kind of clutter were passed over so far.
    """

    def __init__(self, folder: RemoteFolder) -> None:
        self._folder = folder
        self.passed_over = 0
        self.clutter: Counter[str] = Counter()

    def __iter__(self) -> Iterator[FoundFile]:
        """Raises CannotTell where the listing fails: half a listing would look like photos that are gone."""
        system, root = self._folder.connect()
        system.invalidate_cache()
        try:
            for _, _, files in system.walk(root, detail=True, on_error="raise"):
                for info in files.values():
                    if info["type"] != "directory" and not info["name"].endswith("/"):
                        yield from self._judge(system, root, info)
        except CannotTell:
            raise
        except Exception as error:  # as in `RemoteFolder.read`
            raise CannotTell(f"{self._folder}: cannot be listed ({_said(error)}); mend that and scan again.") from error

    def _judge(self, system: AbstractFileSystem, root: str, info: dict[str, Any]) -> Iterator[FoundFile]:
        key = info["name"].removeprefix(root).lstrip("/")
        path = Path(*PurePosixPath(key).parts)
        content = LISTED + hashlib.sha256(repr(sorted(info.items())).encode("utf-8", "surrogateescape")).hexdigest()
        if ".." in path.parts or _under(root, path) != info["name"]:
            yield FoundFile(Path(content), f"its name ({key!r}) is no path; rename the object")
            return
        clutter = clutter_of(path)
        if clutter:
            self.clutter[clutter] += 1
            return
        kind = kind_of(b"", path)
        if info["type"] != "file":
            yield FoundFile(path, "is a link or a device; name the place that holds the photo itself")
            return
        if not judged(kind):
            try:
                kind = kind_of(system.cat_file(info["name"], start=0, end=SNIFFED), path)
            except Exception as error:  # noqa: BLE001  (as in `RemoteFolder.read`)
                yield FoundFile(path, f"cannot be read ({_said(error)})")
                return
        if judged(kind):
            yield FoundFile(path, trouble_of(kind), content)
        else:
            self.passed_over += 1


def _under(root: str, path: Path) -> str:
    return f"{root.rstrip('/')}/{path.as_posix()}"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
