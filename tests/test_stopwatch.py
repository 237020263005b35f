"""Where the time of a photo went: said for every stage that ran, and no part of what a verdict says."""

import json
import threading

from consentguard.cli import main
from consentguard.consent.record.state import State
from consentguard.guard.guard import Guard
from consentguard.values.stopwatch import STAGES, so_far, stage, timed


def test_a_release_names_its_stages_in_order(photographs, register, body_policy, state: State):
    guard = Guard(register, body_policy, state=state)
    verdict = guard.release(photographs["obama"]).verdict
    assert set(verdict.timings) == set(STAGES) - {"embed", "match"}  # nobody is compared in mode off
    assert all(spent > 0 for spent in verdict.timings.values())
    assert "timings" not in verdict.as_json()
    again = guard.release(photographs["obama"]).verdict
    assert again == verdict  # and not in what is sealed or compared


def test_stages_add_up_and_each_thread_has_its_own():
    with timed():
        for _ in range(2):
            with stage("decode"):
                other = threading.Thread(target=lambda: _inside("plan"))
                other.start()
                other.join()
        assert list(so_far()) == ["decode"]
    assert so_far() == {}
    with stage("decode"):  # nobody collects: nothing is kept
        pass
    assert so_far() == {}


def _inside(name: str) -> None:
    with stage(name):
        pass


def test_check_says_them_beside_the_verdict(photographs, tmp_path, capsys):
    (tmp_path / "photo.jpg").write_bytes(photographs["obama"])
    main(["check", str(tmp_path / "photo.jpg"), "--timings", "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["outcome"]
    assert "ms: decode " in said.err
    assert ", detect " in said.err
