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

    def run(line: str) -> tuple[int, str, str]:
        code = main(line.split())
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_withdrawal_lists_every_release_and_post_to_take_down(run, state, tmp_path):
    assert run("takedown --state state") == (0, "", "nothing that is up must go\n")
    code, out, err = run("takedown P002 --state state")
    assert (code, err) == (0, "1 post: nothing that is up must go\n")
    assert out.splitlines() == [
        "Post https://x.com/i/status/17 on main (@RackhamPrimary), 23 November 2026 at 09:00",
        "  It shows P001 and P002.",
        "  It is up and may stay: everybody in it may be shown.",
    ]

    gone = sample_with({"P002": {"social_media_withdrawn": "2026-11-23"}})
    (tmp_path / "consent_register.csv").write_bytes(gone)
    for line in ("takedown --state state", "takedown P002 --state state"):
        code, out, err = run(line)
        assert (code, err) == (1, "1 post: 1 must go and is still up\n")
        assert "It must go, and it is still up: P002 has withdrawn consent." in out
        assert "aaaaaaaaaaaaaaaa" not in out
    code, out, _ = run("takedown P001 --json --state state")
    first, second = map(json.loads, out.splitlines())
    assert (first["sha256"], first["lost"], first["posts"]) == (A, {}, [])
    assert second["lost"] == {"P002": "withdrawn"}
    assert second["consents"]["P002"]["document"] == "C-1"

    Ledger(State.open(tmp_path / "state")).record_takedown("17", channel="main", at=datetime(2026, 11, 24, tzinfo=UTC))
    code, out, err = run("takedown P002 --state state")
    assert (code, "It was taken down on 24 November 2026" in out) == (0, True)
    assert err == "1 post: nothing that is up must go\n"


def test_what_was_never_posted_is_not_up_and_an_apply_says_so(run, state, tmp_path):
    """A dry run or a refused post leaves a release; of a channel without an account nobody knows where the file is."""
    released(state, "d" * 64, "P008", channel="website")
    gone = {"social_media_withdrawn": "2026-11-23", "website_withdrawn": "2026-11-23"}
    (tmp_path / "consent_register.csv").write_bytes(sample_with({"P001": gone, "P008": gone}))
    code, out, err = run("takedown P001 --state state")
    assert "Released file aaaaaaaaaaaaaaaa.jpg for main" in out
    assert "It was never posted: a rehearsal, or the post was refused. Nothing of it is up." in out
    assert "stands" not in out
    assert run("takedown P008 --apply --state state")[0] == 2  # who?
    code, out, err = run("takedown P008 --apply --by Office --yes --state state")
    assert code == 1
    assert "none of these posts is up; there is nothing to delete at X" in out
    assert "It must not be used any more: P008 has withdrawn consent." in out
    assert "still up" not in out + err
    assert err == "nothing that is up must go; 1 released file must not be used any more\n"


def test_a_post_stands_under_its_own_channel(run, state, tmp_path):
    """The same bytes were released for two channels, with other people named for each."""
    released(state, B, "P008", channel="website")
    (tmp_path / "consent_register.csv").write_bytes(sample_with({"P008": {"social_media_withdrawn": "2026-11-23"}}))
    code, out, _ = run("takedown P002 --state state")
    assert (code, "It shows P001 and P002." in out) == (0, True)
    assert run("takedown --state state")[0] == 0


def test_one_post_alone_may_be_named(run):
    code, out, _ = run("takedown --post https://x.com/i/status/17 --state state")
    assert (code, out.count("Post https://x.com/i/status/17"), "Released file" in out) == (0, 1, False)
    code, _, err = run("takedown --post 18 --state state")
    assert (code, "post 18 is not in the ledger" in err) == (2, True)


def test_what_is_kept_longer_than_policy_says_must_go(run, tmp_path, monkeypatch):
    text = Policy.shipped_bytes().replace(b"posts_months = 0 ", b"posts_months = 6 ")
    (tmp_path / "ours.toml").write_bytes(text)
    for month, code in ((5, 0), (6, 1)):
        later = datetime(2026 + (10 + month) // 12, (10 + month) % 12 + 1, 23, 12, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda zone, later=later: later)
        got, out, _ = run("takedown --policy ours.toml --state state")
        assert (got, "still up: policy keeps it no longer (posts_months)" in out) == (code, bool(code))
        assert "cccccccccccccccc" not in out, "it shows nobody"
        assert run("takedown --state state")[0] == 0, "as shipped there is no limit"


def test_a_leaver_is_still_found(run, tmp_path):
    (tmp_path / "consent_register.csv").write_bytes(sample_with({}, without="P002"))
    code, out, _ = run("takedown P002 --state state")
    assert (code, "P002 is not in the register any more" in out) == (1, True)
    assert run("takedown P999 --state state")[0] == 2


def test_a_ledger_goes_to_another_machine_and_is_read_there(run, state, tmp_path):
    assert run("ledger key --state state")[:2] == (0, state.public_key + "\n")
    assert run("ledger export office.jsonl --state state")[:2] == (
        0,
        "office.jsonl: 4 rows, signed; ids and names: for your own machines only\n",
    )
    assert run("init --state other")[0] == 0
    assert run("ledger import office.jsonl --state other")[0] == 2
    code, out, _ = run(f"ledger import office.jsonl --key {state.public_key} --state other")
    assert (code, out) == (0, "office.jsonl: the signature holds; 4 rows added\n")
    assert "It is up and may stay" in run("takedown P002 --state other")[1]
    assert run("ledger import nowhere.jsonl --state other")[0] == 3


def test_the_public_list_is_for_a_check_without_a_register(run, state, tmp_path):
    assert run("ledger export released.jsonl --public --state state")[0] == 0
    text = (tmp_path / "released.jsonl").read_text()
    assert A in text
    assert "P001" not in text
