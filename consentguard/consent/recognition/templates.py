"""The template store: one SQLite file, each face template in it sealed with AES-256-GCM.

Register id, embedder, days and schema are authenticated with each template, so that none can be moved to another
person. Transactions are SQLite's: a process killed at any moment leaves every person enrolled whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from consentguard.consent.recognition.template_key import KeySource, find_key, new_key
from consentguard.database import connected, transaction
from consentguard.errors import TemplateStoreError
from consentguard.values import canonical

TEMPLATES_FILE: Final = "templates.db"

_SCHEMA: Final = 2
"""1 held the embedding of a face; 2 holds its mean with that of the mirror image, which compares with nothing else."""

_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
_PROOF: Final = b"consentguard templates"
_TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE template (
    id       INTEGER PRIMARY KEY,
    person   TEXT NOT NULL,
    embedder TEXT NOT NULL,
    taken    TEXT,
    enrolled TEXT NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The face of one person in one reference photo.

    Attributes:
        person: register id.
        vector: the embedding, float32, shape (dimension,), finite.
        embedder: label of the embedder that made it; templates of two embedders are never compared.
        enrolled: the day it was made.
        taken: the day of the photo, None where nobody knows.
    """

    person: str
    vector: NDArray[np.float32] = field(repr=False)
    embedder: str
    enrolled: date
    taken: date | None = None

    def __post_init__(self) -> None:
        if self.vector.dtype != np.float32 or self.vector.ndim != 1 or not np.isfinite(self.vector).all():
            raise ValueError("a template is one row of finite float32 numbers")


