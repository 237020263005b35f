"""ArcFace-style networks: the real loading code, on a small network that is made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face, Pixels
from consentguard.vision.detection.detector import Detector
from consentguard.vision.embedding.align import SIDE, aligned
from consentguard.vision.embedding.arcface import KINDS, ArcFace, ArcFaceFamily
from consentguard.vision.embedding.dlib.onnx_writer import Graph
from consentguard.vision.embedding.embedder import EMBEDDERS
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

DIMENSION = 16


def _network(seed: int = 1, shape: tuple[int, ...] = (1, 3, SIDE, SIDE)) -> bytes:
    """A convolution with stride 16, then a random projection: reads every pixel, means nothing."""
    random = np.random.default_rng(seed)
    graph = Graph("small")
    image = graph.input("image", np.float32, shape)
    weights = graph.constant("w", random.normal(0, 0.01, (4, 3, 16, 16)).astype(np.float32))
    blocks = graph.node("Conv", [image, weights], "blocks", strides=[16, 16])
    flat = graph.node("Flatten", [blocks], "flat")
    turn = graph.constant("turn", random.normal(0, 1, (4 * 7 * 7, DIMENSION)).astype(np.float32))
    graph.node("MatMul", [flat, turn], "embedding")
    graph.output("embedding", np.float32, (shape[0], DIMENSION))
    return graph.to_bytes()


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> ArcFaceFamily:
    return request.param


@pytest.fixture
def bring(tmp_path: Path, kind: ArcFaceFamily) -> Callable[[bytes], ArcFace]:
    def load(data: bytes) -> ArcFace:
        (tmp_path / kind.file).write_bytes(data)
        embedder = EMBEDDERS[kind.name](ModelStore(tmp_path))
        assert isinstance(embedder, ArcFace)
        return embedder

    return load


@pytest.fixture(scope="module")
def obama(photographs: dict[str, bytes], detector: Detector) -> tuple[Pixels, tuple[Face, ...]]:
    pixels = codec.decode(photographs["obama"], max_edge=800, max_pixels=10**8).pixels
    return pixels, detector.find(pixels)


def test_a_file_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, kind: ArcFaceFamily) -> None:
    with pytest.raises(ModelUnavailable, match=rf"{kind.file}: {kind.name} is not here .*dlib_resnet"):
        EMBEDDERS[kind.name](ModelStore(tmp_path))


def test_it_describes_a_real_face_by_a_direction(
    bring: Callable[[bytes], ArcFace], obama: tuple[Pixels, tuple[Face, ...]]
) -> None:
    embedder = bring(_network())
    assert embedder.dimension == DIMENSION
    found = embedder.embed(obama[0], obama[1] * 2)
    assert (found.shape, found.dtype) == ((2, DIMENSION), np.dtype(np.float32))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found[0], found[1])
    assert embedder.embed(obama[0], ()).shape == (0, DIMENSION)


def test_the_network_gets_the_aligned_face_in_its_own_scale(
    bring: Callable[[bytes], ArcFace], kind: ArcFaceFamily, obama: tuple[Pixels, tuple[Face, ...]]
) -> None:
    """The network is linear, so what it was given can be worked out beside it."""
    random = np.random.default_rng(1)
    weights = random.normal(0, 0.01, (4, 3, 16, 16)).astype(np.float32)
    turn = random.normal(0, 1, (4 * 7 * 7, DIMENSION)).astype(np.float32)
    planes = (
        (aligned(obama[0], obama[1][0]) - np.array(kind.mean, np.float32)) / np.array(kind.scale, np.float32)
    ).transpose(2, 0, 1)
    blocks = planes.reshape(3, 7, 16, 7, 16)
    expected = np.einsum("cyixj,fcij->fyx", blocks, weights).reshape(-1) @ turn
    (found,) = bring(_network()).embed(obama[0], obama[1])
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=2e-4)


def test_a_table_beside_the_file_says_what_it_wants(
    bring: Callable[[bytes], ArcFace], tmp_path: Path, kind: ArcFaceFamily, obama: tuple[Pixels, tuple[Face, ...]]
) -> None:
    usual = bring(_network(shape=(1, 3, SIDE, SIDE)))
    beside = (tmp_path / kind.file).with_suffix(".toml")
    beside.write_text('mean = [10.0, 20.0, 30.0]\nscale = 2\norder = "BGR"\nbatch = 4\n', "utf-8")
    other = bring(_network(shape=(4, 3, SIDE, SIDE)))
    assert usual.label != other.label  # what is described otherwise is never compared
    pixels, faces = obama
    square = np.float32(aligned(pixels, faces[0])[:, :, ::-1])
    random = np.random.default_rng(1)
    weights = random.normal(0, 0.01, (4, 3, 16, 16)).astype(np.float32)
    turn = random.normal(0, 1, (4 * 7 * 7, DIMENSION)).astype(np.float32)
    planes = ((square - np.array([10, 20, 30], np.float32)) / 2).transpose(2, 0, 1)
    expected = np.einsum("cyixj,fcij->fyx", planes.reshape(3, 7, 16, 7, 16), weights).reshape(-1) @ turn
    found = other.embed(pixels, faces * 5)  # two calls, the second of one face
    np.testing.assert_allclose(found, np.tile(expected / np.linalg.norm(expected), (5, 1)), atol=2e-4)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("scale = 0", "scale: must be over 0"),
        ("mean = [1, 2]", "mean: must be one finite number, or three"),
        ("mean = 'x'", "mean: must be one number, or three"),
        ("order = 'GRB'", "neither RGB nor BGR"),
        ("batch = 0", "batch: must be from 1 to 64"),
        ("batch = true", "batch a whole number"),
        ("size = 112", "size: is no key of it"),
        ("mean", "Expected"),
    ],
)
def test_a_table_that_cannot_be_meant_is_named(
    bring: Callable[[bytes], ArcFace], tmp_path: Path, kind: ArcFaceFamily, text: str, reason: str
) -> None:
    (tmp_path / kind.file).with_suffix(".toml").write_text(text, "utf-8")
    with pytest.raises(ModelUnavailable, match=rf"\.toml: .*{reason}"):
        bring(_network())


def test_another_file_is_another_embedder(bring: Callable[[bytes], ArcFace]) -> None:
    assert bring(_network(1)).label != bring(_network(2)).label


@pytest.mark.parametrize("data", [b"", b"not a network", _network()[:200]])
def test_a_file_that_is_no_network_is_refused(bring: Callable[[bytes], ArcFace], data: bytes) -> None:
    with pytest.raises(ModelUnavailable):
        bring(data)


def test_a_network_of_another_size_is_refused(bring: Callable[[bytes], ArcFace]) -> None:
    with pytest.raises(ModelUnavailable):
        bring(_network(shape=(1, 3, 96, 96)))


def test_a_face_without_landmarks_or_outside_the_picture_is_not_described(
    bring: Callable[[bytes], ArcFace], obama: tuple[Pixels, tuple[Face, ...]]
) -> None:
    embedder = bring(_network())
    marks = tuple((x + 5000, y + 5000) for x, y in obama[1][0].landmarks)
    nowhere = [Face(Box(10, 10, 60, 80), 0.9), Face(Box(5000, 5000, 5060, 5080), 0.9, marks),
               Face(Box(10, 10, 60, 80), 0.9, ((30.0, 30.0),) * 5)]  # fmt: skip
    assert np.isnan(embedder.embed(obama[0], nowhere)).all()


def test_faces_are_laid_on_the_template(obama: tuple[Pixels, tuple[Face, ...]]) -> None:
    """Five points that are the template itself, moved, turned and enlarged, come back to it."""
    from consentguard.vision.embedding.align import _TEMPLATE

    angle, scale = 0.4, 2.5
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = _TEMPLATE @ turn.T + (180, 40)
    canvas = np.zeros((500, 500, 3), np.uint8)
    for x, y in points:
        canvas[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] = 255
    square = aligned(canvas, Face(Box(0, 0, 400, 400), 0.9, tuple((float(x), float(y)) for x, y in points)))
    for x, y in _TEMPLATE:
        assert square[round(y), round(x)].min() > 200
    assert square.mean() < 30
