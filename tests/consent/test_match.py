"""The open-set answer equals the plain rule, and every doubt is unsure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.match import Answer, Gallery, Match

THRESHOLD, MARGIN = 0.40, 0.04


def _gallery(rows: dict[str, list[list[float]]]) -> Gallery:
    people = tuple(person for person, templates in rows.items() for _ in templates)
    templates = np.array([row for templates in rows.values() for row in templates], np.float32)
    return Gallery(people, templates, THRESHOLD, MARGIN, "test@1")


def _identify(gallery: Gallery, *probes: list[float], sound: bool = True) -> tuple[Match, ...]:
    return gallery.identify(np.array(probes, np.float32), [sound] * len(probes))


TWO = _gallery({"A": [[0, 0], [5, 5]], "B": [[1, 0]]})


def test_near_enough_and_clear_is_a_match() -> None:
    assert _identify(TWO, [0.1, 0]) == (Match(Answer.MATCH, "A"),)
    assert _identify(TWO, [5.1, 5]) == (Match(Answer.MATCH, "A"),), "any template of the person will do"


def test_far_from_everybody_is_no_match() -> None:
    assert _identify(TWO, [0, 0.41]) == (Match(Answer.NO_MATCH),)


def test_near_two_people_is_unsure() -> None:
    close = _gallery({"A": [[0, 0]], "B": [[0.22, 0]]})
    assert _identify(close, [0.10, 0]) == (Match(Answer.UNSURE),)
    assert _identify(close, [0.08, 0]) == (Match(Answer.MATCH, "A"),)


def test_a_face_that_is_not_sound_is_never_a_match() -> None:
    assert _identify(TWO, [0.1, 0], sound=False) == (Match(Answer.UNSURE),)
    assert _identify(TWO, [0, 0.9], sound=False) == (Match(Answer.NO_MATCH),)


def test_two_faces_of_one_photo_are_not_one_person() -> None:
    assert _identify(TWO, [0.1, 0], [0, 0.1]) == (Match(Answer.UNSURE),) * 2
    assert _identify(TWO, [0.1, 0], [1, 0.1]) == (Match(Answer.MATCH, "A"), Match(Answer.MATCH, "B"))


def test_a_face_that_is_not_sound_still_keeps_another_from_being_the_same_person() -> None:
    probes = np.array([[0.05, 0], [0.3, 0]], np.float32)
    assert TWO.identify(probes, [False, True]) == (Match(Answer.UNSURE),) * 2


def test_a_face_that_could_not_be_described_matches_nobody() -> None:
    assert _identify(TWO, [np.nan, np.nan]) == (Match(Answer.NO_MATCH),)


def test_nobody_enrolled_or_nobody_seen() -> None:
    empty = Gallery((), np.empty((0, 2), np.float32), THRESHOLD, MARGIN, "test@1")
    assert _identify(empty, [0, 0]) == (Match(Answer.NO_MATCH),)
    assert TWO.identify(np.empty((0, 2), np.float32), []) == ()


@given(
    people=st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=12),
    faces=st.integers(1, 5),
    seed=st.integers(0, 10**6),
)
def test_the_matrix_form_equals_the_rule_written_out(people: list[str], faces: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    templates = random.normal(0, 0.25, (len(people), 8)).astype(np.float32)
    probes = random.normal(0, 0.25, (faces, 8)).astype(np.float32)
    sound = random.random(faces) < 0.8
    first = []
    for probe, good in zip(probes, sound, strict=True):
        nearest: dict[str, float] = {}
        for person, template in zip(people, templates, strict=True):
            distance = float(np.linalg.norm(probe.astype(float) - template.astype(float)))
            nearest[person] = min(nearest.get(person, np.inf), distance)
        (best, distance), *rest = sorted(nearest.items(), key=lambda item: item[1])
        clear = not rest or rest[0][1] - distance >= MARGIN
        near = distance < THRESHOLD
        first.append((best if near and clear and good else None, best if near else None))
    names = [person for _, person in first if person]
    expected = tuple(
        Match(Answer.MATCH, person)
        if person and names.count(person) == 1
        else Match(Answer.UNSURE if near else Answer.NO_MATCH)
        for person, near in first
    )
    assert Gallery(tuple(people), templates, THRESHOLD, MARGIN, "test@1").identify(probes, sound) == expected


def test_a_gallery_is_valid_from_birth_and_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="ids for templates"):
        Gallery(("A",), np.zeros((2, 4), np.float32), THRESHOLD, MARGIN, "test@1")
    with pytest.raises(ValueError, match="none"):
        Gallery(("A",), np.full((1, 4), np.nan, np.float32), THRESHOLD, MARGIN, "test@1")
    with pytest.raises(ValueError, match="read-only"):
        TWO.templates[0, 0] = 1
    assert "0." not in repr(TWO), "a repr that ends up in a log shows no numbers of a face"


def test_only_a_match_names_somebody() -> None:
    with pytest.raises(ValueError, match="names its person"):
        Match(Answer.UNSURE, "A")
    with pytest.raises(ValueError, match="names its person"):
        Match(Answer.MATCH)
