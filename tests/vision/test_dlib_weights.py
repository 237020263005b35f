"""The real weights: equal to face_recognition 1.3.0 on its own photographs, and no crash on harmed files.

The golden numbers were made by tests/golden/make_face_recognition.py, whose first lines say how.
"""

import hashlib
import io
import json
import os
import random
import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from PIL import Image

from consentguard.errors import ModelUnavailable
from consentguard.values import Box
from consentguard.vision.embedding.dlib import landmarks as landmarks_module
from consentguard.vision.embedding.dlib.chip import face_chip
from consentguard.vision.embedding.dlib.landmarks import ShapePredictor
from consentguard.vision.embedding.dlib.network import read_network
from consentguard.vision.embedding.dlib.packed import PackedReader, integers

NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
PREDICTOR = "shape_predictor_5_face_landmarks.dat"
ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests/golden/face_recognition-1.3.0.json").read_text("utf-8"))
TOLERANCE = 1e-3


@cache
def stored_bytes(file: str) -> bytes:
    path = Path(os.environ.get("CONSENTGUARD_MODELS") or ROOT / "models") / file
    if not path.is_file():
        pytest.fail(f"{path} is missing: run `consentguard models pull`, or name its folder in CONSENTGUARD_MODELS")
    return path.read_bytes()


@cache
def predictor() -> ShapePredictor:
    return ShapePredictor.read(stored_bytes(PREDICTOR), PREDICTOR)


@cache
def network() -> bytes:
    return read_network(stored_bytes(NETWORK), NETWORK)


@cache
def compiled() -> openvino.CompiledModel:
    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    return core.compile_model(core.read_model(network()), "CPU", settings)


def embed(chips: np.ndarray) -> np.ndarray:
    return compiled().create_infer_request().infer({"chips": chips})["embeddings"].copy()


@cache
def photograph(file: str) -> np.ndarray:
    data = stored_bytes(f"photographs/{file}")
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))


GOLDEN_FACES = [
    pytest.param(photo, face, id=f"{photo['file']}-{number}")
    for photo in GOLDEN["photos"]
    for number, face in enumerate(photo["faces"])
]


def box_of(face: dict) -> Box:
    top, right, bottom, left = face["css"]
    return Box(left, top, right + 1, bottom + 1)


# ------------------------------------------------------------------------------------------------------------- golden


def test_the_golden_photographs_are_these() -> None:
    assert len(GOLDEN["photos"]) == 6
    for photo in GOLDEN["photos"]:
        data = stored_bytes(f"photographs/{photo['file']}")
        assert hashlib.sha256(data).hexdigest() == photo["sha256"]
        assert photo["faces"]


@pytest.mark.parametrize(("photo", "face"), GOLDEN_FACES)
def test_landmarks_equal_dlibs(photo: dict, face: dict) -> None:
    assert predictor().landmarks(photograph(photo["file"]), box_of(face)).tolist() == face["landmarks"]


@pytest.mark.parametrize(("photo", "face"), GOLDEN_FACES)
def test_embeddings_equal_face_recognitions(photo: dict, face: dict) -> None:
    pixels = photograph(photo["file"])
    chip = face_chip(pixels, predictor().landmarks(pixels, box_of(face)))
    assert np.linalg.norm(embed(chip[np.newaxis])[0] - face["embedding"]) < TOLERANCE


# ------------------------------------------------------------------------------------------------------------ network


def test_the_graph_is_dynamic_in_its_batch_and_blind_to_neighbours() -> None:
    chips = np.random.default_rng(1).integers(0, 256, (7, 150, 150, 3), dtype=np.uint8)
    together = embed(chips)
    assert together.shape == (7, 128)
    assert together.dtype == np.float32
    one_by_one = np.concatenate([embed(chip[np.newaxis]) for chip in chips])
    assert np.abs(together - one_by_one).max() < 1e-5


def test_the_same_file_gives_the_same_graph() -> None:
    again = read_network(stored_bytes(NETWORK), "another name")
    assert hashlib.sha256(again).digest() == hashlib.sha256(network()).digest()


# ---------------------------------------------------------------------------------------------------------- predictor


def test_a_picture_need_not_lie_in_one_piece_nor_be_writable() -> None:
    pixels = photograph("obama.jpg")
    wide = np.zeros((pixels.shape[0], pixels.shape[1] * 2, 3), np.uint8)
    wide[:, ::2] = pixels
    box = box_of(GOLDEN["photos"][1]["faces"][0])
    view = wide[:, ::2]
    view.flags.writeable = False
    assert np.array_equal(predictor().landmarks(view, box), predictor().landmarks(pixels, box))


def test_threads_share_one_predictor() -> None:
    cases = [(photograph(photo["file"]), face) for photo in GOLDEN["photos"] for face in photo["faces"]]
    wrong = []

    def work(start: int) -> None:
        for pixels, face in cases[start:] + cases[:start]:
            if predictor().landmarks(pixels, box_of(face)).tolist() != face["landmarks"]:
                wrong.append(face["css"])

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 5, 11, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("box", [Box(-5000, -9000, -4000, -8000), Box(0, 0, 1, 1), Box(10**6, 0, 10**6 + 300, 9)])
def test_a_box_without_a_face_gives_some_points(box: Box) -> None:
    assert predictor().landmarks(photograph("obama.jpg"), box).shape == (5, 2)


