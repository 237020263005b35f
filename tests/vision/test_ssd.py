"""What MediaPipe's detectors share: arrays equal the plain loops, and windows say truly where they are."""

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from consentguard.vision.detection import ssd
from consentguard.vision.detection.ssd import Layout, Tile

SMALL = Layout(32, ((8, 2), (16, 6)))


def plain_anchors(size: int, strides: tuple[int, ...], each: int) -> list[tuple[float, float]]:
    """MediaPipe's own way: stride by stride, layers of the same stride together, `each` anchors a cell and layer."""
    anchors = []
    layer = 0
    while layer < len(strides):
        last = layer
        while last < len(strides) and strides[last] == strides[layer]:
            last += 1
        cells = size // strides[layer]
        for y in range(cells):
            for x in range(cells):
                anchors += [((x + 0.5) / cells, (y + 0.5) / cells)] * (each * (last - layer))
        layer = last
    return anchors


def test_anchors_of_palms_equal_mediapipes_loops() -> None:
    anchors = ssd.PALM.anchors()
    assert anchors.shape == (2016, 2)
    assert anchors.dtype == np.float32
    np.testing.assert_allclose(anchors, plain_anchors(192, (8, 16, 16, 16), 2), atol=1e-6)


def test_anchors_of_people_and_faces_can_be_said_too() -> None:
    people = Layout(224, ((8, 2), (16, 2), (32, 6))).anchors()
    np.testing.assert_allclose(people, plain_anchors(224, (8, 16, 32, 32, 32), 2), atol=1e-6)
    assert len(people) == 2254
    assert sum(Layout(192, ((4, 1),)).counts) == 2304


@given(seed=st.integers(0, 10**6), keypoints=st.integers(0, 7), threshold=st.sampled_from([0.0, 0.3, 0.5, 0.9]))
def test_decoding_equals_the_formula_row_by_row(seed: int, keypoints: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    anchors = SMALL.anchors()
    raw = random.normal(0, 20, (len(anchors), 4 + 2 * keypoints)).astype(np.float32)
    logits = random.normal(0, 60, (len(anchors), 1)).astype(np.float32)
    expected = []
    for numbers, logit, (x, y) in zip(raw, logits[:, 0], anchors, strict=True):
        score = 1 / (1 + math.exp(-min(max(float(logit), -100), 100)))
        if score < threshold:
            continue
        across, down, width, height = numbers[:4] / 32
        row = [x + across - width / 2, y + down - height / 2, x + across + width / 2, y + down + height / 2, score]
        for point in range(keypoints):
            row += [x + numbers[4 + 2 * point] / 32, y + numbers[5 + 2 * point] / 32]
        expected.append(row)
    got = ssd.decode(raw, logits, anchors, 32, threshold)
    assert got.shape == (len(expected), 5 + 2 * keypoints)
    assert got.dtype == np.float32
    if expected:
        np.testing.assert_allclose(got, np.array(expected), rtol=1e-4, atol=1e-4)


@examples(0.6)
@given(width=st.integers(1, 900), height=st.integers(1, 900), side=st.integers(2, 400))
def test_tiles_cover_the_picture_and_lie_close(width: int, height: int, side: int) -> None:
    step = max(side // 2, 1)
    windows = ssd.tiles(width, height, side, step)
    for length, starts in ((width, {look.left for look in windows}), (height, {look.top for look in windows})):
        ordered = sorted(starts)
        assert ordered[0] <= 0
        assert ordered[-1] + side >= length
        assert all(0 < after - before <= step + 1 for before, after in itertools.pairwise(ordered))
        if length > side:
            assert ordered[0] == 0
            assert ordered[-1] + side == length
        else:
            assert len(ordered) == 1


def test_shares_of_a_look_become_pixels() -> None:
    rows = np.array([[0.25, 0.5, 0.5, 1.0, 0.8, 0.1, 0.2]], np.float32)
    kept = rows.copy()
    np.testing.assert_allclose(ssd.in_picture(rows, Tile(100, -40, 200)), [[150, 60, 200, 160, 0.8, 120, 0]], rtol=1e-6)
    np.testing.assert_array_equal(rows, kept)


def _rows(seed: int, count: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    corner = random.random((count, 2)) * 0.7
    return np.hstack([corner, corner + random.random((count, 2)) * 0.4, random.random((count, 3))]).astype(np.float32)


def plain_iou(one: np.ndarray, other: np.ndarray) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - shared)


@given(seed=st.integers(0, 10**6), count=st.integers(0, 25))
def test_one_for_each_thing_equals_the_loop(seed: int, count: int) -> None:
    rows = _rows(seed, count)
    left = sorted(range(count), key=lambda index: -rows[index, 4])
    surest, means = [], []
    while left:
        first = left[0]
        same = [index for index in left if index == first or plain_iou(rows[first], rows[index]) > 0.3]
        left = [index for index in left if index not in same]
        surest.append(rows[first])
        weight = sum(float(rows[index, 4]) for index in same)
        mean = sum(rows[index].astype(float) * float(rows[index, 4]) for index in same) / weight
        mean[4] = rows[first, 4]
        means.append(mean)
    np.testing.assert_array_equal(ssd.surest(rows, 0.3), np.array(surest, np.float32).reshape(-1, 7))
    np.testing.assert_allclose(ssd.merged(rows, 0.3), np.array(means).reshape(-1, 7), rtol=1e-4, atol=1e-5)


def test_boxes_without_area_are_no_trouble() -> None:
    rows = np.array([[0.5, 0.5, 0.5, 0.5, 0.9], [0.5, 0.5, 0.5, 0.5, 0.8]], np.float32)
    assert len(ssd.surest(rows, 0.3)) == 2
    assert len(ssd.merged(rows, 0.3)) == 2
