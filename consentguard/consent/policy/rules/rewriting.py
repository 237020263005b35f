"""[rewrite]: how little may be left of a picture, and what is preferred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consentguard.consent.policy.toml_keys import Keys

ORDERS: Final = ("worth", "kind")
CROP_SHOWS: Final = ("clothes", "hands")


@dataclass(frozen=True, slots=True)
class RewriteRules:
    """How little may be left of a picture.

    Attributes:
        smallest_crop: pixels of the published picture.
        smallest_share: percent of its area.
        least_worth: percent; what a rewrite has to be worth, or the photo is refused.
        order: what is chosen: that which is worth most, or the first kind that is possible.
        crop_shows: what a crop may show of somebody whose head lies outside it: sleeves and lap near a kept hand, or
            hands and forearms only.
    """

    smallest_crop: int = 400
    smallest_share: int = 12
    least_worth: int = 50
    order: str = "worth"
    crop_shows: str = "clothes"

    @classmethod
    def read(cls, keys: Keys) -> RewriteRules:
        usual = cls()
        return cls(
            smallest_crop=keys.whole("smallest_crop", 32, 16384, usual.smallest_crop),
            smallest_share=keys.whole("smallest_share", 1, 100, usual.smallest_share),
            least_worth=keys.whole("least_worth", 0, 100, usual.least_worth),
            order=keys.choice("order", ORDERS, usual.order),
            crop_shows=keys.choice("crop_shows", CROP_SHOWS, usual.crop_shows),
        )
