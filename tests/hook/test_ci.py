"""The check without a register, and the examples, run as printed. Only what lies beyond our commands is a stand-in."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hook.websites import PDF, Site, hook, still

from consentguard.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
posix = pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")


@pytest.fixture
def key(site: Site, capsys: pytest.CaptureFixture[str]) -> str:
    """The school's public key; its list is in the repository, as the office put it there."""
    paper = ["--register", str(site.state / "consent_register.csv"), "--policy", str(site.state / "policy.toml")]
    assert main(["ledger", "export", "--public", "released.jsonl", *paper]) == 0
    capsys.readouterr()
    assert main(["ledger", "key"]) == 0
    site.git("add", "released.jsonl")
    return capsys.readouterr().out.strip()


def commands_of(file: str) -> list[str]:
    """The commands of ours that a CI file runs."""
    described: dict[str, Any] = yaml.safe_load((EXAMPLES / file).read_text(encoding="utf-8"))
    if "jobs" in described:
        lines = [step.get("run", "") for step in described["jobs"]["pictures"]["steps"]]
    else:
        lines = described["consentguard"]["script"]
    return [line for line in lines if line.startswith("consentguard hook")]


@posix
@pytest.mark.parametrize("file", ["github-action.yml", "gitlab-ci.yml"])
def test_a_job_passes_what_the_school_released_and_stops_what_it_did_not(
    site, key, file, photographs, tmp_path, monkeypatch
):
    (command,) = commands_of(file)
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "no-state-in-ci"))
    monkeypatch.setenv("CONSENTGUARD_LIST_KEY", key)

    def job() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, shell=True, cwd=site.folder, capture_output=True, text=True, check=False)

    site.slip("class3.jpg", site.released)
    site.slip("still.png", still())
    done = job()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    site.slip("slipped.jpg", photographs["partial"])
    done = job()
    assert done.returncode == 1
    assert "slipped.jpg: must not go" in done.stdout
    assert "class3.jpg" not in done.stdout


def test_the_list_counts_only_under_the_schools_key_its_channel_and_its_age(site, key, capsys, monkeypatch):
    site.slip("class3.jpg", site.released)
    ask = ["ci", "--list", "released.jsonl", "--key"]
    assert hook(*ask, key) == 0
    assert hook(*ask, "0" * 64) == 3
    assert "is not as it was signed, or signed by another key" in capsys.readouterr().err
    assert hook(*ask, key, "--max-age", "-1") == 3
    assert "consents may have gone since. Run `consentguard ledger export --public` again" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr("consentguard.consent.clock.now", lambda zone: datetime.now(zone) - timedelta(days=2))
        assert hook(*ask, key) == 3
    assert "is yet to come" in capsys.readouterr().err
    site.write("released.jsonl", (site.folder / "released.jsonl").read_bytes().replace(b"website", b"webside"))
    assert hook(*ask, key) == 3
    assert hook("ci", "--list", "none.jsonl", "--key", key) == 3


DEEP = b"[" * 200_000
BROKEN_LISTS = {
    "deep, alone": DEEP,
    "deep, as the signature": b"{}\n" + DEEP,
    "deep, within the signature": b'{}\n{"signature":' + DEEP,
    "deep, as the heading": DEEP + b"\n{}\n",
    "deep, as a row": b"{}\n" + DEEP + b'\n{"signature":"' + b"0" * 128 + b'"}\n',
    "a number without an end": b"{}\n" + b"9" * 1_000_000,
    "not UTF-8": b"\xff\xfe\n\xff\n",
    "a list": b"[]\n[]\n",
    "empty": b"",
}


@pytest.mark.parametrize("case", BROKEN_LISTS)
def test_a_list_that_is_none_is_an_error_and_no_traceback(site, capsys, case):
    site.write("released.jsonl", BROKEN_LISTS[case])
    assert hook("ci", "--list", "released.jsonl", "--key", "0" * 64) == 3
    said = capsys.readouterr().err
    assert "released.jsonl: is not as it was signed" in said
    assert len(said) < 500


def test_a_signed_list_that_is_none_is_an_error_and_no_traceback(site, key, capsys):
    """Signed by the school, but not as this version writes it."""
    from consentguard.consent.record.state import State
    from consentguard.values import canonical

    state = State.open(site.state)
    heading = {"consentguard": "released-hashes", "version": 1, "made_at": "2026-11-01T09:00:00+00:00", "rows": 1}
    for first, row in (
        (heading, b"[]"),
        (heading, DEEP),
        (heading, b'{"sha256":[],"channel":"website"}'),
        ({**heading, "made_at": "2026-11-01T09:00:00"}, b'{"sha256":"a","channel":"website"}'),
        ([], b"{}"),
    ):
        text = canonical(first) + b"\n" + row + b"\n"
        site.write("released.jsonl", text + canonical({"signature": state.sign(text)}) + b"\n")
        assert hook("ci", "--list", "released.jsonl", "--key", key) == 3
        assert "released.jsonl: " in capsys.readouterr().err


