"""The nouns: valid from birth, frozen, and rounded outward."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import boxes, sides

from consentguard.values import (
    Action,
    Box,
    Face,
    Finding,
    JudgedFace,
    Outcome,
    PersonRegion,
    Picture,
    Rewrite,
    Standing,
    Verdict,
    canonical,
    frozen_pixels,
)

edges = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("corners", [(0, 0, 0, 1), (0, 0, 1, 0), (2, 0, 1, 1), (0, 2, 1, 1)])
def test_an_empty_or_turned_box_is_never_born(corners):
    with pytest.raises(ValueError, match="left < right"):
        Box(*corners)


@given(edges, edges, st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_covering_box_loses_nothing(left, top, width, height):
    box = Box.covering(left, top, left + width, top + height)
    assert box.left <= left < box.right
    assert box.top <= top < box.bottom
    assert box.right >= left + width
    assert box.bottom >= top + height


@given(edges, st.floats(0.01, 1e4))
def test_a_covering_box_is_not_a_pixel_larger_than_it_must(left, width):
    box = Box.covering(left, 0, left + width, 1)
    assert box.left == math.floor(left)
    assert box.right == max(math.ceil(left + width), box.left + 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_edges_that_are_no_numbers_make_no_box(bad):
    with pytest.raises((ValueError, OverflowError)):
        Box.covering(0, 0, bad, 1)


@given(boxes(), boxes())
def test_overlap_is_mutual_and_a_share(a, b):
    assert a.overlap(b) == b.overlap(a)
    assert 0 <= a.iou(b) <= 1
    assert a.iou(a) == 1
    assert (a.iou(b) == 1) == (a == b)


def test_overlap_counts_pixels():
    a, b = Box(0, 0, 4, 4), Box(2, 2, 6, 6)
    assert a.overlap(b) == 4
    assert a.iou(b) == pytest.approx(4 / 28)
    assert a.overlap(Box(4, 0, 8, 4)) == 0  # half open: neighbours share nothing


@given(boxes(), sides, sides)
def test_a_box_within_a_picture_is_what_of_it_lies_there(box, width, height):
    inside = box.within(width, height)
    picture = Box(0, 0, width, height)
    if inside is None:
        assert box.overlap(picture) == 0
    else:
        assert inside.area == box.overlap(picture) == inside.overlap(picture)


@given(boxes(), st.floats(0.05, 20))
def test_scaling_a_box_there_and_back_loses_nothing(box, factor):
    there = box.scaled(factor)
    back = there.scaled(1 / factor)
    slack = 1e-6 * max(map(abs, box.as_list()))
    assert back.left <= box.left + slack
    assert back.top <= box.top + slack
    assert back.right >= box.right - slack
    assert back.bottom >= box.bottom - slack


@pytest.mark.parametrize("score", [-0.01, 1.01, math.nan])
def test_a_score_outside_0_to_1_makes_no_face(score):
    with pytest.raises(ValueError, match=r"0\.\.1"):
        Face(Box(0, 0, 1, 1), score)


@pytest.mark.parametrize("count", [1, 4, 6])
def test_a_face_has_five_landmarks_or_none(count):
    with pytest.raises(ValueError, match="five landmarks"):
        Face(Box(0, 0, 1, 1), 0.5, ((0.0, 0.0),) * count)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 2, 3), np.float32),
        np.zeros((2, 2), np.uint8),
        np.zeros((2, 2, 4), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
    ],
)
def test_pixels_of_another_kind_are_refused(array):
    with pytest.raises(ValueError, match="uint8"):
        frozen_pixels(array)


def test_pixels_of_a_picture_are_read_only_and_the_callers_array_is_not():
    array = np.zeros((4, 6, 3), np.uint8)
    picture = Picture(array, source_width=12, source_height=8)
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    array[0, 0, 0] = 1
    assert (picture.width, picture.height, picture.scale) == (6, 4, 0.5)


def test_boxes_go_back_to_the_source_outward_and_stay_inside_it():
    picture = Picture(np.zeros((67, 100, 3), np.uint8), source_width=301, source_height=201)
    assert picture.in_source(Box(-5, 10, 100, 67)) == Box(0, 30, 301, 201)
    with pytest.raises(ValueError, match="outside"):
        picture.in_source(Box(100, 0, 110, 5))


@pytest.mark.parametrize(
    "value", [Box(0, 0, 1, 1), Face(Box(0, 0, 1, 1), 0.5), Finding("a", "b", "c"), Verdict("p", Outcome.REFUSED)]
)
def test_values_are_frozen(value):
    field = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, field, None)


@pytest.mark.parametrize("standing", Standing)
def test_only_an_explicit_consent_keeps_a_face(standing):
    assert (Action.for_standing(standing) is Action.KEEP) == (standing in (Standing.CONSENTED, Standing.NOBODY))


def test_a_standing_nobody_has_heard_of_hides():
    assert Action.for_standing(cast(Standing, "consented-probably")) is Action.HIDE


def test_outcomes_have_the_exit_codes_of_the_contract():
    assert {outcome.value: outcome.exit_code for outcome in Outcome} == {
        "publishable": 0,
        "released": 0,
        "needs_rewrite": 1,
        "refused": 1,
        "cannot_tell": 3,
    }


def test_a_verdict_counts_what_it_hides():
    kept, hidden = (JudgedFace(Box(0, 0, 9, 9), 0.5, None, s) for s in (Standing.CONSENTED, Standing.UNSURE))
    assert Verdict("p", Outcome.REFUSED, faces=(kept, hidden, hidden)).hidden == 2


def test_a_verdict_as_json_is_plain_and_complete():
    verdict = Verdict(
        photo="p.jpg",
        outcome=Outcome.NEEDS_REWRITE,
        faces=(JudgedFace(Box(0, 0, 9, 9), 0.98765, "P001", Standing.CONSENTED),),
        hands=((Box(1, 1, 2, 2), 0.5),),
        people=(Box(0, 0, 3, 3),),
        rewrite=Rewrite.COVER,
        frame=Box(0, 0, 10, 10),
        scale=1 / 3,
        findings=(Finding("no-face-found", "photo", "no face"),),
    )
    told = json.loads(json.dumps(verdict.as_json()))
    assert told == verdict.as_json()
    assert told["faces"] == [
        {
            "number": None,
            "box": [0, 0, 9, 9],
            "score": 0.988,
            "person": "P001",
            "standing": "consented",
            "action": "keep",
            "tag": None,
            "added": False,
            "where": "",
        }
    ]
    assert told["hands"] == [{"box": [1, 1, 2, 2], "score": 0.5}]
    assert told["heads_from_behind"] is None
    assert told["people"] == [{"box": [0, 0, 3, 3]}]
    assert (told["rewrite"], told["frame"], told["scale"]) == ("cover", [0, 0, 10, 10], 0.3333)
    # how long it took is nobody's verdict
    assert set(told) == {field.name for field in dataclasses.fields(Verdict)} - {"timings"}


@pytest.mark.parametrize("joints", [((1.0, 2.0),) * 11, ((1.0, 2.0),) * 11 + ((float("nan"), 2.0),), ()])
def test_a_body_has_twelve_joints_at_places_or_none_that_are_known(joints):
    with pytest.raises(ValueError, match="12 joints"):
        PersonRegion(Box(0, 0, 3, 3), None, joints=joints)
    assert PersonRegion(Box(0, 0, 3, 3), None, joints=((1.0, 2.0),) * 12).joints


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_the_canonical_bytes_of_a_value_say_it_whole(value):
    assert json.loads(canonical(value)) == value


def test_the_canonical_bytes_do_not_depend_on_the_order_of_keys():
    assert canonical({"a": 1, "b": {"c": 2, "d": 3}}) == canonical({"b": {"d": 3, "c": 2}, "a": 1})
