"""One suite for every embedder. The real package has to be installed to pass it; where it is not, it must say so."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from consentguard.consent.recognition.plda import Population
from consentguard.errors import ModelUnavailable
from consentguard.values import Box, Face, Pixels
from consentguard.vision.detection.detector import Detector
from consentguard.vision.embedding.arcface import KINDS
from consentguard.vision.embedding.embedder import EMBEDDERS, DlibResnet, Embedder, steady
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore


def _is_here(name: str) -> bool:
    return any(kind.name == name and (ModelStore.default().folder / kind.file).is_file() for kind in KINDS)


REAL_PACKAGE = importlib.util.find_spec("face_recognition") is not None
HERE = [
    name
    for name in EMBEDDERS
    if (REAL_PACKAGE if name == "face_recognition" else name == "dlib_resnet" or _is_here(name))
]

NEAR, FAR = 0.40, 0.6
"""Distances of dlib's embeddings: one person, and two by face_recognition's own rule."""


@pytest.fixture(scope="module", params=HERE)
def embedder(request: pytest.FixtureRequest, model_store: ModelStore) -> Embedder:
    return EMBEDDERS[request.param](model_store)


@pytest.fixture(scope="module")
def seen(photographs: dict[str, bytes], detector: Detector) -> dict[str, tuple[Pixels, tuple[Face, ...]]]:
    pictures = {
        name: codec.decode(photographs[name], max_edge=1200, max_pixels=10**8).pixels
        for name in ("obama", "obama2", "obama3", "biden")
    }
    return {name: (pixels, detector.find(pixels)) for name, pixels in pictures.items()}


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one[0] - other[0]))


def test_it_names_itself_and_what_is_known_about_it(embedder: Embedder) -> None:
    assert "@" in embedder.label
    population = Population.shipped(embedder.population)
    assert population is None or population.transform.shape[0] == embedder.dimension


def test_one_row_a_face_and_none_for_nobody(
    embedder: Embedder, seen: dict[str, tuple[Pixels, tuple[Face, ...]]]
) -> None:
    pixels, faces = seen["obama"]
    once = embedder.embed(pixels, faces)
    assert once.dtype == np.float32
    assert once.shape == (1, embedder.dimension)
    assert np.isfinite(once).all()
    thrice = embedder.embed(pixels, faces * 3)
    np.testing.assert_allclose(thrice, np.repeat(once, 3, axis=0), atol=1e-5)
    assert embedder.embed(pixels, ()).shape == (0, embedder.dimension)


def test_photos_of_one_person_are_nearer_than_the_threshold_and_of_two_far(
    embedder: Embedder, seen: dict[str, tuple[Pixels, tuple[Face, ...]]]
) -> None:
    of = {name: embedder.embed(*look) for name, look in seen.items()}
    assert _distance(of["obama"], of["obama2"]) < NEAR
    assert _distance(of["obama"], of["obama3"]) < NEAR
    for name in ("obama", "obama2", "obama3"):
        assert _distance(of[name], of["biden"]) > FAR


def test_the_picture_stays_as_it_was(embedder: Embedder, seen: dict[str, tuple[Pixels, tuple[Face, ...]]]) -> None:
    pixels, faces = seen["biden"]
    before = pixels.copy()
    embedder.embed(pixels, faces)
    assert (before == pixels).all()


def test_a_box_without_a_face_matches_nobody(
    embedder: Embedder, seen: dict[str, tuple[Pixels, tuple[Face, ...]]]
) -> None:
    pixels, faces = seen["obama"]
    wall = np.full((300, 300, 3), 90, np.uint8)
    nothing = embedder.embed(wall, [Face(Box(100, 100, 160, 180), 0.5)])
    distance = _distance(nothing, embedder.embed(pixels, faces))
    assert np.isnan(distance) or distance > NEAR


def test_a_box_far_outside_the_picture_is_no_crash(model_store: ModelStore) -> None:
    found = DlibResnet.load(model_store).embed(
        np.zeros((64, 64, 3), np.uint8), [Face(Box(5000, 5000, 5100, 5100), 0.5)]
    )
    assert np.isnan(found).all()


@pytest.mark.skipif(REAL_PACKAGE, reason="the real package is installed here, and passes the suite above")
def test_the_real_package_says_how_to_get_it(model_store: ModelStore) -> None:
    with pytest.raises(ModelUnavailable, match=r"\[face_recognition\]"):
        EMBEDDERS["face_recognition"](model_store)


def test_the_main_path_imports_neither_dlib_nor_the_package(model_store: ModelStore) -> None:
    """A whole comparison in a fresh process, and then a look at what it loaded."""
    program = (
        "import sys, numpy as np\n"
        "from consentguard.values import Box, Face\n"
        "from consentguard.vision.embedding.embedder import EMBEDDERS\n"
        "from consentguard.vision.models.store import ModelStore\n"
        "from pathlib import Path\n"
        f"found = EMBEDDERS['dlib_resnet'](ModelStore(Path({str(model_store.folder)!r})))\n"
        "found.embed(np.zeros((200, 200, 3), np.uint8), [Face(Box(50, 50, 120, 120), 0.9)])\n"
        "print([name for name in ('dlib', 'face_recognition', 'face_recognition_models') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_steady_is_the_mean_with_the_mirror_images_and_the_same_for_both(
    embedder: Embedder, seen: dict[str, tuple[Pixels, tuple[Face, ...]]]
) -> None:
    pixels, faces = seen["obama"]
    once = steady(embedder, pixels, faces)
    assert once.shape == (1, embedder.dimension)
    assert once.dtype == np.float32
    width = pixels.shape[1]
    face = faces[0]
    marks = tuple((width - 1 - face.landmarks[i][0], face.landmarks[i][1]) for i in (1, 0, 2, 4, 3))
    mirrored = Face(Box(width - face.box.right, face.box.top, width - face.box.left, face.box.bottom), 0.9, marks)
    again = steady(embedder, np.ascontiguousarray(pixels[:, ::-1]), [mirrored])
    np.testing.assert_allclose(once, again, atol=1e-5)
    assert _distance(once, embedder.embed(pixels, faces)) < NEAR
    assert steady(embedder, pixels, ()).shape == (0, embedder.dimension)
