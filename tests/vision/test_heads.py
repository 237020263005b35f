from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face
from consentguard.vision.detection.heads import (
    COLUMNS,
    Evidence,
    HeadFinder,
    among,
    appearance,
    beside_a_face,
    from_behind,
    head_box,
    hopeful,
    one_each,
    sureness,
    uncut,
)
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import Shelf

NAMES = ["obama", "obama2", "obama3", "biden", "partial", "partial2"]


@pytest.fixture(scope="module")
def finder(shelf) -> HeadFinder:
    return HeadFinder.load(shelf)


@pytest.fixture(scope="module")
def pictures(photographs):
    return {name: codec.decode(photographs[name], max_edge=1000, max_pixels=10**8).pixels for name in NAMES}


def known(**values: float) -> Evidence:
    """One candidate of 40 px of which everything speaks for a head from behind, but for what is named."""
    best = dict.fromkeys(COLUMNS, 0.0) | {
        **dict.fromkeys(("look", "second", "small", "small_mirrored", "large", "large_mirrored"), 0.15),
        **{"bust": 0.9, "bust_off": 0.2, "bust_shoulders": -1.0, "bust_depth": 0.5, "bust_ears": -0.3},
        **{"body": 0.9, "body_off": 0.2, "body_shoulders": -1.0, "body_depth": 0.5, "body_ears": -0.3},
        **{"evenness": 0.9, "sharpness": 9.0, "aspect": 0.75},
    }
    numbers = np.array([[(best | values)[name] for name in COLUMNS]], np.float32)
    return Evidence(np.array([[100, 100, 130, 140]], np.float32), numbers)


@pytest.mark.parametrize("name", NAMES)
def test_no_face_is_a_head_from_behind(finder, detector, pictures, name):
    faces = detector.find(pictures[name])
    assert faces
    for head in finder.find(pictures[name], faces):
        assert not (head.from_behind and any(head.box.overlap(face.box) for face in faces))


@pytest.mark.parametrize("name", NAMES)
def test_a_face_that_nobody_found_is_still_not_from_behind(finder, detector, pictures, name):
    """Were the detector blind, the heads would not say that the children look away."""
    faces = detector.find(pictures[name])
    for head in finder.find(pictures[name], ()):
        assert not (head.from_behind and any(head.box.overlap(face.box) > face.box.area / 4 for face in faces))


def test_a_clear_face_that_nobody_found_is_an_unsure_head(finder, detector, pictures):
    (face,) = detector.find(pictures["biden"])
    heads = finder.find(pictures["biden"], ())
    assert any(head.box.overlap(face.box) > face.box.area / 2 and not head.from_behind for head in heads)


def test_looks_already_taken_serve_as_well(finder, detector, pictures):
    """A face that the detector is not allowed to report is an unsure head, from the detector's own looks too."""
    (face,), looks = detector.search(pictures["biden"])
    heads = finder.find(pictures["biden"], (), looks)
    assert any(head.box.overlap(face.box) > face.box.area / 2 and not head.from_behind for head in heads)
    assert finder.find(pictures["biden"], (face,), looks) == finder.find(pictures["biden"], (face,))


def test_only_the_hopeless_are_not_asked_further():
    """What all answers together make of a candidate must not have been ruled out by the first few."""
    head, nothing = known(), known(small=0.01, small_mirrored=0.01, large=0.01, large_mirrored=0.01)
    both = Evidence(np.concatenate([nothing.boxes, head.boxes]), np.concatenate([nothing.numbers, head.numbers]))
    early = both.numbers.copy()
    early[:, [COLUMNS.index(name) for name in ("large", "large_mirrored", "bust_off", "body_off", "evenness")]] = np.nan
    left = hopeful(Evidence(both.boxes, early), 9)
    assert len(left.boxes) == 1
    assert np.array_equal(left.numbers[0], early[1], equal_nan=True)
    unasked = np.where(np.array(COLUMNS) == "octave", both.numbers, np.nan)
    assert len(hopeful(Evidence(both.boxes, unasked), 9).boxes) == 2
    assert len(hopeful(Evidence(both.boxes, unasked), 1).boxes) == 1


