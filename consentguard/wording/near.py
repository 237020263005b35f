"""How far two spellings are apart, for a slip of the pen or of the reader: optimal string alignment, by rapidfuzz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

_ONE_SLIP: Final = 5
_TWO_SLIPS: Final = 9
"""Letters from which a spelling may have one slip, and two; shorter ones are other words too soon."""


def slips(spelling: str) -> int:
    """How many slips a spelling of this length may have and still be meant."""
    return (len(spelling) >= _ONE_SLIP) + (len(spelling) >= _TWO_SLIPS)


def near(word: str, spelling: str) -> bool:
    """Whether `word` is `spelling` with as many slips as its length allows, and at least one.

    A slip is a letter added, dropped, changed or swapped with its neighbour.
    """
    return word != spelling and OSA.distance(word, spelling, score_cutoff=slips(spelling)) <= slips(spelling)


class Nearby:
    """Spellings filed by their length, so that a word is compared only with those it can be near to."""

    def __init__(self, spellings: Iterable[str]) -> None:
        self._filed: dict[int, list[str]] = {}
        for spelling in spellings:
            self._filed.setdefault(len(spelling), []).append(spelling)

    def find(self, word: str) -> Iterator[str]:
        """Every spelling that `word` is, or is near to; each once."""
        for length in range(len(word) - 2, len(word) + 3):
            filed = self._filed.get(length)
            if filed:
                most = slips(filed[0])
                for spelling, _distance, _at in process.extract_iter(
                    word, filed, scorer=OSA.distance, score_cutoff=most
                ):
                    yield spelling
