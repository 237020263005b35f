"""[hours] and [trips.*]: when may be posted, and which school trips are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Final

from consentguard.consent.policy.toml_keys import Keys

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXCEPTIONS: Final = ("event", "urgent", "trip")


@dataclass(frozen=True, slots=True)
class Hours:
    """When may be posted, in school time: on `days` from `opens` on until just before `closes`.

    `exceptions` are the kinds of occasion (see `consent/hours.py`) for which other times are allowed too.
    """

    days: tuple[str, ...] = DAYS[:5]
    opens: time = time(7)
    closes: time = time(19)
    exceptions: tuple[str, ...] = EXCEPTIONS

    @classmethod
    def read(cls, keys: Keys) -> Hours:
        usual = cls()
        hours = cls(
            days=keys.choices("days", DAYS, usual.days),
            opens=keys.time("from", usual.opens),
            closes=keys.time("until", usual.closes),
            exceptions=keys.choices("exceptions", EXCEPTIONS, usual.exceptions),
        )
        if hours.closes <= hours.opens:
            keys.wrong("until", "is not later than `from`")
        return hours


ANY_TIME: Final = Hours(DAYS, time.min, time.max, ())
"""What a channel that may post at any time has."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A school trip: its days, both included, and the senior teacher who runs the account on it."""

    name: str
    first: date
    last: date
    teacher: str

    @classmethod
    def read(cls, name: str, keys: Keys) -> Trip:
        first, last, teacher = keys.day("from"), keys.day("until"), keys.text("teacher")
        for key, day in (("from", first), ("until", last)):
            if day is None:
                keys.wrong(key, "a trip needs its first and its last day, like 2026-06-01")
        if first and last and last < first:
            keys.wrong("until", "is before `from`")
        if not teacher.strip():
            keys.wrong("teacher", "a trip needs the senior teacher who runs the account")
        return cls(name, first or date.min, last or date.min, teacher)
