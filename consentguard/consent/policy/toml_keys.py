"""Reads one TOML table key by key: what is wrong is collected, not raised, and what nobody asked for is wrong too.

A rule of the policy is a frozen dataclass with a classmethod `read(keys)` that takes its keys out of a `Keys`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

from consentguard.errors import Problem

MAX_BYTES: Final = 1_000_000
"""Of a TOML file; the shipped policy is a hundredth of that."""
_DEEP_KEY: Final = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""")
_MISSING: Final = object()


def read_toml(data: bytes) -> dict[str, Any]:
    """The table of a TOML file. Raises ValueError with the reason, whatever is wrong with it."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is over {MAX_BYTES // 1_000_000} MB")
    text = data.decode("utf-8")
    if _DEEP_KEY.search(text):  # which tomllib would take hours for
        raise ValueError("a key has over 50 parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("its values are nested too deep") from error


class Keys:
    """One table of a file on its way to values. Each method takes one key out and answers with a valid value always.

    After the last key was taken `finish` says everything that was wrong with this table and those inside it; a value
    that a method made up for a bad key never counts, because then nothing is loaded.
    """

    def __init__(self, table: Mapping[str, Any], path: str = "") -> None:
        self._left = dict(table)
        self._path = path
        self._inside: list[Keys] = []
        self._problems: list[Problem] = []

    def wrong(self, key: str, message: str) -> None:
        """Notes that a key of this table is wrong."""
        self._problems.append(Problem(None, f"{self._path}{key}", message))

    def has(self, key: str) -> bool:
        """Whether a key is there and was not taken yet."""
        return key in self._left

    def has_table(self, key: str) -> bool:
        """Whether a key is a table that was not taken yet."""
        return isinstance(self._left.get(key), dict)

    def names(self) -> tuple[str, ...]:
        """The keys that were not taken yet, for a table whose keys are names of the school's own."""
        return tuple(self._left)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default the key must be there."""
        value = self._left.pop(key, default)
        if not isinstance(value, str):
            self.wrong(key, "is missing" if value is None else "must be a text in quotes")
            return ""
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str = "") -> str:
        """One of the texts in `choices`."""
        value = self.text(key, default)
        if value not in choices:
            self.wrong(key, f"must be one of {', '.join(choices)}")
        return value

    def choices(self, key: str, choices: tuple[str, ...], default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Any of the texts in `choices`, each once; without a default the key must be there."""
        value = self._left.pop(key, None if default is None else list(default))
        if not isinstance(value, list) or any(item not in choices for item in value):
            self.wrong(key, f"must be a list of {', '.join(choices)}")
            return ()
        return tuple(dict.fromkeys(value))

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts."""
        value = self._left.pop(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, "must be a list of texts")
            return ()
        return tuple(value)

    def one_or_more(self, key: str) -> tuple[str, ...]:
        """A text, or a list of some."""
        value = self._left.pop(key, None)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(isinstance(item, str) for item in listed):
            self.wrong(key, "must be a text, or a list of texts")
            return ()
        return tuple(listed)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            self.wrong(key, "must be true or false")
            return default
        return value

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number, low <= value <= high."""
        value = self._left.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.wrong(key, f"must be a whole number from {low} to {high}")
            return default
        return value

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """A number, low <= value <= high."""
        value = self._left.pop(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            self.wrong(key, f"must be a number from {low:g} to {high:g}")
            return default
        return float(value)

    def day(self, key: str) -> date | None:
        """A day such as 2026-09-01 (no quotes), or None where the key is left out."""
        value = self._left.pop(key, _MISSING)
        if value is _MISSING:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.wrong(key, "must be a day like 2026-09-01, without quotes")
            return None
        return value

    def time(self, key: str, default: time) -> time:
        """A time of day such as 07:00:00 (no quotes)."""
        value = self._left.pop(key, default)
        if not isinstance(value, time):
            self.wrong(key, "must be a time like 07:00:00, without quotes")
            return default
        return value

    def colour(self, key: str, default: str) -> tuple[int, int, int]:
        """Red, green and blue, 0..255 each, from a text like #808080."""
        value = self.text(key, default)
        digits = value.removeprefix("#")
        if len(value) != len("#rrggbb") or len(digits) != 6 or any(d not in "0123456789abcdefABCDEF" for d in digits):
            self.wrong(key, "must be a colour like #808080")
            return (128, 128, 128)
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))

    def table(self, key: str) -> Keys:
        """The table of that name; an empty one where it is left out, so that every default counts."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            self.wrong(key, "must be a table")
            value = {}
        return self._entered(value, key)

    def tables(self, key: str, *, needed: bool = True) -> dict[str, Keys]:
        """The tables under that name, by their own names; if `needed`, at least one."""
        value = self._left.pop(key, None if needed else {})
        if (
            not isinstance(value, dict)
            or (needed and not value)
            or not all(isinstance(item, dict) for item in value.values())
        ):
            self.wrong(key, f"needs at least one table like [{self._path}{key}.name]")
            return {}
        return {name: self._entered(table, f"{key}.{name}") for name, table in value.items()}

    def finish(self) -> list[Problem]:
        """Everything wrong in this table and those taken out of it, with every key that nobody asked for."""
        unknown = [Problem(None, f"{self._path}{key}", "unknown key") for key in self._left]
        return self._problems + unknown + [problem for inner in self._inside for problem in inner.finish()]

    def _entered(self, table: Mapping[str, Any], path: str) -> Keys:
        inner = Keys(table, f"{self._path}{path}.")
        self._inside.append(inner)
        return inner
