"""The surnames of a register, found in a text however somebody wrote them."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from consentguard.wording.fold import Text, fold, single_letters, unstretched
from consentguard.wording.language import Language
from consentguard.wording.masked import masked
from consentguard.wording.near import Nearby, near, slips
from consentguard.wording.sieve import Sieve
from consentguard.wording.spellings import SHORT, Surname, forenames_of, spellings_of
from consentguard.wording.transliterate import is_ideographic, latin, sound
from consentguard.wording.weighing import Occurrence, capitals_count, is_soft

_HEARD: Final = 4
"""Letters of a sound from which a surname in another script is sure."""

_MOST_PARTS: Final = 6
"""Parts that one surname is looked for across; spelled out letter by letter it may take any number."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of the register, as far as words go: every forename and every surname, legal and preferred.

    Attributes:
        id: of the register; the only thing of this that a finding shows.
        protected: a pupil, whose surname must not appear; the names of all others only help to tell who is meant.
    """

    id: str
    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    protected: bool = True

    def __repr__(self) -> str:
        return f"<Named {self.id}>"


@dataclass(frozen=True, slots=True)
class Hit:
    """A surname at `start`:`end` of the text. `sure`: it is one; otherwise a person has to look."""

    start: int
    end: int
    people: tuple[str, ...]
    sure: bool

    def __repr__(self) -> str:
        return f"<Hit {self.start}:{self.end} {'sure' if self.sure else 'maybe'}>"


class Names:
    """Every surname of the protected people of a register, ready to be looked for. Built once, then only read."""

    def __init__(self, people: Iterable[Named], language: Language, *, everyday_too: Collection[str] = ()) -> None:
        everybody, self._language = tuple(people), language
        self._common = language.words | language.first_names
        too = frozenset(fold(word) for word in everyday_too)
        self._surnames: dict[str, Surname] = {}
        self._forenames: defaultdict[str, list[str]] = defaultdict(list)
        self._by_forename: defaultdict[str, list[Surname]] = defaultdict(list)
        for person in everybody:
            if person.protected:
                self._add(person)
        for person in everybody:
            if not person.protected:
                self._add_other(person)
        for entry in self._surnames.values():
            entry.classify(self._forenames, too, language)
            for name in entry.forenames:
                self._by_forename[name].append(entry)
        self._sounds: defaultdict[str, list[Surname]] = defaultdict(list)
        self._foreign_sounds: defaultdict[str, list[Surname]] = defaultdict(list)
        for entry in self._surnames.values():
            self._sounds[sound(entry.spelling)].append(entry)
            if entry.foreign:
                self._foreign_sounds[sound(entry.spelling)].append(entry)
        self._longest = max(map(len, self._surnames), default=0)
        self._beginnings = frozenset(name[:cut] for name in self._surnames for cut in range(1, len(name)))

    @property
    def forenames(self) -> Collection[str]:
        """The protected people's first names, folded."""
        return self._forenames.keys()

    @property
    def spellings(self) -> Collection[str]:
        """Every spelling that is looked for, folded and run together."""
        return self._surnames.keys()

    def sieve(self) -> Sieve:
        """What tells quickly that a text names nobody of these."""
        known = {name: [entry.spelling for entry in self._by_forename.get(name, ())] for name in self._forenames}
        return Sieve(self.spellings, known, self._foreign_sounds, self._language.plurals)

    def find(self, text: Text, *, misread: bool = False) -> tuple[Hit, ...]:
        """Every surname in a text, in order, each place once. `misread`: a machine read it, and slips in reading."""
        capitals = capitals_count(text)
        hits = [
            *self._in_parts(text, capitals),
            *self._in_words(text, capitals),
            *self._disguised(text, capitals),
            *(self._misread(text) if misread else ()),
            *self._spelled_out(text),
            *self._misspelt(text),
            *self._masked(text),
            *self._heard(text),
        ]
        hits.sort(key=lambda hit: (not hit.sure, hit.start, -hit.end))
        kept: list[Hit] = []
        for hit in hits:
            at = bisect.bisect_left(kept, hit.start, key=lambda other: other.start)
            clear = at == 0 or kept[at - 1].end <= hit.start
            if clear and (at == len(kept) or hit.end <= kept[at].start):
                kept.insert(at, hit)
        return tuple(kept)

    # -- building -----------------------------------------------------------------------------------------------------

    def _add(self, person: Named) -> None:
        forenames = set(itertools.chain.from_iterable(forenames_of(name) for name in person.forenames))
        for name in forenames:
            self._forenames[name].append(person.id)
        for surname in filter(None, person.surnames):
            foreign = latin(surname)
            for spelling, cuts in spellings_of(surname, self._language):
                entry = self._surnames.setdefault(spelling, Surname(spelling))
                entry.cuts |= cuts
                entry.foreign = entry.foreign or foreign != ""
                entry.forenames |= forenames
                if person.id not in entry.people:
                    entry.people.append(person.id)

    def _add_other(self, person: Named) -> None:
        forenames = set(itertools.chain.from_iterable(forenames_of(name) for name in person.forenames))
        for surname in filter(None, person.surnames):
            for spelling, _ in spellings_of(surname, self._language):
                if spelling in self._surnames:
                    self._surnames[spelling].has_staff = True
                    self._surnames[spelling].staff |= forenames

    # -- looking ------------------------------------------------------------------------------------------------------

    def _entry(self, key: str) -> tuple[Surname, bool] | None:
        """The surname with this spelling, stretched or in the plural too; with whether it is a plural."""
        for spelling in unstretched(key):
            if spelling in self._surnames:
                return self._surnames[spelling], False
            for ending in self._language.plurals:
                root = spelling.removesuffix(ending)
                if root != spelling and len(root) > SHORT and root in self._surnames:
                    return self._surnames[root], True
        return None

    def _at(self, text: Text, first: int, last: int, entry: Surname, capitals: bool, *more: bool) -> Occurrence:
        return Occurrence(text, first, last, entry, self._forenames, self._language, capitals, *more)

    def _in_parts(self, text: Text, capitals: bool) -> Iterator[Hit]:
        parts = text.parts
        for first in range(len(parts)):
            key, gaps = "", list[tuple[int, str]]()
            for last in range(first, min(first + _MOST_PARTS, len(parts))):
                if last > first:
                    gap = text.between(last - 1, last)
                    if len(gap) > 3:
                        break
                    gaps.append((len(key), gap))
                key += parts[last].text
                found = self._entry(key) if len(key) <= self._longest + 4 else None
                if found is None or (last > first and parts[last].text in self._language.plurals and found[1]):
                    continue
                entry, plural = found
                odd = [gap for at, gap in gaps if at not in entry.cuts and gap]
                broken = any(gap.isspace() or re.search(r"[.!?,;:]\s", gap) for gap in odd)
                weight = self._at(text, first, last, entry, capitals, plural, broken).weigh()
                if weight is not None and not (entry.everyday and odd and weight is False):
                    yield Hit(parts[first].start, parts[last].end, tuple(entry.people), weight)

    def _in_words(self, text: Text, capitals: bool) -> Iterator[Hit]:
        """Words that say a surname only as a whole: with digits for letters, or run together with a first name."""
        for word in text.words:
            people: tuple[str, ...] = ()
            sure: bool | None = None
            simple = word.first == word.last and len(word.readings) == 1
            for reading in word.readings:
                found = None if simple else self._entry(reading)
                if found is not None:
                    weight = self._at(text, word.first, word.last, found[0], capitals, found[1]).weigh()
                    people, weight_now = tuple(found[0].people), weight
                else:
                    people_now, weight_now = self._run_together(reading.strip("0123456789"), word.mark)
                    people = people_now or people
                if weight_now is not None:
                    sure = bool(sure) or weight_now
                    break
            if sure is not None:
                yield Hit(word.start, word.end, people, sure)

    def _disguised(self, text: Text, capitals: bool) -> Iterator[Hit]:
        """A surname of several parts, at least one of them with digits or symbols for letters."""
        for left, right in itertools.pairwise(text.words):
            if len(left.readings) == len(right.readings) == 1 or right.start - left.end > 3:
                continue
            begun = [reading for reading in left.readings if reading in self._beginnings]
            for pair in itertools.product(begun, right.readings):
                entry = self._surnames.get("".join(pair))
                if entry is None:
                    continue
                weight = self._at(text, left.first, right.last, entry, capitals).weigh()
                if weight is not None:
                    yield Hit(left.start, right.end, tuple(entry.people), weight)

    def _misread(self, text: Text) -> Iterator[Hit]:
        """Words that are nearly a surname which is no ordinary word; a first name may be stuck to them."""
        parts = text.parts
        for at, part in enumerate(parts):
            runs = [(parts[last], run) for last, run in _runs(text, at)]
            if at + 1 < len(parts) and text.between(at, at + 1) in (".", " "):
                runs.append((parts[at + 1], part.text + parts[at + 1].text))
            for end, word in runs:
                starts = [cut for cut in range(2, min(9, len(word) - 3)) if word[:cut] in self._forenames]
                for cut in (0, *starts):
                    if word[cut:] in self._common or word in self._language.places:
                        continue
                    for spelling in self._nearby.find(word[cut:]):
                        yield Hit(part.start, end.end, tuple(self._surnames[spelling].people), False)

    @functools.cached_property
    def _nearby(self) -> Nearby:
        unusual = (entry.spelling for entry in self._surnames.values() if not entry.everyday)
        return Nearby(spelling for spelling in unusual if slips(spelling))

    def _run_together(self, word: str, mark: str) -> tuple[tuple[str, ...], bool | None]:
        """A surname inside one word: whose, and how sure; (), None if there is none."""
        if len(word) < 5 or word in self._forenames or word in self._common:
            return (), None
        maybe: tuple[str, ...] = ()
        most, length = self._longest, len(word)
        cuts: Iterable[int] = range(1, length - 1)
        if length > 2 * most + 2:  # what is longer than any surname cannot be one
            cuts = itertools.chain(range(1, most + 1), range(length - most, length - 1))
        for cut in cuts:
            for surname, rest in ((word[cut:], word[:cut]), (word[:cut], word[cut:])):
                entry = self._surnames.get(surname) if 3 <= len(surname) <= most else None
                if entry is None:
                    continue
                people = tuple(entry.people)
                if rest in entry.forenames and len(rest) > 1:
                    return people, True
                initial = rest in entry.initials and surname == word[cut:]
                if not entry.everyday and (rest in self._forenames or (initial and len(surname) >= (4 if mark else 6))):
                    return people, True
                named = rest in self._forenames
                if (
                    (mark == "@" and (initial or named))
                    or (mark and named and rest not in self._language.words)
                    or (not entry.everyday and len(surname) >= (6 if mark else 8))
                ):
                    maybe = people
        return (maybe, False) if maybe else ((), None)

    def _spelled_out(self, text: Text) -> Iterator[Hit]:
        parts = text.parts
        for run in single_letters(text):
            joined = "".join(parts[at].text for at in run)
            for length in range(min(len(joined), self._longest), 2, -1):
                for start in range(len(joined) - length + 1):
                    entry = self._surnames.get(joined[start : start + length])
                    if entry is None:
                        continue
                    whole = length == len(joined)
                    own = (
                        any(joined.endswith(name, 0, start) for name in entry.forenames)
                        or self._at(text, run[0], run[-1], entry, capitals=True).before.own
                    )
                    if own or whole or (length >= 5 and not entry.everyday):
                        sure = own or not entry.everyday
                        span = parts[run[start]].start, parts[run[start + length - 1]].end
                        yield Hit(*span, tuple(entry.people), sure)

    def _masked(self, text: Text) -> Iterator[Hit]:
        """Letters behind stars or emoji; where that is not sure, only after the pupil's first name."""
        for start, end, entry, sure in masked(text.raw, self._surnames, self._language):
            before = bisect.bisect_left(text.parts, start, key=lambda part: part.start) - 1
            own = before >= 0 and text.parts[before].text in entry.forenames
            if sure or own:
                yield Hit(start, end, tuple(entry.people), sure)

    def _heard(self, text: Text) -> Iterator[Hit]:
        """A surname in another script than the register's, as it sounds in Latin letters."""
        for word in text.words:
            said = text.raw[word.start : word.end]
            written = latin(said)
            known = self._sounds if written else self._foreign_sounds
            if not known or is_ideographic(said):
                continue
            heard = sound(written or fold(said))
            for entry in known.get(heard, ()) if len(heard) > SHORT else ():
                sure = not entry.everyday and len(heard) >= _HEARD
                yield Hit(word.start, word.end, tuple(entry.people), sure)

    def _misspelt(self, text: Text) -> Iterator[Hit]:
        """A pupil's first name, and then nearly that pupil's surname."""
        parts = text.parts
        for at in range(len(parts) - 1):
            known = self._by_forename.get(parts[at].text)
            if not known:
                continue
            after = parts[at + 1]
            if after.text in self._surnames or after.text in self._language.words:
                continue
            if not is_soft(text, at, at + 1, self._language):
                continue
            for last, run in _runs(text, at + 1):
                for entry in known:
                    if (after.capital or not entry.everyday) and near(run, entry.spelling):
                        yield Hit(after.start, parts[last].end, tuple(entry.people), False)
                        break


def _runs(text: Text, first: int) -> Iterator[tuple[int, str]]:
    """A part, and what it makes with the next ones of its word or across a hyphen or apostrophe: Mc, McKenzie."""
    run = ""
    for last in range(first, min(first + _MOST_PARTS, len(text.parts))):
        if last > first and text.between(last - 1, last) not in ("", "-", "'", "’"):
            return
        run += text.parts[last].text
        yield last, run
