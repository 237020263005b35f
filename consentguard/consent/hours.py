"""The school's clock: days and hours of the register and the policy are meant in Europe/London."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")


def now() -> datetime:
    """The real time, with the school's offset."""
    return datetime.now(LONDON)


def school_day(moment: datetime) -> date:
    """The school's calendar day of a moment. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as datetime.now(timezone.utc)")
    return moment.astimezone(LONDON).date()
