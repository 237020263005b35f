from __future__ import annotations

import threading

import numpy as np
import pytest

from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face
from consentguard.vision.detection.backs import Readings, likely_heads, read_heads, shipped, slid, with_faces
from consentguard.vision.detection.centerface import CenterFace, DetectorPass, squares
from consentguard.vision.detection.heads import (
    HeadFinder,
    among,
    beside_a_face,
    from_behind,
    head_box,
    inside_frame,
    suppressed_heads,
)
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

NAMES = ["obama", "obama2", "obama3", "biden", "partial", "partial2"]


@pytest.fixture(scope="module")
def finder(model_store) -> HeadFinder:
    return HeadFinder.load(model_store)


@pytest.fixture(scope="module")
def pictures(photographs):
    return {name: codec.decode(photographs[name], max_edge=1000, max_pixels=10**8).pixels for name in NAMES}


def known(**values: float) -> Readings:
    """One candidate of 40 px of which everything speaks for a head from behind, but for what is named."""
    best = {"head": 4.0, "behind": 2.0, "face": 0.1} | values
    box = np.array([[100, 100, 130, 140]], np.float32)
    return Readings(box, *(np.array([best[name]], np.float32) for name in ("head", "behind", "face")))


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
    assert finder.find(pictures["biden"], (face,), looks) == ()


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


@pytest.mark.parametrize("size", [(32, 32), (40, 900), (700, 33)])
def test_pictures_of_any_shape_are_looked_at(finder, size):
    pixels = np.random.default_rng(2).integers(0, 255, (*size, 3)).astype(np.uint8)
    assert not any(head.from_behind for head in finder.find(pixels, ()))
    assert finder.find(np.zeros((*size, 3), np.uint8), ()) == ()


def test_missing_weights_name_the_remedy(tmp_path):
    with pytest.raises(ModelUnavailable, match="models pull"):
        HeadFinder.load(ModelStore(tmp_path))


def test_a_head_that_holds_a_face_is_not_all_hair(finder, pictures, monkeypatch):
    boxes = np.array([[100, 100, 130, 140], [300, 100, 330, 140]], np.float32)
    near, far = Face(Box(130, 100, 150, 130), 0.3), Face(Box(160, 100, 180, 130), 0.9)
    assert beside_a_face(boxes, [near, far]).tolist() == [True, False]
    assert beside_a_face(boxes, [far]).tolist() == [False, False]
    assert beside_a_face(boxes, []).tolist() == [False, False]
    assert beside_a_face(boxes[:0], [near]).tolist() == []
    monkeypatch.setattr(finder, "readings", lambda *_: known())
    assert [head.from_behind for head in finder.find(pictures["biden"], [far])] == [True]
    assert [head.from_behind for head in finder.find(pictures["biden"], [near])] == []


def test_a_head_that_the_frame_cuts_is_not_from_behind(finder, pictures, monkeypatch):
    (box,) = known().boxes  # its head goes from 78 to 152 across, from 80 to 160 down
    boxes = box + np.array([[0] * 4, [-95, 0, -95, 0], [0, -80, 0, -80], [500, 0, 500, 0]], np.float32)
    assert inside_frame(boxes, 640, 480).tolist() == [True, False, True, False]
    assert inside_frame(boxes[:0], 640, 480).tolist() == []
    monkeypatch.setattr(finder, "readings", lambda *_: known())
    picture = pictures["biden"]
    assert [head.from_behind for head in finder.find(picture, ())] == [True]
    assert [head.from_behind for head in finder.find(np.ascontiguousarray(picture[:140]), ())] == []


def test_boxes_of_one_head_are_one_and_neighbours_stay():
    boxes = np.array([[0, 0, 30, 40], [4, 4, 34, 44], [60, 0, 90, 40], [5, 10, 15, 22]], np.float32)
    assert suppressed_heads(boxes, np.array([1.0, 2.0, 0.5, 3.0], np.float32)).tolist() == [3, 2]
    assert suppressed_heads(boxes, np.array([1.0, 2.0, 2.5, 0.1], np.float32)).tolist() == [2, 1]


def test_what_lies_in_the_head_of_a_face_belongs_to_it():
    face = Face(Box(100, 100, 140, 150), 0.9)
    rows = np.array([[105, 60, 135, 100], [300, 100, 340, 150], [110, 110, 150, 160]], np.float32)
    assert among(rows, [face]).tolist() == [True, False, True]
    assert among(rows, []).tolist() == [False] * 3


def test_the_box_of_a_head_holds_centerfaces_box_of_it():
    face = Box(10, 20, 50, 70)
    assert head_box(np.array([10, 20, 50, 70], np.float32)).overlap(face) == face.area


def test_what_is_turned_away_and_shows_no_face_is_from_behind():
    assert from_behind(known()).tolist() == [True]


@pytest.mark.parametrize("values", [{"head": 1.9}, {"behind": -0.1}, {"face": 0.25}])
def test_no_head_or_none_turned_away_or_one_that_shows_a_face_is_not_from_behind(values):
    assert from_behind(known(**values)).tolist() == [False]


