"""[words]: what captions, alt text, file names and threads may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consentguard.consent.policy.toml_keys import Keys

NAMES: Final = ("allow", "person")
"""What may become of a pupil's first name beside an image."""


@dataclass(frozen=True, slots=True)
class WordRules:
    """What the school decided about words.

    Attributes:
        names_with_images: "allow", or "person": a pupil's first name beside an image is then for a person to decide.
        everyday_surnames: surnames of the register that are ordinary words here, besides those that are known.
        allowed_phrases: what is nobody's name here, such as the school's own.
        known_accounts: handles that may be mentioned and spoken to, besides those of the channels.
        own_credits: whose name in a copyright or credit, in words or in a photo's file, is no surprise.
    """

    names_with_images: str = "allow"
    everyday_surnames: tuple[str, ...] = ()
    allowed_phrases: tuple[str, ...] = ()
    known_accounts: tuple[str, ...] = ()
    own_credits: tuple[str, ...] = ()

    @classmethod
    def read(cls, keys: Keys) -> WordRules:
        return cls(
            names_with_images=keys.choice("names_with_images", NAMES, "allow"),
            everyday_surnames=keys.texts("everyday_surnames"),
            allowed_phrases=keys.texts("allowed_phrases"),
            known_accounts=keys.texts("known_accounts"),
            own_credits=keys.texts("own_credits"),
        )
