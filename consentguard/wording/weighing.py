"""Whether a spelling that is a pupil's surname stands for one: weighed by what is around it."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from consentguard.wording.fold import Text, WordPart
from consentguard.wording.language import Language
from consentguard.wording.spellings import Surname

_SOFT: Final = re.compile(r"[\s\-_'’‘\"“”()\[\]*~·•–—/|&+]{0,4}")
"""What may stand between a first name and its surname."""

_LISTED: Final = 12
"""Parts over which a list goes on: Oak, Ash, Elm and Beech classes."""

_SENTENCE_END: Final = re.compile(r"[.!?…:;\n]")


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before a surname: whether a pupil of that name, somebody else's first name, a title, an initial.

    `couple`: two titles, "Mr and Mrs", which are parents rather than staff.
    """

    own: bool = False
    own_capital: bool = False
    registered: bool = False
    general: bool = False
    title: str = ""
    couple: bool = False
    initial: str = ""
    staff: bool = False


@dataclass(frozen=True)
class Occurrence:
    """Where a spelling of a surname stands.

    Attributes:
        first, last: its parts of the text, both included.
        forenames: those of the register, folded.
        language: that of the text.
        capitals: a capital says something in this text.
        plural: it has an s that the surname has not.
        broken: it falls into parts, where the surname does not.
    """

    text: Text
    first: int
    last: int
    surname: Surname
    forenames: Collection[str]
    language: Language
    capitals: bool
    plural: bool = False
    broken: bool = False

    def weigh(self) -> bool | None:
        """True: a surname; False: a person must look; None: the ordinary word, or somebody else's name."""
        surname, before = self.surname, self.before
        own = before.own or self._own_after
        if not own:
            grown_up = before.title not in ("", self.language.pupil_title) and not before.couple
            if surname.has_staff and (before.staff or grown_up):
                return None
            if _is_public(self.text, self.first, self.last, surname.spelling, self.language):
                return None
        if not surname.everyday:
            return own or self._unusual()
        if own and not self._capital and before.own_capital and (surname.word or surname.calendar):
            return None if surname.spelling in self.language.auxiliaries else False
        if own:
            return not self._is_a_thing
        return None if self.broken else self._everyday()

    def _unusual(self) -> bool | None:
        """An unusual surname without its pupil's first name."""
        if self.broken:
            ordinary = all(part.text in self.language.words for part in self.text.parts[self.first : self.last + 1])
            return None if ordinary and (not self._capital or _starts_sentence(self.text, self.first)) else False
        return not self._is_place or bool(self.before.title)

    def _everyday(self) -> bool | None:
        """An everyday surname without its pupil's first name."""
        before, capital = self.before, self._capital
        if before.title:
            if capital:
                return before.title not in self.language.job_titles
            return True if before.title in self.language.surname_titles else None
        if capital and before.registered:
            return self.capitals and not self._is_place
        if capital and before.initial:
            return before.initial in self.surname.initials
        named = self._beside_its_own or (capital and before.general)
        named = named or (not self.surname.calendar and not self._belongs_elsewhere() and self._reads_like_a_name())
        return False if named else None

    def _belongs_elsewhere(self) -> bool:
        """Whether what is around an everyday surname makes a place, a saint or a story of it."""
        surname, previous, following = self.surname, self._previous, self._following
        if surname.first and surname.spelling in self.forenames:
            return True
        if self._is_place or (previous and previous.text in self.language.before_saints):
            return True
        if surname.place and previous and previous.text in self.language.before_places:
            return True
        if not surname.first or not following:
            return False
        both, the = self.language.conjunctions[0], self.language.articles[0]
        story = following.text == the or (following.text == both and self._text_at(self.last + 2) == the)
        # Thomas the Tank Engine, James and the Giant Peach; or a first name, with somebody else's surname
        return story or (_is_title_word(following) and self.text.between(self.last, self.last + 1) == " ")

    def _reads_like_a_name(self) -> bool:
        """Whether an everyday surname without a first name, title or initial reads like somebody's name."""
        surname = self.surname
        if not self._capital:
            return (surname.first or surname.famous) and not surname.word and not surname.place
        if not (surname.word or surname.place):
            return True
        marked = self.text.words[self.text.parts[self.first].word].mark != ""
        return not marked and self._capital_is_a_names()

    def _capital_is_a_names(self) -> bool:
        """Whether a word or a place has its capital because it is somebody's name."""
        text, first, following = self.text, self.first, self._following
        acts = following is not None and following.text in self.language.person_verbs
        if first and not following and text.parts[first - 1].text in self.language.roles:
            return True  # Captain: Hill
        if _starts_sentence(text, first):
            return acts
        if self._possessed:
            return self.capitals and acts  # Mother's Day, St John's Church; but: Year 6's Hill scored
        family = following is not None and following.text in self.language.family
        return self.capitals and (family or not self._is_part_of_a_title)

    @property
    def _is_part_of_a_title(self) -> bool:
        """Whether its capital may be that of a thing: the Green, Jingle Bells, Big Ball Day."""
        previous, following = self._previous, self._following
        if previous and previous.text in self.language.determiners and not self.plural:
            return True
        if previous and _is_title_word(previous) and (self.plural or not _starts_sentence(self.text, self.first - 1)):
            return True
        return following is not None and _is_title_word(following) and following.text not in self.forenames

    @property
    def _possessed(self) -> bool:
        """Whether a possessive stands before it."""
        previous, first = self._previous, self.first
        return (
            previous is not None
            and previous.text == self.language.possessive
            and first > 1
            and (self.text.between(first - 2, first - 1) in ("'", "’"))
        )

    @property
    def _is_a_thing(self) -> bool:
        """Whether it begins the name of a thing that everybody knows: Max, Power Rangers party."""
        return (self.text.parts[self.last].text, self._text_at(self.last + 1)) in self.language.things

    @property
    def _beside_its_own(self) -> bool:
        """Whether only emoji stand between its pupil's first name and it: Poppy 🌻 Green."""
        if not self._capital or not self.first or self._is_place:
            return False
        gap = self.text.between(self.first - 1, self.first).replace(" ", "")
        emoji = 0 < len(gap) <= 4 and all(ord(c) > 0x2190 for c in gap)
        return emoji and self.text.parts[self.first - 1].text in self.surname.forenames

    @property
    def _previous(self) -> WordPart | None:
        """The part before it, if both can belong to one name."""
        return self.text.parts[self.first - 1] if self.first and self._is_soft(self.first - 1, self.first) else None

    @property
    def _following(self) -> WordPart | None:
        """The part after it, if both can belong to one name."""
        after = self.last + 1
        return self.text.parts[after] if after < len(self.text.parts) and self._is_soft(self.last, after) else None

    def _is_soft(self, left: int, right: int) -> bool:
        return is_soft(self.text, left, right, self.language)

    @property
    def _is_place(self) -> bool:
        return _is_place(self.text, self.last, self.language)

    def _text_at(self, at: int) -> str:
        return self.text.parts[at].text if at < len(self.text.parts) else ""

    @functools.cached_property
    def _capital(self) -> bool:
        return any(part.capital for part in self.text.parts[self.first : self.last + 1])

    @functools.cached_property
    def before(self) -> Before:
        text, before = self.text, Before()
        for at in range(self.first - 1, max(-1, self.first - 5), -1):
            part, name = text.parts[at], text.parts[at].text
            if not self._is_soft(at, at + 1):
                break
            if name in self.surname.forenames and len(name) > 1:
                return replace(before, own=True, own_capital=part.capital)
            if name in self.language.titles:
                return replace(before, title=name, couple=_is_couple(text, at, self.language))
            if len(name) == 1 and part.capital:
                said = name not in self.language.single_letters or "." in text.between(at, at + 1)
                before = replace(before, initial=name) if said else before
            elif not part.capital:
                break
            elif at == self.first - 1:
                before = replace(
                    before,
                    staff=name in self.surname.staff,
                    registered=name in self.forenames and name not in self.language.words,
                    general=name in self.language.first_names or name in self.forenames,
                )
        return before

    @property
    def _own_after(self) -> bool:
        """Surname first, as in lists and file names: "GREEN, Amelia", "green_amelia"."""
        after = self.last + 1
        if after >= len(self.text.parts):
            return False
        following, gap = self.text.parts[after], self.text.between(self.last, after)
        if self._initial_after(following, gap):
            return True
        if following.text not in self.surname.forenames or len(following.text) < 2:
            return False
        if not self.surname.everyday:
            return True
        return gap in ("_", "-", ".", "") or (
            self._capital and following.capital and self._is_first_name_gap(gap, following)
        )

    def _is_first_name_gap(self, gap: str, following: WordPart) -> bool:
        """Whether a first name stands behind a surname as in a list: "Green, Ben", "Green (Ben)"."""
        closed = self.text.raw[following.end : following.end + 1] == ")"
        return gap.strip(" ") in ("", ",") or (gap.strip(" ") == "(" and closed)

    def _initial_after(self, following: WordPart, gap: str) -> bool:
        """Whether a pupil's initial follows as on a team sheet: "Green, B.", "Green (B)", "Green B" in a list."""
        capital = self._capital and following.capital and len(following.text) == 1
        if not capital or following.text not in self.surname.initials or not following.is_letter:
            return False
        if gap.strip(" ") in (",", "("):
            return True
        behind = self.text.raw[following.end : following.end + 1]
        return (
            gap == " "
            and (behind == "." or _is_sheet(self.text, self.first))
            and following.text != self.language.articles[1]
        )


