"""A release is taken back: no exit point accepts it, the ledger names it, and the trail says so in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fakes import SAMPLE_FILE

from consentguard.cli import main
from consentguard.consent.record.exchange import ReleasedHashes, export, export_public, take
from consentguard.consent.record.ledger import Ledger
from consentguard.consent.record.state import State
from consentguard.errors import AuditFailed, Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.hook.judge import Judge
from consentguard.values import Outcome
from consentguard.vision.imagefile import codec

WALL = codec.encode_jpeg(np.full((120, 160, 3), (190, 180, 120), np.uint8), 90)


def test_what_was_taken_back_is_refused_at_every_exit_point(guard: Callable[..., Guard], state: State, policy) -> None:
    """Also a release of mode off, which shows nobody."""
    ours = guard()
    released = ours.release(WALL)
    Ledger(state).record_post(released.sha256, channel="main", post="17", at=datetime.now(UTC))
    (release,) = ours.revoke(released, by="Ms Castlegate", why="a poster on the wall")
    assert (release.sha256, release.channel) == (released.sha256, "main")
    with pytest.raises(Refused, match="taken back at") as caught:
        ours.admit(released, channel="main")
    assert caught.value.verdict.reasons == ("revoked",)
    stands, why = Judge(ours.register, ours.policy, state, channel="main")._releases.look_up(released.sha256)
    assert why
    assert (stands, why.rule) == (False, "revoked")
    listed = ReleasedHashes.read(
        export_public(state, ours.register, ours.policy, datetime.now(UTC)), "list", key=state.public_key
    )
    assert not listed.allows(released.sha256, "main")
    with pytest.raises(AuditFailed, match="no release of these bytes stands"):
        ours.revoke(released, by="Ms Castlegate", why="again")


def test_it_comes_back_only_by_somebody_who_answers_for_it(guard: Callable[..., Guard]) -> None:
    ours = guard()
    first = ours.release(WALL)
    ours.revoke(first.sha256, by="Ms Castlegate", why="a mistake")
    with pytest.raises(Refused) as caught:
        ours.release(WALL)
    assert (caught.value.verdict.reasons, caught.value.verdict.outcome) == (("revoked",), Outcome.REFUSED)
    again = ours.release(WALL, by="The Headteacher")
    assert again.data == first.data
    ours.admit(again, channel="main")
    with pytest.raises(Refused):
        ours.admit(first, channel="main")


@pytest.mark.parametrize(("by", "why"), [("", "why"), (" ", "why"), ("me", ""), ("me", " ")])
def test_somebody_takes_it_back_for_a_reason(guard: Callable[..., Guard], by: str, why: str) -> None:
    ours = guard()
    released = ours.release(WALL)
    with pytest.raises(WrongUsage, match="--by NAME --why TEXT"):
        ours.revoke(released, by=by, why=why)


def test_another_machine_learns_of_it(guard: Callable[..., Guard], state: State, tmp_path: Path) -> None:
    ours, there = guard(), State.create(tmp_path / "there")
    released = ours.release(WALL)
    ours.revoke(released, by="me", why="a mistake")
    now = datetime.now(UTC)
    assert take(there, export(state, now), "file", key=state.public_key, at=now) == 2
    assert [bool(release.revoked) for release in Ledger(there).releases()] == [True]


def test_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, out, state = tmp_path / "wall.jpg", tmp_path / "out", ["--state", str(tmp_path / "state")]
    photo.write_bytes(WALL)
    papers = ["--register", str(SAMPLE_FILE)]
    assert main(["init", *state]) == 0
    assert main(["release", str(photo), "--out", str(out), *papers, *state]) == 0
    (copy,) = out.iterdir()
    ledger = Ledger(State.open(tmp_path / "state"))
    ledger.record_post(ledger.releases()[0].sha256, channel="main", post="17", at=datetime.now(UTC))
    assert main(["revoke", str(copy), "--by", "Ms Castlegate", "--why", "wrong photo", *state]) == 0
    told = capsys.readouterr().out
    assert "taken back for main" in told and "post 17 on main is still up" in told
    assert main(["revoke", copy.stem, "--by", "Ms Castlegate", "--why", "again", *state]) == 3
    assert main(["revoke", "nothing", "--by", "me", "--why", "x", *state]) == 2
    capsys.readouterr()
    assert main(["takedown", "--json", *papers, *state]) == 1
    assert '"revoked": "20' in capsys.readouterr().out
    assert main(["audit", "show", "--release", copy.stem, *state]) == 0
    told = capsys.readouterr().out
    assert "released for main" in told and "taken back by Ms Castlegate" in told and "why: wrong photo" in told
    assert main(["audit", "show", "--last", "1", "--json", *state]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["kind"], row["details"]["why"]) == ("revoked", "wrong photo")
    assert main(["audit", "show", "--last", "0", *state]) == 2
    assert main(["audit", "show", "--release", "0" * 16, *state]) == 2
