"""Signed ledgers: whole and unchanged or not read at all, and nobody's id in the public one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from fakes import posts_of, released, sample_with
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentguard.consent.record.exchange import ReleasedHashes, export, export_public, take
from consentguard.consent.record.ledger import Ledger
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, WrongUsage

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)


@pytest.fixture
def office(state) -> State:
    released(state, A, "P001")
    released(state, B, "P001", "P002", channel="website")
    ledger = Ledger(state)
    ledger.record_post(A, channel="main", post="17", at=AT, by="Office")
    ledger.record_takedown("17", channel="main", at=AT)
    return state


@pytest.fixture
def trip(tmp_path) -> State:
    return State.create(tmp_path / "trip")


def test_a_ledger_moves_to_another_machine(office, trip):
    released(trip, C, "P003")
    assert take(trip, export(office, AT), "office.jsonl", key=office.public_key, at=AT) == 4
    ledger = Ledger(trip)
    assert [release.sha256 for release in ledger.releases_of("P001")] == [A, B]
    assert {release.origin for release in ledger.releases_of("P001")} == {office.public_key}
    (post,) = posts_of(ledger, "P001")
    assert post.taken_down == AT.isoformat()
    assert [release.origin for release in ledger.releases_of("P003")] == [""]
    assert trip.audit.verify().seq == 5


def test_taking_it_again_adds_only_what_is_new_and_needs_no_key(office, trip):
    take(trip, export(office, AT), "office.jsonl", key=office.public_key, at=AT)
    assert take(trip, export(office, AT), "office.jsonl", key=None, at=AT) == 0
    released(office, D, "P001")
    assert take(trip, export(office, AT), "office.jsonl", key=None, at=AT) == 1
    assert len(Ledger(trip).releases_of("P001")) == 3


def test_a_key_that_nobody_vouched_for_is_refused(office, trip):
    data = export(office, AT)
    with pytest.raises(WrongUsage, match=office.public_key):
        take(trip, data, "office.jsonl", key=None, at=AT)
    with pytest.raises(AuditFailed, match="not by the key you gave"):
        take(trip, data, "office.jsonl", key=trip.public_key, at=AT)
    with pytest.raises(WrongUsage, match="64 hexadecimal"):
        take(trip, data, "office.jsonl", key="office", at=AT)
    with pytest.raises(WrongUsage, match="this very state"):
        take(office, data, "office.jsonl", key=office.public_key, at=AT)
    assert Ledger(trip).releases() == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_can_be_changed_or_left_out(office, trip, data):
    whole = export(office, AT)
    at = data.draw(st.integers(0, len(whole) - 2))
    kind = data.draw(st.sampled_from(["flip", "cut", "drop a line"]))
    if kind == "flip":
        spoiled = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 127))]) + whole[at + 1 :]
    elif kind == "cut":
        spoiled = whole[:at]
    else:
        lines = whole.splitlines(keepends=True)
        spoiled = b"".join(lines[: at % len(lines)] + lines[at % len(lines) + 1 :])
    with pytest.raises((AuditFailed, WrongUsage)):
        take(trip, spoiled, "office.jsonl", key=office.public_key, at=AT)
    assert Ledger(trip).releases() == ()


def test_a_machine_that_changes_its_story_is_not_believed(office, trip, tmp_path):
    key = office.public_key
    take(trip, export(office, AT), "office.jsonl", key=key, at=AT)
    # The same key over another trail: a state restored from a backup, and used on.
    (tmp_path / "again").mkdir()
    (tmp_path / "again/state.key").write_bytes((office.directory / "state.key").read_bytes())
    (tmp_path / "again/state.key").chmod(0o600)
    from consentguard.consent.record.audit import AuditTrail
    from consentguard.consent.record.state import _derived

    raw = bytes.fromhex((office.directory / "state.key").read_text().strip())
    AuditTrail.create(tmp_path / "again/audit.db", _derived(raw, "audit"))
    again = State.open(tmp_path / "again")
    released(again, D, "P009")
    with pytest.raises(AuditFailed, match="row 1 is not what that machine said before"):
        take(trip, export(again, AT), "again.jsonl", key=None, at=AT)


@pytest.mark.parametrize("kind", ["posted", "taken-down"])
def test_a_row_about_nothing_is_refused_even_if_signed(office, trip, kind):
    body = {"channel": "main", "post": "99", "by": ""} | ({"sha256": D} if kind == "posted" else {})
    office.record(kind, body, AT.isoformat())
    with pytest.raises(AuditFailed, match="speaks of what is not in it"):
        take(trip, export(office, AT), "office.jsonl", key=office.public_key, at=AT)
    assert trip.audit.verify().seq == 0


def test_the_public_list_names_nobody_and_holds_what_stands(office, register, policy):
    released(office, C)
    data = export_public(office, register, policy, AT)
    assert not any(word in data for word in (b"P001", b"Office", b"people", b'"by"'))
    listed = ReleasedHashes.read(data, "released.jsonl", key=office.public_key)
    assert listed.made_at == AT
    assert dict(listed.channels) == {B: frozenset({"website"}), C: frozenset({"main"})}  # A was taken down
    assert listed.allows(B, "website")
    assert not listed.allows(B, "main")
    assert not listed.allows(A, "main")


def test_whoever_withdrew_is_gone_from_the_next_public_list(office, policy):
    withdrawn = Register.parse(sample_with({"P002": {"website_withdrawn": "2026-11-23"}}), "new.csv")
    listed = ReleasedHashes.read(export_public(office, withdrawn, policy, AT), "x", key=office.public_key)
    assert not listed.channels


def test_neither_file_passes_for_the_other_and_a_public_list_needs_its_key(office, trip, register, policy):
    public, full = export_public(office, register, policy, AT), export(office, AT)
    with pytest.raises(AuditFailed, match="is a released-hashes"):
        take(trip, public, "x", key=office.public_key, at=AT)
    with pytest.raises(AuditFailed, match="is a ledger"):
        ReleasedHashes.read(full, "x", key=office.public_key)
    with pytest.raises(AuditFailed, match="another key"):
        ReleasedHashes.read(public, "x", key=trip.public_key)
    with pytest.raises(WrongUsage, match="64 hexadecimal"):
        ReleasedHashes.read(public, "x", key="")
    forged = public.replace(json.loads(public.splitlines()[0])["key"].encode(), trip.public_key.encode())
    with pytest.raises(AuditFailed):
        ReleasedHashes.read(forged, "x", key=trip.public_key)
