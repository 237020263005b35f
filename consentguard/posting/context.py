"""Who posts where and when, what excepts it from the hours, and whether policy lets that person post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from consentguard.consent.clock import Occasion, judge_hours, occasion
from consentguard.consent.policy.overriding import Override, check_override
from consentguard.consent.policy.rules.channels import Channel
from consentguard.errors import WrongUsage
from consentguard.guard.guard import Guard
from consentguard.values import Finding
from consentguard.values.plain import plain_name, plain_text


class HoursException(TypedDict, total=False):
    """What may except a post from the hours, or from rules about words; every key may be left out.

    Keys:
        event, urgent, trip: one of them: a match or performance, urgent news, a trip of the policy.
        override: reason code -> why, from somebody whom the channel's policy lets override it.
    """

    event: str | None
    urgent: str | None
    trip: str | None
    override: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class PostingContext:
    """Who posts where and when.

    Attributes:
        channel: where.
        by: who posts.
        moments: when: by the clock here and, where it is known, by the network's. The hours must hold by both.
        occasion: event, urgent news or trip, if it is one.
        override: what of policy's hours and rules about words shall not bind this once, and why.
    """

    channel: Channel
    by: str
    moments: tuple[datetime, ...]
    occasion: Occasion | None = None
    override: Override = field(default_factory=Override)

    @property
    def moment(self) -> datetime:
        """The network's time where it is known."""
        return self.moments[-1]

    def outside_hours(self, guard: Guard) -> tuple[Finding, ...]:
        """What speaks against the hour; nothing where policy lets this channel post now."""
        found = (judge_hours(guard.policy, self.channel, moment, self.occasion) for moment in self.moments)
        return tuple(dict.fromkeys(finding for each in found for finding in each))

    def as_json(self) -> dict[str, object]:
        """What the audit trail keeps of it."""
        return {
            "channel": self.channel.name,
            "holder": self.channel.holder,
            "by": self.by,
            "occasion": self.occasion.as_json() if self.occasion else None,
            "override": self.override.as_json(),
        }


@dataclass(frozen=True, slots=True)
class PostingRequest:
    """What somebody asks of a poster, in plain texts; judged anew each time with the guard and the time of then."""

    channel: str
    by: str
    exception: HoursException

    @classmethod
    def of(cls, channel: object, by: object, exception: Mapping[str, object]) -> PostingRequest:
        """Copies what is asked. Raises WrongUsage for what is not text."""
        said: HoursException = {}
        for key, value in exception.items():
            if value is None:
                continue
            if key == "override":
                if not isinstance(value, Mapping):
                    raise WrongUsage("override must map a reason code to why")
                pairs = list(value.items())
                said["override"] = {plain_text(code, "a code"): plain_text(why, "a reason") for code, why in pairs}
            elif key in ("event", "urgent", "trip"):
                said[key] = plain_text(value, key)  # type: ignore[literal-required]
            else:
                raise WrongUsage(f"{key!r} excepts nothing from the hours; choose event, urgent, trip or override")
        return cls(plain_text(channel, "channel"), plain_name(by, "by"), said)

    def context(self, guard: Guard, *moments: datetime) -> PostingContext:
        """The context at these moments. Raises WrongUsage for what policy does not know or allow."""
        rule = guard.policy.channel(self.channel)
        check_may_post(rule, self.by)
        said = self.exception
        reasons = (said.get("event"), said.get("urgent"), *(said.get("override") or {}).values())
        guard.words.check_recorded(names=(self.by,), reasons=reasons)
        asked = {**self.exception}
        override = check_override(rule, self.by, asked.pop("override", None))  # type: ignore[arg-type]
        return PostingContext(rule, self.by, moments, occasion(guard.policy, **asked, by=self.by), override)  # type: ignore[arg-type]


def check_may_post(rule: Channel, by: str) -> None:
    """Raises WrongUsage where policy lists who may post on a channel, and this is somebody else."""
    if rule.may_post and by.casefold() not in {name.strip().casefold() for name in rule.may_post}:
        raise WrongUsage(
            f"{by} may not post on channel {rule.name}; policy lists who may: may_post of [channels.{rule.name}]"
        )
