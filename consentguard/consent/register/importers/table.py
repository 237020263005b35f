"""Any table: its columns are named with `--scope` and in a mapping file. Bromcom's exports are such."""

from typing import Final

from consentguard.consent.register.importers.base import Importer

IMPORTER: Final = Importer(must_answer=True)