@dataclass(frozen=True, slots=True)
class TemplateStore:
    """Templates of the enrolled in one file. Each call opens and closes it, so threads and processes may share it."""

    path: Path
    _key: bytes = field(repr=False)

    @classmethod
    def make(cls, directory: Path, source: KeySource = KeySource.FILE) -> TemplateStore:
        """Opens the store of a state directory, making an empty one where there is none yet.

        Raises TemplateStoreError where it cannot be made, or is there with its key in another place.
        """
        path = directory / TEMPLATES_FILE
        if cls.is_there(directory):
            if cls.key_source(directory) is not source:
                raise TemplateStoreError(
                    f"{path}: its key is in another place ({cls.key_source(directory).value}); "
                    f"leave --key out, or delete the file and enrol everybody anew."
                )
            return cls.open(directory)
        salt = secrets.token_bytes(_SALT_BYTES)
        store = cls(path, new_key(source, directory, salt))
        with _connected(path, "rwc") as connection, transaction(connection):
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            rows = {"key": source.value.encode(), "salt": salt, "proof": store._sealed(_PROOF, ["proof"])}
            connection.executemany("INSERT INTO about VALUES (?, ?)", rows.items())
            connection.execute(f"PRAGMA user_version = {_SCHEMA}")
        return store

    @classmethod
    def open(cls, directory: Path) -> TemplateStore:
        """Opens the store of a state directory.

        Raises TemplateStoreError where there is none, its key is not to be had or not the right one, or its format is
        another than this version's.
        """
        path = directory / TEMPLATES_FILE
        if not cls.is_there(directory):
            raise TemplateStoreError(f"{path}: nobody is enrolled; run `consentguard enrol --photos DIR` first.")
        source = cls.key_source(directory)
        about = _about(path)
        store = cls(path, find_key(source, directory, about.get("salt", b"")))
        try:
            store._opened(about.get("proof", b""), ["proof"])
        except InvalidTag as error:
            raise TemplateStoreError(
                f"{path}: was sealed with another key than the one from {source.value}; restore that key, "
                "or delete the file and enrol everybody anew."
            ) from error
        return store

    @staticmethod
    def is_there(directory: Path) -> bool:
        """Whether a store was made here. One whose making was interrupted was not."""
        path = directory / TEMPLATES_FILE
        return path.is_file() and _version(path) > 0

    @staticmethod
    def key_source(directory: Path) -> KeySource:
        """Where the key of the store that is here lives. Raises TemplateStoreError for another format."""
        path = directory / TEMPLATES_FILE
        if (version := _version(path)) != _SCHEMA:
            mend = "update consentguard" if version > _SCHEMA else "delete the file and enrol everybody anew"
            raise TemplateStoreError(f"{path}: has format {version}, this version reads {_SCHEMA}; {mend}.")
        try:
            return KeySource(_about(path).get("key", b"").decode("ascii", "replace"))
        except ValueError as error:
            raise TemplateStoreError(f"{path}: does not say where its key is; restore it from your backup.") from error

    # -- writing ------------------------------------------------------------------------------------------------------

    def enrol(
        self,
        templates: Iterable[Template],
        record: Callable[[], object],
        seal: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Writes these templates, each person's replacing all that were there; everybody or, on any error, nobody.

        `seal` with the fingerprint that the store will have, and then `record`, are called last before the rows stand,
        so that none stands without its row in the audit trail.
        """
        rows = list(templates)
        with self._connected() as connection, transaction(connection):
            for person in dict.fromkeys(row.person for row in rows):
                connection.execute("DELETE FROM template WHERE person = ?", (person,))
            for row in rows:
                bound = _bound(row.person, row.embedder, row.taken, row.enrolled)
                sealed = self._sealed(row.vector.astype("<f4").tobytes(), bound)
                connection.execute(
                    "INSERT INTO template (person, embedder, taken, enrolled, sealed) VALUES (?, ?, ?, ?, ?)",
                    (*bound, sealed),
                )
            seal(_fingerprint(connection))
            record()

    def forget(self, *people: str) -> int:
        """Removes all templates of these people for good and returns how many there were.

        Deleted rows are overwritten and the file is rebuilt without them. What a file system or a backup keeps of the
        old file stays sealed.
        """
        with self._connected() as connection:
            with transaction(connection):
                gone = sum(
                    connection.execute("DELETE FROM template WHERE person = ?", (person,)).rowcount for person in people
                )
            if gone:
                connection.execute("VACUUM")
        return gone

    # -- reading ------------------------------------------------------------------------------------------------------

    def people(self) -> Mapping[str, int]:
        """Everybody enrolled, with the number of templates."""
        with self._connected() as connection:
            return dict(connection.execute("SELECT person, COUNT(*) FROM template GROUP BY person ORDER BY person"))

    def templates(self) -> tuple[Template, ...]:
        """Every template. Raises TemplateStoreError for one that was changed, moved or damaged."""
        with self._connected() as connection:
            rows = connection.execute("SELECT person, embedder, taken, enrolled, sealed, id FROM template ORDER BY id")
            return tuple(self._template(*row) for row in rows)

    def stamp(self) -> tuple[int, int, int]:
        """Changes whenever the file does: what a gallery was read from, to see whether it still stands."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise TemplateStoreError(f"{self.path}: cannot be read ({error.strerror}); restore it.") from error
        return status.st_mtime_ns, status.st_size, status.st_ino

    def fingerprint(self) -> str:
        """SHA-256, hex, over every template as it is sealed: another one after each change, never one of before."""
        with self._connected() as connection:
            return _fingerprint(connection)

    def digest(self) -> str:
        """SHA-256 over everything in the store as it is sealed, hex."""
        whole = hashlib.sha256()
        with self._connected() as connection:
            for table in ("about", "template"):
                for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1"):  # noqa: S608  (one of two names)
                    whole.update(repr(row).encode())
        return whole.hexdigest()

    def keep(self, name: str, value: Mapping[str, Any]) -> None:
        """Keeps one JSON object under a name, sealed like the templates."""
        sealed = self._sealed(canonical(value), ["about", name])
        with self._connected() as connection, transaction(connection):
            connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, sealed))

    def kept(self, name: str) -> dict[str, Any] | None:
        """What was kept under a name. Raises TemplateStoreError if it was changed."""
        with self._connected() as connection:
            row = connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        try:
            return json.loads(self._opened(row[0], ["about", name])) if row else None
        except InvalidTag as error:
            raise TemplateStoreError(
                f"{self.path}: its {name} is not as it was written; run `consentguard calibrate` again."
            ) from error

    def _template(
        self, person: str, embedder: str, taken: str | None, enrolled: str, sealed: bytes, row: int
    ) -> Template:
        try:
            days = date.fromisoformat(taken) if taken else None, date.fromisoformat(enrolled)
            vector = np.frombuffer(self._opened(sealed, _bound(person, embedder, *days)), "<f4").astype(np.float32)
            return Template(person, vector, embedder, days[1], days[0])
        except (InvalidTag, ValueError) as error:
            raise TemplateStoreError(
                f"{self.path}: template {row} of {person} is not as it was written; "
                f"run `consentguard forget {person}` and enrol that person anew."
            ) from error

    def _sealed(self, data: bytes, bound: list[Any]) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, data, canonical([_SCHEMA, *bound]))

    def _opened(self, sealed: bytes, bound: list[Any]) -> bytes:
        """What was sealed. Raises InvalidTag where anything about it is another."""
        nonce, data = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        if len(nonce) < _NONCE_BYTES:
            raise InvalidTag
        return AESGCM(self._key).decrypt(nonce, data, canonical([_SCHEMA, *bound]))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with _connected(self.path) as connection:
            yield connection


def _bound(person: str, embedder: str, taken: date | None, enrolled: date) -> list[Any]:
    return [person, embedder, taken.isoformat() if taken else None, enrolled.isoformat()]


def _fingerprint(connection: sqlite3.Connection) -> str:
    rows = connection.execute("SELECT person, embedder, taken, enrolled, sealed FROM template ORDER BY sealed")
    return hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()


def _version(path: Path) -> int:
    with _connected(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _about(path: Path) -> dict[str, bytes]:
    with _connected(path) as connection:
        return dict(connection.execute("SELECT name, value FROM about"))


@contextmanager
def _connected(path: Path, mode: Literal["rw", "rwc"] = "rw") -> Iterator[sqlite3.Connection]:
    """A connection that overwrites what it deletes, and turns whatever SQLite says into TemplateStoreError."""
    try:
        with connected(path, mode) as connection:
            for setting in ("secure_delete = ON", "temp_store = MEMORY"):
                connection.execute(f"PRAGMA {setting}")
            yield connection
    except sqlite3.Error as error:
        raise TemplateStoreError(f"{path}: {error}; check the disk, or restore the file from your backup.") from error
