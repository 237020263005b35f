"""A policy that says only what differs: laid over the shipped SCH 026, in the version that the school accepted.

A file with the key `base` is such a policy. Every other key replaces the shipped one, tables are merged key by key, and
`without` takes whole tables out. `base` names the shipped version by its digest. When an upgrade brings another version
the policy is refused until somebody has read what changed and accepted it. The version that was accepted lies beside
the policy, so that the difference can be shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from consentguard.consent.policy.toml_keys import read_toml
from consentguard.errors import PolicyInvalid, Problem

BASE: Final = "base"
WITHOUT: Final = "without"
NAME: Final = "sch026"
_BASE_FORM: Final = re.compile(rf"{NAME}@([0-9a-f]{{16}})")
_BASE_LINE: Final = re.compile(rf'(?m)^{BASE}\s*=\s*"{NAME}@[0-9a-f]{{16}}"')


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One key on which two versions of the shipped policy differ.

    Attributes:
        key: its path, such as `hours.from`.
        before, after: its value as written; None where that version has no such key.
        ours: what the school's own file says instead; None where the shipped value counts.
    """

    key: str
    before: str | None
    after: str | None
    ours: str | None

    def __str__(self) -> str:
        was, now = self.before or "not there", self.after or "not there"
        counts = f"; your policy says {self.ours}, which goes on to count" if self.ours is not None else ""
        return f"{self.key}: was {was}, is {now}{counts}"


def version_of(shipped: bytes) -> str:
    """The name of a shipped policy's version: its decisions, not its comments. Such as sch026@0123456789abcdef."""
    digest = hashlib.sha256("\n".join(f"{k}={v}" for k, v in sorted(flat(read_toml(shipped)).items())).encode())
    return f"{NAME}@{digest.hexdigest()[:16]}"


def is_layered(table: Mapping[str, Any]) -> bool:
    """Whether a policy says only what differs."""
    return BASE in table


def merged(table: Mapping[str, Any], shipped: bytes, file: str) -> dict[str, Any]:
    """The whole policy: the shipped one with a school's own keys over it.

    Raises PolicyInvalid where `base` is not the version that is shipped now, or `without` names no table.
    """
    base, current = table[BASE], version_of(shipped)
    if not isinstance(base, str) or not _BASE_FORM.fullmatch(base):
        problem = Problem(None, BASE, f"must be {current!r}, the version of the shipped policy that it lies on")
        raise PolicyInvalid(file, [problem], "Run `consentguard policy new` to make such a file.")
    if base != current:
        problem = Problem(None, BASE, f"it lies on {base}; this version of consentguard ships {current}")
        raise PolicyInvalid(
            file,
            [problem],
            f"Run `consentguard policy check {file}` to see what changed, then `consentguard policy accept {file}`. "
            "Nothing is released before that.",
        )
    own = {key: value for key, value in table.items() if key not in (BASE, WITHOUT)}
    whole = read_toml(shipped)
    left_out = table.get(WITHOUT, [])
    if not isinstance(left_out, list):
        raise PolicyInvalid(file, [Problem(None, WITHOUT, "must be a list of tables, such as channels.press")], _MEND)
    for path in left_out:
        _take_out(whole, path, file)
    return _over(whole, own)


_MEND: Final = "Mend this key and run `consentguard policy check` again."


def made(school: str, shipped: bytes, *, account: str = "", classes: tuple[str, ...] | None = None) -> str:
    """The text of a new policy for a school. `classes` replaces the shipped class channels where it is given."""
    text = read_toml(shipped)
    lines = [
        f"# The policy of {_comment(school)}. It says only what differs from SCH 026 as consentguard ships it.",
        "# `consentguard policy explain` prints every key with its reason; copy here what shall be another.",
        "",
        f'{BASE} = "{version_of(shipped)}"   # `consentguard policy accept` changes this after an upgrade',
        "schema = 1",
        f"name = {_quoted(school)}",
    ]
    shipped_classes = [name for name, channel in text["channels"].items() if "class" in channel]
    if classes is not None:
        lines.append(f"{WITHOUT} = {json.dumps([f'channels.{name}' for name in shipped_classes])}")
    lines += [
        "",
        "# Who signed it, when, and by when it must be reviewed.",
        '# approved_by = "the governing body"',
        "# approved_on = 2026-09-14",
        "# review_due = 2027-09-14",
        "",
        "# Words of the school's own that are nobody's surname, and whose credit on a photo is no surprise.",
        "[words]",
        f"allowed_phrases = [{_quoted(school)}]",
        f"own_credits = [{_quoted(school)}]",
        "",
        "[channels.main]",
        f"account = {_quoted(account)}",
    ]
    for name in classes or ():
        key = "class" + re.sub(r"[^a-z0-9]+", "", name.lower())
        lines += ["", f"[channels.{key}]", 'scope = "social_media"', f"class = {_quoted(name)}",
                  f"holder = {_quoted(f'the teacher of class {name}')}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def accepted(text: str, shipped: bytes) -> str:
    """The same file lying on the version that is shipped now. Raises ValueError where it has no line `base = ...`."""
    line = f'{BASE} = "{version_of(shipped)}"'
    done, count = _BASE_LINE.subn(line, text, count=1)
    if count != 1:
        raise ValueError(f"no line like {line}")
    return done


def base_file(policy: Path) -> Path:
    """Where the accepted version of the shipped policy lies, beside the school's own file."""
    return policy.with_name(f"{policy.stem}.base.toml")


def changes(before: bytes, after: bytes, own: Mapping[str, Any]) -> tuple[PolicyChange, ...]:
    """What differs between two versions of the shipped policy, key by key, and what a school's own file says of it."""
    old, new, ours = flat(read_toml(before)), flat(read_toml(after)), flat(own)
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return tuple(PolicyChange(key, old.get(key), new.get(key), ours.get(key)) for key in keys)


def flat(table: Mapping[str, Any]) -> dict[str, str]:
    """Every key of a TOML table by its path, with its value as written."""
    return dict(_flat(table, ""))


def _flat(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value.isoformat() if isinstance(value, date | time) else json.dumps(value)


def _take_out(whole: dict[str, Any], path: object, file: str) -> None:
    *tables, last = path.split(".") if isinstance(path, str) else ("",)
    place: Any = whole
    for name in tables:
        place = place.get(name, {}) if isinstance(place, dict) else {}
    if not isinstance(place, dict) or not isinstance(place.get(last), dict):
        raise PolicyInvalid(file, [Problem(None, WITHOUT, f"{path!r} is no table of the shipped policy")], _MEND)
    del place[last]


def _over(under: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; everything else, lists included, is replaced."""
    both = deepcopy(dict(under))
    for key, value in own.items():
        there = both.get(key)
        both[key] = _over(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return both


def _quoted(text: str) -> str:
    """A TOML basic string: quotation marks, backslashes and control characters are escaped."""
    plain = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(plain)}"'


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()
