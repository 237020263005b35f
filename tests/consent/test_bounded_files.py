"""Files that people name on the command line: pipes, devices and values nested without end are errors that say so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import SAMPLE_FILE

from consentguard.cli import main
from consentguard.consent.record.exchange import ReleasedHashes
from consentguard.errors import AuditFailed
from consentguard.files import read_bounded

DEEP = 100_000
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")


@pytest.fixture
def said(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> tuple[int, str]:
        code = main(words)
        return code, capsys.readouterr().err

    return said


COMMANDS = [
    ("register", "check", "FILE"),
    ("register", "import", "FILE", "--format", "wide", "--out", "new.csv"),
    (
        "register",
        "import",
        "ok.csv",
        "--format",
        "csv",
        "--columns",
        "FILE",
        "--scope",
        "website=W",
        "--out",
        "new.csv",
    ),
    ("policy", "check", "FILE"),
    ("policy", "explain", "FILE"),
    ("ledger", "import", "FILE", "--state", "state", "--key", "0" * 64),
]


@needs_pipes
@pytest.mark.parametrize(("line", "kind"), [*((line, "fifo") for line in COMMANDS), (COMMANDS[3], "/dev/zero")])
def test_a_pipe_or_a_device_is_an_error_and_not_a_wait(line, kind, state, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "ok.csv").write_bytes(SAMPLE_FILE.read_bytes())
    words = [kind if word == "FILE" else word for word in line]
    program = subprocess.run(
        [sys.executable, "-m", "consentguard", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert program.returncode == 3, program.stderr
    assert "it is a pipe or a device, not a file" in program.stderr
    assert "Traceback" not in program.stderr


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * DEEP,
        "a = " + "{a=" * DEEP,
        "a = " + "1" * DEEP,
        "a." * DEEP + "a = 1",
        "name = " + '"x"' * DEEP,
        "#" * 1_000_001,
    ],
    ids=["arrays", "tables", "digits", "keys", "texts", "size"],
)
def test_a_policy_that_is_nested_without_end_is_no_policy(text, said, tmp_path):
    (tmp_path / "policy.toml").write_text(text)
    for command in ("check", "explain"):
        code, err = said("policy", command, "policy.toml")
        assert code == 3
        assert "policy.toml" in err
    (tmp_path / "ok.csv").write_bytes(SAMPLE_FILE.read_bytes())
    code, err = said(*(word.replace("FILE", "policy.toml") for word in COMMANDS[2]))
    assert (code, "policy.toml" in err) == (3, True)


@pytest.mark.parametrize(
    "text", ["[" * DEEP, '{"a":' * DEEP, '{"data": [' + '{"a":' * 900 + "1" + "}" * 900 + "]}", "1" * DEEP]
)
def test_json_that_is_nested_without_end_is_no_list_of_students(text, said, state, tmp_path):
    (tmp_path / "deep.json").write_text(text)
    code, err = said("register", "import", "deep.json", "--format", "wonde", "--scope", "website=x", "--out", "new.csv")
    assert (code, "deep.json" in err) == (3, True)
    code, err = said("ledger", "import", "deep.json", "--state", "state", "--key", "0" * 64)
    assert (code, "deep.json" in err) == (3, True)


def test_a_signed_list_that_is_nested_without_end_is_none():
    with pytest.raises(AuditFailed, match="list: is not as it was signed"):
        ReleasedHashes.read(b"{}\n" + b"[" * DEEP, "list", key="0" * 64)


def test_a_bounded_file_says_why_it_is_not_read(tmp_path: Path):
    (tmp_path / "large").write_bytes(b"x" * 11)
    assert read_bounded(tmp_path / "large", 11) == b"x" * 11
    with pytest.raises(OSError, match="it is over 1e-05 MB"):
        read_bounded(tmp_path / "large", 10)
    with pytest.raises(OSError, match="directory"):
        read_bounded(tmp_path, 10)
    (tmp_path / "link").symlink_to(tmp_path / "large")
    assert read_bounded(tmp_path / "link", 11) == b"x" * 11
