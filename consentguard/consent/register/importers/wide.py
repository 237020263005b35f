"""Our own wide form, one row a person, in whatever encoding or style of days a spreadsheet program saved it."""

from typing import Final

from consentguard.consent.register.importers.base import Importer
from consentguard.consent.register.people import COLUMNS

IMPORTER: Final = Importer(own=COLUMNS)
