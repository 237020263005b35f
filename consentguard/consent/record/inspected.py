"""What was last seen in a photo, kept under its SHA-256, so that a person can point at a face by its number.

One SQLite file in the state directory. Boxes, sizes and names of models; nobody's id or name. Rows go after a month.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from consentguard.consent.record.state import State
from consentguard.database import connected
from consentguard.errors import AuditFailed, WrongUsage
from consentguard.values import Box, Tag, canonical

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


def tags_of(state: State, photo: bytes, says: Mapping[int, str], finders: tuple[str, ...]) -> tuple[Tag, ...]:
    """Tags on faces by the numbers that `inspect` gave them: number -> register id, `hide` or `nobody`.

    `finders` are the models that find faces and heads now. Raises WrongUsage where the photo was not inspected under
    this state, or with other models, for a number that no face has, and for a tag that says nothing.
    """
    kept = last_inspected(state, photo)
    if kept is None or kept.models != finders:
        why = "was not inspected yet" if kept is None else "was inspected with other models"
        raise WrongUsage(f"this photo {why}: run `consentguard inspect` on it, then point at the numbers it shows")
    tags = []
    for number, text in says.items():
        if not 1 <= number <= len(kept.faces):
            raise WrongUsage(f"no face has the number {number}; `inspect` found {len(kept.faces)} in this photo")
        try:
            tags.append(Tag(kept.faces[number - 1], text))
        except ValueError as error:
            raise WrongUsage(f"face {number}: {error}") from error
    return tuple(tags)


def late_faces(state: State | None, photo: bytes, finders: tuple[str, ...]) -> tuple[Box, ...]:
    """What only the second pass found in this photo, the last time that it was inspected with these models."""
    kept = last_inspected(state, photo) if state is not None else None
    return kept.late_faces if kept is not None and kept.models == finders else ()


def keep_inspected(state: State, photo: bytes, seen: Inspected, at: datetime) -> None:
    """Keeps what was seen in a photo, in place of what was kept of it before. Raises AuditFailed."""
    body = canonical(
        {"faces": [box.as_list() for box in seen.faces], "late": seen.late, "models": list(seen.models)}
    ).decode()
    digest = _digest(photo)
    row = (digest, body, state.seal(_statement(digest, body)), at.isoformat(timespec="seconds"))
    _ask(state, "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", *row)
    _ask(state, "DELETE FROM seen WHERE julianday(at) < julianday(?)", (at - _KEPT_FOR).isoformat())


def last_inspected(state: State, photo: bytes) -> Inspected | None:
    """What was last seen in a photo; None where nothing is kept, or not under our seal. Raises AuditFailed."""
    digest = _digest(photo)
    rows = _ask(state, "SELECT body, seal FROM seen WHERE photo = ?", digest)
    if not rows or not state.seal_holds(_statement(digest, rows[0][0]), rows[0][1]):
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


def _digest(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


def _statement(digest: str, body: str) -> bytes:
    return canonical({"inspected": digest, "body": body})
