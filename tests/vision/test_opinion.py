"""The second opinion on boxes that were hardly taken for faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from consentguard.values import Face
from consentguard.vision.detection import faces as finding
from consentguard.vision.detection import opinion
from consentguard.vision.detection.centerface import CenterFace, Floats
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.fusion import Candidates
from consentguard.vision.detection.opinion import ASKED_UNDER, NO_FACE, UNCONFIRMED, second_opinion
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.detection.turning import Turn
from consentguard.vision.imagefile import codec


@pytest.fixture(scope="module")
def portrait(photographs: dict[str, bytes], detector: FaceFinder) -> tuple[Levels, Face]:
    pixels = codec.decode(photographs["obama"], max_edge=600, max_pixels=10**8).pixels
    return Levels(pixels), detector.find(pixels)[0]


def _asked(detector: FaceFinder, levels: Levels, boxes: Sequence[Sequence[float]], score: float) -> Floats:
    scores, close = np.full(len(boxes), score, np.float32), np.full(len(boxes), np.nan, np.float32)
    return second_opinion(detector.network, levels, np.array(boxes, np.float32).reshape(-1, 4), scores, close)


def test_a_face_is_believed_and_a_suit_is_not(portrait: tuple[Levels, Face], detector: FaceFinder) -> None:
    levels, face = portrait
    height = levels.pixels.shape[0]
    suit = [face.box.left, height - 4 * face.box.height // 3, face.box.right, height - face.box.height // 3]
    cut = [face.box.left, height - face.box.height, face.box.right, height]
    seen, nothing, at_the_frame = _asked(detector, levels, [face.box.as_list(), suit, cut], 0.03)
    assert seen == np.inf, "a closer pass sees it"
    assert nothing < NO_FACE
    assert at_the_frame == np.inf, "who is cut by the frame is not judged by what lies beyond"


def test_what_shows_a_face_when_it_is_turned_is_kept(
    portrait: tuple[Levels, Face], detector: FaceFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels, face = portrait
    height, width = levels.pixels.shape[:2]
    lying = Levels(np.ascontiguousarray(np.rot90(levels.pixels)))
    box = [face.box.top, width - face.box.right, face.box.bottom, width - face.box.left]
    third = face.box.height // 3
    suit = [height - 4 * third, width - face.box.right, height - third, width - face.box.left]
    # As if upright passes believed nothing.
    monkeypatch.setattr(opinion, "_SEEN", np.inf)
    monkeypatch.setattr(opinion, "_CONSTANT", -20.0)
    seen, nothing = _asked(detector, lying, [box, suit], 0.03)
    assert seen == np.inf
    assert nothing < NO_FACE


@pytest.mark.parametrize("degrees", [45, 135, 225, 315])
def test_who_is_cut_by_the_edge_of_a_photo_that_is_looked_at_aslant_is_not_judged_by_the_black_beyond(
    degrees: int, portrait: tuple[Levels, Face], detector: FaceFinder
) -> None:
    """Though the edge of the canvas is far."""
    levels, face = portrait
    cut = np.ascontiguousarray(levels.pixels[(face.box.top + face.box.bottom) // 2 :])
    height, width = cut.shape[:2]
    turn = Turn.by(degrees, width, height)
    x, y = turn.matrix @ ((face.box.left + face.box.right) / 2, 0, 1)
    half = face.box.height / 4
    box = [x - half, y - half, x + half, y + half]
    assert min(box[0], box[1], turn.size[0] - box[2], turn.size[1] - box[3]) > half, "away from the canvas"
    said = _asked(detector, Levels(turn.picture(cut), turn.outline), [box], 0.03)
    assert said.tolist() == [np.inf]


def test_nothing_asked_is_nothing_said(portrait: tuple[Levels, Face], detector: FaceFinder) -> None:
    assert _asked(detector, portrait[0], [], 0.1).shape == (0,)


@pytest.mark.parametrize(("said", "left"), [(NO_FACE - 0.1, []), (NO_FACE + 0.1, [False]), (UNCONFIRMED + 0.1, [True])])
def test_only_doubtful_faces_are_asked_about_and_what_is_said_counts(
    said: float,
    left: list[bool],
    portrait: tuple[Levels, Face],
    detector: FaceFinder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []

    def answer(network: CenterFace, levels: Levels, boxes: Floats, scores: Floats, close: Floats) -> Floats:
        asked.extend(scores.tolist())
        return np.full(len(boxes), said, np.float32)

    rows = np.zeros((2, 15), np.float32)
    rows[:, :5] = [[10, 10, 90, 110, 0.95], [200, 10, 280, 110, ASKED_UNDER - 0.01]]
    found = Candidates(rows, np.ones((2, 3), np.float32), np.full(2, np.nan, np.float32))
    monkeypatch.setattr(finding, "second_opinion", answer)
    monkeypatch.setattr(finding, "settle", lambda *_: found)
    sure, *doubtful = detector.find_upright(portrait[0].pixels)
    assert asked == [pytest.approx(ASKED_UNDER - 0.01)]
    assert sure.confirmed
    assert [face.confirmed for face in doubtful] == left
