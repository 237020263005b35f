"""Arbor: one list for each consent type, downloaded by itself."""

from typing import Final

from consentguard.consent.register.importers.base import LEFT, Importer, columns

IMPORTER: Final = Importer(
    columns(
        id=("Student ID", "Arbor Student ID", "UPN", "Admission Number"),
        legal_forename=("Legal First Name", "First Name", "Forename"),
        legal_surname=("Legal Last Name", "Last Name", "Surname"),
        preferred_forename=("Preferred First Name",),
        preferred_surname=("Preferred Last Name",),
        **{"class": ("Registration Form", "Form", "Class")},
        left=LEFT,
        answer=("Response", "Consent", "Status", "Answer"),
        answer_granted=("Response Date", "Date of Response", "Date"),
        answer_expires=("Expiry Date",),
    ),
    lists=True,
)
