"""One suite for every detector: whoever joins DETECTORS has to pass it."""

import numpy as np
import pytest

from consentguard.values import Box, Face
from consentguard.vision.detection.detector import DETECTORS, Detector
from consentguard.vision.detection.yunet import as_rows
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore, manifest

HERE = [name for name in sorted(DETECTORS) if name != "yunet" or ModelStore.default().holds(manifest()["yunet"])]


@pytest.fixture(scope="module", params=HERE)
def any_detector(request: pytest.FixtureRequest, model_store: ModelStore) -> Detector:
    return DETECTORS[request.param](model_store)


def test_yunets_answer_becomes_rows_in_the_pictures_pixels() -> None:
    """OpenCV documents x, y, width, height, ten landmark numbers and the score, in pixels of what it was given."""
    found = np.arange(1, 16, dtype=np.float32)[None]
    (row,) = as_rows(found, 2.0, 10.0)
    assert row.tolist() == [2, 20, 8, 60, 15, 10, 60, 14, 80, 18, 100, 22, 120, 26, 140]
    assert as_rows(None, 1.0, 1.0).shape == (0, 15)


def test_it_names_itself_and_its_limit(any_detector: Detector) -> None:
    assert "@" in any_detector.label
    assert 1 <= any_detector.smallest_face <= 20


def test_it_finds_the_same_face_twice_the_same(any_detector: Detector, photographs: dict[str, bytes]) -> None:
    pixels = codec.decode(photographs["obama"], max_edge=1024, max_pixels=10**8).pixels
    first, second = any_detector.find(pixels), any_detector.find(pixels)
    assert len(first) == 1
    assert first == second
    assert first[0].box.within(pixels.shape[1], pixels.shape[0])


def test_its_passes_agree_with_what_it_finds(any_detector: Detector, photographs: dict[str, bytes]) -> None:
    """The guard asks for the first pass and for the second one, finest and coarser."""
    pixels = codec.decode(photographs["obama"], max_edge=1024, max_pixels=10**8).pixels
    (face,), _ = any_detector.search(pixels, 20)
    for finest in (True, False):
        (again,) = any_detector.find_upright(pixels, 20, finest=finest)
        assert again.box.iou(face.box) > 0.5


def test_it_leaves_the_picture_as_it_was(any_detector: Detector) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    before = pixels.copy()
    any_detector.find(pixels)
    assert (pixels == before).all()


def test_it_finds_a_face_of_its_smallest_size_and_more(any_detector: Detector, photographs: dict[str, bytes]) -> None:
    """Heights from the policy's smallest face to one that fills the frame."""
    picture = codec.decode(photographs["obama"], max_edge=1137, max_pixels=10**8)
    face_height = 320
    for wanted in (20, 40, 80, 160, 320):
        factor = wanted / face_height
        small = codec.decode(codec.encode_png(picture.pixels), max_edge=round(1137 * factor), max_pixels=10**8).pixels
        canvas = np.full((max(small.shape[0], 400), max(small.shape[1], 400), 3), 128, np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        expected = Box.covering(*(side * factor for side in (370, 105, 605, 425)))
        found: tuple[Face, ...] = any_detector.find(canvas)
        assert any(face.box.iou(expected) > 0.4 for face in found), f"{wanted} px: {found}"
