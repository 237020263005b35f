"""Overrides: named people, a reason, what policy lists for the channel, and consent never."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.codes import OVERRIDABLE, REASONS
from consentguard.consent.objections import Objection, ruling
from consentguard.consent.policy.overriding import Override, check_override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.question import ask
from consentguard.consent.register.register import Register
from consentguard.errors import PolicyInvalid, WrongUsage

SHIPPED = Policy.shipped()
HEAD = "Miriam Castlegate"
LENIENT = Channel("main", "social_media", override=MappingProxyType(dict.fromkeys(OVERRIDABLE, (HEAD,))))
ABOUT_CONSENT = (
    "unapproved-face",
    "nothing-may-remain",
    "declared-not-approved",
    "declared-not-permitted",
    "more-faces-than-declared",
    "consent-gone",
    "surname",
    "surname-in-picture",
    "verification-failed",
)


def test_nothing_about_consent_or_surnames_or_a_failed_look_can_be_overridden() -> None:
    assert set(ABOUT_CONSENT) <= set(REASONS)
    assert not OVERRIDABLE & set(ABOUT_CONSENT)
    assert set(REASONS) >= OVERRIDABLE
    page = " ".join((Path(__file__).parents[2] / "docs/codes.md").read_text("utf-8").split())
    assert ", ".join(f"`{code}`" for code in sorted(OVERRIDABLE)) in page


@pytest.mark.parametrize("code", ABOUT_CONSENT)
def test_a_policy_cannot_make_it_so(code: str) -> None:
    text = Policy.shipped_bytes() + f'\n[channels.main.override]\n{code} = ["{HEAD}"]\n'.encode()
    with pytest.raises(PolicyInvalid, match="can be overridden by nobody"):
        Policy.parse(text, "lenient.toml")


@pytest.mark.parametrize("code", sorted(OVERRIDABLE))
def test_whom_policy_names_may_with_a_reason(code: str) -> None:
    given_leave = check_override(LENIENT, f" {HEAD.upper()} ", {code: "her mother asked us to"})
    assert ruling([Objection(code), Objection("surname")], given_leave).refused == ("surname",)
    assert given_leave.as_json() == {code: "her mother asked us to"}
    for by, why, says in (
        ("Somebody Else", "a reason", "Somebody Else may not override"),
        ("", "a reason", "--by NAME"),
        (None, "a reason", "--by NAME"),
        (HEAD, " ", "needs a reason"),
    ):
        with pytest.raises(WrongUsage, match=says):
            check_override(LENIENT, by, {code: why})


def test_as_shipped_nobody_may_override_anything(register: Register) -> None:
    for code in (*OVERRIDABLE, "surname", "no such code"):
        with pytest.raises(WrongUsage, match=f"'{code}' can be overridden by nobody on channel main"):
            ask(register, SHIPPED, by=HEAD, override={code: "a reason"})
    assert ask(register, SHIPPED, by=HEAD, override={}).override == Override()


@given(st.lists(st.sampled_from(sorted(REASONS)), unique=True), st.sets(st.sampled_from(sorted(OVERRIDABLE))))
def test_what_is_left_is_everything_that_was_not_named(reasons: list[str], named: set[str]) -> None:
    override = check_override(LENIENT, HEAD, dict.fromkeys(named, "a reason"))
    assert ruling(map(Objection, reasons), override).refused == tuple(code for code in reasons if code not in named)


def test_an_override_holds_on_its_channel_only(register: Register) -> None:
    policy = dataclasses.replace(SHIPPED, channels={**SHIPPED.channels, "main": LENIENT})
    asked: dict[str, Any] = {"by": HEAD, "override": {"maybe-surname": "the story is called so"}}
    assert ask(register, policy, channel="main", **asked).override.why == asked["override"]
    with pytest.raises(WrongUsage, match="on channel class4"):
        ask(register, policy, channel="class4", **asked)
