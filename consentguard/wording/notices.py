"""Somebody's copyright or credit in a text: "© Getty Images", "Photo credit: The Herald"."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from consentguard.values.agencies import agencies
from consentguard.wording.fold import fold
from consentguard.wording.language import Language

_LINE: Final = 300
"""Characters after the beginning of a notice in which it says whose it is."""


def notices(text: str, own: Collection[str], language: Language) -> Iterator[tuple[int, int]]:
    """Where a text says that something in it is somebody else's: the first such place.

    Args:
        own: the school's names in credits; a notice whose line names the school and no picture agency is its own.
    """
    mine = [fold(name) for name in own if fold(name)]
    for found in language.notice.finditer(text):
        line = text[found.start() : found.start() + _LINE].partition("\n")[0]
        said = fold(line)
        if any(name in said for name in mine) and not agencies(line):
            continue
        yield found.span()
        return
