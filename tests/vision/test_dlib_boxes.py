"""The mapping from CenterFace's faces to dlib's boxes, on faces that both detectors found in the golden photographs.

CenterFace's part was written down from consentguard's own detector at its default scales; HOG's is the golden file's.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.values import Box, Face
from consentguard.vision.embedding.dlib.boxes import dlib_box

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/face_recognition-1.3.0.json").read_text("utf-8"))
HOG = {photo["file"]: photo["faces"][0]["css"] for photo in GOLDEN["photos"]}
CENTERFACE = {
    "biden.jpg": Face(
        Box(412, 155, 732, 588),
        0.885,
        ((530.9, 314.2), (675.3, 347.9), (597.8, 415.7), (504.2, 462.3), (627.3, 489.8)),
    ),
    "obama.jpg": Face(
        Box(371, 95, 612, 426),
        0.947,
        ((436.0, 219.5), (556.3, 213.9), (500.6, 275.3), (442.2, 331.7), (547.3, 326.8)),
    ),
    "obama2.jpg": Face(
        Box(189, 228, 475, 644),
        0.884,
        ((249.8, 370.3), (381.6, 389.8), (289.8, 453.1), (241.8, 516.7), (355.3, 531.4)),
    ),
    "obama3.jpg": Face(
        Box(645, 257, 914, 615),
        0.902,
        ((736.4, 378.8), (865.3, 389.2), (805.8, 450.8), (734.2, 509.9), (842.4, 518.9)),
    ),
    "obama_partial_face2.jpg": Face(
        Box(385, 78, 565, 442),
        0.899,
        ((433.7, 213.5), (547.2, 205.6), (500.2, 277.5), (436.9, 339.1), (537.2, 332.6)),
    ),
}


@pytest.mark.parametrize("landmarks", [True, False])
@pytest.mark.parametrize("photo", CENTERFACE)
def test_lands_where_hog_does_and_not_lower(photo: str, landmarks: bool) -> None:
    face = CENTERFACE[photo]
    top, right, bottom, left = HOG[photo]
    hog = Box(left, top, right + 1, bottom + 1)
    box = dlib_box(face if landmarks else Face(face.box, face.score))
    assert box.width == box.height
    assert box.iou(hog) > 0.55
    down = (box.top + box.bottom - hog.top - hog.bottom) / 2 / hog.height
    assert -0.2 < down < 0.1


@given(
    st.integers(-500, 5000),
    st.integers(-500, 5000),
    st.sampled_from([0.25, 1.0, 3.0]),
    st.booleans(),
)
def test_moves_and_grows_with_the_face(right: int, down: int, scale: float, landmarks: bool) -> None:
    face = CENTERFACE["obama.jpg"]
    points = tuple((x * scale + right, y * scale + down) for x, y in face.landmarks) if landmarks else ()
    box = Box.covering(*(edge * scale + by for edge, by in zip(face.box.as_list(), (right, down) * 2, strict=True)))
    here = dlib_box(face if landmarks else Face(face.box, face.score))
    there = dlib_box(Face(box, face.score, points))
    expected = [edge * scale + by for edge, by in zip(here.as_list(), (right, down) * 2, strict=True)]
    assert there.as_list() == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("landmarks", [((5.0, 5.0),) * 5, ()])
def test_the_smallest_face_still_has_a_box(landmarks: tuple[tuple[float, float], ...]) -> None:
    box = dlib_box(Face(Box(5, 5, 6, 6), 1.0, landmarks))
    assert box.width == box.height == 3
