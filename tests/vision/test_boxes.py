"""Arrays of boxes: areas shared, overlaps, and one box for each thing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consentguard.values import Box
from consentguard.vision.boxes import overlaps, shared, suppressed, suppressed_by_overlap, suppressed_with_insides

edges = st.tuples(*(st.integers(0, 60),) * 2).map(sorted)
boxes = st.lists(
    st.tuples(edges, edges)
    .filter(lambda pair: pair[0][0] < pair[0][1] and pair[1][0] < pair[1][1])
    .map(lambda pair: Box(pair[0][0], pair[1][0], pair[0][1], pair[1][1])),
    min_size=1,
    max_size=5,
)


def array(some: list[Box]) -> np.ndarray:
    return np.array([box.as_list() for box in some], np.float32)


def array_areas(some: list[Box]) -> np.ndarray:
    return np.array([box.area for box in some], np.float32)


@given(boxes, boxes)
def test_arrays_of_boxes_are_measured_as_single_ones(one, other):
    assert shared(array(one), array(other)).tolist() == [[a.overlap(b) for b in other] for a in one]
    np.testing.assert_allclose(overlaps(array(one), array(other)), [[a.iou(b) for b in other] for a in one], rtol=1e-5)


@given(boxes)
def test_of_what_is_the_same_the_surest_stays(some):
    same = overlaps(array(some), array(some)) > 0.3
    kept = suppressed(same, np.arange(len(some))).tolist()
    assert kept[0] == 0
    for index in range(len(some)):
        assert (index in kept) != any(same[index, surer] for surer in kept if surer < index)


@given(boxes, st.randoms(use_true_random=False))
def test_suppressing_many_boxes_is_suppressing_what_overlaps(some, chance):
    scores = np.array(chance.sample(range(1, 100), len(some)), np.float32) / 100
    order = np.argsort(-scores)
    same = overlaps(array(some), array(some)) > 0.45
    assert suppressed_by_overlap(array(some), scores, 0.45).tolist() == suppressed(same, order).tolist()
    inside = shared(array(some), array(some)) > 0.65 * np.minimum.outer(*(array_areas(some),) * 2)
    kept = suppressed_with_insides(array(some), scores, 0.45, 0.65).tolist()
    assert kept == suppressed(same | inside, order).tolist()


def test_of_no_boxes_none_stays():
    assert suppressed_by_overlap(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.45).tolist() == []
    assert suppressed_with_insides(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.45, 0.65).tolist() == []


@given(boxes, st.integers(60, 90))
def test_a_mirrored_box_mirrored_again_is_the_box(some, width):
    for box in some:
        mirrored = box.mirrored(width)
        assert mirrored.mirrored(width) == box
        assert mirrored.area == box.area
