"""Who is drawn is nobody, and nobody else is."""

from typing import cast

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.values import Box, Face, Picture
from consentguard.vision.detection import passes
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.drawn import FACES, Oval, draw_face, is_drawn
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite.figures import Figure, Figures, drawn_on


def picture_with(label: int, head: Box, size: int = 320, quality: int = 85) -> np.ndarray:
    """A figure on grey, as a JPEG has it."""
    labels = np.zeros((size, size), np.uint8)
    grown = Box(head.left - head.width // 4, head.top - head.height // 4, head.right + head.width // 4, size)
    labels[max(grown.top, 0) : grown.bottom, max(grown.left, 0) : grown.right] = label
    nowhere = Box(-9, -9, -8, -8)
    figures = Figures(labels, (*[Figure(nowhere, nowhere)] * (label - 1), Figure(head, grown)))
    pixels = drawn_on(np.full((size, size, 3), 110, np.uint8), figures, np.zeros((size, size), np.bool_))
    return codec.decode(codec.encode_jpeg(pixels, quality), max_edge=size, max_pixels=size * size).pixels


@pytest.mark.parametrize("side", [20, 24, 28, 40, 120])
@pytest.mark.parametrize("label", range(1, 41, 5))
def test_a_figure_is_drawn_whatever_its_colours(label: int, side: int) -> None:
    head = Box(100, 60, 100 + side, 60 + side)
    pixels = picture_with(label, head)
    assert is_drawn(pixels, head)
    inner = side // 6
    assert is_drawn(pixels, Box(head.left + inner, head.top + inner, head.right - inner, head.bottom - inner))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_no_noise_is_drawn(seed: int, coarse: int) -> None:
    rough = np.random.default_rng(seed).integers(0, 256, (48 // coarse + 1, 48 // coarse + 1, 3), np.uint8)
    assert not is_drawn(np.kron(rough, np.ones((coarse, coarse, 1), np.uint8)), Box(0, 0, 40, 40))


def test_no_real_face_is_drawn(photographs: dict[str, bytes]) -> None:
    pixels = codec.decode(photographs["obama"], max_edge=1024, max_pixels=10**8).pixels
    height, width = pixels.shape[:2]
    for top in range(0, height - 100, 60):
        for left in range(0, width - 100, 60):
            assert not is_drawn(pixels, Box(left, top, left + 100, top + 100))


def test_no_colour_of_a_face_is_that_of_skin() -> None:
    """Chai and Ngan 1999: Cr 135..178, Cb 80..127."""
    for red, green, blue in FACES:
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        assert not (135 <= (red - light) * 0.713 + 128 <= 178 and 80 <= (blue - light) * 0.564 + 128 <= 127)


def test_a_real_face_in_a_hood_of_such_a_colour_is_not_drawn() -> None:
    pixels = np.full((120, 120, 3), FACES[0], np.uint8)
    pixels[20:100, 25:95] = (200, 150, 120)
    assert not is_drawn(pixels, Box(10, 5, 110, 115))


@pytest.mark.parametrize("colour", FACES)
def test_a_real_face_with_a_mask_of_such_a_colour_is_not_drawn(colour: tuple[int, int, int]) -> None:
    pixels = np.full((120, 120, 3), (200, 150, 120), np.uint8)
    pixels[60:] = colour
    assert not is_drawn(pixels, Box(10, 10, 110, 110))


@pytest.mark.parametrize("colour", FACES)
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_mask_and_cap_of_such_a_colour_make_nobody_drawn(colour: tuple[int, int, int], noise: float) -> None:
    """Three quarters of the face have it, above and below, and there are two dark eyes."""
    pixels = np.full((120, 120, 3), colour, np.uint8)
    pixels[35:62, 20:100] = (200, 150, 120)
    for x in (42, 76):
        pixels[44:52, x : x + 10] = (60, 40, 30)
    rough = pixels + np.random.default_rng(3).normal(0, noise, pixels.shape)
    assert not is_drawn(np.clip(rough, 0, 255).astype(np.uint8), Box(10, 10, 110, 110))


@pytest.mark.parametrize("size", [0.16, 0.2, 0.25, 0.4, 0.9])
@pytest.mark.parametrize(("top", "below", "skin"), [(44, 61, (220, 184, 126)), (47, 58, (233, 188, 148))])
def test_no_mouth_printed_on_a_mask_makes_anybody_drawn(
    size: float, top: int, below: int, skin: tuple[int, int, int]
) -> None:
    """Of the face between cap and mask a slit is seen, with two eyes."""
    light = FACES[0]
    face = np.full((120, 120, 3), light, np.uint8)
    face[top:below] = skin
    for x in (42, 78):
        cv2.ellipse(face, (x, 53), (7, 6), 0, 0, 360, (60, 40, 30), cv2.FILLED)
    cv2.ellipse(face, (60, 72), (22, 16), 0, 25, 155, (60, 40, 30), 5)
    scene = np.full((200, 200, 3), 90, np.uint8)
    scene[40:160, 40:160] = face
    small = np.asarray(cv2.resize(scene, None, fx=size, fy=size, interpolation=cv2.INTER_AREA), np.uint8)
    coded = codec.decode(codec.encode_jpeg(small, 90), max_edge=200, max_pixels=200 * 200).pixels
    for rim in (0, 4, 8):
        assert not is_drawn(coded, Box(40 + rim, 40 + rim, 160 - rim, 160 - rim).scaled(size))


@pytest.mark.parametrize(("side", "slit"), [(50, 3), (60, 4), (120, 7)])
def test_nobody_is_drawn_who_looks_through_a_slit_in_the_mask_of_a_drawn_face(side: int, slit: int) -> None:
    pixels = np.full((2 * side, 2 * side, 3), 110, np.uint8)
    face, box = Oval(side, side, 0.48 * side, 0.5 * side), Box(side // 2, side // 2, side // 2 + side, side // 2 + side)
    face.fill(pixels, FACES[0])
    draw_face(pixels, face, FACES[0])
    assert is_drawn(pixels, box)
    top = side // 2 + round(0.42 * side)
    pixels[top : top + slit, round(0.55 * side) : round(1.45 * side)] = (200, 150, 120)
    assert not is_drawn(pixels, box)


@pytest.mark.parametrize("colour", FACES)
def test_what_has_such_a_colour_and_no_face_is_not_drawn(colour: tuple[int, int, int]) -> None:
    """A shirt, a hood from behind, a wall."""
    assert not is_drawn(np.full((120, 120, 3), colour, np.uint8), Box(10, 10, 110, 110))


@pytest.mark.parametrize("label", [1, 4])
def test_somebody_before_a_figure_is_not_drawn(label: int) -> None:
    head = Box(100, 60, 180, 140)
    pixels = picture_with(label, head).copy()
    pixels[78:132, 112:168] = (200, 150, 120)
    assert not is_drawn(pixels, head)


@pytest.mark.parametrize("label", [1, 2, 4])
@pytest.mark.parametrize("aside", [24, 30, 36])
def test_somebody_half_behind_a_figure_is_not_drawn(label: int, aside: int) -> None:
    """Their box shows most of a drawn face, and is not that of it."""
    head = Box(100, 60, 180, 140)
    assert not is_drawn(picture_with(label, head), Box(head.left + aside, head.top, head.right + aside, head.bottom))


@pytest.mark.parametrize("size", [0.6, 1.5])
def test_a_figure_is_known_again_in_a_copy_of_another_size(size: float) -> None:
    pixels = cv2.resize(picture_with(2, Box(100, 60, 170, 130)), None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    assert is_drawn(np.asarray(pixels, np.uint8), Box(100, 60, 170, 130).scaled(size))


@pytest.mark.parametrize("side", [40, 90])
@pytest.mark.parametrize("by", ["a figure", "the rim"])
def test_a_face_is_drawn_whole_and_known_again_or_not_at_all(side: int, by: str) -> None:
    """Where less is seen of it the head is one from behind."""
    behind = []
    for hidden in range(0, side + 4, 4):
        head = Box(60, 40, 60 + side, 40 + side)
        labels = np.zeros((160, 200), np.uint8)
        labels[head.top : head.bottom, head.left : head.right] = 1
        labels[:, head.right - hidden :] = 2 if by == "a figure" else 0
        if by == "the rim":
            labels = labels[:, : max(head.right - hidden, head.left + 1)].copy()
        pixels = drawn_on(
            np.full((*labels.shape, 3), 110, np.uint8), Figures(labels, (Figure(head, head),) * 2), labels > 9
        )
        there = pixels[head.top : head.bottom, head.left : head.right][labels[40 : 40 + side, 60 : 60 + side] == 1]
        behind.append(not (np.abs(there.astype(int) - FACES[0]).max(axis=1) == 0).any())
        coded = codec.decode(codec.encode_jpeg(pixels, 85), max_edge=200, max_pixels=200 * 200).pixels
        assert behind[-1] or is_drawn(coded, head)
    assert not behind[0]
    assert behind[side // 8 :] == [True] * len(behind[side // 8 :])


def test_a_box_outside_the_picture_holds_no_figure() -> None:
    assert not is_drawn(np.full((20, 20, 3), FACES[0], np.uint8), Box(30, 30, 40, 40))


class OneFace:
    """Finds the same two faces in every picture."""

    label = "one-face"
    faces = (Face(Box(100, 60, 140, 100), 0.9), Face(Box(10, 10, 40, 40), 0.8))

    def find_upright(self, pixels: np.ndarray, smallest: int, *, finest: bool = True) -> tuple[Face, ...]:
        return self.faces


def test_the_second_pass_leaves_out_what_is_drawn() -> None:
    pixels = picture_with(1, OneFace.faces[0].box)
    detector = cast(Detector, OneFace())
    found = passes.second_pass(detector, 20, Picture(pixels, 320, 320))
    assert found == OneFace.faces[1:]
