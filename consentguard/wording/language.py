"""What depends on the language in which a school writes: lists of words, and patterns of what is said.

All words are folded (`fold`) and in small letters. Patterns are for text in small letters with straight apostrophes,
unless they say otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from re import Pattern

Words = frozenset[str]


@dataclass(frozen=True, eq=False)
class OffenceRules:
    """What is offensive.

    Attributes:
        words: whole words.
        in_hashtags: words that are offensive inside a hashtag too.
        phrases: offensive phrases, each as its words.
        innocent: birds, books, food and history that hold an offensive word, each as its words.
        remarks: what runs down the school or those who belong to it, in letters of any case.
    """

    words: Words
    in_hashtags: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    innocent: tuple[tuple[str, ...], ...]
    remarks: Pattern[str]

    @cached_property
    def longest(self) -> int:
        """Letters of the longest word."""
        return max(map(len, self.words), default=0)

    @cached_property
    def phrases_by_first(self) -> Mapping[str, list[tuple[str, ...]]]:
        return _by_first(self.phrases)

    @cached_property
    def innocent_by_first(self) -> Mapping[str, list[tuple[str, ...]]]:
        return _by_first(self.innocent)


@dataclass(frozen=True, eq=False)
class AddressRules:
    """How one child, or one private person, is spoken to.

    Attributes:
        opened: at the end of what stands before a name: it begins an address.
        opens: at the start of a sentence: it addresses somebody.
        greeting: at the end of what stands before a name: whoever is named is greeted, and nobody else.
        second: anything in the second person.
        second_pronoun: the second person by itself.
        your: what belongs to whoever is spoken to, which names no group.
        vocative: after a name that begins a sentence: it is spoken to.
        kin_handle: the end of a handle: it belongs to a relative.
        group: a class, a team or everybody.
        kin: after a first name: its parents are asked for something.
        kin_before: before such a name.
        please: what asks for something.
        no_names: words with a capital that are no part of a list of names.
    """

    opened: Pattern[str]
    opens: Pattern[str]
    greeting: Pattern[str]
    second: Pattern[str]
    second_pronoun: Pattern[str]
    your: Pattern[str]
    vocative: Pattern[str]
    kin_handle: Pattern[str]
    group: Pattern[str]
    kin: Pattern[str]
    kin_before: Pattern[str]
    please: str
    no_names: Words


@dataclass(frozen=True, eq=False)
class Language:
    """Everything that depends on the language of a text.

    A surname that is one of the first five is told from the ordinary word by what stands around it; one that is none of
    them is a surname wherever it stands. A school adds its own with `everyday_surnames` in the policy.

    Attributes:
        code: of ISO 639-1.
        words: ordinary words that are somebody's surname.
        calendar, first_names, places, famous: months and days, first names, places, and famous people by one name.
        public_people: first names and surnames, run together, of people everybody may name in full.
        after_places: what makes a place, a group or a thing of the word before it.
        before_places, before_saints: what makes a place, or a saint, of the word after it.
        saints: what a church's name begins with.
        titles: what stands before a surname.
        surname_titles: titles that make a surname of a word in small letters too.
        job_titles: titles before which a word with a capital may still be a job's name.
        pupil_title: the title of a boy.
        determiners: articles and their like.
        auxiliaries: verbs that are surnames: after a first name, in small letters, they are verbs.
        person_verbs: what people do in captions: "Hill scored" is somebody, "Hill walking" is not.
        things: things whose first word is also a surname: after a pupil's first name a person has to look.
        roles: what a child may be, and a house or a colour is not: "Captain: Hill".
        family: what makes a family of the surname before it: the Hill family, the Price twins.
        particles: small parts of surnames that name nobody by themselves.
        conjunctions: the word for "and" first, then that for "or".
        articles: the one that makes a story of a first name (James and the Giant Peach), then that of one letter.
        plurals: endings of a plural, the longer ones first.
        possessive: what stands behind an apostrophe.
        single_letters: words of one letter, which with a capital are an initial only with a full stop.
        offence, address: what is offensive, and what speaks to one person.
        notice: a notice of somebody's copyright or credit, in text as it is written.
    """

    code: str
    words: Words
    calendar: Words
    first_names: Words
    places: Words
    famous: Words
    public_people: Words
    after_places: Words
    before_places: Words
    before_saints: Words
    saints: Words
    titles: Words
    surname_titles: Words
    job_titles: Words
    pupil_title: str
    determiners: Words
    auxiliaries: Words
    person_verbs: Words
    things: frozenset[tuple[str, ...]]
    roles: Words
    family: Words
    particles: Words
    conjunctions: tuple[str, str]
    articles: tuple[str, str]
    plurals: tuple[str, ...]
    possessive: str
    single_letters: Words
    offence: OffenceRules
    address: AddressRules
    notice: Pattern[str]

    @cached_property
    def ordinary(self) -> Words:
        """What no surname's other form may be: words, first names and places."""
        return self.first_names | self.words | self.places

    @cached_property
    def sure_first_names(self) -> Words:
        """First names that are no words."""
        return self.first_names - self.words


def _by_first(phrases: tuple[tuple[str, ...], ...]) -> Mapping[str, list[tuple[str, ...]]]:
    """Phrases filed under their first word."""
    filed: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for phrase in phrases:
        filed[phrase[0]].append(phrase)
    return dict(filed)
