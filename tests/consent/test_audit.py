"""The audit trail: it only grows, and whoever changes it by other means is found out at that very row."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from consentguard.consent.record import chain_head as head_module
from consentguard.consent.record.audit import AuditTrail
from consentguard.consent.record.chain_head import ChainHead
from consentguard.errors import AuditFailed, WrongUsage

KEY = b"k" * 32
AT = "2026-11-22T09:30:00+00:00"
ROWS = 6


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("trail") / "audit.db"
    trail = AuditTrail.create(path, KEY)
    for number in range(1, ROWS + 1):
        assert trail.append("released", {"sha256": f"{number:064x}", "people": ["P001"]}, AT) == number
    return path


@pytest.fixture
def trail(written, tmp_path) -> AuditTrail:
    """A trail of six rows that a test may spoil."""
    for file in written.parent.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    return AuditTrail.open(tmp_path / "audit.db", KEY)


def spoil(trail: AuditTrail, *statements: str, triggers: bool = False) -> None:
    """What somebody with the file and a database tool, but without the key, could do."""
    connection = sqlite3.connect(trail.path, isolation_level=None)
    try:
        if not triggers:
            connection.execute("DROP TRIGGER trail_is_never_changed")
            connection.execute("DROP TRIGGER trail_is_never_cut")
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


# -- what it keeps ----------------------------------------------------------------------------------------------------


def test_an_untouched_trail_is_whole(trail):
    assert trail.verify().seq == ROWS


def test_an_empty_trail_is_whole(tmp_path):
    assert AuditTrail.create(tmp_path / "new.db", KEY).verify().seq == 0


def test_rows_come_back_as_they_were_written(trail):
    entry = trail.entry(3)
    assert entry is not None
    assert (entry.seq, entry.at, entry.kind) == (3, AT, "released")
    assert entry.body == {"sha256": f"{3:064x}", "people": ["P001"]}


@pytest.mark.parametrize("seq", [0, -1, ROWS + 1])
def test_a_row_that_is_not_there_is_none(trail, seq):
    assert trail.entry(seq) is None


@examples(0.3)
@given(
    bodies=st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers() | st.none()), min_size=1, max_size=4
    )
)
def test_any_details_are_kept_and_proved(tmp_path_factory, bodies):
    trail = AuditTrail.create(tmp_path_factory.mktemp("any") / "audit.db", KEY)
    for body in bodies:
        trail.append("kind", body, AT)
    assert trail.verify().seq == len(bodies)
    assert [row.body for row in trail.entries()] == bodies


# -- what was done to it ----------------------------------------------------------------------------------------------

SPOILED = {
    "body edited": (["UPDATE trail SET body = replace(body, 'P001', 'P002') WHERE seq = 3"], 3),
    "time edited": (["UPDATE trail SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3"], 3),
    "kind edited": (["UPDATE trail SET kind = 'refused' WHERE seq = 3"], 3),
    "mac edited": (["UPDATE trail SET mac = '" + "0" * 64 + "' WHERE seq = 3"], 3),
    "first row edited": (["UPDATE trail SET kind = 'refused' WHERE seq = 1"], 1),
    "last row edited": ([f"UPDATE trail SET kind = 'refused' WHERE seq = {ROWS}"], ROWS),
    "a row removed": (["DELETE FROM trail WHERE seq = 3"], 3),
    "a row removed, the rest moved up": (
        ["DELETE FROM trail WHERE seq = 3", "UPDATE trail SET seq = -seq", "UPDATE trail SET seq = -seq",
         "UPDATE trail SET seq = seq - 1 WHERE seq = 4", "UPDATE trail SET seq = seq - 1 WHERE seq = 5",
         "UPDATE trail SET seq = seq - 1 WHERE seq = 6"],
        3,
    ),
    "first row removed": (["DELETE FROM trail WHERE seq = 1"], 1),
    "a row inserted before all": (["INSERT INTO trail SELECT 0, at, kind, body, mac FROM trail WHERE seq = 1"], 1),
    "a row added": (["INSERT INTO trail SELECT 7, at, kind, body, mac FROM trail WHERE seq = 6"], 7),
    "a row added far behind": (["INSERT INTO trail SELECT 99, at, kind, body, mac FROM trail WHERE seq = 6"], 7),
    "two rows exchanged": (
        ["UPDATE trail SET seq = 100 WHERE seq = 3", "UPDATE trail SET seq = 3 WHERE seq = 4",
         "UPDATE trail SET seq = 4 WHERE seq = 100"],
        3,
    ),
    "a row said twice": (
        ["UPDATE trail SET (kind, body, mac) = (SELECT kind, body, mac FROM trail WHERE seq = 2) WHERE seq = 3"],
        3,
    ),
    "body no longer JSON": (["UPDATE trail SET body = 'x' WHERE seq = 3"], 3),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "row"), SPOILED.values(), ids=SPOILED)
def test_what_was_done_to_the_trail_is_found_at_its_row(trail, statements, row):
    spoil(trail, *statements)
    with pytest.raises(AuditFailed, match=rf"row {row} is not") as caught:
        trail.verify()
    assert str(trail.path) in str(caught.value)


@pytest.mark.parametrize("seq", range(1, ROWS + 1))
def test_a_changed_row_is_not_handed_out(trail, seq):
    spoil(trail, f"UPDATE trail SET body = replace(body, 'P001', 'P002') WHERE seq = {seq}")
    with pytest.raises(AuditFailed, match=f"row {seq}"):
        trail.entry(seq)


def test_a_row_whose_forerunner_is_gone_is_not_handed_out(trail):
    spoil(trail, "DELETE FROM trail WHERE seq = 3")
    with pytest.raises(AuditFailed, match="row 4"):
        trail.entry(4)


def test_a_trail_of_another_key_is_not_ours(trail):
    other = AuditTrail.open(trail.path, b"o" * 32)
    with pytest.raises(AuditFailed, match="row 1"):
        other.verify()
    with pytest.raises(AuditFailed, match="row 2"):
        other.entry(2)


def test_going_on_after_a_change_does_not_hide_it(trail):
    spoil(trail, "UPDATE trail SET kind = 'refused' WHERE seq = 3")
    trail.append("released", {}, AT)
    with pytest.raises(AuditFailed, match="row 3"):
        trail.verify()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE trail SET kind = 'x' WHERE seq = 3", "DELETE FROM trail WHERE seq = 3", "DELETE FROM trail"],
)
def test_the_database_itself_refuses_to_change_or_cut(trail, statement):
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        spoil(trail, statement, triggers=True)
    assert trail.verify().seq == ROWS


@pytest.mark.parametrize("values", ["7, NULL, 'k', '{}', 'm'", "1, 'a', 'k', '{}', 'm'"])
def test_the_database_itself_refuses_rows_that_are_none(trail, values):
    with pytest.raises(sqlite3.IntegrityError):
        spoil(trail, f"INSERT INTO trail VALUES ({values})", triggers=True)


# -- opening ----------------------------------------------------------------------------------------------------------


def test_a_second_trail_never_replaces_the_first(trail):
    with pytest.raises(AuditFailed, match="nothing was changed"):
        AuditTrail.create(trail.path, KEY)
    assert trail.verify().seq == ROWS


def test_a_missing_trail_is_not_made_anew(tmp_path):
    with pytest.raises(AuditFailed, match="missing"):
        AuditTrail.open(tmp_path / "audit.db", KEY)
    assert not (tmp_path / "audit.db").exists()


def test_a_trail_that_goes_missing_later_is_not_made_anew(trail):
    trail.path.unlink()
    with pytest.raises(AuditFailed):
        trail.append("released", {}, AT)
    with pytest.raises(AuditFailed):
        trail.verify()
    assert not trail.path.exists()


def test_a_trail_of_a_newer_version_is_left_alone(trail):
    spoil(trail, "PRAGMA user_version = 2")
    with pytest.raises(AuditFailed, match=r"format 2.*update consentguard"):
        AuditTrail.open(trail.path, KEY)


@pytest.mark.parametrize("data", [b"", b"not a database, but long enough to look like one" * 40, b"SQLite format 3\0"])
def test_a_file_that_is_no_trail_is_refused(tmp_path, data):
    (tmp_path / "audit.db").write_bytes(data)
    with pytest.raises(AuditFailed):
        AuditTrail.open(tmp_path / "audit.db", KEY)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AuditFailed, match=r"audit.db: unable to open .*No such file"):
        AuditTrail.create(tmp_path / "nowhere" / "audit.db", KEY)


# -- a cut tail -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0, 1, ROWS - 1])
def test_a_cut_tail_is_noticed_and_nothing_is_added_to_it(trail, left):
    spoil(trail, f"DELETE FROM trail WHERE seq > {left}")
    for action in (trail.verify, lambda: trail.append("released", {}, AT)):
        with pytest.raises(AuditFailed, match=rf"rows {left + 1} to {ROWS} are gone"):
            action()


def test_a_cut_tail_that_was_written_anew_is_noticed(trail):
    """Without the key nobody can write a row; with a copy of the program and the key of another state neither."""
    other = AuditTrail.open(trail.path, KEY)
    spoil(trail, f"DELETE FROM trail WHERE seq > {ROWS - 1}")
    other.accept("pretending", AT)  # somebody with the key goes on, and leaves a row that says so
    head = ChainHead(ROWS, "0" * 64)
    with pytest.raises(AuditFailed, match=f"row {ROWS} is another"):
        trail.verify(head)


def test_an_older_head_and_trail_put_back_together_are_known_by_a_head_kept_elsewhere(trail, tmp_path):
    shutil.copytree(tmp_path, tmp_path / "old")
    trail.append("released", {}, AT)
    head = trail.verify()
    for file in (tmp_path / "old").iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    for companion in tmp_path.glob("audit.db-*"):
        companion.unlink()
    assert trail.verify().seq == ROWS, "all files of one day fit together"
    with pytest.raises(AuditFailed, match=rf"rows {ROWS + 1} to {ROWS + 1} are gone"):
        trail.verify(ChainHead.parse(str(head)))


def test_a_second_file_elsewhere_knows_too(trail, tmp_path, monkeypatch):
    elsewhere = tmp_path / "another disk" / "head"
    elsewhere.parent.mkdir()
    monkeypatch.setenv("CONSENTGUARD_AUDIT_HEAD", str(elsewhere))
    with pytest.raises(AuditFailed, match="another disk"):
        trail.append("released", {}, AT)
    trail.accept("a second place for the head", AT)
    beside = (tmp_path / "audit.head").read_bytes()
    assert elsewhere.read_bytes() == beside
    trail.append("released", {}, AT)
    spoil(trail, f"DELETE FROM trail WHERE seq > {ROWS + 1}")
    (tmp_path / "audit.head").write_bytes(beside)
    with pytest.raises(AuditFailed, match=rf"rows {ROWS + 2} to {ROWS + 2} are gone"):
        trail.verify()


@pytest.mark.parametrize(
    "text", ["", "6-" + "0" * 64 + " " + "0" * 64, "nonsense", "5-{mac} {seal}", "-1-" + "0" * 64, "\xff"]
)
def test_a_head_that_is_missing_or_forged_stops_everything(trail, tmp_path, text):
    place = tmp_path / "audit.head"
    _, seal = place.read_text().split()
    place.write_text(text.format(mac=trail.entry(5).mac, seal=seal), "latin-1")
    for action in (trail.verify, lambda: trail.append("released", {}, AT)):
        with pytest.raises(AuditFailed, match="audit accept"):
            action()
    place.unlink()
    with pytest.raises(AuditFailed, match="missing"):
        trail.verify()


def test_a_backup_can_be_gone_on_from_on_the_record(trail):
    spoil(trail, f"DELETE FROM trail WHERE seq > {ROWS - 2}")
    assert trail.accept("disk broke; backup of Monday", AT) == ROWS - 1
    assert trail.append("released", {}, AT) == ROWS
    assert trail.verify().seq == ROWS
    assert trail.entry(ROWS - 1).body == {"rows": ROWS - 2, "why": "disk broke; backup of Monday"}


def test_what_is_not_whole_cannot_be_gone_on_from(trail):
    spoil(trail, "UPDATE trail SET kind = 'refused' WHERE seq = 3")
    with pytest.raises(AuditFailed, match="row 3"):
        trail.accept("please", AT)


def test_a_head_reads_back_what_it_shows():
    head = ChainHead(57, "0123456789abcdef" * 4)
    assert ChainHead.parse(f" {head}\n") == head
    for text in ("", "57", "57-xyz", "057-" + "0" * 64, "-57-" + "0" * 64):
        with pytest.raises(WrongUsage, match="--head"):
            ChainHead.parse(text)


# -- disks and deaths -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["the row", "the head"])
def test_a_full_disk_is_an_error_and_leaves_a_whole_trail(trail, monkeypatch, what):
    """What was not recorded is not released; a row without its release does no harm."""
    if what == "the row":
        spoil(trail, "PRAGMA user_version = 1", triggers=True)
        connect = sqlite3.connect

        def small(*args, **settings):
            connection = connect(*args, **settings)
            connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
            return connection

        monkeypatch.setattr(sqlite3, "connect", small)
    else:
        monkeypatch.setattr(head_module, "write_whole", _no_space)
    with pytest.raises(AuditFailed, match="Check the disk"):
        for _ in range(100):
            trail.append("released", {"filling": "x" * 2000}, AT)
    monkeypatch.undo()
    rows = trail.verify().seq
    assert trail.append("released", {}, AT) == rows + 1
    assert trail.verify().seq == rows + 1


def _no_space(path, data):
    raise OSError(28, "No space left on device")


KILLED = """
import os, sys
from pathlib import Path
from consentguard.consent.record import audit, chain_head
from consentguard.consent.record.audit import AuditTrail
trail = AuditTrail.open(Path(sys.argv[1]), b"k" * 32)
die = lambda *arguments: os._exit(9)
if sys.argv[2] == "before the row is committed":
    audit._last = die
else:
    audit.keep = die
trail.append("released", {}, "2026-11-22T09:30:00+00:00")
print("released")
"""


@pytest.mark.parametrize(("moment", "rows"), [("before the row is committed", ROWS), ("before the head", ROWS + 1)])
def test_killed_in_the_middle_nothing_was_released_and_the_trail_goes_on(trail, moment, rows):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(trail.path), moment], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (9, "")
    assert trail.verify().seq == rows
    assert trail.append("released", {}, AT) == rows + 1
    assert trail.verify().seq == rows + 1


# -- together ---------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from consentguard.consent.record.audit import AuditTrail
trail = AuditTrail.open(Path(sys.argv[1]), b"k" * 32)
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    trail.append("released", {"writer": sys.argv[2], "number": number}, "2026-11-22T09:30:00+00:00")
"""


def test_two_processes_appending_make_one_whole_chain(trail):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(trail.path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout and writer.stdin
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert trail.verify().seq == ROWS + 40
    rows = [trail.entry(seq).body for seq in range(ROWS + 1, ROWS + 41)]
    for name in ("a", "b"):
        assert [row["number"] for row in rows if row["writer"] == name] == list(range(20))
