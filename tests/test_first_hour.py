"""From an empty home to a first release with the school's own register, by the lines of docs/first-hour.md alone."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from pages import blocks, lines

from consentguard.vision.models.store import ModelStore

PAGE = "docs/first-hour.md"
INSTALLS = ("python3 -m venv", ". .venv/bin/activate", "pip install ")
MOST = 10
"""Commands to a first release, at most."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "consentguard").mkdir()  # stands for the project's folder, in which it was installed
    return tmp_path


def test_an_empty_home_comes_to_a_first_release_in_ten_commands(
    home: Path, photographs: dict[str, bytes], model_store: ModelStore
) -> None:
    printed = lines(PAGE, "text")
    printed = printed[: next(n for n, line in enumerate(printed) if "--people" in line) + 1]
    assert [line for line in printed if line.startswith(INSTALLS)] == [
        "python3 -m venv .venv",
        ". .venv/bin/activate",
        "pip install .",
    ]  # done already, in the environment that runs this; tests/test_packaging.py installs the wheel
    assert len(printed) <= MOST
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CONSENTGUARD_", "XDG_"))}
    environment |= {
        "HOME": str(home / "home"),
        "USERPROFILE": str(home / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CONSENTGUARD_MODELS": str(model_store.folder),  # fetched once for the whole suite
    }
    here, school = home / "consentguard", home / "school"
    for line in printed:
        if line.startswith(INSTALLS):
            continue
        if line.startswith("cd "):
            here = (here / line.removeprefix("cd ")).resolve()
            continue
        if "register check" in line:  # what the page says before it: save this, take a photo
            (register,) = blocks(PAGE, "csv")
            (school / "consent_register.csv").write_text(register, encoding="utf-8")
            (school / "photo.jpg").write_bytes(photographs["obama"])
        done = subprocess.run(
            shlex.split(line),
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    (released,) = (school / "safe").glob("*.jpg")
    assert released.read_bytes() != (school / "photo.jpg").read_bytes()
    shown = subprocess.run(
        ["consentguard", "audit", "show", "--last", "1"], cwd=school, env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "shows P001" in shown.stdout
