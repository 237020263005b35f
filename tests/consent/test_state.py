"""The state directory: made once, for its owner only, and opened only if it is whole."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest

from consentguard.consent.record.state import AUDIT_FILE, KEY_FILE, State, default_directory
from consentguard.errors import AuditFailed

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights in another way")
AT = "2026-11-22T09:30:00+00:00"


def test_a_state_that_was_made_can_be_opened(state):
    again = State.open(state.directory)
    assert again.seal(b"words") == state.seal(b"words")
    assert again.record("init", {}, AT) == 1
    assert state.audit.verify().seq == 1


def test_two_states_have_two_keys(state, tmp_path):
    other = State.create(tmp_path / "other")
    assert other.seal(b"words") != state.seal(b"words")
    assert not other.seal_holds(b"words", state.seal(b"words"))


def test_a_seal_holds_for_its_statement_only(state):
    seal = state.seal(b"words")
    assert state.seal_holds(b"words", seal)
    assert not state.seal_holds(b"word", seal)
    assert not state.seal_holds(b"words", seal[:-1])
    assert not state.seal_holds(b"words", "")


def test_the_key_is_shown_by_no_repr(state):
    key = (state.directory / KEY_FILE).read_text().strip()
    shown = repr(state) + repr(state.audit)
    assert key not in shown
    assert repr(bytes.fromhex(key)) not in shown


def test_a_seal_is_never_an_audit_mac(state):
    assert state.seal(b"words") != hmac.new(state.audit._key, b"words", hashlib.sha256).hexdigest()
    assert state._key != state.audit._key


@posix
def test_only_the_owner_can_read_the_key_and_enter_the_folder(tmp_path):
    before = os.umask(0)
    try:
        state = State.create(tmp_path / "open" / "state")
    finally:
        os.umask(before)
    assert (state.directory / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert state.directory.stat().st_mode & 0o777 == 0o700


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o602])
def test_a_key_that_others_can_reach_is_refused(state, mode):
    (state.directory / KEY_FILE).chmod(mode)
    with pytest.raises(AuditFailed, match="chmod 600"):
        State.open(state.directory)


def test_a_second_init_is_refused_and_changes_nothing(state):
    before = {path.name: path.read_bytes() for path in state.directory.iterdir()}
    with pytest.raises(AuditFailed, match="already"):
        State.create(state.directory)
    assert {path.name: path.read_bytes() for path in state.directory.iterdir()} == before


def test_an_init_that_fails_leaves_no_key_behind(tmp_path):
    # A new key beside an old trail would be opened as one state, and rows written that nothing can prove.
    (tmp_path / AUDIT_FILE).write_bytes(b"the trail of a state whose key was lost")
    with pytest.raises(AuditFailed, match="already"):
        State.create(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()
    with pytest.raises(AuditFailed, match="put it back"):
        State.open(tmp_path)


@pytest.mark.parametrize(
    "key", ["", "00" * 31, "00" * 33, "zz" * 32, "not a key at all", "\u00e9" * 32], ids=lambda key: key[:6] or "empty"
)
def test_a_damaged_key_is_refused(state, key):
    (state.directory / KEY_FILE).write_text(key, encoding="utf-8")
    with pytest.raises(AuditFailed, match="backup") as caught:
        State.open(state.directory)
    assert KEY_FILE in str(caught.value)


def test_another_states_key_cannot_prove_this_states_trail(state, tmp_path):
    state.record("init", {}, AT)
    other = State.create(tmp_path / "other")
    (state.directory / KEY_FILE).write_bytes((other.directory / KEY_FILE).read_bytes())
    with pytest.raises(AuditFailed, match="row 1"):
        State.open(state.directory).audit.verify()


@pytest.mark.parametrize("gone", [KEY_FILE, AUDIT_FILE])
def test_half_a_state_is_refused(state, gone):
    (state.directory / gone).unlink()
    with pytest.raises(AuditFailed, match=r"put it back|backup"):
        State.open(state.directory)


def test_where_there_is_no_state_the_command_that_makes_one_is_named(tmp_path):
    with pytest.raises(AuditFailed, match="consentguard init --state"):
        State.open(tmp_path / "nowhere")


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AuditFailed, match="--state"):
        State.create(tmp_path / "file")
    with pytest.raises(AuditFailed):
        State.open(tmp_path / "file")


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.setenv("CONSENTGUARD_STATE", "")
    assert default_directory() != Path()
    assert default_directory().is_absolute()


# -- keys that live elsewhere -----------------------------------------------------------------------------------------


def test_a_key_of_the_environment_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("CONSENTGUARD_KEY", "ab" * 32)
    state = State.create(tmp_path / "state")
    state.record("init", {}, AT)
    assert not (state.directory / KEY_FILE).exists()
    assert State.open(state.directory).audit.verify().seq == 1
    monkeypatch.setenv("CONSENTGUARD_KEY", "cd" * 32)
    with pytest.raises(AuditFailed, match="row 1"):
        State.open(state.directory).audit.verify()
    with pytest.raises(AuditFailed, match="another key"):
        State.open(state.directory).record("released", {}, AT)
    monkeypatch.setenv("CONSENTGUARD_KEY", "ab")
    for action in (State.open, State.create):
        with pytest.raises(AuditFailed, match="CONSENTGUARD_KEY: is not a key") as caught:
            action(tmp_path / "another")
        assert "abab" not in str(caught.value)


def test_a_key_file_may_lie_elsewhere(tmp_path, monkeypatch):
    stick = tmp_path / "stick"
    stick.mkdir()
    monkeypatch.setenv("CONSENTGUARD_KEY_FILE", str(stick / "key"))
    state = State.create(tmp_path / "state")
    assert (stick / "key").is_file()
    assert sorted(path.name for path in state.directory.iterdir() if "-" not in path.name) == ["audit.db", "audit.head"]
    assert State.open(state.directory).seal(b"words") == state.seal(b"words")
    (stick / "key").unlink()  # the stick is taken out
    with pytest.raises(AuditFailed, match="put it back"):
        State.open(state.directory)
