"""The surnames of a register, found in a text however somebody wrote them."""

from __future__ import annotations

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from consentguard.wording import everyday
from consentguard.wording.fold import Part, Text, fold, unstretched
from consentguard.wording.near import Nearby, near, slips

_MOST_PARTS: Final = 6
"""Parts that one surname is looked for across; spelled out letter by letter it may take any number."""

_SHORT: Final = 2
"""Letters up to which every surname is also an ordinary word or an abbreviation."""

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue",
                                 "Å": "Aa", "Ø": "Oe"})  # fmt: skip

_SOFT: Final = re.compile(r"[\s\-_'’‘\"“”()\[\]*~·•–—/|&]{0,4}")
"""What may stand between a first name and its surname."""

_SENTENCE_END: Final = re.compile(r"[.!?…:;\n]")


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


@dataclass(slots=True)
class _Surname:
    """One spelling of a surname, run together, with whose it is. `cuts`: where it may fall into parts."""

    spelling: str
    cuts: set[int] = field(default_factory=set)
    people: list[str] = field(default_factory=list)
    forenames: set[str] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)
    has_staff: bool = False
    word: bool = False
    calendar: bool = False
    first: bool = False
    place: bool = False
    famous: bool = False

    @property
    def everyday(self) -> bool:
        return self.word or self.calendar or self.first or self.place or self.famous

    @property
    def initials(self) -> set[str]:
        return {name[0] for name in self.forenames}


@dataclass(frozen=True, slots=True)
class _Before:
    """What stands before a surname: whether a pupil of that name, somebody else's first name, a title, an initial."""

    own: bool = False
    own_capital: bool = False
    registered: bool = False
    general: bool = False
    title: str = ""
    initial: str = ""
    staff: bool = False


