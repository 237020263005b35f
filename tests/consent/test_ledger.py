"""The ledger: what was released and posted of whom, read back from the audit trail."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fakes import posts_of, released, sample_with

from consentguard.consent.record.ledger import Ledger, lost_by
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed
from consentguard.values import Standing

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def ledger(state) -> Ledger:
    released(state, A, "P001")
    released(state, B, "P001", "P002")
    released(state, C)
    return Ledger(state)


def test_everything_released_of_a_person_with_the_consent_it_rests_on(ledger):
    assert [release.sha256 for release in ledger.releases_of("P001")] == [A, B]
    assert [release.sha256 for release in ledger.releases_of("P002")] == [B]
    assert ledger.releases_of("P003") == ()
    (release,) = ledger.releases_of("P002")
    assert release.consents["P002"] == {"scope": "social_media", "granted": "2026-09-07", "document": "C-1"}
    assert (release.channel, release.account, release.by, release.seq) == ("main", "@x", "Office", 2)


def test_a_post_is_known_by_everybody_in_its_photos(ledger):
    ledger.record_post(A, channel="main", post="17", at=AT, by="Office")
    ledger.record_post(B, channel="main", post="17", at=AT, by="Office")
    ledger.record_post(C, channel="main", post="18", at=AT)
    (post,) = posts_of(ledger, "P002")
    assert (post.id, post.people, post.taken_down) == ("17", ("P001", "P002"), None)
    assert [release.sha256 for release in post.releases] == [A, B]
    assert posts_of(ledger, "P001") == (post,)
    assert ledger.post("18").people == ()
    assert ledger.post("18", channel="class4") is None


def test_a_post_that_is_gone_says_since_when(ledger):
    ledger.record_post(A, channel="main", post="17", at=AT)
    ledger.record_takedown("17", channel="main", at=AT)
    (post,) = posts_of(ledger, "P001")
    assert post.taken_down == AT.isoformat()


def test_only_what_was_released_here_is_posted_and_only_what_was_posted_is_taken_down(ledger):
    with pytest.raises(AuditFailed, match="not released here"):
        ledger.record_post("d" * 64, channel="main", post="17", at=AT)
    with pytest.raises(AuditFailed, match="not in the ledger"):
        ledger.record_takedown("17", channel="main", at=AT)
    assert ledger.posts() == ()


def test_a_ledger_that_somebody_changed_is_not_read(ledger, state):
    with sqlite3.connect(state.audit.path) as connection:
        connection.executescript("DROP TRIGGER trail_is_never_changed; DROP TRIGGER trail_is_never_cut;")
        connection.execute("UPDATE trail SET body = replace(body, 'P001', 'P009')")
    with pytest.raises(AuditFailed, match="row 1 is not as it was written"):
        ledger.releases_of("P009")


def test_what_a_release_has_lost_since(ledger, register, policy):
    (both,) = ledger.releases_of("P002")
    today = date(2026, 11, 23)
    assert lost_by(both, register, policy, today) == {}
    withdrawn = Register.parse(sample_with({"P002": {"social_media_withdrawn": "2026-11-23"}}), "new.csv")
    assert lost_by(both, withdrawn, policy, today) == {"P002": Standing.WITHDRAWN}
    gone = Register.parse(sample_with({}, without="P001"), "new.csv")
    assert lost_by(both, gone, policy, today) == {"P001": Standing.UNKNOWN}
    elsewhere = replace(both, channel="a channel of yore")
    assert set(lost_by(elsewhere, register, policy, today).values()) == {Standing.UNKNOWN}
