"""The school's clock: days and hours of the register and the policy are meant in the time zone that policy names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from consentguard.consent.policy.rules.hours import ANY_TIME, DAYS, EXCEPTIONS
from consentguard.errors import WrongUsage
from consentguard.values import Finding
from consentguard.values.plain import plain_reason, plain_text

if TYPE_CHECKING:
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.policy.rules.channels import Channel


def now(zone: tzinfo) -> datetime:
    """The real time: in the school's zone where its day or hour is asked for, in UTC where it is only kept."""
    return datetime.now(zone)


def school_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment on the clock of the policy's zone. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as datetime.now(timezone.utc)")
    return moment.astimezone(zone)


def school_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day in the policy's zone of a moment. Raises ValueError for a time without a zone."""
    return school_time(moment, zone).date()


def today(zone: ZoneInfo) -> date:
    """The calendar day in the policy's zone, now."""
    return now(zone).date()


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why something may be posted outside the hours, and who answers for it.

    Attributes:
        kind: `event` (a football match, a residential, a performance), `urgent` (news such as a closure) or `trip`.
        what: the event's name, the urgent reason, or the trip's name.
        by: the accountable person; for a trip the senior teacher whom the policy names.
        first, last: a trip's days, both included; None for the others.

    Raises WrongUsage where a name is missing.
    """

    kind: str
    what: str
    by: str
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in EXCEPTIONS:
            raise WrongUsage(f"{self.kind!r} is no exception from the hours; choose one of {', '.join(EXCEPTIONS)}")
        plain_reason(self.what, f"--{self.kind}")
        if not self.by.strip():
            raise WrongUsage(f"--{self.kind} needs the accountable person: --by NAME")

    def covers(self, day: date) -> bool:
        """Whether the occasion holds on a school day: a trip from its first to its last, the others always."""
        return self.first is None or self.last is None or self.first <= day <= self.last

    def as_json(self) -> dict[str, str]:
        """What the audit trail keeps of it."""
        return {"kind": self.kind, "what": self.what, "by": self.by}


def occasion(
    policy: Policy,
    *,
    event: str | None = None,
    urgent: str | None = None,
    trip: str | None = None,
    by: str | None = None,
) -> Occasion | None:
    """The occasion that options name, None where they name none.

    Raises WrongUsage for more than one, for one without its accountable person, for a trip that the policy does not
    know, and for a trip by somebody else than its teacher.
    """
    said = (("event", event), ("urgent", urgent), ("trip", trip))
    named = {kind: plain_text(text, f"--{kind}") for kind, text in said if text is not None}
    if not named:
        return None
    if len(named) > 1:
        raise WrongUsage(f"name one occasion, not {' and '.join(f'--{kind}' for kind in named)}")
    ((kind, text),) = named.items()
    if kind != "trip":
        return Occasion(kind, text, by or "")
    known = policy.trip(text)
    if (by or "").strip().casefold() != known.teacher.strip().casefold():
        raise WrongUsage(f"trip {text!r} is run by {known.teacher}: --by must name that teacher")
    return Occasion(kind, text, known.teacher, known.first, known.last)


def judge_hours(
    policy: Policy, channel: Channel, moment: datetime, occasion: Occasion | None = None
) -> tuple[Finding, ...]:
    """What is wrong with posting on a channel at a moment: the day, the hour, both, or nothing (an empty tuple).

    The hours bind posting: an exit point refuses with the reason `not-now` and these findings. `check` and `release`
    only report them. An occasion of a kind that the hours except, and that holds on the day, permits both. The clock is
    the school's (policy's time_zone, summer time included): a channel opens at `from` and is closed at `until`. A bank
    holiday is the day of the week that it is.

    Raises ValueError for a moment without a zone.
    """
    hours, local = policy.hours_of(channel), school_time(moment, policy.zone)
    if hours == ANY_TIME:
        return ()
    if occasion is not None and occasion.kind in hours.exceptions and occasion.covers(local.date()):
        return ()
    findings = []
    day = DAYS[local.weekday()]
    if day not in hours.days:
        names = ", ".join(name.capitalize() for name in hours.days)
        allowed = f"on {names} only" if names else "on no day"
        findings.append(Finding("outside-days", channel.name, f"{day.capitalize()}: this channel posts {allowed}"))
    if not hours.opens <= local.time() < hours.closes:
        span = f"between {hours.opens:%H:%M} and {hours.closes:%H:%M} school time"
        findings.append(Finding("outside-hours", channel.name, f"{local:%H:%M} is not {span}"))
    return tuple(policy.sentences.quoted(finding) for finding in findings)
