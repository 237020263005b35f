"""[channels.*]: the places to publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from consentguard.consent.codes import OVERRIDABLE
from consentguard.consent.policy.rules.hours import ANY_TIME, Hours
from consentguard.consent.policy.rules.words import NAMES
from consentguard.consent.policy.toml_keys import Keys
from consentguard.consent.register.register import SCOPES

REMAINS: Final = ("hands", "back_of_head", "body")
"""What of an unapproved person a policy may let remain."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One place to publish.

    Attributes:
        name: what --channel calls it.
        scope: the consent that everybody shown needs.
        account: its handle or address.
        holder: who holds the account, and is accountable for what goes out.
        class_name: the class whose account it is, as the register writes it.
        hours: when may be posted; None where [hours] of the policy holds.
        remain: what of an unapproved person may remain; None where the policy's `remain` holds.
        names_with_images: "allow" or "person", as in [words]; None where that holds.
        may_post: who may post there, by name; empty where anybody may who has the keys.
        override: rule code -> who may override it, by name. Consent is no such rule.
    """

    name: str
    scope: str
    account: str = ""
    holder: str = ""
    class_name: str = ""
    hours: Hours | None = None
    remain: frozenset[str] | None = None
    names_with_images: str | None = None
    may_post: tuple[str, ...] = ()
    override: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def read(cls, name: str, keys: Keys) -> Channel:
        return cls(
            name,
            scope=keys.choice("scope", SCOPES),
            account=keys.text("account", ""),
            holder=keys.text("holder", ""),
            class_name=keys.text("class", ""),
            hours=_hours(keys),
            remain=frozenset(keys.choices("remain", REMAINS)) if keys.has("remain") else None,
            names_with_images=keys.choice("names_with_images", NAMES) if keys.has("names_with_images") else None,
            may_post=keys.texts("may_post") if keys.has("may_post") else (),
            override=_override(keys),
        )


def _hours(keys: Keys) -> Hours | None:
    if not keys.has("hours"):
        return None
    if keys.has_table("hours"):
        return Hours.read(keys.table("hours"))
    keys.choice("hours", ("any",))
    return ANY_TIME


def _override(keys: Keys) -> Mapping[str, tuple[str, ...]]:
    table = keys.table("override")
    may = {}
    for rule in table.names():
        people = table.texts(rule)
        if rule not in OVERRIDABLE:
            table.wrong(rule, f"can be overridden by nobody; what can be is {', '.join(sorted(OVERRIDABLE))}")
        elif not any(person.strip() for person in people):
            table.wrong(rule, "must name who may override it")
        may[rule] = people
    return MappingProxyType(may)
