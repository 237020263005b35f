"""What was last seen in a photo, kept under its SHA-256, so that a person can point at a face by its number.

One SQLite file in the state directory. Boxes, sizes and names of models; nobody's id or name. Rows go after a month.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from consentguard.consent.record.state import State
from consentguard.database import connected
from consentguard.errors import AuditFailed
from consentguard.values import Box, canonical

INSPECTED_FILE: Final = "inspected.db"
_KEPT_FOR: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was seen in one photo.

    Attributes:
        faces: boxes in pixels of the upright source picture; the first has the number 1.
        late: how many of them, the last ones, only the second pass found.
        models: what looked.
    """

    faces: tuple[Box, ...]
    late: int
    models: tuple[str, ...]

    @property
    def late_faces(self) -> tuple[Box, ...]:
        return self.faces[len(self.faces) - self.late :]


def keep_inspected(state: State, photo: str, seen: Inspected, at: datetime) -> None:
    """Keeps what was seen in the photo of that SHA-256, in place of what was. Raises AuditFailed."""
    body = canonical(
        {"faces": [box.as_list() for box in seen.faces], "late": seen.late, "models": list(seen.models)}
    ).decode()
    row = (photo, body, state.seal(_statement(photo, body)), at.isoformat(timespec="seconds"))
    _ask(state, "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", *row)
    _ask(state, "DELETE FROM seen WHERE julianday(at) < julianday(?)", (at - _KEPT_FOR).isoformat())


def last_inspected(state: State, photo: str) -> Inspected | None:
    """What was last seen in that photo; None where nothing is kept, or not under our seal. Raises AuditFailed."""
    rows = _ask(state, "SELECT body, seal FROM seen WHERE photo = ?", photo)
    if not rows or not state.seal_holds(_statement(photo, rows[0][0]), rows[0][1]):
        return None
    body = json.loads(rows[0][0])
    return Inspected(tuple(Box(*box) for box in body["faces"]), body["late"], tuple(body["models"]))


def _ask(state: State, query: str, *values: str) -> list[tuple[Any, ...]]:
    path = state.directory / INSPECTED_FILE
    try:
        with connected(path, "rwc", synchronous="OFF") as connection:  # a lost row is seen again
            connection.execute(
                "CREATE TABLE IF NOT EXISTS seen (photo TEXT PRIMARY KEY, body TEXT, seal TEXT, at TEXT) STRICT"
            )
            return connection.execute(query, values).fetchall()
    except (OSError, sqlite3.Error) as error:
        raise AuditFailed(f"{path}: {error}; what is seen in a photo cannot be kept. Check the disk.") from error


def _statement(photo: str, body: str) -> bytes:
    return canonical({"inspected": photo, "body": body})
