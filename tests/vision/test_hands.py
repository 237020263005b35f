"""Hands: where they are in real photographs, that none is in a face, and that cuts and points fit each other."""

import dataclasses

import cv2
import numpy as np
import pytest

from consentguard.values import Box, Face, Hand, Head
from consentguard.vision.detection import hands
from consentguard.vision.detection.hands import HandFinder
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.detection.pyramid import Levels, View
from consentguard.vision.detection.ssd import Tile
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

FINGERS = Box(550, 765, 745, 955)
"""The hand on the sleeve in obama.jpg, wrist to tips, read off the picture by eye."""


@pytest.fixture(scope="module")
def finder(model_store: ModelStore) -> HandFinder:
    return HandFinder.load(model_store)


@pytest.fixture(scope="module")
def pictures(photographs: dict[str, bytes]) -> dict[str, np.ndarray]:
    return {
        name: codec.decode(photographs[name], max_edge=1137, max_pixels=10**8).pixels for name in ("obama", "partial")
    }


@pytest.fixture(scope="module")
def found(finder: HandFinder, pictures: dict[str, np.ndarray]) -> tuple[Hand, ...]:
    """The hands of obama.jpg."""
    return finder.find(pictures["obama"])


def _area(points: tuple[tuple[float, float], ...]) -> float:
    return float(cv2.contourArea(np.array(points, np.float32)))


def _turned_box(box: Box, width: int, height: int, quarters: int) -> Box:
    """The box after np.rot90, which turns counterclockwise."""
    for _ in range(quarters):
        box = Box(box.top, width - box.right, box.bottom, width - box.left)
        width, height = height, width
    return box


def test_the_hand_on_the_sleeve_is_found(found: tuple[Hand, ...]) -> None:
    """Nothing else of the photo is believed: the palm model takes a tassel for a hand as well."""
    (hand,) = found
    assert hand.box.iou(FINGERS) > 0.7


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_it_is_found_however_the_photo_lies(quarters: int, finder: HandFinder, pictures: dict[str, np.ndarray]) -> None:
    picture = pictures["obama"]
    height, width = picture.shape[:2]
    turned = finder.find(np.ascontiguousarray(np.rot90(picture, quarters)))
    assert max(hand.box.iou(_turned_box(FINGERS, width, height, quarters)) for hand in turned) > 0.7


def test_a_found_hand_has_points_and_outline_that_fit(found: tuple[Hand, ...], pictures: dict[str, np.ndarray]) -> None:
    height, width = pictures["obama"].shape[:2]
    hand = max(found, key=lambda hand: hand.box.iou(FINGERS))
    outline = np.array(hand.outline, np.float32)
    assert cv2.isContourConvex(outline.reshape(-1, 1, 2))
    assert all(cv2.pointPolygonTest(outline, point, measureDist=False) > 0 for point in hand.points)
    assert outline.min() >= 0
    assert (outline <= (width, height)).all()
    assert 0.4 * hand.box.area < _area(hand.outline) <= hand.box.area
    around = Box.covering(*outline.min(axis=0).tolist(), *outline.max(axis=0).tolist())
    assert around == hand.box
    # The tips lie up and to the right of the wrist, as the picture shows.
    wrist, tips = np.array(hand.points[0]), np.array([hand.points[i] for i in (8, 12, 16, 20)])
    assert (tips[:, 0] > wrist[0]).all()
    assert (tips[:, 1] < wrist[1]).all()


def test_no_hand_is_in_a_face(finder: HandFinder, pictures: dict[str, np.ndarray], detector: Detector) -> None:
    for picture in pictures.values():
        faces = detector.find(picture)
        assert faces
        for hand in finder.find(picture, faces):
            for face in faces:
                inside = [p for p in hand.points if face.box.left <= p[0] < face.box.right
                          and face.box.top <= p[1] < face.box.bottom]  # fmt: skip
                assert len(inside) < 11


def test_what_lies_in_a_face_is_refused(
    finder: HandFinder, found: tuple[Hand, ...], pictures: dict[str, np.ndarray]
) -> None:
    """The same hand, once a face is said to be there."""
    picture = pictures["obama"]
    there = [hand for hand in found if hand.box.iou(FINGERS) > 0.5]
    assert len(there) == 1
    assert not [h for h in finder.find(picture, [Face(FINGERS, 0.9)]) if h.box.iou(FINGERS) > 0.5]
    (hand,) = finder.find(picture, [Face(Box(10, 10, 60, 60), 0.9)])  # elsewhere
    assert hand.box.iou(there[0].box) > 0.7


