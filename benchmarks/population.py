"""Makes what consentguard knows about the embeddings of people in general, and writes it into the package.

    python benchmarks/population.py --loader FOLDER [--cache FOLDER] [--write]

FOLDER holds load.py of the open sets. The two covariances are of the families of fiw_train (13,800 photos of 2,900
people of all ages) and of the children of fgnet_school, each of whose photos counts `CHILD_WEIGHT` times; the mean is
the children's. The tail of scores of different children comes from five folds: a child's scores under a model that has
seen neither the child nor, in the same fold, anybody it is compared with as a probe. Without --write only the numbers
are shown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from openset import Faces, described, loader

from consentguard.consent.recognition.plda import Population, Tail

CHILD_WEIGHT = 10.0
"""How often each photo of a child counts in the covariances: there are fifty times more photos of families."""

YEARS = 2
"""A template is at most so old: schools enrol anew every year or two."""

_LEAST = 1e-6
"""Directions with less than this share of all variance are noise of the last digits: dlib's 128 numbers have 81."""

_RIDGE = 1e-4
TARGET = Path(__file__).parents[1] / "consentguard" / "consent" / "populations" / "dlib-resnet.npz"


def scatter(vectors: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Covariance within and between people (those with two photos and more), and how many degrees each rests on."""
    _, row, counts = np.unique(people, return_inverse=True, return_counts=True)
    several = counts[row] > 1
    vectors, people = vectors[several].astype(np.float64), people[several]
    _, row, counts = np.unique(people, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(means, row, vectors)
    means /= counts[:, None]
    rest = vectors - means[row]
    degrees = len(vectors) - len(counts)
    within = rest.T @ rest / degrees
    between = np.cov(means.T) - within * np.mean(1 / counts)
    return within, between, degrees, len(counts)


def fit(
    families: Faces, children: Faces, *, child_weight: float = CHILD_WEIGHT, tail: Tail | None = None
) -> Population:
    """The model of these people; its tail is a stand-in unless one is given."""
    within, between, degrees, people = scatter(families.steady, families.people)
    mean = families.steady.mean(axis=0)
    if len(children.people):
        mean = children.steady.mean(axis=0)
        own_within, own_between, own_degrees, own_people = scatter(children.steady, children.people)
        weight, own = child_weight * own_degrees, child_weight * own_people
        within = (degrees * within + weight * own_within) / (degrees + weight)
        between = (people * between + own * own_between) / (people + own)
    values, axes = np.linalg.eigh(within + between)
    axes = axes[:, values > _LEAST * values.sum()]
    inner = axes.T @ within @ axes
    inner += _RIDGE * np.trace(inner) / len(inner) * np.eye(len(inner))
    whitening = np.linalg.cholesky(np.linalg.inv(inner))
    spread, turn = np.linalg.eigh(whitening.T @ (axes.T @ between @ axes) @ whitening)
    transform = axes @ whitening @ turn
    single = [array.astype(np.float32) for array in (mean, transform, np.maximum(spread, 0))]
    return Population("dlib-resnet", *single, tail or Tail(0.0, 1.0))


def school_age(faces: Faces) -> Faces:
    """Children of 3 to 17 with two photos at least, of whom face and embedding were found."""
    child = (faces.ages >= 3) & (faces.ages <= 17) & np.isfinite(faces.steady).all(axis=1)
    names, counts = np.unique(faces.people[child], return_counts=True)
    return faces.only(child & np.isin(faces.people, names[counts > 1]))


def usable(faces: Faces) -> Faces:
    """Faces that could be described, of enrolment's quality."""
    return faces.only(np.isfinite(faces.steady).all(axis=1) & (faces.faults == 0))


def folds(people: np.ndarray, count: int, seed: int) -> Iterator[np.ndarray]:
    """For each fold, which rows belong to its people."""
    names = np.random.default_rng(seed).permutation(np.unique(people))
    for part in np.array_split(names, count):
        yield np.isin(people, part)


def yearly(population: Population, faces: Faces, probes: np.ndarray) -> np.ndarray:
    """Scores of some probes against everybody's *other* photos of at most `YEARS` before or after: (probes, people).

    NaN where somebody has no such photo.
    """
    names, row = np.unique(faces.people, return_inverse=True)
    latent = population.latent(faces.steady)
    scores = np.full((len(probes), len(names)), np.nan, np.float32)
    for number, probe in enumerate(probes):
        near = np.abs(faces.ages - faces.ages[probe]) <= YEARS
        near[probe] = False
        here, short = np.unique(row[near], return_inverse=True)
        profiles = population.profiles(latent[near], short, len(here))
        scores[number, here] = population.scores(latent[[probe]], profiles)[0]
    return scores


def stranger_scores(families: Faces, children: Faces, seed: int = 0, parts: int = 5) -> np.ndarray:
    """Scores of children against others, every child under a model that was made without its part of the children."""
    _, row = np.unique(children.people, return_inverse=True)
    found = []
    for held in folds(children.people, parts, seed):
        probes = np.flatnonzero(held)
        scores = yearly(fit(families, children.only(~held)), children, probes)
        scores[np.arange(len(probes)), row[probes]] = np.nan
        found.append(scores[np.isfinite(scores)])
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loader", type=Path, required=True, help="the folder of load.py")
    parser.add_argument("--cache", type=Path, help="a folder of yours for the embeddings, between runs")
    parser.add_argument("--write", action="store_true", help="write the package's file")
    options = parser.parse_args()
    load = loader(options.loader)
    families, children = (
        usable(described(load, "fiw_train", options.cache)),
        school_age(described(load, "fgnet", options.cache)),
    )
    tail = Tail.of(np.concatenate([stranger_scores(families, children, seed) for seed in range(3)]))
    population = fit(families, children, tail=tail)
    print(f"families: {len(families.people)} photos of {len(np.unique(families.people))}; "
          f"children: {len(children.people)} of {len(np.unique(children.people))}")  # fmt: skip
    print(f"{population.transform.shape[1]} directions; between: {population.between.min():.2f} to "
          f"{population.between.max():.2f} of within")  # fmt: skip
    print(
        f"tail of different children: {100 * tail.share:g} % over {tail.start:.2f}, e times rarer each {tail.scale:.2f}"
    )
    for people in (1, 30, 100, 400):
        print(f"  threshold at FPIR 0.1 %, {people:3} people: {tail.threshold(0.001, people):5.1f} nats")
    if options.write:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_bytes(population.to_bytes())
        print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
