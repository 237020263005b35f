"""takedown and ledger at the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from fakes import SAMPLE_FILE, released, sample_with

from consentguard.cli import main
from consentguard.consent import clock
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.ledger import Ledger
from consentguard.consent.record.state import State

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture
def run(state, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())
    released(state, A, "P001")
    released(state, B, "P001", "P002")
    released(state, C)
    Ledger(state).record_post(B, channel="main", post="17", at=datetime(2026, 11, 23, 9, tzinfo=UTC))

    def run(line: str) -> tuple[int, str]:
        code = main(line.split())
        return code, capsys.readouterr().out

    return run


def test_a_withdrawal_lists_every_release_and_post_to_take_down(run, state, tmp_path):
    assert run("takedown --state state") == (0, "")
    code, out = run("takedown P002 --state state")
    assert (code, out.splitlines()[0]) == (0, "bbbbbbbbbbbbbbbb.jpg: stands")

    gone = sample_with({"P002": {"social_media_withdrawn": "2026-11-23"}})
    (tmp_path / "consent_register.csv").write_bytes(gone)
    for line in ("takedown --state state", "takedown P002 --state state"):
        code, out = run(line)
        assert code == 1
        assert "bbbbbbbbbbbbbbbb.jpg: must go (P002 withdrawn)" in out
        assert "post 17 on main at 2026-11-23T09:00:00+00:00: still up" in out
        assert "aaaaaaaaaaaaaaaa" not in out
    code, out = run("takedown P001 --json --state state")
    first, second = map(json.loads, out.splitlines())
    assert (first["sha256"], first["lost"], first["posts"]) == (A, {}, [])
    assert second["lost"] == {"P002": "withdrawn"}
    assert second["consents"]["P002"]["document"] == "C-1"

    Ledger(State.open(tmp_path / "state")).record_takedown("17", channel="main", at=datetime(2026, 11, 24, tzinfo=UTC))
    code, out = run("takedown P002 --state state")
    assert (code, "taken down at 2026-11-24" in out) == (0, True)


def test_what_is_kept_longer_than_policy_says_must_go(run, tmp_path, monkeypatch):
    text = Policy.shipped_bytes().replace(b"posts_months = 0 ", b"posts_months = 6 ")
    (tmp_path / "ours.toml").write_bytes(text)
    for month, code in ((5, 0), (6, 1)):
        later = datetime(2026 + (10 + month) // 12, (10 + month) % 12 + 1, 23, 12, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        got, out = run("takedown --policy ours.toml --state state")
        assert (got, "bbbbbbbbbbbbbbbb.jpg: must go (kept longer than" in out) == (code, bool(code))
        assert "cccccccccccccccc" not in out, "it shows nobody"
        assert run("takedown --state state")[0] == 0, "as shipped there is no limit"


def test_a_leaver_is_still_found(run, tmp_path):
    (tmp_path / "consent_register.csv").write_bytes(sample_with({}, without="P002"))
    code, out = run("takedown P002 --state state")
    assert (code, "must go (P002 unknown)" in out) == (1, True)
    assert run("takedown P999 --state state")[0] == 2


def test_a_ledger_goes_to_another_machine_and_is_read_there(run, state, tmp_path):
    assert run("ledger key --state state") == (0, state.public_key + "\n")
    assert run("ledger export office.jsonl --state state") == (
        0,
        "office.jsonl: 4 rows, signed; ids and names: for your own machines only\n",
    )
    assert run("init --state other")[0] == 0
    assert run("ledger import office.jsonl --state other")[0] == 2
    code, out = run(f"ledger import office.jsonl --key {state.public_key} --state other")
    assert (code, out) == (0, "office.jsonl: the signature holds; 4 rows added\n")
    assert "bbbbbbbbbbbbbbbb.jpg: stands" in run("takedown P002 --state other")[1]
    assert run("ledger import nowhere.jsonl --state other")[0] == 3


def test_the_public_list_is_for_a_check_without_a_register(run, state, tmp_path):
    assert run("ledger export released.jsonl --public --state state")[0] == 0
    text = (tmp_path / "released.jsonl").read_text()
    assert A in text
    assert "P001" not in text
