"""One answer about a text: the findings that a person, or the guard, has to act on."""

from __future__ import annotations

import bisect
import itertools
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from consentguard.values import Finding
from consentguard.wording import address, offence
from consentguard.wording.decoding import shown_forms
from consentguard.wording.fold import Text, fold, read
from consentguard.wording.language import Language
from consentguard.wording.languages.en import EN
from consentguard.wording.names import Hit, Named, Names
from consentguard.wording.notices import notices
from consentguard.wording.sieve import Sieve

MOST_CHARACTERS: Final = 100_000
"""Characters of one text that are judged: some seconds' work, and more than any caption has."""

_PART: Final = MOST_CHARACTERS // 2
_OVERLAP: Final = 300
"""Characters that two parts of a long text share, so that no name is cut between them."""
_DATA_URI: Final = re.compile(
    r"data:[\w.+-]{1,100}/[\w.+-]{1,100}(?:;[\w.=+-]{1,100}){0,5};base64,"
    r"(?:[A-Za-z0-9+/=%_-]++|\r?\n[ \t]*+(?=[A-Za-z0-9+/]{60}|[A-Za-z0-9+/]{2,60}={1,2}))*+",
    re.IGNORECASE,
)
_MOST_SHOWN: Final = 3
"""Register ids that one finding lists; a surname may belong to thirty pupils."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the school decided about words.

    Attributes:
        everyday: surnames of the register that are ordinary words at this school.
        allow: phrases that are nobody's name here, such as the school's own.
        accounts: handles of the school and of organisations.
        own: the school's names in a credit or copyright.
    """

    everyday: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spotted:
    """A surname in what was read in a picture: whose it may be, and its words as (line, word of the line)."""

    people: tuple[str, ...]
    words: tuple[tuple[int, int], ...]


