"""The photos at the desk: which there are, without opening them, and those that were dropped on the page."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consentguard.batch.walk import Walk
from consentguard.errors import UnreadableImage
from consentguard.files import MAX_FILE, printable, read_photo

_DROPPED: Final = 200
"""Photos that were dropped on the page lie in memory only; more than these would fill it."""


@dataclass(frozen=True, slots=True)
class QueuedPhoto:
    """One photo of the queue.

    Attributes:
        id: what the page calls it: nothing of its name, for addresses are kept by browsers.
        name: what a person reads.
        path: where it lies; None for one that was dropped on the page.
        trouble: why it cannot be read; "" where nothing is known against it.
    """

    id: str
    name: str
    path: Path | None
    trouble: str = ""


class Photos:
    """The queue's photos in the order of their names. Safe to use from several threads."""

    def __init__(self, folder: Path | None, *, without: tuple[Path, ...] = ()) -> None:
        """The photos under `folder`, none for None; the folders in `without` are not entered."""
        self._dropped: dict[str, bytes] = {}
        self._lock = threading.Lock()
        listed = sorted(_listed(folder, without), key=lambda photo: photo.name) if folder else []
        self._photos = {photo.id: photo for photo in listed}

    def __iter__(self) -> Iterator[QueuedPhoto]:
        with self._lock:
            return iter(tuple(self._photos.values()))

    def __len__(self) -> int:
        return len(self._photos)

    def get(self, photo_id: str) -> QueuedPhoto | None:
        """The photo of that id."""
        return self._photos.get(photo_id)

    def drop(self, name: str, data: bytes) -> QueuedPhoto:
        """Takes a photo that was dropped on the page; it stays in memory. Raises UnreadableImage."""
        if len(data) > MAX_FILE:
            raise UnreadableImage(f"the photo is over {MAX_FILE // 1_000_000} MB; export it smaller and try again.")
        photo = QueuedPhoto(hashlib.sha256(data).hexdigest()[:24], printable(Path(Path(name).name or "photo")), None)
        with self._lock:
            if len(self._dropped) >= _DROPPED and photo.id not in self._dropped:
                raise UnreadableImage(f"{_DROPPED} photos lie on the page; release or refuse some of them first.")
            self._dropped[photo.id] = data
            self._photos.setdefault(photo.id, photo)
        return photo

    def forget(self, photo: QueuedPhoto) -> None:
        """Lets go of the bytes of a photo that was dropped on the page."""
        with self._lock:
            self._dropped.pop(photo.id, None)

    def read(self, photo: QueuedPhoto) -> bytes:
        """A photo's bytes. Raises UnreadableImage."""
        if photo.path is not None:
            return read_photo(photo.path)
        with self._lock:
            if photo.id not in self._dropped:
                raise UnreadableImage(f"{photo.name}: is not on the page any more; drop it again.")
            return self._dropped[photo.id]


def _listed(folder: Path, without: tuple[Path, ...]) -> Iterator[QueuedPhoto]:
    for found in Walk(folder, without=without):
        name = printable(found.path)
        yield QueuedPhoto(hashlib.sha256(name.encode()).hexdigest()[:24], name, folder / found.path, found.trouble)
