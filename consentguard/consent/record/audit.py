"""The audit trail: a table that only grows, each row sealed to the one before it (HMAC-SHA256 under the state's key).

A changed, removed or inserted row breaks the chain at its place; a cut tail is noticed by the head that is kept outside
(`head.py`). Whoever appends looks at it first: a trail that was cut takes no more rows.
Rows hold ids, digests, codes and the name the poster gave as theirs; never a pupil's name, a file name, a face or
an embedding.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from consentguard.consent.record.chain_head import ChainHead, keep, kept
from consentguard.database import connected
from consentguard.errors import AuditFailed
from consentguard.values import canonical

_SCHEMA: Final = 1
_GENESIS: Final = "0" * 64
_TABLES: Final = """
CREATE TABLE trail (
    seq  INTEGER PRIMARY KEY,
    at   TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    mac  TEXT NOT NULL
) STRICT;
CREATE TRIGGER trail_is_never_changed BEFORE UPDATE ON trail
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER trail_is_never_cut BEFORE DELETE ON trail
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its number from 1, the time (ISO 8601 with offset), what happened, and the details."""

    seq: int
    at: str
    kind: str
    body: Mapping[str, Any]
    mac: str


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The trail in one SQLite file. Each call opens and closes the file, so threads and processes may share it."""

    path: Path
    _key: bytes = field(repr=False)

    @classmethod
    def create(cls, path: Path, key: bytes) -> AuditTrail:
        """Makes an empty trail. Raises AuditFailed if the file is there or cannot be made."""
        if path.exists():
            raise AuditFailed(
                f"{path}: there is a trail already; nothing was changed. Name another place with --state."
            )
        trail = cls(path, key)
        with trail._connected("rwc") as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version = {_SCHEMA}")
        keep(ChainHead(0, _GENESIS), path, key)
        return trail

    @classmethod
    def open(cls, path: Path, key: bytes) -> AuditTrail:
        """Opens a trail. Raises AuditFailed if it is missing, damaged, or newer than this version."""
        if not path.is_file():
            raise AuditFailed(f"{path}: the audit trail is missing; restore it from your backup.")
        trail = cls(path, key)
        with trail._connected("rw") as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA:
            what = "update consentguard" if version > _SCHEMA else "it is no audit trail; restore it from your backup"
            raise AuditFailed(f"{path}: has format {version}, this version reads {_SCHEMA}; {what}.")
        return trail

    def append(self, kind: str, body: Mapping[str, Any], at: str) -> int:
        """Adds a row and returns its number, once row and head are on the disk. Raises AuditFailed otherwise."""
        with self._connected("rw") as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._check_heads(connection, kept(self.path, self._key))
            return self._appended(connection, kind, body, at)

    def accept(self, why: str, at: str) -> int:
        """Goes on from a trail that lacks rows, such as a backup, and records that it does; returns the row's number.

        What is left must be whole. Raises AuditFailed.
        """
        rows = sum(1 for _ in self.entries())
        with self._connected("rw") as connection:
            connection.execute("BEGIN IMMEDIATE")
            return self._appended(connection, "accepted", {"rows": rows, "why": why}, at)

    def verify(self, *heads: ChainHead) -> ChainHead:
        """Walks the whole chain and returns its head.

        Raises AuditFailed naming the first row not ours, and where rows are gone that a kept head, or one of `heads`
        that somebody brings along, still knows.
        """
        last = ChainHead(0, _GENESIS)
        for entry in self.entries():
            last = ChainHead(entry.seq, entry.mac)
        with self._connected("ro") as connection:
            self._check_heads(connection, (*kept(self.path, self._key), *heads))
        return last

    def _appended(self, connection: sqlite3.Connection, kind: str, body: Mapping[str, Any], at: str) -> int:
        """The row, in the transaction that is open; then the head, which no other writer can set back meanwhile."""
        text = canonical(body).decode()
        before = _last(connection)
        seq = before.seq + 1
        mac = self._mac(before.mac, seq, at, kind, text)
        connection.execute("INSERT INTO trail VALUES (?, ?, ?, ?, ?)", (seq, at, kind, text, mac))
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        keep(_last(connection), self.path, self._key)
        connection.execute("ROLLBACK")
        return seq

    def _check_heads(self, connection: sqlite3.Connection, heads: Iterable[ChainHead]) -> None:
        for head in heads:
            row = connection.execute("SELECT mac FROM trail WHERE seq = ?", (head.seq,)).fetchone()
            mac = row[0] if row else _GENESIS if head.seq == 0 else ""
            if not hmac.compare_digest(str(mac).encode(), head.mac.encode()):
                there = _last(connection).seq
                what = f"rows {there + 1} to {head.seq} are gone" if there < head.seq else f"row {head.seq} is another"
                raise AuditFailed(
                    f"{self.path}: {what}; keep the files as evidence and restore the last backup, then "
                    "`consentguard audit accept`. Nothing is released until then."
                )

    def entries(self) -> Iterator[Entry]:
        """Every row from the first on, each proved against the one before it. Raises AuditFailed as `verify` does."""
        before = _GENESIS
        for count, (entry, text) in enumerate(self._rows("SELECT * FROM trail ORDER BY seq"), start=1):
            right = self._mac(before, count, entry.at, entry.kind, text)
            if entry.seq != count or not hmac.compare_digest(right.encode(), entry.mac.encode()):
                raise AuditFailed(
                    f"{self.path}: row {count} is not as it was written, or rows before it are gone; "
                    "keep the file as evidence and restore the last backup."
                )
            before = entry.mac
            yield entry

    def entry(self, seq: int) -> Entry | None:
        """The row of that number, proved against the row before it; None if there is none. Raises AuditFailed."""
        rows = self._by_number("SELECT * FROM trail WHERE seq IN (?, ?)", seq - 1, seq)
        return self._proved(seq, rows) if seq in rows else None

    def last(self, *kinds: str) -> Entry | None:
        """The latest row of these kinds, proved as `entry` proves it; None where there is none. Raises AuditFailed."""
        query = "SELECT * FROM trail WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1"
        found = [entry.seq for entry, _ in self._rows(query, json.dumps(kinds))]
        return self.entry(found[0]) if found else None

    def mentions(self, digest: str) -> tuple[Entry, ...]:
        """Every row in whose details a SHA-256 (hex) stands, the latest first, each proved as `entry` proves it.

        Raises AuditFailed.
        """
        # Searched as text before it is parsed: a trail of years takes milliseconds. With each row the one before it.
        rows = self._by_number(
            "WITH found AS (SELECT seq FROM trail WHERE instr(body, ?)) "
            "SELECT * FROM trail WHERE seq IN (SELECT seq FROM found UNION SELECT seq - 1 FROM found) "
            "ORDER BY seq DESC",
            digest,
        )
        return tuple(self._proved(seq, rows) for seq, (_, text) in rows.items() if digest in text)

    def _proved(self, seq: int, rows: Mapping[int, tuple[Entry, str]]) -> Entry:
        """The row of that number, proved against the row before it; `rows` holds both. Raises AuditFailed."""
        entry, text = rows[seq]
        before = _GENESIS if seq == 1 else rows[seq - 1][0].mac if seq - 1 in rows else ""
        right = self._mac(before, seq, entry.at, entry.kind, text)
        if not hmac.compare_digest(right.encode(), entry.mac.encode()):
            raise AuditFailed(f"{self.path}: row {seq} is not as it was written; run `consentguard audit verify`.")
        return entry

    def _by_number(self, query: str, *values: int | str) -> dict[int, tuple[Entry, str]]:
        return {entry.seq: (entry, text) for entry, text in self._rows(query, *values)}

    def _rows(self, query: str, *values: int | str) -> Iterator[tuple[Entry, str]]:
        with self._connected("ro") as connection:
            for seq, at, kind, text, mac in connection.execute(query, values):
                try:
                    body = json.loads(text)
                except ValueError as error:
                    raise AuditFailed(f"{self.path}: row {seq} is not readable; keep the file as evidence.") from error
                yield Entry(seq, at, kind, body, mac), text

    def _mac(self, before: str, seq: int, at: str, kind: str, text: str) -> str:
        return hmac.new(self._key, canonical([before, seq, at, kind, text]), hashlib.sha256).hexdigest()

    @contextmanager
    def _connected(self, mode: Literal["ro", "rw", "rwc"]) -> Iterator[sqlite3.Connection]:
        """A connection that turns whatever SQLite says into AuditFailed, and never leaves a transaction half done."""
        try:
            with connected(self.path, mode) as connection:
                yield connection
        except sqlite3.Error as error:
            raise AuditFailed(f"{self.path}: {error}; nothing was released. Check the disk and try again.") from error


def _last(connection: sqlite3.Connection) -> ChainHead:
    row = connection.execute("SELECT seq, mac FROM trail ORDER BY seq DESC LIMIT 1").fetchone()
    return ChainHead(int(row[0]), str(row[1])) if row else ChainHead(0, _GENESIS)
