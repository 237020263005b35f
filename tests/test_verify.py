"""The second pass: what it excuses, and that it excuses nothing more."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from consentguard.errors import VerificationFailed
from consentguard.guard.verify import SomebodySeen, verify
from consentguard.values import Box, Face, Hand, Head, Picture, Rewrite
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import Paint, RewritePlan, apply_plan, paint
from consentguard.vision.rewrite.shapes import Polygon, drawn

WIDTH, HEIGHT, PAINT = 320, 240, Paint()
FRAME = Box(0, 0, WIDTH, HEIGHT)
FACE = Box(40, 40, 100, 120)
BODY = ((20, 20), (300, 20), (300, 220), (20, 220))
AROUND_HAND = ((200, 120), (260, 120), (260, 180), (200, 180))
HAND = Hand(Box(200, 120, 260, 180), 0.9, tuple((230.0, 175.0 - 2 * step) for step in range(21)), tuple(AROUND_HAND))
ON_HAND = Face(Box(198, 116, 262, 184), 0.9)

PICTURE = Picture(np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), WIDTH, HEIGHT)


def plan_of(kind: Rewrite, frame: Box = FRAME, hidden: tuple[Polygon, ...] = (), kept: tuple[Polygon, ...] = ()):
    mask, people = drawn(hidden, WIDTH, HEIGHT) & ~drawn(kept, WIDTH, HEIGHT), drawn(kept, WIDTH, HEIGHT)
    part = (slice(frame.top, frame.bottom), slice(frame.left, frame.right))
    return RewritePlan(kind, frame, "a test", mask[part].copy(), people[part].copy())


WHOLE = plan_of(Rewrite.NONE)
SILHOUETTE = plan_of(Rewrite.SILHOUETTE, FRAME, (BODY,), (AROUND_HAND,))


def flipped(face: Face) -> Face:
    return Face(Box(WIDTH - face.box.right, face.box.top, WIDTH - face.box.left, face.box.bottom), face.score)


class Looks:
    """Sees something else in the finished picture, in that mirrored, and in the picture before painting, mirrored."""

    def __init__(self, plain: tuple[Face, ...] = (), mirrored: tuple[Face, ...] = (), before: tuple[Face, ...] = ()):
        self.plain, self.mirrored, self.before = plain, mirrored, before
        self.finished = PICTURE.pixels

    def __call__(self, picture: Picture, *, finest: bool = True) -> tuple[Face, ...]:
        assert finest != np.array_equal(picture.pixels, self.finished), "only the plain look may be coarse"
        if np.array_equal(picture.pixels, PICTURE.pixels[:, ::-1]):
            return self.before
        return self.plain if np.array_equal(picture.pixels, self.finished) else self.mirrored


def look(plan: RewritePlan, find: Looks, *, approved=(), backs=(), hands=(), data: bytes | None = None) -> None:
    data = data or codec.encode_jpeg(apply_plan(PICTURE.pixels, plan, PAINT), 90)
    find.finished = codec.decode(data, max_edge=WIDTH, max_pixels=WIDTH * HEIGHT).pixels
    verify(data, plan, approved, backs, hands, PICTURE, find, PAINT)


def test_nobody_seen_passes() -> None:
    look(SILHOUETTE, Looks())


@pytest.mark.parametrize("looks", [((Face(FACE, 0.9),),), ((), (flipped(Face(FACE, 0.9)),))])
def test_a_face_at_either_look_is_told_where_it_is(looks: tuple[tuple[Face, ...], ...]) -> None:
    with pytest.raises(SomebodySeen) as caught:
        look(WHOLE, Looks(*looks))
    assert [face.box for face in caught.value.faces] == [FACE]


def test_an_approved_face_and_a_back_excuse_one_hit_each() -> None:
    face, back = Face(FACE, 0.9), Head(Box(190, 30, 280, 140), 0.8, True)
    in_back = Face(Box(210, 60, 250, 110), 0.3)
    look(WHOLE, Looks((face, in_back), (flipped(face), flipped(in_back))), approved=[face], backs=[back])
    with pytest.raises(SomebodySeen) as caught:
        look(WHOLE, Looks((face, in_back, Face(Box(212, 62, 252, 112), 0.2))), approved=[face], backs=[back])
    assert len(caught.value.faces) == 1


def test_a_back_permits_no_hit_that_no_back_scores() -> None:
    """What a back of a head never reaches is a face: the head is hidden after all."""
    back = Head(Box(190, 30, 280, 140), 0.8, True)
    look(WHOLE, Looks((Face(Box(210, 60, 250, 110), 0.92),)), backs=[back])
    with pytest.raises(SomebodySeen):
        look(WHOLE, Looks((Face(Box(210, 60, 250, 110), 0.93),)), backs=[back])


def test_a_hand_with_paint_around_it_is_no_face() -> None:
    look(SILHOUETTE, Looks((ON_HAND,), (flipped(ON_HAND),)), hands=[HAND])


def test_a_face_behind_a_hand_is_one_if_it_was_there_before_the_paint() -> None:
    with pytest.raises(SomebodySeen):
        look(SILHOUETTE, Looks((ON_HAND,), (), (flipped(ON_HAND),)), hands=[HAND])


@pytest.mark.parametrize(
    ("plan", "hands", "hit"),
    [
        (SILHOUETTE, (), ON_HAND),  # hands may not remain
        (WHOLE, (HAND,), Face(Box(190, 90, 280, 190), 0.9)),  # more than the hand can be seen there
        (SILHOUETTE, (HAND,), Face(Box(0, 100, 40, 150), 0.9)),  # beside the person
    ],
)
def test_hands_excuse_nothing_else(plan: RewritePlan, hands: tuple[Hand, ...], hit: Face) -> None:
    with pytest.raises(SomebodySeen):
        look(plan, Looks((hit,)), hands=hands)


def test_a_cropped_picture_is_told_in_pixels_of_the_whole() -> None:
    plan = plan_of(Rewrite.CROP, Box(160, 64, 320, 224))
    with pytest.raises(SomebodySeen) as caught:
        look(plan, Looks((Face(Box(10, 10, 60, 70), 0.9),)))
    assert caught.value.faces[0].box == Box(170, 74, 220, 134)


def test_what_shows_through_the_paint_never_leaves() -> None:
    with pytest.raises(VerificationFailed, match="not what follows from what may be seen"):
        look(SILHOUETTE, Looks(), data=codec.encode_jpeg(PICTURE.pixels, 90))


def test_another_picture_than_the_planned_one_never_leaves() -> None:
    """Also where nothing is painted."""
    with pytest.raises(VerificationFailed, match="not what follows from what may be seen"):
        look(WHOLE, Looks(), data=codec.encode_jpeg(PICTURE.pixels[::-1].copy(), 90))


def test_a_painter_that_lets_hidden_pixels_through_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The painter is in the plan's and in the proof's path: the proof must notice what depends on what it overwrote."""

    def leaky(pixels: np.ndarray, hidden: np.ndarray, people: np.ndarray) -> np.ndarray:
        return cv2.blur(pixels, (61, 61))

    monkeypatch.setattr(paint, "surroundings", leaky)
    with pytest.raises(VerificationFailed, match="not what follows from what may be seen"):
        look(SILHOUETTE, Looks())


@examples(0.3)
@given(st.sampled_from(["jpeg", "png", "webp"]), st.integers(50, 95), st.booleans(), st.integers(0, 99))
def test_what_the_painter_made_passes_in_every_format(kind: str, quality: int, flat: bool, seed: int) -> None:
    """Photographs are smooth: so is this picture."""
    rough = np.random.default_rng(seed).integers(0, 256, (16, 22, 3), np.uint8)
    picture = Picture(cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), WIDTH, HEIGHT)
    made = Paint("flat" if flat else "surroundings")
    data = codec.encode(apply_plan(picture.pixels, SILHOUETTE, made), kind, quality=quality, sampling="4:2:0")
    verify(data, SILHOUETTE, (), (), (), picture, lambda picture, finest=True: (), made, kind, quality)


def test_another_size_than_planned_never_leaves() -> None:
    with pytest.raises(VerificationFailed, match="planned size"):
        look(SILHOUETTE, Looks(), data=codec.encode_jpeg(np.full((HEIGHT, WIDTH - 16, 3), 128, np.uint8), 90))
