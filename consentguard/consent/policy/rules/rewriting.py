"""[rewrite]: how little may be left of a picture."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.policy.toml_keys import Keys


@dataclass(frozen=True, slots=True)
class RewriteRules:
    """`smallest_crop` in pixels of the published picture, `smallest_share` in percent of its area."""

    smallest_crop: int = 400
    smallest_share: int = 12

    @classmethod
    def read(cls, keys: Keys) -> RewriteRules:
        usual = cls()
        return cls(
            smallest_crop=keys.whole("smallest_crop", 32, 16384, usual.smallest_crop),
            smallest_share=keys.whole("smallest_share", 1, 100, usual.smallest_share),
        )
