"""Who a face is, as an open-set question: one of the enrolled, nobody enrolled, or not sure. Vectors only, no pixels.

Terms are the field's: a *probe* is the embedding of a face in the photo, a *template* that of a reference photo, the
*gallery* all templates. A false match to a consenting child publishes a refused one, so every doubt is `UNSURE`.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The templates of everyone enrolled, and how near is near enough.

    Attributes:
        people: a register id for each template; several templates of one person may follow each other in any order.
        templates: float32, shape (templates, dimension), read-only; compared by euclidean distance.
        threshold: a probe matches a person whose nearest template is nearer than this.
        margin: the nearest template of any *other* person must be further away by at least this.
        embedder: label of the embedder that made the templates; probes of another one are not comparable.

    Raises ValueError where shapes disagree or a template is not finite.
    """

    people: tuple[str, ...]
    templates: NDArray[np.float32]
    threshold: float
    margin: float
    embedder: str

    def __post_init__(self) -> None:
        if self.templates.ndim != 2 or len(self.people) != len(self.templates):
            raise ValueError(f"{len(self.people)} ids for templates of shape {self.templates.shape}")
        if not np.isfinite(self.templates).all():
            raise ValueError("a template holds a number that is none")
        frozen = self.templates.astype(np.float32)
        frozen.flags.writeable = False
        object.__setattr__(self, "templates", frozen)

    def __repr__(self) -> str:
        return f"<Gallery of {len(set(self.people))} people, {len(self.people)} templates>"  # never the numbers

    def identify(self, probes: NDArray[np.float32], sound: Sequence[bool]) -> tuple[Match, ...]:
        """One answer for each face of one photo.

        Args:
            probes: float32, shape (faces, dimension); a row of NaN is a face that could not be described.
            sound: for each face, whether it is good enough to be recognised at all.

        A probe matches if the nearest person is nearer than `threshold` and the next person at least `margin` further
        away. A near probe without that margin, or one that is not sound, is unsure. Two faces of one photo cannot be
        the same person: if two are near one, sure or not, none of them matches.
        """
        ids = sorted(set(self.people))
        if not len(probes) or not ids:
            return (Match(Answer.NO_MATCH),) * len(probes)
        nearest = self._nearest(probes, ids)
        best = nearest.argmin(axis=1)
        distance = nearest[np.arange(len(probes)), best]
        others = nearest.copy()
        others[np.arange(len(probes)), best] = np.inf
        clear = others.min(axis=1) >= distance + self.margin
        near = distance < self.threshold
        sure = near & clear & np.asarray(sound, bool)
        taken = np.bincount(best[near], minlength=len(ids))  # an unsure face of that identity counts too
        answers = []
        for row in range(len(probes)):
            if sure[row] and taken[best[row]] == 1:
                answers.append(Match(Answer.MATCH, ids[best[row]]))
            else:
                answers.append(Match(Answer.UNSURE if near[row] else Answer.NO_MATCH))
        return tuple(answers)

    def _nearest(self, probes: NDArray[np.float32], ids: Sequence[str]) -> NDArray[np.float64]:
        """Distance of each probe to each person's nearest template: shape (probes, people), NaN made infinite."""
        # |a - b|^2 = |a|^2 + |b|^2 - 2 ab: one matrix product, in float64 because near distances are small differences
        left, right = probes.astype(np.float64), self.templates.astype(np.float64)
        squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
        distances = np.sqrt(np.maximum(np.nan_to_num(squares, nan=np.inf, posinf=np.inf), 0))
        order = np.argsort(np.asarray(self.people), kind="stable")
        starts = np.searchsorted(np.asarray(self.people)[order], ids)
        return np.minimum.reduceat(distances[:, order], starts, axis=1)
