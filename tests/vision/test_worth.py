"""The numbers that frames are measured by, held against their definitions."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.ground import in_grid, largest, sums


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_largest_and_sum_of_every_frame(rows, columns, seed):
    chance = np.random.default_rng(seed)
    cells = chance.random((rows, columns)).astype(np.float32)
    low = np.column_stack([chance.integers(0, columns + 1, 30), chance.integers(0, rows + 1, 30)])
    high = low + chance.integers(0, [columns, rows] - low + 1)
    frames = np.hstack([low, high])

    inside = [cells[top:bottom, left:right] for left, top, right, bottom in frames]

    assert largest(cells, frames).tolist() == [part.max(initial=0.0) for part in inside]
    assert sums(cells > 0.5, frames).tolist() == [(part > 0.5).sum() for part in inside]
    assert sums(cells, frames) == pytest.approx([part.sum(dtype=float) for part in inside])


@pytest.mark.parametrize("size", [(40, 32), (640, 480), (1000, 700), (1291, 33), (1290, 1281)])
def test_a_cell_is_the_mean_of_its_pixels_and_the_last_go_on_beyond_the_picture(size):
    width, height = size
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    grid = Grid.over(width, height)
    right, below = grid.columns * grid.grain - width, grid.rows * grid.grain - height
    filled = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)

    made = in_grid(grid, pixels)

    assert np.array_equal(made, cv2.resize(filled, (grid.columns, grid.rows), interpolation=cv2.INTER_AREA))
