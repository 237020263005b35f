"""What hypothesis draws from: boxes, days, consents, people and registers, each valid by construction."""

from __future__ import annotations

from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from consentguard.consent.register.register import OBJECTORS, ROLES, SCOPES, Consent, Person, Register
from consentguard.values import Box


def examples(share: float, **others: Any) -> settings:
    """For a property that costs more, or less, than most: this share of the examples that the run asks for."""
    usual = settings.default
    assert usual
    return settings(max_examples=max(1, round(usual.max_examples * share)), **others)


sides = st.integers(1, 4000)
corners = st.integers(-500, 4000)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(corners), draw(corners)
    return Box(left, top, left + draw(sides), top + draw(sides))


def days() -> st.SearchStrategy[date]:
    """A span short enough that dates meet, so that the edges (the very day of expiry) are drawn often."""
    return st.integers(0, 40).map(lambda n: date(2026, 9, 1) + timedelta(days=n))


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    """Any answer a register may hold: a yes with its day, a no, a blank, each perhaps withdrawn.

    Half are a plain lasting yes: without many of them nearly every drawn photo is refused, and properties hold idly.
    """
    kind = draw(st.sampled_from(["lasting", "lasting", "ending", "no"]))
    if kind == "no":
        return Consent(withdrawn=draw(st.none() | days()))
    if kind == "lasting":
        return Consent(True, date(2026, 9, 1))
    granted = draw(days())
    later = st.none() | st.integers(0, 40).map(lambda n: granted + timedelta(days=n))
    return Consent(True, granted, draw(later), draw(later), draw(st.sampled_from(["", "C-1"])))


names = st.sampled_from(["Ann", "O'Neil", "Vale-Ridge", 'Jo "Jo" Lee', "Smith, Jr", "Zo\u00eb", "\u014cta"])


@st.composite
def persons(draw: st.DrawFn, identifier: str = "P1") -> Person:
    return Person(
        id=identifier,
        role=draw(st.sampled_from(ROLES)),
        legal_forename=draw(names),
        legal_surname=draw(names),
        never=draw(st.sampled_from([False] * 7 + [True])),
        objection=draw(st.sampled_from([""] * 12 + [*OBJECTORS])),
        sibling_group=draw(st.sampled_from(["", "S1"])),
        consents=MappingProxyType({scope: draw(consents()) for scope in SCOPES}),
        biometric=draw(consents()),
    )


@st.composite
def registers(draw: st.DrawFn, most: int = 3) -> Register:
    identifiers = [f"P{n}" for n in range(1, draw(st.integers(1, most)) + 1)]
    return Register(MappingProxyType({i: draw(persons(i)) for i in identifiers}), "0" * 64, "drawn")
