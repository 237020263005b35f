"""What is searched when, without models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from fakes import FixedFaces

from consentguard.values import Box, Face, Head, Picture, Pixels, Seen
from consentguard.vision.detection import passes
from consentguard.vision.detection.copies import Copy

WALL = Picture(np.full((200, 300, 3), 90, np.uint8), 300, 200)
UPRIGHT, AGAIN, FAINT = Face(Box(20, 20, 60, 70), 0.6), Face(Box(22, 21, 62, 71), 0.9), Face(Box(80, 20, 110, 60), 0.8)
WEAK = Face(Box(10, 80, 30, 95), 0.69)


class OneHead:
    """Finds one head, and remembers which faces it was told of."""

    def __init__(self) -> None:
        self.told: list[tuple[Face, ...]] = []

    def find(self, pixels: Pixels, faces: tuple[Face, ...], upright: object) -> tuple[Head, ...]:
        self.told.append(faces)
        return (Head(Box(200, 20, 240, 70), 0.9, from_behind=True),)


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> OneHead:
    finder = OneHead()
    monkeypatch.setattr(passes, "loaded", lambda load: finder)
    return finder


def copied(monkeypatch: pytest.MonkeyPatch, *copies: Copy) -> None:
    monkeypatch.setattr(passes, "copies", lambda pixels: iter(copies))


def test_a_copy_adds_the_faces_that_were_not_found_and_are_sure_enough(
    heads: OneHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(monkeypatch, Copy(WALL.pixels, 1.0, 0.7))
    seen = passes.first_pass(FixedFaces(UPRIGHT).then(AGAIN, FAINT, WEAK), WALL, 20)
    assert seen == Seen((FAINT, UPRIGHT), (Head(Box(200, 20, 240, 70), 0.9, from_behind=True),))
    assert heads.told == [(FAINT, UPRIGHT)]


def test_a_smaller_copy_is_searched_for_smaller_faces_and_no_smaller_than_the_detector_can(
    heads: OneHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Asked(FixedFaces):
        smallest_face = 12

        def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
            asked.append(smallest_face)
            return super().find(pixels, smallest_face)

    half, quarter = (Copy(WALL.pixels, scale, 0.7) for scale in (0.5, 0.25))
    copied(monkeypatch, half, quarter)
    seen = passes.first_pass(Asked().then(FAINT), WALL, 40)
    assert asked == [40, 20, 12]
    boxes: Sequence[Box] = [face.box for face in seen.faces]
    assert boxes == [Box(160, 40, 220, 120), Box(320, 80, 440, 240)]


@pytest.mark.parametrize(("faces", "looked"), [((UPRIGHT,), 0), ((), 1)])
def test_until_the_first_face_heads_are_looked_for_only_where_there_is_none(
    faces: tuple[Face, ...], looked: int, heads: OneHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(monkeypatch)
    seen = passes.first_pass(FixedFaces(*faces), WALL, 20, until_face=True)
    assert len(heads.told) == looked
    assert (seen.heads is None) is (looked == 0)
