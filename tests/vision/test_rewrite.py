"""The plan and the paint: what may not be seen is never seen, whatever is drawn."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentguard.values import Box, Face, Hand, Head, Person, Rewrite, Seen, Subject
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import BLOCK, Limits, apply_plan, head_box, painted_pixels, plan_rewrite
from consentguard.vision.rewrite.cover import head_shape
from consentguard.vision.rewrite.shapes import drawn

WIDTH, HEIGHT, PAINT = 208, 152, (128, 128, 128)
LIMITS = Limits(smallest_edge=48, smallest_share=0.05)
REMAINS = [{"hands", "back_of_head"}, {"hands"}, {"back_of_head"}, set(), {"body"}, {"hands", "back_of_head", "body"}]


@st.composite
def boxes_in(draw: st.DrawFn, largest: int = 90) -> Box:
    left, top = draw(st.integers(0, WIDTH - 4)), draw(st.integers(0, HEIGHT - 4))
    return Box(left, top, left + draw(st.integers(4, largest)), top + draw(st.integers(4, largest)))


@st.composite
def faces(draw: st.DrawFn) -> Face:
    box = draw(boxes_in(70))
    tilt = draw(st.integers(-box.height // 4, box.height // 4))
    x, y = box.left + box.width / 4, box.top + box.height / 3
    eyes = ((x, y), (x + box.width / 2, y + tilt))
    marks = (*eyes, (x + box.width / 4, y + box.height / 4), (x, box.bottom - 2), (x + box.width / 2, box.bottom - 2))
    return Face(box, 0.9, draw(st.sampled_from([(), marks])))


def hand_in(box: Box) -> Hand:
    corners = ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
    outline = tuple((float(min(max(x, 0), WIDTH)), float(min(max(y, 0), HEIGHT))) for x, y in corners)
    inside = box.within(WIDTH, HEIGHT)
    assert inside is not None
    rows = [(box.left + box.width / 2, box.bottom - box.height * step / 21) for step in range(21)]
    return Hand(inside, 0.9, tuple(rows), outline)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Seen, list[bool]]:
    """Faces, heads, hands and people as the looks could have found them, and who may be seen."""
    found = draw(st.lists(faces(), min_size=1, max_size=4, unique_by=lambda face: face.box))
    heads = [
        Head(box, 0.9, behind)
        for box in draw(st.lists(boxes_in(60), max_size=2, unique=True))
        for behind in [draw(st.booleans())]
    ]
    hands = [hand_in(box) for box in draw(st.lists(boxes_in(60), max_size=3))]
    people = []
    for head in (*found, *heads):
        box = draw(boxes_in(120))
        outline = ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
        inside = box.within(WIDTH, HEIGHT)
        if inside and draw(st.booleans()):
            people.append(Person(inside, head, outline if draw(st.booleans()) else ()))
    seen = Seen(tuple(found), tuple(heads), tuple(hands), tuple(people))
    return seen, draw(st.lists(st.booleans(), min_size=len(seen.counted), max_size=len(seen.counted)))


def planned(seen: Seen, approved: list[bool], remain: set[str], **more: object):
    shown = {one for one, may in zip(seen.counted, approved, strict=True) if may}
    return plan_rewrite(seen, shown, remain, WIDTH, HEIGHT, limits=LIMITS, **more)


def secret_faces(seen: Seen, approved: list[bool]) -> list[Face | Head]:
    return [one.head for one, keep in zip(seen.counted, approved, strict=True) if not keep]


def visible(plan) -> np.ndarray:
    """Which pixels of the whole picture can be seen in what leaves."""
    seen = np.zeros((HEIGHT, WIDTH), bool)
    frame = plan.frame
    seen[frame.top : frame.bottom, frame.left : frame.right] = ~painted_pixels(plan)
    return seen


def assert_not_more(more: np.ndarray, one: np.ndarray) -> None:
    """Nothing is seen in `more` that is not seen in `one`, but for the rounding of corners to whole pixels."""
    assert not (more & ~(cv2.dilate(one.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)).any()


def test_nobody_to_hide_changes_nothing() -> None:
    plan = planned(Seen((Face(Box(10, 10, 40, 40), 0.9),)), [True], {"hands"})
    assert (plan.rewrite, plan.frame) == (Rewrite.NONE, Box(0, 0, WIDTH, HEIGHT))
    assert not painted_pixels(plan).any()


@given(scenes(), st.sampled_from(REMAINS))
def test_no_pixel_of_a_secret_face_is_seen(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    plan = planned(*scene, remain)
    if plan.rewrite is None:
        with pytest.raises(ValueError, match="refuses"):
            apply_plan(np.zeros((HEIGHT, WIDTH, 3), np.uint8), plan, PAINT)
        return
    shown = visible(plan)
    for face in secret_faces(*scene):
        box = face.box
        assert not shown[box.top : box.bottom, box.left : box.right].any()


@given(scenes(), st.sampled_from(REMAINS))
def test_no_pixel_of_a_secret_head_is_seen_where_nobody_may_be(
    scene: tuple[Seen, list[bool]], remain: set[str]
) -> None:
    seen = scene[0]
    plan = planned(seen, [False] * len(seen.counted), remain)
    if plan.rewrite is None:
        return
    shown = visible(plan)
    for head in [one.head for one in seen.counted]:
        assert not (shown & drawn([head_shape(head)], WIDTH, HEIGHT)).any()


@given(scenes(), st.sampled_from(REMAINS), st.lists(boxes_in(), min_size=1, max_size=3))
def test_marks_are_painted_in_every_kind_of_rewrite(
    scene: tuple[Seen, list[bool]], remain: set[str], marks: list[Box]
) -> None:
    plan = planned(*scene, remain, marks=marks)
    unmarked = planned(*scene, remain)
    if plan.rewrite is not None:
        shown = visible(plan)
        for mark in marks:
            assert not shown[mark.top : mark.bottom, mark.left : mark.right].any()
    # They forbid nothing: frame and kind stay as they were, but for nobody to hide, or where hardly anything is left.
    if plan.rewrite is None and unmarked.rewrite is not None:
        assert "of the picture could be seen" in plan.why
        return
    assert plan.frame == unmarked.frame
    assert plan.rewrite == (Rewrite.COVER if unmarked.rewrite is Rewrite.NONE else unmarked.rewrite)


@given(scenes(), st.sampled_from(REMAINS), faces())
def test_one_more_secret_face_never_shows_more_of_anybody(
    scene: tuple[Seen, list[bool]], remain: set[str], face: Face
) -> None:
    """Within one kind of rewrite. A crop may move, but shows nothing of anybody's head either way."""
    seen, approved = scene
    one, more = planned(seen, approved, remain), planned(seen, approved, remain, found=[face])
    if one.rewrite is more.rewrite and one.rewrite in (Rewrite.SILHOUETTE, Rewrite.COVER):
        assert_not_more(visible(more), visible(one))