def test_the_same_picture_gives_the_same_heads_and_stays_as_it_was(finder, pictures):
    pixels = pictures["obama3"].copy()
    before = pixels.copy()
    first = finder.find(pixels, ())
    assert finder.find(pixels, ()) == first
    assert (pixels == before).all()


def test_threads_may_share_a_finder(finder, pictures):
    alone = finder.find(pictures["partial"], ())
    together = []
    threads = [threading.Thread(target=lambda: together.append(finder.find(pictures["partial"], ()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone, alone]


def test_it_is_done_in_time(finder, detector, pictures):
    faces = detector.find(pictures["obama"])
    start = time.perf_counter()
    finder.find(pictures["obama"], faces)
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("size", [(32, 32), (40, 900), (700, 33)])
def test_pictures_of_any_shape_are_looked_at(finder, size):
    pixels = np.random.default_rng(2).integers(0, 255, (*size, 3)).astype(np.uint8)
    assert not any(head.from_behind for head in finder.find(pixels, ()))
    assert finder.find(np.zeros((*size, 3), np.uint8), ()) == ()


def test_missing_weights_name_the_remedy(tmp_path):
    with pytest.raises(ModelUnavailable, match="models pull"):
        HeadFinder.load(Shelf(tmp_path))


def test_the_label_names_every_network(finder):
    assert [part.partition("@")[0] for part in finder.label.split("+")] == [
        "centerface",
        "pose-detection",
        "pose-landmark",
    ]


def test_what_is_all_hair_and_turned_away_is_from_behind():
    head = known()
    assert from_behind(head, sureness(head)).tolist() == [True]


@pytest.mark.parametrize("look", ["small", "small_mirrored", "large", "large_mirrored"])
def test_any_look_that_sees_a_face_forbids_from_behind(look):
    head = known(**{look: 0.26})
    assert from_behind(head, sureness(head)).tolist() == [False]


@pytest.mark.parametrize(
    "values",
    [
        {"forehead": 0.4},
        {"evenness": 0.2},
        {"small": 0.01, "small_mirrored": 0.01, "large": 0.01, "large_mirrored": 0.01},
    ],
)
def test_skin_or_patchwork_or_no_head_forbids_from_behind(values):
    head = known(**values)
    assert from_behind(head, sureness(head)).tolist() == [False]


def test_somebody_who_faces_the_viewer_is_not_from_behind():
    facing = {
        f"{view}_{what}": value
        for view in ("bust", "body")
        for what, value in (("shoulders", 1.0), ("depth", -0.8), ("ears", 0.6))
    }
    head = known(**facing, forehead=0.1)
    assert from_behind(head, sureness(head)).tolist() == [False]


def test_hair_alone_must_be_surely_a_head():
    """No body that faces away: only the hair speaks for it."""
    bodiless = {f"{view}_{what}": v for view in ("bust", "body") for what, v in (("depth", -0.8), ("shoulders", 1.0))}
    head = known(**bodiless)
    (sure,) = sureness(head)
    assert sure > 2
    assert from_behind(head, np.array([2.01], np.float32)).tolist() == [True]
    assert from_behind(head, np.array([1.99], np.float32)).tolist() == [False]
    assert from_behind(known(), np.array([1.99], np.float32)).tolist() == [True]  # here the body speaks too


@pytest.mark.parametrize("view", ["bust", "body"])
def test_a_body_whose_head_is_elsewhere_forbids_from_behind(view):
    other = known(**{view + "_off": 0.85})
    assert from_behind(other, np.array([3], np.float32)).tolist() == [False]
    absent = known(**{view: 0.4, view + "_off": 0.85})  # nobody is there, so the place of the head says nothing
    assert from_behind(absent, np.array([3], np.float32)).tolist() == [True]


def test_a_head_that_holds_a_face_is_not_all_hair(finder, pictures, monkeypatch):
    boxes = np.array([[100, 100, 130, 140], [300, 100, 330, 140]], np.float32)
    near, far = Face(Box(130, 100, 150, 130), 0.3), Face(Box(160, 100, 180, 130), 0.9)
    assert beside_a_face(boxes, [near, far]).tolist() == [True, False]
    assert beside_a_face(boxes, [far]).tolist() == [False, False]
    assert beside_a_face(boxes, []).tolist() == [False, False]
    assert beside_a_face(boxes[:0], [near]).tolist() == []
    monkeypatch.setattr(finder, "evidence", lambda *_: known())
    assert [head.from_behind for head in finder.find(pictures["biden"], [far])] == [True]
    assert [head.from_behind for head in finder.find(pictures["biden"], [near])] == [False]


def test_a_head_that_the_frame_cuts_is_not_from_behind(finder, pictures, monkeypatch):
    (box,) = known().boxes  # its head goes from 78 to 152 across, from 75 to 154 down
    boxes = np.float32(box) + np.float32([[0] * 4, [-95, 0, -95, 0], [0, -80, 0, -80], [500, 0, 500, 0]])
    assert uncut(boxes, 640, 480).tolist() == [True, False, True, False]
    assert uncut(boxes[:0], 640, 480).tolist() == []
    monkeypatch.setattr(finder, "evidence", lambda *_: known())
    picture = pictures["biden"]
    assert [head.from_behind for head in finder.find(picture, ())] == [True]
    assert [head.from_behind for head in finder.find(np.ascontiguousarray(picture[:140]), ())] == [False]


@pytest.mark.parametrize(("shoulders", "presence"), [(-0.15, 0.9), (-1.0, 0.4)])
def test_shoulders_must_surely_be_the_wrong_way_round(shoulders, presence):
    views = {f"{view}_{what}": value for view in ("bust", "body")
             for what, value in (("shoulders", shoulders), ("depth", -0.1))}  # fmt: skip
    head = known(**views, bust=presence, body=presence)
    assert from_behind(head, np.array([1.9], np.float32)).tolist() == [False]
    crossed = known(**views | {"bust_shoulders": -0.25}, bust=0.9, body=0.9)
    assert from_behind(crossed, np.array([1.9], np.float32)).tolist() == [True]


def test_the_nose_of_nobody_says_nothing():
    views = {f"{view}_shoulders": 1.0 for view in ("bust", "body")}
    assert from_behind(known(**views, bust=0.01, body=0.01), np.array([1.9], np.float32)).tolist() == [False]
    assert from_behind(known(**views, bust=0.03, body=0.01), np.array([1.9], np.float32)).tolist() == [True]


def test_no_candidates_are_no_heads():
    nothing = Evidence(np.zeros((0, 4), np.float32), np.zeros((0, len(COLUMNS)), np.float32))
    sure = sureness(nothing)
    assert sure.shape == (0,)
    assert from_behind(nothing, sure).shape == (0,)
    assert one_each(nothing.boxes, sure).shape == (0,)


def test_boxes_of_one_head_are_one_and_neighbours_stay():
    boxes = np.array([[0, 0, 30, 40], [4, 4, 34, 44], [60, 0, 90, 40], [5, 10, 15, 22]], np.float32)
    assert one_each(boxes, np.array([1.0, 2.0, 0.5, 3.0], np.float32)).tolist() == [3, 2]
    assert one_each(boxes, np.array([1.0, 2.0, 2.5, 0.1], np.float32)).tolist() == [2, 1]


def test_what_lies_in_the_head_of_a_face_belongs_to_it():
    face = Face(Box(100, 100, 140, 150), 0.9)
    rows = np.array([[105, 60, 135, 100], [300, 100, 340, 150], [110, 110, 150, 160]], np.float32)
    assert among(rows, [face]).tolist() == [True, False, True]
    assert among(rows, []).tolist() == [False] * 3


def test_the_box_of_a_head_holds_centerfaces_box_of_it():
    face = Box(10, 20, 50, 70)
    assert head_box(np.array([10, 20, 50, 70], np.float32)).overlap(face) == face.area


def test_appearance_tells_even_from_patchy_and_skin_from_none():
    box = np.array([100, 100, 140, 150], np.float32)
    hair = np.full((300, 300, 3), 30, np.uint8)
    assert appearance(Levels(hair), box) == (0.0, 0.0, 1.0, 0.0)
    skin = np.full((300, 300, 3), (224, 172, 140), np.uint8)
    assert appearance(Levels(skin), box)[:2] == (1.0, 1.0)
    patchy = np.random.default_rng(4).integers(0, 255, (300, 300, 3)).astype(np.uint8)
    assert appearance(Levels(patchy), box)[2] < 0.5
    assert appearance(Levels(patchy), box)[3] > 5
