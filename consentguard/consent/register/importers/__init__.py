"""Files of schools' systems that become a register: one importer a file, and this dict names them all.

To add one, write its file and name it here; docs/register.md says what it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from consentguard.consent.register.importers import arbor, long, sims, table, wide, wonde
from consentguard.consent.register.importers.base import Importer

IMPORTERS: Final[Mapping[str, Importer]] = MappingProxyType(
    {
        "arbor": arbor.IMPORTER,
        "sims": sims.IMPORTER,
        "wonde": wonde.IMPORTER,
        "csv": table.IMPORTER,
        "wide": wide.IMPORTER,
        "long": long.IMPORTER,
    }
)
"""`--format` -> what reads it."""

__all__ = ["IMPORTERS", "Importer"]
