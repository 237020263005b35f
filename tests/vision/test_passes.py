"""What is searched when, without models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from consentguard.values import Box, Face, Hand, Head, PersonRegion, Picture, Pixels, Seen
from consentguard.vision.detection import passes
from consentguard.vision.detection.copies import Copy
from consentguard.vision.detection.hands import HandFinder
from consentguard.vision.detection.heads import HeadFinder
from consentguard.vision.detection.people import PeopleFinder
from consentguard.vision.detection.protocol import Detector

WALL = Picture(np.full((200, 300, 3), 90, np.uint8), 300, 200)
UPRIGHT, AGAIN, FAINT = Face(Box(20, 20, 60, 70), 0.6), Face(Box(22, 21, 62, 71), 0.9), Face(Box(80, 20, 110, 60), 0.7)
WEAK = Face(Box(10, 80, 30, 95), 0.69)
BEHIND, UNSURE = (
    Head(Box(200, 20, 240, 70), 0.9, from_behind=True),
    Head(Box(200, 90, 240, 140), 0.9, from_behind=False),
)
SEEN_UPRIGHT = object()
"""What a search hands on to whoever looks for heads."""


class Recording(Detector):
    """Finds these faces upright, and those in copies; remembers what it was asked."""

    label, smallest_face = "recording@test", 12

    def __init__(self, upright: Sequence[Face] = (), copied: Sequence[Face] = ()) -> None:
        self.upright, self.copied = tuple(upright), tuple(copied)
        self.asked: list[tuple[Any, ...]] = []

    def search(self, pixels: Pixels, smallest_face: int = 20) -> Any:
        self.asked.append(("search", pixels, smallest_face))
        return self.upright, SEEN_UPRIGHT

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        self.asked.append(("find", pixels, smallest_face))
        return self.copied

    def find_upright(self, pixels: Pixels, smallest_face: int = 20, *, finest: bool = True) -> tuple[Face, ...]:
        self.asked.append(("find_upright", pixels, smallest_face, finest))
        return self.upright


class Finder:
    """Finds what it was given, and remembers what it was asked."""

    def __init__(self, found: Sequence[Any] = ()) -> None:
        self.found, self.label = tuple(found), "finder@test"
        self.asked: list[tuple[object, ...]] = []

    def find(self, *what: object) -> tuple[Any, ...]:
        self.asked.append(what)
        return self.found


@pytest.fixture
def finding(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[Any, Finder]]:
    def given(heads: Sequence[Any] = (), hands: Sequence[Any] = (), people: Sequence[Any] = ()) -> dict[Any, Finder]:
        finders = {
            HeadFinder.load: Finder(heads),
            HandFinder.load: Finder(hands),
            PeopleFinder.load: Finder(people),
        }
        monkeypatch.setattr(passes, "loaded", lambda load: finders[load])
        return finders

    return given


def drawn(monkeypatch: pytest.MonkeyPatch, *boxes: Box) -> None:
    """Figures of ours stand in these boxes of the wall."""
    monkeypatch.setattr(passes, "is_drawn", lambda pixels, box: pixels is WALL.pixels and box in boxes)


def copied(monkeypatch: pytest.MonkeyPatch, *copies: Copy) -> None:
    monkeypatch.setattr(passes, "copies", lambda pixels: iter(copies if pixels is WALL.pixels else ()))


def test_a_copy_adds_the_faces_that_were_not_found_and_are_sure_enough(finding, monkeypatch) -> None:
    finders, copy = finding([BEHIND]), Copy(WALL.pixels.copy(), 1.0, 0.7)
    copied(monkeypatch, copy)
    detector = Recording([UPRIGHT], [AGAIN, FAINT, WEAK])
    assert passes.first_pass(detector, WALL, 20) == Seen((FAINT, UPRIGHT), (BEHIND,))
    assert detector.asked == [("search", WALL.pixels, 20), ("find", copy.pixels, 20)]
    assert finders[HeadFinder.load].asked == [(WALL.pixels, (FAINT, UPRIGHT), SEEN_UPRIGHT)]


def test_a_smaller_copy_is_searched_for_smaller_faces_and_no_smaller_than_the_detector_can(
    finding, monkeypatch
) -> None:
    finding()
    copied(monkeypatch, *(Copy(WALL.pixels, scale, 0.7) for scale in (0.5, 0.25)))
    detector = Recording([], [FAINT])
    seen = passes.first_pass(detector, WALL, 40)
    assert [smallest for _, _, smallest in detector.asked] == [40, 20, 12]
    assert [face.box for face in seen.faces] == [Box(160, 40, 220, 120), Box(320, 80, 440, 240)]


@pytest.mark.parametrize(("until_face", "looked"), [(True, 0), (False, 1)])
def test_until_the_first_face_heads_are_looked_for_only_where_there_is_none(
    until_face: bool, looked: int, finding, monkeypatch
) -> None:
    finders = finding([BEHIND])
    copied(monkeypatch)
    seen = passes.first_pass(Recording([UPRIGHT]), WALL, 20, until_face=until_face)
    assert seen == Seen((UPRIGHT,), (BEHIND,) if looked else None)
    assert len(finders[HeadFinder.load].asked) == looked
    assert passes.first_pass(Recording(), WALL, 20, until_face=until_face) == Seen((), (BEHIND,))


def test_who_is_drawn_is_nobody_in_any_pass(finding, monkeypatch) -> None:
    """A drawn face is no place for a head either. A body without a head is told by no drawing, and counts."""
    alone, owned = PersonRegion(Box(70, 20, 120, 190), None), PersonRegion(Box(10, 10, 70, 190), UPRIGHT)
    finders = finding([BEHIND, UNSURE], people=[alone, owned])
    copied(monkeypatch)
    drawn(monkeypatch, FAINT.box, UNSURE.box, alone.box, owned.box)
    detector = Recording([UPRIGHT, FAINT])
    assert passes.first_pass(detector, WALL, 20) == Seen((UPRIGHT,), (BEHIND,))
    assert finders[HeadFinder.load].asked[0][1] == (UPRIGHT, FAINT)
    assert passes.first_pass(Recording([FAINT]), WALL, 20, until_face=True).heads == (BEHIND,)
    assert passes.second_pass(detector, 24, WALL) == (UPRIGHT,)
    assert passes.bodies(WALL, Seen((UPRIGHT,), ())) == Seen((UPRIGHT,), (), (), (alone, owned))


@pytest.mark.parametrize("more", [{}, {"finest": False}])
def test_the_second_pass_looks_upright_as_finely_as_it_is_told(more: dict[str, bool]) -> None:
    detector = Recording([UPRIGHT])
    assert passes.second_pass(detector, 24, WALL, **more) == (UPRIGHT,)
    assert detector.asked == [("find_upright", WALL.pixels, 24, more.get("finest", True))]


def test_bodies_are_looked_for_with_everybodys_heads(finding) -> None:
    """Hands near those that count as faces; people with all of them; the levels of the picture are made once."""
    hand = Hand(Box(5, 5, 9, 9), 0.9, ((6.0, 6.0),) * 21, ((5.0, 5.0), (9.0, 5.0), (9.0, 9.0)))
    person = PersonRegion(Box(10, 10, 70, 190), UPRIGHT)
    finders = finding(hands=[hand], people=[person])
    before = Seen((UPRIGHT,), (BEHIND, UNSURE))
    assert passes.bodies(WALL, before) == Seen((UPRIGHT,), (BEHIND, UNSURE), (hand,), (person,))
    ((levels, *others),) = finders[HandFinder.load].asked
    assert levels.pixels is WALL.pixels
    assert others == [[UPRIGHT, UNSURE]]
    assert finders[PeopleFinder.load].asked == [(levels, (UPRIGHT,), (BEHIND, UNSURE))]
    passes.bodies(WALL, Seen(()))
    assert finders[PeopleFinder.load].asked[1][1:] == ((), ())


def test_models_are_told_once_for_what_was_looked_for(finding) -> None:
    finders = finding()
    finders[HandFinder.load].label, finders[PeopleFinder.load].label = "palm@1+hand@1", "palm@1+pose@1"
    assert passes.labels(Seen(())) == ()
    assert passes.labels(Seen((), ())) == ("finder@test",)
    assert passes.labels(Seen((), None, (), ())) == ("palm@1", "hand@1", "palm@1", "pose@1")
    finders[HeadFinder.load].label = "heads@1+recording@test"
    assert passes.finders(Recording()) == ("recording@test", "heads@1")
