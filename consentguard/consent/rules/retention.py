"""[retention]: how long what names children is kept."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.keys import Keys


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long rows of the register are kept.

    Attributes:
        leavers_months: months after which `register check` names those who have left as due to be taken out; until then
            their surnames stay banned from captions and what was published of them can be found.
    """

    leavers_months: int = 12

    @classmethod
    def read(cls, keys: Keys) -> RetentionRules:
        return cls(leavers_months=keys.whole("leavers_months", 1, 120, cls().leavers_months))
