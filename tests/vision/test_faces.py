"""The default detector on real photographs, the plan of its passes, and the arithmetic of its score."""

import io
import itertools
import math
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from consentguard.values import Box, Face
from consentguard.vision.detection import fusion
from consentguard.vision.detection.detector import Detector
from consentguard.vision.detection.faces import FaceFinder, plan_scales
from consentguard.vision.detection.fusion import Candidates, fuse, may_be_placed, settle, unsure
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.detection.turning import Turn, turned_back
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite.figures import Figure, Figures, drawn_on

FACES = {
    # photograph: brow to chin, cheek to cheek, read off the picture by eye, in source pixels
    "obama": Box(370, 105, 605, 425),
    "biden": Box(425, 165, 715, 580),
    "obama2": Box(190, 220, 470, 650),
    "obama3": Box(645, 265, 910, 615),
}


@pytest.mark.parametrize("name", FACES)
def test_the_face_of_a_photograph_is_found_once(name: str, photographs: dict[str, bytes], detector: Detector) -> None:
    picture = codec.decode(photographs[name], max_edge=2048, max_pixels=10**8)
    face, *others = detector.find(picture.pixels)
    assert all(other.box.overlap(face.box) == 0 for other in others)
    assert picture.in_source(face.box).iou(FACES[name]) > 0.7
    eye, other_eye, nose, mouth, other_mouth = face.landmarks
    assert eye[0] < nose[0] < other_eye[0]
    assert mouth[0] < other_mouth[0]
    assert max(eye[1], other_eye[1]) < nose[1] < min(mouth[1], other_mouth[1])


@pytest.mark.parametrize("name", ["partial", "partial2"])
def test_a_face_cut_by_the_frame_is_found(name: str, photographs: dict[str, bytes], detector: Detector) -> None:
    picture = codec.decode(photographs[name], max_edge=2048, max_pixels=10**8)
    assert detector.find(picture.pixels)


def test_an_empty_wall_has_no_face(detector: Detector) -> None:
    assert detector.find(np.full((480, 640, 3), 200, np.uint8)) == ()


def test_any_size_can_be_looked_at(detector: Detector) -> None:
    for shape in ((32, 32), (33, 65), (32, 700), (511, 40)):
        assert detector.find(np.zeros((*shape, 3), np.uint8)) == ()


def test_a_face_moved_to_the_rim_is_found_at_the_rim(photographs: dict[str, bytes], detector: Detector) -> None:
    pixels = codec.decode(photographs["obama"], max_edge=700, max_pixels=10**8).pixels
    cut = np.ascontiguousarray(pixels[:, 250:])
    (face,) = detector.find(cut)
    assert face.box.left < 20


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photograph_without_its_orientation_is_looked_at_turned(
    turns: int, photographs: dict[str, bytes], detector: Detector
) -> None:
    pixels = codec.decode(photographs["obama"], max_edge=900, max_pixels=10**8).pixels
    upright = detector.find(pixels)[0]
    turned = detector.find(np.ascontiguousarray(np.rot90(pixels, -turns)))[0]
    expected = turned_back(upright, turns, pixels.shape[1 - turns % 2], pixels.shape[turns % 2])
    assert turned.box.iou(expected.box) > 0.7
    assert turned.score > 0.5


@pytest.mark.parametrize("degrees", [45, 135, 225, 315])
def test_a_photograph_that_is_held_aslant_is_looked_at_turned(
    degrees: int, photographs: dict[str, bytes], detector: Detector
) -> None:
    pixels = codec.decode(photographs["biden"], max_edge=700, max_pixels=10**8).pixels
    upright = detector.find(pixels)[0]
    turn = Turn.by(degrees, pixels.shape[1], pixels.shape[0])
    found = max(detector.find(turn.picture(pixels)), key=lambda face: turn.back(face).box.iou(upright.box))
    assert turn.back(found).box.iou(upright.box) > 0.4
    if degrees in (135, 225):  # at an eighth both networks still know it
        assert any(f"turned {360 - degrees}" in name for name in found.seen_by), "by the passes that stand it upright"


def _found_in(upright: Face | None, quarters: Face | None, eighths: Face | None) -> tuple[Face, ...]:
    """What is found in a square picture of 120 px in which no pass but these sees anything."""
    network, nothing = MagicMock(label="test"), np.empty((0, 15), np.float32)
    network.whole.return_value.rows = nothing
    network.candidates.side_effect = lambda *_, **__: np.stack([_row(40, 40, 30, 0.95)])
    first = iter([upright])

    class Fixed(FaceFinder):
        def _fused(self, levels: Levels, *_: object) -> tuple[Face, ...]:
            face = next(first, quarters if len(levels.pixels) == 120 else eighths)
            return () if face is None else (face,)

    return Fixed(network, network).find(np.zeros((120, 120, 3), np.uint8))


