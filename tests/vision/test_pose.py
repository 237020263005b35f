from __future__ import annotations

import numpy as np
import pytest

from consentguard.vision.detection import pose, ssd
from consentguard.vision.detection.pose import tiles, view_of
from consentguard.vision.detection.pyramid import Levels, View


def plain_anchors():
    """MediaPipe's ssd_anchors_calculator, written as its loops are."""
    centres = []
    for stride, each in ((8, 2), (16, 2), (32, 6)):
        for row in range(224 // stride):
            for column in range(224 // stride):
                for _ in range(each):
                    centres.append(((column + 0.5) * stride / 224, (row + 0.5) * stride / 224))
    return np.array(centres)


def test_anchors_are_those_of_the_plain_loop():
    anchors = pose._ANCHORS
    assert anchors.shape == (2254, 2)
    np.testing.assert_allclose(anchors, plain_anchors(), atol=1e-6)


def test_decode_is_that_of_the_plain_loop():
    random = np.random.default_rng(1)
    raw = random.normal(0, 20, (1, 2254, 12)).astype(np.float32)
    logits = random.normal(-3, 3, (1, 2254, 1)).astype(np.float32)
    logits[0, 7] = 1e9  # clipped, not overflown
    wanted = []
    for index, (x, y) in enumerate(plain_anchors()):
        score = 1 / (1 + np.exp(-float(np.clip(logits[0, index, 0], -100, 100))))
        if score < 0.5:
            continue
        numbers = raw[0, index].astype(float) / 224
        middle = numbers[0] + x, numbers[1] + y
        box = (
            middle[0] - numbers[2] / 2,
            middle[1] - numbers[3] / 2,
            middle[0] + numbers[2] / 2,
            middle[1] + numbers[3] / 2,
        )
        wanted.append((*box, score, numbers[4] + x, numbers[5] + y, numbers[6] + x, numbers[7] + y))
    found = ssd.decode(raw[0], logits[0], pose._ANCHORS, 224, 0.5)
    assert len(found) == len(wanted) > 100
    np.testing.assert_allclose(found[:, :9], wanted, atol=1e-4)


@pytest.mark.parametrize("size", [(480, 640), (1600, 900), (60, 300), (320, 320)])
def test_tiles_leave_nothing_out(size):
    height, width = size
    seen = np.zeros((height, width), int)
    for left, top, side in list(tiles(height, width))[1:] or [(0.0, 0.0, float(max(size)))]:
        seen[int(top) : int(np.ceil(top + side)), int(left) : int(np.ceil(left + side))] += 1
    assert seen.min() >= 1
    assert next(tiles(height, width)) == (0.0, 0.0, float(max(size)))


@pytest.mark.parametrize("turn", [0.0, 0.4, -2.5])
def test_points_come_back_from_a_view(turn):
    view = View(120.0, 80.0, 300.0, turn)
    points = np.array([[10.0, 20.0], [250.0, 3.0]], np.float32)
    matrix = view.to_cut(256)
    there = points @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(view.to_picture(there, 256), points, atol=1e-2)
    np.testing.assert_allclose(matrix[:, :2] @ (120, 80) + matrix[:, 2], (128, 128), atol=1e-3)


@pytest.mark.parametrize("side", [40.0, 130.0, 700.0])
def test_a_cut_shows_what_is_in_the_view(side):
    pixels = np.zeros((400, 600, 3), np.uint8)
    pixels[:, 300:] = 200
    seen = Levels(pixels).cut(View(300.0, 200.0, side).to_cut(64), 64)
    assert seen.shape == (64, 64, 3)
    assert seen[32, 24].max() == 0
    assert seen[32, 40].min() > 190


def test_a_cut_beside_the_picture_is_black():
    pixels = np.full((40, 40, 3), 255, np.uint8)
    assert Levels(pixels).cut(View(500.0, 20.0, 30.0).to_cut(32), 32).max() == 0


def test_the_view_of_an_upright_person_is_not_turned():
    row = np.array([0, 0, 9, 9, 0.9, 100, 200, 100, 120], np.float32)
    view = view_of(row)
    assert (view.x, view.y, view.turn) == (100, 200, 0)
    assert view.side == pytest.approx(2 * 1.25 * 80)
