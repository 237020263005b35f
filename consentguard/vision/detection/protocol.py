"""What a detector is: everything that the guard asks of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from consentguard.values import Face, Pixels

if TYPE_CHECKING:
    from consentguard.vision.detection.centerface import DetectorPass


class Detector(Protocol):
    """Finds faces. Asked from several threads at once: the second pass runs two detector passes side by side.

    A detector of one's own derives from this class and writes `find`; the other two methods follow from it
    (examples/own_detector.py).

    Attributes:
        label: name and digest, as verdicts show it.
        smallest_face: height in pixels from which it finds faces.
    """

    label: str
    smallest_face: int

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        """Every face of an RGB picture (uint8, height x width x 3), surest first. Raises CannotTell if it fails.

        `smallest_face` is the height in pixels from which every face has to be found.
        """
        ...

    def search(self, pixels: Pixels, smallest_face: int = 20) -> tuple[tuple[Face, ...], Sequence[DetectorPass] | None]:
        """The first pass: the same faces, and CenterFace's upright passes, for the head finder; else None."""
        return self.find(pixels, smallest_face), None

    def find_upright(self, pixels: Pixels, smallest_face: int = 20, *, finest: bool = True) -> tuple[Face, ...]:
        """The second pass, over a finished picture; without `finest` at less cost: here, no face under twice that."""
        return self.find(pixels, smallest_face if finest else 2 * smallest_face)
