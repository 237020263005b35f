"""What was released stays released: under a policy that decides the same, whatever keys came since."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from fakes import SAMPLE_FILE, sample_with

from consentguard.consent.policy import deciding
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.ledger import Ledger, lost_by
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.hook.judge import Judge
from consentguard.values import Mode, Outcome

BEFORE = Path(__file__).parent / "version_0_1_0"
PHOTOS = ("released-1.jpg", "released-2.jpg", "released-3.jpg")


@pytest.fixture
def state(tmp_path: Path) -> State:
    """The state of version 0.1.0, in a place of its own, for opening one writes to it."""
    shutil.copytree(BEFORE, tmp_path / "state")
    (tmp_path / "state/state.key").chmod(0o600)
    return State.open(tmp_path / "state")


def judged(
    state: State, policy: Policy, photo: str, register: Register | None = None
) -> tuple[Outcome, tuple[str, ...]]:
    judge = Judge(Register.load(SAMPLE_FILE), policy, state, channel="main")
    (verdict,) = judge.judge(photo, (BEFORE / photo).read_bytes())
    return verdict.outcome, verdict.reasons


@pytest.mark.parametrize("photo", PHOTOS)
def test_releases_of_version_0_1_0_still_stand(state: State, photo: str) -> None:
    for policy in (Policy.load(BEFORE / "policy.toml"), Policy.shipped()):
        assert judged(state, policy, photo)[0] is Outcome.RELEASED


@pytest.mark.parametrize("photo", PHOTOS)
def test_keys_on_which_no_release_depends_let_it_stand(state: State, photo: str) -> None:
    signed = replace(Policy.shipped(), approved_by="The Governing Body", approved_on=date(2026, 9, 14), sha256="0" * 64)
    remarked = Policy.parse((BEFORE / "policy.toml").read_bytes() + b"# a remark\n", "remarked.toml")
    for policy in (signed, remarked):
        assert judged(state, policy, photo)[0] is Outcome.RELEASED


def test_a_policy_that_decides_otherwise_lets_it_fall(state: State) -> None:
    shipped = Policy.shipped()
    for changed in (
        replace(shipped, remain=frozenset()),
        replace(shipped, picture=replace(shipped.picture, smallest_face=12)),
        replace(shipped, nobody_by=("Ms Castlegate",)),
    ):
        assert not deciding.stands_under(changed, Ledger(state).releases()[0].policy_sha256)
    undeclared = replace(shipped, modes=(Mode.OFF,))
    stands = [judged(state, undeclared, photo)[0] is Outcome.RELEASED for photo in PHOTOS]
    assert stands == [True, False, True], "a mode that is no longer allowed"


def test_a_consent_withdrawn_since_lets_it_fall(state: State) -> None:
    withdrawn = Register.parse(sample_with({"P001": {"social_media_withdrawn": "2026-10-01"}}), "r")
    releases = Ledger(state).releases_of("P001")
    assert [lost_by(release, withdrawn, Policy.shipped(), date(2026, 11, 28)) for release in releases] != [{}]


def test_every_key_of_version_0_1_0_is_still_there() -> None:
    """Without one of them what that version wrote could not be said again, and every release of it would fall."""
    policy = Policy.shipped()
    tables = {type(policy), *(type(getattr(policy, item.name)) for item in fields(policy))}
    for table in tables:
        known = deciding._FIRST.get(table.__name__, frozenset())
        assert known <= {item.name for item in fields(table)} if known else True
