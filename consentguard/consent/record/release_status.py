"""Does a release still stand? Releases outlive the moment they were made in: consents go, policies change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from consentguard.consent.policy.deciding import stands_under
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.values import Mode, Standing


def why_fallen(
    register: Register,
    policy: Policy,
    *,
    made_for: str,
    mode: str,
    policy_sha256: str,
    people: Sequence[str],
    custom_parts: Sequence[str],
    channel: str | None,
    on: date,
    revoked: str = "",
) -> tuple[str, str] | None:
    """Why a release must not go any longer, as reason code and sentence; None if it still stands. Pure.

    Args:
        register, policy: what holds now.
        made_for, mode, policy_sha256, people, custom_parts: what it rests on; see `Grounds`.
        channel: where it shall go now; None for an exit point that does not know.
        on: the school's calendar day.
        revoked: when it was taken back, "" where it was not.
    """
    if revoked:
        return "revoked", f"taken back at {revoked}; `consentguard audit show` says by whom and why."
    foreign = [part for part in custom_parts if part not in policy.custom_parts]
    if foreign:
        return "custom-part", f"made by a guard with its own {', '.join(foreign)}; policy names no such part."
    if channel is not None and channel != made_for:
        return "other-channel", f"released for channel {made_for}, not for {channel}; release the photo again."
    if not stands_under(policy, policy_sha256) or mode not in policy.modes:
        return "policy-changed", "released under another policy than today's; release the photo again."
    scope, matched = policy.channel(made_for).scope, mode == Mode.MATCHED.value
    gone = [person for person in people if not _still_shown(register, person, scope, on, matched=matched)]
    if gone:
        unknown = ", ".join(person for person in gone if register.get(person) is None)
        missing = f" ({unknown}: not in the register {register.file})" if unknown else ""
        return "consent-gone", f"consent has gone since for {', '.join(gone)}{missing}; release the photo again."
    return None


def _still_shown(register: Register, person: str, scope: str, on: date, *, matched: bool) -> bool:
    row = register.get(person)
    if row is None or row.standing(scope, on) is not Standing.CONSENTED:
        return False
    recognised = row.biometric_standing(on) is Standing.CONSENTED and not row.sibling_group
    return recognised or not matched
