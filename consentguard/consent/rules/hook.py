"""[hook]: what the pre-publish hook lets through."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.keys import Keys


@dataclass(frozen=True, slots=True)
class HookRules:
    """Where a hooked repository or folder is published, and which of its files go unjudged.

    Attributes:
        channel: the channel that everything in it goes to.
        unjudged: patterns of paths, `*` standing for any characters, slashes included. Documents, archives and videos
            there may go although nobody looked into them; pictures are judged wherever they lie.
    """

    channel: str = "website"
    unjudged: tuple[str, ...] = ()

    @classmethod
    def read(cls, keys: Keys) -> HookRules:
        return cls(channel=keys.text("channel", "website"), unjudged=keys.texts("unjudged"))
