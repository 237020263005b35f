"""The school's policy as values: read from TOML, checked key by key, the shipped one being SCH 026.

Each table of the file is a dataclass of `consent/rules/`; `_table` below makes one a part of the policy.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from consentguard.consent.codes import FINDINGS, REASONS
from consentguard.consent.policy import layers
from consentguard.consent.policy.deciding import deciding, everything
from consentguard.consent.policy.rules.channels import REMAINS, Channel
from consentguard.consent.policy.rules.content import ContentRules
from consentguard.consent.policy.rules.files import FileRules
from consentguard.consent.policy.rules.hook import HookRules
from consentguard.consent.policy.rules.hours import Hours, Trip
from consentguard.consent.policy.rules.picture import PictureRules, RecognitionRules
from consentguard.consent.policy.rules.posting import PostingRules
from consentguard.consent.policy.rules.retention import RetentionRules
from consentguard.consent.policy.rules.rewriting import RewriteRules
from consentguard.consent.policy.rules.sentences import Sentences
from consentguard.consent.policy.rules.words import WordRules
from consentguard.consent.policy.toml_keys import MAX_BYTES, Keys, read_toml
from consentguard.consent.zones import LONDON, zone
from consentguard.errors import PolicyInvalid, Problem, WrongUsage
from consentguard.files import read_bounded
from consentguard.values import Mode

_NEXT_STEP = "Mend these keys and run `consentguard policy check` again; the shipped policy explains each in a comment."
_SHIPPED: Final = "sch026.toml"
POLICY_FILE: Final = "policy.toml"
"""The school's own policy, where it lies in the state directory."""


class PolicyTable(Protocol):
    """A table of the policy: it takes its keys out and makes itself of them."""

    @classmethod
    def read(cls, keys: Keys) -> PolicyTable: ...


def _table(rules: type[PolicyTable]) -> Mapping[str, Any]:
    """Makes a field of `Policy` the table of its name in the file."""
    return {"rules": rules}


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
    channels: Mapping[str, Channel]
    default_channel: str
    trips: Mapping[str, Trip]
    approved_by: str
    approved_on: date | None
    review_due: date | None
    sha256: str
    file: str
    hours: Hours = field(metadata=_table(Hours))
    picture: PictureRules = field(metadata=_table(PictureRules))
    recognition: RecognitionRules = field(metadata=_table(RecognitionRules))
    hook: HookRules = field(metadata=_table(HookRules))
    posting: PostingRules = field(metadata=_table(PostingRules))
    words: WordRules = field(metadata=_table(WordRules))
    content: ContentRules = field(metadata=_table(ContentRules))
    files: FileRules = field(metadata=_table(FileRules))
    rewrite: RewriteRules = field(metadata=_table(RewriteRules))
    retention: RetentionRules = field(metadata=_table(RetentionRules))
    sentences: Sentences = field(metadata=_table(Sentences))
    nobody_by: tuple[str, ...] = ()
    without_register: str = "refuse"
    time_zone: str = LONDON

    @property
    def digest(self) -> str:
        """SHA-256, hex, over every decision that a release can depend on: policies that share one decide the same."""
        return deciding(self)

    @property
    def fingerprint(self) -> str:
        """SHA-256, hex, over the whole policy: what is kept of verdicts is kept under it."""
        return everything(self)

    @property
    def zone(self) -> ZoneInfo:
        """The school's clock."""
        return zone(self.time_zone)

    @classmethod
    def shipped(cls) -> Policy:
        """SCH 026 as it comes with the library."""
        return cls.parse(cls.shipped_bytes(), f"the shipped {_SHIPPED}")

    @staticmethod
    def shipped_bytes() -> bytes:
        """The file of `shipped`, with its comments."""
        return resources.files("consentguard.consent.policy").joinpath("policies", _SHIPPED).read_bytes()

    @classmethod
    def in_force(cls, path: Path | None, state: Path) -> Policy:
        """The policy of that file; without one, policy.toml of the state directory; without that, the shipped one."""
        local = state / POLICY_FILE
        if path is not None:
            return cls.load(path)
        return cls.load(local) if os.path.lexists(local) else cls.shipped()

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Reads a policy file. Raises PolicyInvalid with everything that is wrong with it."""
        return cls.parse(cls.bytes_of(path), str(path))

    @staticmethod
    def bytes_of(path: Path) -> bytes:
        """The bytes of a policy file. Raises PolicyInvalid where it cannot be read, or is no file of bounded size."""
        try:
            return read_bounded(path, MAX_BYTES)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise PolicyInvalid(
                str(path), [Problem(None, "", f"the file cannot be read ({why})")], "Name it with --policy FILE."
            ) from error

    @classmethod
    def parse(cls, data: bytes, file: str) -> Policy:
        """Reads the bytes of a policy; `file` is what errors call it. Raises PolicyInvalid as `load` does."""
        try:
            table = read_toml(data)
        except ValueError as error:
            raise PolicyInvalid(file, [Problem(None, "", f"not a TOML file ({error})")], _NEXT_STEP) from error
        if layers.is_layered(table):
            table = layers.merged(table, cls.shipped_bytes(), file)
        keys = Keys(table)
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

    def remain_on(self, channel: Channel) -> frozenset[str]:
        """What of an unapproved person may remain on a channel: its own rule, else the policy's."""
        return self.remain if channel.remain is None else channel.remain

    def names_on(self, channel: Channel | None) -> str:
        """What becomes of a first name beside an image on a channel: its own rule, else that of [words]."""
        own = None if channel is None else channel.names_with_images
        return own or self.words.names_with_images

    def hours_of(self, channel: Channel) -> Hours:
        """When may be posted on a channel: its own hours, else the policy's."""
        return self.hours if channel.hours is None else channel.hours

    def trip(self, name: str) -> Trip:
        """The trip of that name. Raises WrongUsage with the choices."""
        if name not in self.trips:
            known = ", ".join(self.trips) or "none"
            raise WrongUsage(f"trip {name!r} is not in the policy ([trips.{name}]); it knows {known}")
        return self.trips[name]

    def mode(self, name: str | None) -> Mode:
        """The mode of that name, `off` for None. Raises WrongUsage with the choices where policy does not allow it."""
        wanted = Mode.OFF.value if name is None else name
        allowed = [mode.value for mode in self.modes]
        if wanted not in allowed:
            known = wanted in Mode._value2member_map_
            why = "is not allowed by the policy" if known else "does not exist"
            how = f" (keys modes and dpia of {self.file} allow it)" if wanted == Mode.MATCHED.value else ""
            raise WrongUsage(f"mode {wanted!r} {why}{how}; choose one of {', '.join(allowed)}")
        return Mode(wanted)


