"""Whether two policies decide the same, so that what was released stays released where nothing was decided otherwise.

A key that came later counts only where a school gives it another value than its default: a release that was made before
the key existed could not depend on it. Keys that decide about posting, keeping and reviewing decide about no release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, time
from types import MappingProxyType
from typing import Any, Final, Protocol

from consentguard.values import canonical

_FIRST: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        table: frozenset(keys.split())
        for table, keys in {
            "Policy": "name on_unapproved remain on_no_face modes dpia custom_parts channels default_channel trips "
            "approved_by approved_on review_due sha256 hours picture recognition hook posting words content files "
            "rewrite retention",
            "Channel": "name scope account holder class_name hours remain names_with_images override",
            "Hours": "days opens closes exceptions",
            "Trip": "name first last teacher",
            "PictureRules": "max_edge max_megapixels smallest_face detector paint jpeg_quality",
            "RecognitionRules": "embedder false_positives",
            "HookRules": "channel unjudged captions",
            "PostingRules": "alt_text text_limit upload delete_sources hide_automatically",
            "WordRules": "names_with_images everyday_surnames allowed_phrases known_accounts own_credits",
            "ContentRules": "text_in_picture unread_text foreign_notice suitable_on",
            "FileRules": "max_megabytes max_side max_ratio frames isolate max_seconds max_memory format sampling",
            "RewriteRules": "smallest_crop smallest_share",
            "RetentionRules": "leavers_months posts_months",
        }.items()
    }
)
"""The keys of version 0.1.0, by the class of their table."""

_NO_RELEASE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Policy": frozenset(
            {
                *("name", "file", "sha256", "approved_by", "approved_on", "review_due", "modes", "sentences"),
                *("hours", "trips", "default_channel", "hook", "posting", "retention"),
            }
        ),
        "Channel": frozenset({"holder", "class_name", "hours", "may_post"}),
    }
)
"""Keys on which no release depends. That its mode is still allowed is asked by itself (`release_status`)."""

_EARLIER_SHIPPED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "da0cc18767cb74491b6f9e1965570fb5d08e4ceb854352c1b63fa317e33d682d": frozenset(
            {
                "19dbb378e6471cdfcc106559bb3d2da4c19c06f8b497c611bd4880d5e3cb53d4",
                "1bb6d36e3c052fbb6c8778d8077f796abc7b24a49ac41b16aaaa155811e206c4",
            }
        ),
    }
)
"""What version 0.1.0 wrote of a release under its shipped policy -> what that policy decides, and what today's shipped
one does, as `deciding` says it: the same but for `smallest_crop`, which lets smaller crops go, and no earlier release
falls by it."""


class Digested(Protocol):
    """A policy, as a dataclass of its tables; `sha256` is the digest of its file."""

    @property
    def sha256(self) -> str: ...


def deciding(policy: Digested) -> str:
    """SHA-256, hex, over every decision that a release can depend on."""
    return _digest(_plain(policy, later=True))


def everything(policy: Digested) -> str:
    """SHA-256, hex, over the whole policy, its words included: what a verdict that is kept depends on."""
    return _digest([_plain(policy, later=True, without=MappingProxyType({})), policy.sha256])


def stands_under(policy: Digested, recorded: str) -> bool:
    """Whether a release whose record holds this digest was made under a policy that decides the same."""
    now = deciding(policy)
    if recorded == now or now in _EARLIER_SHIPPED.get(recorded, ()):
        return True
    return recorded == _digest(_first_version(policy))


def _first_version(policy: Digested) -> Any:
    """The policy as version 0.1.0 digested it: every key that it knew, and the bytes of the file."""
    return _plain(policy, later=False, without=MappingProxyType({}))


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _plain(value: Any, *, later: bool, without: Mapping[str, frozenset[str]] = _NO_RELEASE) -> Any:
    """A decision as JSON has it, whatever table it stands in; with `later` also keys that came after version 0.1.0.

    Raises TypeError for what it does not know.
    """
    if is_dataclass(value):
        table = type(value).__name__
        return {
            item.name: _plain(getattr(value, item.name), later=later, without=without)
            for item in fields(value)
            if item.name not in without.get(table, ())
            and (item.name in _FIRST.get(table, ()) or (later and getattr(value, item.name) != _default(item)))
        }
    if isinstance(value, Mapping):
        return {key: _plain(item, later=later, without=without) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(item, later=later, without=without) for item in value)
    if isinstance(value, tuple):
        return [_plain(item, later=later, without=without) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a policy decides with plain values, not with {type(value).__name__}")


def _default(item: Field[Any]) -> Any:
    """What a key is where a policy leaves it out; a table that is left out has every default."""
    if "rules" in item.metadata:
        return item.metadata["rules"]()
    return item.default_factory() if item.default_factory is not MISSING else item.default
