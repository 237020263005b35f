"""A picture turned, and faces of the turned picture in pixels of the upright one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, degrees, hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Face, Pixels, Point
from consentguard.vision.detection.pyramid import corners_of


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A turn to the left by any angle, on a canvas that holds the whole picture. Made by `Turn.by`.

    Attributes:
        degrees: the angle.
        size: width and height of the canvas, in pixels.
        matrix: float64 (2, 3), from places of the picture to places of the canvas.
        outline: the corners of the picture on the canvas, float64 (4, 2), clockwise.
    """

    degrees: int
    size: tuple[int, int]
    matrix: NDArray[np.float64]
    outline: NDArray[np.float64]

    @classmethod
    def by(cls, degrees: int, width: int, height: int) -> Turn:
        """The turn of a picture of `width` x `height`."""
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), np.float64)
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        size = (int(np.ceil(height * sin + width * cos)), int(np.ceil(height * cos + width * sin)))
        matrix[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
        return cls(degrees, size, matrix, corners_of(width, height) @ matrix[:, :2].T + matrix[:, 2])

    def picture(self, pixels: Pixels) -> Pixels:
        """The turned picture, black beyond what there is."""
        at_pixels = self.matrix.copy()
        at_pixels[:, 2] += at_pixels[:, :2] @ (0.5, 0.5) - 0.5  # their middles lie half a pixel inside of them
        return cv2.warpAffine(pixels, at_pixels, self.size, flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)

    def back(self, face: Face) -> Face:
        """A face of the turned picture in pixels of the picture."""
        inverse = cv2.invertAffineTransform(self.matrix)

        def point(x: float, y: float) -> Point:
            across, down = inverse @ (x, y, 1.0)
            return float(across), float(down)

        return _moved(face, point, self.degrees)


def turned_back(face: Face, turns: int, width: int, height: int) -> Face:
    """A face of a picture of `width` x `height` that was turned left by so many quarters, in pixels of the picture."""

    def point(x: float, y: float) -> Point:
        return ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[turns]

    return _moved(face, point, 90 * turns)


def roll(face: Face) -> float:
    """By how many degrees the line of the eyes falls to the right; 0 where it is not known."""
    if not face.landmarks:
        return 0.0
    (left, top), (right, bottom) = face.landmarks[:2]
    return degrees(atan2(bottom - top, right - left))


def _moved(face: Face, point: Callable[[float, float], Point], by: int) -> Face:
    """The face with each place moved; its box is the upright one around the ellipse in its own, for corners of a box
    show no face."""
    box = face.box
    x, y = point((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    ends = (point(box.right, (box.top + box.bottom) / 2), point((box.left + box.right) / 2, box.bottom))
    across, down = (hypot(*(end[axis] - middle for end in ends)) for axis, middle in enumerate((x, y)))
    points = [point(*mark) for mark in face.landmarks]
    # each pair from the viewer's left to right, in the picture as it is
    pairs = [*sorted(points[:2]), *points[2:3], *sorted(points[3:])]
    seen_by = tuple(f"{seen} turned {by}" for seen in face.seen_by)
    box = Box.covering(x - across, y - down, x + across, y + down)
    return Face(box, face.score, tuple(pairs), seen_by, face.confirmed)
