"""People and their answers: who may be shown where, in the words schools use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from consentguard.values import Standing

SCOPES: Final = ("website", "social_media", "press", "prospectus", "newsletter")
"""What consent is given for, one by one."""

ROLES: Final = ("pupil", "staff", "other")
OBJECTORS: Final = ("parent", "child", "self")

PERSON_COLUMNS: Final = (
    "id",
    "role",
    "legal_forename",
    "legal_surname",
    "preferred_forename",
    "preferred_surname",
    "class",
    "never",
    "objection",
    "sibling_group",
    "left",
)
CONSENT_PARTS: Final = ("", "_granted", "_expires", "_withdrawn", "_document")
REQUIRED: Final = ("id", "role", "legal_forename", "legal_surname")

COLUMNS: Final = (
    *PERSON_COLUMNS,
    *(f"{scope}{part}" for scope in (*SCOPES, "biometric") for part in CONSENT_PARTS),
)
"""Every column the register may have; all but `id`, `role` and the legal names may be left out."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer for one scope (or for biometrics): given or not, with its dates and the document that proves it."""

    given: bool = False
    granted: date | None = None
    expires: date | None = None
    withdrawn: date | None = None
    document: str = ""

    def standing(self, on: date) -> Standing:
        """What this answer is worth on a day. The days of expiry and of withdrawal no longer count as consent."""
        if self.withdrawn is not None and self.withdrawn <= on:
            return Standing.WITHDRAWN
        if not self.given or self.granted is None or self.granted > on:
            return Standing.NO_CONSENT
        if self.expires is not None and self.expires <= on:
            return Standing.EXPIRED
        return Standing.CONSENTED


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the register. `consents` maps each scope, `biometric` the use of face templates.

    Names are here for the rules about words; no verdict, log or audit row ever holds one. From the day on which
    somebody has `left` their consents have ended, while their surname stays banned from captions.
    """

    id: str
    role: str
    legal_forename: str
    legal_surname: str
    preferred_forename: str = ""
    preferred_surname: str = ""
    class_name: str = ""
    never: bool = False
    objection: str = ""
    sibling_group: str = ""
    left: date | None = None
    consents: Mapping[str, Consent] = field(default_factory=lambda: MappingProxyType({}))
    biometric: Consent = Consent()

    def __repr__(self) -> str:
        return f"<Person {self.id}>"  # a repr ends up in logs and tracebacks; a name must not

    @property
    def full_names(self) -> tuple[str, ...]:
        """First name and surname, legal and preferred, in every pairing that the register has."""
        firsts = dict.fromkeys(filter(None, (self.legal_forename, self.preferred_forename)))
        lasts = dict.fromkeys(filter(None, (self.legal_surname, self.preferred_surname)))
        return tuple(f"{first} {last}" for first in firsts for last in lasts)

    def standing(self, scope: str, on: date) -> Standing:
        """What may be shown of this person for a scope on a day.

        `never` dominates everything, an objection dominates every consent, and a scope without an answer is a no.
        """
        if self.never:
            return Standing.NOT_PERMITTED
        if self.objection:
            return Standing.OBJECTION
        return self._while_here(self.consents.get(scope, Consent()), on)

    def biometric_standing(self, on: date) -> Standing:
        """Whether a template of this person's face may exist on a day; the same order of precedence."""
        if self.never:
            return Standing.NOT_PERMITTED
        if self.objection:
            return Standing.OBJECTION
        return self._while_here(self.biometric, on)

    def _while_here(self, consent: Consent, on: date) -> Standing:
        standing = consent.standing(on)
        gone = self.left is not None and self.left <= on
        return Standing.EXPIRED if gone and standing is Standing.CONSENTED else standing
