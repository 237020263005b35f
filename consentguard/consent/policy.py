"""The school's policy as values: read from TOML, checked key by key, the shipped one being SCH 026."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from consentguard.consent.register import SCOPES
from consentguard.errors import PolicyInvalid, Problem, WrongUsage
from consentguard.values import Mode, canonical

REMAINS: Final = ("hands", "back_of_head", "body")
_NEXT_STEP = "Mend these keys and run `consentguard policy check` again; the shipped policy explains each in a comment."
_SHIPPED: Final = "sch026.toml"


@dataclass(frozen=True, slots=True)
class Channel:
    """One place to publish: the consent scope it needs, and the account it belongs to."""

    name: str
    scope: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class PictureRules:
    """Sizes in pixels of the published picture; `paint` is RGB, 0..255 each."""

    max_edge: int = 2048
    max_megapixels: int = 80
    smallest_face: int = 20
    detector: str = "centerface"
    paint: tuple[int, int, int] = (128, 128, 128)
    jpeg_quality: int = 90


@dataclass(frozen=True, slots=True)
class Policy:
    """What the school decided, key by key as the shipped file explains; `sha256` is the digest of its file."""

    name: str
    on_unapproved: str
    remain: frozenset[str]
    on_no_face: str
    modes: tuple[Mode, ...]
    dpia: str
    custom_parts: frozenset[str]
    embedder: str
    picture: PictureRules
    channels: Mapping[str, Channel]
    default_channel: str
    sha256: str
    file: str

    @property
    def digest(self) -> str:
        """SHA-256 over every decision, so that two policies that decide otherwise never share one. Hex."""
        decisions = {**asdict(replace(self, channels={})), "file": None, "remain": sorted(self.remain)}
        decisions |= {
            "custom_parts": sorted(self.custom_parts),
            "channels": {n: asdict(c) for n, c in self.channels.items()},
        }
        return hashlib.sha256(canonical(decisions)).hexdigest()

    @classmethod
    def shipped(cls) -> Policy:
        """SCH 026 as it comes with the library."""
        data = resources.files("consentguard.consent").joinpath("policies", _SHIPPED).read_bytes()
        return cls.parse(data, f"the shipped {_SHIPPED}")

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Reads a policy file. Raises PolicyInvalid with everything that is wrong with it."""
        try:
            data = path.read_bytes()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise PolicyInvalid(
                str(path), [Problem(None, "", f"the file cannot be read ({why})")], "Name it with --policy FILE."
            ) from error
        return cls.parse(data, str(path))

    @classmethod
    def parse(cls, data: bytes, file: str) -> Policy:
        """Reads the bytes of a policy; `file` is what errors call it. Raises PolicyInvalid as `load` does."""
        try:
            table = tomllib.loads(data.decode("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise PolicyInvalid(file, [Problem(None, "", f"not a TOML file ({error})")], _NEXT_STEP) from error
        keys = _Keys(table, "")
        policy = _policy(keys, hashlib.sha256(data).hexdigest(), file)
        problems = keys.finish()
        if problems:
            raise PolicyInvalid(file, problems, _NEXT_STEP)
        return policy

    def channel(self, name: str | None) -> Channel:
        """The channel of that name, or the default one for None. Raises WrongUsage with the choices."""
        wanted = self.default_channel if name is None else name
        if wanted not in self.channels:
            raise WrongUsage(f"channel {wanted!r} is not in the policy; choose one of {', '.join(self.channels)}")
        return self.channels[wanted]

    def mode(self, name: str | None) -> Mode:
        """The mode of that name, `off` for None. Raises WrongUsage with the choices where policy does not allow it."""
        wanted = Mode.OFF.value if name is None else name
        allowed = [mode.value for mode in self.modes]
        if wanted not in allowed:
            known = wanted in Mode._value2member_map_
            why = "is not allowed by the policy" if known else "does not exist"
            raise WrongUsage(f"mode {wanted!r} {why}; choose one of {', '.join(allowed)}")
        return Mode(wanted)


class _Keys:
    """One table of the file on its way to values: takes keys out one by one and reports what is left or wrong."""

    def __init__(self, table: Mapping[str, Any], path: str) -> None:
        self._left = dict(table)
        self._path = path
        self.problems: list[Problem] = []

    def _wrong(self, key: str, message: str) -> None:
        self.problems.append(Problem(None, f"{self._path}{key}", message))

    def text(self, key: str, default: str | None = None) -> str:
        value = self._left.pop(key, default)
        if not isinstance(value, str):
            self._wrong(key, "is missing" if value is None else "must be a text in quotes")
            return ""
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.text(key, "")
        if value not in choices:
            self._wrong(key, f"must be one of {', '.join(choices)}")
        return value

    def choices(self, key: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        value = self._left.pop(key, None)
        if not isinstance(value, list) or any(item not in choices for item in value):
            self._wrong(key, f"must be a list of {', '.join(choices)}")
            return ()
        return tuple(dict.fromkeys(value))

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._wrong(key, "must be a list of texts")
            return ()
        return tuple(value)

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        value = self._left.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self._wrong(key, f"must be a whole number from {low} to {high}")
            return default
        return value

    def colour(self, key: str, default: str) -> tuple[int, int, int]:
        value = self.text(key, default)
        digits = value.removeprefix("#")
        if len(value) != len("#rrggbb") or len(digits) != 6 or any(d not in "0123456789abcdefABCDEF" for d in digits):
            self._wrong(key, "must be a colour like #808080")
            return (128, 128, 128)
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))

    def tables(self, key: str) -> dict[str, _Keys]:
        value = self._left.pop(key, None)
        if not isinstance(value, dict) or not value or not all(isinstance(item, dict) for item in value.values()):
            self._wrong(key, f"needs at least one table like [{self._path}{key}.name]")
            return {}
        return {name: _Keys(table, f"{self._path}{key}.{name}.") for name, table in value.items()}

    def table(self, key: str) -> _Keys:
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            self._wrong(key, "must be a table")
            value = {}
        return _Keys(value, f"{self._path}{key}.")

    def finish(self) -> list[Problem]:
        """All problems so far, with every key that nobody asked for."""
        unknown = [Problem(None, f"{self._path}{key}", "unknown key") for key in self._left]
        return self.problems + unknown


def _policy(keys: _Keys, digest: str, file: str) -> Policy:
    keys.whole("schema", 1, 1, 0)
    picture, recognition, channels = keys.table("picture"), keys.table("recognition"), keys.tables("channels")
    paint = picture.colour("paint", "#808080")
    policy = Policy(
        name=keys.text("name"),
        on_unapproved=keys.choice("on_unapproved", ("rewrite", "block")),
        remain=frozenset(keys.choices("remain", REMAINS)),
        on_no_face=keys.choice("on_no_face", ("release", "refuse")),
        modes=tuple(Mode(mode) for mode in keys.choices("modes", tuple(Mode))),
        dpia=keys.text("dpia", ""),
        custom_parts=frozenset(keys.texts("custom_parts")),
        embedder=recognition.text("embedder", "dlib_resnet"),
        picture=PictureRules(
            max_edge=picture.whole("max_edge", 64, 16384, 2048),
            max_megapixels=picture.whole("max_megapixels", 1, 170, 80),
            smallest_face=picture.whole("smallest_face", 12, 300, 20),
            detector=picture.text("detector", "centerface"),
            paint=paint,
            jpeg_quality=picture.whole("jpeg_quality", 50, 100, 90),
        ),
        channels=MappingProxyType(
            {
                name: Channel(name, channel.choice("scope", SCOPES), channel.text("account", ""))
                for name, channel in channels.items()
            }
        ),
        default_channel=keys.text("default_channel"),
        sha256=digest,
        file=file,
    )
    for table in (picture, recognition, *channels.values()):
        keys.problems += table.finish()
    if channels and policy.default_channel not in channels:
        keys.problems.append(Problem(None, "default_channel", f"{policy.default_channel!r} is not under [channels]"))
    if not policy.modes:
        keys.problems.append(Problem(None, "modes", "at least one mode must be allowed"))
    if Mode.MATCHED in policy.modes and not policy.dpia.strip():
        keys.problems.append(
            Problem(None, "dpia", "mode matched needs the reference of the school's data protection impact assessment")
        )
    return policy
