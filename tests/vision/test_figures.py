"""Figures: where they stand, and that they stand on paint only."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.values import Box, Extent, Face, Hand, Head, PersonRegion, Picture, Rewrite, Seen
from consentguard.vision.drawn import BODIES, FACES
from consentguard.vision.rewrite import Limits, Paint, RewritePlan, apply_plan, propose
from consentguard.vision.rewrite.bodies import heads_alone, tidied
from consentguard.vision.rewrite.child import plausible, usual, waist
from consentguard.vision.rewrite.figures import Figure, Figures, drawn_on, head_of
from consentguard.vision.rewrite.ground import Painted
from consentguard.vision.rewrite.placement import placement_of
from consentguard.vision.rewrite.plan import silhouettes, survey_of
from consentguard.vision.rewrite.scene import Scene
from consentguard.vision.rewrite.worth import figure_features

WIDTH, HEIGHT = 320, 240
GREY = Picture(np.full((HEIGHT, WIDTH, 3), 120, np.uint8), WIDTH, HEIGHT)
WHOLE = Box(0, 0, WIDTH, HEIGHT)
REMAIN = {"hands", "back_of_head"}
NOWHERE = np.zeros((HEIGHT, WIDTH), np.bool_)
JOINTS = tuple((float(k), 2.5) for k in range(12))


def face_at(x: int, y: int, side: int = 24) -> Face:
    return Face(Box(x, y, x + side, y + side), 0.9)


def scene_of(*heads: Face, people: tuple[PersonRegion, ...] = (), marks: tuple[Box, ...] = ()) -> Scene:
    return survey_of(GREY, Seen(heads, (), (), people), (), REMAIN, marks, (), 0)


def body(box: Box, head: Face | None, sure: np.ndarray | None = None) -> PersonRegion:
    cells = np.full((box.height, box.width), 220, np.uint8) if sure is None else sure
    return PersonRegion(box, head, Extent(box.left, box.top, 1, cells))


def figures(scene: Scene) -> tuple[Figures, np.ndarray]:
    scene = tidied(scene)
    hidden = silhouettes(scene)
    return placement_of(scene, Painted.of(scene, hidden)).figures(hidden, WHOLE), hidden


def test_each_person_is_a_figure_numbered_from_left_to_right() -> None:
    right, left = face_at(220, 60), face_at(60, 60)
    made, hidden = figures(scene_of(right, left))
    assert set(np.unique(made.labels)) == {0, 1, 2}
    for label, face in ((1, left), (2, right)):
        assert (made.labels[face.box.top : face.box.bottom, face.box.left : face.box.right] == label).all()
        assert made.people[label - 1].head.overlap(face.box) == face.box.area
    assert not made.labels[~hidden].any()
    assert (made.labels[hidden] > 0).mean() > 0.6, "most of the paint has a figure"


def test_the_nearest_stands_in_front() -> None:
    far, near = face_at(150, 40, 16), face_at(140, 60, 60)
    made, _ = figures(scene_of(far, near))
    front = 1 + max((0, 1), key=lambda index: made.people[index].head.area)
    assert (made.labels[62:118, 142:198] == front).all()


def test_what_lies_apart_from_its_head_is_left_to_the_fill() -> None:
    face = face_at(150, 40)
    sure = np.zeros((150, 120), np.uint8)
    sure[:80, 20:100] = 220
    sure[140:148, 2:10] = 220
    made, hidden = figures(scene_of(face, people=(body(Box(100, 40, 220, 190), face, sure),)))
    assert hidden[183, 105]
    assert made.labels[183, 105] == 0
    assert made.labels[100, 160] == 1


def test_what_is_thin_is_no_part_of_a_figure() -> None:
    face = face_at(140, 30, 40)
    sure = np.zeros((180, 160), np.uint8)
    sure[:, 20:140] = 220
    sure[100:105] = 220
    made, hidden = figures(scene_of(face, people=(body(Box(80, 30, 240, 210), face, sure),)))
    assert hidden[132, 82:86].all()
    assert not made.labels[132, 82:86].any()
    assert (made.labels[100:190, 120:200] == 1).all()


def test_an_arm_is_drawn_where_it_is_raised_and_only_on_what_was_read() -> None:
    face = face_at(140, 60, 40)
    sure = np.zeros((180, 180), np.uint8)
    sure[60:, 20:140] = 220
    sure[:80, 110:150] = 220
    person = body(Box(80, 30, 260, 210), face, sure)
    joints = [(140, 125), (180, 125), (130, 150), (212, 100), (130, 180), (212, 50), (150, 190), (175, 190)]
    joints += [(150, 260), (175, 260), (150, 320), (175, 320)]
    raised = replace(person, joints=tuple((float(x), float(y)) for x, y in joints))
    (arm, hidden), (none, _) = (figures(scene_of(face, people=(one,))) for one in (raised, person))
    assert (arm.labels[50:90, 206:218] == 1).all()
    assert hidden[50:90, 206:218].all()
    assert not none.labels[50:60, 206:218].any()
    drawn = drawn_on(np.full((HEIGHT, WIDTH, 3), 77, np.uint8), arm, NOWHERE)
    assert tuple(drawn[44, 212]) == FACES[0], "a hand"


def test_outlines_are_smooth_and_white() -> None:
    face = face_at(140, 30, 40)
    sure = np.zeros((180, 160), np.uint8)
    sure[:, 20:130] = 220
    sure[np.arange(180) % 48 < 16, 130:142] = 220
    scene = tidied(scene_of(face, people=(body(Box(80, 30, 240, 210), face, sure),)))
    everywhere = np.ones((HEIGHT, WIDTH), np.bool_)
    made = placement_of(scene, Painted.of(scene, everywhere)).figures(everywhere, WHOLE)
    edge = np.array([np.flatnonzero(made.labels[row]).max() for row in range(120, 180)])
    assert np.ptp(edge) <= 5
    drawn = drawn_on(np.zeros((HEIGHT, WIDTH, 3), np.uint8), made, NOWHERE)
    assert all(drawn[row, at : at + 3].max() > 200 for row, at in zip(range(120, 180), edge, strict=True))


def test_no_second_figure_stands_on_what_is_left_of_a_body() -> None:
    face = face_at(140, 30, 40)
    sure = np.zeros((180, 220), np.uint8)
    sure[:, 50:170] = 220
    sure[100:104] = 220
    arm = body(Box(215, 128, 270, 136), None)
    made, hidden = figures(scene_of(face, people=(body(Box(50, 30, 270, 210), face, sure), arm)))
    assert hidden[132, 250]
    assert len(made.people) == 1


def test_a_head_is_no_larger_than_its_paint() -> None:
    face = face_at(140, 60, 30)
    sure = np.zeros((180, 120), np.uint8)
    sure[20:, 40:80] = 220
    made, hidden = figures(scene_of(face, people=(body(Box(95, 30, 215, 210), face, sure),)))
    (oval,) = head_of(made.people[0].head, long_hair=False)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    oval.fill(mask, 1, cv2.LINE_8)
    assert hidden[mask > 0].mean() > 0.99


def test_a_body_that_was_not_read_is_a_child_with_shoulders_and_legs() -> None:
    made, _ = figures(scene_of(face_at(150, 20, 16)))
    (figure,) = made.people
    middle = (figure.head.left + figure.head.right) // 2
    rows = np.flatnonzero((made.labels > 0).any(axis=1))
    across = (made.labels > 0).sum(axis=1)
    assert across[figure.head.bottom + 2] < 0.8 * across[rows[0] :].max(), "a neck"
    assert figure.joints is not None
    assert rows[-1] > figure.joints[6][1] > figure.head.bottom
    below = made.labels[round(figure.joints[8][1]) : rows[-1]]
    assert any(not row[middle] and row[:middle].any() and row[middle:].any() for row in below), "between the legs"


def test_joints_of_somebody_else_are_not_drawn_and_no_limb_is_longer_than_it_can_be() -> None:
    head = Box(100, 20, 140, 66)
    standing = usual(head)
    assert plausible(standing, head) is not None
    assert plausible(tuple((x + 3 * head.height, y) for x, y in standing), head) is None, "those of a neighbour"
    assert plausible(tuple((x, 43.0) for x, _ in standing), head) is None, "no trunk"
    far = tuple((x, y + 900 * (index in {4, 10})) for index, (x, y) in enumerate(standing))
    drawn = plausible(far, head)
    assert drawn is not None
    for joint in (4, 10):
        away = np.hypot(*(np.array(drawn[joint]) - drawn[joint - 2])) / head.height
        assert 1 < away < 2.3
    aside = tuple((120.0, y) for _, y in standing)
    wide = plausible(aside, head)
    assert wide is not None
    assert abs(wide[0][0] - wide[1][0]) > 0.6 * head.height, "seen from the side, and as wide as a child"


@given(st.lists(st.tuples(st.integers(0, 260), st.integers(0, 180), st.integers(6, 60)), min_size=1, max_size=8))
def test_what_is_told_of_figures_is_what_is_drawn(places: list[tuple[int, int, int]]) -> None:
    """Where a frame is worth something is decided by `owner`; nobody counts there who is not drawn."""
    scene = tidied(scene_of(*(face_at(*place) for place in places)))
    hidden = silhouettes(scene)
    placed = placement_of(scene, Painted.of(scene, hidden))
    labels = placed.figures(hidden, WHOLE).labels
    assert set(np.unique(placed.owner)) <= {0, *placed.order}
    grain = scene.grid.grain
    middles = labels[grain // 2 :: grain, grain // 2 :: grain]
    owner = placed.owner[: middles.shape[0], : middles.shape[1]]
    assert (middles == owner)[middles > 0].mean() > 0.9


def test_outlines_are_whole_as_figures_keep_from_the_rim_of_the_paint() -> None:
    made, hidden = figures(scene_of(face_at(150, 20, 16), face_at(60, 30, 20)))
    wider = cv2.dilate((made.labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert not (wider & ~hidden).any()


def test_who_is_drawn_behind_somebody_from_behind_reaches_up_to_them() -> None:
    face = face_at(150, 30, 24)
    sure = np.full((160, 100), 220, np.uint8)
    person = body(Box(112, 20, 212, 180), face, sure)
    back = Head(Box(140, 110, 184, 160), 0.95, from_behind=True)
    before = replace(body(Box(136, 110, 188, 240), None, np.full((130, 52), 240, np.uint8)), head=back)
    seen = Seen((face,), (back,), (), (person, before))
    made, hidden = figures(survey_of(GREY, seen, (), REMAIN, (), (), 0))
    assert not hidden[150, 162], "who is seen from behind stays"
    rim = cv2.dilate((~hidden[100:170, 130:194]).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    beside = rim & hidden[100:170, 130:194]
    assert (made.labels[100:170, 130:194][beside] == 1).mean() > 0.5
    drawn = drawn_on(np.full((HEIGHT, WIDTH, 3), 77, np.uint8), made, ~hidden)[100:170, 130:194]
    assert drawn[beside].min(axis=1).max() < 230, "no white line beside them"


def test_whoever_was_seen_stands_before_a_body_that_is_guessed() -> None:
    near, far = face_at(140, 20, 30), face_at(145, 120, 12)
    sure = np.full((60, 24), 220, np.uint8)
    made, _ = figures(scene_of(near, far, people=(body(Box(139, 110, 163, 170), far, sure),)))
    behind, before = (made.labels[y, 151] for y in (100, 150))
    assert {behind, before} == {1, 2}
    assert made.labels[125, 151] == before


def test_no_face_is_drawn_on_the_body_of_another() -> None:
    near, odd = face_at(140, 20, 30), Face(Box(155, 120, 167, 132), 0.9, confirmed=False)
    made, _ = figures(scene_of(near, odd))
    assert set(np.unique(made.labels)) == {0, 1}
    alone, _ = figures(scene_of(near, replace(odd, box=Box(20, 120, 32, 132))))
    assert set(np.unique(alone.labels)) == {0, 1, 2}


def test_no_small_face_is_drawn_on_a_large_head_and_the_largest_head_stands_before() -> None:
    near, inside, beside = face_at(140, 40, 60), face_at(160, 60, 20), face_at(205, 50, 40)
    made, _ = figures(scene_of(near, inside, beside))
    assert {int(made.labels[y, x]) for y, x in ((70, 170), (50, 165), (80, 150))} == {1}
    assert set(np.unique(made.labels)) == {0, 1, 3}


def test_a_figure_has_hair_a_face_a_shirt_and_trousers() -> None:
    made, _ = figures(scene_of(face_at(140, 20, 24)))
    drawn = drawn_on(np.full((HEIGHT, WIDTH, 3), 77, np.uint8), made, NOWHERE)
    (figure,) = made.people
    head, middle = figure.head, (figure.head.left + figure.head.right) // 2
    assert figure.joints is not None
    hips = round(waist(figure.joints, figure.head.height))
    hair, nose, shirt, trousers = (
        tuple(drawn[y, middle].tolist())
        for y in (head.top + head.height // 10, (head.top + head.bottom) // 2 + 2, hips - 10, hips + 6)
    )
    assert nose == FACES[0]
    assert shirt == BODIES[0]
    assert len({hair, nose, shirt, trousers, (77, 77, 77)}) == 5


def test_curls_fill_the_wide_cover_of_an_unsure_face() -> None:
    box = Box(140, 60, 164, 84)
    sure, unsure = (figures(scene_of(Face(box, score)))[0] for score in (0.99, 0.5))
    assert sure.people[0].curls is None
    curls, head = unsure.people[0].curls, unsure.people[0].head
    assert curls is not None
    assert curls.left < head.left < head.right < curls.right
    middle = (curls.top + curls.bottom) // 2
    assert (unsure.labels[middle, curls.left + 3 : curls.right - 3] == 1).all()
    drawn = drawn_on(np.full((HEIGHT, WIDTH, 3), 77, np.uint8), unsure, NOWHERE)
    assert drawn[middle, curls.left + 5].sum() < 300, "hair"


def test_who_was_not_read_wears_a_coat() -> None:
    made, _ = figures(scene_of(face_at(150, 20, 16)))
    (figure,) = made.people
    assert figure.coat
    assert figure.joints is not None
    knees = round(figure.joints[8][1])
    assert (made.labels[knees, figure.head.left + 4 : figure.head.right - 4] == 1).all()


def test_who_is_drawn_with_hands_keeps_none_of_their_own() -> None:
    """Hands of somebody whose arms were not read stay."""
    face = face_at(140, 30, 24)
    sure = np.full((200, 120), 220, np.uint8)
    joints = [(130, 66), (174, 66), (120, 100), (190, 90), (120, 140), (200, 120), (140, 140), (164, 140)]
    read = tuple((float(x), float(y)) for x, y in [*joints, *[(140, 200), (164, 200), (140, 230), (164, 230)]])
    person = replace(body(Box(92, 20, 212, 220), face, sure), joints=read)
    hands = []
    for x, y in ((202, 122), (30, 150)):
        points = tuple((float(x), y - 20 * step / 21) for step in range(21))
        outline = ((x - 8.0, y - 20.0), (x + 8.0, y - 20.0), (x + 8.0, y + 0.0), (x - 8.0, y + 0.0))
        hands.append(Hand(Box(x - 8, y - 20, x + 8, y), 0.9, points, outline))
    scene = survey_of(GREY, Seen((face,), (), tuple(hands), (person,)), (), REMAIN, (), (), 0)
    assert scene.hands == tuple(hands)
    assert tidied(scene).hands == (hands[1],)
    unread = survey_of(GREY, Seen((face,), (), tuple(hands), (replace(person, joints=None),)), (), REMAIN, (), (), 0)
    assert tidied(unread).hands == tuple(hands)


def test_gaps_and_small_holes_of_a_body_are_closed() -> None:
    face = face_at(140, 30, 40)
    sure = np.full((180, 120), 220, np.uint8)
    sure[90:110, 40:60] = 0
    box = Box(100, 30, 220, 210)
    scene = scene_of(face, people=(body(box, face, sure),))
    (before,), (after,) = scene.hidden, tidied(scene).hidden
    assert not (before.cells & ~after.cells).any()
    assert not before.cells[130, 150]
    assert after.cells[130, 150]


def test_a_body_without_a_head_has_a_face_at_its_top() -> None:
    made, _ = figures(scene_of(face_at(20, 20), people=(body(Box(200, 60, 260, 220), None),)))
    assert len(made.people) == 2
    assert Box(190, 55, 270, 130).overlap(made.people[1].head) == made.people[1].head.area
    assert made.labels[150, 230] == 2


def test_a_body_that_is_a_mere_box_is_a_child_inside_it() -> None:
    box = Box(100, 20, 220, 220)
    made, hidden = figures(scene_of(face_at(20, 20), people=(PersonRegion(box, None),)))
    figure = made.people[1]
    across = (made.labels == 2).sum(axis=1)
    assert hidden[30:210, 110:210].all()
    assert figure.joints is not None
    assert 0 < across[round(figure.joints[6][1])] < 0.8 * box.width
    assert (made.labels[figure.head.top + 4 : figure.head.bottom - 4, 160] == 2).all()


def test_paint_over_words_is_no_figure() -> None:
    made, hidden = figures(scene_of(face_at(20, 20), marks=(Box(200, 180, 300, 220),)))
    assert hidden[200, 250]
    assert made.labels[200, 250] == 0


def test_where_bodies_may_remain_only_heads_are_figures() -> None:
    face = face_at(150, 40)
    plan = next(
        plan
        for plan in propose(GREY, Seen((face,)), (), {"body", *REMAIN}, limits=Limits(48, 0.05, figures=True))
        if plan.rewrite is Rewrite.COVER
    )
    assert plan.figures is not None
    assert (plan.figures.labels[plan.hidden] == 1).mean() > 0.4
    (person,) = plan.figures.people
    assert person.body.height < 1.3 * person.head.height
    assert person.joints is None
    assert not heads_alone(scene_of(face)).hidden[0].cells.any()


def test_hundreds_of_people_are_drawn_and_the_smallest_are_left_to_the_fill() -> None:
    crowd = [face_at(x, y, 6) for x in range(0, 312, 11) for y in range(0, 230, 20)]
    made, _ = figures(scene_of(*crowd, face_at(100, 100, 40)))
    assert made.labels.max() == 250
    assert len(made.people) == 250


@given(st.lists(st.tuples(st.integers(-10, 300), st.integers(-10, 220), st.integers(6, 80)), min_size=1, max_size=5))
def test_a_figure_is_drawn_on_paint_alone_and_the_same_each_time(places: list[tuple[int, int, int]]) -> None:
    scene = tidied(scene_of(*(face_at(*place) for place in places)))
    hidden = silhouettes(scene)
    placement = placement_of(scene, Painted.of(scene, hidden))
    made = placement.figures(hidden, WHOLE)
    fill = np.full((HEIGHT, WIDTH, 3), 77, np.uint8)
    drawn = drawn_on(fill, made, NOWHERE)
    assert np.array_equal(drawn, drawn_on(fill, made, NOWHERE))
    reach = cv2.dilate((made.labels > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert (drawn[~reach] == 77).all()
    assert (drawn[made.labels > 0] != 77).any(axis=1).mean() > 0.99
    frame = Box(40, 30, 300, 200)
    cut = made.within(frame)
    assert np.array_equal(cut.labels, made.labels[30:200, 40:300])
    assert all(new.moved(40, 30) == old for old, new in zip(made.people, cut.people, strict=True))
    again = placement.figures(hidden[30:200, 40:300], frame)
    assert np.array_equal(again.labels, cut.labels)
    assert again.people == cut.people


def test_a_figure_that_the_photos_edge_cuts_is_whole_in_a_frame_that_ends_there() -> None:
    scene = tidied(scene_of(face_at(4, 120, 60)))
    frames = np.array([[0, 0, WIDTH, HEIGHT], [60, 0, WIDTH, HEIGHT]])
    told = figure_features(placement_of(scene, Painted.of(scene, silhouettes(scene))), frames)
    assert told["whole figures"][0] > told["whole figures"][1] == 0
    assert told["cut figures"][0] == 0 < told["cut figures"][1]
    assert told["largest figure"][0] > 0.1


def test_no_figure_no_drawing() -> None:
    nobody = Figures(np.zeros((HEIGHT, WIDTH), np.uint8), ())
    assert (drawn_on(np.full((HEIGHT, WIDTH, 3), 77, np.uint8), nobody, NOWHERE) == 77).all()


def test_a_plan_refuses_figures_of_another_size_or_where_nobody_is_hidden() -> None:
    hidden = np.zeros((20, 30), bool)
    hidden[5:10, 5:10] = True
    plan = RewritePlan(Rewrite.SILHOUETTE, Box(0, 0, 30, 20), "a test", hidden, np.zeros_like(hidden))
    with pytest.raises(ValueError, match="size of its frame"):
        replace(plan, figures=Figures(np.zeros((20, 31), np.uint8), ()))
    with pytest.raises(ValueError, match="only where a plan hides"):
        replace(plan, figures=Figures(np.ones((20, 30), np.uint8), ()))


def test_the_plan_says_who_stands_where() -> None:
    labels = np.zeros((20, 30), np.uint8)
    labels[5:10, 5:10] = 3
    figures = Figures(labels, (Figure(Box(1, 2, 3, 4), Box(0, 1, 4, 9), JOINTS, curls=Box(0, 1, 4, 4)),))
    told = figures.as_json()
    again = np.concatenate([np.full(length, label, np.uint8) for label, length in told["labels"]]).reshape(20, 30)
    assert np.array_equal(again, labels)
    assert told["people"] == [
        {"head": [1, 2, 3, 4], "body": [0, 1, 4, 9], "joints": [[k, 2.5] for k in range(12)], "long_hair": False,
         "curls": [0, 1, 4, 4], "coat": False}
    ]  # fmt: skip


def test_policy_decides_whether_figures_stand_there() -> None:
    face = face_at(150, 40)
    plan = next(
        plan
        for plan in propose(GREY, Seen((face,)), (), REMAIN, limits=Limits(48, 0.05, figures=True))
        if plan.rewrite is Rewrite.SILHOUETTE
    )
    plain, drawn = (apply_plan(GREY.pixels, plan, Paint(sticker=sticker)) for sticker in ("", "figure"))
    assert (plain[plan.hidden] != drawn[plan.hidden]).any(axis=1).mean() > 0.7
    assert np.array_equal(plain[~plan.hidden], drawn[~plan.hidden])
