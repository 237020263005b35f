"""Whether posting would work, without posting: keys, account, permissions, clock, hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import requests

from consentguard.consent.policy.rules.channels import Channel
from consentguard.posting.errors import CredentialsRefused, PostingFailed
from consentguard.posting.x.client import X
from consentguard.posting.x.gate import HOSTS

_WORST_CLOCK: Final = 300  # seconds; X refuses signatures that are further off
_TIMEOUT: Final = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: whether it is well, and a sentence."""

    what: str
    well: bool
    says: str


def examine(x: X, rule: Channel, origin: str) -> Iterator[Check]:
    """Looks at everything that a post needs, one by one; reads only.

    Args:
        x, rule: the account, and the channel that it should be of.
        origin: where the keys came from.
    """
    yield Check("keys", True, f"all four found in {origin}")
    reached = {host: _reached(host) for host in sorted(HOSTS)}
    for host, why in reached.items():
        yield Check("host", not why, f"{host}: {why or 'answers'}")
    if any(reached.values()):
        return
    try:
        me = x.me()
    except CredentialsRefused as error:
        yield Check("account", False, f"{error} A clock more than five minutes off has the same effect.")
        return
    except PostingFailed as error:
        yield Check("account", False, str(error))
        return
    ours = bool(rule.account) and me.goes_by(rule.account)
    wanted = rule.account or "without an account; add `account` to it in the policy"
    mend = "" if ours or not rule.account else f"; use the keys of {rule.account}"
    yield Check("account", ours, f"these keys are @{me.username}'s; channel {rule.name} is {wanted}{mend}")
    may = me.access in ("", "read-write", "read-write-directmessages")
    mend = "" if may else "; set the app to read and write in X's developer console, then make its access keys anew"
    yield Check("permissions", may, f"these keys: {me.access or 'not told; a post will show it'}{mend}")
    yield _clock(x)
    yield from _tier(x)


def _reached(host: str) -> str:
    """Why a host cannot be reached, empty if it can: whatever it answers is good, unless it points elsewhere."""
    try:
        response = requests.head(f"https://{host}/", timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return f"no connection ({type(error).__name__}); check the network, or HTTPS_PROXY and REQUESTS_CA_BUNDLE"
    location = response.headers.get("Location", "")
    elsewhere = location and not any(name in location for name in ("twitter.com", "x.com"))
    return f"points to {location}: something between here and X answers in its place" if elsewhere else ""


def _clock(x: X) -> Check:
    there = x.now()
    if there is None:
        return Check("clock", False, "X did not tell its time")
    off = abs((datetime.now(UTC) - there).total_seconds())
    return Check("clock", off < _WORST_CLOCK, f"{off:.0f} s off X's; more than {_WORST_CLOCK} s and keys are refused")


def _tier(x: X) -> Iterator[Check]:
    """What the developer account pays for, as far as reading shows: in doubt a post is looked for on the timeline."""
    for what, needed, look in (
        ("reading our own posts", "settling a post in doubt", lambda: x.posts_since(datetime.now(UTC))),
        ("reading followers", "audit-followers", x.followers),
        ("reading mentions", "moderate", x.mentions),
    ):
        try:
            next(iter(look()), None)
        except PostingFailed as error:
            yield Check("access", False, f"{what}, for {needed}: {error}")
        else:
            yield Check("access", True, f"{what}, for {needed}")
