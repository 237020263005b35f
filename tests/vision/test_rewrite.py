"""The plan and the paint: what may not be seen is never seen, whatever is drawn."""

import json
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import examples

from consentguard.values import Box, Extent, Face, Hand, Head, PersonRegion, Picture, Rewrite, Seen, Subject
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import Limits, Paint, RewritePlan, apply_plan, head_box, plan_rewrite, propose
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.cover import head_shape
from consentguard.vision.rewrite.fill import FEATHER
from consentguard.vision.rewrite.ground import Painted
from consentguard.vision.rewrite.placement import placement_of
from consentguard.vision.rewrite.plan import silhouettes, survey_of
from consentguard.vision.rewrite.scene import Scene
from consentguard.vision.rewrite.shapes import around, drawn
from consentguard.vision.rewrite.stickers import DRAWN

WIDTH, HEIGHT = 208, 152
LIMITS = Limits(smallest_edge=48, smallest_share=0.05, figures=True)
PAINTS = [
    Paint(),
    Paint("flat", (128, 128, 128)),
    Paint(sticker="figure"),
    Paint(sticker="smile"),
    Paint(note="people removed"),
]
PICTURE = Picture(np.random.default_rng(7).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), WIDTH, HEIGHT)
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


def extent_in(box: Box, head: Face | Head) -> Extent:
    """A body in a box, and surely its own head where that is in it, on cells of one pixel."""
    sure = np.full((box.height, box.width), 200, np.uint8)
    own = head.box
    sure[
        max(own.top - box.top, 0) : max(own.bottom - box.top, 0),
        max(own.left - box.left, 0) : max(own.right - box.left, 0),
    ] = 255
    return Extent(box.left, box.top, 1, sure)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Seen, list[bool]]:
    """Faces, heads, hands and people as detectors could have found them, and who may be seen."""
    found = draw(st.lists(faces(), min_size=1, max_size=4, unique_by=lambda face: face.box))
    heads = [
        Head(box, 0.9, behind)
        for box in draw(st.lists(boxes_in(60), max_size=2, unique=True))
        for behind in [draw(st.booleans())]
    ]
    hands = [hand_in(box) for box in draw(st.lists(boxes_in(60), max_size=3))]
    people = []
    counted: list[Face | Head] = [*found, *heads]
    for head in counted:
        box = draw(boxes_in(120))
        inside = box.within(WIDTH, HEIGHT)
        if inside and draw(st.booleans()):
            people.append(PersonRegion(inside, head, extent_in(inside, head) if draw(st.booleans()) else None))
    seen = Seen(tuple(found), tuple(heads), tuple(hands), tuple(people))
    return seen, draw(st.lists(st.booleans(), min_size=len(seen.counted), max_size=len(seen.counted)))


def shown_of(seen: Seen, approved: list[bool]) -> set[Subject]:
    return {one for one, may in zip(seen.counted, approved, strict=True) if may}


def planned(seen: Seen, approved: list[bool], remain: set[str], **more: Any) -> RewritePlan:
    return plan_rewrite(PICTURE, seen, shown_of(seen, approved), remain, limits=LIMITS, **more)


def proposed(seen: Seen, approved: list[bool], remain: set[str], **more: Any) -> tuple[RewritePlan, ...]:
    return propose(PICTURE, seen, shown_of(seen, approved), remain, limits=LIMITS, **more)


def surveyed(
    seen: Seen, approved: list[bool], remain: set[str], found: list[Face] | None = None, step: int = 0
) -> Scene:
    return survey_of(PICTURE, seen, shown_of(seen, approved), remain, (), found or (), step)


def secret(seen: Seen, approved: list[bool]) -> list[Face | Head]:
    return [one.head for one, keep in zip(seen.counted, approved, strict=True) if not keep]


def visible(plan: RewritePlan) -> np.ndarray:
    """Which pixels of the whole picture can be seen in what leaves."""
    seen = np.zeros((HEIGHT, WIDTH), bool)
    frame = plan.frame
    seen[frame.top : frame.bottom, frame.left : frame.right] = ~plan.hidden
    return seen


def core(head: Face | Head) -> tuple[slice, slice]:
    """What of a head is always covered: a face and a tenth around it, the middle of a head that is no face."""
    box = head.box
    by = (0.1 if isinstance(head, Face) else -0.15) * max(box.width, box.height)
    return (slice(max(int(box.top - by), 0), max(int(box.bottom + by), 0)),
            slice(max(int(box.left - by), 0), max(int(box.right + by), 0)))  # fmt: skip


