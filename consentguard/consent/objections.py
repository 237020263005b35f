"""What speaks against a photo, and the one place where all of it, and what a person overrides, becomes a ruling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from consentguard.consent.policy.overriding import Override
from consentguard.values import Finding


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that a judge has to say of a photo or a text.

    Attributes:
        code: the reason (docs/codes.md) for which nothing may leave; "" where it only has to be known.
        finding: what a person should know of it, None where the reason says everything.
        decidable: a person can decide it otherwise, or supply what is missing.
    """

    code: str
    finding: Finding | None = None
    decidable: bool = False

    @classmethod
    def note(cls, finding: Finding) -> Objection:
        """What has to be known, and stops nothing."""
        return cls("", finding)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What all objections together come to.

    Attributes:
        refused: reasons for which nothing may leave, each once, in the order in which they were raised.
        needs_person: a person could still decide, or supply what is missing.
        findings: what a person should know, whether it stops anything or not.
    """

    refused: tuple[str, ...] = ()
    needs_person: bool = False
    findings: tuple[Finding, ...] = ()


def ruling(objections: Iterable[Objection], override: Override) -> Ruling:
    """What objections come to, less those that a person overrides. Pure.

    A person can decide only what a person can decide all of: one objection that nobody can, and nobody can.
    An overridden objection stays a finding.
    """
    raised = tuple(objections)
    standing = [one for one in raised if one.code and one.code not in override.why]
    return Ruling(
        refused=tuple(dict.fromkeys(one.code for one in standing)),
        needs_person=bool(standing) and all(one.decidable for one in standing),
        findings=tuple(one.finding for one in raised if one.finding is not None),
    )
