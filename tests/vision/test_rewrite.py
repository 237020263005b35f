"""The plan hides what it must, and the paint hides all of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentguard.values import Box, Face, Rewrite
from consentguard.vision import codec
from consentguard.vision.rewrite import apply_plan, head_box, plan_rewrite

WIDTH, HEIGHT, PAINT = 200, 136, (128, 128, 128)


@st.composite
def faces(draw: st.DrawFn) -> Face:
    left, top = draw(st.integers(-20, WIDTH - 2)), draw(st.integers(-20, HEIGHT - 2))
    box = Box(left, top, left + draw(st.integers(2, 90)), top + draw(st.integers(2, 90)))
    if box.within(WIDTH, HEIGHT) is None:
        box = Box(0, 0, 10, 10)
    return Face(box, 0.9)


def test_nobody_to_hide_changes_nothing() -> None:
    plan = plan_rewrite((), {"hands"}, WIDTH, HEIGHT)
    assert (plan.rewrite, plan.painted) == (Rewrite.NONE, ())


@given(st.lists(faces(), min_size=1, max_size=3), st.sets(st.sampled_from(["hands", "back_of_head"])))
def test_where_the_body_may_not_remain_covering_is_no_way_out(hidden: list[Face], remain: set[str]) -> None:
    plan = plan_rewrite([head_box(face) for face in hidden], remain, WIDTH, HEIGHT)
    assert plan.rewrite is None
    with pytest.raises(ValueError, match="refuses"):
        apply_plan(np.zeros((HEIGHT, WIDTH, 3), np.uint8), plan, PAINT)


@given(st.lists(faces(), min_size=1, max_size=4))
def test_every_hidden_head_lies_under_paint(hidden: list[Face]) -> None:
    plan = plan_rewrite([head_box(face) for face in hidden], {"body"}, WIDTH, HEIGHT)
    assert plan.rewrite is Rewrite.COVER
    painted = np.zeros((HEIGHT, WIDTH), bool)
    for box in plan.painted:
        assert box.within(WIDTH, HEIGHT) == box
        painted[box.top : box.bottom, box.left : box.right] = True
    for face in hidden:
        head = head_box(face).within(WIDTH, HEIGHT)
        assert head is not None
        assert painted[head.top : head.bottom, head.left : head.right].all()


@settings(max_examples=40, deadline=None)
@given(st.lists(faces(), min_size=1, max_size=3), st.integers(0, 10**6))
def test_the_bytes_that_leave_do_not_depend_on_what_was_hidden(hidden: list[Face], seed: int) -> None:
    """Scramble what lies beneath the paint: the encoded file stays the same, byte for byte."""
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    scrambled = picture.copy()
    plan = plan_rewrite([head_box(face) for face in hidden], {"body"}, WIDTH, HEIGHT)
    for box in plan.painted:
        part = scrambled[box.top : box.bottom, box.left : box.right]
        part[...] = random.integers(0, 256, part.shape, np.uint8)
    one = codec.encode_jpeg(apply_plan(picture, plan, PAINT), 90)
    other = codec.encode_jpeg(apply_plan(scrambled, plan, PAINT), 90)
    assert one == other


@given(st.lists(faces(), min_size=1, max_size=3))
def test_what_need_not_be_hidden_keeps_its_pixels(hidden: list[Face]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    before = picture.copy()
    plan = plan_rewrite([head_box(face) for face in hidden], {"body"}, WIDTH, HEIGHT)
    after = apply_plan(picture, plan, PAINT)
    assert (picture == before).all(), "the source was painted on"
    free = np.ones((HEIGHT, WIDTH), bool)
    for box in plan.painted:
        free[box.top : box.bottom, box.left : box.right] = False
    assert (after[free] == picture[free]).all()
    assert not after.flags.writeable


def test_the_paint_touches_the_rim_where_the_head_does() -> None:
    face = Face(Box(WIDTH - 30, HEIGHT - 30, WIDTH, HEIGHT), 0.9)
    after = apply_plan(
        np.zeros((HEIGHT, WIDTH, 3), np.uint8), plan_rewrite([head_box(face)], {"body"}, WIDTH, HEIGHT), PAINT
    )
    assert after[-1, -1].tolist() == list(PAINT)
