"""What a detector is, and which ones there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from consentguard.values import Face, Pixels
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.yunet import YuNet
from consentguard.vision.models.store import Shelf


class Detector(Protocol):
    """Finds faces. Asked from several threads at once: the second look is two looks side by side.

    Attributes:
        label: name and digest, as verdicts show it.
        smallest_face: height in pixels from which it finds faces.
    """

    @property
    def label(self) -> str: ...

    @property
    def smallest_face(self) -> int: ...

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first. Raises CannotTell if it fails.

        `smallest_face` is the height in pixels from which every face has to be found.
        """
        ...


DETECTORS: Mapping[str, Callable[[Shelf], Detector]] = MappingProxyType(
    {"centerface": FaceFinder.load, "yunet": YuNet.load}
)
"""Every detector by name. Each passes the same suite, tests/vision/test_detectors.py."""
