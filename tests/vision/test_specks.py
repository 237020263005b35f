"""Faces under specks and in dither."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

import consentguard
from consentguard.vision.detection.specks import without_specks


def _small(data: bytes, side: int) -> np.ndarray:
    photo = Image.open(io.BytesIO(data)).convert("RGB")
    photo.thumbnail((side, side))
    return np.asarray(photo)


def _salted(pixels: np.ndarray, share: float) -> np.ndarray:
    noisy, chance = pixels.copy(), np.random.default_rng(1).random(pixels.shape[:2])
    noisy[chance < share / 2], noisy[chance > 1 - share / 2] = 0, 255
    return noisy


def test_a_face_under_specks_is_found(photographs: dict[str, bytes]) -> None:
    pixels = _salted(_small(photographs["obama"], 360), 0.4)
    (face, *_) = consentguard.detect(pixels).faces
    assert face.score >= 0.7


def test_a_photograph_is_left_as_it_is(photographs: dict[str, bytes]) -> None:
    assert all(without_specks(_small(data, 800)) is None for data in photographs.values())


def test_dither_and_noise_are_filtered(photographs: dict[str, bytes]) -> None:
    pixels = _small(photographs["obama"], 360)
    dithered = np.asarray(Image.fromarray(pixels).convert("1").convert("RGB"))
    for worse in (dithered, _salted(pixels, 0.1)):
        copy = without_specks(worse)
        assert copy is not None
        assert np.abs(copy.astype(int) - pixels).mean() < 0.7 * np.abs(worse.astype(int) - pixels).mean()
