"""[retention]: how long what names children is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from consentguard.consent.policy.toml_keys import Keys


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long rows of the register and what was published are kept.

    Attributes:
        leavers_months: months after which `register check` names those who have left as due to be taken out; until then
            their surnames stay banned from captions and what was published of them can be found.
        posts_months: months after which `takedown` lists what shows somebody as due to go, consented or not; 0: it may
            stay as long as every consent stands.
    """

    leavers_months: int = 12
    posts_months: int = 0

    @classmethod
    def read(cls, keys: Keys) -> RetentionRules:
        usual = cls()
        return cls(
            leavers_months=keys.whole("leavers_months", 1, 120, usual.leavers_months),
            posts_months=keys.whole("posts_months", 0, 240, usual.posts_months),
        )

    def ended(self, published: date, on: date) -> bool:
        """Whether what was published on one day is due to go on another."""
        return self.posts_months > 0 and months_between(published, on) >= self.posts_months


def months_between(start: date, end: date) -> int:
    """Whole calendar months from one day to another."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
