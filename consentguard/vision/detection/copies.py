"""Copies of a picture in which faces show that do not show in the picture itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from consentguard.values import Face, Pixels
from consentguard.vision.detection import contrast, lattice, specks


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """One copy.

    Attributes:
        pixels: uint8 (height, width, 3).
        scale: pixels of the copy for each pixel of the picture, 0..1.
        sure: score, 0..1, from which a face of the copy counts.
    """

    pixels: Pixels
    scale: float
    sure: float

    def back(self, face: Face) -> Face:
        """A face of the copy in pixels of the picture."""
        points = tuple((x / self.scale, y / self.scale) for x, y in face.landmarks)
        return replace(face, box=face.box.scaled(1 / self.scale), landmarks=points)


def copies(pixels: Pixels) -> Iterator[Copy]:
    """What else to look at: "auto levels" of a picture of few levels; one full of specks, or under a lattice, filtered.

    Few photographs have any. `pixels` is uint8 (height, width, 3).
    """
    for copy, sure in ((contrast.stretched(pixels), contrast.SURE), (specks.without_specks(pixels), specks.SURE)):
        if copy is not None:
            yield Copy(copy, 1.0, sure)
    smooth = lattice.without_lattice(pixels)
    if smooth is not None:
        yield Copy(*smooth, lattice.SURE)
