"""Halves of a picture show the same things in the same places."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from consentguard.vision.detection.pyramid import Levels


def _dotted(height: int, width: int, x: float, y: float) -> np.ndarray:
    """A soft white dot at a place between pixels."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 12**2))
    return np.repeat(dot[:, :, None], 3, axis=2).astype(np.uint8)


def _middle(pixels: np.ndarray) -> tuple[float, float]:
    weight = pixels[:, :, 0].astype(float)
    rows, columns = np.mgrid[: weight.shape[0], : weight.shape[1]] + 0.5
    return (columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()


@pytest.mark.parametrize("size", [(400, 600), (401, 603), (333, 517)])
@pytest.mark.parametrize("scale", [1.4, 1.0, 0.9, 0.6, 0.5, 0.31, 0.25, 0.11])
def test_what_is_resized_stays_in_its_place(size: tuple[int, int], scale: float) -> None:
    seen, across, down = Levels(_dotted(*size, 250.0, 160.0)).resized(scale)
    x, y = _middle(seen)
    assert (x / across, y / down) == pytest.approx((250.0, 160.0), abs=0.6)
    assert across == pytest.approx(scale, rel=0.03)
    assert down == pytest.approx(scale, rel=0.03)


@pytest.mark.parametrize("scale", [2.0, 1.0, 0.7, 0.4, 0.2])
@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_what_is_cut_out_lies_where_the_matrix_says(scale: float, turn: float) -> None:
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    affine = np.array([[cos, sin, 0], [-sin, cos, 0]], np.float32)
    affine[:, 2] = (48, 48) - affine[:, :2] @ (250, 160)
    x, y = _middle(Levels(_dotted(401, 603, 250.0, 160.0)).cut(affine, 96))
    assert (x, y) == pytest.approx((48, 48), abs=0.4)


def test_nothing_is_passed_over() -> None:
    """Every third row white: much smaller, all is nearly the same grey; rows that are passed over leave 0 and 255."""
    stripes = np.zeros((768, 1024, 3), np.uint8)
    stripes[::3] = 255
    seen, _, _ = Levels(stripes).resized(0.1)
    assert np.ptp(seen[2:-2].astype(int)) <= 40
    exact = cv2.resize(stripes, (seen.shape[1], seen.shape[0]), interpolation=cv2.INTER_AREA)
    assert np.abs(seen.astype(int) - exact.astype(int)).max() <= 40


def test_a_level_is_made_once_and_small_pictures_are_not_halved_away() -> None:
    levels = Levels(np.zeros((70, 300, 3), np.uint8))
    half, shown = levels.above(0.01)
    assert (half.shape, shown) == ((35, 150, 3), 0.5)
    assert levels.above(0.4)[0] is half
    assert levels.above(1.0)[0] is levels.pixels