class Names:
    """Every surname of the protected people of a register, ready to be looked for. Built once, then only read."""

    def __init__(self, people: Iterable[Named], *, everyday_too: Collection[str] = ()) -> None:
        everybody = tuple(people)
        self._too = frozenset(fold(word) for word in everyday_too)
        self._surnames: dict[str, _Surname] = {}
        self._forenames: defaultdict[str, list[str]] = defaultdict(list)
        self._by_forename: defaultdict[str, list[_Surname]] = defaultdict(list)
        for person in everybody:
            if person.protected:
                self._add(person)
        for person in everybody:
            if not person.protected:
                self._add_other(person)
        for entry in self._surnames.values():
            self._classify(entry)
            for name in entry.forenames:
                self._by_forename[name].append(entry)
        self._longest = max(map(len, self._surnames), default=0)

    @property
    def forenames(self) -> Collection[str]:
        """The protected people's first names, folded."""
        return self._forenames.keys()

    def ids_of(self, forename: str) -> tuple[str, ...]:
        """Who has this first name, folded."""
        return tuple(dict.fromkeys(self._forenames.get(forename, ())))

    @property
    def spellings(self) -> Collection[str]:
        """Every spelling that is looked for, folded and run together."""
        return self._surnames.keys()

    def is_everyday(self, spelling: str) -> bool:
        return self._surnames[spelling].everyday

    def people_of(self, spelling: str) -> tuple[str, ...]:
        return tuple(self._surnames[spelling].people)

    def find(self, text: Text, *, misread: bool = False) -> tuple[Hit, ...]:
        """Every surname in a text, in order, each place once. `misread`: a machine read it, and slips in reading."""
        calm = _is_calm(text)
        hits = [
            *self._in_parts(text, calm),
            *self._in_words(text, calm),
            *self._disguised(text, calm),
            *(self._misread(text) if misread else ()),
            *self._spelled_out(text),
            *self._misspelt(text),
        ]
        hits.sort(key=lambda hit: (not hit.sure, hit.start, -hit.end))
        kept: list[Hit] = []
        for hit in hits:
            if all(hit.end <= other.start or other.end <= hit.start for other in kept):
                kept.append(hit)
        return tuple(sorted(kept, key=lambda hit: hit.start))

    # -- building -----------------------------------------------------------------------------------------------------

    def _add(self, person: Named) -> None:
        forenames = set(itertools.chain.from_iterable(_forenames(name) for name in person.forenames))
        for name in forenames:
            self._forenames[name].append(person.id)
        for surname in filter(None, person.surnames):
            for spelling, cuts in _spellings(surname):
                entry = self._surnames.setdefault(spelling, _Surname(spelling))
                entry.cuts |= cuts
                entry.forenames |= forenames
                if person.id not in entry.people:
                    entry.people.append(person.id)

    def _add_other(self, person: Named) -> None:
        forenames = set(itertools.chain.from_iterable(_forenames(name) for name in person.forenames))
        for surname in filter(None, person.surnames):
            for spelling, _ in _spellings(surname):
                if spelling in self._surnames:
                    self._surnames[spelling].has_staff = True
                    self._surnames[spelling].staff |= forenames

    def _classify(self, entry: _Surname) -> None:
        spelling = entry.spelling
        entry.word = spelling in everyday.WORDS or spelling in self._too or len(spelling) <= _SHORT
        entry.calendar = spelling in everyday.CALENDAR
        entry.first = spelling in everyday.FIRST_NAMES or spelling in self._forenames
        entry.place = spelling in everyday.PLACES
        entry.famous = spelling in everyday.FAMOUS

    # -- looking ------------------------------------------------------------------------------------------------------

    def _entry(self, key: str) -> tuple[_Surname, bool] | None:
        """The surname with this spelling, stretched or in the plural too; with whether it is a plural."""
        for spelling in unstretched(key):
            if spelling in self._surnames:
                return self._surnames[spelling], False
            for ending in ("es", "s"):
                root = spelling.removesuffix(ending)
                if root != spelling and len(root) > _SHORT and root in self._surnames:
                    return self._surnames[root], True
        return None

    def _in_parts(self, text: Text, calm: bool) -> Iterator[Hit]:
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
                if found is None or (last > first and parts[last].text in ("s", "es") and found[1]):
                    continue
                entry, plural = found
                odd = [gap for at, gap in gaps if at not in entry.cuts and gap]
                broken = any(gap.isspace() or re.search(r"[.!?,;:]\s", gap) for gap in odd)
                weight = self._weigh(text, first, last, entry, calm=calm, plural=plural, broken=broken)
                if weight is not None and not (entry.everyday and odd and weight is False):
                    yield Hit(parts[first].start, parts[last].end, tuple(entry.people), weight)

    def _in_words(self, text: Text, calm: bool) -> Iterator[Hit]:
        """Words that say a surname only as a whole: with digits for letters, or run together with a first name."""
        for word in text.words:
            people: tuple[str, ...] = ()
            sure: bool | None = None
            simple = word.first == word.last and len(word.readings) == 1
            for reading in word.readings:
                found = None if simple else self._entry(reading)
                if found is not None:
                    weight = self._weigh(text, word.first, word.last, found[0], calm=calm, plural=found[1])
                    people, weight_now = tuple(found[0].people), weight
                else:
                    people_now, weight_now = self._run_together(reading.strip("0123456789"), word.mark)
                    people = people_now or people
                if weight_now is not None:
                    sure = bool(sure) or weight_now
                    break
            if sure is not None:
                yield Hit(word.start, word.end, people, sure)

    def _disguised(self, text: Text, calm: bool) -> Iterator[Hit]:
        """A surname of several parts, at least one of them with digits or symbols for letters."""
        for left, right in itertools.pairwise(text.words):
            if len(left.readings) == len(right.readings) == 1 or right.start - left.end > 3:
                continue
            for pair in itertools.product(left.readings, right.readings):
                entry = self._surnames.get("".join(pair))
                if entry is None:
                    continue
                weight = self._weigh(text, left.first, right.last, entry, calm=calm)
                if weight is not None:
                    yield Hit(left.start, right.end, tuple(entry.people), weight)

    def _misread(self, text: Text) -> Iterator[Hit]:
        """Words that are nearly a surname which is no ordinary word; a first name may be stuck to them."""
        parts = text.parts
        for at, part in enumerate(parts):
            runs = [(part, part.text)]
            if at + 1 < len(parts) and text.between(at, at + 1) in ("", "-", "'", "’", ".", " "):
                runs.append((parts[at + 1], part.text + parts[at + 1].text))
            for end, word in runs:
                starts = [cut for cut in range(2, min(9, len(word) - 3)) if word[:cut] in self._forenames]
                for cut in (0, *starts):
                    if word[cut:] in everyday.WORDS or word[cut:] in everyday.FIRST_NAMES or word in everyday.PLACES:
                        continue
                    for spelling in self._nearby.find(word[cut:]):
                        yield Hit(part.start, end.end, tuple(self._surnames[spelling].people), False)

    @functools.cached_property
    def _nearby(self) -> Nearby:
        unusual = (entry.spelling for entry in self._surnames.values() if not entry.everyday)
        return Nearby(spelling for spelling in unusual if slips(spelling))

    def _run_together(self, word: str, mark: str) -> tuple[tuple[str, ...], bool | None]:
        """A surname inside one word: whose, and how sure; (), None if there is none."""
        if len(word) < 5 or word in self._forenames or word in everyday.WORDS or word in everyday.FIRST_NAMES:
            return (), None
        maybe: tuple[str, ...] = ()
        for cut in range(1, len(word) - 1):
            for surname, rest in ((word[cut:], word[:cut]), (word[:cut], word[cut:])):
                entry = self._surnames.get(surname)
                if entry is None or len(surname) < 3:
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
                    or (mark and named and rest not in everyday.WORDS)
                    or (not entry.everyday and len(surname) >= (6 if mark else 8))
                ):
                    maybe = people
        return (maybe, False) if maybe else ((), None)

    def _spelled_out(self, text: Text) -> Iterator[Hit]:
        parts = text.parts
        for run in _single_letters(text):
            joined = "".join(parts[at].text for at in run)
            for length in range(min(len(joined), self._longest), 2, -1):
                for start in range(len(joined) - length + 1):
                    entry = self._surnames.get(joined[start : start + length])
                    if entry is None:
                        continue
                    before, whole = joined[:start], length == len(joined)
                    own = (
                        any(before.endswith(name) for name in entry.forenames) or self._before(text, run[0], entry).own
                    )
                    if own or whole or (length >= 5 and not entry.everyday):
                        sure = own or not entry.everyday
                        span = parts[run[start]].start, parts[run[start + length - 1]].end
                        yield Hit(*span, tuple(entry.people), sure)

    def _misspelt(self, text: Text) -> Iterator[Hit]:
        """A pupil's first name, and then nearly that pupil's surname."""
        parts = text.parts
        for at in range(len(parts) - 1):
            known = self._by_forename.get(parts[at].text)
            if not known:
                continue
            after = parts[at + 1]
            if after.text in self._surnames or after.text in everyday.WORDS or not _is_soft(text, at, at + 1):
                continue
            for entry in known:
                if (after.capital or not entry.everyday) and near(after.text, entry.spelling):
                    yield Hit(after.start, after.end, tuple(entry.people), False)
                    break

    # -- weighing -----------------------------------------------------------------------------------------------------

    def _weigh(
        self,
        text: Text,
        first: int,
        last: int,
        entry: _Surname,
        *,
        calm: bool,
        plural: bool = False,
        broken: bool = False,
    ) -> bool | None:
        """True: a surname; False: a person must look; None: the ordinary word, or somebody else's name."""
        before = self._before(text, first, entry)
        capital = any(part.capital for part in text.parts[first : last + 1])
        own = before.own or self._own_after(text, last, entry, capital)
        if not own:
            if entry.has_staff and (before.staff or before.title not in ("", "master")):
                return None
            if _is_public(text, first, last, entry.spelling):
                return None
        if not entry.everyday:
            if own:
                return True
            if broken:
                ordinary = all(part.text in everyday.WORDS for part in text.parts[first : last + 1])
                return None if ordinary and (not capital or _starts_sentence(text, first)) else False
            return not (_is_place(text, last) and not before.title)
        if own and not capital and before.own_capital:
            return None if entry.spelling in everyday.AUXILIARIES else False
        if own:
            return True
        if broken:
            return None
        return self._weigh_everyday(text, first, last, entry, before, capital=capital, calm=calm, plural=plural)

    def _weigh_everyday(
        self,
        text: Text,
        first: int,
        last: int,
        entry: _Surname,
        before: _Before,
        *,
        capital: bool,
        calm: bool,
        plural: bool,
    ) -> bool | None:
        if before.title:
            if capital:
                return before.title not in ("coach", "teacher", "professor", "prof")
            return True if before.title in ("mr", "mrs", "ms", "dr") else None
        if capital and before.registered:
            return calm and not _is_place(text, last)
        if capital and before.initial:
            return before.initial in entry.initials
        if capital and before.general:
            return False
        if entry.calendar:
            return None
        return False if self._stands_out(text, first, last, entry, capital=capital, calm=calm, plural=plural) else None

    def _stands_out(
        self, text: Text, first: int, last: int, entry: _Surname, *, capital: bool, calm: bool, plural: bool
    ) -> bool:
        """Whether an everyday surname without a first name, title or initial reads like somebody's name."""
        parts = text.parts
        if entry.first and entry.spelling in self._forenames:
            return False
        previous = parts[first - 1] if first and _is_soft(text, first - 1, first) else None
        following = parts[last + 1] if last + 1 < len(parts) and _is_soft(text, last, last + 1) else None
        if _is_place(text, last) or (previous and previous.text in everyday.BEFORE_SAINTS):
            return False
        after_next = text.parts[last + 2].text if last + 2 < len(text.parts) else ""
        if entry.first and following and (following.text == "the" or (following.text, after_next) == ("and", "the")):
            return False  # Thomas the Tank Engine, James and the Giant Peach
        if entry.first and following and _is_title_word(following) and text.between(last, last + 1) == " ":
            return False  # a first name, with somebody else's surname
        if entry.place and previous and previous.text in everyday.BEFORE_PLACES:
            return False
        if not capital:
            return (entry.first or entry.famous) and not entry.word and not entry.place
        if not (entry.word or entry.place):
            return True
        if _starts_sentence(text, first):
            return following is not None and following.text in everyday.PERSON_VERBS and not _marked(text, first)
        if not calm or _marked(text, first):
            return False
        if previous and previous.text in everyday.DETERMINERS and not plural:
            return False
        if previous and _is_title_word(previous) and not _starts_sentence(text, first - 1):
            return False
        return not (following and _is_title_word(following) and following.text not in self._forenames)

    def _before(self, text: Text, first: int, entry: _Surname) -> _Before:
        own = own_capital = registered = general = staff = False
        title = initial = ""
        at = first - 1
        while at >= max(0, first - 4) and _is_soft(text, at, at + 1):
            part = text.parts[at]
            name = part.text
            if name in entry.forenames and len(name) > 1:
                own, own_capital = True, part.capital
                break
            if name in everyday.TITLES:
                title = name
                break
            if len(name) == 1 and part.capital:
                after = text.between(at, at + 1)
                initial = name if name not in "ai" or "." in after else initial
            elif not part.capital:
                break
            elif at == first - 1:
                staff = name in entry.staff
                registered = name in self._forenames and name not in everyday.WORDS
                general = name in everyday.FIRST_NAMES or name in self._forenames
            at -= 1
        return _Before(own, own_capital, registered, general, title, initial, staff)

    def _own_after(self, text: Text, last: int, entry: _Surname, capital: bool) -> bool:
        """Surname first, as in lists and file names: "GREEN, Amelia", "green_amelia"."""
        if last + 1 >= len(text.parts):
            return False
        following = text.parts[last + 1]
        gap = text.between(last, last + 1)
        if following.text not in entry.forenames or len(following.text) < 2:
            return False
        if not entry.everyday:
            return True
        return gap in ("_", "-", ".", "") or (capital and following.capital and gap.strip(" ") in ("", ","))


