"""The open-set answer: scores equal the densities written out, and every doubt is unsure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.recognition.match import MARGIN, Answer, Gallery, Match, Operating, alike
from consentguard.consent.recognition.plda import Population, Tail

TAIL = Tail(start=2.0, scale=1.0)
SPREAD = 0.1


def _population(dimension: int = 2, between: float = 400.0) -> Population:
    """Photos of one person scatter by `SPREAD` in each direction, people by twenty times as much."""
    return Population(
        "toy",
        np.zeros(dimension, np.float32),
        np.eye(dimension, dtype=np.float32) / np.float32(SPREAD),
        np.full(dimension, between, np.float32),
        TAIL,
    )


def _gallery(rows: dict[str, list[list[float]]], false_positives: float = 0.001) -> Gallery:
    people = [person for person, templates in rows.items() for _ in templates]
    templates = np.array([row for templates in rows.values() for row in templates], np.float32)
    return Gallery.of(people, templates, _population(), Operating(false_positives, TAIL), "test@1")


def _identify(gallery: Gallery, *probes: list[float], sound: bool = True, **options: Any) -> tuple[Match, ...]:
    return gallery.identify(np.array(probes, np.float32), [sound] * len(probes), **options)


TWO = _gallery({"A": [[0, 0], [0.1, 0]], "B": [[3, 0]]})


def test_near_and_clear_is_a_match() -> None:
    assert _identify(TWO, [0.05, 0]) == (Match(Answer.MATCH, "A"),)
    assert _identify(TWO, [3.05, 0]) == (Match(Answer.MATCH, "B"),)


def test_far_from_everybody_is_no_match() -> None:
    assert _identify(TWO, [1.5, 1.5]) == (Match(Answer.NO_MATCH),)


def test_just_below_the_threshold_is_unsure() -> None:
    threshold = TWO.operating.threshold(2)
    found = {
        answer.answer: score
        for x in np.linspace(3, 4, 400)
        for answer, score in [(_identify(TWO, [x, 0])[0], TWO.scores(np.array([[x, 0]], np.float32)).max())]
    }
    assert found[Answer.MATCH] >= threshold
    assert threshold - MARGIN <= found[Answer.UNSURE] < threshold
    assert found[Answer.NO_MATCH] < threshold - MARGIN


def test_near_two_people_is_unsure() -> None:
    close = _gallery({"A": [[0, 0]], "B": [[0.3, 0]]})
    assert _identify(close, [0.15, 0]) == (Match(Answer.UNSURE),)
    assert _identify(close, [-0.1, 0]) == (Match(Answer.MATCH, "A"),)


def test_a_face_that_is_not_sound_is_never_a_match() -> None:
    assert _identify(TWO, [0.05, 0], sound=False) == (Match(Answer.UNSURE),)
    assert _identify(TWO, [1.5, 1.5], sound=False) == (Match(Answer.NO_MATCH),)


def test_two_faces_of_one_photo_are_not_one_person() -> None:
    assert _identify(TWO, [0.05, 0], [0, 0.05]) == (Match(Answer.UNSURE),) * 2
    assert _identify(TWO, [0.05, 0], [3, 0.05]) == (Match(Answer.MATCH, "A"), Match(Answer.MATCH, "B"))


def test_a_face_that_is_not_sound_still_keeps_another_from_being_the_same_person() -> None:
    probes = np.array([[0.05, 0], [0, 0.05]], np.float32)
    assert TWO.identify(probes, [False, True]) == (Match(Answer.UNSURE),) * 2


def test_a_face_that_could_not_be_described_matches_nobody() -> None:
    assert _identify(TWO, [np.nan, np.nan]) == (Match(Answer.NO_MATCH),)
    assert _identify(TWO, [np.nan, 0.0], [0.05, 0]) == (Match(Answer.NO_MATCH), Match(Answer.MATCH, "A"))


def test_nobody_seen() -> None:
    assert TWO.identify(np.empty((0, 2), np.float32), []) == ()


def test_a_class_list_lowers_the_threshold_and_shuts_everybody_else_out() -> None:
    many = _gallery({f"P{number:03}": [[10.0 * number, 0]] for number in range(200)})
    edge = next(x for x in np.linspace(10, 11, 500) if _identify(many, [x, 0])[0].answer is Answer.UNSURE)
    assert _identify(many, [edge, 0], among={"P000", "P001"}) == (Match(Answer.MATCH, "P001"),)
    assert _identify(many, [10.0, 0], among={"P000", "P002"}) == (Match(Answer.NO_MATCH),)
    assert _identify(many, [10.0, 0], among={"nobody"}) == (Match(Answer.NO_MATCH),)


def test_somebody_likelier_who_is_not_on_the_list_still_prevents_the_match() -> None:
    close = _gallery({"A": [[0, 0]], "B": [[0.3, 0]]})
    assert _identify(close, [0.2, 0], among={"A"}) == (Match(Answer.UNSURE),)
    assert _identify(close, [-0.1, 0], among={"A"}) == (Match(Answer.MATCH, "A"),)


def test_people_who_look_alike_are_found() -> None:
    rows: dict[str, list[list[float]]] = {"A": [[0, 0]], "B": [[0.1, 0]], "C": [[5, 5]]}
    gallery = _gallery(rows)
    templates = np.array([row for templates in rows.values() for row in templates], np.float32)
    assert alike(gallery, templates, list(rows)).tolist() == [[0, 1]]


def _log_normal(x: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> float:
    return float(-0.5 * ((x - mean) ** 2 / variance + np.log(2 * np.pi * variance)).sum())


@given(people=st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=12), faces=st.integers(1, 5),
       seed=st.integers(0, 10**6))  # fmt: skip
def test_scores_are_the_ratio_of_the_densities_and_answers_the_rule_written_out(
    people: list[str], faces: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    k, d = 6, 8
    population = Population(
        "toy",
        random.normal(0, 0.1, d).astype(np.float32),
        random.normal(0, 3, (d, k)).astype(np.float32),
        random.uniform(0.1, 12, k).astype(np.float32),
        TAIL,
    )
    templates = random.normal(0, 0.25, (len(people), d)).astype(np.float32)
    probes = (templates[random.integers(0, len(people), faces)] + random.normal(0, 0.08, (faces, d))).astype(np.float32)
    sound = random.random(faces) < 0.8
    gallery = Gallery.of(people, templates, population, Operating(0.001, TAIL), "test@1")
    latent = (templates.astype(float) - population.mean) @ population.transform
    b = population.between.astype(float)
    expected = np.empty((faces, len(gallery.ids)))
    for column, person in enumerate(gallery.ids):
        theirs = latent[[owner == person for owner in people]]
        n = len(theirs)
        mean, variance = n * b / (n * b + 1) * theirs.mean(axis=0), b / (n * b + 1) + 1
        for face, probe in enumerate((probes.astype(float) - population.mean) @ population.transform):
            expected[face, column] = _log_normal(probe, mean, variance) - _log_normal(probe, np.zeros(k), b + 1)
    scores = gallery.scores(probes)
    np.testing.assert_allclose(scores, expected, rtol=2e-4, atol=2e-3)
    threshold, first = gallery.operating.threshold(len(gallery.ids)), []
    for face in range(faces):
        order = np.argsort(scores[face])[::-1]
        best, score = gallery.ids[order[0]], scores[face, order[0]]
        clear = len(order) == 1 or scores[face, order[1]] <= score - MARGIN
        near = score >= threshold - MARGIN
        first.append((best if score >= threshold and clear and sound[face] else None, best if near else None))
    names = [person for _, person in first if person]
    assert gallery.identify(probes, list(sound)) == tuple(
        Match(Answer.MATCH, person)
        if person and names.count(person) == 1
        else Match(Answer.UNSURE if near else Answer.NO_MATCH)
        for person, near in first
    )


def test_more_people_ask_for_more_and_a_lower_rate_too() -> None:
    assert TAIL.threshold(0.001, 400) > TAIL.threshold(0.001, 30) > TAIL.threshold(0.01, 30) > TAIL.start
    assert TAIL.threshold(0.5, 1) == TAIL.start, "never below what was seen"
    for people in (1, 30, 1000):
        assert people * TAIL.rate(TAIL.threshold(0.001, people)) == pytest.approx(0.001)


def test_a_tail_is_that_of_the_scores_it_was_made_of() -> None:
    scores = np.random.default_rng(1).exponential(2.0, 200_000)
    tail = Tail.of(scores)
    assert tail.start == pytest.approx(np.quantile(scores, 0.99))
    assert tail.scale == pytest.approx(2.0, rel=0.05)
    assert tail.rate(float(np.quantile(scores, 0.9999))) == pytest.approx(1e-4, rel=0.3)
    with pytest.raises(ValueError, match="too few"):
        Tail.of(np.array([1.0, 2.0]))


def test_a_gallery_is_valid_from_birth_and_cannot_be_changed() -> None:
    operating = Operating(0.001, TAIL)
    with pytest.raises(ValueError, match="ids for templates"):
        Gallery.of(("A",), np.zeros((2, 2), np.float32), _population(), operating, "test@1")
    with pytest.raises(ValueError, match="ids for templates"):
        Gallery.of((), np.zeros((0, 2), np.float32), _population(), operating, "test@1")
    with pytest.raises(ValueError, match="not finite"):
        Gallery.of(("A",), np.full((1, 2), np.nan, np.float32), _population(), operating, "test@1")
    with pytest.raises(ValueError, match="read-only"):
        TWO._profiles[0, 0] = 1
    assert "0." not in repr(TWO), "a repr that ends up in a log shows no numbers of a face"


def test_only_a_match_names_somebody() -> None:
    with pytest.raises(ValueError, match="names its person"):
        Match(Answer.MATCH)
    with pytest.raises(ValueError, match="names its person"):
        Match(Answer.UNSURE, "P001")
