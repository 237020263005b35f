"""Where a hook looks up what was released: in the audit trail or, without a register, in the school's signed list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.ledger import RELEASED, REVOKED, revoked_at, rows_about
from consentguard.consent.record.release_status import why_fallen
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.values import Finding

if TYPE_CHECKING:
    from consentguard.consent.record.exchange import ReleasedHashes


class Releases(Protocol):
    """What was released for one channel."""

    def look_up(self, sha256: str) -> tuple[bool, Finding | None]:
        """Whether bytes of that SHA-256 are a release that still stands, and if not, why the latest one fell."""


@dataclass(frozen=True, slots=True)
class RecordedReleases:
    """Those of the audit trail, other machines' that were imported among them."""

    register: Register
    policy: Policy
    state: State
    channel: str
    today: date

    def look_up(self, sha256: str) -> tuple[bool, Finding | None]:
        first = None
        rows = rows_about(self.state, sha256)
        taken_back = [row for row in rows if row.kind == REVOKED]
        for row in rows:
            if row.kind != RELEASED:
                continue
            body = row.body
            fallen = why_fallen(
                self.register,
                self.policy,
                made_for=body["channel"],
                mode=body["mode"],
                policy_sha256=body["policy"],
                people=body["people"],
                custom_parts=body["custom_parts"],
                channel=self.channel,
                on=self.today,
                revoked=revoked_at(row, taken_back),
            )
            if fallen is None:
                return True, None
            if first is None or (first.rule == "other-channel" and body["channel"] == self.channel):
                first = Finding(fallen[0], "file", fallen[1])  # why the one for this channel fell says most
        return False, first


@dataclass(frozen=True, slots=True)
class ListedReleases:
    """Those of a list that `consentguard ledger export --public` wrote."""

    hashes: ReleasedHashes
    channel: str

    def look_up(self, sha256: str) -> tuple[bool, Finding | None]:
        return self.hashes.allows(sha256, self.channel), None