def _is_sheet(text: Text, at: int) -> bool:
    """Whether a list of surnames with an initial stands around a part: "Green B, Baines F, Price T"."""
    pairs = 0
    for first in range(max(0, at - 6), min(len(text.parts) - 1, at + 7)):
        name, initial = text.parts[first], text.parts[first + 1]
        end = text.raw[initial.end : initial.end + 1]
        pairs += (
            name.capital and len(name.text) > 2 and len(initial.text) == 1 and initial.capital and initial.is_letter
            and text.between(first, first + 1) == " " and end in ("", ",", ".", ";", "\n")
        )  # fmt: skip
    return pairs > 1


def is_soft(text: Text, left: int, right: int, language: Language) -> bool:
    """Whether two parts can belong to one name, judging by what is between them."""
    gap = text.between(left, right)
    if gap == " " or not gap:
        return True
    if "." in gap:
        part = text.parts[left]
        return gap.strip() == "." and (gap == "." or len(part.text) == 1 or part.text in language.titles)
    return _SOFT.fullmatch(gap) is not None


def _is_public(text: Text, first: int, last: int, spelling: str, language: Language) -> bool:
    """Whether it is part of a name that everybody may write: Rosa Parks, Martin Luther King, Mr Fox, Ali Baba."""
    words = [part.text for part in text.parts[max(0, first - 3) : last + 3]]
    at = min(first, 3)
    names = {"".join(words[start:at]) + spelling for start in range(at)}
    names |= {
        name + "".join(words[at + last - first + 1 : end])
        for name in (spelling, *names)
        for end in range(len(words) + 1)
    }
    return not names.isdisjoint(language.public_people)