class Screen:
    """Judges texts against the names of one register. The names are filed at first use; safe between threads."""

    def __init__(self, people: Iterable[Named], rules: Rules = Rules(), language: Language = EN) -> None:
        self._people, self._language = tuple(people), language
        self._filing = threading.Lock()
        self._filed: tuple[Names, Sieve] | None = None
        self._rules = rules
        self._accounts = frozenset(fold(account) for account in rules.accounts)
        self._allowed = frozenset(fold(phrase) for phrase in (*rules.allow, *rules.accounts)) - {""}

    @property
    def _index(self) -> tuple[Names, Sieve]:
        with self._filing:
            if self._filed is None:
                names = Names(self._people, self._language, everyday_too=self._rules.everyday)
                self._filed = (names, names.sieve())
            return self._filed

    @property
    def _names(self) -> Names:
        return self._index[0]

    def judge(self, text: str, *, where: str = "caption", first_names: bool = True) -> tuple[Finding, ...]:
        """What is wrong with a text, in the order of weight; () if nothing is.

        Args:
            text: as it would be published.
            where: what the findings call it.
            first_names: those of pupils may stand there; otherwise each is for a person.

        Rules: `surname` and `text-too-long` (it must not go), and for a person `maybe-surname`, `name-with-image`,
        `individually-targeted`, `offensive-language`, `remark-at-school`, `copyright-notice`. Messages show ids and
        places, never the words.
        """
        if len(text) > MOST_CHARACTERS:
            return (
                Finding(
                    "text-too-long",
                    where,
                    f"{len(text):,} characters are more than the {MOST_CHARACTERS:,} that are judged at once",
                ),
            )
        text = without_data(text)
        parsed = read(text)
        free = Spans(self._free(parsed))
        surnames = [hit for hit in self._surnames(parsed) if (hit.start, hit.end) not in free]
        found = [_surname(hit, where) for hit in surnames if hit.sure]
        found += [_surname(hit, where) for hit in surnames if not hit.sure]
        spans = [
            ("individually-targeted", span)
            for span in address.targeted(parsed, self._names.forenames, self._accounts, self._language)
        ]
        if not first_names:
            spans += [("name-with-image", span) for span in self._first_names(parsed)]
        shown = next(shown_forms(text), None)
        offences = [*offence.offensive(parsed, self._language)]
        remarks, foreign = offence.remarks(text, self._language), notices(text, self._rules.own, self._language)
        if shown is not None:  # a notice is looked for only as it is shown: mojibake is full of © signs
            offences += [shown.source(*span) for span in offence.offensive(read(shown.text), self._language)]
            remarks = (shown.source(*span) for span in offence.remarks(shown.text, self._language))
            foreign = (shown.source(*span) for span in notices(shown.text, self._rules.own, self._language))
        spans += [("offensive-language", span) for span in _distinct(offences)]
        spans += [("remark-at-school", span) for span in remarks]
        spans += [("copyright-notice", span) for span in foreign]
        found += [Finding(rule, where, _MESSAGES[rule] + _at(span)) for rule, span in spans if span not in free]
        return tuple(found)

    def named(self, text: str, *, where: str, first_names: bool = True) -> tuple[Finding, ...]:
        """The findings of `judge` about names alone, of a text of any length: `surname`, `maybe-surname`,
        `name-with-image`. Most texts take a small part of the time.
        """
        text = without_data(text)
        surnames: list[Hit] = []
        firsts: list[tuple[int, int]] = []
        for start in range(0, len(text), _PART):
            part = text[start : start + _PART + _OVERLAP]
            if not self._index[1].lets_through(part, first_names=not first_names):
                continue
            parsed = read(part)
            free = Spans(self._free(parsed))
            hits = [hit for hit in self._surnames(parsed) if (hit.start, hit.end) not in free]
            for hit in (replace(hit, start=start + hit.start, end=start + hit.end) for hit in hits):
                if hit.start >= start + _OVERLAP or not _is_known(hit, surnames):
                    surnames.append(hit)
            if not first_names:
                firsts += [(start + at, start + end) for at, end in self._first_names(parsed) if (at, end) not in free]
        found = [_surname(hit, where) for hit in sorted(surnames, key=lambda hit: not hit.sure)]
        found += [Finding("name-with-image", where, _MESSAGES["name-with-image"] + _at(span)) for span in firsts]
        return tuple(dict.fromkeys(found))

    def _surnames(self, text: Text) -> tuple[Hit, ...]:
        """Surnames in a text as it is written, and as it may be shown."""
        hits = list(self._names.find(text))
        for shown in shown_forms(text.raw):
            for hit in self._names.find(read(shown.text)):
                start, end = shown.source(hit.start, hit.end)
                placed = replace(hit, start=start, end=end)
                if not _is_known(placed, hits):
                    hits.append(placed)
        return tuple(sorted(hits, key=lambda hit: hit.start))

    def judge_thread(self, posts: Sequence[str], *, first_names: bool = True) -> tuple[Finding, ...]:
        """What is wrong with posts that follow each other: in each, and in a name that is split between two."""
        found = [
            finding
            for number, post in enumerate(posts, 1)
            for finding in self.judge(post, where=f"post {number}", first_names=first_names)
        ]
        for number, (left, right) in enumerate(itertools.pairwise(posts), 1):
            alone = {hit.people for post in (left, right) for hit in self._names.find(read(post)) if hit.sure}
            if len(left) + len(right) > MOST_CHARACTERS:
                continue  # one of them has been called too long
            joint = self._names.find(read(f"{left.rstrip()} {right.lstrip()}"))
            where = f"posts {number} and {number + 1}"
            found += [_surname(hit, where) for hit in joint if hit.sure and hit.people not in alone]
        return tuple(found)

    def in_picture(self, lines: Sequence[Sequence[str]]) -> tuple[Spotted, ...]:
        """Every surname in what was read in a picture, in any form `judge` knows and with a reader's slips.

        Args:
            lines: the words of each line, in reading order.

        What may be a surname counts like a sure one: to paint a word too many over does no harm.
        """
        places: list[tuple[int, int, int, int]] = []  # start, end, line, word
        raw = ""
        for number, line in enumerate(lines):
            for at, word in enumerate(line):
                raw += "" if not raw else "\n" if at == 0 else " "
                places.append((len(raw), len(raw) + len(word), number, at))
                raw += word
        parsed = read(raw)
        free = Spans(self._free(parsed))
        hits = [hit for hit in self._names.find(parsed, misread=True) if (hit.start, hit.end) not in free]
        starts, ends = [place[0] for place in places], [place[1] for place in places]
        spotted = []
        for hit in hits:
            inside = places[bisect.bisect_right(ends, hit.start) : bisect.bisect_left(starts, hit.end)]
            spotted.append(Spotted(hit.people, tuple((line, at) for _start, _end, line, at in inside)))
        return tuple(spotted)

    def _free(self, text: Text) -> Iterator[tuple[int, int]]:
        """Spans of phrases that policy allows."""
        if not self._allowed:
            return
        longest = max(map(len, self._allowed))
        for first in range(len(text.parts)):
            joined = ""
            for last in range(first, len(text.parts)):
                joined += text.parts[last].text
                if len(joined) > longest:
                    break
                if joined in self._allowed:
                    yield text.parts[first].start - 1, text.parts[last].end  # with the mark of a handle

    def _first_names(self, text: Text) -> Iterator[tuple[int, int]]:
        for at, part in enumerate(text.parts):
            starts = at == 0 or any(mark in text.between(at - 1, at) for mark in ".!?\n")
            doubtful = part.text in self._language.words or part.text in self._language.calendar
            if part.text in self._names.forenames and part.capital and not (doubtful and starts):
                yield part.start, part.end


