"""How a surname is written, and what else its spelling may be."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from consentguard.wording.fold import fold
from consentguard.wording.language import Language
from consentguard.wording.transliterate import latin

SHORT: Final = 2
"""Letters up to which every surname is also an ordinary word or an abbreviation."""

_JOINTS: Final = re.compile(r"[\s\-\u2010-\u2015\u2212/_+·•・.,&|\\~=]+")
"""What joins the halves of a double surname; every hyphen and dash that there is, and what is typed for one."""
_APOSTROPHES: Final = "['’‘`´\u02bc\u2032]"
_INFLECTED: Final = 5
"""Letters from which a surname is taken to have other forms."""
_ENDINGS: Final = (
    *(("skaya", "skaia", "skaja", "skiy", "skij", "skyi", "skyy", "sky", "ski", "ska"),),
    *(("ckaya", "ckiy", "cky", "cki", "cka"), ("opoulos", "opoulou"), ("akis", "aki"), ("idis", "idou")),
    *(("ova", "ov"), ("eva", "ev"), ("kina", "kin"), ("shina", "shin"), ("nina", "nin"), ("avicius", "aviciute")),
)
"""Endings that one surname has for different people of a family; the longer ones first."""

_CZECH: Final = re.compile("[ěščřžýťďňľĺŕů]|ová$", re.IGNORECASE)
"""Letters, and an ending, that tell a Czech or Slovak name."""
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue",
                                 "Å": "Aa", "Ø": "Oe"})  # fmt: skip


@dataclass(slots=True)
class Surname:
    """One spelling of a surname, folded and run together, with whose it is.

    Attributes:
        cuts: where it may fall into parts.
        people, forenames: the pupils who have it, by id, and their first names.
        staff, has_staff: first names of others who have it, and whether there are any.
        word, calendar, first, place, famous: what else the spelling is: an ordinary word, a month, a first name, ...
    """

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
    foreign: bool = False
    """Whether the register writes it in another script; the spelling is then how it sounds."""

    @property
    def everyday(self) -> bool:
        return self.word or self.calendar or self.first or self.place or self.famous

    def classify(self, forenames: Collection[str], everyday_too: Collection[str], language: Language) -> None:
        """Says whether the spelling is everyday, and as what; `forenames` are those of the register."""
        spelling = self.spelling
        self.word = spelling in language.words or spelling in everyday_too or len(spelling) <= SHORT
        self.calendar = spelling in language.calendar
        self.first = spelling in language.first_names or spelling in forenames
        self.place = spelling in language.places or any(
            spelling[:cut] in language.saints and spelling[cut:] in language.first_names for cut in self.cuts
        )  # St John is many a church
        self.famous = spelling in language.famous

    @property
    def initials(self) -> set[str]:
        return {name[0] for name in self.forenames}


def forenames_of(name: str) -> Iterator[str]:
    """A forename run together, and each of its parts."""
    tokens = [fold(token) for token in _JOINTS.split(name)]
    yield from (token for token in (fold(name), *tokens, latin(name)) if len(token) > 1)


def spellings_of(surname: str, language: Language) -> Iterator[tuple[str, set[int]]]:
    """Every way to spell a surname, folded and run together, with the places at which it may be cut."""
    for written in dict.fromkeys((surname, surname.upper(), surname.lower(), surname.translate(_UMLAUTS))):
        pieces = [piece for piece in re.split(rf"(?:{_JOINTS.pattern}|{_APOSTROPHES})+", written) if fold(piece)]
        cuts, whole = set[int](), ""
        for piece in pieces:
            if whole:
                cuts.add(len(whole))
            whole += fold(piece)
        if not whole:
            continue
        yield whole, cuts
        joined = [fold(token) for token in _JOINTS.split(re.sub(_APOSTROPHES, "", written))]
        named = [token for token in joined if len(token) > SHORT and token not in language.particles]
        if len([token for token in joined if token]) > 1:
            yield from ((token, set()) for token in named)
            core = "".join(token for token in joined if token not in language.particles)
            if core and core != whole:
                yield core, set()
        for form in (form for name in (whole, *named) for form in _forms(written, name, language)):
            yield form, set()
    if latin(surname):
        yield from _sounded(surname, language)


def _sounded(surname: str, language: Language) -> Iterator[tuple[str, set[int]]]:
    """How a surname of another script sounds, whole and, where it is joined of several, each that is no particle."""
    parts = [part for part in map(latin, _JOINTS.split(surname)) if part]
    cuts = set(itertools.accumulate(map(len, parts[:-1])))
    yield "".join(parts), cuts
    named = [part for part in parts if len(part) > SHORT and part not in language.particles]
    for name in ("".join(parts), *named):
        yield from ((form, set[int]()) for form in (name, *_other_forms(name, language)))


def _forms(written: str, name: str, language: Language) -> Iterator[str]:
    """What else a name is for other people of one family."""
    yield from _other_forms(name, language)
    yield from _czech_forms(written, name, language)


def _czech_forms(written: str, name: str, language: Language) -> Iterator[str]:
    """Dvořák for Dvořáková, Nováčková for Nováček, where the register writes a name as Czech or Slovak does."""
    if len(name) < _INFLECTED or not _CZECH.search(written):
        return
    if written.casefold().endswith("ová"):
        stem = name.removesuffix("ova")
        forms = [stem, f"{stem[:-1]}ek"] if stem.endswith("k") else [stem]
    else:
        forms = [f"{name.removesuffix('ek')}kova" if name.endswith("ek") else f"{name}ova"]
    yield from (form for form in forms if form not in language.ordinary)


def _other_forms(name: str, language: Language) -> Iterator[str]:
    """What the name is for a daughter, a son or their mother: Kowalski and Kowalska, Petrov and Petrova, ..."""
    if len(name) < _INFLECTED or name in language.ordinary:
        return
    for endings in _ENDINGS:
        own = next((ending for ending in endings if name.endswith(ending)), None)
        if own is not None:
            stem = name.removesuffix(own)
            for ending in endings:
                form = stem + ending
                if ending != own and form not in language.ordinary:
                    yield form
            return
