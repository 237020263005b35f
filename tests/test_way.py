"""The way of one photo through the guard: few files, and none entered twice."""

from pathlib import Path

import numpy as np
import pytest
from fakes import FixedFaces

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard

ROOT = Path(__file__).parents[1]


def test_a_release_enters_no_file_of_the_guard_twice(
    tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    way = __import__("way")
    guard = Guard(register, Policy.shipped(), state=State.create(tmp_path / "state"), detector=FixedFaces())
    pixels = np.full((96, 96, 3), 128, np.uint8)
    _, entered, _ = way.entered(lambda: guard.release(pixels).verdict.outcome.value)
    assert entered["pipeline.py"] == 1
    assert set(entered.values()) == {1}, entered
    assert len(entered) <= 8, entered
