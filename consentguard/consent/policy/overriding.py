"""What a person may override: named in the policy, with a reason, on the record. Consent is never among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from consentguard.consent.policy.rules.channels import Channel
from consentguard.errors import WrongUsage
from consentguard.values.plain import plain_reason, plain_text


@dataclass(frozen=True, slots=True)
class Override:
    """What somebody decided in place of the guard: reason code -> why. Empty: nothing."""

    by: str = ""
    why: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def as_json(self) -> dict[str, str]:
        """What the audit trail keeps of it, beside who it was."""
        return dict(self.why)


def check_override(channel: Channel, by: str | None, why: Mapping[str, str] | None) -> Override:
    """Checks what somebody wants to wave through on a channel.

    Raises WrongUsage for a reason code that policy lets nobody override there, for somebody whom it does not name, and
    where no reason is given.
    """
    if not why:
        return Override()
    who = (by or "").strip()
    where = f"[channels.{channel.name}.override]"
    why = {plain_text(code, "a code"): plain_text(reason, "a reason") for code, reason in list(why.items())}
    for code, reason in why.items():
        if code not in channel.override:
            may = ", ".join(channel.override) or "none"
            raise WrongUsage(f"{code!r} can be overridden by nobody on channel {channel.name} ({where}); {may} can be")
        if not reason.strip():
            raise WrongUsage(f"an override of {code} needs a reason: --override {code}=REASON")
        plain_reason(reason, f"--override {code}")
        if not who:
            raise WrongUsage(f"an override of {code} needs the name of whoever decides: --by NAME")
        if who.casefold() not in {name.strip().casefold() for name in channel.override[code]}:
            raise WrongUsage(f"{who} may not override {code} on channel {channel.name}; policy names who may: {where}")
    return Override(who, MappingProxyType(dict(why)))
