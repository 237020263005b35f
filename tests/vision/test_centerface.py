"""CenterFace: the array decoding equals the plain formula, and the detector finds the faces of real photographs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentguard.values import Box
from consentguard.vision import codec
from consentguard.vision.centerface import CenterFace, decode


def _maps(seed: int, height: int, width: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    return (
        random.random((1, 1, height, width), np.float32),
        random.normal(1, 0.5, (1, 2, height, width)).astype(np.float32),
        random.random((1, 2, height, width), np.float32),
        random.random((1, 10, height, width), np.float32),
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(1, 6), width=st.integers(1, 6))
def test_decoding_equals_the_formula_cell_by_cell(seed: int, height: int, width: int) -> None:
    """The formula of facts on the model: h, w = 4 exp(size), centre = 4 (cell + offset + 0.5)."""
    scores, sizes, offsets, points = _maps(seed, height, width)
    expected = []
    for row in range(height):
        for column in range(width):
            if scores[0, 0, row, column] < 0.5:
                continue
            tall, wide = 4 * np.exp(sizes[0, :, row, column])
            y, x = 4 * (np.array([row, column]) + offsets[0, :, row, column] + 0.5)
            left, top = x - wide / 2, y - tall / 2
            marks = points[0, :, row, column]
            places = [value for i in range(5) for value in (left + marks[2 * i + 1] * wide, top + marks[2 * i] * tall)]
            expected.append([left, top, left + wide, top + tall, scores[0, 0, row, column], *places])
    got = decode(scores, sizes, offsets, points, 0.5)
    assert got.shape == (len(expected), 15)
    if expected:
        np.testing.assert_allclose(got, np.array(expected, np.float32), rtol=1e-4, atol=1e-3)


FACES = {
    # photograph: brow to chin, cheek to cheek, read off the picture by eye, in source pixels
    "obama": Box(370, 105, 605, 425),
    "biden": Box(425, 165, 715, 580),
    "obama2": Box(190, 220, 470, 650),
    "obama3": Box(645, 265, 910, 615),
}


@pytest.mark.parametrize("name", FACES)
def test_the_face_of_a_photograph_is_found_once(name: str, photographs: dict[str, bytes], detector: CenterFace) -> None:
    picture = codec.decode(photographs[name], max_edge=2048, max_pixels=10**8)
    (face,) = detector.find(picture.pixels)
    assert picture.in_source(face.box).iou(FACES[name]) > 0.7
    eye, other_eye, nose, mouth, other_mouth = face.landmarks
    assert eye[0] < nose[0] < other_eye[0]
    assert mouth[0] < other_mouth[0]
    assert max(eye[1], other_eye[1]) < nose[1] < min(mouth[1], other_mouth[1])


@pytest.mark.parametrize("name", ["partial", "partial2"])
def test_a_face_cut_by_the_frame_is_found(name: str, photographs: dict[str, bytes], detector: CenterFace) -> None:
    picture = codec.decode(photographs[name], max_edge=2048, max_pixels=10**8)
    assert detector.find(picture.pixels)


def test_an_empty_wall_has_no_face(detector: CenterFace) -> None:
    assert detector.find(np.full((480, 640, 3), 200, np.uint8)) == ()


def test_any_size_can_be_looked_at(detector: CenterFace) -> None:
    for shape in ((32, 32), (33, 65), (32, 700), (511, 40)):
        assert detector.find(np.zeros((*shape, 3), np.uint8)) == ()


def test_a_face_moved_to_the_rim_is_found_at_the_rim(photographs: dict[str, bytes], detector: CenterFace) -> None:
    pixels = codec.decode(photographs["obama"], max_edge=700, max_pixels=10**8).pixels
    cut = np.ascontiguousarray(pixels[:, 250:])
    (face,) = detector.find(cut)
    assert face.box.left < 20
