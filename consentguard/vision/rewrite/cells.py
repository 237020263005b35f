"""Cells: a coarser grid over a picture, on which bodies are found, grown, told apart and drawn again as pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Extent
from consentguard.vision.rewrite.shapes import Mask, Polygon, drawn, drawn_part, float32

_LONG: Final = 640
"""Cells along the longer side, about: a body's own mask is no finer, and nobody sees the difference."""
_PERSON_FROM: Final = 77
"""Confidence, of 255, over which a cell is a person's: .30. Fitted on 104 photos with drawn people."""
_BESIDE: Final = 6
"""Cells beside a part of the grid that its outlines may depend on: as far as the blur reaches, and the cell's own."""
_SOFT: Final = 1.0
"""Sigma, in cells, of the blur that makes smooth outlines of stairs."""

Levels8 = NDArray[np.uint8]
"""How much of something each cell has: uint8 (rows, columns)."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells over a picture of `width` x `height` pixels, `grain` a side; the last ones may reach beyond it."""

    width: int
    height: int
    grain: int

    @classmethod
    def over(cls, width: int, height: int) -> Grid:
        return cls(width, height, max(round(max(width, height) / _LONG), 1))

    @property
    def columns(self) -> int:
        return -(-self.width // self.grain)

    @property
    def rows(self) -> int:
        return -(-self.height // self.grain)

    @property
    def box(self) -> Box:
        """All of the grid, in cells."""
        return Box(0, 0, self.columns, self.rows)

    def empty(self) -> Levels8:
        return np.zeros((self.rows, self.columns), np.uint8)

    def levels(self, extent: Extent) -> Levels8:
        """The confidence of an extent on all cells. Raises ValueError for one of another grid."""
        rows, columns = extent.sure.shape
        if extent.grain != self.grain or extent.row + rows > self.rows or extent.column + columns > self.columns:
            raise ValueError("the extent is not of this picture")
        levels = self.empty()
        levels[extent.row : extent.row + rows, extent.column : extent.column + columns] = extent.sure
        return levels

    def cells(self, *shapes: Polygon) -> Mask:
        """Every cell that one of these polygons, in pixels, touches."""
        return drawn([_outward(np.array(shape) / self.grain) for shape in shapes], self.columns, self.rows)

    def fill(self, levels: Levels8, shape: Polygon, level: int) -> None:
        """Sets the level of every cell that a polygon, in pixels, touches; in place."""
        outward = _outward(np.array(shape) / self.grain)
        rows, columns, inside = drawn_part([outward], self.columns, self.rows)
        levels[rows, columns][inside] = level

    def touched(self, pixels: Mask) -> Mask:
        """Every cell of which a pixel is set."""
        return self._of_each(pixels, np.logical_or)

    def full(self, pixels: Mask) -> Mask:
        """Every cell whose pixels are all set; the last ones go on beyond the picture."""
        return self._of_each(pixels, np.logical_and)

    def pixels(self, cells: Mask) -> Mask:
        """The pixels of cells, with a smooth outline. More cells never give fewer pixels."""
        return self.pixels_of(cells)[: self.height, : self.width]

    def blocks(self, cells: Mask) -> Mask:
        """All pixels of cells and no others: for cells whose neighbours are painted anyhow, which need no outline."""
        size = (self.columns * self.grain, self.rows * self.grain)
        whole = cv2.resize(cells.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        return np.asarray(whole[: self.height, : self.width]).view(np.bool_)

    def pixels_of(self, cells: Mask) -> Mask:
        """The same of a part of the grid, `grain` pixels for each cell; at its rims as if it went on beyond them."""
        size = (cells.shape[1] * self.grain, cells.shape[0] * self.grain)
        if not cells.any():
            return np.zeros(size[::-1], np.bool_)
        soft = cv2.GaussianBlur(cells * np.uint8(_SET), (0, 0), _SOFT, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR) > _HALF)

    def around(self, box: Box) -> tuple[slice, slice] | None:
        """The cells of a box in pixels and some beside it, so many that its outline does not depend on others."""
        reach = _BESIDE * self.grain
        wider = Box(box.left - reach, box.top - reach, box.right + reach, box.bottom + reach)
        inside = wider.within(self.columns * self.grain, self.rows * self.grain)
        if inside is None:
            return None
        top, left = inside.top // self.grain, inside.left // self.grain
        return slice(top, -(-inside.bottom // self.grain)), slice(left, -(-inside.right // self.grain))

    def _of_each(self, pixels: Mask, whether: np.ufunc) -> Mask:
        """Whether any, or all, of each cell's pixels are set: of the last cells, of those that there are."""
        if not pixels.any():
            return np.zeros((self.rows, self.columns), np.bool_)
        rows = pixels[:: self.grain].copy()
        for start in range(1, self.grain):
            more = pixels[start :: self.grain]
            whether(rows[: len(more)], more, out=rows[: len(more)])
        cells = rows[:, :: self.grain].copy()
        for start in range(1, self.grain):
            more = rows[:, start :: self.grain]
            whether(cells[:, : more.shape[1]], more, out=cells[:, : more.shape[1]])
        return cells


_SMALL_REACH: Final = 8
"""Cells up to which cells are grown by what lies around one cell, not by distances from all."""
_SET: Final = 255
_HALF: Final = 127


def person_cells(extent: Extent) -> Mask:
    """Which cells of an extent are its person's."""
    return np.asarray(extent.sure > _PERSON_FROM)


def sure_cells(levels: Levels8) -> Mask:
    return np.asarray(levels > _PERSON_FROM)


def grown_cells(cells: Mask, by: float) -> Mask:
    """The cells no further than `by` cells from one of these."""
    if by < 1:
        return cells
    x, y, wide, high = cv2.boundingRect(cells.view(np.uint8))
    if not wide:
        return cells
    reach = int(by) + 1
    part = (slice(max(y - reach, 0), y + high + reach), slice(max(x - reach, 0), x + wide + reach))
    grown = np.zeros_like(cells)
    if reach > _SMALL_REACH:
        grown[part] = _away(~cells[part]) <= by
    else:  # the same, three times as fast
        apart = np.ones((2 * reach + 1, 2 * reach + 1), np.bool_)
        apart[reach, reach] = False
        near = (_away(apart) <= by).astype(np.uint8)
        grown[part] = cv2.dilate(cells[part].view(np.uint8), near).view(np.bool_)
    return grown


def _away(cells: Mask) -> NDArray[np.float32]:
    """How many cells each of these is away from the nearest that is none."""
    return float32(cv2.distanceTransform(cells.view(np.uint8), cv2.DIST_L2, 5))


def closed_cells(cells: Mask, by: float) -> Mask:
    """These cells and the gaps among them that are less than twice `by` cells wide. More cells never give fewer."""
    reach = max(round(by), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0)


def small_parts(cells: Mask, least: float, beside: Mask) -> Mask:
    """The cells of every connected part that has fewer than `least` cells and touches nothing of `beside`."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < least
    small[labels[beside]] = False
    small[0] = False
    return np.asarray(small[labels])


def _outward(shape: NDArray[np.float64]) -> Polygon:
    """The corners (n, 2) of a convex polygon moved away from its middle to whole numbers."""
    middle = [sum(side) / len(shape) for side in shape.T.tolist()]
    moved = np.where(shape > middle, np.ceil(shape), np.floor(shape)).astype(np.int64)
    return tuple(map(tuple, moved.tolist()))
