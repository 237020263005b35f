"""One suite for every detector: whoever joins DETECTORS has to pass it."""

import cv2
import numpy as np
import pytest

from consentguard.values import Box, Face
from consentguard.vision.detection.detector import DETECTORS, Detector
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.detection.yunet import YuNet, decode
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore, manifest


@pytest.fixture(scope="module", params=sorted(DETECTORS))
def any_detector(request: pytest.FixtureRequest, model_store: ModelStore) -> Detector:
    return DETECTORS[request.param](model_store)


def test_yunets_answer_becomes_rows_in_the_pixels_it_was_given() -> None:
    """Against OpenCV's own decoding of the same file, which stretches nothing here: the sides are multiples of 32."""
    card, model_store = manifest()["yunet"], ModelStore.default()
    pixels = np.array(codec.decode((model_store.folder / "photographs/obama.jpg").read_bytes(), max_edge=800).pixels)
    pixels = np.ascontiguousarray(pixels[: pixels.shape[0] // 32 * 32, : pixels.shape[1] // 32 * 32])
    height, width = pixels.shape[:2]
    data, nothing = np.frombuffer(model_store.read(card), np.uint8), np.empty(0, np.uint8)
    theirs = cv2.FaceDetectorYN.create("onnx", data, nothing, (width, height), 0.6, 0.3)
    (expected,) = theirs.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1]
    (row,) = YuNet.load(model_store).candidates(Levels(pixels), 1.0, 0.6)
    expected[2:4] += expected[:2]
    np.testing.assert_allclose(row, [*expected[:4], expected[14], *expected[4:14]], atol=3, rtol=0)


def test_a_cell_says_where_its_face_is() -> None:
    """The sixth cell of a pass four cells wide is the second of the second row."""
    scores, boxes, points = np.zeros(12, np.float32), np.zeros((12, 4), np.float32), np.zeros((12, 10), np.float32)
    scores[5], boxes[5], points[5] = 0.64, (0.5, 0.25, np.log(2), np.log(4)), 1.0
    (row,) = decode(scores, np.ones(12, np.float32), boxes, points, 8, 32, 0.5)
    np.testing.assert_allclose(row, [4, -6, 20, 26, 0.8, *[16] * 10], atol=1e-5)


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
