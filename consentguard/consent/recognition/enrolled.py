"""Who is enrolled today: what stands between the template store and everything that compares faces with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from consentguard.consent.clock import school_day
from consentguard.consent.recognition.calibration import tail_in
from consentguard.consent.recognition.match import Gallery, Operating
from consentguard.consent.recognition.plda import Floats, Population
from consentguard.consent.recognition.templates import TemplateStore
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import TemplateStoreError
from consentguard.values import Standing

_SEALED: Final = "templates-sealed"
"""The kind of row that records how the store stands after somebody was forgotten; `enrolled` rows do so too."""


def forget(store: TemplateStore, state: State, people: Mapping[str, str], now: datetime) -> int:
    """Removes all templates of these people (register id -> why) for good; returns how many there were.

    Each goes into the audit trail once it is gone: a removal that was recorded and then failed would be a lie. Asking
    again for somebody without templates is recorded too, so that an interrupted call can be repeated.
    """
    check_sealed(store, state)
    gone = store.forget(*people)
    for person, why in people.items():
        state.record("forgotten", {"person": person, "why": why}, now.isoformat(timespec="seconds"))
    state.record(_SEALED, {"store": store.fingerprint()}, now.isoformat(timespec="seconds"))
    return gone


def check_sealed(store: TemplateStore, state: State) -> None:
    """Raises TemplateStoreError where a store is not as the audit trail last recorded it.

    An older copy that was put back would match people who were forgotten since. A trail that never recorded a store,
    as versions before this one wrote it, proves nothing either way.
    """
    _check_sealed(store, state, store.stamp())


@lru_cache(maxsize=8)
def _check_sealed(store: TemplateStore, state: State, _: object) -> None:
    last = state.audit.last("enrolled", _SEALED)
    if last is not None and last.body.get("store", store.fingerprint()) != store.fingerprint():
        raise TemplateStoreError(
            f"{store.path}: is not the store that the audit trail last recorded (row {last.seq}): an older copy was "
            "put back, or templates came or went by another way. Put the newest copy back, or delete the file and "
            "enrol everybody anew."
        )


def forget_without_consent(
    store: TemplateStore, state: State, register: Register, now: datetime, zone: ZoneInfo
) -> None:
    """Destroys the templates of everyone without biometric consent today, before anything is compared with them.

    Somebody who is not in the register has no consent. Raises TemplateStoreError, and destroys nothing, where nobody
    enrolled is in it: then it is another school's, or the sample.
    """
    check_sealed(store, state)
    people = store.people()
    if people and not any(person in register.people for person in people):
        raise TemplateStoreError(
            f"{store.path}: nobody enrolled is in the register {register.file}; name the right one with --register."
        )
    today = school_day(now, zone)
    gone = {person: "no biometric consent" for person in people if not may_be_recognised(register, person, today)}
    if gone:
        forget(store, state, gone, now)


def may_be_recognised(register: Register, person: str, on: date) -> bool:
    """Whether a template of somebody may exist, or be compared with, on a day."""
    row = register.get(person)
    return row is not None and row.biometric_standing(on) is Standing.CONSENTED


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Everybody who may be compared with today, and the model that compares them."""

    people: tuple[str, ...]
    templates: Floats
    population: Population

    def gallery(self, operating: Operating, embedder: str) -> Gallery:
        return Gallery.of(self.people, self.templates, self.population, operating, embedder)


def enrolled(store: TemplateStore, register: Register, on: date, *, embedder: str, population: str) -> Enrolled:
    """The templates of everyone who may be recognised on a day.

    `embedder` is the label that they must have been made by, `population` what it says is known about its embeddings.
    Raises TemplateStoreError where there are no templates, where some were made by another embedder, or where nothing
    is known about its embeddings.
    """
    templates = [template for template in store.templates() if may_be_recognised(register, template.person, on)]
    foreign = sorted({template.embedder for template in templates} - {embedder})
    if foreign:
        raise TemplateStoreError(
            f"{store.path}: holds templates made by {', '.join(foreign)}, and faces are described by {embedder}; "
            "enrol those people anew, or name the old embedder in the policy."
        )
    if not templates:
        raise TemplateStoreError(
            f"{store.path}: nobody is enrolled who may be recognised; run `consentguard enrol --photos DIR` first."
        )
    people = tuple(template.person for template in templates)
    vectors = np.stack([template.vector for template in templates])
    model = Population.shipped(population)
    moved = model.at(vectors, people) if model else Population.isotropic(embedder, vectors, people)
    return Enrolled(people, vectors, moved)


def gallery(
    store: TemplateStore, register: Register, on: date, *, embedder: str, population: str, false_positives: float
) -> Gallery:
    """Everyone who may be recognised on a day, ready to be compared with; arguments and errors as for `enrolled`.

    The tail of scores is the calibrated one where this embedder's calibration had data enough, else the population's.
    """
    known = enrolled(store, register, on, embedder=embedder, population=population)
    tail = tail_in(store.kept(calibration_of(embedder))) or known.population.tail
    return known.gallery(Operating(false_positives, tail), embedder)


def calibration_of(embedder: str) -> str:
    """Under which name the store keeps the calibration of an embedder."""
    return f"calibration {embedder}"
