"""The second pass: what it permits, and that it permits nothing more."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from consentguard.errors import UnreadableImage, VerificationFailed
from consentguard.guard import verify as second_pass
from consentguard.guard.verify import SomebodySeen, verify
from consentguard.values import Box, Face, Hand, Head, Picture, Rewrite
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import Paint, RewritePlan, apply_plan, fill, paint, proof
from consentguard.vision.rewrite.figures import Figure, Figures
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
        self.asked = 0

    def __call__(self, picture: Picture, *, finest: bool = True) -> tuple[Face, ...]:
        self.asked += 1
        assert finest != np.array_equal(picture.pixels, self.finished), "only the plain pass may be coarse"
        if np.array_equal(picture.pixels, PICTURE.pixels[:, ::-1]):
            return self.before
        return self.plain if np.array_equal(picture.pixels, self.finished) else self.mirrored


def look(plan: RewritePlan, find: Looks, *, approved=(), backs=(), hands=(), data: bytes | None = None) -> int:
    """What must pass, passes; how many detector passes that took."""
    data = data or codec.encode_jpeg(apply_plan(PICTURE.pixels, plan, PAINT), 90)
    find.finished = codec.decode(data, max_edge=WIDTH, max_pixels=WIDTH * HEIGHT).pixels
    verify(data, plan, approved, backs, hands, PICTURE, find, PAINT)
    return find.asked


def test_nobody_seen_passes() -> None:
    assert look(SILHOUETTE, Looks()) == 2, "plainly and mirrored"


@pytest.mark.parametrize("looks", [((Face(FACE, 0.9),),), ((), (flipped(Face(FACE, 0.9)),))])
def test_a_face_at_either_look_is_told_where_it_is(looks: tuple[tuple[Face, ...], ...]) -> None:
    with pytest.raises(SomebodySeen) as caught:
        look(WHOLE, Looks(*looks))
    assert [face.box for face in caught.value.faces] == [FACE]


def test_an_approved_face_and_a_back_permit_one_hit_each() -> None:
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
    assert look(SILHOUETTE, Looks((ON_HAND,), (flipped(ON_HAND),)), hands=[HAND]) == 3, (
        "and in what was before the paint"
    )


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
def test_hands_permit_nothing_else(plan: RewritePlan, hands: tuple[Hand, ...], hit: Face) -> None:
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


def _enlarged(rough: np.ndarray) -> Picture:
    """Smooth, as photographs are."""
    smooth = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return Picture(np.asarray(smooth, np.uint8), WIDTH, HEIGHT)


@examples(0.3)
@given(st.sampled_from(["jpeg", "png", "webp"]), st.integers(50, 95), st.booleans(), st.integers(0, 99))
def test_what_the_painter_made_passes_in_every_format(kind: str, quality: int, flat: bool, seed: int) -> None:
    rough = np.random.default_rng(seed).integers(0, 256, (16, 22, 3), np.uint8)
    picture = _enlarged(rough)
    made = Paint("flat" if flat else "surroundings")
    data = codec.encode(apply_plan(picture.pixels, SILHOUETTE, made), kind, quality=quality, sampling="4:2:0")
    searched = []

    def find(picture: Picture, *, finest: bool = True) -> tuple[Face, ...]:
        searched.append(picture.pixels.shape)
        return ()

    verify(data, SILHOUETTE, (), (), (), picture, find, made, kind, quality)
    assert searched == [picture.pixels.shape] * 2


def with_figure(plan: RewritePlan) -> RewritePlan:
    head = Box(30, 30, 140, 150)
    return replace(plan, heads=(head,), figures=Figures(plan.hidden.astype(np.uint8), (Figure(head, head),)))


@pytest.mark.parametrize("sticker", ["smile", "figure"])
@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_sticker_passes_and_hides_no_leak(kind: str, sticker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sharp edges are moved by coding more than any fill is."""
    plan, made = with_figure(SILHOUETTE), Paint(sticker=sticker)
    smooth = np.random.default_rng(1).integers(0, 256, (16, 22, 3), np.uint8)
    picture = _enlarged(smooth)

    def passes() -> None:
        data = codec.encode(apply_plan(picture.pixels, plan, made), kind, quality=90)
        verify(data, plan, (), (), (), picture, lambda picture, finest=True: (), made, kind, 90)

    passes()
    monkeypatch.setattr(paint, "surroundings", lambda pixels, hidden, people: cv2.blur(pixels, (61, 61)))
    with pytest.raises(VerificationFailed, match="not what follows"):
        passes()


