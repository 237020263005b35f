"""Time zones, from the package tzdata: those of the machine are whatever PYTHONTZPATH says."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = "Europe/London"
"""The zone of a policy that names none."""


@cache
def zone(name: str) -> ZoneInfo:
    """A time zone by its name, such as "Europe/London". Raises ValueError where there is none of this name."""
    if name not in _names():
        raise ValueError(f"{name!r} is no time zone such as {LONDON}")
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def _names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())