def _forenames(name: str) -> Iterator[str]:
    """A forename run together, and each of its parts."""
    tokens = [fold(token) for token in re.split(r"[\s\-]+", name)]
    yield from (token for token in (fold(name), *tokens) if len(token) > 1)


def _spellings(surname: str) -> Iterator[tuple[str, set[int]]]:
    """Every way to spell a surname, folded and run together, with the places at which it may be cut."""
    for written in dict.fromkeys((surname, surname.upper(), surname.lower(), surname.translate(_UMLAUTS))):
        pieces = [piece for piece in re.split(r"[\s\-'’‘`´.]+", written) if fold(piece)]
        cuts, whole = set[int](), ""
        for piece in pieces:
            if whole:
                cuts.add(len(whole))
            whole += fold(piece)
        if not whole:
            continue
        yield whole, cuts
        joined = [fold(token) for token in re.split(r"[\s\-.]+", re.sub(r"['’‘`´]", "", written))]
        named = [token for token in joined if len(token) > _SHORT and token not in everyday.PARTICLES]
        if len([token for token in joined if token]) > 1:
            yield from ((token, set()) for token in named)
            core = "".join(token for token in joined if token not in everyday.PARTICLES)
            if core and core != whole:
                yield core, set()


def _single_letters(text: Text) -> Iterator[list[int]]:
    """Runs of at least three parts of one letter each, close together."""
    run: list[int] = []
    for at, part in enumerate(text.parts):
        if len(part.text) == 1 and (not run or len(text.between(at - 1, at)) <= 4):
            run.append(at)
            continue
        if len(run) >= 3:
            yield run
        run = [at] if len(part.text) == 1 else []
    if len(run) >= 3:
        yield run


