"""Curves lie where their numbers say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from consentguard.vision.chart import Axis, curves, errors_over_threshold

BLUE, RED = (0, 90, 170), (200, 60, 40)


def _places(png: bytes, colour: tuple[int, int, int]) -> np.ndarray:
    """Pixels (x, y) of one colour inside the frame, below the legend."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    y, x = np.nonzero((pixels == colour).all(axis=2))
    found: np.ndarray = np.column_stack([x, y])[y > 120]
    return found


@pytest.mark.parametrize(
    ("log", "value", "share"), [(False, 25.0, 0.25), (True, 10.0, 0.5), (True, 0.01, 0.0), (False, 900.0, 1.0)]
)
def test_a_point_lies_at_its_share_of_the_axis(log: bool, value: float, share: float) -> None:
    across = Axis("x", (1.0, 100.0) if log else (0.0, 100.0), log=log)
    places = _places(curves("t", {"a": [(value, 0.5)]}, across, Axis("y", (0.0, 1.0))), BLUE)
    assert places.mean(axis=0) == pytest.approx([90 + 840 * share, 310], abs=1)


def test_errors_cross_where_the_scores_do() -> None:
    """Strangers score up to 5, the enrolled from 15: between them nobody is wrong."""
    png = errors_over_threshold(np.linspace(15, 30, 50, dtype=np.float32), np.linspace(-5, 5, 50, dtype=np.float32), 10)
    bottom = 560 - 3
    strangers, missed = _places(png, BLUE), _places(png, RED)
    assert strangers[strangers[:, 1] < bottom, 0].max() == pytest.approx(90 + 840 * (5 + 10) / 50, abs=8)
    assert missed[missed[:, 1] < bottom, 0].min() == pytest.approx(90 + 840 * (15 + 10) / 50, abs=8)
