"""Faces behind nets and in coarse prints."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

import consentguard
from consentguard.values import Face
from consentguard.vision.detection.copies import Copy, copies
from consentguard.vision.detection.detector import Detector
from consentguard.vision.detection.lattice import spacing, without_lattice


def _small(data: bytes, side: int) -> np.ndarray:
    photo = Image.open(io.BytesIO(data)).convert("RGB")
    photo.thumbnail((side, side))
    return np.asarray(photo)


def _net(pixels: np.ndarray, cell: int) -> np.ndarray:
    netted, line = pixels.copy(), max(1, round(0.15 * cell))
    for at in range(line):
        netted[at::cell], netted[:, at::cell] = 235, 235
    return netted


def _slanting_net(pixels: np.ndarray, cell: float) -> np.ndarray:
    down, across = np.mgrid[: pixels.shape[0], : pixels.shape[1]] / 2**0.5
    lines = ((across + down) % cell < 0.15 * cell) | ((across - down) % cell < 0.15 * cell)
    return np.where(lines[..., None], 25, pixels).astype(np.uint8)


def _halftone(pixels: np.ndarray, apart: float) -> np.ndarray:
    """Black dots on white, on a screen at 45 degrees."""
    down, across = np.mgrid[: pixels.shape[0], : pixels.shape[1]] / 2**0.5
    waves = (np.cos(2 * np.pi * way / apart) for way in (across + down, across - down))
    spot = sum(waves) / 4 + 0.5
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 0.3 * apart) / 255
    return np.repeat(np.where(spot > grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("hidden", [lambda photo: _slanting_net(photo, 13.0), lambda photo: _halftone(photo, 8.0)])
def test_a_face_behind_a_lattice_is_found_where_it_is(
    hidden: Callable[[np.ndarray], np.ndarray], photographs: dict[str, bytes], detector: Detector
) -> None:
    photo = _small(photographs["obama"], 360)
    plain = detector.find(photo)[0]
    worse = hidden(photo)
    assert all(face.box.iou(plain.box) < 0.3 for face in detector.find(worse)), "the copy is needed"
    best = max(consentguard.detect(worse).faces, key=lambda face: face.box.iou(plain.box))
    assert best.box.iou(plain.box) > 0.5
    assert best.points[2] == pytest.approx(plain.landmarks[2], abs=0.2 * plain.box.height)


@pytest.mark.parametrize("cell", [6, 11, 24, 36])
def test_the_distance_between_lines_is_told(cell: int, photographs: dict[str, bytes]) -> None:
    told = spacing(_net(_small(photographs["biden"], 900), cell))
    assert told is not None
    assert 0.85 < told / cell < 1.15


def test_a_photograph_has_no_lattice(photographs: dict[str, bytes]) -> None:
    assert all(without_lattice(_small(data, 1200)) is None for data in photographs.values())


@pytest.mark.parametrize("shape", [(300, 300), (90, 300), (1, 1)])
def test_neither_has_an_even_or_a_small_picture_or_stripes(shape: tuple[int, int]) -> None:
    flat = np.full((*shape, 3), 90, np.uint8)
    assert without_lattice(flat) is None
    flat[::8] = 255
    assert without_lattice(flat) is None


def test_a_face_of_a_smaller_copy_comes_back_to_its_place() -> None:
    copy = Copy(np.zeros((10, 10, 3), np.uint8), 0.25, 0.3)
    face = consentguard.values.Face(consentguard.values.Box(2, 3, 5, 7), 0.8, ((3.0, 4.0),) * 5)
    back = copy.back(face)
    assert isinstance(back, Face)
    assert (back.box.as_list(), back.landmarks[0], back.score) == ([8, 12, 20, 28], (12.0, 16.0), 0.8)


def test_a_smaller_copy_shows_what_lies_at_the_far_edge_at_its_place() -> None:
    """Although the width is odd each time it is halved."""
    pixels = _net(np.full((300, 2047, 3), 90, np.uint8), 40)
    pixels[:, 1983:2015] = 250
    smooth = without_lattice(pixels)
    assert smooth is not None and smooth[1] <= 1 / 8
    copy, scale = smooth
    bright = np.clip(copy.mean(axis=(0, 2)) - 150, 0, None)
    middle = np.average(np.arange(copy.shape[1]) + 0.5, weights=bright) / scale
    assert middle == pytest.approx(1999, abs=2)


def test_a_photograph_has_no_copies(photographs: dict[str, bytes]) -> None:
    assert list(copies(_small(photographs["obama"], 800))) == []
