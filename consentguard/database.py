"""SQLite files: opened one way, readable by their owner only."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

_PRIVATE: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def connected(
    path: Path,
    mode: Literal["ro", "rw", "rwc"] = "rw",
    *,
    synchronous: Literal["OFF", "NORMAL", "FULL"] = "FULL",
    timeout: float = 30,
) -> Iterator[sqlite3.Connection]:
    """A connection to a SQLite file in autocommit mode, closed in the end.

    Args:
        path: the file; a link is not followed.
        mode: "ro" reads, "rw" needs the file to be there, "rwc" makes it. Who writes also takes others' rights to the
            file away; what SQLite writes beside it gets the same mode.
        synchronous: what a power cut may cost. FULL: nothing; NORMAL in WAL mode: the last seconds; OFF: the file.
        timeout: seconds to wait for who else writes.

    Raises sqlite3.Error, also where the file cannot be opened or made.
    """
    if mode != "ro":
        _make_private(path, make=mode == "rwc")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Everything in it, or, on any error, nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _make_private(path: Path, *, make: bool) -> None:
    """Never opens a file that is there: closing it again would end the locks of this process's other connections."""
    try:
        if make:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE))
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise sqlite3.OperationalError("is a link; put the file itself there")
        if os.name == "posix" and mode & _OTHERS:
            with suppress(PermissionError):  # a network drive that keeps no modes
                path.chmod(_PRIVATE)
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file ({error.strerror})") from error
