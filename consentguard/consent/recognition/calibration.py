"""Calibration: what a school's own templates say of how often its people are taken for one another.

Scores of different people set the threshold, through their tail; scores of one person's photos say how many will not be
recognised for it. Every number comes with an interval: people are drawn anew, with replacement, because the photos of
one person say nothing new about others (bootstrap over people; Efron and Tibshirani 1993, chapter 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from consentguard.consent.recognition.match import MARGIN, Operating
from consentguard.consent.recognition.plda import Floats, Population, Tail
from consentguard.errors import TemplateStoreError

ENOUGH_PEOPLE: Final = 50
"""Below this a school's own scores are shown and not used: their tail then rests on a handful of look-alikes."""

_DRAWS: Final = 400
_SEED: Final = 26


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and between which shares the truth lies in 95 of 100 such calibrations."""

    count: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        if not self.of:
            return "nobody to count"
        return f"{self.count} of {self.of}, {self.count / self.of:.1%} (95 %: {self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of it.

    Attributes:
        people, templates: enrolled.
        comparisons: scores of two different people.
        enough: whether there were people enough to measure a tail.
        own: whether the school's own tail is used from now on; else the shipped one stands.
        operating: how sure a match has to be from now on.
        threshold: the score that is, with everybody enrolled compared with.
        strangers: faces taken for somebody else with their own person left out (FPIR); `missed`: faces not recognised
            as their own person (FNIR), for people with a second photo.
        genuine, impostor: highest scores of faces against their own person, and against everybody else; for the plot.
    """

    people: int
    templates: int
    comparisons: int
    enough: bool
    own: bool
    operating: Operating
    threshold: float
    strangers: Share
    missed: Share
    genuine: NDArray[np.float32] = field(repr=False)
    impostor: NDArray[np.float32] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """What the store keeps: the tail, and whether it is the school's own."""
        tail = self.operating.tail
        return {"people": self.people, "own": self.own, "tail": [tail.start, tail.scale, tail.share]}


@dataclass(frozen=True, slots=True)
class _Faces:
    """Scores of faces whose owner is known: `own` the column of their person, `scores` against everybody.

    A face is never compared with a template made of itself; where its owner has no other, that score is NaN.
    """

    scores: Floats
    own: NDArray[np.intp]

    @property
    def others(self) -> Floats:
        scores = self.scores.copy()
        scores[np.arange(len(scores)), self.own] = -np.inf
        return scores

    @property
    def genuine(self) -> Floats:
        found: Floats = self.scores[np.arange(len(self.scores)), self.own]
        return found


def calibrate(
    people: Sequence[str],
    templates: Floats,
    population: Population,
    false_positives: float,
    faces: tuple[Sequence[str], Floats] | None = None,
) -> Calibration:
    """Measures, and chooses the threshold for a rate of false positive identifications.

    Args:
        people, templates: a register id for each template, and the templates, shape (templates, dimension).
        population: the model, already moved to this school (`Population.at`); its tail stands where data are too few.
        false_positives: the share of strangers' faces that may be taken for anybody enrolled.
        faces: other photos of the enrolled, as ids and embeddings. Without them each template is compared with the
            others, which comes out better than it is where they were taken on one day; such a calibration can make
            matching stricter than what ships, never laxer.

    Raises TemplateStoreError where there are not two people to compare.
    """
    ids, row = np.unique(np.asarray(people), return_inverse=True)
    if len(ids) < 2:
        raise TemplateStoreError("calibration compares people with one another; enrol two at least.")
    latent = population.latent(templates)
    if faces is None:
        scored = _Faces(_without_itself(population, latent, row, len(ids)), row)
    else:
        whole = population.profiles(latent, row, len(ids))
        scored = _Faces(population.scores(population.latent(faces[1]), whole), np.searchsorted(ids, faces[0]))
    draws = _draws(scored.own)
    others = scored.others
    enough = len(ids) >= ENOUGH_PEOPLE
    tail = population.tail
    if enough:
        found = _upper_tail(others, draws, false_positives, len(ids))
        stricter = found.threshold(false_positives, len(ids)) > tail.threshold(false_positives, len(ids))
        tail = found if stricter or faces is not None else tail
    operating = Operating(false_positives, tail)
    threshold, highest, genuine = operating.threshold(len(ids)), others.max(axis=1), scored.genuine
    known = np.isfinite(genuine)
    missed = (genuine < threshold) | (genuine - MARGIN < highest)
    return Calibration(
        people=len(ids),
        templates=len(templates),
        comparisons=int(np.isfinite(others).sum()),
        enough=enough,
        own=tail is not population.tail,
        operating=operating,
        threshold=threshold,
        strangers=_share(highest >= threshold, scored.own, draws),
        missed=_share(missed[known], scored.own[known], draws[:, known]),
        genuine=genuine[known],
        impostor=highest,
    )


def tail_in(kept: Mapping[str, Any] | None) -> Tail | None:
    """The school's own tail that a kept calibration says to use; None where the shipped one stands."""
    return Tail(*(float(number) for number in kept["tail"])) if kept and kept["own"] else None


def _without_itself(population: Population, latent: Floats, row: NDArray[np.intp], people: int) -> Floats:
    """Each template against everybody, its own person being made of the other templates (NaN if it is the only one)."""
    scores = population.scores(latent, population.profiles(latent, row, people))
    counts = np.bincount(row, minlength=people)
    for probe in range(len(latent)):
        rest = (row == row[probe]) & (np.arange(len(latent)) != probe)
        own = np.float32(np.nan)
        if counts[row[probe]] > 1:
            profile = population.profiles(latent[rest], np.zeros(int(rest.sum()), np.intp), 1)
            own = population.scores(latent[[probe]], profile)[0, 0]
        scores[probe, row[probe]] = own
    return scores


def _draws(own: NDArray[np.intp]) -> NDArray[np.float64]:
    """How often each face counts in each draw of the bootstrap: shape (draws, faces)."""
    random = np.random.default_rng(_SEED)  # the same templates give the same answer
    owners, face = np.unique(own, return_inverse=True)
    drawn = random.multinomial(len(owners), np.full(len(owners), 1 / len(owners)), size=_DRAWS)
    weights: NDArray[np.float64] = drawn[:, face].astype(np.float64)
    return weights


def _share(hit: NDArray[np.bool_], own: NDArray[np.intp], draws: NDArray[np.float64]) -> Share:
    count, of = int(hit.sum()), len(hit)
    if not of:
        return Share(0, 0, 0.0, 1.0)
    total = draws.sum(axis=1)
    shares = (draws @ hit)[total > 0] / total[total > 0]
    low, high = np.quantile(shares, (0.025, 0.975))
    # where all faces agree no draw differs, and three of so many people is what could have been missed (rule of three)
    most = min(3 / len(np.unique(own)), 1.0)
    low = 1 - most if count == of else low
    return Share(count, of, float(low), most if count == 0 else float(high))


def _upper_tail(others: Floats, draws: NDArray[np.float64], false_positives: float, people: int) -> Tail:
    """The tail of the draw that asks for more than 95 of 100 draws do: too strict rather than too lax."""
    tails = []
    for weights in draws:
        chosen = np.repeat(np.arange(len(others)), weights.astype(np.intp))
        scores = others[chosen]
        tails.append(Tail.of(scores[np.isfinite(scores)]))
    tails.sort(key=lambda tail: tail.threshold(false_positives, people))
    return replace(tails[int(0.95 * len(tails))])
