"""What ships about people in general: that it is whole, that it is nobody's face, and the model for other embedders."""

from __future__ import annotations

import io

import numpy as np
import pytest

from consentguard.consent.recognition.plda import Population
from consentguard.errors import TemplateStoreError


def _shipped() -> Population:
    population = Population.shipped("dlib-resnet")
    assert population is not None
    return population


def test_what_ships_is_a_mean_a_turn_and_variances() -> None:
    population = _shipped()
    dimension, directions = population.transform.shape
    assert (dimension, population.mean.shape, population.between.shape) == (128, (128,), (directions,))
    assert 60 <= directions <= 90, "dlib's 128 numbers have 81 directions"
    assert 0 <= population.between.min() < 1 < population.between.max()
    assert Population.shipped("nobody's") is None
    assert Population.shipped("") is None


def test_it_survives_its_file() -> None:
    population = _shipped()
    with np.load(io.BytesIO(population.to_bytes()), allow_pickle=False) as parts:
        again = Population.from_parts("dlib-resnet", parts)
    np.testing.assert_array_equal(again.transform, population.transform)
    assert again.tail == population.tail


def test_more_people_of_a_school_move_the_mean_further_and_each_counts_once() -> None:
    population = _shipped()
    there = population.mean + np.float32(1)
    few = population.at(np.stack([there] * 10), [f"P{n}" for n in range(10)])
    many = population.at(np.stack([there] * 400), [f"P{n}" for n in range(400)])
    one = population.at(np.stack([there] * 400), ["P1"] * 400)
    moved = [float((model.mean - population.mean).mean()) for model in (one, few, many)]
    assert 0 < moved[0] < moved[1] < moved[2] < 1
    assert moved[0] == pytest.approx(1 / 41, rel=1e-3)


def _people(count: int, photos: int) -> tuple[np.ndarray, list[str]]:
    random = np.random.default_rng(5)
    centres = random.normal(0, 1, (count, 32))
    vectors = np.repeat(centres, photos, axis=0) + random.normal(0, 0.3, (count * photos, 32))
    return vectors.astype(np.float32), [f"P{n:03}" for n in range(count) for _ in range(photos)]


def test_without_anything_shipped_the_schools_own_templates_make_the_plainest_model() -> None:
    vectors, people = _people(40, 2)
    population = Population.isotropic("other@1", vectors, people)
    latent = population.latent(vectors)
    rows = np.repeat(np.arange(40), 2)
    scores = population.scores(latent, population.profiles(latent, rows, 40))
    assert (scores.argmax(axis=1) == rows).all()
    within = latent - latent.reshape(40, 2, -1).mean(axis=1).repeat(2, axis=0)
    assert float((within**2).sum() / 40 / 32) == pytest.approx(1, rel=0.05), "one person scatters by 1"
    assert population.between.mean() == pytest.approx(1 / 0.09, rel=0.2)


def test_too_few_people_make_no_model() -> None:
    vectors, people = _people(9, 2)
    with pytest.raises(TemplateStoreError, match="enrol ten people with two photos each"):
        Population.isotropic("other@1", vectors, people)