def test_the_cache_holds_everything_and_no_pickle() -> None:
    file = io.BytesIO()
    arrays: dict[str, Any] = predictor().to_arrays()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = ShapePredictor(dict(arrays), "cache.npz")
    photo = GOLDEN["photos"][0]
    for face in photo["faces"]:
        assert again.landmarks(photograph(photo["file"]), box_of(face)).tolist() == face["landmarks"]


def changed(array: np.ndarray, value: object) -> np.ndarray:
    copy = array.copy()
    copy.flat[-1] = value
    return copy


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("leaves", lambda a: None, "leaves should be float32"),
        ("initial", lambda a: np.ones_like(a), "average face has no size"),
        ("initial", lambda a: a.astype(np.float64), "initial should be float32"),
        ("thresholds", lambda a: a[:-1], "thresholds should be int16"),
        ("offsets", lambda a: changed(a, np.nan), "offsets holds a number too large"),
        ("leaves", lambda a: changed(a, np.inf), "leaves holds a number too large"),
        ("first", lambda a: changed(a, 800), "feature that does not exist"),
        ("second", lambda a: changed(a, 65535), "feature that does not exist"),
        ("anchors", lambda a: changed(a, 5), "feature that does not exist"),
        ("anchors", lambda a: np.array([object()] * a.size).reshape(a.shape), "anchors should be uint8"),
    ],
)
def test_a_harmed_cache_is_refused(name, change, reason) -> None:
    arrays = predictor().to_arrays()
    with pytest.raises(ModelUnavailable, match=rf"^cache\.npz: .*{reason}"):
        ShapePredictor({**arrays, name: change(arrays[name])}, "cache.npz")


# ------------------------------------------------------------------------------------------------------- harmed files


class Noting(PackedReader):
    """Notes where the numbers between the weights lie: that is where harm can change the course of the reading."""

    places: list[int]

    def _take(self, count: int) -> bytes:
        if count <= 100:
            self.places.extend(range(self._at, self._at + count))
        return super()._take(count)


def structure_of(data: bytes) -> list[int]:
    from consentguard.vision.embedding.dlib import network as network_module

    reader = Noting(data, NETWORK)
    reader.places = []
    network_module._read(reader)
    return reader.places


def harmed(data: bytes, chance: random.Random, places: list[int] | range) -> bytes:
    """One of: a byte changed, bytes cut out, bytes put in, cut short, something appended."""
    at = chance.choice(places)
    how = chance.randrange(5)
    if how == 0:
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if how == 1:
        return data[:at] + data[at + chance.randrange(1, 9) :]
    if how == 2:
        return data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:]
    if how == 3:
        return data[:at]
    return data + chance.randbytes(chance.randrange(1, 9))


def test_three_hundred_harmed_files_are_refused_by_name_or_read() -> None:
    chance = random.Random(26)
    weights, trees = stored_bytes(NETWORK), stored_bytes(PREDICTOR)
    refused = 0

    def attempt(read, harmed_file) -> None:
        nonlocal refused
        try:
            read(harmed_file, "harmed.dat")
        except ModelUnavailable as error:
            assert str(error).startswith("harmed.dat: ")
            refused += 1

    for swapped, read in (
        (weights, ShapePredictor.read),
        (trees, read_network),
        (b"", ShapePredictor.read),
        (b"", read_network),
    ):
        with pytest.raises(ModelUnavailable):
            read(swapped, "swapped.dat")

    # the network is read in 20 ms, so it can be harmed anywhere; half of the harm is aimed between the weights
    structure = structure_of(weights)
    for _ in range(70):
        attempt(read_network, harmed(weights, chance, structure))
    for _ in range(50):
        attempt(read_network, harmed(weights, chance, range(2000)))
    # three million numbers take longer: most harm is done to a short piece, which cannot be whole whatever happens,
    for _ in range(130):
        piece = trees[: chance.randrange(1, 60_000)]
        attempt(ShapePredictor.read, harmed(piece, chance, range(len(piece))))
    # some to the numbers themselves, where every length, index and value may be wrong,
    numbers = integers(trees, PREDICTOR)
    lengths = np.flatnonzero(np.isin(numbers, (5, 10, 15, 16, 500, 800)))
    for _ in range(48):
        bad = numbers.copy()
        at = chance.choice(lengths) if chance.random() < 0.5 else chance.randrange(len(bad))
        bad[at] = chance.choice((0, -1, 1, 799, 800, 2**31, -(2**31), 2**63 - 1, 32000, chance.getrandbits(62)))
        attempt(lambda n, file: ShapePredictor(landmarks_module._parse(n, file), file), bad)
    # and a little to the whole file
    for _ in range(2):
        attempt(ShapePredictor.read, harmed(trees, chance, range(len(trees))))

    assert refused > 200
