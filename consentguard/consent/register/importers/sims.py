"""SIMS: a report of pupils, with columns of the school's own for consents."""

from typing import Final

from consentguard.consent.register.importers.base import LEFT, Importer, columns

IMPORTER: Final = Importer(
    columns(
        id=("Admission Number", "Adno", "UPN"),
        legal_forename=("Legal Forename", "Forename"),
        legal_surname=("Legal Surname", "Surname"),
        preferred_forename=("Preferred Forename",),
        preferred_surname=("Preferred Surname",),
        **{"class": ("Reg Group", "Registration Group", "Reg")},
        left=LEFT,
    ),
    must_answer=True,
)