_MESSAGES: Final = {
    "individually-targeted": "one person is spoken to instead of a class or everybody",
    "name-with-image": "a pupil's first name stands beside an image",
    "offensive-language": "a word is on the list of offensive language",
    "remark-at-school": "it runs down the school or somebody who belongs to it",
    "copyright-notice": "somebody's copyright or credit is named",
}


def _surname(hit: Hit, where: str) -> Finding:
    shown = ", ".join(hit.people[:_MOST_SHOWN])
    more = len(hit.people) - _MOST_SHOWN
    whose = f"{shown} and {more} more" if more > 0 else shown
    if hit.sure:
        return Finding("surname", where, f"{whose}: a pupil's surname stands" + _at((hit.start, hit.end)))
    return Finding("maybe-surname", where, f"{whose}: what may be a pupil's surname stands" + _at((hit.start, hit.end)))


def _is_known(hit: Hit, hits: Iterable[Hit]) -> bool:
    """Whether another hit, at least as sure, stands where this one does."""
    return any(hit.start < other.end and other.start < hit.end and other.sure >= hit.sure for other in hits)


def _at(span: tuple[int, int]) -> str:
    return f" at characters {span[0] + 1} to {span[1]}"


def without_data(text: str) -> str:
    """The text with a blank for each character of a base64 data URI, which nobody reads. Every place stays."""
    if "base64," not in text.lower():
        return text
    return _DATA_URI.sub(lambda found: " " * len(found[0]), text)


class Spans:
    """Stretches of a text; `(start, end) in spans` says whether one of them holds all of that stretch."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._outer = tuple(_distinct(spans))
        self._starts = [start for start, _end in self._outer]

    def __contains__(self, span: tuple[int, int]) -> bool:
        at = bisect.bisect_right(self._starts, span[0])
        return at > 0 and span[1] <= self._outer[at - 1][1]


def _distinct(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches that no other one holds, in order; both their starts and their ends rise."""
    last = -1
    for span in sorted(set(spans), key=lambda each: (each[0], -each[1])):
        if span[1] > last:
            last = span[1]
            yield span
