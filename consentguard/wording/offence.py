"""Offensive language, and remarks aimed at the school: a short list of whole words, for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from consentguard.wording.fold import Text, WordPart, fold, unstretched
from consentguard.wording.language import Language, OffenceRules


def offensive(text: Text, language: Language) -> Iterator[tuple[int, int]]:
    """Where a text is offensive: spans of words of the list. Names of birds, books and food that hold one are left."""
    parts, rules = text.parts, language.offence
    innocent = set(_in_innocent_phrases(parts, rules))
    for at, part in enumerate(parts):
        if at not in innocent and _is_listed(part.text, rules):
            yield part.start, part.end
    for word in text.words:
        if word.first in innocent:
            continue
        plain = word.first == word.last and len(word.readings) == 1
        tagged = word.mark and any(bad in word.readings[0] for bad in rules.in_hashtags)
        if tagged or (not plain and any(_is_listed(reading, rules) for reading in word.readings)):
            yield word.start, word.end
    yield from _starred(text.raw, rules)
    yield from _spaced(parts, text, rules)
    words = text.words
    for at, word in enumerate(words):
        for phrase in (phrase for reading in word.readings for phrase in rules.phrases_by_first.get(reading, ())):
            said = words[at : at + len(phrase)]
            if len(said) == len(phrase) and all(
                wanted in each.readings for wanted, each in zip(phrase, said, strict=True)
            ):
                yield word.start, said[-1].end
        if at and text.raw[words[at - 1].end : word.start] in ("-", "'", "’"):
            joined = words[at - 1].readings[0] + word.readings[0]
            if joined in rules.words and word.first not in innocent:
                yield words[at - 1].start, word.end


def remarks(raw: str, language: Language) -> Iterator[tuple[int, int]]:
    """Where a text runs down the school or those who belong to it."""
    plain = raw.replace("’", "'")
    yield from (match.span() for match in language.offence.remarks.finditer(plain))


def _is_listed(word: str, rules: OffenceRules) -> bool:
    return any(spelling in rules.words for spelling in unstretched(word))


def _in_innocent_phrases(parts: tuple[WordPart, ...], rules: OffenceRules) -> Iterator[int]:
    words = tuple(part.text for part in parts)
    for at, word in enumerate(words):
        for phrase in rules.innocent_by_first.get(word, ()):
            if words[at : at + len(phrase)] == phrase:
                yield from range(at, at + len(phrase))


_MASKED: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,20}+(?:[*#%&\-_.]{1,20}+[^\W\d_]{1,20}+){1,20}+")
"""Possessive and of bounded length, so that no text takes more than a time in proportion to its length."""


def _starred(raw: str, rules: OffenceRules) -> Iterator[tuple[int, int]]:
    """Words with letters hidden: f*ck, s**t, w_nker."""
    for match in _MASKED.finditer(raw):
        masked = match[0]
        if len(masked) > rules.longest or not re.search(r"[*#%&_]", masked):
            continue
        pattern = re.compile("".join("[a-z]?" if c in "*#%&_" else re.escape(fold(c)) for c in masked))
        if any(len(word) > 3 and pattern.fullmatch(word) for word in rules.words):
            yield match.span()


def _spaced(parts: tuple[WordPart, ...], text: Text, rules: OffenceRules) -> Iterator[tuple[int, int]]:
    """Words with gaps between their letters: "s h i t", "w.a.n.k"."""
    start = 0
    for at in range(len(parts) + 1):
        goes_on = at < len(parts) and len(parts[at].text) == 1 and (at == start or len(text.between(at - 1, at)) <= 3)
        if goes_on:
            continue
        joined = "".join(part.text for part in parts[start:at])
        for length in range(4, min(len(joined), rules.longest) + 1):
            for left in range(len(joined) - length + 1):
                if joined[left : left + length] in rules.words:
                    yield parts[start + left].start, parts[start + left + length - 1].end
        start = at if at < len(parts) and len(parts[at].text) == 1 else at + 1