def test_a_head_that_counts_as_a_face_holds_no_hand(
    finder: HandFinder, found: tuple[Hand, ...], pictures: dict[str, np.ndarray]
) -> None:
    unsure = Head(FINGERS, 0.9, from_behind=False)
    assert not [hand for hand in finder.find(pictures["obama"], [unsure]) if hand.box.iou(FINGERS) > 0.5]


def test_a_faint_palm_has_to_convince_more(
    finder: HandFinder, found: tuple[Hand, ...], pictures: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same palms, called faint: the hand on the sleeve convinces as far as its presence goes, and no further."""
    assert 0.7 <= found[0].score < 0.99
    faint = HandFinder(finder._palms, finder._marks, finder.label, 1.0, 0.7)

    def found_if(**asked: float) -> list[Hand]:
        with monkeypatch.context() as patched:
            for name, value in asked.items():
                patched.setattr(hands, name, value)
            return [hand for hand in faint.find(pictures["obama"]) if hand.box.iou(FINGERS) > 0.7]

    assert len(found_if(_SURE_IF_FAINT=0.7, _CHANCE_IF_FAINT=0.3)) == 1
    assert found_if(_SURE_IF_FAINT=0.99, _CHANCE_IF_FAINT=0.3) == []
    assert found_if(_SURE_IF_FAINT=0.7, _CHANCE_IF_FAINT=1.01) == []
    assert found_if(_SURE_IF_FAINT=0.7, _CHANCE_IF_FAINT=0.3, _FAINT=0.999) == []


def test_a_face_and_its_ears_hold_points_by_halves() -> None:
    points = np.zeros((3, 4, 2), np.float32) + 50
    points[1, :2] = 500
    points[2, :3] = 500
    face = Face(Box(20, 20, 100, 100), 0.9)
    assert hands.in_faces(points, [face]).tolist() == [True, True, False]
    assert hands.in_faces(points, []).tolist() == [False] * 3
    ear = np.full((1, 1, 2), (110, 60), np.float32)
    assert hands.in_faces(ear, [face]).all()
    assert not hands.in_faces(ear + np.float32(10), [face]).any()


def test_the_same_picture_gives_the_same_hands_and_stays_as_it_is(
    finder: HandFinder, found: tuple[Hand, ...], model_store: ModelStore, pictures: dict[str, np.ndarray]
) -> None:
    picture = pictures["obama"].copy()
    assert finder.find(picture) == HandFinder.load(model_store).find(picture) == found
    np.testing.assert_array_equal(picture, pictures["obama"])
    assert [hand.score for hand in found] == sorted((hand.score for hand in found), reverse=True)


def test_a_hand_cut_by_the_frame_ends_at_the_frame(finder: HandFinder, pictures: dict[str, np.ndarray]) -> None:
    cut = pictures["obama"][:, : FINGERS.right - 30]
    hand = max(finder.find(cut), key=lambda hand: hand.box.iou(FINGERS))
    assert hand.box.right == cut.shape[1]
    assert max(x for x, _ in hand.outline) == cut.shape[1]


def test_a_close_up_that_fills_the_photo_is_one_hand(finder: HandFinder, pictures: dict[str, np.ndarray]) -> None:
    close = pictures["obama"][FINGERS.top - 30 : FINGERS.bottom + 30, FINGERS.left - 30 : FINGERS.right + 30]
    large = np.asarray(cv2.resize(close, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    (hand,) = finder.find(large)
    assert hand.box.iou(Box(90, 90, large.shape[1] - 90, large.shape[0] - 90)) > 0.7


@pytest.mark.parametrize("shape", [(32, 32), (33, 65), (32, 700), (511, 40)])
def test_an_empty_wall_of_any_size_has_no_hand(shape: tuple[int, int], finder: HandFinder) -> None:
    assert finder.find(np.full((*shape, 3), 200, np.uint8)) == ()
    assert finder.find(np.zeros((*shape, 3), np.uint8)) == ()


def test_looks_are_the_whole_with_rims_and_tiles_where_they_show_more() -> None:
    assert hands.palm_tiles(300, 200) == (Tile(-50, -100, 400), Tile(-150, -200, 600))
    assert [look.side for look in hands.palm_tiles(1280, 720)] == [1707, 2560] + [640] * 6
    assert [look.side for look in hands.palm_tiles(384, 384)] == [512, 768] + [192] * 9


def test_tiles_are_for_those_whose_hands_the_whole_does_not_show() -> None:
    def tiles(*faces: Face | Head) -> list[Tile]:
        return list(hands.palm_tiles(1280, 720, faces)[2:])

    every = list(hands.palm_tiles(1280, 720)[2:])
    left = Face(Box(40, 40, 72, 80), 0.9)
    assert tiles(left) == [Tile(0, 0, 640), Tile(0, 80, 640)]  # hands from x = -100 to 212, down to y = 320
    assert tiles(left, Face(Box(1200, 40, 1232, 80), 0.9)) == [tile for tile in every if tile.left != 320]
    assert tiles(Face(Box(600, 100, 680, 200), 0.9)) == every
    assert tiles(Head(Box(600, 100, 680, 200), 0.9, from_behind=False)) == every
    assert tiles(Face(Box(600, 100, 630, 138), 0.9)) == []  # their hands are too small for the tiles too
    assert tiles(Face(Box(400, 100, 700, 430), 0.9)) == []  # and theirs large enough for the whole


def test_points_of_a_cut_come_back_to_where_they_were_cut() -> None:
    """A bright spot at a place of the picture is in the cut where `placed` says it came from."""
    random = np.random.default_rng(7)
    for side in (100.0, 224.0, 700.0, 1500.0):
        spot = np.array([500.0, 400.0])
        pixels = np.zeros((1000, 1100, 3), np.uint8)
        cv2.circle(pixels, (500, 400), 12, (255, 255, 255), -1)
        squares = np.array([[*(spot + random.normal(0, side / 10, 2)), side, angle] for angle in (0.0, 0.7, -2.5)])
        levels = Levels(pixels)
        for index, square in enumerate(squares):
            cut = levels.cut(View(*square.tolist()).to_cut(224), 224)
            y, x = np.nonzero(cut[:, :, 0] > 127)
            seen = np.array([[[x.mean() + 0.5, y.mean() + 0.5]]], np.float32)
            back = hands.placed(seen, squares[index : index + 1], 224)[0, 0]
            np.testing.assert_allclose(back, spot + 0.5, atol=max(side / 224, 1.5))


def test_a_hand_that_points_up_is_cut_without_a_turn() -> None:
    palm = np.zeros((1, 19), np.float32)
    palm[0, :5] = 100, 100, 200, 200, 0.9
    palm[0, 5:7], palm[0, 9:11] = (150, 220), (150, 100)
    x, y, side, angle = hands.around_palms(palm)[0]
    assert (x, y, side, angle) == pytest.approx((150, 100, 260, 0))  # half a box towards the fingers, 2.6 as large
    palm[0, 5:7], palm[0, 9:11] = (80, 150), (200, 150)  # fingers to the right
    assert hands.around_palms(palm)[0] == pytest.approx((200, 150, 260, np.pi / 2))


def test_parts_and_doubles_of_a_hand_are_dropped() -> None:
    boxes = np.array(
        [[0, 0, 100, 100], [5, 5, 105, 105], [30, 30, 60, 60], [300, 0, 400, 100], [7, 7, 7, 9]], np.float32
    )
    assert hands.suppressed_hands(boxes, np.array([0.9, 0.8, 0.7, 0.95, 1], np.float32)).tolist() == [3, 0]
    assert hands.suppressed_hands(boxes[:0], np.empty(0, np.float32)).tolist() == []


def test_an_outline_outside_the_picture_is_none() -> None:
    points = np.random.default_rng(0).random((21, 2)).astype(np.float32) * 50
    assert hands.outline(points + 1000, 640, 480).shape == (0, 2)
    assert len(hands.outline(points + 100, 640, 480)) >= 3


def test_hands_are_values(finder: HandFinder, found: tuple[Hand, ...]) -> None:
    hand = found[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        hand.score = 1.0  # type: ignore[misc]
    assert finder.label.startswith("palm-detection@")
    assert "hand-landmark@" in finder.label