def _is_place(text: Text, last: int, language: Language) -> bool:
    """Whether a place, a group or a thing follows: Hill Farm, Hill's Farm, Oak, Ash and Elm classes."""
    following = last + 1
    while following < min(len(text.parts), last + _LISTED):
        part, gap = text.parts[following], text.between(following - 1, following)
        if part.text in language.after_places:
            return is_soft(text, following - 1, following, language)
        possessive = part.text == language.possessive and gap in ("'", "’")
        listed = part.text in language.conjunctions or (
            part.text in language.words and (following > last + 1 or gap == ", ")
        )
        if not possessive and not listed:
            return False
        following += 1
    return False


def _is_couple(text: Text, at: int, language: Language) -> bool:
    """Whether the title there follows another one: Mr and Mrs, Mr & Mrs."""
    other = at - 2 if at > 1 and text.parts[at - 1].text == language.conjunctions[0] else at - 1
    joined = other == at - 2 or (at > 0 and text.between(at - 1, at).strip(" .") in ("&", "+", "/"))
    return joined and text.parts[other].text in language.titles


def _is_title_word(part: WordPart) -> bool:
    return part.capital and len(part.text) > 1


def _starts_sentence(text: Text, at: int) -> bool:
    if at == 0:
        return True
    gap = text.between(at - 1, at)
    return bool(_SENTENCE_END.search(gap)) or any(not c.isalnum() and ord(c) > 0x2190 for c in gap)


def _marked(text: Text, at: int) -> bool:
    return text.words[text.parts[at].word].mark != ""


def capitals_count(text: Text) -> bool:
    """Whether a capital says something: not in headlines, and not where everything is shouted."""
    long = [
        part for part in text.parts[1:] if len(part.text) > 3 and not part.text.isdigit()
    ]  # the first has a capital
    capitals = sum(part.capital for part in long)
    shouted = sum(part.shout for part in long)
    return len(long) < 3 or (capitals <= 0.7 * len(long) and shouted <= 0.5 * len(long))
