"""The four keys of an account at X: from the environment, or from the system's keyring (extra `[keyring]`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from consentguard.errors import WrongUsage

SERVICE: Final = "consentguard-x"
PREFIX: Final = "CONSENTGUARD_X_"


class _Key:
    """A key that shows in no repr, so in no traceback that prints variables either."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __bool__(self) -> bool:
        return bool(self.text)

    def __repr__(self) -> str:
        return "[hidden]"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of OAuth 1.0a, which is what v1.1 and v2 of X's interface both take. Shown by no repr."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)
    origin: str = ""

    @classmethod
    def find(cls, account: str, environment: Mapping[str, str] = os.environ) -> Credentials:
        """The keys of an account: all four from the environment, else all four from the keyring.

        Args:
            account: its handle, under which the keyring holds the keys, such as `rackhamprimary/api_key`.
            environment: CONSENTGUARD_X_API_KEY, _API_SECRET, _ACCESS_TOKEN, _ACCESS_SECRET.

        Raises WrongUsage naming what is missing; there is no mixing of the two places.
        """
        names = [each.name for each in fields(cls) if each.name != "origin"]
        here = {name: _Key(environment.get(PREFIX + name.upper(), "").strip()) for name in names}
        if any(here.values()):
            return cls._whole(here, {name: PREFIX + name.upper() for name in names}, "the environment")
        handle = account.lstrip("@").casefold()
        return cls._whole(
            {name: _Key(_from_keyring(f"{handle}/{name}")) for name in names},
            {name: f"{handle}/{name}" for name in names},
            f"the keyring, service {SERVICE}",
        )

    @classmethod
    def _whole(cls, keys: Mapping[str, _Key], names: Mapping[str, str], origin: str) -> Credentials:
        missing = [names[name] for name, value in keys.items() if not value]
        if missing:
            raise WrongUsage(
                f"keys for X: {', '.join(missing)} missing in {origin}; set the four variables {PREFIX}API_KEY, "
                "_API_SECRET, _ACCESS_TOKEN and _ACCESS_SECRET, or store them in the keyring (docs/posting.md)"
            )
        return cls(**{name: key.text for name, key in keys.items()}, origin=origin)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The four keys, in tweepy's order; what no log may show."""
        return (self.api_key, self.api_secret, self.access_token, self.access_secret)


def _from_keyring(name: str) -> str:
    try:
        import keyring  # noqa: PLC0415  (an extra, asked for only where the environment holds no keys)
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ModuleNotFoundError:
        return ""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except KeyringError as error:  # a headless server has none: NoKeyringError
        raise WrongUsage(
            f"the keyring cannot be read ({type(error).__name__}); set the {PREFIX}... variables instead"
        ) from error
