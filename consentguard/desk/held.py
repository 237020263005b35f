"""The photos that are held open at the desk, so that a change is seen at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from consentguard.desk.photos import Photos, QueuedPhoto
from consentguard.guard.examined import Examined
from consentguard.guard.guard import Guard

_HELD: Final = 6
"""Photos that are held judged: some 30 MB each."""


class HeldPhotos:
    """The photos that were examined last. Safe to use from several threads."""

    def __init__(self, guard: Guard, photos: Photos) -> None:
        self._guard, self._photos = guard, photos
        self._held: OrderedDict[str, Examined] = OrderedDict()
        self._lock, self._examining = threading.Lock(), threading.Lock()

    def examined(self, photo: QueuedPhoto) -> Examined:
        """The photo, examined. One is examined after the other: each uses all cores. Raises CannotTell."""
        found = self._found(photo)
        if found is not None:
            return found
        with self._examining:
            found = self._found(photo)
            if found is None:
                found = self._guard.examine(self._photos.read(photo), name=photo.name)
                with self._lock:
                    self._held[photo.id] = found
                    while len(self._held) > _HELD:
                        self._held.popitem(last=False)
            return found

    def _found(self, photo: QueuedPhoto) -> Examined | None:
        with self._lock:
            if photo.id in self._held:
                self._held.move_to_end(photo.id)
            return self._held.get(photo.id)
