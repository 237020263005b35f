"""Trials of recognition: what scores probes against a gallery, and how they end under a threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from openset import Faces
from population import YEARS, folds

from consentguard.consent.recognition.plda import Population

Scores = np.ndarray
"""Higher is likelier; shape (probes, people), NaN where somebody has no template."""


@dataclass(frozen=True)
class Trial:
    """Scores of probes against a gallery, and what becomes of them.

    Attributes:
        own: the score of each probe's own person, NaN where not enrolled; best: whether nobody else scored higher.
        stranger: the highest score of anybody else.
        people: whose each probe is, for folds and bootstrap.
    """

    own: np.ndarray
    best: np.ndarray
    stranger: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, scores: Scores, own: np.ndarray, people: np.ndarray, margin: float = 0.0) -> Trial:
        rows = np.arange(len(scores))
        known = np.where(own >= 0, scores[rows, np.maximum(own, 0)], np.nan)
        others = scores.copy()
        others[rows[own >= 0], own[own >= 0]] = np.nan
        stranger = np.where(np.isnan(others), -np.inf, others).max(axis=1)
        return cls(known, known - margin >= stranger, stranger, people)

    def only(self, rows: np.ndarray) -> Trial:
        return Trial(self.own[rows], self.best[rows], self.stranger[rows], self.people[rows])


def together(trials: list[Trial]) -> Trial:
    return Trial(
        *(np.concatenate([getattr(t, name) for t in trials]) for name in ("own", "best", "stranger", "people"))
    )


@dataclass(frozen=True)
class Outcome:
    """How probes ended under thresholds of their own: who was a stranger taken for somebody, and who was missed."""

    false: np.ndarray
    missed: np.ndarray
    people: np.ndarray

    @classmethod
    def under(cls, trial: Trial, threshold: float | np.ndarray) -> Outcome:
        missed = np.where(np.isnan(trial.own), np.nan, (trial.own < threshold) | ~trial.best)
        return cls((trial.stranger >= threshold).astype(float), missed, trial.people)

    def __str__(self) -> str:
        return f"{interval(self.missed, self.people)} at {interval(self.false, self.people)}"


def interval(values: np.ndarray, people: np.ndarray, draws: int = 500) -> str:
    """Share with its bootstrap interval over people, in percent."""
    known = ~np.isnan(values)
    if not known.any():
        return "-"
    names, row = np.unique(people[known], return_inverse=True)
    hits, counts = np.bincount(row, values[known]), np.bincount(row)
    drawn = np.random.default_rng(1).multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    low, high = np.quantile(drawn @ hits / (drawn @ counts), (0.025, 0.975))
    return f"{100 * values[known].mean():5.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def threshold_for(trial: Trial, rate: float) -> float:
    """The lowest score that at most this share of strangers reaches."""
    ordered = np.sort(trial.stranger)[::-1]
    return float(np.nextafter(ordered[int(rate * len(ordered))], np.inf))


def joined(parts: list[Outcome]) -> Outcome:
    return Outcome(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("false", "missed", "people")))


def fixed(trial: Trial, splits: int, rate: float) -> Outcome:
    """A score that learns nothing: only the threshold comes from the other folds."""
    parts = []
    for seed in range(splits):
        for held in folds(trial.people, 5, seed):
            parts.append(Outcome.under(trial.only(held), threshold_for(trial.only(~held), rate)))
    return joined(parts)


# -- what scores ------------------------------------------------------------------------------------------------------


def nearest(vectors: np.ndarray, faces: Faces, probes: np.ndarray, how: str = "best") -> Scores:
    """Minus the distance to everybody's yearly templates: the nearest, or the mean of nearest and average."""
    names, row = np.unique(faces.people, return_inverse=True)
    scores = np.full((len(probes), len(names)), np.nan, np.float32)
    for number, probe in enumerate(probes):
        near = np.abs(faces.ages - faces.ages[probe]) <= YEARS
        near[probe] = False
        distance = np.linalg.norm(vectors - vectors[probe], axis=1)
        for person in np.unique(row[near]):
            theirs = distance[near & (row == person)]
            scores[number, person] = -(theirs.min() if how == "best" else (theirs.min() + theirs.mean()) / 2)
    return scores


def as_norm(
    scores: Scores, vectors: np.ndarray, faces: Faces, top: int = 20, templates: int = 30
) -> Callable[..., Trial]:
    """AS-norm (Matejka et al. 2017): scores in spreads of the cohort's best, on the probe's and the template's side."""
    names, row = np.unique(faces.people, return_inverse=True)
    pairs = -np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    sides = []
    for person in range(len(names)):
        cohorts = [np.sort(pairs[t, row != person])[::-1][:templates] for t in np.flatnonzero(row == person)]
        sides.append((np.mean([c.mean() for c in cohorts]), np.mean([c.std() for c in cohorts])))
    means, spreads = np.array(sides).T

    def normed(line: np.ndarray, leave: int) -> np.ndarray:
        out = np.full(len(line), np.nan)
        there = np.flatnonzero(np.isfinite(line) & (np.arange(len(line)) != leave))
        for person in there:
            cohort = np.sort(line[there[there != person]])[::-1][:top]
            ours = (line[person] - cohort.mean()) / max(cohort.std(), 1e-6)
            out[person] = (ours + (line[person] - means[person]) / spreads[person]) / 2
        return out

    def trial(own: np.ndarray, people: np.ndarray) -> Trial:
        with_own = np.stack([normed(line, -1) for line in scores])
        without = np.stack([normed(line, mine) for line, mine in zip(scores, own, strict=True)])
        known = Trial.of(with_own, own, people)
        return Trial(known.own, known.best, Trial.of(without, own, people).stranger, people)

    return trial


def leave_one_out(population: Population, faces: Faces) -> Scores:
    """Every face against everybody's other faces."""
    names, row = np.unique(faces.people, return_inverse=True)
    latent = population.latent(faces.steady)
    scores = population.scores(latent, population.profiles(latent, row, len(names)))
    for probe in range(len(row)):
        rest = (row == row[probe]) & (np.arange(len(row)) != probe)
        own = np.float32(np.nan)
        if rest.any():
            profile = population.profiles(latent[rest], np.zeros(int(rest.sum()), int), 1)
            own = population.scores(latent[[probe]], profile)[0, 0]
        scores[probe, row[probe]] = own
    return scores


def distances(faces: Faces) -> Scores:
    names, row = np.unique(faces.people, return_inverse=True)
    scores = np.full((len(row), len(names)), np.nan, np.float32)
    for probe in range(len(row)):
        apart = np.linalg.norm(faces.single - faces.single[probe], axis=1)
        apart[probe] = np.inf
        np.maximum.at(scores[probe : probe + 1], (0, row), -apart)
        nearest_of = np.full(len(names), np.inf)
        np.minimum.at(nearest_of, row, apart)
        scores[probe] = np.where(np.isinf(nearest_of), np.nan, -nearest_of)
    return scores