@given(scenes(), st.sampled_from(REMAINS), st.integers(1, 2))
def test_a_stronger_plan_hides_no_less(scene: tuple[Seen, list[bool]], remain: set[str], step: int) -> None:
    one, more = planned(*scene, remain), planned(*scene, remain, step=step)
    if one.rewrite is more.rewrite and one.rewrite in (Rewrite.SILHOUETTE, Rewrite.COVER):
        assert_not_more(visible(more), visible(one))


@given(scenes(), st.sampled_from(REMAINS))
def test_a_crop_holds_no_secret_head_and_every_approved_one(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    seen, approved = scene
    plan = planned(seen, approved, remain)
    if plan.rewrite is Rewrite.CROP:
        assert min(plan.frame.width, plan.frame.height) >= LIMITS.smallest_edge
        inside = np.zeros((HEIGHT, WIDTH), bool)
        inside[plan.frame.top : plan.frame.bottom, plan.frame.left : plan.frame.right] = True
        for head in secret_faces(seen, approved):
            assert not (inside & drawn([head_shape(head)], WIDTH, HEIGHT)).any()
        for face, keep in zip(seen.faces, approved, strict=False):
            box = face.box.within(WIDTH, HEIGHT)
            assert not keep or box is None or box.overlap(plan.frame) == box.area


@settings(max_examples=25)
@given(scenes(), st.sampled_from(REMAINS), st.integers(0, 10**6))
def test_the_bytes_that_leave_do_not_depend_on_what_was_hidden(
    scene: tuple[Seen, list[bool]], remain: set[str], seed: int
) -> None:
    """Scramble what is not seen: the encoded file stays the same, byte for byte."""
    plan = planned(*scene, remain)
    if plan.rewrite is None:
        return
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    scrambled = np.where(visible(plan)[..., None], picture, random.integers(0, 256, picture.shape, np.uint8))
    one = codec.encode_jpeg(apply_plan(picture, plan, PAINT), 90)
    assert one == codec.encode_jpeg(apply_plan(scrambled, plan, PAINT), 90)


@settings(max_examples=25)
@given(scenes(), st.sampled_from([{"body"}, {"hands", "back_of_head"}]), st.integers(0, 10**6))
def test_no_colour_of_a_head_had_bled_into_what_is_kept(
    scene: tuple[Seen, list[bool]], remain: set[str], seed: int
) -> None:
    """Scramble the heads in the *source*, before it becomes a 4:2:0 JPEG: still the same bytes leave.

    A JPEG mixes the pixels of a block, and the colours of neighbouring ones: the paint reaches as far.
    """
    seen = scene[0]
    plan = planned(seen, [False] * len(seen.counted), remain)
    if plan.rewrite is None:
        return
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    scrambled = picture.copy()
    heads = drawn([head_shape(one.head) for one in seen.counted], WIDTH, HEIGHT)
    scrambled[heads] = random.integers(0, 256, (int(heads.sum()), 3), np.uint8)

    def leaves(source: np.ndarray) -> bytes:
        photo = codec.decode(codec.encode_jpeg(source, 80), max_edge=WIDTH, max_pixels=10**6)
        return codec.encode_jpeg(apply_plan(photo.pixels, plan, PAINT), 90)

    assert leaves(picture) == leaves(scrambled)


@given(scenes(), st.sampled_from(REMAINS))
def test_what_need_not_be_hidden_keeps_its_pixels(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    plan = planned(*scene, remain)
    if plan.rewrite is None:
        return
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    before = picture.copy()
    after = apply_plan(picture, plan, PAINT)
    assert (picture == before).all(), "the source was painted on"
    frame, free = plan.frame, ~painted_pixels(plan)
    assert (after[free] == picture[frame.top : frame.bottom, frame.left : frame.right][free]).all()
    assert (after[~free] == PAINT).all()
    assert not after.flags.writeable


@given(scenes(), st.sampled_from(REMAINS))
def test_a_plan_is_plain_data(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    plan = planned(*scene, remain)
    told = json.loads(json.dumps(plan.as_json()))
    assert told["frame"] == plan.frame.as_list()
    for name in ("painted", "kept", "covered"):
        assert [[tuple(point) for point in shape] for shape in told[name]] == [list(s) for s in getattr(plan, name)]
    assert plan == planned(*scene, remain)


def test_the_paint_touches_the_rim_where_the_head_does() -> None:
    face = Face(Box(WIDTH - 30, HEIGHT - 30, WIDTH, HEIGHT), 0.9)
    plan = planned(Seen((face,)), [False], {"body"})
    after = apply_plan(np.zeros((HEIGHT, WIDTH, 3), np.uint8), plan, PAINT)
    assert after[-1, -1].tolist() == list(PAINT)


def test_a_head_is_covered_in_whole_blocks() -> None:
    face = Face(Box(100, 80, 140, 130), 0.9)
    plan = planned(Seen((face,)), [False], {"body"})
    painted = painted_pixels(plan)
    head = drawn([head_shape(face)], WIDTH, HEIGHT)
    blocks = {(y // BLOCK, x // BLOCK) for y, x in zip(*np.nonzero(head), strict=True)}
    for row, column in blocks:
        assert painted[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK].all()
    assert head_box(face).area < painted.sum() < 3 * head_box(face).area


@pytest.mark.parametrize("remain", REMAINS, ids=lambda remain: "+".join(sorted(remain)) or "nothing")
@pytest.mark.parametrize(
    ("seen", "approved"),
    [
        pytest.param(Seen((Face(Box(-30, 20, 30, 100), 0.9),), (), (), ()), [False], id="half outside at the left"),
        pytest.param(Seen((Face(Box(90, -40, 140, 30), 0.9),), (), (), ()), [False], id="half outside at the top"),
        pytest.param(
            Seen((Face(Box(80, 40, 130, 100), 0.9),), (), (hand_in(Box(70, 30, 140, 110)),), ()),
            [False],
            id="hands on the face",
        ),
        pytest.param(
            Seen((Face(Box(80, 40, 130, 100), 0.9),), (), (hand_in(Box(0, 0, WIDTH, HEIGHT)),), ()),
            [False],
            id="a hand over the whole picture",
        ),
        pytest.param(
            Seen((Face(Box(60, 40, 110, 100), 0.9), Face(Box(90, 50, 140, 110), 0.9)), (), (), ()),
            [True, False],
            id="overlapping, one approved",
        ),
        pytest.param(
            Seen(tuple(Face(Box(x, y, x + 8, y + 10), 0.9) for x in range(0, 200, 10) for y in range(0, 150, 15))),
            [False] * 200,
            id="200 faces",
        ),
        pytest.param(
            Seen((Face(Box(90, 40, 130, 90), 0.9),), (Head(Box(20, 20, 60, 70), 0.9, False),), (), ()),
            [False, False],
            id="an unsure head",
        ),
    ],
)
def test_at_the_edges_no_secret_head_is_seen(seen: Seen, approved: list[bool], remain: set[str]) -> None:
    plan = planned(seen, approved, remain)
    if plan.rewrite is None:
        assert "of the picture could be seen" in plan.why
        return
    shown = visible(plan)
    for head in secret_faces(seen, approved):
        box = head.box.within(WIDTH, HEIGHT)
        assert box is not None
        assert not shown[box.top : box.bottom, box.left : box.right].any()


def test_no_crop_is_smaller_than_policy_asks() -> None:
    """The picture itself is smaller: it is not cropped but painted."""
    seen = Seen((Face(Box(10, 10, 40, 50), 0.9),), (), (hand_in(Box(150, 90, 200, 140)),), ())
    assert plan_rewrite(seen, (), {"hands"}, WIDTH, HEIGHT, limits=LIMITS).rewrite is Rewrite.CROP
    assert plan_rewrite(seen, (), {"hands"}, WIDTH, HEIGHT).rewrite is Rewrite.SILHOUETTE


def test_a_back_is_kept_whole_or_not_at_all() -> None:
    back = Head(Box(100, 40, 140, 90), 0.9, True)
    alone = planned(Seen((Face(Box(10, 10, 30, 35), 0.9),), (back,), (), ()), [False], {"back_of_head"})
    assert visible(alone)[45:85, 105:135].all()
    behind = planned(Seen((Face(Box(105, 20, 135, 60), 0.9),), (back,), (), ()), [False], {"back_of_head"})
    assert behind.kept == ()


def test_few_fingers_beside_a_head_are_not_kept() -> None:
    face = Face(Box(80, 40, 120, 90), 0.9)
    beside, at = hand_in(Box(160, 100, 190, 130)), hand_in(Box(112, 60, 136, 84))
    plan = plan_rewrite(Seen((face,), (), (beside, at), ()), (), {"hands"}, WIDTH, HEIGHT, limits=Limits(1000, 0.01))
    assert len(plan.kept) == 1


def test_a_hit_in_a_hand_costs_the_hand_and_no_body() -> None:
    """What a later look finds in a painted body or in a hand is hidden, but brings no body of its own."""
    face, hand = Face(Box(20, 10, 50, 45), 0.9), hand_in(Box(130, 90, 160, 120))
    seen = Seen((face,), (), (hand,), ())
    limits = Limits(1000, 0.01)
    first = plan_rewrite(seen, (), {"hands"}, WIDTH, HEIGHT, limits=limits)
    again = plan_rewrite(
        seen, (), {"hands"}, WIDTH, HEIGHT, limits=limits, found=[Face(Box(132, 92, 158, 118), 0.9)], step=1
    )
    assert (visible(first)[92:118, 132:158]).all()
    assert not visible(again)[92:118, 132:158].any()
    assert again.painted[0] == first.painted[0]
    assert len(again.painted) - len(again.covered) == len(first.painted) - len(first.covered)


def test_small_islands_between_silhouettes_are_painted() -> None:
    """A ring of bodies; what it encloses is neither hand nor place."""
    faces = tuple(Face(Box(x, y, x + 12, y + 14), 0.9) for x, y in ((60, 40), (100, 40), (60, 70), (100, 70), (80, 30)))
    shown = visible(planned(Seen(faces, (), (), ()), [False] * 5, {"hands"}))
    count, _, stats, _ = cv2.connectedComponentsWithStats(shown.astype(np.uint8), connectivity=4)
    assert all(stats[1:count, cv2.CC_STAT_AREA] >= 0.01 * WIDTH * HEIGHT)


@settings(max_examples=30)
@given(st.integers(20, 180), st.integers(20, 300), st.sampled_from(REMAINS), st.integers(0, 10**6))
def test_the_faces_of_the_approved_survive_but_for_what_a_jpeg_does(
    left: int, top: int, remain: set[str], seed: int
) -> None:
    mine, secret = Face(Box(left, top, left + 60, top + 80), 0.9), Face(Box(460, 160, 520, 240), 0.9)
    plan = plan_rewrite(Seen((mine, secret), (), (), ()), {Subject(mine)}, remain, 640, 480, limits=LIMITS)
    rough = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    picture = cv2.resize(rough, (640, 480), interpolation=cv2.INTER_CUBIC)
    left_, top_ = left - plan.frame.left, top - plan.frame.top
    data = codec.encode_jpeg(apply_plan(picture, plan, PAINT), 90)
    after = codec.decode(data, max_edge=640, max_pixels=10**6).pixels[top_ : top_ + 80, left_ : left_ + 60]
    off = np.abs(after.astype(int) - picture[top : top + 80, left : left + 60])
    assert off.mean() < 2
    assert off.max() < 32


@pytest.mark.parametrize(("heads", "hidden"), [(2.9, True), (2.2, False)])
def test_an_outline_that_its_view_cut_goes_on_to_the_feet(heads: float, hidden: bool) -> None:
    """A bust ends where its view does; what lies below is of that person too. Ended by a desk, it stays as it is."""
    face = Face(Box(280, 40, 310, 76), 0.9)
    head = head_box(face)
    bottom = (head.top + head.bottom) / 2 + heads * head.height
    outline = ((270.0, 20.0), (320.0, 20.0), (330.0, bottom), (260.0, bottom))
    person = Person(Box(260, 20, 330, round(bottom)), face, outline)
    plan = plan_rewrite(Seen((face,), (), (), (person,)), (), {"hands"}, 640, 480, limits=LIMITS)
    knees = round(head.top + 4.5 * head.height)
    assert plan.rewrite is Rewrite.SILHOUETTE
    assert painted_pixels(plan)[knees, 265:325].all() == hidden
