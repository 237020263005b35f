"""scan.db: every verdict by what it rests on, and which file had which content. One process writes it.

A verdict is found again by (content, basis): the digest of the photo's bytes, and the digest of everything else it
rests on (register, standings of the day, policy, models, question). So a second scan looks only at what is new or what
a changed register makes stale, and one content is looked at once however often it lies about.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from consentguard.batch.output import OutputFailed
from consentguard.batch.unit import ScanResult, Task
from consentguard.database import connected, transaction
from consentguard.errors import CannotTell
from consentguard.files import printable

_SCHEMA: Final = 2
"""1 did not say which files a scan wrote; those that its verdicts name are the ones."""
_TABLES: Final = """
CREATE TABLE scan (
    id       INTEGER PRIMARY KEY,
    started  TEXT NOT NULL,
    finished TEXT,
    basis    TEXT NOT NULL,
    about    TEXT NOT NULL
) STRICT;
CREATE TABLE verdict (
    content TEXT NOT NULL,
    basis   TEXT NOT NULL,
    outcome TEXT NOT NULL,
    body    TEXT NOT NULL,
    message TEXT NOT NULL,
    output  TEXT,
    sha256  TEXT,
    thumb   TEXT NOT NULL,
    seconds REAL NOT NULL,
    at      TEXT NOT NULL,
    lasting INTEGER NOT NULL,
    PRIMARY KEY (content, basis)
) STRICT, WITHOUT ROWID;
CREATE TABLE file (
    path    BLOB PRIMARY KEY,
    content TEXT NOT NULL,
    basis   TEXT NOT NULL,
    outcome TEXT NOT NULL,
    before  TEXT,
    scan    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX file_by_content ON file (content, basis);
"""
_WRITTEN: Final = """
CREATE TABLE written (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE VIEW named (path) AS
    SELECT output FROM verdict WHERE output IS NOT NULL UNION SELECT thumb FROM verdict WHERE thumb <> '';
INSERT INTO written SELECT path FROM named;
"""


@dataclass(frozen=True, slots=True)
class ScanRow:
    """What the journal knows of one file after a scan.

    Attributes:
        path: relative to the folder that was scanned.
        content: SHA-256 of its bytes, "" where they could not be read.
        outcome: as in the verdict.
        before: the outcome of the scan before, None for a file that is new.
        verdict: the object of `--json`.
        message: why it may not go, in plain words; "" where it may.
        thumb: path of the thumbnail under the output folder, "" for none.
        at: when it was judged, ISO 8601.
    """

    path: Path
    content: str
    outcome: str
    before: str | None
    verdict: Mapping[str, Any]
    message: str
    thumb: str
    at: str


class ScanJournal:
    """The journal in one SQLite file, opened by `ScanJournal.open`. Close it, or use it in a `with`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[ScanJournal]:
        """Opens or makes it.

        Raises CannotTell for a file that is none or newer, OutputFailed where it cannot be written.
        """
        try:
            # killed: nothing is lost; power cut: the last seconds
            with connected(path, "rwc", synchronous="NORMAL") as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version < _SCHEMA:
                    tables = _WRITTEN if version else _TABLES + _WRITTEN
                    connection.executescript(f"BEGIN;{tables}PRAGMA user_version = {_SCHEMA};COMMIT;")
                elif version > _SCHEMA:
                    raise CannotTell(
                        f"{path}: has format {version}, this version reads {_SCHEMA}; update consentguard or name "
                        "another --out."
                    )
                yield cls(path, connection)
        except sqlite3.OperationalError as error:
            raise OutputFailed(
                f"{path}: {error}; free some space or mend the folder, then scan again: it goes on where it stopped."
            ) from error
        except sqlite3.DatabaseError as error:
            raise CannotTell(f"{path}: {error}; it is no journal of a scan, name another --out.") from error

    def begin(self, basis: str, about: Mapping[str, Any], at: str) -> int:
        """The number of a new scan, or of one with the same basis that was stopped before it finished."""
        self._connection.execute("DELETE FROM verdict WHERE NOT lasting")  # those are looked at again
        last = self._connection.execute("SELECT id, finished, basis FROM scan ORDER BY id DESC LIMIT 1").fetchone()
        if last and last[1] is None and last[2] == basis:
            return int(last[0])
        cursor = self._connection.execute(
            "INSERT INTO scan (started, basis, about) VALUES (?, ?, ?)", (at, basis, json.dumps(about))
        )
        return int(cursor.lastrowid or 0)

    def about(self) -> dict[str, Any] | None:
        """What the last scan was about: folder, channel, mode; None where there was none."""
        row = self._connection.execute("SELECT about FROM scan ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def finish(self, scan: int, at: str) -> None:
        """Marks a scan as complete."""
        self._connection.execute("UPDATE scan SET finished = ? WHERE id = ?", (at, scan))

    def knows(self, content: str, basis: str) -> tuple[str | None, str | None] | None:
        """Output path and its SHA-256 of a verdict that stands already (None where nothing was released), else None."""
        found = self._connection.execute(
            "SELECT output, sha256 FROM verdict WHERE content = ? AND basis = ?", (content, basis)
        ).fetchone()
        return None if found is None else (found[0], found[1])

    def judged(self, judged: ScanResult, basis: str, at: str) -> None:
        """Keeps a verdict for its content. The path in it is the first under which the content was met."""
        v = judged.verdict
        row = (judged.task.key, basis, v["outcome"], json.dumps(v), judged.message, v["output"], v["sha256"],
               judged.thumb, judged.seconds, at, judged.lasting)  # fmt: skip
        written = [(path,) for path in judged.written]
        with transaction(self._connection) as connection:
            connection.execute("INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.executemany("INSERT OR IGNORE INTO written VALUES (?)", written)

    def seen(self, path: Path, content: str, basis: str, scan: int, *, goes_on: bool = False) -> None:
        """Notes that a file with this content was met in a scan. Its verdict may come later.

        With `goes_on` a file that is as it was in the scan before is compared with what that was compared with: for
        scans of a folder that is watched.
        """
        self._connection.execute(
            "INSERT INTO file VALUES (?1, ?2, ?3, '', NULL, ?4)"
            " ON CONFLICT (path) DO UPDATE SET content = ?2, basis = ?3, scan = ?4,"
            " before = CASE WHEN scan = ?4 OR (?5 AND content = ?2 AND basis = ?3) THEN before ELSE outcome END",
            (os.fsencode(path), content, basis, scan, goes_on),
        )

    def settle(self, scan: int) -> int:
        """Gives every file of a scan the outcome of its content and forgets files that are gone; returns how many."""
        with transaction(self._connection) as connection:
            gone = connection.execute("DELETE FROM file WHERE scan <> ?", (scan,)).rowcount
            connection.execute(
                "UPDATE file SET outcome = coalesce((SELECT outcome FROM verdict v WHERE v.content = file.content"
                " AND v.basis = file.basis), '')"
            )
            # Verdicts on what is no longer there, or under a basis that no longer holds, are of no use to anybody.
            connection.execute(
                "DELETE FROM verdict WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.content = verdict.content"
                " AND f.basis = verdict.basis)"
            )
        return int(gone)

    def count(self) -> int:
        """How many files the scan before knew."""
        return int(self._connection.execute("SELECT count(*) FROM file").fetchone()[0])

    def rows(self) -> Iterator[ScanRow]:
        """Every file with its verdict, by path."""
        query = (
            "SELECT f.path, f.content, f.outcome, f.before, v.body, v.message, v.thumb, v.at FROM file f"
            " JOIN verdict v ON v.content = f.content AND v.basis = f.basis ORDER BY f.path"
        )
        for path, content, outcome, before, body, message, thumb, at in self._connection.execute(query):
            name = Path(os.fsdecode(path))
            verdict = {**json.loads(body), "photo": printable(name)}
            yield ScanRow(name, Task.content_of(content), outcome, before or None, verdict, message, thumb, at)

    def outputs(self) -> set[str]:
        """Relative paths of every file that a scan wrote and a verdict names."""
        return {
            path for (path,) in self._connection.execute("SELECT path FROM named INTERSECT SELECT path FROM written")
        }

    def unneeded(self) -> list[str]:
        """Relative paths of every file that a scan wrote and no verdict names any more."""
        query = "SELECT path FROM written EXCEPT SELECT path FROM named"
        return [path for (path,) in self._connection.execute(query)]

    def forget(self, path: str) -> None:
        """Notes that a file is not there any more, or not a scan's."""
        self._connection.execute("DELETE FROM written WHERE path = ?", (path,))