def test_nobody_to_hide_changes_nothing() -> None:
    plan = planned(Seen((Face(Box(10, 10, 40, 40), 0.9),)), [True], {"hands"})
    assert (plan.rewrite, plan.frame, plan.worth) == (Rewrite.NONE, Box(0, 0, WIDTH, HEIGHT), 1.0)
    assert not plan.hidden.any()


@given(scenes(), st.sampled_from(REMAINS))
def test_no_candidate_shows_a_pixel_of_a_secret_face(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    for plan in proposed(*scene, remain):
        shown = visible(plan)
        for head in secret(*scene):
            assert not shown[core(head)].any()


@given(scenes(), st.sampled_from(REMAINS))
def test_a_refusal_cannot_be_applied_and_says_why(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    plan = planned(*scene, remain)
    assert (plan.rewrite is None) == (proposed(*scene, remain) == ())
    if plan.rewrite is None:
        assert plan.refused in ("nothing-may-remain", "faces-overlap")
        with pytest.raises(ValueError, match="refuses"):
            apply_plan(PICTURE.pixels, plan, PAINTS[0])


@given(scenes(), st.sampled_from(REMAINS))
def test_a_head_whose_body_was_not_read_is_covered_whole(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    """Hair, ears and chin, whatever is near, where nobody may be seen."""
    seen = Seen(scene[0].faces, scene[0].heads, scene[0].hands, ())
    for plan in proposed(seen, [False] * len(seen.counted), remain):
        shown = visible(plan)
        for one in seen.counted:
            assert not (shown & drawn([head_shape(one.head)], WIDTH, HEIGHT)).any()


@given(scenes(), st.sampled_from(REMAINS), st.lists(boxes_in(), min_size=1, max_size=3))
def test_marks_are_painted_in_every_candidate(
    scene: tuple[Seen, list[bool]], remain: set[str], marks: list[Box]
) -> None:
    for plan in proposed(*scene, remain, marks=marks):
        shown = visible(plan)
        for mark in marks:
            assert not shown[mark.top : mark.bottom, mark.left : mark.right].any()


@given(scenes(), st.sampled_from(REMAINS), faces())
def test_one_more_secret_face_never_shows_more_of_anybody(
    scene: tuple[Seen, list[bool]], remain: set[str], face: Face
) -> None:
    one, more = surveyed(*scene, remain), surveyed(*scene, remain, found=[face])
    assert not (silhouettes(one) & ~silhouettes(more)).any()
    assert not (one.covers & ~more.covers).any()


_LATE = Face(Box(65, 0, 69, 4), 0.9)
_CORNER = Seen(
    (_LATE, Face(Box(0, 0, 4, 4), 0.9), Face(Box(0, 0, 4, 5), 0.9)),
    people=(PersonRegion(Box(0, 0, 67, 4), _LATE, extent_in(Box(0, 0, 67, 4), _LATE)),),
)


@given(scenes(), st.sampled_from(REMAINS), st.integers(1, 2))
@example((_CORNER, [False, False, False]), {"hands", "back_of_head"}, 1)  # a later find beside a body that grows
def test_a_stronger_plan_hides_no_less(scene: tuple[Seen, list[bool]], remain: set[str], step: int) -> None:
    found = [Face(face.box, 0.9) for face in scene[0].faces[:1]]
    one, more = surveyed(*scene, remain, found), surveyed(*scene, remain, found, step)
    assert not (silhouettes(one) & ~silhouettes(more)).any()
    assert not (one.covers & ~more.covers).any()


@given(scenes(), st.sampled_from(REMAINS))
def test_a_crop_holds_no_secret_head_nor_what_is_near_it_and_every_approved_one(
    scene: tuple[Seen, list[bool]], remain: set[str]
) -> None:
    seen, approved = scene
    for plan in proposed(seen, approved, remain):
        if plan.rewrite is not Rewrite.CROP:
            continue
        assert min(plan.frame.width, plan.frame.height) >= LIMITS.smallest_edge
        shown = visible(plan)
        for head in secret(seen, approved):
            unit = head_box(head).height if isinstance(head, Face) else head.box.height
            rim = round(unit / 4)
            near = cv2.dilate(drawn([head_shape(head)], WIDTH, HEIGHT).astype(np.uint8), np.ones((rim, rim)))
            assert not (shown & (near > 0)).any()
        for face, keep in zip(seen.faces, approved, strict=False):
            box = face.box.within(WIDTH, HEIGHT)
            assert not keep or box is None or box.overlap(plan.frame) == box.area


@examples(0.6)
@given(
    scenes(),
    st.sampled_from(REMAINS),
    st.sampled_from(PAINTS),
    st.sampled_from(["jpeg", "png", "webp"]),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_the_bytes_that_leave_do_not_depend_on_what_was_hidden(
    scene: tuple[Seen, list[bool]], remain: set[str], paint: Paint, kind: str, rough: bool, seed: int
) -> None:
    """Scramble what is not seen, in any candidate: the encoded file stays the same, byte for byte.

    Of a source that is a small JPEG as well: paint goes on once it is decoded, so no block of it reaches what leaves.
    """
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    if rough:
        pixels = codec.decode(codec.encode_jpeg(pixels, 60), max_edge=WIDTH, max_pixels=10**6).pixels
    for plan in proposed(*scene, remain)[:2]:
        scrambled = np.where(visible(plan)[..., None], pixels, random.integers(0, 256, pixels.shape, np.uint8))
        one, other = (
            codec.encode(apply_plan(picture, plan, paint), kind, quality=90, sampling="4:2:0")
            for picture in (pixels, scrambled)
        )
        assert one == other


@given(scenes(), st.sampled_from(REMAINS), st.sampled_from(PAINTS[:3]))
def test_what_need_not_be_hidden_keeps_its_pixels(
    scene: tuple[Seen, list[bool]], remain: set[str], paint: Paint
) -> None:
    for plan in proposed(*scene, remain)[:2]:
        before = PICTURE.pixels.copy()
        after = apply_plan(PICTURE.pixels, plan, paint)
        assert (PICTURE.pixels == before).all(), "the source was painted on"
        frame, hidden = plan.frame, plan.hidden
        source = PICTURE.pixels[frame.top : frame.bottom, frame.left : frame.right]
        away = cv2.distanceTransform((~hidden).astype(np.uint8), cv2.DIST_L2, 3)
        kept = (away > FEATHER) | (plan.people & ~hidden) if hidden.any() else ~hidden
        assert (after[kept] == source[kept]).all()
        assert paint.fill != "flat" or (after[hidden] == paint.colour).all()
        assert not after.flags.writeable


@given(scenes(), st.sampled_from(REMAINS))
def test_a_plan_is_plain_data(scene: tuple[Seen, list[bool]], remain: set[str]) -> None:
    plan = planned(*scene, remain)
    told = json.loads(json.dumps(plan.as_json()))
    assert told["frame"] == plan.frame.as_list()
    for name in ("hidden", "people"):
        runs = np.array(told[name])
        mask = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(plan.frame.height, plan.frame.width)
        assert (mask == getattr(plan, name)).all()
    assert told == json.loads(json.dumps(planned(*scene, remain).as_json()))


def test_the_paint_touches_the_rim_where_the_head_does() -> None:
    face = Face(Box(WIDTH - 30, HEIGHT - 30, WIDTH, HEIGHT), 0.9)
    plan = planned(Seen((face,)), [False], {"body"})
    after = apply_plan(np.zeros((HEIGHT, WIDTH, 3), np.uint8), plan, PAINTS[1])
    assert after[-1, -1].tolist() == [128, 128, 128]


@pytest.mark.parametrize(("source", "rim"), [(WIDTH, 8), (WIDTH * 2, 4), (WIDTH * 8, 3)])
def test_a_rim_around_a_head_is_as_wide_as_the_sources_blocks_ring(source: int, rim: int) -> None:
    face = Face(Box(100, 80, 130, 115), 0.99)
    picture = Picture(PICTURE.pixels, source, round(HEIGHT * source / WIDTH))
    plan = plan_rewrite(picture, Seen((face,)), (), {"body"}, limits=LIMITS)
    head = drawn([head_shape(face)], WIDTH, HEIGHT).astype(np.uint8)
    assert plan.hidden[cv2.dilate(head, np.ones((2 * rim - 1, 1))) > 0].all()
    assert plan.hidden.sum() < cv2.dilate(head, np.ones((2 * rim + 5, 2 * rim + 5))).sum()


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
        assert plan.refused == "nothing-may-remain"
        return
    shown = visible(plan)
    for head in secret(seen, approved):
        box = head.box.within(WIDTH, HEIGHT)
        assert box is not None
        assert not shown[box.top : box.bottom, box.left : box.right].any()


def test_a_hidden_face_that_meets_an_approved_one_is_cropped_away_or_refuses_the_photo() -> None:
    seen = Seen((Face(Box(60, 40, 110, 100), 0.9), Face(Box(106, 50, 150, 110), 0.9)), (), (), ())
    for remain in REMAINS:
        plan = planned(seen, [True, False], remain)
        assert (plan.rewrite, plan.refused) == (None, "faces-overlap")


@given(scenes())
def test_of_an_approved_face_only_a_hidden_head_is_painted(scene: tuple[Seen, list[bool]]) -> None:
    seen, approved = scene
    survey = surveyed(seen, approved, {"hands"})
    painted = silhouettes(survey) & ~survey.covers
    for face, keep in zip(seen.faces, approved, strict=False):
        inside = face.box.within(WIDTH, HEIGHT)
        if keep and inside:
            across, down = inside.width // 8, inside.height // 8  # but for the corners of its box
            part = painted[inside.top + down : inside.bottom - down, inside.left + across : inside.right - across]
            assert not part.any()


def test_no_crop_is_smaller_than_policy_asks() -> None:
    """The picture itself is smaller: it is not cropped but painted."""
    seen = Seen((Face(Box(10, 10, 40, 50), 0.9),), (), (hand_in(Box(150, 90, 200, 140)),), ())
    kinds = {plan.rewrite for plan in propose(PICTURE, seen, (), {"hands"}, limits=LIMITS)}
    assert Rewrite.CROP in kinds
    assert {plan.rewrite for plan in propose(PICTURE, seen, (), {"hands"})} == {Rewrite.SILHOUETTE}


def test_what_is_worth_too_little_is_refused_with_the_reason() -> None:
    seen = Seen((Face(Box(60, 30, 120, 100), 0.9),), (), (), ())
    demanding = Limits(48, 0.05, least_worth=0.9)
    plan = plan_rewrite(PICTURE, seen, (), {"hands"}, limits=demanding)
    assert (plan.rewrite, plan.refused) == (None, "too-little-left")
    assert "worth" in plan.why


def test_policy_can_ask_for_the_first_kind_that_is_possible() -> None:
    seen = Seen((Face(Box(10, 10, 40, 50), 0.9),), (), (hand_in(Box(150, 90, 200, 140)),), ())
    kinds = [plan.rewrite for plan in propose(PICTURE, seen, (), {"hands"}, limits=Limits(48, 0.05, by_worth=False))]
    assert kinds == sorted(kinds, key=(Rewrite.CROP, Rewrite.SILHOUETTE).index)


def test_a_back_is_kept_whole_or_painted_whole() -> None:
    back = Head(Box(100, 40, 140, 90), 0.9, True)
    alone = surveyed(Seen((Face(Box(10, 10, 30, 35), 0.9),), (back,), (), ()), [False], {"back_of_head"})
    assert not silhouettes(alone)[45:85, 110:130].any()
    behind = surveyed(Seen((Face(Box(105, 20, 135, 60), 0.9),), (back,), (), ()), [False], {"back_of_head"})
    assert behind.backs == ()
    assert silhouettes(behind)[45:85, 105:135].all()


def test_few_fingers_beside_a_head_are_not_kept_and_no_hand_alone_in_paint() -> None:
    face = Face(Box(80, 30, 120, 80), 0.9)
    free, at, inside = hand_in(Box(170, 100, 190, 120)), hand_in(Box(112, 50, 136, 74)), hand_in(Box(90, 120, 104, 134))
    seen = Seen((face,), (), (free, at, inside), ())
    painted = silhouettes(surveyed(seen, [False], {"hands"}))
    for hand, kept in ((free, True), (at, False), (inside, False)):
        box = hand.box
        assert (not painted[box.top + 4 : box.bottom - 4, box.left + 4 : box.right - 4].any()) == kept


def test_a_hit_in_a_hand_costs_the_hand_and_no_body() -> None:
    """What a later look finds in a painted body or in a hand is hidden, but brings no body of its own."""
    face, hand = Face(Box(20, 10, 50, 45), 0.9), hand_in(Box(130, 90, 160, 120))
    seen = Seen((face,), (), (hand,), ())
    first = surveyed(seen, [False], {"hands"})
    again = surveyed(seen, [False], {"hands"}, [Face(Box(132, 92, 158, 118), 0.9)], 1)
    assert not silhouettes(first)[92:118, 132:158].any()
    assert silhouettes(again)[92:118, 132:158].all()
    assert (again.bodies == first.bodies).all()


def test_a_hit_in_somebody_who_is_hidden_brings_no_body_and_no_figure() -> None:
    """As the ring of a suit beneath a painted face; what lies beside them may be somebody else."""
    face = Face(Box(40, 20, 80, 66), 0.9)
    seen = Seen((face,), (), (), ())
    first = surveyed(seen, [False], {"hands"})
    in_it, beside = Face(Box(46, 50, 74, 76), 0.05), Face(Box(150, 20, 178, 50), 0.05)
    for hit, people in ((in_it, 1), (beside, 2)):
        again = surveyed(seen, [False], {"hands"}, [hit], 1)
        painted = silhouettes(again)
        assert painted[hit.box.top : hit.box.bottom, hit.box.left : hit.box.right].all()
        assert len(placement_of(again, Painted.of(again, painted)).people) == people
        assert [one.cells.any() for one in again.hidden] == [True] * people + [False] * (2 - people)
        wide = head_shape(hit)
        assert (around(again.hidden[1].cover).width < around(wide).width) == (people == 1), "no margins of doubt"
        assert people == 2 or (again.bodies >= first.bodies).all()


def test_a_hit_in_a_body_that_is_seen_keeps_the_margins_of_doubt() -> None:
    """Where bodies may remain the trunk that is guessed beneath a face is not painted: somebody may stand before it."""
    seen = Seen((Face(Box(140, 20, 180, 66), 0.9),), (), (), ())
    hit = Face(Box(150, 120, 174, 148), 0.4)
    covers = surveyed(seen, [False], {"body"}, [hit], 1).covers
    alone = surveyed(Seen((hit,), (), (), ()), [False], {"body"}).covers
    assert (covers | ~alone).all()


def test_small_islands_between_silhouettes_are_painted() -> None:
    """A ring of bodies; what it encloses is neither hand nor place."""
    faces = tuple(Face(Box(x, y, x + 12, y + 14), 0.9) for x, y in ((60, 40), (100, 40), (60, 70), (100, 70), (80, 30)))
    shown = ~silhouettes(surveyed(Seen(faces, (), (), ()), [False] * 5, {"hands"}))
    count, _, stats, _ = cv2.connectedComponentsWithStats(shown.astype(np.uint8), connectivity=4)
    assert all(stats[1:count, cv2.CC_STAT_AREA] >= 0.01 * WIDTH * HEIGHT)


def test_a_face_that_is_not_confirmed_is_painted_without_a_guessed_body() -> None:
    picture = Picture(np.zeros((970, 1300, 3), np.uint8), 1300, 970)
    painted = []
    for confirmed in (True, False):
        face = Face(Box(280, 60, 310, 96), 0.04, confirmed=confirmed)
        scene = survey_of(picture, Seen((face,), (), ()), (), {"hands"}, (), (), 0)
        painted.append(silhouettes(scene))
        assert painted[-1][57:99, 277:313].all(), "the face and a tenth around it"
    guessed, alone = painted
    assert guessed[200, 295] and not alone[200, 295]
    assert alone.sum() < guessed.sum() / 2
    assert not (alone & ~guessed).any()


def test_what_was_read_of_a_body_is_painted_and_nothing_beside_it() -> None:
    face = Face(Box(280, 60, 310, 96), 0.99)
    sure = np.zeros((220, 160), np.uint8)
    sure[40:220, 40:120] = 250
    person = PersonRegion(Box(250, 70, 410, 470), face, Extent(105, 15, 2, sure))
    picture = Picture(np.zeros((970, 1300, 3), np.uint8), 1300, 970)
    scene = survey_of(picture, Seen((face,), (), (), (person,)), (), {"hands"}, (), (), 0)
    painted = silhouettes(scene)
    assert painted[110:468, 292:448].all()
    assert not painted[300:600, :270].any() and not painted[300:600, 470:].any() and not painted[490:].any()


@pytest.mark.parametrize("figures", [False, True])
def test_of_a_body_whose_head_was_not_found_nothing_is_seen_although_nothing_was_read(figures: bool) -> None:
    face, alone = Face(Box(120, 100, 180, 180), 0.9), Box(600, 100, 800, 580)
    picture = Picture(np.random.default_rng(7).integers(0, 256, (600, 900, 3), np.uint8), 900, 600)
    seen = Seen((face,), (), (), (PersonRegion(alone, None),))
    plans = propose(picture, seen, (), {"hands"}, limits=Limits(100, 0.05, figures=figures))
    assert plans
    for plan in plans:
        shown = np.zeros((600, 900), np.bool_)
        shown[plan.frame.top : plan.frame.bottom, plan.frame.left : plan.frame.right] = ~plan.hidden
        assert not shown[alone.top : alone.bottom, alone.left : alone.right].any()


def read_person(face: Face, sure: np.ndarray, width: int, height: int) -> PersonRegion:
    """Somebody of whom a body was read, on the cells of a picture of this size."""
    return PersonRegion(Box(0, 0, width, height), face, Extent(0, 0, Grid.over(width, height).grain, sure))


@pytest.mark.parametrize("side", [40, 160, 420])
def test_a_face_and_a_tenth_around_it_are_covered_whatever_was_read(side: int) -> None:
    """Corners included, which neither a rounded outline nor a reading of the body holds."""
    face = Face(Box(300, 260, 300 + round(side * 0.8), 260 + side), 1.0)
    picture = Picture(np.zeros((970, 1300, 3), np.uint8), 1300, 970)
    grid = Grid.over(1300, 970)
    nothing = read_person(face, np.zeros((grid.rows, grid.columns), np.uint8), 1300, 970)
    covers = survey_of(picture, Seen((face,), (), (), (nothing,)), (), {"body"}, (), (), 0).covers
    by = side // 10
    assert covers[260 - by : 260 + side + by, 300 - by : face.box.right + by].all()


def test_a_cover_holds_the_hair_that_was_read_and_not_the_wall_beside_it() -> None:
    face = Face(Box(500, 300, 580, 400), 0.6, ((520, 340), (560, 340), (540, 362), (525, 380), (555, 380)))
    picture = Picture(np.zeros((970, 1300, 3), np.uint8), 1300, 970)
    grid = Grid.over(1300, 970)
    sure = np.zeros((grid.rows, grid.columns), np.uint8)
    head = Box(490, 275, 590, 410)
    sure[head.top // 2 : head.bottom // 2, head.left // 2 : head.right // 2] = 240
    hair = survey_of(picture, Seen((face,), (), (), (read_person(face, sure, 1300, 970),)), (), {"body"}, (), (), 0)
    unread = survey_of(picture, Seen((face,), (), ()), (), {"body"}, (), (), 0)
    assert hair.covers[head.top : head.bottom, head.left + 4 : head.right - 4].all()
    assert hair.covers.sum() < 0.8 * unread.covers.sum()
    assert not (hair.covers & ~unread.covers).any()
    reach = round(0.1 * head_box(face).height) + 8 + 5
    around = np.zeros_like(hair.covers)
    around[head.top - reach : head.bottom + reach, head.left - reach : head.right + reach] = True
    assert not (hair.covers & ~around).any()


@given(faces(), st.integers(1, 30))
def test_the_outline_of_a_larger_head_holds_that_of_the_head_and_a_rim(face: Face, by: int) -> None:
    head = drawn([head_shape(face)], WIDTH, HEIGHT).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by - 1, 2 * by - 1))
    assert drawn([head_shape(face, by)], WIDTH, HEIGHT)[cv2.dilate(head, disc) > 0].all()


def test_the_hair_of_the_approved_is_theirs_although_no_reading_says_so() -> None:
    """A hidden body is read behind it, and a hidden head is not near."""
    approved, hidden = Face(Box(600, 300, 680, 400), 0.99), Face(Box(100, 100, 180, 200), 0.99)
    picture = Picture(np.zeros((970, 1300, 3), np.uint8), 1300, 970)
    grid = Grid.over(1300, 970)
    wide = np.full((grid.rows, grid.columns), 240, np.uint8)
    people = (read_person(approved, np.zeros_like(wide), 1300, 970), read_person(hidden, wide, 1300, 970))
    seen = Seen((approved, hidden), (), (), people)
    shown = survey_of(picture, seen, {seen.subjects[0]}, {"body"}, (), (), 0).shown
    hair = head_box(approved)
    assert shown[(hair.top + 6) // 2, 640 // 2] and shown[350 // 2, (hair.left + 6) // 2]


@examples(0.6)
@given(st.integers(20, 180), st.integers(20, 300), st.sampled_from(REMAINS), st.integers(0, 10**6))
def test_the_faces_of_the_approved_survive_but_for_what_a_jpeg_does(
    left: int, top: int, remain: set[str], seed: int
) -> None:
    mine, hidden = Face(Box(left, top, left + 60, top + 80), 0.9), Face(Box(460, 160, 520, 240), 0.9)
    rough = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    picture = np.asarray(cv2.resize(rough, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    seen = Seen((mine, hidden), (), (), ())
    plan = plan_rewrite(Picture(picture, 640, 480), seen, {Subject(mine)}, remain, limits=LIMITS)
    left_, top_ = left - plan.frame.left, top - plan.frame.top
    data = codec.encode_jpeg(apply_plan(picture, plan, PAINTS[0]), 90)
    after = codec.decode(data, max_edge=640, max_pixels=10**6).pixels[top_ : top_ + 80, left_ : left_ + 60]
    off = np.abs(after.astype(int) - picture[top : top + 80, left : left + 60])
    assert off.mean() < 2
    assert off.max() < 32


def test_the_fill_has_the_colours_of_the_room_and_none_of_anybodys_clothes() -> None:
    wall, coat = (90, 140, 200), (220, 20, 20)
    pixels = np.full((480, 640, 3), wall, np.uint8)
    mine, hidden = Face(Box(150, 60, 200, 120), 0.9), Face(Box(400, 60, 450, 120), 0.9)
    bodies = []
    for face in (mine, hidden):
        box = Box(face.box.left - 60, 50, face.box.right + 60, 480)
        pixels[box.top : box.bottom, box.left : box.right] = coat
        bodies.append(PersonRegion(box, face, extent_in(box, face)))
    seen = Seen((mine, hidden), (), (), tuple(bodies))
    (plan,) = propose(Picture(pixels, 640, 480), seen, {Subject(mine)}, set(), limits=Limits(1000, 0.01))
    after = apply_plan(pixels, plan, Paint())
    assert (np.abs(after[plan.hidden].astype(int) - wall) < 25).all()
    assert (after[150:470, 100:250] == coat).all()


def test_where_nothing_is_left_to_take_colours_from_the_fill_is_light() -> None:
    plan = RewritePlan(Rewrite.COVER, Box(0, 0, 40, 40), "all", np.ones((40, 40), bool), np.zeros((40, 40), bool))
    assert apply_plan(np.zeros((40, 40, 3), np.uint8), plan, Paint()).min() > 200


@pytest.mark.parametrize("kind", DRAWN)
def test_a_sticker_lies_on_the_paint_and_nowhere_else(kind: str) -> None:
    seen = Seen((Face(Box(60, 40, 100, 90), 0.9), Face(Box(-10, -10, 20, 20), 0.9)), (), (), ())
    (plan,) = propose(PICTURE, seen, (), {"body"}, limits=Limits(1000, 0.01), marks=())[-1:]
    plain, stuck = (apply_plan(PICTURE.pixels, plan, Paint("flat", sticker=name)) for name in ("", kind))
    changed = (plain != stuck).any(axis=2)
    assert changed.any()
    assert not (changed & ~plan.hidden).any()


def test_a_note_says_in_the_corner_that_people_were_removed() -> None:
    plan = planned(Seen((Face(Box(60, 40, 100, 90), 0.9),), (), (), ()), [False], {"body"})
    without, noted = (apply_plan(PICTURE.pixels, plan, Paint(note=note)) for note in ("", "hi"))
    changed = (without != noted).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() > HEIGHT * 0.8 and columns.min() > WIDTH * 0.7


@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.02, 0.5, 0.98]), st.integers(0, 9))
def test_cells_are_touched_by_any_pixel_and_full_of_all(
    grain: int, across: int, down: int, share: float, seed: int
) -> None:
    width, height = max(across, grain), max(down, grain)
    grid, pixels = Grid(width, height, grain), np.random.default_rng(seed).random((height, width)) < share
    beyond = ((0, grid.rows * grain - height), (0, grid.columns * grain - width))
    cells = np.pad(pixels, beyond, mode="edge").reshape(grid.rows, grain, grid.columns, grain)
    assert (grid.touched(pixels) == cells.any(axis=(1, 3))).all()
    assert (grid.full(pixels) == cells.all(axis=(1, 3))).all()
