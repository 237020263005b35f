"""[hook]: what the pre-publish hook lets through."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.policy.toml_keys import Keys


@dataclass(frozen=True, slots=True)
class HookRules:
    """Where a hooked repository or folder is published, which of its files go unjudged, and what its pages say.

    Attributes:
        channel: the channel that everything in it goes to.
        unjudged: patterns of paths, `*` standing for any characters, slashes included. Documents, archives and videos
            there may go although nobody looked into them; pictures are judged wherever they lie.
        captions: whether pages may go only if they name no pupil by surname beside a picture.
    """

    channel: str = "website"
    unjudged: tuple[str, ...] = ()
    captions: bool = True

    @classmethod
    def read(cls, keys: Keys) -> HookRules:
        return cls(
            channel=keys.text("channel", "website"),
            unjudged=keys.texts("unjudged"),
            captions=keys.flag("captions", True),
        )
