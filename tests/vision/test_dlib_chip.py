"""The chip against an exact, slow reference: dlib's recipe written down in NumPy, float64, step by step."""

import math

import numpy as np
import pytest

from consentguard.vision.embedding.dlib import chip

SIZE = 150


def turning(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def reference_halved(level: np.ndarray) -> np.ndarray:
    """pyramid_down<2>: 1 4 6 4 1 both ways in whole numbers, // 256, no border."""
    height, width = level.shape[:2]
    if min(height, width) <= 8:
        return np.zeros((0, 0, 3), np.int64)
    weights = (1, 4, 6, 4, 1)
    rows, columns = (height - 3) // 2, (width - 3) // 2
    nothing = np.zeros((), np.int64)
    across = sum((w * level[:, k : k + 2 * columns : 2][:, :columns] for k, w in enumerate(weights)), nothing)
    return sum((w * across[k : k + 2 * rows : 2][:rows] for k, w in enumerate(weights)), nothing) // 256


def reference_chip(pixels: np.ndarray, square: chip.Square) -> np.ndarray:
    """extract_image_chips for one square: sub-image, pyramid, bilinear in double, truncated, black outside."""
    height, width = pixels.shape[:2]
    depth, grow, side = 0, 2, square.side / 2
    while (side + 1) * (side + 1) > SIZE * SIZE:
        side, depth, grow = side / 2, depth + 1, grow * 2 + 2
    turn = turning(square.angle)
    half = square.side / 2
    corners = np.array(square.centre) + np.array([[-half, -half], [half, -half], [-half, half]]) @ turn.T
    all_four = np.vstack([corners, corners[1] + corners[2] - corners[0]])
    low = np.floor(np.clip(all_four.min(0) - grow, 0, None) + 0.5).astype(int)
    high = np.floor(np.minimum(all_four.max(0) + grow, (width - 1, height - 1)) + 0.5).astype(int)
    level = pixels[low[1] : high[1] + 1, low[0] : high[0] + 1].astype(np.int64)
    centre, side = np.array(square.centre) - low, square.side
    for _ in range(depth):
        level = reference_halved(level)
        centre, side = centre / 2 - (1.25, 0.75), side / 2
    top_left = centre + turn @ (-side / 2, -side / 2)
    step = side / (SIZE - 1)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    x, y = np.moveaxis(top_left + np.stack([columns, rows], -1) * step @ turn.T, -1, 0)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    seen = (left >= 0) & (top >= 0) & (left + 1 < level.shape[1]) & (top + 1 < level.shape[0])
    fx, fy = np.where(seen, x - left, 0)[..., None], np.where(seen, y - top, 0)[..., None]
    left, top = np.where(seen, left, 0), np.where(seen, top, 0)
    upper = (1 - fx) * level[top, left] + fx * level[top, np.where(seen, left + 1, 0)]
    below = np.where(seen, top + 1, 0)
    lower = (1 - fx) * level[below, left] + fx * level[below, np.where(seen, left + 1, 0)]
    return np.where(seen[..., None], (1 - fy) * upper + fy * lower, 0).astype(np.uint8)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Edges, gradients and noise: more of everything than a face has."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [127 + 80 * np.sin(x / a + y / b) for a, b in ((7, 31), (23, 5), (11, -13))]
    return np.clip(np.stack(waves, -1) + random.normal(0, 25, (height, width, 3)), 0, 255).astype(np.uint8)


def landmarks_at(x: float, y: float, scale: float, angle: float) -> np.ndarray:
    """The template's points as a face at (x, y): whole pixels, so slightly off the template."""
    points = (np.array(chip._TEMPLATE) - 0.5) * scale
    return np.rint(points @ turning(angle).T + (x, y)).astype(np.intp)


@pytest.mark.parametrize("angle", [0.0, 0.31, -1.4, 3.0])
@pytest.mark.parametrize("scale", [18, 60, 99, 101, 220, 520])
@pytest.mark.parametrize("place", [(350, 300), (25, 300), (690, 590)])
def test_equals_the_reference(scale: int, angle: float, place: tuple[int, int]) -> None:
    pixels = picture(600, 700)
    landmarks = landmarks_at(*place, scale, angle)
    made = chip.face_chip(pixels, landmarks)
    wanted = reference_chip(pixels, chip.chip_square(landmarks))
    assert made.dtype == np.uint8
    assert made.shape == (SIZE, SIZE, 3)
    difference = np.abs(made.astype(int) - wanted)
    # OpenCV's coordinates are float32: a value on the brink is truncated the other way, now and then
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.002


@pytest.mark.parametrize("shape", [(9, 9), (10, 13), (64, 65), (301, 200)])
def test_halving_is_exact(shape: tuple[int, int]) -> None:
    pixels = picture(*shape)
    made = chip.halved(pixels.astype(np.float32))
    assert made.shape == ((shape[0] - 3) // 2, (shape[1] - 3) // 2, 3)
    assert np.array_equal(made, reference_halved(pixels.astype(np.int64)))


def test_eight_pixels_cannot_be_halved() -> None:
    assert chip.halved(np.ones((8, 100, 3), np.float32)).size == 0


def test_does_not_write_into_the_picture_nor_need_one_piece() -> None:
    pixels = picture(300, 400)
    mirrored = pixels[:, ::-1]
    mirrored.flags.writeable = False
    landmarks = landmarks_at(200, 150, 90, 0.1)
    assert np.array_equal(chip.face_chip(mirrored, landmarks), chip.face_chip(mirrored.copy(), landmarks))


@pytest.mark.parametrize(
    "landmarks",
    [
        np.full((5, 2), 7),
        landmarks_at(-900, 50, 60, 0),
        landmarks_at(50, 4000, 60, 0),
        landmarks_at(10**7, 10**7, 60, 1),
        landmarks_at(-85, 50, 50, 0),
    ],
)
def test_no_chip_is_made_up_where_there_is_no_face(landmarks: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"chip|one spot"):
        chip.face_chip(picture(100, 100), landmarks)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 200), (200, 3), (9, 9)])
def test_tiny_pictures_give_a_chip_or_a_reason(size: tuple[int, int]) -> None:
    pixels = picture(*size)
    for scale in (3, 30, 300, 3000):
        try:
            assert chip.face_chip(pixels, landmarks_at(size[1] / 2, size[0] / 2, scale, 0.2)).shape == (SIZE, SIZE, 3)
        except ValueError as error:
            assert "chip" in str(error)
