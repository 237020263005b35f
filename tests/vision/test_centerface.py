"""CenterFace: the array decoding equals the plain formula, and looks speak in pixels of the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from consentguard.vision.detection import centerface
from consentguard.vision.detection.centerface import CenterFace, decode, heights, padded
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore


def _maps(seed: int, height: int, width: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    return (
        random.random((1, 1, height, width), np.float32),
        random.normal(1, 0.5, (1, 2, height, width)).astype(np.float32),
        random.random((1, 2, height, width), np.float32),
        random.random((1, 10, height, width), np.float32),
    )


@examples(0.6)
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


def test_looks_at_any_scale_speak_of_the_same_place(model_store: ModelStore, photographs: dict[str, bytes]) -> None:
    network = CenterFace.load(model_store)
    pixels = codec.decode(photographs["obama"], max_edge=2048, max_pixels=10**8).pixels
    for scale in (1.0, 0.5, 0.31):
        surest = network.candidates(Levels(pixels), scale)[0]
        assert np.abs(surest[:4] - (370, 100, 608, 422)).max() < 40
        assert surest[4] > 0.8


def test_a_close_pass_tells_a_face_from_a_tie(model_store: ModelStore, photographs: dict[str, bytes]) -> None:
    network = CenterFace.load(model_store)
    pixels = codec.decode(photographs["obama"], max_edge=2048, max_pixels=10**8).pixels
    boxes = np.array([[370, 100, 608, 422], [420, 500, 560, 700]], np.float32)
    for side, tall, mirror in ((128, 48.0, True), (192, 80.0, False)):
        (face, tie), (seen, _) = network.close_pass(Levels(pixels), boxes, side, tall, mirror=mirror)
        assert face > 0.6
        assert tie < 0.2
        assert np.abs(seen - boxes[0]).max() < 30, "the close pass's own box, mirrored back"
    assert network.close_pass(Levels(pixels), boxes[:0], 128, 48.0, mirror=False)[0].shape == (0,)


def test_a_close_pass_finds_the_face_that_its_box_misplaces(
    model_store: ModelStore, photographs: dict[str, bytes]
) -> None:
    network = CenterFace.load(model_store)
    pixels = codec.decode(photographs["obama"], max_edge=2048, max_pixels=10**8).pixels
    boxes = np.array([[410, 60, 648, 382]], np.float32)
    for mirror in (False, True):
        score, seen = network.close_pass(Levels(pixels), boxes, 192, 80.0, mirror=mirror)
        assert score[0] > 0.6
        assert np.abs(seen[0] - (370, 100, 608, 422)).max() < 30


def test_every_cut_is_asked_about_by_itself(model_store: ModelStore, photographs: dict[str, bytes]) -> None:
    pixels = codec.decode(photographs["obama"], max_edge=700, max_pixels=10**8).pixels
    boxes = np.random.default_rng(1).uniform(0, 300, (11, 4)).astype(np.float32)
    boxes[:, 2:] = boxes[:, :2] + 60
    network = CenterFace.load(model_store)
    together = network.close_pass(Levels(pixels), boxes, 128, 48.0, mirror=False)[0]
    alone = [network.close_pass(Levels(pixels), boxes[i : i + 1], 128, 48.0, mirror=False)[0][0] for i in range(11)]
    np.testing.assert_allclose(together, alone, atol=0.03)  # bfloat16, where the processor has it


def test_a_network_made_for_one_shape_says_the_same(model_store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    network, pixels = CenterFace.load(model_store), np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    boxes = np.array([[20, 20, 90, 110], [150, 100, 180, 140]], np.float32)
    usual = network.head_pass(Levels(pixels), boxes, 192, 80.0, mirror=False)
    assert network._usual is not None
    monkeypatch.setattr(centerface, "_USUAL", 0)
    for one, other in zip(usual, network.head_pass(Levels(pixels), boxes, 192, 80.0, mirror=False), strict=True):
        assert (one == other).all()


def test_cuts_come_in_four_shapes_however_many_there_are() -> None:
    """Each shape that the engine meets keeps 4 MB for each thread."""
    met = set()

    def close(planes: np.ndarray) -> dict[str, np.ndarray]:
        met.add(planes.shape)
        count, _, side, _ = planes.shape
        channels = {"537": (1, 4), "538": (2, 4), "539": (2, 4), "540": (10, 4), "474": (96, 16)}
        return {
            name: np.zeros((count, deep, side // step, side // step), np.float32)
            for name, (deep, step) in channels.items()
        }

    network = CenterFace(close, close, lambda: close, "fake")  # type: ignore[arg-type, return-value]
    boxes = np.tile(np.array([[10, 10, 50, 60]], np.float32), (13, 1))
    for side in (64, 96, 128, 192):
        for count in range(14):
            network.head_pass(Levels(np.zeros((90, 90, 3), np.uint8)), boxes[:count], side, side / 2, mirror=False)
    assert len(met) == 4


def test_looks_are_padded_to_few_shapes() -> None:
    assert padded(683, 1024) == (704, 1024)
    assert padded(100, 33) == (128, 64)
    assert len({padded(height, 1280) for height in range(640, 960)}) == 6


def test_a_close_pass_at_the_rim_sees_black_beyond_it(model_store: ModelStore) -> None:
    boxes = np.array([[-30, -30, 10, 10], [90, 90, 140, 140], [300, 500, 380, 600]], np.float32)
    wall, network = np.zeros((100, 100, 3), np.uint8), CenterFace.load(model_store)
    assert network.close_pass(Levels(wall), boxes, 128, 48.0, mirror=True)[0].max() < 0.1


def test_a_height_comes_from_the_area() -> None:
    assert heights(np.array([[0, 0, 40, 40]], np.float32)).tolist() == [46.0]
