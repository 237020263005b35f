"""Our own long form, one row for each person and scope."""

from __future__ import annotations

from typing import Final

from consentguard.consent.register.importers.base import ANSWERED, Importer
from consentguard.consent.register.people import CONSENT_PARTS, PERSON_COLUMNS
from consentguard.consent.register.rows import LONG_COLUMNS
from consentguard.errors import Problem


def _widened(
    texts: dict[str, str], names: dict[str, str], line: int, problems: list[Problem]
) -> tuple[dict[str, str], dict[str, str]]:
    """A row of the long form under the column names of the wide one."""
    scope = texts.get("scope", "").casefold()
    row = {column: text for column, text in texts.items() if column in PERSON_COLUMNS}
    if scope and scope not in ANSWERED:
        problems.append(Problem(line, names["scope"], f"is none of {', '.join(ANSWERED)}"))
    elif scope:
        row |= {scope: texts.get("consent", "")}
        row |= {f"{scope}{part}": texts.get(part[1:], "") for part in CONSENT_PARTS[1:]}
    return row, {**names, **{f"{scope}{part}": part[1:] or "consent" for part in CONSENT_PARTS}}


IMPORTER: Final = Importer(own=LONG_COLUMNS, widen=_widened)