@posix
def test_a_list_is_a_file_that_ends(site, key, capsys):
    for name in ("/dev/zero", "/dev/stdin"):
        assert hook("ci", "--list", name, "--key", key) == 3
    os.mkfifo(site.folder / "pipe")
    assert hook("ci", "--list", "pipe", "--key", key) == 3
    assert "is not a file" in capsys.readouterr().err


def test_a_release_of_another_machine_passes_once_its_ledger_was_imported(site, key, tmp_path, capsys, monkeypatch):
    """The office released it; the teacher's machine knows its ledger, and has its own register and policy."""
    assert main(["ledger", "export", str(tmp_path / "office.jsonl")]) == 0
    teacher = tmp_path / "teacher"
    assert main(["init", "--state", str(teacher)]) == 0
    for name in ("consent_register.csv", "policy.toml"):
        (teacher / name).write_bytes((site.state / name).read_bytes())
    assert main(["ledger", "import", str(tmp_path / "office.jsonl"), "--key", key, "--state", str(teacher)]) == 0
    site.add("class3.jpg", site.released)
    capsys.readouterr()
    assert hook("pre-commit", "--json", "--state", str(teacher)) == 0
    assert '"outcome": "released"' in capsys.readouterr().out


# -- examples ---------------------------------------------------------------------------------------------------------


def stand_in(folder: Path, name: str) -> Path:
    """A program that writes down what it was called with."""
    log = folder / f"{name}.log"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{log}"\n')
    (folder / name).chmod(0o755)
    return log


def example(site: Site, name: str, *arguments: str, **environment: str) -> int:
    bin_folder = site.folder.parent / "bin"
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(EXAMPLES / name), *arguments],
        cwd=site.folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        check=False,
    ).returncode


@posix
def test_wordpress_gets_what_may_go_or_nothing(site):
    log = stand_in(site.folder.parent / "bin", "wp")
    site.write("class 3.jpg", site.released)
    site.write("notice.pdf", PDF)
    assert example(site, "wordpress_upload.sh", "class 3.jpg", "notice.pdf") == 3
    assert not log.exists()
    assert example(site, "wordpress_upload.sh", "class 3.jpg") == 0
    assert log.read_text().splitlines() == ["media", "import", "class 3.jpg", "--porcelain"]


@posix
def test_hugo_deploys_what_may_go_or_nothing(site):
    logs = [stand_in(site.folder.parent / "bin", name) for name in ("hugo", "rsync")]
    site.write("content/news/index.md", b"# Sports day")
    site.write("static/class 3.jpg", site.released)
    site.write("static/notice.pdf", PDF)
    assert example(site, "hugo_deploy.sh", SERVER="school@example.org:www") != 0
    assert not any(log.exists() for log in logs)
    (site.folder / "static/notice.pdf").unlink()
    assert example(site, "hugo_deploy.sh", SERVER="school@example.org:www") == 0
    assert logs[1].read_text().splitlines()[-1] == "school@example.org:www/"


def test_a_posting_tool_sends_other_bytes_or_none(site, photographs, monkeypatch):
    got: list[bytes] = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    site.write("consent_register.csv", (site.state / "consent_register.csv").read_bytes())
    site.write("photo.jpg", photographs["obama"])
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = f"http://127.0.0.1:{server.server_port}/news"
        command = [sys.executable, str(EXAMPLES / "send_to_website.py"), "photo.jpg", page]
        shown = subprocess.run([*command, "--people", "T001", "--by", "Office"], cwd=site.folder, check=False)
        refused = subprocess.run([*command, "--people", "P001"], cwd=site.folder, capture_output=True, check=False)
        server.shutdown()
    assert shown.returncode == 0
    assert len(got) == 1
    assert got[0] != photographs["obama"]
    assert got[0].startswith(b"\xff\xd8")
    assert refused.returncode != 0


@pytest.mark.parametrize("name", ["wordpress_upload.sh", "hugo_deploy.sh", "send_to_website.py", "post_photo.py"])
def test_the_examples_are_short(name):
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 41
