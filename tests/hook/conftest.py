"""A website in a real git repository, beside a state that has released one covered photo."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes import SAMPLE_FILE
from hook.websites import Site

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard
from consentguard.hook.judge import Judge


@pytest.fixture(scope="session")
def office(
    tmp_path_factory: pytest.TempPathFactory, photographs: Mapping[str, bytes], body_policy_text: bytes
) -> tuple[Path, bytes]:
    """A state directory with register and policy, and a photo it released for the website."""
    folder = tmp_path_factory.mktemp("office") / "state"
    state = State.create(folder)
    (folder / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())
    (folder / "policy.toml").write_bytes(body_policy_text)
    guard = Guard(Register.load(SAMPLE_FILE), Policy.load(folder / "policy.toml"), state=state)
    return folder, guard.release(photographs["partial"], channel="website").data


@pytest.fixture
def site(office: tuple[Path, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    state, released = office
    nowhere = {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": str(tmp_path / "none")}
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in {**nowhere, "CONSENTGUARD_STATE": str(state)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(folder)
    site = Site(folder, state, released)
    site.git("init", "--quiet", "--initial-branch", "main")
    site.git("config", "user.name", "Office")
    site.git("config", "user.email", "office@example.org")
    return site


@pytest.fixture(scope="module")
def judge(office: tuple[Path, bytes]) -> Judge:
    """What judges files for a website, under the papers of `office`."""
    state, _ = office
    register, policy = Register.load(state / "consent_register.csv"), Policy.load(state / "policy.toml")
    return Judge(register, policy, State.open(state))
