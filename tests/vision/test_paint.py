"""The painter, number by number: where it takes its colours from, how it fades, what lies on it."""

from __future__ import annotations

import numpy as np
import pytest

from consentguard.values import Box, Rewrite
from consentguard.vision.rewrite import fill
from consentguard.vision.rewrite.paint import Paint, apply_plan, paint_frame, painted_twice
from consentguard.vision.rewrite.plan import RewritePlan
from consentguard.vision.rewrite.stickers import stuck

FLAT = Paint("flat", (10, 200, 30))


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def plan_of(frame: Box, hidden: np.ndarray, people: np.ndarray | None = None, heads: tuple[Box, ...] = ()):
    people = np.zeros_like(hidden) if people is None else people
    return RewritePlan(Rewrite.SILHOUETTE, frame, "a test", hidden, people, heads)


def mask(height: int, width: int, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    made = np.zeros((height, width), np.bool_)
    made[top:bottom, left:right] = True
    return made


def room() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A wall, a floor and a curtain; somebody hidden before them, and somebody else who is seen."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:32], pixels[32:], pixels[:, 64:] = (200, 180, 160), (90, 60, 40), (40, 120, 200)
    return pixels, mask(64, 96, 16, 52, 30, 70), mask(64, 96, 40, 64, 10, 30)


def means(pixels: np.ndarray, side: int) -> np.ndarray:
    height, width = (length // side for length in pixels.shape[:2])
    return pixels.reshape(height, side, width, side, 3).mean(axis=(1, 3))


# -- the plan ---------------------------------------------------------------------------------------------------------


def test_a_plan_that_refuses_is_not_painted():
    refusal = RewritePlan(None, Box(0, 0, 8, 8), "no", np.zeros((8, 8), bool), np.zeros((8, 8), bool))
    with pytest.raises(ValueError, match=r"^a plan that refuses cannot be applied$"):
        apply_plan(noise(8, 8), refusal, Paint())


def test_where_nothing_is_hidden_the_frame_leaves_as_it_is_and_cannot_be_changed():
    pixels = noise(40, 60)
    made = apply_plan(pixels, plan_of(Box(10, 5, 50, 30), np.zeros((25, 40), np.bool_)), Paint(note="hidden"))
    assert np.array_equal(made, pixels[5:30, 10:50])
    assert not np.shares_memory(made, pixels)
    assert not made.flags.writeable
    whole = apply_plan(pixels, plan_of(Box(0, 0, 60, 40), np.zeros((40, 60), np.bool_)), Paint())
    assert not np.shares_memory(whole, pixels)


def test_flat_paint_is_its_colour_where_it_is_hidden_and_nothing_elsewhere():
    pixels, hidden = noise(40, 60), mask(25, 40, 5, 20, 10, 30)
    for paint in (FLAT, Paint("flat")):
        made = apply_plan(pixels, plan_of(Box(10, 5, 50, 30), hidden), paint)
        assert (made[hidden] == paint.colour).all()
        assert np.array_equal(made[~hidden], pixels[5:30, 10:50][~hidden])
        assert not made.flags.writeable
    assert Paint("flat").colour == (128, 128, 128)
    assert Paint().fill == "surroundings"


def test_surroundings_are_what_the_fill_makes_of_what_is_nobodys():
    pixels, hidden, people = room()
    made = paint_frame(pixels, plan_of(Box(0, 0, 96, 64), hidden, people), Paint())
    assert np.array_equal(made[hidden], fill.surroundings(pixels, hidden, people)[hidden])
    assert np.array_equal(made[people], pixels[people]), "paint does not fade into people"
    far = ~(mask(64, 96, 13, 55, 27, 73) | people)
    assert np.array_equal(made[far], pixels[far])
    rim = mask(64, 96, 20, 38, 27, 30)
    assert (made[rim] != pixels[rim]).any(axis=1).mean() > 0.5


def test_a_sticker_lies_on_its_head_in_the_frame_and_only_on_paint():
    pixels, hidden = noise(80, 100), mask(60, 70, 5, 45, 5, 40)
    frame, head = Box(20, 10, 90, 70), Box(30, 20, 62, 58)
    plan = plan_of(frame, hidden, heads=(head, Box(70, 60, 90, 75)))
    plain = np.array(apply_plan(pixels, plan, FLAT))
    for kind in ("smile", "star", "flower"):
        expected = plain.copy()
        stuck(expected, Box(10, 10, 42, 48), hidden, kind)
        assert (expected != plain).any()
        assert np.array_equal(apply_plan(pixels, plan, Paint("flat", (10, 200, 30), kind)), expected)


# -- fading -----------------------------------------------------------------------------------------------------------


def test_paint_fades_over_three_pixels():
    pixels, paint = np.full((9, 16, 3), 100, np.uint8), np.full((9, 16, 3), 200, np.uint8)
    hidden = mask(9, 16, 0, 9, 0, 4)
    made = fill.laid_over(pixels, paint, hidden, ~hidden)
    assert made.dtype == np.uint8
    assert made[4, :9, 0].tolist() == [200, 200, 200, 200, 175, 150, 125, 100, 100]
    assert (made == made[4]).all()
    assert (fill.laid_over(pixels, paint, hidden, np.zeros_like(hidden))[:, 4:] == 100).all()


def test_paint_fades_around_a_corner_less_far():
    pixels, paint = np.full((12, 12, 3), 100, np.uint8), np.full((12, 12, 3), 200, np.uint8)
    hidden = mask(12, 12, 0, 4, 0, 4)
    made = fill.laid_over(pixels, paint, hidden, ~hidden)[..., 0]
    assert made[4:8, 4:8].diagonal().tolist() == [150, 100, 100, 100]
    partly = fill.laid_over(pixels, paint, hidden, mask(12, 12, 0, 12, 4, 5))[..., 0]
    assert (partly[:, 5:] == 100).all()
    assert (partly[:4, 4] == 175).all()


def test_what_is_laid_over_is_left_as_it_was():
    pixels, paint = noise(10, 12), noise(10, 12)[::-1]
    before = pixels.copy()
    fill.laid_over(pixels, paint, mask(10, 12, 2, 6, 2, 6), mask(10, 12, 0, 10, 0, 12))
    assert np.array_equal(pixels, before)


def test_flat_is_one_colour_of_the_size():
    made = fill.flat((3, 5), (1, 2, 3))
    assert made.shape == (3, 5, 3)
    assert made.dtype == np.uint8
    assert (made == (1, 2, 3)).all()


# -- where colours come from ------------------------------------------------------------------------------------------


def test_a_source_lies_away_from_what_is_unknown():
    unknown = mask(8, 1000, 0, 8, 0, 4)
    assert fill._known(unknown)[0, :6].tolist() == [0, 0, 0, 1, 1, 1], "2 cells of 4 pixels: 0.008 of 1000"
    assert fill._known(np.ascontiguousarray(unknown.T))[:6, 0].tolist() == [0, 0, 0, 1, 1, 1]
    small = fill._known(mask(8, 40, 0, 8, 0, 4))
    assert small[0, :3].tolist() == [0, 1, 1]
    assert small.dtype == np.float32
    assert fill._known(mask(8, 488, 0, 8, 0, 4))[0, :3].tolist() == [0, 0, 1], "0.976 cells; the next lies at 0.955"
    one = mask(8, 40, 3, 4, 3, 4)
    assert fill._known(one).tolist() == [[0] + [1] * 9, [1] * 10], "one pixel makes its cell unknown"


def test_everything_or_nothing_is_known():
    for some, known in ((False, 1), (True, 0)):
        made = fill._known(np.full((8, 12), some))
        assert made.dtype == np.float32
        assert made.tolist() == [[known] * 3] * 2


def test_cells_are_means_and_the_last_go_on_beyond_the_picture():
    picture = np.zeros((5, 6), np.uint8)
    picture[:4, :4], picture[4, 5] = np.arange(16).reshape(4, 4) * 10, 80
    picture[:4, 5], picture[4, 0] = 40, 16
    assert fill._cells(picture).tolist() == [[75, 30], [4, 60]]
    whole = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert fill._cells(whole).tolist() == [[14, 18], [46, 50]]
    assert fill._cells(whole).dtype == np.uint8
    for shape in ((8, 6), (6, 8)):
        assert fill._cells(np.full(shape, 7, np.uint8)).tolist() == [[7, 7], [7, 7]]
    lines = np.array([[0, 0, 0, 0, 10, 20]] * 4, np.uint8)
    assert fill._cells(lines).tolist() == [[0, 18]]
    assert fill._cells(np.ascontiguousarray(lines.T)).tolist() == [[0], [18]]


def test_a_half_is_the_mean_of_four_and_odd_sides_are_mirrored():
    cells = np.array([[0, 4, 8], [8, 12, 20], [2, 6, 10]], np.float32)
    assert fill._halved(cells).tolist() == [[6, 14], [4, 10]]
    assert fill._halved(cells[:2, :2]).tolist() == [[6]]
    assert fill._halved(cells[:2]).tolist() == [[6, 14]]
    assert fill._halved(np.ascontiguousarray(cells[:, :2])).tolist() == [[6], [4]]
    assert fill._halved(cells).dtype == np.float32


def test_neutral_is_the_mean_of_what_is_known_and_a_light_grey():
    colours, known = np.zeros((2, 2, 3), np.float32), np.zeros((2, 2), np.float32)
    assert fill._neutral(colours, known).tolist() == [225, 225, 225]
    assert fill._neutral(colours, known).dtype == np.float32
    colours[0], known[0] = ((100, 0, 20), (50, 40, 20)), 1
    colours[1] = 255
    np.testing.assert_allclose(fill._neutral(colours, known), [112.5, 71.25, 71.25], rtol=1e-6)
    assert fill._neutral(colours, known).dtype == np.float32


def test_what_is_known_keeps_its_colour():
    colours = np.random.default_rng(1).uniform(0, 255, (5, 7, 3)).astype(np.float32)
    np.testing.assert_allclose(fill._pulled(colours, np.ones((5, 7), np.float32)), colours, rtol=1e-5)
    assert fill._pulled(colours[:1, :1], np.zeros((1, 1), np.float32))[0, 0].tolist() == [225, 225, 225]
    dark = np.zeros((9, 9), np.float32)
    np.testing.assert_allclose(fill._pulled(np.zeros((9, 9, 3), np.float32), dark), 225, rtol=1e-4)


def test_the_unknown_takes_the_colour_that_is_nearest_and_far_away_more_and_more_grey():
    colours, known = np.zeros((40, 40, 3), np.float32), np.zeros((40, 40), np.float32)
    colours[0, 0], known[0, 0] = (100, 0, 0), 1
    made = fill._pulled(colours, known)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made[0, 0], (100, 0, 0), atol=1)
    np.testing.assert_allclose(made, made.transpose(1, 0, 2), atol=0.01)
    for colour in (0, 1):
        assert (np.diff(made[::8, ::8, colour], axis=0) > 0).all(), "further away is lighter"
        assert (made[..., colour] < 225).all()
    assert (np.ptp(made[::13, ::13], axis=2).diagonal()[1:] < 100).all(), (
        "and less red than the one colour that is known"
    )


def test_a_room_fills_with_its_own_colours():
    pixels, hidden, people = room()
    expected = [
        [[200, 180, 160], [199, 179, 159], [195, 176, 158], [169, 167, 165], [64, 129, 193], [40, 120, 200]],
        [[183, 162, 142], [179, 158, 139], [159, 146, 135], [123, 137, 153], [60, 124, 188], [40, 120, 200]],
        [[108, 80, 60], [112, 86, 67], [113, 96, 86], [92, 104, 120], [53, 116, 180], [40, 120, 200]],
        [[92, 62, 42], [95, 66, 47], [93, 66, 48], [83, 75, 75], [48, 111, 175], [40, 120, 200]],
    ]
    np.testing.assert_allclose(means(fill.surroundings(pixels, hidden, people), 16), expected, atol=12)
    assert fill.surroundings(pixels, hidden, people).dtype == np.uint8
    other = pixels.copy()
    other[hidden] = 255 - other[hidden]
    assert np.array_equal(fill.surroundings(other, hidden, people), fill.surroundings(pixels, hidden, people))
    other = pixels.copy()
    other[people] = 255
    assert np.array_equal(fill.surroundings(other, hidden, people), fill.surroundings(pixels, hidden, people))


def test_the_blur_goes_on_beyond_the_picture_as_it_ends():
    """Where nothing is hidden the fill is the picture in cells, blurred: a sum over 13 cells each way."""
    pixels = np.repeat(np.repeat(noise(8, 9), 4, axis=0), 4, axis=1)
    none = np.zeros((32, 36), np.bool_)
    weights = np.exp(-(np.arange(-6, 7) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    beyond = np.pad(noise(8, 9).astype(float), ((6, 6), (6, 6), (0, 0)), mode="edge")
    lighter, darker = fill._grain()
    made = fill.surroundings(pixels, none, none).astype(int) - lighter[:32, :36] + darker[:32, :36]
    for row, column in ((0, 0), (7, 0), (0, 8), (7, 8)):
        around = beyond[row : row + 13, column : column + 13]
        expected = np.einsum("r,c,rcd->d", weights, weights, around)
        np.testing.assert_allclose(made[31 * row // 7, 35 * column // 8], expected, atol=1)


def test_black_stays_black_and_white_white():
    none = np.zeros((64, 64), np.bool_)
    lighter, darker = fill._grain()
    for level, grain in ((0, lighter), (255, darker)):
        made = fill.surroundings(np.full((64, 64, 3), level, np.uint8), none, none).astype(int)
        assert np.array_equal(np.abs(made - level), grain[:64, :64])


def test_one_far_dark_corner_blackens_nothing():
    wide = np.full((64, 1200, 3), 250, np.uint8)
    wide[:, :40] = 0
    wide[:, 1160:] = (10, 200, 30)
    made = means(fill.surroundings(wide, mask(64, 1200, 0, 64, 60, 1140), np.zeros((64, 1200), np.bool_)), 8)[4]
    assert made[0, 0] < 10
    assert made[60].min() > 90
    assert made[10:140, 0].min() > 80
    assert made[130, 0] > made[70, 0] > made[0, 0], "the light wall begins again on the other side"


def test_a_side_that_is_no_whole_number_of_cells_is_filled_to_its_end():
    pixels = np.full((61, 93, 3), 80, np.uint8)
    made = fill.surroundings(pixels, mask(61, 93, 30, 61, 40, 93), np.zeros((61, 93), np.bool_))
    assert made.shape == pixels.shape
    assert np.abs(made.astype(int) - 80).max() <= 8


# -- grain ------------------------------------------------------------------------------------------------------------


def test_grain_is_the_same_on_all_colours_and_repeats():
    grey = np.full((300, 600, 3), 128, np.uint8)
    made = fill._grained(grey)
    assert made is grey
    grain = made.astype(int) - 128
    assert (grain == grain[..., :1]).all()
    assert np.array_equal(grain[:, :256], grain[:, 256:512])
    assert np.array_equal(grain[:, 512:], grain[:, :88])
    assert np.array_equal(grain[256:], grain[:44])
    assert (grain.min(), grain.max()) == (-6, 6)
    assert 1.4 < grain.std() < 1.65


def test_grain_leaves_no_colours_range():
    for level in (0, 255):
        made = fill._grained(np.full((64, 64, 3), level, np.uint8)).astype(int)
        assert np.abs(made - level).max() <= 6
    lighter, darker = fill._grain()
    assert lighter.shape == darker.shape == (256, 256, 3)
    assert lighter.dtype == darker.dtype == np.uint8
    assert not (lighter & darker).any()


# -- the note ---------------------------------------------------------------------------------------------------------


NOTES = {
    "small": (100, 300, "Faces hidden"),
    "large": (2000, 1600, "Faces hidden"),
    "narrow": (300, 60, "Faces hidden"),
    "fits-not": (90, 70, "Faces hidden"),
    "fits": (90, 80, "Faces hidden"),
    "one-letter": (30, 200, "a"),
    "too-low": (9, 200, "a"),
}
"""Height and width of a picture, and the text."""


def noted(height: int, width: int, text: str) -> np.ndarray:
    pixels, hidden = np.full((height, width, 3), 100, np.uint8), mask(height, width, 0, 1, 0, 1)
    return paint_frame(pixels, plan_of(Box(0, 0, width, height), hidden), Paint("flat", (100, 100, 100), note=text))


def spans(made: np.ndarray) -> tuple[list[int], list[int]]:
    """Of a note the first row and column of its strip; and the first and the last row and column of its ink."""
    changed, dark = np.argwhere((made != 100).any(axis=2)), np.argwhere((made < 90).all(axis=2))
    assert changed.max(axis=0).tolist() == [made.shape[0] - 1, made.shape[1] - 1], "in the corner"
    return changed.min(axis=0).tolist(), [*dark.min(axis=0).tolist(), *dark.max(axis=0).tolist()]


@pytest.mark.parametrize(("height", "width", "text"), NOTES.values(), ids=NOTES)
def test_the_note_stands_in_the_corner_on_a_strip_it_can_be_read_on(height, width, text):
    made = noted(height, width, text)
    (top, left), (first_row, first_column, last_row, last_column) = spans(made)
    assert top < first_row <= last_row < height - 1, "the strip is wider than the letters on all sides"
    assert left < first_column <= last_column < width - 1
    assert height - top <= max(height / 5, 16), "and hides little of the picture"
    assert made[-1, -1].tolist() == [203, 203, 203], "two thirds of the way to white"
    assert made.min() < 60, "with letters that stand out"
    assert len(np.unique(made)) > 10, "letters are smooth"
    assert np.ptp(made.astype(int), axis=2).max() == 0


def test_a_note_is_as_large_as_its_picture_and_never_wider():
    (_, (top, left, bottom, right)) = spans(noted(100, 300, "Faces hidden"))
    np.testing.assert_allclose([bottom - top, right - left], [8, 73], atol=3)  # as it was drawn in November 2026
    (_, (top, _, bottom, _)) = spans(noted(2000, 1600, "Faces hidden"))
    assert bottom - top > 2 * 8, "on a large picture it can still be read"
    widths = {width: spans(noted(90, width, "Faces hidden"))[0][1] for width in range(60, 100, 4)}
    assert all(left >= 0 for left in widths.values())


def test_the_paint_alone_is_the_picture_without_a_sticker_and_one_array_where_nothing_is_drawn():
    pixels, hidden = noise(80, 100), mask(80, 100, 5, 45, 5, 40)
    frame = Box(0, 0, 100, 80)
    plan = plan_of(frame, hidden, heads=(Box(10, 10, 35, 40),))
    painted, bare = painted_twice(pixels, plan, Paint(sticker="star"))
    assert np.array_equal(painted, paint_frame(pixels, plan, Paint(sticker="star")))
    assert np.array_equal(bare, paint_frame(pixels, plan, Paint()))
    assert (painted != bare).any()
    for nothing in (Paint(), Paint(sticker="figure")):
        painted, bare = painted_twice(pixels, plan, nothing)
        assert painted is bare
    nobody = plan_of(frame, np.zeros_like(hidden))
    painted, bare = painted_twice(pixels, nobody, Paint(sticker="star"))
    assert painted is bare
