"""Verdicts of pictures judged before, so that one that has not changed costs nothing. Sealed, or not believed.

One SQLite file in the state directory. A verdict is found by everything it follows from (content, register, policy,
models, this program, the question), and believed only under the seal of the state's key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

from consentguard.consent.record.state import State
from consentguard.database import connected
from consentguard.values import canonical

CACHE_FILE: Final = "hook-cache.db"
_MOST: Final = 100_000
"""Rows; the oldest tenth goes when there are more."""


class Remembered:
    """What was judged before. Where the file cannot be used everything is judged anew, and `trouble` says why."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._path = state.directory / CACHE_FILE
        self._connection: sqlite3.Connection | None = None
        self._open = ExitStack()
        self.trouble = ""

    def get(self, key: str) -> dict[str, Any] | None:
        """What was kept under a key; None where nothing is, or where it is not under our seal."""
        rows = self._ask("SELECT body, seal FROM kept WHERE key = ?", key)
        if not rows or not self._state.seal_holds(_statement(key, str(rows[0][0])), str(rows[0][1])):
            return None
        found: dict[str, Any] = json.loads(rows[0][0])
        return found

    def put(self, key: str, body: dict[str, Any]) -> None:
        """Keeps a body of plain JSON types under a key."""
        text = canonical(body).decode()
        self._ask("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", key, text, self._state.seal(_statement(key, text)))
        rows = self._ask("SELECT max(rowid) - min(rowid) FROM kept")
        if rows and rows[0][0] > _MOST:
            self._ask("DELETE FROM kept WHERE rowid < (SELECT min(rowid) FROM kept) + ?", _MOST // 10)

    def _ask(self, query: str, *values: str | int) -> Sequence[tuple[Any, ...]]:
        """Rows of a query, or none: what SQLite refuses costs the time again, nothing else."""
        if self.trouble:
            return ()
        try:
            if self._connection is None:
                opening = connected(self._path, "rwc", synchronous="OFF", timeout=5)  # a lost row is judged again
                self._connection = self._open.enter_context(opening)
                self._connection.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, body TEXT, seal TEXT)")
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self.trouble = f"{self._path}: {error}; every picture is judged anew. Delete the file if that goes on."
            return ()


def _statement(key: str, text: str) -> bytes:
    return canonical({"hook": key, "body": text})
