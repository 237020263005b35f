"""Surnames with a letter hidden behind a star or an emoji: T*ttersall, Hollow😀ll."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from consentguard.wording.fold import fold
from consentguard.wording.language import Language
from consentguard.wording.spellings import Surname

_TOKEN: Final = re.compile(r"(?<!\S)\S{4,40}(?!\S)")
_JOINTS: Final = frozenset("'’‘`´-\u2010\u2011\u2012\u2013\u2014\u2212._/&,:;()[]\"“”!@$|€+·•=%\\<>")
_EDGES: Final = "".join(_JOINTS) + "*~?#"
_SHOWN: Final = 4
"""Letters that have to be shown for the rest to be sure."""
_MOST: Final = 100
"""Tokens of one text that are compared."""


def masked(raw: str, surnames: Mapping[str, Surname], language: Language) -> Iterator[tuple[int, int, Surname, bool]]:
    """Words that are a surname but for letters hidden behind other signs: start, end, the surname, and whether surely.

    Sure is an unusual surname of which enough is shown, and that no word of the language fits as well.
    """
    compared = 0
    for found in _TOKEN.finditer(raw):
        token = found[0].strip(_EDGES)
        start = found.start() + found[0].find(token)
        signs = ["" if c in _JOINTS else fold(c) or ("?" if not c.isalnum() else "") for c in token]
        hidden = [sign for sign in signs if sign == "?"]
        if not hidden or compared >= _MOST:
            continue
        letters = sum(len(sign) for sign in signs if sign != "?")
        if letters < 3 or len(hidden) > letters:
            continue
        compared += 1
        expression = re.compile(re.sub(r"\?+", lambda run: f"[a-z]{{1,{len(run[0])}}}", "".join(signs)))
        fitting = [entry for spelling, entry in surnames.items() if expression.fullmatch(spelling)]
        ordinary = bool(fitting) and any(expression.fullmatch(word) for word in language.words)
        for entry in fitting:
            yield start, start + len(token), entry, not ordinary and not entry.everyday and letters >= _SHOWN
