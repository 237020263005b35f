"""The arithmetic of the second opinion, without models: what is asked of closer passes, and what follows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.vision.detection import opinion
from consentguard.vision.detection.centerface import Floats
from consentguard.vision.detection.opinion import NO_FACE, second_opinion
from consentguard.vision.detection.pyramid import Levels

WALL = Levels(np.zeros((400, 600, 3), np.uint8))
SMALL, LARGE, AT_THE_EDGE = [100, 100, 112, 116], [300, 100, 400, 228], [200, 10, 280, 110]
HEAD = SimpleNamespace(face=np.float32(0.02), head=-1.5)


class Passes:
    """Says these scores: plain, mirrored, and turned by one, two and three quarters; remembers what it was asked."""

    def __init__(
        self, plain: float = 0.0, mirrored: float = 0.0, turned: tuple[float, float, float] = (0, 0, 0)
    ) -> None:
        self.said = {(False, 0): plain, (True, 0): mirrored, **{(False, 1 + n): at for n, at in enumerate(turned)}}
        self.asked: list[tuple[Any, ...]] = []

    def close_pass(
        self, levels: Levels, boxes: Floats, side: int, face: float, *, mirror: bool = False, turns: int = 0
    ) -> tuple[Floats, Floats]:
        assert levels is WALL
        self.asked.append((boxes.tolist(), side, face, mirror, turns))
        return np.full(len(boxes), self.said[mirror, turns], np.float32), boxes


@pytest.fixture(autouse=True)
def _one_head(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(network: Passes, levels: Levels, boxes: Floats, least: float, hope: float) -> SimpleNamespace:
        assert (levels is WALL, least, hope) == (True, -np.inf, 0.0)
        network.asked.append(("heads", boxes.tolist()))
        return SimpleNamespace(face=np.full(len(boxes), HEAD.face, np.float32), head=np.full(len(boxes), HEAD.head))

    monkeypatch.setattr(opinion, "read_heads", read)


def asked(network: Any, boxes: list[list[int]], score: float = 0.2, close: float = np.nan) -> Floats:
    many = len(boxes)
    scores, known = np.full(many, score, np.float32), np.full(many, close, np.float32)
    return second_opinion(network, WALL, np.array(boxes, np.float32).reshape(-1, 4), scores, known)


def odds(score: float) -> float:
    return float(np.log(score / (1 - score)))


def expected(height: float, closer: float, score: float = 0.2) -> float:
    octaves = np.log2(height / 32)
    under, over = min(octaves, 0), max(octaves, 0)
    return float(
        np.dot([odds(score), under, over, closer, odds(0.02), HEAD.head], opinion._WEIGHTS) + opinion._CONSTANT
    )


def test_doubt_is_weighed_up_for_small_and_for_large_boxes() -> None:
    network = Passes(plain=0.05, mirrored=0.1)
    closer = (odds(0.05) + odds(0.1)) / 2
    said = asked(network, [SMALL, LARGE])
    assert said.tolist() == pytest.approx([expected(16, closer), expected(128, closer)], rel=1e-5)
    assert said[0] != said[1]
    assert network.asked[:3] == [
        ([SMALL, LARGE], 192, 80.0, False, 0),
        ([SMALL, LARGE], 192, 80.0, True, 0),
        ("heads", [SMALL, LARGE]),
    ]


def test_a_plain_pass_that_was_made_already_is_not_made_again() -> None:
    network = Passes(plain=0.9, mirrored=0.1)
    (said,) = asked(network, [LARGE], close=0.05)
    assert said == pytest.approx(expected(128, (odds(0.05) + odds(0.1)) / 2), rel=1e-5)
    assert network.asked[0][0] == []


def test_what_closer_passes_see_is_a_face_and_no_more_is_asked() -> None:
    network = Passes(plain=0.5, mirrored=0.5)
    assert asked(network, [LARGE]).tolist() == [np.inf]
    assert [what for what in network.asked if what[0] == "heads"] == [("heads", [])]


def test_near_the_frame_nothing_is_asked() -> None:
    network = Passes()
    assert asked(network, [AT_THE_EDGE]).tolist() == [np.inf]
    assert asked(network, []).shape == (0,)
    assert network.asked == []
    dropped = asked(network, [AT_THE_EDGE, LARGE])
    assert dropped[0] == np.inf and dropped[1] < NO_FACE
    assert all(AT_THE_EDGE not in what[0] for what in network.asked if what[0] != "heads")


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize(("score", "kept"), [(0.3, True), (0.29, False)])
def test_what_would_be_dropped_is_looked_at_turned(turns: int, score: float, kept: bool) -> None:
    turned = [0.0, 0.0, 0.0]
    turned[turns - 1] = score
    network = Passes(turned=(turned[0], turned[1], turned[2]))
    (said,) = asked(network, [LARGE])
    assert bool(np.isinf(said)) is kept and (kept or said < NO_FACE)
    assert [what for what in network.asked if what[0] == [LARGE]][2:] == [
        ([LARGE], 128, 48.0, False, quarter) for quarter in (1, 2, 3)
    ]


@given(st.integers(40, 300), st.integers(40, 300), st.integers(0, 300), st.integers(0, 300), st.integers(4, 60))
def test_near_the_frame_is_within_a_quarter_of_the_height_of_the_nearest_edge(
    width: int, height: int, x: int, y: int, side: int
) -> None:
    left, top = x % width, y % height
    levels = Levels(np.zeros((height, width, 3), np.uint8))
    away = opinion._away_from_frame(np.array([[left, top, left + side, top + side]], np.float32), levels)
    assert away.tolist() == [min(left, top, width - left - side, height - top - side) >= 0.25 * side]
