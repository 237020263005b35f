"""Words, months, first names, places and famous people whose spelling is also somebody's surname.

A surname on one of these lists is told from the ordinary word by what stands around it; one that is on none of them is
a surname wherever it stands. A school adds its own with `everyday_surnames` in the policy.
"""

from __future__ import annotations

from typing import Final

from consentguard.wording.lists import phrases, words

WORDS: Final = words("words")
CALENDAR: Final = words("calendar")
FIRST_NAMES: Final = words("first_names")
PLACES: Final = words("places")
FAMOUS: Final = words("famous")

PUBLIC_PEOPLE: Final = frozenset(name.replace(" ", "") for name in phrases("public_people"))
"""First names and surnames, run together, of people everybody may name in full."""

AFTER_PLACES: Final = words("after_places")
"""What makes a place, a group or a thing of the word before it."""

BEFORE_PLACES: Final = words("before_places")
BEFORE_SAINTS: Final = words("before_saints")
TITLES: Final = words("titles")
DETERMINERS: Final = words("determiners")
AUXILIARIES: Final = words("auxiliaries")
"""Verbs that are surnames: after a first name, in small letters, they are verbs."""

PERSON_VERBS: Final = words("person_verbs")
"""What people do in captions: "Hill scored" is somebody, "Hill walking" is not."""

THINGS: Final = frozenset(tuple(phrase.split()) for phrase in phrases("things"))
"""Things whose first word is also a surname: after a pupil's first name a person has to look."""

ROLES: Final = words("roles")
"""What a child may be, and a house or a colour is not: "Captain: Hill"."""

FAMILY: Final = words("family")
"""What makes a family of the surname before it: the Hill family, the Price twins."""

PARTICLES: Final = words("particles")
"""Small parts of surnames that name nobody by themselves."""
