"""What every exit point asks of a release before its bytes go out."""

from __future__ import annotations

from dataclasses import replace

from consentguard.consent.clock import school_day
from consentguard.consent.record.ledger import REVOKED, Row, revoked_at, rows_about
from consentguard.consent.record.release_status import why_fallen
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, Refused
from consentguard.guard.setup import Setup
from consentguard.values import Outcome, Released, own_copy, sealed_statement


def admitted(setup: Setup, state: State, register: Register, released: Released, channel: str) -> Released:
    """The release in an object of its own, once it is proved ours, unchanged, recorded and still standing.

    Args:
        setup: under whose policy it has to stand.
        state: what sealed and recorded it.
        register: what holds now.
        released: what somebody holds; its bytes may change under our eyes.
        channel: where the exit point publishes.

    Raises AuditFailed for a release that is not this state's or not recorded, and Refused for one that was made with
    injected parts, under a policy that decides otherwise or for another channel, was taken back, or rests on a consent
    that has gone.
    """
    try:
        own = own_copy(released)
        digest, grounds, verdict = own.sha256, own.grounds, own.verdict
        genuine = state.seal_holds(sealed_statement(digest, verdict, grounds), own.seal)
    except (AttributeError, TypeError) as error:
        raise AuditFailed(
            "this is no release, or was changed; make one with Guard.release() from the photo."
        ) from error
    entry = state.audit.entry(grounds.audit_seq) if genuine else None
    if entry is None or entry.kind != "released" or entry.body["sha256"] != digest:
        raise AuditFailed("this release was not made and recorded here, or was changed; release the photo again.")
    taken_back = [row for row in rows_about(state, digest) if row.kind == REVOKED]
    fallen = why_fallen(
        register,
        setup.policy,
        made_for=grounds.channel,
        mode=grounds.mode,
        policy_sha256=grounds.policy_sha256,
        people=grounds.people,
        custom_parts=grounds.custom_parts,
        channel=channel,
        on=school_day(setup.clock(), setup.policy.zone),
        revoked=revoked_at(Row(entry.seq, entry.at, entry.kind, entry.body), taken_back),
    )
    if fallen:
        code, why = fallen
        # Whoever catches the refusal reads its verdict, which must not say "released" any longer.
        withheld = replace(verdict, outcome=Outcome.REFUSED, publishable_as_is=False, sha256=None, reasons=(code,))
        raise Refused(why, withheld)
    return own
