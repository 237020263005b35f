"""What one photo leaves in the audit trail, and the seal of what is handed over. Nothing is, before it is recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from consentguard.consent.codes import reason_of
from consentguard.consent.decide import Question
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, Refused
from consentguard.values import Grounds, Outcome, Released, Verdict, make_released, sealed_statement
from consentguard.values.stopwatch import so_far, stage


@dataclass(frozen=True, slots=True)
class Recording:
    """One photo on its way into the record: ids, digests and names of those who answer, no pupil's name.

    Attributes:
        source: SHA-256 of the photo, hex.
        now: when it was asked for.
        custom_parts: parts of the guard that were injected.
    """

    state: State
    register: Register
    policy: Policy
    question: Question
    source: str
    now: datetime
    custom_parts: tuple[str, ...]

    def failed(self, error: Refused | CannotTell) -> None:
        """Records that nothing may leave, and why. Raises AuditFailed."""
        if isinstance(error, Refused):
            kind, why = Outcome.REFUSED, {"reasons": list(error.verdict.reasons), "models": list(error.verdict.models)}
        else:
            kind, why = Outcome.CANNOT_TELL, {"reasons": [reason_of(error)], "models": []}
        self.state.record(kind.value, {**self._circumstances(), **why}, self.now.isoformat(timespec="seconds"))

    def sealed(self, data: bytes, verdict: Verdict, people: tuple[str, ...]) -> Released:
        """Records a release that rests on the consent of `people`, and seals it. Raises AuditFailed."""
        digest = hashlib.sha256(data).hexdigest()
        row = {
            **self._circumstances(),
            "sha256": digest,
            "rewrite": verdict.rewrite.value if verdict.rewrite else None,
            "fill": verdict.fill,
            "faces": len(verdict.faces),
            "hidden": verdict.hidden,
            "people": list(people),
            "consents": self.register.evidence(people, self.question.channel.scope),
            "models": list(verdict.models),
        }
        with stage("record"):
            seq = self.state.record("released", row, self.now.isoformat(timespec="seconds"))
        finished = replace(verdict.finished(Outcome.RELEASED, digest), timings=so_far())
        grounds = Grounds(
            channel=self.question.channel.name,
            mode=self.question.mode.value,
            source_sha256=self.source,
            register_sha256=self.register.sha256,
            policy_sha256=self.policy.digest,
            models=verdict.models,
            people=people,
            custom_parts=self.custom_parts,
            released_at=self.now.isoformat(timespec="seconds"),
            audit_seq=seq,
        )
        seal = self.state.seal(sealed_statement(digest, finished, grounds))
        return make_released(data=data, verdict=finished, grounds=grounds, seal=seal)

    def _circumstances(self) -> dict[str, object]:
        return {
            "source": self.source,
            "channel": self.question.channel.name,
            "account": self.question.channel.account,
            "mode": self.question.mode.value,
            "declared": list(self.question.declared),
            "by": self.question.by,
            "suitable_by": self.question.suitable_by,
            "override": self.question.override.as_json(),
            "occasion": self.question.occasion.as_json() if self.question.occasion else None,
            "register": self.register.sha256,
            "policy": self.policy.digest,
            "custom_parts": list(self.custom_parts),
        }
