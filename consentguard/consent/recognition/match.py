"""Who a face is, as an open-set question: one of the enrolled, nobody enrolled, or not sure. Vectors only, no pixels.

Terms are the field's: a *probe* is the embedding of a face in the photo, a *template* that of a reference photo, the
*gallery* all templates; FPIR and FNIR are the rates at which a stranger is taken for somebody, and somebody enrolled
for nobody. A false match to a consenting child publishes a refused one, so every doubt is `UNSURE`.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consentguard.consent.recognition.plda import Floats, Population, Tail

MARGIN: Final = 3.0
"""Nats: how much likelier the best person must be than the next, and how far below the threshold a face is not sure.
Between 0 and 3 it costs no match on the open sets; it is what stops a face that looks like two of the enrolled."""


class Answer(enum.Enum):
    """What the gallery says of one probe. Only `MATCH` names a person."""

    MATCH = "match"
    NO_MATCH = "no match"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for one probe. `person` is a register id, and only there for a match."""

    answer: Answer
    person: str | None = None

    def __post_init__(self) -> None:
        if (self.person is not None) != (self.answer is Answer.MATCH):
            raise ValueError("a match names its person, and nothing else does")


@dataclass(frozen=True, slots=True)
class Operating:
    """How sure a match has to be.

    Attributes:
        false_positives: FPIR: at most this share of strangers' faces may match anybody of those compared with.
        tail: scores of different people, as shipped or as calibrated on the school's own templates.
    """

    false_positives: float
    tail: Tail

    def threshold(self, people: int) -> float:
        """The score a match needs among so many people, in nats. More people, more chances to be taken for one."""
        return self.tail.threshold(self.false_positives, max(people, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Everyone enrolled, ready to be compared with.

    Attributes:
        ids: register ids, sorted, each once.
        population: the model that scores.
        operating: how sure a match has to be.
        embedder: label of the embedder that made the templates; probes of another one are not comparable.
    """

    ids: tuple[str, ...]
    population: Population
    operating: Operating
    embedder: str
    _profiles: Floats = field(repr=False)

    @classmethod
    def of(
        cls, people: Sequence[str], templates: Floats, population: Population, operating: Operating, embedder: str
    ) -> Gallery:
        """A gallery from templates.

        Args:
            people: a register id for each template; several templates of one person may follow each other in any order.
            templates: float32, shape (templates, dimension).
            population, operating, embedder: see the class.

        Raises ValueError where shapes disagree or a template is not finite.
        """
        if templates.ndim != 2 or len(people) != len(templates) or not len(people):
            raise ValueError(f"{len(people)} ids for templates of shape {templates.shape}")
        if not np.isfinite(templates).all():
            raise ValueError("a template holds a number that is not finite")
        ids, row = np.unique(np.asarray(people), return_inverse=True)
        profiles = population.profiles(population.latent(templates), row, len(ids))
        profiles.flags.writeable = False
        return cls(tuple(str(person) for person in ids), population, operating, embedder, profiles)

    def __repr__(self) -> str:
        return f"<Gallery of {len(self.ids)} people>"  # never the numbers

    def scores(self, probes: Floats) -> Floats:
        """Log-likelihood ratios in nats, shape (probes, people in the order of `ids`); minus infinity for NaN."""
        return self.population.scores(self.population.latent(np.asarray(probes, np.float32)), self._profiles)

    def identify(
        self, probes: Floats, sound: Sequence[bool], among: Collection[str] | None = None
    ) -> tuple[Match, ...]:
        """One answer for each face of one photo.

        Args:
            probes: float32, shape (faces, dimension); a row of NaN is a face that could not be described.
            sound: for each face, whether it is good enough to be recognised at all.
            among: the only people who may match (a class list, or those the poster names); all without it. Fewer people
                are fewer chances of a false match, so the threshold is lower; but somebody likelier who is not among
                them still prevents the match.

        A probe matches the person of the highest score if that reaches the threshold, nobody else comes within
        `MARGIN`, and the face is sound. A score that fails otherwise, or fails the threshold by less than `MARGIN`, is
        unsure. Two faces of one photo cannot be the same person: if two are near one, sure or not, none of them
        matches.
        """
        if not len(probes):
            return ()
        scores = self.scores(probes)
        may = np.isin(self.ids, list(among)) if among is not None else np.ones(len(self.ids), bool)
        if not may.any():
            return (Match(Answer.NO_MATCH),) * len(probes)
        threshold = self.operating.threshold(int(np.count_nonzero(may)))
        rows = np.arange(len(probes))
        best = (scores if among is None else np.where(may[None], scores, -np.inf)).argmax(axis=1)
        score = scores[rows, best]
        scores[rows, best] = -np.inf
        clear = scores.max(axis=1) <= score - MARGIN
        near = score >= threshold - MARGIN
        sure = (score >= threshold) & clear & np.asarray(sound, bool)
        taken = np.bincount(best[near], minlength=len(self.ids))  # an unsure face of that identity counts too
        return tuple(self._answer(best[row], sure[row] and taken[best[row]] == 1, near[row]) for row in rows)

    def _answer(self, best: np.intp, sure: np.bool_, near: np.bool_) -> Match:
        if sure:
            return Match(Answer.MATCH, self.ids[best])
        return Match(Answer.UNSURE if near else Answer.NO_MATCH)


def alike(gallery: Gallery, templates: Floats, people: Sequence[str]) -> NDArray[np.intp]:
    """Pairs of people who would be taken for one another: rows of two indices into `gallery.ids`, each pair once.

    `templates` and `people` as for `Gallery.of`; whoever owns one is compared with everybody else of the gallery.
    """
    scores = gallery.scores(templates)
    own = np.searchsorted(gallery.ids, np.asarray(people))
    scores[np.arange(len(own)), own] = -np.inf
    which, other = np.nonzero(scores >= gallery.operating.threshold(len(gallery.ids)) - MARGIN)
    pairs: NDArray[np.intp] = np.unique(np.sort(np.column_stack((own[which], other)), axis=1), axis=0)
    return pairs
