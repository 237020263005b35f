"""Decisions in the journal: the newest counts, and nobody's is lost."""

import threading
from dataclasses import replace

import pytest

from consentguard.batch.decisions import REFUSED, RELEASED, UNDONE, Decided, Decisions
from consentguard.errors import CannotTell

ONE = Decided("a" * 64, RELEASED, {"tags": []}, "", "Office", "b" * 64, "released/b.jpg", "2026-11-23T09:00:00+00:00")


def test_the_newest_decision_of_a_photo_counts(tmp_path):
    kept = Decisions.open(tmp_path / "scan.db")
    assert kept.of(ONE.content) is None
    kept.add(ONE)
    assert kept.of(ONE.content) == ONE
    kept.add(replace(ONE, kind=UNDONE))
    assert kept.of(ONE.content) is None
    refused = replace(ONE, kind=REFUSED, why="blurred", sha256=None, output=None)
    kept.add(refused)
    assert Decisions.open(tmp_path / "scan.db").of(ONE.content) == refused
    assert kept.standing() == {ONE.content: refused}


def test_what_was_undone_does_not_stand(tmp_path):
    kept = Decisions.open(tmp_path / "scan.db")
    kept.add(ONE)
    kept.add(replace(ONE, kind=UNDONE))
    assert kept.standing() == {}


def test_two_desks_lose_nothing(tmp_path):
    desks = [Decisions.open(tmp_path / "scan.db") for _ in range(4)]

    def decide(number):
        for photo in range(15):
            desks[number].add(replace(ONE, content=f"{number}-{photo}"))

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desks[0].standing()) == 60


def test_a_journal_that_is_none_is_an_error_with_the_next_step(tmp_path):
    (tmp_path / "scan.db").write_bytes(b"this is no database, " * 60)
    with pytest.raises(CannotTell, match="name another --out"):
        Decisions.open(tmp_path / "scan.db")
