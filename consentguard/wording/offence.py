"""Offensive language, and remarks aimed at the school: a short British list of whole words, for a person to look at."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from consentguard.wording.fold import Text, WordPart, fold, unstretched
from consentguard.wording.lists import phrases, words

_WORDS: Final = words("offensive")
_LONGEST: Final = max(map(len, _WORDS))
_PHRASES: Final[dict[str, list[tuple[str, ...]]]] = defaultdict(list)
"""Phrases in words, filed under their first word."""
for _phrase in phrases("offensive_phrases"):
    _PHRASES[_phrase.split()[0]].append(tuple(_phrase.split()))
_INNOCENT: Final[dict[str, list[tuple[str, ...]]]] = defaultdict(list)
"""Birds, books, food and history that hold such a word, filed under their first word."""
for _phrase in phrases("innocent_phrases"):
    _INNOCENT[_phrase.split()[0]].append(tuple(_phrase.split()))

_IN_HASHTAGS: Final = ("fuck", "wanker", "bastard", "bollock", "nigger", "arsehole", "dickhead", "bellend", "shithead")

_INSULTS: Final = words("insults")
_BARE_INSULTS: Final = words("bare_insults")
"""Insults that nobody needs for anything else; "rubbish" is also what a class picks up around the school."""

_TARGET: Final = (
    r"(?:head ?teachers?|head|headmaster|headmistress|teachers?|staff|governors?|governing body|school|ta|tas|"
    r"principal|office staff|(?:mr|mrs|ms|miss|dr)\.? \w+)"
)
_THERE: Final = r"(?:(?:here|there|at (?:this|that|the|your) school) )?"
_IS: Final = (
    r"(?:is|are|was|were|r|has been|have been)"
    r"(?: (?:so|such|just|really|absolute(?:ly)?|total(?:ly)?|complete(?:ly)?|all|an?|the|always|bloody|utter(?:ly)?))*"
)
_REMARKS: Final = re.compile(
    "|".join(
        rf"\b(?:{remark})\b"
        for remark in (
            rf"(?:{'|'.join(sorted(_BARE_INSULTS))}) {_TARGET}",
            rf"{_TARGET} {_THERE}{_IS} (?:{'|'.join(sorted(_INSULTS))}|a waste of space|not fit to teach)",
            rf"shame on (?:the |this |you )?{_TARGET}",
            rf"(?:sack|fire|get rid of) (?:the |that )?{_TARGET}",
            r"(?:don'?t|do not|never|wouldn'?t) send your (?:kids?|child|children) (?:to|here|there)",
        )
    ),
    re.IGNORECASE,
)


def offensive(text: Text) -> Iterator[tuple[int, int]]:
    """Where a text is offensive: spans of words of the list. Names of birds, books and food that hold one are left."""
    parts = text.parts
    innocent = set(_in_innocent_phrases(parts))
    for at, part in enumerate(parts):
        if at not in innocent and _is_listed(part.text):
            yield part.start, part.end
    for word in text.words:
        if word.first in innocent:
            continue
        plain = word.first == word.last and len(word.readings) == 1
        tagged = word.mark and any(bad in word.readings[0] for bad in _IN_HASHTAGS)
        if tagged or (not plain and any(_is_listed(reading) for reading in word.readings)):
            yield word.start, word.end
    yield from _starred(text.raw)
    yield from _spaced(parts, text)
    words = text.words
    for at, word in enumerate(words):
        for phrase in (phrase for reading in word.readings for phrase in _PHRASES.get(reading, ())):
            said = words[at : at + len(phrase)]
            if len(said) == len(phrase) and all(
                wanted in each.readings for wanted, each in zip(phrase, said, strict=True)
            ):
                yield word.start, said[-1].end
        if at and text.raw[words[at - 1].end : word.start] in ("-", "'", "’"):
            joined = words[at - 1].readings[0] + word.readings[0]
            if joined in _WORDS and word.first not in innocent:
                yield words[at - 1].start, word.end


def remarks(raw: str) -> Iterator[tuple[int, int]]:
    """Where a text runs down the school or those who belong to it."""
    plain = raw.replace("’", "'")
    yield from (match.span() for match in _REMARKS.finditer(plain))


def _is_listed(word: str) -> bool:
    return any(spelling in _WORDS for spelling in unstretched(word))


def _in_innocent_phrases(parts: tuple[WordPart, ...]) -> Iterator[int]:
    words = tuple(part.text for part in parts)
    for at, word in enumerate(words):
        for phrase in _INNOCENT.get(word, ()):
            if words[at : at + len(phrase)] == phrase:
                yield from range(at, at + len(phrase))


_MASKED: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,20}+(?:[*#%&\-_.]{1,20}+[^\W\d_]{1,20}+){1,20}+")
"""Possessive and of bounded length, so that no text takes more than a time in proportion to its length."""


def _starred(raw: str) -> Iterator[tuple[int, int]]:
    """Words with letters hidden: f*ck, s**t, w_nker."""
    for match in _MASKED.finditer(raw):
        masked = match[0]
        if len(masked) > _LONGEST or not re.search(r"[*#%&_]", masked):
            continue
        pattern = re.compile("".join("[a-z]?" if c in "*#%&_" else re.escape(fold(c)) for c in masked))
        if any(len(word) > 3 and pattern.fullmatch(word) for word in _WORDS):
            yield match.span()


def _spaced(parts: tuple[WordPart, ...], text: Text) -> Iterator[tuple[int, int]]:
    """Words with gaps between their letters: "s h i t", "w.a.n.k"."""
    start = 0
    for at in range(len(parts) + 1):
        goes_on = at < len(parts) and len(parts[at].text) == 1 and (at == start or len(text.between(at - 1, at)) <= 3)
        if goes_on:
            continue
        joined = "".join(part.text for part in parts[start:at])
        for length in range(4, min(len(joined), _LONGEST) + 1):
            for left in range(len(joined) - length + 1):
                if joined[left : left + length] in _WORDS:
                    yield parts[start + left].start, parts[start + left + length - 1].end
        start = at if at < len(parts) and len(parts[at].text) == 1 else at + 1
