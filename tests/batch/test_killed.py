"""Processes of a real scan of real photographs are killed; benchmarks/scan_kill.py does the same with 300."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.usefixtures("photographs", "model_store")
def test_a_killed_scan_ends_as_one_that_nobody_disturbed(tmp_path: Path, body_policy_text: bytes) -> None:
    """Under a policy that releases most of the photos, and reads no text in them: reading is slow to begin."""
    (tmp_path / "policy.toml").write_bytes(body_policy_text)
    program = str(ROOT / "benchmarks/scan_kill.py")
    command = [sys.executable, program, "--photos", "9", "--kills", "worker,parent,worker"]
    command += ["--policy", str(tmp_path / "policy.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 worker(s) and 1 parent(s) killed: one verdict each; released files" in done.stdout