@pytest.mark.parametrize(("upright", "turned"), [(0.6, 0.8), (0.8, 0.6)])
def test_a_face_that_is_found_upright_and_turned_is_one(upright: float, turned: float) -> None:
    """The surer one, where neither is sure enough to settle it; every quarter leaves its box where it is."""
    middle = Box(40, 40, 80, 80)
    (face,) = _found_in(Face(middle, upright), Face(middle, turned), None)
    assert (face.score, face.box) == (0.8, middle)


@pytest.mark.parametrize(
    ("rolls", "aslant"),
    [
        ((), True),
        ((40,), True),
        ((0,), False),
        ((0, -40), False),
        ((0, 40, 44, 41), False),
        ((0, 40, 44, 41, 47), True),
    ],
)
def test_a_picture_is_searched_aslant_where_hardly_any_sure_face_stands_upright(
    rolls: tuple[int, ...], aslant: bool, detector: FaceFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def turns(self: FaceFinder, *_: object, aslant: bool) -> list[object]:
        asked.append(aslant)
        return []

    monkeypatch.setattr(FaceFinder, "_turns", turns)
    sure = [_leaning(40 * number, roll) for number, roll in enumerate(rolls, 1)]
    assert detector._with_turned(Levels(np.zeros((300, 300, 3), np.uint8)), 20, tuple(sure), (1.0,), ()) == tuple(sure)
    assert asked == [aslant]


def _leaning(left: int, roll: int) -> Face:
    """A sure face whose eyes stand so many degrees off level."""
    down = 10 * math.tan(math.radians(roll))
    marks = ((left + 10, 50.0), (left + 20, 50.0 + down), (left + 15, 60.0), (left + 10, 70.0), (left + 20, 70.0))
    return Face(Box(left, 40, left + 30, 80), 0.95, marks)


def test_a_face_in_a_black_corner_of_a_picture_turned_aslant_is_none() -> None:
    assert _found_in(None, None, Face(Box(0, 0, 9, 9), 0.8)) == ()
    assert _found_in(None, None, Face(Box(60, 60, 90, 90), 0.8)) != ()


@pytest.mark.parametrize("turns", [1, 3])
def test_a_faint_face_is_found_in_a_photo_that_lies_on_its_side(
    turns: int, photographs: dict[str, bytes], detector: Detector
) -> None:
    """Beside one that is sure, however it is turned: its score upright is under what single turned faces need.

    Upside down the sure one passes for upright, and the faint one is missed (docs/decisions/0087-speed.md).
    """
    sure, faint = (Image.open(io.BytesIO(photographs[name])).convert("RGB") for name in ("obama", "biden"))
    sure.thumbnail((500, 500))
    faint.thumbnail((28, 28))
    scene = Image.new("RGB", (500, 520), (90, 90, 90))
    scene.paste(sure, (0, 0))
    scene.paste(faint.resize((56, 56 * faint.height // faint.width)), (430, 30))
    pixels = np.asarray(scene)
    (upright,) = (face for face in detector.find(pixels) if face.box.left > 420)
    assert upright.score < 0.5
    found = detector.find(np.ascontiguousarray(np.rot90(pixels, -turns)))
    expected = turned_back(upright, turns, pixels.shape[1 - turns % 2], pixels.shape[turns % 2])
    assert max(face.box.iou(expected.box) for face in found) > 0.5


@given(st.integers(0, 359), st.floats(0, 90), st.floats(0, 60))
def test_what_is_turned_comes_back_to_its_place(degrees: int, x: float, y: float) -> None:
    turn = Turn.by(degrees, 90, 60)
    across, down = turn.matrix @ (x, y, 1)
    assert -0.001 <= across <= turn.size[0] + 0.001 and -0.001 <= down <= turn.size[1] + 0.001
    mark = (float(across), float(down))
    back = turn.back(Face(Box.covering(across - 2, down - 2, across + 2, down + 2), 0.9, (mark,) * 5))
    assert back.landmarks[2] == pytest.approx((x, y), abs=1e-3)
    assert back.box.left <= x <= back.box.right and back.box.top <= y <= back.box.bottom


def test_the_second_pass_asks_less_of_small_faces_only() -> None:
    heights = np.array([24, 24, 64, 64], np.float32)
    rows = np.zeros((4, 15), np.float32)
    rows[:, 2], rows[:, 3] = heights, heights
    usual = np.interp(np.log2(heights), np.log2(fusion._HEIGHTS), fusion._THRESHOLDS)
    rows[:, 4] = usual * [0.45, 0.55, 0.55, 1.05]
    found = Candidates(rows, rows[:, :2], rows[:, 0])
    assert found.counted().tolist() == [False, False, False, True]
    assert found.counted(0.5).tolist() == [False, True, False, True]


def test_the_second_pass_is_the_one_that_asks_less(
    photographs: dict[str, bytes], detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    usual = Candidates.counted

    def counted(self: Candidates, small: float = 1.0) -> np.ndarray:
        asked.append(small)
        return usual(self, small)

    monkeypatch.setattr(Candidates, "counted", counted)
    pixels = codec.decode(photographs["obama"], max_edge=300, max_pixels=10**8).pixels
    detector.find(pixels)
    first = set(asked)
    asked.clear()
    detector.find_upright(pixels)
    detector.find_upright(pixels, finest=False)
    assert (first, asked) == ({1.0}, [0.5, 1.0])


def test_nothing_is_asked_about_a_drawn_face(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    head, asked = Box(100, 60, 160, 120), list[np.ndarray]()
    labels = np.zeros((320, 320), np.uint8)
    labels[50:, 90:170] = 1
    figures = Figures(labels, (Figure(head, head),))
    pixels = drawn_on(np.full((320, 320, 3), 110, np.uint8), figures, np.zeros((320, 320), np.bool_))

    def close_passes(self: FaceFinder, levels: Levels, found: Candidates) -> tuple[np.ndarray, np.ndarray]:
        asked.append(found.rows[:, :4])
        return found.close, found.rows[:, :4]

    monkeypatch.setattr(FaceFinder, "_close_passes", close_passes)
    detector.find_upright(pixels, finest=False)
    detector.find_upright(pixels)
    drawn = [sum(head.iou(Box.covering(*row.tolist())) > 0.2 for row in rows) for rows in asked]
    assert drawn == [0, 1]


def test_one_lies_down_beside_one_who_stands(photographs: dict[str, bytes], detector: Detector) -> None:
    standing = codec.decode(photographs["obama"], max_edge=700, max_pixels=10**8).pixels
    lying = np.rot90(codec.decode(photographs["biden"], max_edge=700, max_pixels=10**8).pixels)
    rows = max(standing.shape[0], lying.shape[0])
    scene = np.full((rows, standing.shape[1] + lying.shape[1], 3), 90, np.uint8)
    scene[: standing.shape[0], : standing.shape[1]] = standing
    scene[: lying.shape[0], standing.shape[1] :] = lying
    faces = [face for face in detector.find(scene) if face.score > 0.5]
    assert len([face for face in faces if face.box.right < standing.shape[1]]) == 1
    assert len([face for face in faces if face.box.left > standing.shape[1]]) == 1


@given(st.integers(0, 3), st.integers(0, 60), st.integers(0, 30))
def test_a_turned_face_comes_back_to_its_pixels(turns: int, x: int, y: int) -> None:
    picture = np.zeros((60, 90), np.uint8)
    picture[y : y + 20, x : x + 10] = 1
    rows, columns = np.nonzero(np.rot90(picture, turns))
    seen = Face(Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), 0.9)
    assert turned_back(seen, turns, 90, 60).box == Box(x, y, x + 10, y + 20)


# -- the plan ---------------------------------------------------------------------------------------------------------


@given(st.integers(32, 8192), st.integers(32, 8192), st.integers(12, 300))
def test_every_face_that_matters_is_seen_at_a_good_size(width: int, height: int, smallest: int) -> None:
    scales = plan_scales(width, height, smallest)
    assert len(scales) >= 3
    assert scales[1] == pytest.approx(0.7 * scales[0])
    assert all(fine == 2 * coarse for fine, coarse in itertools.pairwise(scales[1:]))
    assert smallest * scales[0] >= 11.99, "the smallest face is 12 px high in the finest pass"
    assert min(width, height) * scales[-1] <= 400, "a face that fills the frame is 400 px high in the coarsest"


def test_the_work_does_not_grow_with_the_camera() -> None:
    def work(width: int, height: int) -> float:
        return sum(width * height * scale**2 for scale in plan_scales(width, height, 20))

    assert work(2048, 1536) < 2e6
    assert work(1024, 768) < 2e6
    assert work(400, 300) < 0.45e6


# -- the score --------------------------------------------------------------------------------------------------------


def _row(left: float, top: float, side: float, score: float) -> np.ndarray:
    row = np.zeros(15, np.float32)
    row[:5] = left, top, left + side, top + side, score
    return row


def _look(*rows: np.ndarray) -> np.ndarray:
    return np.stack(rows) if rows else np.empty((0, 15), np.float32)


def test_two_weak_hits_are_worth_more_than_one() -> None:
    once = fuse([_look(_row(10, 10, 40, 0.3)), _look()], (1.0, 0.5))
    twice = fuse([_look(_row(10, 10, 40, 0.3)), _look(_row(11, 10, 40, 0.3))], (1.0, 0.5))
    assert len(once.rows) == len(twice.rows) == 1
    assert twice.rows[0, 4] > once.rows[0, 4] + 0.1


def test_nothing_seen_is_nothing_found() -> None:
    nothing = fuse([_look(), _look()], (1.0, 0.5))
    assert nothing.rows.shape == (0, 15)
    assert settle(nothing, np.empty(0, np.float32), nothing.rows[:, :4]).counted().shape == (0,)
    assert unsure(nothing).shape == (0,)


def test_boxes_of_one_face_become_one() -> None:
    inside = fuse([_look(_row(10, 10, 80, 0.9), _row(30, 30, 30, 0.4)), _look()], (1.0, 0.5))
    assert len(inside.rows) == 1
    apart = fuse([_look(_row(10, 10, 80, 0.9), _row(100, 30, 30, 0.4)), _look()], (1.0, 0.5))
    assert len(apart.rows) == 2


def test_small_boxes_need_more_evidence_than_large_ones() -> None:
    rows = np.stack([_row(0, 0, side, 0.1) for side in (11, 14, 18, 30, 60, 200)])
    said = np.zeros((len(rows), 2), np.float32)
    assert Candidates(rows, said, said[:, 0]).counted().tolist() == [False, False, False, True, True, True]
    sure = np.stack([_row(0, 0, side, 0.99) for side in (11, 13)])
    assert Candidates(sure, said[:2], said[:2, 0]).counted().tolist() == [False, True]


def test_a_close_pass_raises_or_lowers_the_score() -> None:
    first = Candidates(
        np.stack([_row(left, 0, 50, 0.2) for left in (0, 100, 200)]),
        np.zeros((3, 2), np.float32),
        np.full(3, np.nan, np.float32),
    )
    settled = settle(first, np.array([0.9, np.nan, 0.0], np.float32), first.rows[:, :4])
    assert settled.rows[0, 4] > 0.8
    assert settled.rows[1, 4] == np.float32(0.2)
    assert settled.rows[2, 4] < 0.1
    assert np.isnan(settled.close[1])


def test_two_candidates_that_the_close_passes_place_on_one_face_are_one() -> None:
    apart = np.stack([_row(0, 0, 40, 0.6), _row(30, 0, 40, 0.2)])
    first = Candidates(apart, np.zeros((2, 2), np.float32), np.full(2, np.nan, np.float32))
    close = np.array([0.8, 0.8], np.float32)
    assert len(settle(first, close, apart[:, :4]).rows) == 2
    (kept,) = settle(first, close, apart[[0, 0], :4]).rows
    assert kept[:4].tolist() == [0, 0, 40, 40]


def test_a_close_pass_says_where_a_small_face_is() -> None:
    boxes = np.array([[0, 0, 40, 40], [0, 0, 40, 40], [0, 0, 90, 90]], np.float32)
    assert may_be_placed(boxes, np.array([0.4, 0.02, 0.4], np.float32)).tolist() == [True, False, False]


def test_only_doubtful_candidates_get_a_close_pass() -> None:
    """Small boxes are mostly no faces, so that what hardly speaks for one is not asked again."""
    rows = np.stack([_row(100 * i, 0, *of) for i, of in enumerate([(14, 0.03), (14, 0.1), (60, 0.03), (60, 0.9)])])
    said = np.zeros((len(rows), 3), np.float32)
    assert sorted(unsure(Candidates(rows, said, said[:, 0])).tolist()) == [1, 2]


@given(st.integers(0, 10**6), st.integers(0, 30), st.integers(1, 30))
def test_pairs_that_overlap_are_those_of_the_full_table(seed: int, some: int, more: int) -> None:
    random = np.random.default_rng(seed)

    def boxes(count: int) -> np.ndarray:
        corner, size = random.uniform(0, 60, (count, 2)), random.uniform(5, 40, (count, 2))
        return np.column_stack([corner, corner + size]).astype(np.float32)

    one, other = boxes(some), boxes(more)
    found = {(int(i), int(j)) for i, j in zip(*fusion._overlapping(one, other)[:2], strict=True)}
    expected = set()
    for i, a in enumerate(one.astype(float)):
        for j, b in enumerate(other.astype(float)):
            shared = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
            union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
            if shared / union >= fusion._SAME:
                expected.add((i, j))
    assert found == expected
