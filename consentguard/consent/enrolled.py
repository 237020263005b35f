"""Who is enrolled today: what stands between the template store and everything that compares faces with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np

from consentguard.consent.hours import school_day
from consentguard.consent.match import Gallery
from consentguard.consent.register import Register
from consentguard.consent.state import State
from consentguard.consent.templates import TemplateStore
from consentguard.errors import TemplateStoreError
from consentguard.values import Standing


def forget(store: TemplateStore, state: State, people: Mapping[str, str], now: datetime) -> int:
    """Removes all templates of these people (register id -> why) for good; returns how many there were.

    Each goes into the audit trail once it is gone: a removal that was recorded and then failed would be a lie. Asking
    again for somebody without templates is recorded too, so that an interrupted call can be repeated.
    """
    gone = store.forget(*people)
    for person, why in people.items():
        state.record("forgotten", {"person": person, "why": why}, now.isoformat(timespec="seconds"))
    return gone


def forget_without_consent(store: TemplateStore, state: State, register: Register, now: datetime) -> None:
    """Destroys the templates of everyone without biometric consent today, before anything is compared with them.

    Somebody who is not in the register has no consent. Raises TemplateStoreError, and destroys nothing, where nobody
    enrolled is in it: then it is another school's, or the sample.
    """
    people = store.people()
    if people and not any(person in register.people for person in people):
        raise TemplateStoreError(
            f"{store.path}: nobody enrolled is in the register {register.file}; name the right one with --register."
        )
    today = school_day(now)
    gone = {person: "no biometric consent" for person in people if not may_be_recognised(register, person, today)}
    if gone:
        forget(store, state, gone, now)


def may_be_recognised(register: Register, person: str, on: date) -> bool:
    """Whether a template of somebody may exist, or be compared with, on a day."""
    row = register.get(person)
    return row is not None and row.biometric_standing(on) is Standing.CONSENTED


def gallery(
    store: TemplateStore, register: Register, on: date, *, embedder: str, threshold: float, margin: float
) -> Gallery:
    """The templates of everyone who may be recognised on a day, made by this embedder.

    Raises TemplateStoreError where there are none, or where some were made by another embedder.
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
    return Gallery(people, np.stack([template.vector for template in templates]), threshold, margin, embedder)
