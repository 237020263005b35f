"""[channels.*]: the places to publish."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.keys import Keys
from consentguard.consent.register import SCOPES


@dataclass(frozen=True, slots=True)
class Channel:
    """One place to publish: the consent scope it needs, and the account it belongs to."""

    name: str
    scope: str
    account: str = ""

    @classmethod
    def read(cls, name: str, keys: Keys) -> Channel:
        return cls(name, scope=keys.choice("scope", SCOPES), account=keys.text("account", ""))
