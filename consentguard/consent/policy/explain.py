"""A policy read back key by key: what it says, what SCH 026 says, and the sentence it comes from.

The reasons are the comments of the shipped file, so they cannot drift from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from consentguard.consent.policy import layers
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.toml_keys import read_toml

_KEY: Final = re.compile(r"(\w+)\s*=.*?(?:\s#\s+(.*))?")
_TABLE: Final = re.compile(r"\[([\w.]+)\]")
_LEFT_OUT: Final = object()


@dataclass(frozen=True, slots=True)
class Explained:
    """One key of a policy.

    Attributes:
        key: its path, such as `hours.from`.
        value: what it is, as written; `left out` where the file does not have it, and the program's default counts.
        shipped: what SCH 026 as shipped has, where that is something else; else empty.
        why: the sentence of the policy, and what the key means; empty for names of the school's own.
    """

    key: str
    value: str
    shipped: str
    why: str

    def __str__(self) -> str:
        other = f"    (SCH 026 as shipped: {self.shipped})" if self.shipped else ""
        return f"{self.key} = {self.value}{other}" + (f"\n    {self.why}" if self.why else "")


def explain(data: bytes, file: str) -> tuple[Explained, ...]:
    """Every key of a policy file, in the order of the shipped one. Raises PolicyInvalid as `Policy.parse` does."""
    Policy.parse(data, file)
    table = read_toml(data)
    if layers.is_layered(table):
        table = layers.merged(table, Policy.shipped_bytes(), file)
    theirs = dict(_flat(table))
    text = Policy.shipped_bytes().decode("utf-8")
    ours = dict(_flat(read_toml(Policy.shipped_bytes())))
    reasons = _reasons(text)
    # Channels and trips are the school's own names: one of the shipped that it does not have is nothing left out.
    keys = [key for key in ours if key in theirs or key.partition(".")[0] not in ("channels", "trips")]
    keys += [key for key in theirs if key not in ours]
    return tuple(
        Explained(
            key,
            _written(theirs.get(key, _LEFT_OUT)),
            "" if key not in ours or theirs.get(key, _LEFT_OUT) == ours[key] else _written(ours[key]),
            next((reasons[place] for place in _places(key) if place in reasons), ""),
        )
        for key in keys
    )


def _flat(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _places(key: str) -> Iterator[str]:
    """A key, then the tables it lies in from the inside out: where a reason for it may stand."""
    while key:
        yield key
        key = key.rpartition(".")[0]


def _written(value: Any) -> str:
    if value is _LEFT_OUT:
        return "left out"
    return value.isoformat() if isinstance(value, date | time) else json.dumps(value, ensure_ascii=False)


def _reasons(text: str) -> dict[str, str]:
    """The comments of a policy file by the key or table they stand before or beside.

    A comment holds for all that follows it without a blank line between; a table that it names is explained by it too.
    """
    reasons: dict[str, str] = {}
    block: list[str] = []
    table, fresh = "", True
    for line in text.splitlines():
        if line.startswith("#"):
            block = [*(() if fresh else block), line.removeprefix("#").strip()]
            fresh = False
            for named in re.findall(r"\[(\w+)\.", line):
                reasons.setdefault(named, "")
                reasons[named] = " ".join(block)
            continue
        fresh = True
        if not line:
            block = []
        elif header := _TABLE.fullmatch(line):
            table = f"{header[1]}."
            if block:
                reasons[header[1]] = " ".join(block)
        elif key := _KEY.fullmatch(line):
            reasons[f"{table}{key[1]}"] = key[2] or " ".join(block)
    return {key: why for key, why in reasons.items() if why}
