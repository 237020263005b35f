"""The numbers that frames are measured by, held against their definitions."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.values import Box, Face, Head, Picture, Seen, Subject
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.ground import Ground, Painted, in_grid, largest, sums
from consentguard.vision.rewrite.plan import survey_of
from consentguard.vision.rewrite.worth import features


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


def test_whom_the_photos_edge_cuts_is_whole_in_a_frame_that_ends_there():
    """A face and a back of a head, whose boxes reach beyond the picture."""
    face, back = Face(Box(-9, 80, 60, 170), 0.9), Head(Box(560, -20, 620, 60), 0.9, from_behind=True)
    picture = Picture(np.zeros((480, 640, 3), np.uint8), 640, 480)
    nothing = np.zeros((480, 640), np.bool_)
    for seen, shown, counted in ((Seen((face,)), [Subject(face)], "approved"), (Seen((), (back,)), [], "backs")):
        scene = survey_of(picture, seen, shown, {"back_of_head"}, (), (), 0)
        told = features(scene, Ground.of(scene, picture), Painted.of(scene, nothing), np.array([[0, 0, 640, 480]]))
        assert told[counted][0] > 0 and told["nobody"][0] == 0


@pytest.mark.parametrize("size", [(40, 32), (640, 480), (1000, 700), (1291, 33), (1290, 1281)])
def test_a_cell_is_the_mean_of_its_pixels_and_the_last_go_on_beyond_the_picture(size):
    width, height = size
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    grid = Grid.over(width, height)
    right, below = grid.columns * grid.grain - width, grid.rows * grid.grain - height
    filled = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)

    made = in_grid(grid, pixels)

    assert np.array_equal(made, cv2.resize(filled, (grid.columns, grid.rows), interpolation=cv2.INTER_AREA))
