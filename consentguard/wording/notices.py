"""Somebody's copyright or credit in a text: "© Getty Images", "Photo credit: The Herald"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from consentguard.values.agencies import AGENCIES, agencies
from consentguard.wording.fold import fold

_LINE: Final = 300
"""Characters after the beginning of a notice in which it says whose it is."""
_PICTURE: Final = r"(?:photo(?:graph)?|image|picture|pic|illustration|drawing|artwork|text|words|music|video)s?"
_ALWAYS: Final = (
    *("getty images", "shutterstock", "alamy", "istock", "adobe stock", "dreamstime", "depositphotos", "123rf"),
)
"""Agencies whose name stands for nothing else; the others count where something is credited to them."""
_CREDITED: Final = (
    rf"\b{_PICTURE}\s*(?::|by|from|via|\()\s*[\w '&/-]{{0,40}}?(?:{'|'.join(map(re.escape, AGENCIES))})\b"
)
_NOTICE: Final = re.compile(
    r"©|(?<!\w)\(c\)(?=\s*(?:\d{4}|[A-Z]))|(?i:\ball rights reserved\b)"
    r"|(?i:\bcopyright)(?=\s*(?:©|\(c\)|:|-|–|\d{4}|[A-Z]|(?i:of|by|belongs|holder|owner|reserved)\b))"
    r"|(?i:\b(?:is|are|under|protected by|subject to)\s+copyright\b)"
    rf"|(?i:\b{_PICTURE}\s+(?:credit|courtesy)\b)|(?i:\b(?:credit|courtesy)\s*:\s*)(?=[A-Z@])|(?i:\b(?:{'|'.join(_ALWAYS)})\b)|(?i:{_CREDITED})"
)


def notices(text: str, own: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where a text says that something in it is somebody else's: the first such place.

    Args:
        own: the school's names in credits; a notice whose line names the school and no picture agency is its own.
    """
    mine = [fold(name) for name in own if fold(name)]
    for found in _NOTICE.finditer(text):
        line = text[found.start() : found.start() + _LINE].partition("\n")[0]
        said = fold(line)
        if any(name in said for name in mine) and not agencies(line):
            continue
        yield found.span()
        return
