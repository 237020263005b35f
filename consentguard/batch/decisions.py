"""What was decided at the desk: one row a decision, in the journal of the scan that the photos belong to.

Rows are only added. The newest of a photo counts, so that an undo is a row like any other, and two browsers, or a scan
beside them, never lose one another's. The rows hold ids and boxes, never a name of a pupil or a pixel.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from consentguard.batch.output import OutputFailed
from consentguard.database import connected
from consentguard.values import Tag, canonical

if TYPE_CHECKING:
    from consentguard.consent.question import Asked

RELEASED: Final = "released"
REFUSED: Final = "refused"
UNDONE: Final = "undone"

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS decision (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    content TEXT NOT NULL,
    kind    TEXT NOT NULL,
    asked   TEXT NOT NULL,
    why     TEXT NOT NULL,
    by      TEXT NOT NULL,
    sha256  TEXT,
    output  TEXT,
    at      TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS decision_by_content ON decision (content, id);
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision.

    Attributes:
        content: SHA-256 of the photo's bytes, hex.
        kind: `released`, `refused` by a person, or `undone`.
        asked: what the person said: tags, people, choice; as JSON has it.
        why: the reason of a refusal.
        by: who decided.
        sha256, output: of a release: its digest, and where the copy lies under the output folder.
        at: ISO 8601.
    """

    content: str
    kind: str
    asked: Mapping[str, Any]
    why: str
    by: str
    sha256: str | None
    output: str | None
    at: str

    @property
    def digest(self) -> str:
        """SHA-256, hex, over what was decided: what a verdict that follows from it rests on."""
        return hashlib.sha256(canonical([self.kind, dict(self.asked), self.why, self.by])).hexdigest()

    def asks(self) -> Asked:
        """What is asked of the guard where this decision counts."""
        if self.kind == REFUSED:
            return {"refuse": self.why, "by": self.by}
        asked: Asked = {"tags": tuple(Tag.from_json(tag) for tag in self.asked["tags"]), "by": self.by}
        asked["people"] = tuple(self.asked["people"])
        if self.asked["choice"]:
            asked["choice"] = self.asked["choice"]
        if self.asked["frame"]:
            asked["frame"] = self.asked["frame"]
        return asked


class Decisions:
    """The decisions in one journal file; opened by `Decisions.open`. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Decisions:
        """Opens them, and makes the table where there is none. Raises OutputFailed where the file cannot be used."""
        found = cls(path)
        with found._connected() as connection:
            connection.executescript(_TABLE)
        return found

    def add(self, decided: Decided) -> None:
        """Adds a decision. Raises OutputFailed where it cannot be kept."""
        with self._connected() as connection:
            connection.execute(
                "INSERT INTO decision (content, kind, asked, why, by, sha256, output, at) VALUES (?,?,?,?,?,?,?,?)",
                (decided.content, decided.kind, json.dumps(dict(decided.asked), sort_keys=True), decided.why,
                 decided.by, decided.sha256, decided.output, decided.at),
            )  # fmt: skip

    def of(self, content: str) -> Decided | None:
        """What counts of a photo: its newest decision, None where there is none or it was undone."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT content, kind, asked, why, by, sha256, output, at FROM decision WHERE content = ? "
                "ORDER BY id DESC LIMIT 1",
                (content,),
            ).fetchone()
        return _decided(row) if row and row[1] != UNDONE else None

    def standing(self) -> dict[str, Decided]:
        """Every decision that counts, by the content of its photo."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT content, kind, asked, why, by, sha256, output, at FROM decision WHERE id IN "
                "(SELECT max(id) FROM decision GROUP BY content)"
            ).fetchall()
        return {row[0]: _decided(row) for row in rows if row[1] != UNDONE}

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with connected(self._path, "rwc") as connection:
                yield connection
        except sqlite3.Error as error:
            raise OutputFailed(
                f"{self._path}: decisions cannot be kept there ({error}); check the disk, or name another --out."
            ) from error


def _decided(row: tuple[Any, ...]) -> Decided:
    content, kind, asked, why, by, sha256, output, at = row
    return Decided(content, kind, json.loads(asked), why, by, sha256, output, at)
