"""A picture at its own size, a half, a quarter and so on: a pass that wants it small need not read all of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Pixels

_SMALLEST: Final = 32
"""Pixels of the short side under which nothing is halved any more."""

TURNS: Final = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)
"""By one, two and three quarters to the left."""


UNIT: Final = np.arange(256, dtype=np.float32) / np.float32(255)
SIGNED: Final = np.arange(256, dtype=np.float32) / np.float32(127.5) - np.float32(1)
"""Each level of a pixel as the networks want it: 0 to 1, and -1 to 1."""


@dataclass(frozen=True, slots=True)
class View:
    """A square cut of a picture: its middle and side in pixels, and how far it is turned clockwise, in radians."""

    x: float
    y: float
    side: float
    turn: float = 0.0

    def to_cut(self, size: int) -> NDArray[np.float32]:
        """The 2x3 matrix from pixels of the picture to those of a cut of `size` x `size`."""
        factor = size / self.side
        cos, sin = factor * np.cos(self.turn), factor * np.sin(self.turn)
        across, down = cos * self.x + sin * self.y, cos * self.y - sin * self.x
        return np.array([[cos, sin, size / 2 - across], [-sin, cos, size / 2 - down]], np.float32)

    def to_picture(self, points: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Points (n, 2) of a cut of `size` x `size` in pixels of the picture."""
        back = cv2.invertAffineTransform(self.to_cut(size))
        return (points @ back[:, :2].T + back[:, 2]).astype(np.float32)


def corners_of(width: int, height: int) -> NDArray[np.float64]:
    """The corners of a picture, float64 (4, 2), clockwise from its top left."""
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


class Levels:
    """A picture and its halves, each made when it is first asked for. Safe to share between threads.

    A pixel of a half is exactly four pixels of what it is the half of: rows and columns that are odd are doubled first.
    Averaging four pixels reads everything once and costs a twentieth of averaging any other number
    (docs/decisions/0047-fast-looks.md).

    Attributes:
        pixels: the picture, RGB, uint8, (height, width, 3).
        outline: the corners of what is a picture there, float64 (4, 2), clockwise; all of it, but of one that is turned
            aslant on a black canvas.
    """

    def __init__(self, pixels: Pixels, outline: NDArray[np.float64] | None = None) -> None:
        self.pixels = pixels
        self.outline = corners_of(pixels.shape[1], pixels.shape[0]) if outline is None else outline
        self._kept = {0: pixels}  # two threads may both make a level: they make the same
        self._wide: dict[int, NDArray[np.uint8]] = {}

    @classmethod
    def of(cls, pixels: Pixels | Levels) -> Levels:
        """The levels of a picture, which somebody may have begun to make already."""
        return pixels if isinstance(pixels, Levels) else cls(pixels)

    def above(self, scale: float) -> tuple[Pixels, float]:
        """The smallest level that shows at least `scale` pixels for each pixel of the picture, and what it does show:
        1, 1/2, 1/4 ..."""
        wanted = self._wanted(scale)
        return self._level(wanted), 0.5**wanted

    def resized(self, scale: float) -> tuple[Pixels, float, float]:
        """The picture at this scale, and its exact scales across and down: its sides are whole numbers of pixels."""
        level, shown = self.above(scale)
        height, width = level.shape[:2]
        tall, wide = max(1, round(height * scale / shown)), max(1, round(width * scale / shown))
        seen = level
        if (tall, wide) != (height, width):  # never to less than half, so that no pixel is passed over
            seen = cv2.resize(level, (wide, tall), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        return seen, wide / width * shown, tall / height * shown

    def cut(self, affine: NDArray[np.float32], side: int) -> Pixels:
        """`side` x `side` pixels, black beyond the picture.

        `affine` (2, 3) takes places of the picture to places of the cut. The middle of a pixel is half a pixel inside
        it, in both. Linear between the pixels of the level that is at least as fine as the cut.
        """
        (right, below), (left, down) = affine[:, :2].tolist()
        wanted = self._wanted(sqrt(abs(right * down - below * left)))
        turn = affine[:, :2] / 0.5**wanted
        move = affine[:, 2] + turn @ (0.5, 0.5) - 0.5
        matrix = np.column_stack([turn, move])
        # Of four channels OpenCV makes the same in .4 of the time.
        seen = cv2.warpAffine(self._of_four(wanted), matrix, (side, side), flags=cv2.INTER_LINEAR)
        return cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)

    def shown(self, view: View, size: int, numbers: NDArray[np.float32] = UNIT) -> NDArray[np.float32]:
        """What a network is shown of a view: float32 (1, size, size, 3), RGB in these numbers, black beyond the
        picture."""
        # Looked up, a level becomes a number in a sixth of the time that dividing takes.
        return cv2.LUT(self.cut(view.to_cut(size), size), numbers).astype(np.float32, copy=False)[None]

    def _wanted(self, scale: float) -> int:
        most = max(0, int(np.log2(min(self.pixels.shape[:2]) / _SMALLEST)))
        return min(most, int(np.log2(1 / scale) + 1e-9)) if scale < 1 else 0

    def _of_four(self, number: int) -> NDArray[np.uint8]:
        """A level with a fourth channel, which says nothing."""
        if number not in self._wide:
            self._wide[number] = cv2.cvtColor(self._level(number), cv2.COLOR_RGB2RGBA).astype(np.uint8, copy=False)
        return self._wide[number]

    def _level(self, number: int) -> Pixels:
        if number not in self._kept:
            larger = self._level(number - 1)
            height, width = larger.shape[:2]
            if height % 2 or width % 2:
                edged = cv2.copyMakeBorder(larger, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
                larger = edged.astype(np.uint8, copy=False)
            half = cv2.resize(larger, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
            self._kept[number] = half.astype(np.uint8, copy=False)
        return self._kept[number]


def planes(seen: Pixels, height: int, width: int) -> NDArray[np.float32]:
    """A picture as networks want it: float32 (1, 3, height, width), a plane for each channel, black beyond it."""
    tall, wide = seen.shape[:2]
    made = np.zeros((1, 3, height, width), np.float32)
    for channel in range(3):  # one by one takes three quarters of the time
        made[0, channel, :tall, :wide] = seen[:, :, channel]
    return made
