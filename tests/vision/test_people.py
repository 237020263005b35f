from __future__ import annotations

import cv2
import numpy as np
import pytest

from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face, Head
from consentguard.vision.detection import people as finding
from consentguard.vision.detection.people import PeopleFinder, body_box, core_of
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore
from consentguard.vision.rewrite import head_box
from consentguard.vision.rewrite.cells import person_cells

NAMES = ["obama", "obama2", "obama3", "biden", "partial", "partial2"]


@pytest.fixture(scope="module")
def finder(model_store) -> PeopleFinder:
    return PeopleFinder.load(model_store)


@pytest.fixture(scope="module")
def pictures(photographs):
    return {name: codec.decode(photographs[name], max_edge=1000, max_pixels=10**8).pixels for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_face_has_a_person_that_holds_it(finder, detector, pictures, name):
    pixels = pictures[name]
    height, width = pixels.shape[:2]
    faces = detector.find(pixels)
    people = finder.find(pixels, faces, ())
    assert faces
    assert [person.head for person in people[: len(faces)]] == list(faces)
    for face, person in zip(faces, people, strict=False):
        seen = face.box.within(width, height)
        assert person.box.overlap(seen) == seen.area
        assert person.box == person.box.within(width, height)
        assert person.box.area > 1.5 * seen.area


@pytest.mark.parametrize("name", ["obama", "biden"])
def test_somebody_large_and_whole_has_an_extent_around_the_face(finder, detector, pictures, name):
    pixels = pictures[name]
    faces = detector.find(pixels)
    largest = max(faces, key=lambda face: face.box.area)
    (person,) = [one for one in finder.find(pixels, faces, ()) if one.head == largest]
    extent = person.extent
    assert extent is not None
    x = (largest.box.left + largest.box.right) / 2
    y = (largest.box.top + largest.box.bottom) / 2
    row, column = int(y / extent.grain) - extent.row, int(x / extent.grain) - extent.column
    assert extent.sure[row, column] == 255
    core, (high, wide) = core_of(largest), np.nonzero(extent.sure == 255)
    assert (extent.column + wide.min() + 2) * extent.grain > core.left
    assert (extent.column + wide.max() - 1) * extent.grain < core.right
    assert (extent.row + high.min() + 2) * extent.grain > core.top
    assert (extent.row + high.max() - 1) * extent.grain < core.bottom
    rows, columns = extent.sure.shape
    assert (extent.row + rows - 1) * extent.grain < pixels.shape[0]
    assert (extent.column + columns - 1) * extent.grain < pixels.shape[1]
    assert person_cells(extent).mean() < 0.9  # and something is nobody's


@pytest.mark.parametrize(("height", "views"), [(70, 1), (160, 2)])
def test_a_second_view_is_read_of_large_people_only(finder, detector, pictures, monkeypatch, height, views):
    """Of somebody whom the pose detector saw, and whom the first view fits."""
    (face,) = detector.find(pictures["biden"])
    factor = height / head_box(face).height
    pixels = cv2.resize(pictures["biden"], None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    read, asked = finder._pose.read, []

    def counted(*view, **how):
        asked.append(how)
        return read(*view, **how)

    monkeypatch.setattr(finder._pose, "read", counted)
    (person,) = finder.find(pixels, detector.find(pixels), ())
    assert person.extent is not None
    assert asked.count({}) == views  # without the mask others are looked at, of whom no head was found


def test_faces_and_then_heads_have_their_bodies(finder, pictures):
    pixels = np.zeros_like(pictures["obama"])
    face, head = Face(Box(20, 40, 60, 90), 0.9), Head(Box(300, 100, 380, 200), 0.8, from_behind=True)
    people = finder.find(pixels, [face], [head])
    assert [person.head for person in people] == [face, head]
    assert people[1].box.overlap(head.box) == head.box.area
    assert all(person.extent is None for person in people)  # nothing is there to be read


def test_a_head_cut_by_the_frame_has_a_person_and_one_outside_has_none(finder):
    pixels = np.zeros((200, 200, 3), np.uint8)
    cut_off, outside = Head(Box(-30, -20, 40, 60), 0.8, from_behind=False), Head(Box(300, 0, 360, 70), 0.8, False)
    (person,) = finder.find(pixels, (), [cut_off, outside])
    assert person.head == cut_off
    assert person.box == person.box.within(200, 200)
    assert (person.box.left, person.box.top) == (0, 0)


def test_tiny_heads_get_a_body_by_geometry(finder):
    face = Face(Box(100, 100, 108, 110), 0.9)
    (person,) = finder.find(np.zeros((300, 300, 3), np.uint8), [face], ())
    head = head_box(face)
    assert person.box == body_box(head).within(300, 300)
    assert person.box.height >= 7 * head.height


def test_somebody_whose_face_was_not_found_is_a_person_all_the_same(finder, pictures):
    people = finder.find(pictures["biden"], (), ())
    assert people
    assert all(person.head is None for person in people)


def test_of_somebody_without_a_head_all_that_was_read_is_theirs_however_well_it_fits(finder, pictures, monkeypatch):
    pixels = pictures["biden"]
    usual = finder.find(pixels, (), ())[0]
    monkeypatch.setattr(finding, "fits", lambda *_: False)
    assert finder.find(pixels, (), ())[0] == usual
    monkeypatch.setattr(finding, "area", lambda reading: 0.0)  # as if nothing of them was read
    trunk = finder.find(pixels, (), ())[0]
    assert trunk.extent is not None
    assert trunk.box != usual.box
    assert set(np.unique(trunk.extent.sure)) == {0, 250}


def test_the_same_picture_gives_the_same_people_and_stays_as_it_was(finder, detector, pictures):
    pixels = pictures["partial2"].copy()
    before = pixels.copy()
    faces = detector.find(pixels)
    assert finder.find(pixels, faces, ()) == finder.find(pixels, faces, ())
    assert (pixels == before).all()


def test_missing_weights_name_the_remedy(tmp_path):
    with pytest.raises(ModelUnavailable, match="models pull"):
        PeopleFinder.load(ModelStore(tmp_path))
