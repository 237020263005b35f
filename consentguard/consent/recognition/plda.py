"""What is known about the embeddings of people in general, and so what a likeness of two faces is worth.

The two-covariance model, also known as PLDA (Ioffe, "Probabilistic linear discriminant analysis", 2006; Brümmer and
de Villiers, "The speaker partitioning problem", 2010): an embedding is a person, drawn from one normal distribution,
plus what the moment adds, drawn from another. A score is then the logarithm of a likelihood ratio, in nats: how much
likelier the probe is if it shows this person than if it shows somebody nobody knows. Directions in which one child's
photos differ count for little, those in which children differ count for much, and what is rare counts for more than
what is common.

What ships are statistics of thousands of faces (a mean and two covariances), from which nobody's face can be had back.
docs/decisions/0017 says how they were made, and what they gain.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from math import exp, log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from consentguard.errors import TemplateStoreError

Floats = NDArray[np.float32]

_OWN_WEIGHT: Final = 40.0
"""How many people of its own a school needs until their mean counts as much as the shipped one; see `Population.at`."""


@dataclass(frozen=True, slots=True)
class Tail:
    """How often two different people score high: beyond `start`, each `scale` of score is e times rarer.

    The exponential tail of peaks over a threshold (Pickands 1975), which carries an estimate beyond the highest score
    ever seen; `share` of all comparisons of different people score over `start`.
    """

    start: float
    scale: float
    share: float = 0.01

    def __post_init__(self) -> None:
        if not (self.scale > 0 and 0 < self.share < 1):
            raise ValueError(f"no tail: share {self.share}, scale {self.scale}")

    @classmethod
    def of(cls, scores: NDArray[np.floating[Any]], share: float = 0.01) -> Tail:
        """The tail of scores of different people. Raises ValueError for too few."""
        start = float(np.quantile(scores, 1 - share))
        beyond = scores[scores > start] - start
        if len(beyond) < 2:
            raise ValueError("too few scores for a tail")
        return cls(start, max(float(beyond.mean()), 1e-6), share)

    def rate(self, score: float) -> float:
        """The share of comparisons of different people that score over this; never more than `share` is claimed."""
        return self.share * exp(-max(score - self.start, 0.0) / self.scale)

    def threshold(self, false_positives: float, people: int) -> float:
        """The score over which a stranger is taken for *any* of so many people at this rate.

        At most, whatever their likenesses have to do with one another: the rates of all of them are added (Boole).
        """
        return self.start + self.scale * max(log(self.share * people / false_positives), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The model of one embedder's embeddings.

    Attributes:
        name: as embedders name it.
        mean: float32, shape (dimension,).
        transform: float32, shape (dimension, k): from an embedding, less the mean, to coordinates in which one person's
            photos scatter by 1 in every direction, independently.
        between: float32, shape (k,): variances of people in those coordinates.
        tail: scores of different children of the open sets.
    """

    name: str
    mean: Floats
    transform: Floats
    between: Floats
    tail: Tail

    def __post_init__(self) -> None:
        shapes = self.mean.shape, self.transform.shape, self.between.shape
        if shapes != ((self.transform.shape[0],), self.transform.shape, (self.transform.shape[1],)):
            raise ValueError(f"a population of shapes {shapes}")

    @classmethod
    def shipped(cls, name: str) -> Population | None:
        """What ships under a name; None where nothing does."""
        return _shipped(name)

    @classmethod
    def isotropic(cls, name: str, vectors: Floats, people: Sequence[str]) -> Population:
        """The plainest model, from a school's own templates, for embedders about which nothing ships.

        All directions alike: it then orders people as the distance to the mean of their templates does. The tail is
        that of the same templates. Raises TemplateStoreError unless ten people have two templates each.
        """
        owners, row = np.unique(np.asarray(people), return_inverse=True)
        counts = np.bincount(row)
        if np.count_nonzero(counts > 1) < 10:
            raise TemplateStoreError(
                f"nothing is known about the embeddings of {name}; enrol ten people with two photos each, "
                "then run `consentguard calibrate`."
            )
        means = np.stack([vectors[row == owner].mean(axis=0) for owner in range(len(owners))])
        within = float(((vectors - means[row]) ** 2).sum() / (len(vectors) - len(owners)))
        mean = means.mean(axis=0)
        apart = float(((means - mean) ** 2).sum() / (len(owners) - 1)) - within * float(np.mean(1 / counts))
        dimension = vectors.shape[1]
        spread = (within / dimension) ** -0.5
        plain = cls(
            name,
            mean.astype(np.float32),
            np.eye(dimension, dtype=np.float32) * np.float32(spread),
            np.full(dimension, max(apart / within, 1e-3), np.float32),
            Tail(0.0, 1.0),
        )
        latent = plain.latent(vectors)
        scores = plain.scores(latent, plain.profiles(latent, row, len(owners)))
        return replace(plain, tail=Tail.of(scores[row[:, None] != np.arange(len(owners))[None]]))

    def at(self, vectors: Floats, people: Sequence[str]) -> Population:
        """The same, its mean moved towards that of a school's own people.

        Cameras, light and the ages of a school move all its faces together, and what all have in common tells nobody
        apart. The more people there are, the more their own mean counts; each person counts once.
        """
        _, row = np.unique(np.asarray(people), return_inverse=True)
        own = np.zeros((row.max() + 1, vectors.shape[1]), np.float64)
        np.add.at(own, row, vectors / np.bincount(row)[row][:, None])
        mean = (_OWN_WEIGHT * self.mean + own.sum(axis=0)) / (_OWN_WEIGHT + len(own))
        return replace(self, mean=mean.astype(np.float32))

    def latent(self, vectors: Floats) -> Floats:
        """Embeddings, shape (n, dimension), in the coordinates of the model: (n, k)."""
        return np.asarray((vectors - self.mean) @ self.transform, np.float32)

    def profiles(self, latent: Floats, row: NDArray[np.intp], people: int) -> Floats:
        """Everything about each person that a comparison needs: shape (2 k + 1, people).

        Args:
            latent: templates, shape (templates, k).
            row: for each template, whose it is, 0..people-1; everybody has at least one.

        Given n templates with mean m, the person's photos are normal with mean s m and variance v, where
        s = n b / (n b + 1), v = b / (n b + 1) + 1 and b is `between`; those of somebody unknown with mean 0 and
        variance b + 1. The logarithm of the ratio is a square and a product of the probe and a constant, whose factors
        these are.
        """
        counts = np.bincount(row, minlength=people).astype(np.float64)[:, None]
        means = np.zeros((people, latent.shape[1]), np.float64)
        np.add.at(means, row, latent)
        means /= counts
        b = self.between.astype(np.float64)[None]
        expected = counts * b / (counts * b + 1) * means
        variance, anybody = b / (counts * b + 1) + 1, b + 1
        square = -0.5 * (1 / variance - 1 / anybody)
        constant = -0.5 * (expected**2 / variance + np.log(variance / anybody)).sum(axis=1, keepdims=True)
        return np.ascontiguousarray(np.concatenate([square, expected / variance, constant], axis=1).T, np.float32)

    def scores(self, probes: Floats, profiles: Floats) -> Floats:
        """Log-likelihood ratios, shape (probes, people): one matrix product. A probe of NaN gets minus infinity."""
        known = np.asarray(np.isfinite(probes).all(axis=1), bool)
        probes = np.where(known[:, None], probes, np.float32(0))
        rows = np.concatenate([probes**2, probes, np.ones((len(probes), 1), np.float32)], axis=1)
        scores: Floats = rows @ profiles
        scores[~known] = -np.inf
        return scores

    def to_bytes(self) -> bytes:
        """As it ships: a .npz file without pickles."""
        file = io.BytesIO()
        tail = np.array([self.tail.start, self.tail.scale, self.tail.share])
        np.savez_compressed(file, mean=self.mean, transform=self.transform, between=self.between, tail=tail)
        return file.getvalue()

    @classmethod
    def from_parts(cls, name: str, parts: Mapping[str, Any]) -> Population:
        """From what `to_bytes` wrote."""
        mean, transform, between = (np.asarray(parts[part], np.float32) for part in ("mean", "transform", "between"))
        return cls(name, mean, transform, between, Tail(*(float(number) for number in parts["tail"])))


@functools.cache
def _shipped(name: str) -> Population | None:
    file = resources.files("consentguard.consent.recognition").joinpath("populations", f"{name}.npz")
    if not name or not file.is_file():
        return None
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as parts:
        return Population.from_parts(name, parts)