def _policy(keys: Keys, digest: str, file: str) -> Policy:
    keys.whole("schema", 1, 1, 0)
    channels, trips = keys.tables("channels"), keys.tables("trips", needed=False)
    policy = Policy(
        name=keys.text("name"),
        on_unapproved=keys.choice("on_unapproved", ("rewrite", "block")),
        remain=frozenset(keys.choices("remain", REMAINS)),
        on_no_face=keys.choice("on_no_face", ("release", "refuse")),
        modes=tuple(Mode(mode) for mode in keys.choices("modes", tuple(Mode))),
        dpia=keys.text("dpia", ""),
        custom_parts=frozenset(keys.texts("custom_parts")),
        nobody_by=keys.texts("nobody_by"),
        without_register=keys.choice("without_register", ("refuse", "release"), "refuse"),
        time_zone=keys.text("time_zone", LONDON),
        channels=MappingProxyType({name: Channel.read(name, channel) for name, channel in channels.items()}),
        default_channel=keys.text("default_channel"),
        trips=MappingProxyType({name: Trip.read(name, trip) for name, trip in trips.items()}),
        approved_by=keys.text("approved_by", ""),
        approved_on=keys.day("approved_on"),
        review_due=keys.day("review_due"),
        sha256=digest,
        file=file,
        **{
            item.name: item.metadata["rules"].read(keys.table(item.name))
            for item in fields(Policy)
            if "rules" in item.metadata
        },
    )
    try:
        zone(policy.time_zone)
    except ValueError as error:
        keys.wrong("time_zone", str(error))
    if strange := sorted(set(policy.sentences.by_code).difference(REASONS, FINDINGS)):
        keys.wrong("sentences", f"no such codes: {', '.join(strange)}")
    if channels and policy.default_channel not in channels:
        keys.wrong("default_channel", f"{policy.default_channel!r} is not under [channels]")
    if strange := [name for name in policy.content.suitable_on if channels and name not in channels]:
        keys.wrong("content.suitable_on", f"not under [channels]: {', '.join(strange)}")
    if not policy.modes:
        keys.wrong("modes", "at least one mode must be allowed")
    if Mode.MATCHED in policy.modes and not policy.dpia.strip():
        keys.wrong("dpia", "mode matched needs the reference of the school's data protection impact assessment")
    if policy.approved_on and not policy.approved_by.strip():
        keys.wrong("approved_by", "who signed the policy on that day?")
    if policy.approved_on and policy.review_due and policy.review_due <= policy.approved_on:
        keys.wrong("review_due", "is not later than approved_on")
    return policy