@pytest.mark.parametrize("sticker", ["smile", "figure"])
def test_nobody_is_searched_for_in_a_drawing_and_everybody_beside_it(sticker: str) -> None:
    """A detector takes a drawn face for one: mirrored it sees the paint in its place, and the very bytes elsewhere."""
    plan, made = with_figure(SILHOUETTE), Paint(sticker=sticker)
    data, seen = codec.encode_jpeg(apply_plan(PICTURE.pixels, plan, made), 90), []

    def find(picture: Picture, *, finest: bool = True) -> tuple[Face, ...]:
        seen.append((finest, picture.pixels))
        return ()

    verify(data, plan, (), (), (), PICTURE, find, made)
    bytes_ = codec.decode(data, max_edge=WIDTH, max_pixels=WIDTH * HEIGHT).pixels
    bare = apply_plan(PICTURE.pixels, plan, Paint())
    by_pass = dict(seen)
    assert np.array_equal(by_pass[False], bytes_), "plainly it sees what the first pass over the copy would"
    replaced = (by_pass[True][:, ::-1] != bytes_).any(axis=2)
    assert replaced.sum() > 1000
    near = cv2.dilate(plan.hidden.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0  # where the paint fades
    assert not (replaced & ~near).any()
    assert np.array_equal(by_pass[True][:, ::-1][replaced], bare[replaced])


def test_only_what_lies_in_the_paint_is_nobody() -> None:
    """To the plain pass; mirrored, with nothing drawn, it counts as it did."""
    plan, made = with_figure(SILHOUETTE), Paint(sticker="figure")
    data = codec.encode_jpeg(apply_plan(PICTURE.pixels, plan, made), 90)
    in_it, across = (
        Face(Box(left, 60, left + 40, 110), 0.9) for left in (60, int(np.flatnonzero(plan.hidden[85]).max()) - 33)
    )
    assert plan.hidden[60:110, 60:100].all()
    assert 0.7 < plan.hidden[across.box.top : across.box.bottom, across.box.left : across.box.right].mean() < 0.9

    def passes(face: Face, mirrored: bool) -> None:
        find = lambda picture, finest=True: (face,) if finest == mirrored else ()  # noqa: E731
        verify(data, plan, (), (), (), PICTURE, find, made)

    passes(in_it, mirrored=False)
    for face, mirrored in ((across, False), (flipped(in_it), True)):
        with pytest.raises(SomebodySeen):
            passes(face, mirrored)


def test_another_size_than_planned_never_leaves() -> None:
    with pytest.raises(VerificationFailed, match="planned size"):
        look(SILHOUETTE, Looks(), data=codec.encode_jpeg(np.full((HEIGHT, WIDTH - 16, 3), 128, np.uint8), 90))


def test_what_is_found_is_told_in_words() -> None:
    with pytest.raises(SomebodySeen) as caught:
        look(WHOLE, Looks((Face(FACE, 0.9), Face(Box(200, 60, 260, 130), 0.5))))
    assert str(caught.value) == (
        "a second pass over the finished picture found a face at [40, 40, 100, 120] (score 0.90) that nobody cleared; "
        "crop it out of the photo and try again."
    )
    assert caught.value.faces == (Face(FACE, 0.9), Face(Box(200, 60, 260, 130), 0.5))


def test_other_refusals_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    size = "file is not the planned size; report this."
    content = "picture is not what follows from what may be seen; report this."
    for pixels, told in (
        (np.full((HEIGHT, WIDTH - 16, 3), 128, np.uint8), size),
        (np.full((HEIGHT - 16, WIDTH, 3), 128, np.uint8), size),
        (PICTURE.pixels, content),
    ):
        with pytest.raises(VerificationFailed) as caught:
            verify(
                codec.encode_jpeg(pixels, 90), SILHOUETTE, (), (), (), PICTURE, lambda picture, finest=True: (), PAINT
            )
        assert str(caught.value) == f"the finished {told}"
        assert not isinstance(caught.value, SomebodySeen)

    def broken(*_: object, **limits: int) -> Picture:
        assert limits == {"max_edge": WIDTH, "max_pixels": WIDTH * HEIGHT}
        raise UnreadableImage("cannot be read")

    good = codec.encode_jpeg(apply_plan(PICTURE.pixels, SILHOUETTE, PAINT), 90)
    monkeypatch.setattr(codec, "decode", broken)
    with pytest.raises(VerificationFailed, match=r"^the finished file cannot be read again: cannot be read$"):
        verify(good, SILHOUETTE, (), (), (), PICTURE, Looks(), PAINT)


def test_a_file_of_another_kind_never_leaves() -> None:
    data = codec.encode_png(apply_plan(PICTURE.pixels, SILHOUETTE, PAINT))
    with pytest.raises(VerificationFailed):
        verify(data, SILHOUETTE, (), (), (), PICTURE, lambda picture, finest=True: (), PAINT)
    verify(data, SILHOUETTE, (), (), (), PICTURE, lambda picture, finest=True: (), PAINT, "png")


def test_the_planned_frame_is_what_is_decoded_and_compared() -> None:
    """Higher than wide, and away from the corner."""
    frame = Box(160, 16, 256, 224)
    hidden = np.zeros((frame.height, frame.width), np.bool_)
    hidden[64:160, 16:80] = True
    plan = RewritePlan(Rewrite.SILHOUETTE, frame, "a test", hidden, np.zeros_like(hidden))
    data = codec.encode_jpeg(apply_plan(PICTURE.pixels, plan, PAINT), 90)
    verify(data, plan, (), (), (), PICTURE, lambda picture, finest=True: (), PAINT)
    face = Face(Box(10, 30, 50, 80), 0.9)
    seen = Face(Box(170, 46, 210, 96), 0.9)
    mirrored = Face(Box(96 - 50, 30, 96 - 10, 80), 0.9)
    find = lambda picture, finest=True: (mirrored,) if finest else (face,)  # noqa: E731
    verify(data, plan, (seen,), (), (), PICTURE, find, PAINT)
    with pytest.raises(SomebodySeen) as caught:
        verify(data, plan, (), (), (), PICTURE, find, PAINT)
    assert caught.value.faces == (seen, seen)


# -- whose hit it is --------------------------------------------------------------------------------------------------

SQUARE = Box(0, 0, 100, 100)


def hit(left: int, top: int = 0, score: float = 0.5, size: int = 100) -> Face:
    return Face(Box(left, top, left + size, top + size), score)


def test_a_hit_is_the_approved_face_from_four_tenths_of_overlap() -> None:
    """Of two squares of 100 that lie 42 apart 58 of 142 are shared, 43 apart 57 of 143."""
    approved = (Face(SQUARE, 0.9),)
    assert second_pass._uncleared([hit(42)], approved, ()) == []
    assert second_pass._uncleared([hit(43)], approved, ()) == [hit(43)]
    exact = Face(Box(0, 0, 100, 40), 0.5)
    assert second_pass._uncleared([exact], approved, ()) == []


def test_each_approved_face_permits_one_hit_the_nearest() -> None:
    two = (Face(SQUARE, 0.9), Face(Box(30, 0, 130, 100), 0.9))
    assert second_pass._uncleared([hit(10), hit(20)], two, ()) == []
    assert second_pass._uncleared([hit(25), hit(5)], two, ()) == [], "each takes the one it is most like"
    assert second_pass._uncleared([hit(0), hit(1), hit(2)], two, ()) == [hit(2)]
    assert second_pass._uncleared([hit(0)], (), ()) == [hit(0)]


def test_a_head_that_counts_as_a_face_permits_a_part_of_itself() -> None:
    head = Head(Box(0, 0, 100, 200), 0.8, from_behind=False)
    assert second_pass._likeness(Face(Box(0, 0, 50, 50), 0.5), head) == pytest.approx(0.4)
    assert second_pass._likeness(Face(Box(60, 0, 160, 100), 0.5), head) == pytest.approx(4000 / 26000)
    assert second_pass._likeness(Face(Box(40, 0, 140, 100), 0.5), head) == pytest.approx(0.4), "just six tenths in it"
    assert second_pass._likeness(Face(Box(0, 0, 100, 190), 0.5), head) == pytest.approx(0.95)
    assert second_pass._likeness(Face(Box(0, 0, 50, 50), 0.5), Face(head.box, 0.8)) == pytest.approx(0.125)


def test_a_back_permits_one_hit_that_lies_in_it_by_six_tenths() -> None:
    back = (Head(SQUARE, 0.8, from_behind=True),)
    assert second_pass._uncleared([hit(80, size=50)], (), back) == [hit(80, size=50)], "two fifths of it"
    assert second_pass._uncleared([hit(70, size=50)], (), back) == [], "three fifths of it"
    assert second_pass._uncleared([hit(10, size=50), hit(20, size=50)], (), back) == [hit(20, size=50)]
    assert second_pass._uncleared([hit(10, size=50, score=0.92)], (), back) == []
    assert second_pass._uncleared([hit(10, size=50, score=0.921)], (), back) == [hit(10, size=50, score=0.921)]
    two = (Head(Box(200, 0, 300, 100), 0.8, from_behind=True), *back)
    assert second_pass._uncleared([hit(10, size=50), hit(210, size=50)], (), two) == []


def test_of_a_face_and_a_back_the_face_takes_its_hit_first() -> None:
    face, back = Face(SQUARE, 0.9), Head(SQUARE, 0.8, from_behind=True)
    assert second_pass._uncleared([hit(0), hit(0)], (face,), (back,)) == []
    assert second_pass._uncleared([hit(0), hit(0), hit(0)], (face,), (back,)) == [hit(0)]


def test_only_hands_are_seen_where_the_rest_is_paint() -> None:
    painted = SILHOUETTE.hidden
    inside = Face(Box(205, 125, 255, 175), 0.9)
    only = second_pass._only_hands
    assert only(inside, (HAND,), painted, FRAME)
    assert only(ON_HAND, (HAND,), painted, FRAME)
    assert not only(inside, (), painted, FRAME)
    nothing = np.zeros_like(painted)
    assert only(inside, (HAND,), nothing, FRAME), "hand all over"
    assert not only(Face(Box(150, 90, 320, 200), 0.9), (HAND,), nothing, FRAME)
    assert not only(Face(Box(500, 0, 600, 90), 0.9), (HAND,), painted, FRAME), "outside of the picture"
    frame = Box(190, 100, 270, 190)
    part = painted[100:190, 190:270]
    assert only(inside, (HAND,), part, frame)
    assert not only(Face(Box(180, 125, 255, 175), 0.9), (HAND,), part, frame), "begins left of the frame"
    assert not only(Face(Box(205, 90, 255, 175), 0.9), (HAND,), part, frame), "begins above it"
    assert only(Face(Box(190, 100, 270, 190), 0.9), (HAND,), part, frame), "begins where the frame begins"
    assert only(Face(Box(205, 125, 300, 230), 0.9), (HAND,), part, frame), "what lies beyond it does not leave"


def test_a_box_in_a_mirror_and_in_a_frame() -> None:
    face = Face(Box(10, 20, 40, 60), 0.7)
    assert second_pass._mirrored(face, 100) == Face(Box(60, 20, 90, 60), 0.7)
    assert second_pass._moved(face, 3, 5) == Face(Box(13, 25, 43, 65), 0.7)
    picture = second_pass._flipped(PICTURE)
    assert np.array_equal(picture.pixels, PICTURE.pixels[:, ::-1])
    assert (picture.width, picture.height, picture.pixels.dtype) == (WIDTH, HEIGHT, np.dtype(np.uint8))


# -- what follows from the plan ---------------------------------------------------------------------------------------


def grey(level: int = 100, height: int = 96, width: int = 96) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def covered(*part: slice, height: int = 96, width: int = 96) -> np.ndarray:
    made = np.zeros((height, width), np.bool_)
    made[part] = True
    return made


def test_the_expected_picture_is_made_where_nobody_ever_was() -> None:
    other = PICTURE.pixels.copy()
    other[SILHOUETTE.hidden] = 255 - other[SILHOUETTE.hidden]
    expected, _ = proof.expected(PICTURE.pixels, SILHOUETTE, PAINT)
    assert np.array_equal(expected, proof.expected(other, SILHOUETTE, PAINT)[0])
    assert np.array_equal(expected, apply_plan(PICTURE.pixels, SILHOUETTE, PAINT))
    assert expected.dtype == np.uint8


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("sampling", ["4:2:0", "4:4:4"])
def test_the_file_is_the_expected_picture_to_the_last_byte(kind: str, sampling: str) -> None:
    pixels = _enlarged(np.random.default_rng(2).integers(0, 256, (16, 22, 3), np.uint8)).pixels
    data = codec.encode(pixels, kind, quality=90, sampling=sampling)
    assert proof.follows(data, pixels, kind, 90, sampling)
    nearly = pixels.copy()
    nearly[8:16, 8:16] = cv2.addWeighted(nearly[8:16, 8:16], 0.97, 255 - nearly[8:16, 8:16], 0.03, 0)
    assert not proof.follows(data, nearly, kind, 90, sampling), "three hundredths of what was hidden show through"
    if kind != "png":
        assert not proof.follows(data, pixels, kind, 80, sampling)


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_faint_leak_of_the_painter_is_found_out(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of what is hidden, blended into the paint, is seen by nobody and told by the bytes."""
    usual = fill.surroundings

    def leaky(pixels: np.ndarray, hidden: np.ndarray, people: np.ndarray) -> np.ndarray:
        return cv2.addWeighted(usual(pixels, hidden, people), 1 - share, pixels, share, 0)

    monkeypatch.setattr(paint, "surroundings", leaky)
    with pytest.raises(VerificationFailed, match="not what follows from what may be seen"):
        look(SILHOUETTE, Looks())
