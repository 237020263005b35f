"""What one photo leaves in the audit trail, and the seal of what is handed over. Nothing is, before it is recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from consentguard.consent.codes import reason_of, refusal
from consentguard.consent.question import Question
from consentguard.consent.record.ledger import RELEASED, REVOKED, rows_about
from consentguard.errors import CannotTell, Refused
from consentguard.guard.setup import Setup
from consentguard.values import Grounds, Outcome, Released, Verdict, make_released, sealed_statement
from consentguard.values.stopwatch import so_far, stage


@dataclass(frozen=True, slots=True)
class Recording:
    """One photo on its way into the record: ids, digests and names of those who answer, no pupil's name.

    Attributes:
        setup: under which papers, and where it is recorded.
        source: SHA-256 of the photo, hex.
        now: when it was asked for.
        custom_parts: parts of the guard that were injected.
    """

    setup: Setup
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
        self.setup.recorded.record(kind.value, {**self._circumstances(), **why}, self.now.isoformat(timespec="seconds"))

    def stop_if_taken_back(self, data: bytes, verdict: Verdict) -> None:
        """Raises Refused for bytes whose release a person took back, unless somebody answers for them by name."""
        rows = rows_about(self.setup.recorded, hashlib.sha256(data).hexdigest())
        last = next((row.kind for row in rows if row.kind in (RELEASED, REVOKED)), "")
        if last == REVOKED and not self.question.by.strip():
            withheld = replace(verdict, outcome=Outcome.REFUSED, publishable_as_is=False, reasons=("revoked",))
            raise Refused(refusal(verdict.photo, withheld), withheld)

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
            "consents": self.setup.register.evidence(people, self.question.channel.scope),
            "models": list(verdict.models),
            "tags": [
                {"box": face.box.as_list(), "says": face.tag, "added": face.added} for face in verdict.faces if face.tag
            ],
        }
        with stage("record"):
            seq = self.setup.recorded.record("released", row, self.now.isoformat(timespec="seconds"))
        finished = replace(verdict.finished(Outcome.RELEASED, digest), timings=so_far())
        grounds = Grounds(
            channel=self.question.channel.name,
            mode=self.question.mode.value,
            by=self.question.by,
            source_sha256=self.source,
            register_sha256=self.setup.register.sha256,
            policy_sha256=self.setup.policy.digest,
            models=verdict.models,
            people=people,
            custom_parts=self.custom_parts,
            released_at=self.now.isoformat(timespec="seconds"),
            audit_seq=seq,
        )
        seal = self.setup.recorded.seal(sealed_statement(digest, finished, grounds))
        return make_released(data=data, verdict=finished, grounds=grounds, seal=seal)

    def _circumstances(self) -> dict[str, object]:
        return {
            "source": self.source,
            **self.question.recorded(),
            "register": self.setup.register.sha256,
            "policy": self.setup.policy.digest,
            "policy_file": self.setup.policy.sha256,
            "custom_parts": list(self.custom_parts),
        }
