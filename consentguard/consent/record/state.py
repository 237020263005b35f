"""The state directory: the key that seals, and the audit trail. Made once by `consentguard init`."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import platformdirs

from consentguard.consent.record.audit import AuditTrail
from consentguard.errors import AuditFailed
from consentguard.files import MAX_KEY, read_bounded, write_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE: Final = "state.key"
AUDIT_FILE: Final = "audit.db"
POLICY_FILE: Final = "policy.toml"
REGISTER_FILE: Final = "consent_register.csv"
"""Where a hook looks for the register: it never takes one from the tree that it judges."""

KEY_VARIABLE: Final = "CONSENTGUARD_KEY"
"""The key itself, 64 hex digits, for machines that get their secrets by environment; then there is no key file."""
KEY_FILE_VARIABLE: Final = "CONSENTGUARD_KEY_FILE"
"""Where the key file is, if it shall not lie beside the trail: a stick that is taken out, a folder of the system."""

_KEY_BYTES: Final = 32


def default_directory() -> Path:
    """Where the state lives: `CONSENTGUARD_STATE`, else a folder of this user."""
    named = os.environ.get("CONSENTGUARD_STATE")
    return Path(named) if named else Path(platformdirs.user_data_dir("consentguard", appauthor=False))


def key_file_of(directory: Path) -> Path:
    """The key file of a state: in its directory, or where the environment says."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    return Path(named) if named else directory / KEY_FILE


@dataclass(frozen=True, slots=True)
class State:
    """An opened state directory. The key never leaves this object; each purpose gets its own, derived from it."""

    directory: Path
    audit: AuditTrail
    _key: bytes = field(repr=False)

    @classmethod
    def create(cls, directory: Path) -> State:
        """Makes the directory with a new key (0600, unless the environment brings one) and an empty audit trail.

        Raises AuditFailed where one is.
        """
        given, key_file = os.environ.get(KEY_VARIABLE), key_file_of(directory)
        key = _parsed(given, KEY_VARIABLE) if given else secrets.token_bytes(_KEY_BYTES)
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not given:
                write_secret(key_file, key.hex() + "\n")
        except FileExistsError as error:
            raise AuditFailed(
                f"{directory}: holds a state already; nothing was changed. Use it, or name another with --state."
            ) from error
        except OSError as error:
            raise AuditFailed(
                f"{key_file}: cannot be made ({error.strerror}); name another place with --state."
            ) from error
        try:
            audit = AuditTrail.create(directory / AUDIT_FILE, _derived(key, "audit"))
        except BaseException:  # Ctrl-C included: a new key beside an old trail would pass for a whole state
            _remove([] if given else [key_file])
            raise
        return cls(directory, audit, key)

    @staticmethod
    def is_made(directory: Path) -> bool:
        """Whether `create` made this directory, whole or not: a folder with only models in it is no state."""
        return (directory / AUDIT_FILE).exists() or key_file_of(directory).exists()

    @classmethod
    def open(cls, directory: Path) -> State:
        """Opens what `create` made. Raises AuditFailed where it is missing, readable by others, or not ours."""
        given, key_file = os.environ.get(KEY_VARIABLE), key_file_of(directory)
        if given:
            key = _parsed(given, KEY_VARIABLE)
            return cls(directory, AuditTrail.open(directory / AUDIT_FILE, _derived(key, "audit")), key)
        try:
            mode = key_file.stat().st_mode
            text = read_bounded(key_file, MAX_KEY).decode("ascii").strip()
        except FileNotFoundError as error:
            if (directory / AUDIT_FILE).exists():
                raise AuditFailed(
                    f"{key_file}: the key is not there; put it back (or name it in {KEY_FILE_VARIABLE})."
                ) from error
            raise AuditFailed(
                f"{directory}: no state here; make it once with `consentguard init --state {directory}`."
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise AuditFailed(f"{key_file}: cannot be read ({error}); restore it from your backup.") from error
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise AuditFailed(f"{key_file}: other users can read the key; run `chmod 600 {key_file}`.")
        key = _parsed(text, str(key_file))
        return cls(directory, AuditTrail.open(directory / AUDIT_FILE, _derived(key, "audit")), key)

    def seal(self, statement: bytes) -> str:
        """HMAC-SHA256 of a statement under the sealing key, hex."""
        return hmac.new(_derived(self._key, "release"), statement, hashlib.sha256).hexdigest()

    def seal_holds(self, statement: bytes, seal: str) -> bool:
        """Whether `seal` is this state's seal of the statement, compared in constant time."""
        return hmac.compare_digest(self.seal(statement).encode(), seal.encode())

    @property
    def public_key(self) -> str:
        """What other machines prove this one's signatures with: an Ed25519 public key, hex."""
        return self._signer().public_key().public_bytes_raw().hex()

    def sign(self, statement: bytes) -> str:
        """Ed25519 signature of a statement that leaves this machine, hex."""
        return self._signer().sign(statement).hex()

    def _signer(self) -> Ed25519PrivateKey:
        # imported when something is signed: 40 ms that a hook with nothing new to judge does not have
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        return Ed25519PrivateKey.from_private_bytes(_derived(self._key, "signature"))

    def record(self, kind: str, body: Mapping[str, Any], at: str) -> int:
        """Appends to the audit trail; returns the row's number. Raises AuditFailed, and then nothing may leave."""
        return self.audit.append(kind, body, at)


def _derived(key: bytes, purpose: str) -> bytes:
    """One key for each purpose, so that a seal is never a valid audit mac or the other way round."""
    return hmac.new(key, b"consentguard/1/" + purpose.encode(), hashlib.sha256).digest()


def _parsed(text: str, where: str) -> bytes:
    key = b""
    with suppress(ValueError):  # judged by its length just below
        key = bytes.fromhex(text)
    if len(key) != _KEY_BYTES:
        raise AuditFailed(f"{where}: is not a key of {_KEY_BYTES} bytes in hex; restore it from your backup.")
    return key


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