@pytest.mark.parametrize(
    ("values", "unsure"), [({"face": 0.6}, 1), ({"behind": -2.0}, 0), ({"behind": -2.0, "face": 0.6}, 1)]
)
def test_a_head_that_is_not_from_behind_is_unsure_only_where_a_face_shows(
    finder, pictures, monkeypatch, values, unsure
):
    """Whoever looks sideways without a face in sight, and was not found as a face, hides nobody else's back."""
    monkeypatch.setattr(finder, "readings", lambda *_: known(**values))
    assert [head.from_behind for head in finder.find(pictures["biden"], ())] == [False] * unsure


@pytest.fixture(scope="module")
def network(model_store) -> CenterFace:
    return CenterFace.load(model_store)


def test_the_inside_of_the_network_tells_a_head_from_a_wall_and_a_face_from_a_back(network, detector, pictures):
    (face,) = detector.find(pictures["biden"])
    wall = np.array([0, 0, 60, 80], np.float32)  # the backdrop beside the head
    boxes = np.array([face.box.as_list(), wall], np.float32)
    known = with_faces(network, levels := Levels(pictures["biden"]), read_heads(network, levels, boxes, -99.0, 0.0))
    assert known.head[1] < -2 < known.head[0]
    assert known.behind[0] < -2
    assert known.face[0] > 0.7 > 0.1 > known.face[1]


def test_what_is_hopeless_after_one_pass_gets_no_other(network, pictures, monkeypatch):
    passes = []
    kept = network.head_pass

    def noted(*given, mirror, **how):
        passes.append((len(given[1]), mirror))
        return kept(*given, mirror=mirror, **how)

    monkeypatch.setattr(network, "head_pass", noted)
    read_heads(network, Levels(pictures["biden"]), np.array([[0, 0, 60, 80]], np.float32), 0.0, 1.5)
    assert passes == [(1, False), (0, False), (0, True)]


def test_a_head_is_moved_to_where_it_is(network, detector, pictures):
    """A candidate that lies a quarter of a head off is brought nearer."""
    levels = Levels(pictures["biden"])
    (face,) = detector.find(pictures["biden"])
    box = np.array([face.box.as_list()], np.float32)
    (there,) = read_heads(network, levels, box, -99.0, 0.0).boxes
    off = 0.4 * (box[0, 3] - box[0, 1])
    for move in ([off, 0, off, 0], [-off, 0, -off, 0]):
        (moved,) = read_heads(network, levels, box + np.array([move], np.float32), -99.0, 0.0).boxes
        assert abs(moved[[0, 2]].mean() - there[[0, 2]].mean()) < 0.7 * off


def test_the_squares_are_means_of_the_middle_of_a_map():
    maps = np.zeros((1, 2, 8, 8), np.float32)
    maps[0, 0, 1:3, 1:3], maps[0, 1, 5:7, 3:5], maps[0, :, 0], maps[0, :, 7] = 4.0, 2.0, 9.0, 9.0
    means = squares(maps).reshape(3, 3, 2)
    assert means[0, 0].tolist() == [4, 0]
    assert means[2, 1].tolist() == [0, 2]
    assert means.sum() == 6


def test_the_weights_are_what_was_fitted():
    weights = shipped()
    assert weights.head.shape == weights.behind.shape == (865,)
    assert weights.place.shape == (865, 3)


def test_no_candidates_are_no_heads(finder, pictures):
    empty = DetectorPass(np.zeros((0, 15), np.float32), np.zeros((96, 40, 30), np.float32), 1.0, 1.0)
    assert likely_heads(empty).shape == (0, 5)
    assert finder.find(pictures["biden"], (), [empty]) == ()


def test_a_reading_slides_over_a_map_as_if_each_place_were_asked_alone():
    random = np.random.default_rng(3)
    maps, weights = random.normal(size=(96, 7, 6)).astype(np.float32), random.normal(size=865).astype(np.float32)
    for step in (1, 2):
        roomy = np.pad(maps, ((0, 0), (step, step), (step, step)))
        odds = slid(maps, weights, step)
        for row, column in ((0, 0), (3, 2), (6, 5)):
            cells = roomy[:, row : row + 2 * step + 1 : step, column : column + 2 * step + 1 : step]
            alone = cells.transpose(1, 2, 0).ravel() @ weights[:-1] + weights[-1]
            assert odds[row, column] == pytest.approx(alone, abs=1e-3)


def test_a_look_that_was_taken_for_faces_says_where_a_head_is(network, detector, pictures):
    (face,) = detector.find(pictures["biden"])
    rows = likely_heads(network.whole(Levels(pictures["biden"]), 0.3))
    best = rows[rows[:, 4].argmax()]
    assert face.box.left < best[[0, 2]].mean() < face.box.right
    assert face.box.top - face.box.height < best[[1, 3]].mean() < face.box.bottom
