"""How far two spellings are apart, for a slip of the pen or of the reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_ONE_SLIP: Final = 5
_TWO_SLIPS: Final = 9
"""Letters from which a spelling may have one slip, and two; shorter ones are other words too soon."""


def slips(spelling: str) -> int:
    """How many slips a spelling of this length may have and still be meant."""
    return (len(spelling) >= _ONE_SLIP) + (len(spelling) >= _TWO_SLIPS)


def near(word: str, spelling: str) -> bool:
    """Whether `word` is `spelling` with as many slips as its length allows, and at least one."""
    return word != spelling and distance(word, spelling, slips(spelling)) <= slips(spelling)


def distance(left: str, right: str, most: int) -> int:
    """Letters to add, drop, change or swap with a neighbour (optimal string alignment); `most` + 1 if it is more."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


class Nearby:
    """Spellings filed under what remains of them without one letter or two: the near ones are found by look-up.

    The method is SymSpell's (W. Garbe): two words within n slips share what remains after at most n deletions each.
    """

    def __init__(self, spellings: Iterable[str]) -> None:
        self._filed: dict[str, list[str]] = {}
        for spelling in spellings:
            for remains in _remains(spelling, slips(spelling)):
                self._filed.setdefault(remains, []).append(spelling)

    def find(self, word: str) -> Iterator[str]:
        """Every spelling that `word` is, or is near to; each once."""
        most = slips(word + "x")  # a word with a letter lost still finds its spelling
        seen = set[str]()
        for remains in _remains(word, most):
            for spelling in self._filed.get(remains, ()):
                if spelling not in seen:
                    seen.add(spelling)
                    if distance(word, spelling, slips(spelling)) <= slips(spelling):
                        yield spelling


def _remains(word: str, most: int) -> set[str]:
    """A word, and what is left of it after up to `most` letters are dropped."""
    found, edge = {word}, {word}
    for _ in range(most):
        edge = {each[:at] + each[at + 1 :] for each in edge for at in range(len(each))}
        found |= edge
    return found