def _is_soft(text: Text, left: int, right: int) -> bool:
    """Whether two parts can belong to one name, judging by what is between them."""
    gap = text.between(left, right)
    if gap == " " or not gap:
        return True
    if "." in gap:
        part = text.parts[left]
        return gap.strip() == "." and (gap == "." or len(part.text) == 1 or part.text in everyday.TITLES)
    return _SOFT.fullmatch(gap) is not None


def _is_public(text: Text, first: int, last: int, spelling: str) -> bool:
    """Whether it is part of a name that everybody may write: Rosa Parks, Martin Luther King, Mr Fox, Ali Baba."""
    words = [part.text for part in text.parts[max(0, first - 3) : last + 3]]
    at = min(first, 3)
    names = {"".join(words[start:at]) + spelling for start in range(at)}
    names |= {
        name + "".join(words[at + last - first + 1 : end])
        for name in (spelling, *names)
        for end in range(len(words) + 1)
    }
    return not names.isdisjoint(everyday.PUBLIC_PEOPLE)


def _is_place(text: Text, last: int) -> bool:
    """Whether a place, a group or a thing follows: Hill Farm, Hill's Farm, Oak, Ash and Elm classes."""
    following = last + 1
    while following < len(text.parts):
        part, gap = text.parts[following], text.between(following - 1, following)
        if part.text in everyday.AFTER_PLACES:
            return _is_soft(text, following - 1, following)
        possessive = part.text == "s" and gap in ("'", "’")
        listed = part.text in ("and", "or") or (part.text in everyday.WORDS and (following > last + 1 or gap == ", "))
        if not possessive and not listed:
            return False
        following += 1
    return False


def _is_title_word(part: Part) -> bool:
    return part.capital and len(part.text) > 1


def _starts_sentence(text: Text, at: int) -> bool:
    if at == 0:
        return True
    gap = text.between(at - 1, at)
    return bool(_SENTENCE_END.search(gap)) or any(not c.isalnum() and ord(c) > 0x2190 for c in gap)


def _marked(text: Text, at: int) -> bool:
    return text.words[text.parts[at].word].mark != ""


def _is_calm(text: Text) -> bool:
    """Whether a capital says something: not in headlines, and not where everything is shouted."""
    long = [
        part for part in text.parts[1:] if len(part.text) > 3 and not part.text.isdigit()
    ]  # the first has a capital
    capitals = sum(part.capital for part in long)
    shouted = sum(part.shout for part in long)
    return len(long) < 3 or (capitals <= 0.7 * len(long) and shouted <= 0.5 * len(long))
