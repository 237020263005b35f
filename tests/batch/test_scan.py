"""Whole scans: on real photographs with the real guard, and with a stand-in where the bookkeeping is what matters."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from batch.units import Here, Obedient, allow
from fakes import LONDON, sample_with

from consentguard.batch import report
from consentguard.batch.local import Pool
from consentguard.batch.output import OutputFailed
from consentguard.batch.scan import Engine, Summary, basis_of, scan
from consentguard.batch.unit import Scanner, Settings
from consentguard.cli import main
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell
from consentguard.files import digest_of
from consentguard.guard.guard import Guard
from consentguard.vision.detection.detector import Detector
from consentguard.vision.imagefile import codec, structure

HERE = Path(__file__).parent
TERM = datetime(2026, 11, 20, 10, tzinfo=LONDON)


@pytest.fixture
def office(tmp_path: Path, photographs: dict[str, bytes], body_policy_text: bytes) -> Path:
    """A folder of photographs with a copy, a cut file and a text; register, policy and state beside it."""
    photos = tmp_path / "photos"
    (photos / "class 4").mkdir(parents=True)
    (photos / "one.jpg").write_bytes(photographs["obama"])
    (photos / "class 4" / "copy of one.jpg").write_bytes(photographs["obama"])
    (photos / "class 4" / "two.jpg").write_bytes(photographs["biden"])
    (photos / "cut.jpg").write_bytes(photographs["biden"][:9000])
    (photos / "notes.txt").write_text("no picture")
    (tmp_path / "register.csv").write_bytes(sample_with({}))
    (tmp_path / "policy.toml").write_bytes(body_policy_text)
    State.create(tmp_path / "state")
    return tmp_path


SHOWN = {"one.jpg": ("T001",), "class 4/two.jpg": ("T001",), "class 4/copy of one.jpg": ("T001",),
         "three.jpg": ("T001",)}  # fmt: skip


def _scan(office: Path, *, engine: Engine | None = None, workers: int = 0, **options: Any) -> Summary:
    parts: dict[str, Any] = {
        "register": office / "register.csv",
        "policy": office / "policy.toml",
        "state": office / "state",
    }
    guard = Guard.open(parts["register"], policy=parts["policy"], state=parts["state"])
    settings = Settings(
        office / "photos", office / "out", asked={"by": "a test"},
        register_sha256=guard.register.sha256, policy_sha256=guard.policy.fingerprint, **parts, **options
    )  # fmt: skip
    if engine is not None:
        return scan(guard, settings, engine)
    if workers:
        with Pool(Scanner(settings), workers) as pool:
            return scan(guard, settings, pool, people=SHOWN)
    return scan(guard, settings, Here(Scanner(settings)), people=SHOWN)


def _rows(office: Path) -> dict[str, dict]:
    return {row["photo"]: row for row in json.loads((office / "out" / "report.json").read_text())["photos"]}


def test_a_folder_of_real_photographs(office: Path, photographs: dict[str, bytes], detector: Detector) -> None:
    """The first time by real workers; later, when nothing is about them, in this process."""
    before = {path: path.read_bytes() for path in (office / "photos").rglob("*.*")}
    summary = _scan(office, workers=2)
    assert summary.outcomes == Counter(released=3, cannot_tell=1)
    assert (summary.looked_at, summary.passed_over, summary.exit_code) == (3, 1, 3)  # the copy is not looked at again
    rows = _rows(office)
    assert rows["one.jpg"]["output"] == rows["class 4/copy of one.jpg"]["output"]
    for name in ("one.jpg", "class 4/two.jpg"):
        released = (office / "out" / rows[name]["output"]).read_bytes()
        assert digest_of(office / "out" / rows[name]["output"]) == rows[name]["sha256"]
        assert not structure.carried(released)
    assert rows["cut.jpg"]["reasons"] == ["unreadable-image"]
    assert {path: path.read_bytes() for path in (office / "photos").rglob("*.*")} == before
    # one row in the audit trail for each release
    assert State.open(office / "state").audit.verify().seq == 3

    # Nothing changed: nothing is looked at. A deleted copy is made again, a new photo judged, a gone one forgotten.
    assert _scan(office).looked_at == 0
    (office / "out" / rows["one.jpg"]["output"]).write_bytes(b"tampered")
    (office / "photos" / "class 4" / "two.jpg").unlink()
    (office / "photos" / "three.jpg").write_bytes(photographs["obama2"])
    again = _scan(office)
    assert (again.looked_at, again.gone) == (2, 1)
    assert digest_of(office / "out" / rows["one.jpg"]["output"]) == rows["one.jpg"]["sha256"]
    assert not (office / "out" / rows["class 4/two.jpg"]["output"]).exists()
    assert _rows(office)["three.jpg"]["before"] is None

    # T001 withdraws: the register is another, everything is looked at again, and what was released is there no more.
    (office / "register.csv").write_bytes(sample_with({"T001": {"social_media_withdrawn": "2026-10-01"}}))
    summary = _scan(office)
    assert summary.outcomes == Counter(refused=3, cannot_tell=1)
    assert list((office / "out" / "released").rglob("*.*")) == []
    assert _rows(office)["one.jpg"]["before"] == "released"
    for row in _rows(office).values():  # nobody can be seen in a preview
        if row["thumb"]:
            picture = codec.decode((office / "out" / row["thumb"]).read_bytes(), max_edge=2048, max_pixels=10**7)
            assert detector.find(picture.pixels, 20) == ()


def test_a_dry_run_releases_nothing(office: Path) -> None:
    summary = _scan(office, dry_run=True)
    assert summary.outcomes["released"] == 0
    assert not (office / "out" / "released").exists()
    assert State.open(office / "state").audit.verify().seq == 0


def test_copies_can_lie_in_folders_as_their_photos_do(office: Path) -> None:
    _scan(office, keep_folders=True)
    assert Path(_rows(office)["class 4/two.jpg"]["output"]).parent == Path("released/class 4")


def test_the_command_and_its_reports(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = {"--out": "out", "--register": "register.csv", "--state": "state"}
    options = [text for option, name in where.items() for text in (option, str(office / name))]
    code = main(["scan", str(office / "photos"), "--workers", "1", *options])
    assert code == 3
    said = capsys.readouterr().out
    assert "4 photos: 2 released, 1 must not go, 1 undecided" in said
    assert f"to decide on what must not go: consentguard desk --scan {office / 'out'}" in said
    with (office / "out" / "report.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == ["class 4/copy of one.jpg", "class 4/two.jpg", "cut.jpg", "one.jpg"]
    page = (office / "out" / "report.html").read_text()
    assert "class 4/two.jpg" in page
    for name in ("Castlegate", "Winterbourne"):  # ids only
        assert name not in page + (office / "out" / "report.json").read_text()


# -- bookkeeping, with a stand-in for the guard's look ----------------------------------------------------------------


@pytest.fixture
def many(office: Path) -> Path:
    """300 files that look like pictures, no two alike."""
    for path in (office / "photos").rglob("*.*"):
        path.unlink()
    for number in range(300):
        (office / "photos" / f"{number}.jpg").write_bytes(b"\xff\xd8\xff" + str(number).encode())
    return office


def test_killed_again_and_again_every_photo_has_one_verdict(many: Path) -> None:
    def start() -> subprocess.Popen[str]:
        program = [sys.executable, str(HERE / "interrupted.py"), str(many / "photos"), str(many / "out"), str(many)]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def looks() -> list[list[str]]:
        return [line.split() for line in (many / "looks").read_text().splitlines()] if (many / "looks").exists() else []

    workers_killed = parents_killed = 0
    target = 30
    allow(many, target)
    process = start()
    while process.poll() is None:
        done = looks()
        if len(done) >= target:
            target += 30
            allow(many, 30)  # before anybody is killed: orphans end at their next look
            if parents_killed < 2 and workers_killed >= 2 * (parents_killed + 1):
                process.kill()
                process.communicate()
                parents_killed += 1
                process = start()
            elif workers_killed < 5:
                os.kill(next(int(pid) for pid, _ in reversed(done) if _runs(int(pid))), signal.SIGKILL)
                workers_killed += 1
        time.sleep(0.005)
    out, err = process.communicate()
    assert (workers_killed, parents_killed) == (5, 2), err
    assert process.returncode == 0, err
    assert out.split()[0] == "300"
    with sqlite3.connect(many / "out" / "scan.db") as journal:
        counts = journal.execute("SELECT count(*), count(DISTINCT content) FROM verdict").fetchone()
    assert counts == (300, 300)
    # What was at work when something was killed is looked at again, and nothing else.
    assert len(looks()) <= 300 + 2 * (workers_killed + 2 * parents_killed)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _kept(out: Path) -> int:
    """How many verdicts the journal of a running scan holds."""
    try:
        with closing(sqlite3.connect(f"{(out / 'scan.db').as_uri()}?mode=ro", uri=True)) as journal:
            return int(journal.execute("SELECT count(*) FROM verdict").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_ctrl_c_leaves_no_process_and_the_scan_goes_on(many: Path) -> None:
    program = [sys.executable, str(HERE / "interrupted.py"), str(many / "photos"), str(many / "out"), str(many)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    allow(many, 60)
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    while not _kept(many / "out"):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everybody at once
    complaints = process.communicate(timeout=60)[1]
    assert complaints.count("KeyboardInterrupt") == 1  # the parent's; workers leave it to the parent
    workers = {int(line.split()[0]) for line in (many / "looks").read_text().splitlines()}
    until = time.monotonic() + 60  # the system takes a moment to take leave of them
    while any(_runs(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in workers)
    allow(many, 1000)
    done = subprocess.run(program, capture_output=True, text=True, env=environment, check=True)
    total, looked_at = map(int, done.stdout.split())
    assert total == 300
    assert looked_at < 300


def test_an_output_folder_that_holds_what_no_scan_made_is_refused(office: Path) -> None:
    theirs = office / "out" / "thumbs" / "mine.jpg"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    with pytest.raises(CannotTell, match=r"holds files that no scan made \(thumbs\); name a new or empty folder"):
        _scan(office)
    assert theirs.read_bytes() == b"mine"


def test_two_scans_on_one_output(many: Path) -> None:
    seen = []

    class Meddling(Pool):
        def run(self, tasks, idle=lambda: None):
            with pytest.raises(CannotTell, match=f"process {os.getpid()} on .* writes here"):
                _scan(many, engine=Pool(Obedient(many), 1))
            seen.append(True)
            return super().run(tasks, idle)

    with Meddling(Obedient(many), 2) as pool:
        assert _scan(many, engine=pool).looked_at == 300
    assert seen


def test_a_full_disk_stops_the_scan_and_it_goes_on_later(many: Path) -> None:
    (many / "photos" / "full.jpg").write_bytes(b"\xff\xd8\xff")
    with Pool(Obedient(many), 2) as pool, pytest.raises(OutputFailed, match="no space"):
        _scan(many, engine=pool)
    (many / "photos" / "full.jpg").unlink()
    with Pool(Obedient(many), 2) as pool:
        _scan(many, engine=pool)
    assert len(_rows(many)) == 300


def test_a_day_on_which_a_consent_ends_is_another_basis(many: Path, policy: Policy) -> None:
    changed = sample_with({"P001": {"social_media_expires": "2026-11-21"}})
    one = Guard(Register.parse(changed, "changed.csv"), policy)
    settings = Settings(many / "photos", many / "out", many / "register.csv", None, None, {}, "", "")
    same = [basis_of(one, settings, TERM.replace(day=day)) for day in (19, 20, 21, 22)]
    assert same[0] == same[1] != same[2] == same[3]


def test_a_scan_that_was_stopped_is_the_same_scan_when_it_goes_on(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Pool(Obedient(many), 2) as pool:
        _scan(many, engine=pool)
        (many / "photos" / "new.jpg").write_bytes(b"\xff\xd8\xff new")
        monkeypatch.setattr(report, "write", _out_of_paper)
        with pytest.raises(OutputFailed):
            _scan(many, engine=pool)
        monkeypatch.undo()
        _scan(many, engine=pool)
    rows = _rows(many)
    assert rows["0.jpg"]["before"] == "cannot_tell"


def _out_of_paper(*_: object) -> None:
    raise OutputFailed("no paper")


def test_what_no_photo_is_to_blame_for_stops_the_scan_and_is_nobodys_verdict(
    office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["scan", str(office / "photos"), "--out", str(office / "out"), "--register", str(office / "register.csv")]
    monkeypatch.setenv("CONSENTGUARD_STATE", str(office / "none"))
    assert main(command) == 3
    assert "consentguard init" in capsys.readouterr().err
    assert not (office / "out").exists()
    monkeypatch.setenv("CONSENTGUARD_STATE", str(office / "state"))
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("CONSENTGUARD_MODELS", str(office / "no models"))
        assert main(command) == 3
        assert "models pull" in capsys.readouterr().err
    assert main([*command, "--workers", "1"]) == 3
    assert "4 photos: 2 released, 1 must not go, 1 undecided" in capsys.readouterr().out


def test_a_photo_that_went_away_while_it_was_looked_at_is_looked_at_again(office: Path) -> None:
    class Gone(Pool):
        def run(self, tasks, idle=lambda: None):
            def vanishing():
                for task in tasks:
                    if task.path.name == "one.jpg":
                        (office / "photos" / "one.jpg").rename(office / "away")
                    yield task

            return super().run(vanishing(), idle)

    (office / "photos" / "class 4" / "copy of one.jpg").unlink()
    guard = Guard.open(office / "register.csv", policy=office / "policy.toml", state=office / "state")
    settings = Settings(
        office / "photos", office / "out", office / "register.csv", office / "policy.toml", office / "state", {},
        guard.register.sha256, guard.policy.fingerprint
    )  # fmt: skip
    with Gone(Scanner(settings), 1) as pool:
        scan(guard, settings, pool)
    assert "cannot be read (No such file" in _rows(office)["one.jpg"]["message"]
    (office / "away").rename(office / "photos" / "one.jpg")
    with Pool(Scanner(settings), 1) as pool:
        assert scan(guard, settings, pool).looked_at == 1
    assert _rows(office)["one.jpg"]["outcome"] == "released"
