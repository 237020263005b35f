"""Calibration: counts that are right, intervals that hold the truth, and honesty where there is too little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from consentguard.consent.recognition.calibration import ENOUGH_PEOPLE, calibrate, tail_in
from consentguard.consent.recognition.plda import Population, Tail
from consentguard.errors import TemplateStoreError

DIMENSION = 24


def _population(tail: Tail = Tail(3.0, 2.0)) -> Population:  # noqa: B008  (frozen)
    zero, one = np.zeros(DIMENSION, np.float32), np.eye(DIMENSION, dtype=np.float32)
    return Population("toy", zero, one, np.full(DIMENSION, 4, np.float32), tail)


LAX = Tail(-40.0, 2.0)
"""Asks for less than any school's own."""


def _school(count: int, photos: int, seed: int = 1) -> tuple[list[str], np.ndarray]:
    random = np.random.default_rng(seed)
    centres = random.normal(0, 2, (count, DIMENSION))
    vectors = np.repeat(centres, photos, axis=0) + random.normal(0, 1, (count * photos, DIMENSION))
    return [f"P{n:03}" for n in range(count) for _ in range(photos)], vectors.astype(np.float32)


def test_with_enough_people_the_schools_own_tail_counts() -> None:
    people, templates = _school(80, 3)
    found = calibrate(people, templates, _population(LAX), 0.001)
    assert (found.people, found.templates, found.enough) == (80, 240, True)
    assert found.comparisons == 240 * 79
    assert found.own
    assert found.operating.tail != LAX
    assert tail_in(found.as_json()) == found.operating.tail
    assert found.strangers.of == found.missed.of == 240
    assert found.strangers.count <= 1
    assert found.strangers.high >= 0.001, "240 faces cannot prove one in a thousand"


def test_the_threshold_holds_its_promise_on_people_it_has_not_seen() -> None:
    """A model that fits: strangers of another draw are taken for somebody no more often than asked for."""
    people, templates = _school(80, 3)
    found = calibrate(people, templates, _population(LAX), 0.01)
    _, strangers = _school(4000, 1, seed=9)
    population = _population(LAX)
    ids, row = np.unique(people, return_inverse=True)
    profiles = population.profiles(population.latent(templates), row, len(ids))
    highest = population.scores(population.latent(strangers), profiles).max(axis=1)
    assert float((highest >= found.threshold).mean()) <= 0.012


def test_with_too_few_people_the_shipped_tail_stands_and_it_says_so() -> None:
    people, templates = _school(ENOUGH_PEOPLE - 1, 2)
    found = calibrate(people, templates, _population(), 0.001)
    assert not found.enough
    assert not found.own
    assert found.operating.tail == _population().tail
    assert tail_in(found.as_json()) is None
    assert tail_in(None) is None


def test_templates_alone_never_make_matching_laxer_than_what_ships_and_later_photos_may() -> None:
    people, templates = _school(60, 2)
    alone = calibrate(people, templates, _population(), 0.001)
    assert (alone.enough, alone.own) == (True, False)
    assert alone.operating.tail == _population().tail
    assert tail_in(alone.as_json()) is None
    later = calibrate(people, templates, _population(), 0.001, (people, templates[::-1].copy()))
    assert later.own
    stricter = calibrate(people, templates, _population(LAX), 0.001)
    assert stricter.own
    assert stricter.threshold > LAX.threshold(0.001, 60)


def test_a_face_is_never_compared_with_itself() -> None:
    """Templates that have nothing to do with one another, each its own nearest if it were compared with itself."""
    random = np.random.default_rng(2)
    templates = random.normal(0, 3, (60, DIMENSION)).astype(np.float32)
    people = [f"P{n // 2:03}" for n in range(60)]
    found = calibrate(people, templates, _population(), 0.001)
    assert found.missed.count == 60


def test_whoever_is_as_much_like_somebody_else_counts_as_missed() -> None:
    """As the gallery has it: a match without the margin to the next person is none."""
    people, templates = _school(40, 2)
    twins = np.repeat(templates[:1], 4, axis=0)
    found = calibrate([*people, "T1", "T1", "T2", "T2"], np.concatenate([templates, twins]), _population(LAX), 0.001)
    rest = calibrate(people, templates, _population(LAX), 0.001)
    assert rest.missed.count == 0, "the shipped threshold is low here"
    assert found.missed.count >= 4


def test_the_schools_own_tail_asks_for_more_than_its_scores_do() -> None:
    """With few people chance decides how alike the most alike are: the threshold is that of an unlucky draw."""
    people, templates = _school(60, 2)
    population = _population(LAX)
    found = calibrate(people, templates, population, 0.001)
    ids, row = np.unique(people, return_inverse=True)
    latent = population.latent(templates)
    scores = population.scores(latent, population.profiles(latent, row, len(ids)))
    measured = Tail.of(scores[row[:, None] != np.arange(len(ids))[None]])
    assert found.threshold > measured.threshold(0.001, len(ids)) + 0.5


def test_people_with_one_photo_count_as_strangers_only() -> None:
    people, templates = _school(60, 1)
    found = calibrate(people, templates, _population(), 0.001)
    assert (found.missed.of, found.strangers.of) == (0, 60)
    assert str(found.missed) == "nobody to count"


def test_other_photos_are_compared_with_all_templates() -> None:
    people, templates = _school(60, 1)
    random = np.random.default_rng(3)
    later = (templates[:20] + random.normal(0, 0.2, (20, DIMENSION))).astype(np.float32)
    found = calibrate(people, templates, _population(), 0.001, (people[:20], later))
    assert (found.missed.of, found.strangers.of) == (20, 20)
    assert found.missed.count < 10


def test_the_same_templates_give_the_same_answer() -> None:
    people, templates = _school(60, 2)
    one, two = (calibrate(people, templates, _population(LAX), 0.001) for _ in range(2))
    assert one.as_json() == two.as_json()
    order = np.random.default_rng(4).permutation(len(people))
    turned = calibrate([people[i] for i in order], templates[order], _population(LAX), 0.001)
    assert turned.threshold == pytest.approx(one.threshold, rel=0.05)


def test_an_interval_says_how_little_is_known() -> None:
    found = calibrate(*_school(60, 2), _population(), 0.001)
    assert found.strangers.low <= found.strangers.count / found.strangers.of <= found.strangers.high
    assert found.strangers.high > 0
    assert "95 %" in str(found.strangers)


def test_one_person_cannot_be_calibrated_on() -> None:
    people, templates = _school(1, 3)
    with pytest.raises(TemplateStoreError, match="enrol two at least"):
        calibrate(people, templates, _population(), 0.001)


def test_a_kept_tail_is_read_back_as_it_was() -> None:
    found = calibrate(*_school(60, 2), _population(LAX), 0.001)
    kept = {**found.as_json(), "on": "2026-11-22"}
    assert tail_in(kept) == found.operating.tail
    assert tail_in({**kept, "own": False}) is None
    assert replace(found.operating.tail).threshold(0.001, 60) == found.threshold
