"""The key that seals face templates: where it may live, and how it is had from there.

It is a key of its own, not the state's: whoever is to verify the audit trail needs no templates, and a destroyed key
destroys all templates at once. docs/decisions/0016 says why these four places.
"""

from __future__ import annotations

import enum
import getpass
import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from consentguard.errors import TemplateStoreError
from consentguard.files import MAX_KEY, read_bounded, write_secret
from consentguard.program import install_command

TEMPLATE_KEY_FILE: Final = "templates.key"
KEY_VARIABLE: Final = "CONSENTGUARD_TEMPLATE_KEY"
PASSPHRASE_VARIABLE: Final = "CONSENTGUARD_TEMPLATE_PASSPHRASE"  # noqa: S105  (its name, not its value)

KEY_BYTES: Final = 32
"""AES-256."""

SHORTEST_PASSPHRASE: Final = 12
_KEYRING_SERVICE: Final = "consentguard templates"
_SCRYPT: Final = {"n": 2**17, "r": 8, "p": 1}
"""128 MB and about half a second a guess: OWASP's first choice (Password Storage Cheat Sheet)."""


class KeySource(enum.StrEnum):
    """Where the key of the templates lives; chosen when the store is made, and recorded in it."""

    FILE = "file"
    ENVIRONMENT = "environment"
    PASSPHRASE = "passphrase"  # noqa: S105  (a place, not a word)
    KEYRING = "keyring"


def new_key(source: KeySource, directory: Path, salt: bytes) -> bytes:
    """The key for a store that is being made: a new one where it is ours to make. Raises TemplateStoreError.

    `salt` is the store's own: it salts the passphrase, and names the key in the keyring.
    """
    if source is KeySource.FILE:
        _make_key_file(directory / TEMPLATE_KEY_FILE)
    elif source is KeySource.KEYRING:
        _keyring().set_password(_KEYRING_SERVICE, salt.hex(), secrets.token_hex(KEY_BYTES))
    elif source is KeySource.PASSPHRASE:
        words = _passphrase()
        if len(words) < SHORTEST_PASSPHRASE:
            raise TemplateStoreError(
                f"the passphrase has under {SHORTEST_PASSPHRASE} characters; take four or more words."
            )
        return _stretched(words, salt)
    return find_key(source, directory, salt)


def find_key(source: KeySource, directory: Path, salt: bytes) -> bytes:
    """The key of a store that is there: 32 bytes. Raises TemplateStoreError naming where it was looked for."""
    if source is KeySource.PASSPHRASE:
        return _stretched(_passphrase(), salt)
    if source is KeySource.ENVIRONMENT:
        place, text = KEY_VARIABLE, os.environ.get(KEY_VARIABLE, "")
        step = f'set it with `export {KEY_VARIABLE}=$(python -c "import secrets; print(secrets.token_hex(32))")` once'
    elif source is KeySource.KEYRING:
        place, text = "the keyring", _keyring().get_password(_KEYRING_SERVICE, salt.hex()) or ""
        step = "unlock the keyring of the user who enrolled"
    else:
        place, text = str(directory / TEMPLATE_KEY_FILE), _key_file(directory / TEMPLATE_KEY_FILE)
        step = "restore it from your backup"
    key = b""
    with suppress(ValueError):  # judged by its length just below
        key = bytes.fromhex(text.strip())
    if len(key) != KEY_BYTES:
        raise TemplateStoreError(f"{place}: holds no key of {KEY_BYTES} bytes in hex; {step}, or enrol anew.")
    return key


def _make_key_file(path: Path) -> None:
    """A new key file, for its owner only; one that is there already (a store that was never finished) stays."""
    try:
        write_secret(path, secrets.token_hex(KEY_BYTES) + "\n")
    except FileExistsError:
        return
    except OSError as error:
        raise TemplateStoreError(f"{path}: cannot be made ({error.strerror}); mend that and try again.") from error


def _key_file(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = read_bounded(path, MAX_KEY).decode("ascii")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateStoreError(f"{path}: cannot be read ({error}); restore it from your backup.") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise TemplateStoreError(f"{path}: other users can read the key; run `chmod 600 {path}`.")
    return text


def _passphrase() -> str:
    words = os.environ.get(PASSPHRASE_VARIABLE, "")
    if not words and sys.stdin is not None and sys.stdin.isatty():
        words = getpass.getpass("Passphrase of the face templates: ")
    if not words:
        raise TemplateStoreError(
            f"the templates are sealed with a passphrase, and there is nobody to ask; set {PASSPHRASE_VARIABLE}."
        )
    return words


def _stretched(words: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, **_SCRYPT).derive(words.encode("utf-8"))


class _Keyring:
    """The operating system's keyring, whose many ways to fail become ours."""

    def __init__(self) -> None:
        try:
            import keyring  # noqa: PLC0415
            import keyring.errors  # noqa: PLC0415
        except ImportError as error:
            raise TemplateStoreError(
                f"the key is in the keyring, and its package is missing; run `{install_command('keyring')}`."
            ) from error
        self._keyring = keyring

    def get_password(self, service: str, name: str) -> str | None:
        try:
            found: str | None = self._keyring.get_password(service, name)
        except self._keyring.errors.KeyringError as error:
            raise TemplateStoreError(f"the keyring gave no key ({error}); unlock it and try again.") from error
        return found

    def set_password(self, service: str, name: str, key: str) -> None:
        try:
            self._keyring.set_password(service, name, key)
        except self._keyring.errors.KeyringError as error:
            raise TemplateStoreError(f"the keyring takes no key ({error}); choose another place with --key.") from error


def _keyring() -> _Keyring:
    return _Keyring()
