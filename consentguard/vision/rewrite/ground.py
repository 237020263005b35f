"""What frames are measured on: the picture and its paint in cells, their sums and largest numbers in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Picture, Pixels
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.scene import Scene
from consentguard.vision.rewrite.shapes import Mask, float32, uint8

Frames = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A picture with one pixel for each cell. Made by `Ground.of`, once for all frames.

    Attributes:
        colours: uint8 (rows, columns, 3), RGB.
        light: uint8 (rows, columns).
        detail: int16 (rows, columns), how much a cell differs from those beside it: the Laplacian, without its sign.
    """

    colours: NDArray[np.uint8]
    light: NDArray[np.uint8]
    detail: NDArray[np.int16]

    @classmethod
    def of(cls, scene: Scene, picture: Picture) -> Ground:
        colours = in_grid(scene.grid, picture.pixels)
        light = uint8(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))
        detail = np.abs(cv2.Laplacian(light, cv2.CV_16S)).astype(np.int16, copy=False)
        return cls(colours, light, detail)


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """Pixels that are painted over, and the cells of which all are (`full`), or any is (`touched`)."""

    pixels: Mask
    full: Mask
    touched: Mask

    @classmethod
    def of(cls, scene: Scene, pixels: Mask) -> Painted:
        return cls(pixels, scene.grid.full(pixels), scene.grid.touched(pixels))


def in_grid(grid: Grid, pixels: Pixels) -> NDArray[np.uint8]:
    """The picture with one pixel for each cell."""
    right, below = grid.columns * grid.grain - grid.width, grid.rows * grid.grain - grid.height
    made = np.empty((grid.rows, grid.columns, 3), np.uint8)
    # By a whole number it is resized several times faster; only what the last cells need is copied to fill them.
    columns, rows = grid.columns - bool(right), grid.rows - bool(below)
    across, down = columns * grid.grain, rows * grid.grain
    made[:rows, :columns] = cv2.resize(pixels[:down, :across], (columns, rows), interpolation=cv2.INTER_AREA)
    for edge, cells in ((pixels[:, across:], made[:, columns:]), (pixels[down:], made[rows:])):
        if cells.size:
            filled = cv2.copyMakeBorder(edge, 0, below, 0, right, cv2.BORDER_REPLICATE)
            cells[:] = cv2.resize(filled, cells.shape[1::-1], interpolation=cv2.INTER_AREA).reshape(cells.shape)
    return made


def skin_cells(pixels: NDArray[np.uint8]) -> Mask:
    """Which pixels have the colour of skin: Cr 135..178, Cb 80..127 (Chai and Ngan 1999), brighter than 50 of 255."""
    light, red, blue = np.moveaxis(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), -1, 0)
    return np.asarray((red > 135) & (red < 178) & (blue > 80) & (blue < 127) & (light > 50))


def in_cells(scene: Scene, frames: Frames) -> Frames:
    """Frames in cells."""
    grid = scene.grid
    return np.asarray(np.minimum(frames // grid.grain, [grid.columns, grid.rows, grid.columns, grid.rows]))


def sums(cells: NDArray[np.floating] | Mask, frames: Frames) -> NDArray[np.float64]:
    """The sum of some cells in each frame, whose edges are in cells."""
    whole = cells.dtype == np.bool_  # those are added up twice as fast, and come to the same
    table = cv2.integral(cells.astype(np.uint8)) if whole else cv2.integral(float32(cells), sdepth=cv2.CV_64F)
    left, top, right, bottom = frames.T
    return np.asarray(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left], np.float64)


def largest(cells: NDArray[np.float32], frames: Frames) -> NDArray[np.float32]:
    """The largest number in each frame, whose edges are in cells; 0 for a frame without any.

    Of every side that is a power of two the largest numbers in all squares, and so rectangles, of it are worked out
    once; four of those cover a frame (a sparse table).
    """
    found = np.zeros(len(frames), np.float32)
    left, top, right, bottom = frames.T
    some = (right > left) & (bottom > top)
    across, down = (np.log2(np.maximum(side, 1)).astype(np.int64) for side in (right - left, bottom - top))
    wide = cells
    for power in range(int(across.max(initial=0)) + 1):
        these = some & (across == power)
        high = wide
        for other in range(int(down[these].max(initial=-1)) + 1):
            of = np.flatnonzero(these & (down == other))
            x, y = right[of] - 2**power, bottom[of] - 2**other
            corners = [high[top[of], left[of]], high[top[of], x], high[y, left[of]], high[y, x]]
            found[of] = np.maximum.reduce(corners)
            high = np.maximum(high[: -(2**other)], high[2**other :])
        wide = np.maximum(wide[:, : -(2**power)], wide[:, 2**power :])
    return found
