"""The name to install by: the package index has another program called `consentguard`; nothing may name it."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from consentguard import program

ROOT = Path(__file__).parents[1]
READ = ("consentguard", "docs", "examples", "benchmarks", "models", ".ci", ".github")
KINDS = {".py", ".md", ".toml", ".cfg", ".yml", ".yaml", ".sh", ".html", ".ipynb", ".txt", ".js", ".ps1", ".in", ""}

INSTALLS = r"\b(?:pip3?|pipx|uv|poetry|pdm|conda)\b[^\n]*\b(?:install|add|download|run)\b[^\n]*"
OURS_NOT = r"""(?<![\w./\\-])consentguard(?![\w-]|\s+(?:hook|models|release|check|scan|init|demo)\b)"""
STRANGER = (
    re.compile(rf"{INSTALLS}?{OURS_NOT}(?=[\s'\"`\[=<>~!)@]|$)"),
    re.compile(r"(?<![\w./-])consentguard\[[a-z]"),  # an extra of it, wherever it stands
    re.compile(r"additional_dependencies[^\n]*[\[\s'\"]consentguard[\]\s'\",\[]"),
    re.compile(r"(?m)^\s*name\s*=\s*consentguard\s*$"),
)


def texts():
    for top in READ:
        for path in (ROOT / top).rglob("*"):
            if path.is_file() and path.suffix in KINDS and "__pycache__" not in path.parts:
                yield path
    for path in ROOT.iterdir():
        if path.is_file() and path.suffix in KINDS and path.name != ".git":
            yield path


def strangers(text):
    return [found.group() for pattern in STRANGER for found in pattern.finditer(text)]


@pytest.mark.parametrize(
    "text",
    [
        "pip install consentguard",
        "python -m pip install --upgrade consentguard",
        "run `pip install 'consentguard[ocr]'`.",
        'pip install "consentguard==0.1"',
        "uv add consentguard",
        "pipx install consentguard",
        "the extra consentguard[heic]",
        "additional_dependencies: [consentguard]",
        "name = consentguard",
    ],
)
def test_the_strangers_program_is_recognised(text):
    assert strangers(text)


@pytest.mark.parametrize(
    "text",
    [
        'pip install ".[ocr]"',
        'pip install "consentguard-photos[heic] @ git+https://example.org/x/consentguard"',
        "pip install ./consentguard_photos-0.1.0-py3-none-any.whl",
        "pip install . && consentguard models pull",
    ],
)
def test_ours_is_not(text):
    assert not strangers(text)


def test_nothing_names_a_distribution_that_is_not_ours():
    found = {
        str(path.relative_to(ROOT)): hits for path in texts() if (hits := strangers(path.read_text("utf-8", "replace")))
    }
    assert not found


def test_shell_commands_that_install_work_in_windows_shells_too():
    """cmd.exe takes single quotes for part of the name."""
    single = re.compile(r"pip3? install[^\n`]*'[.a-z]+[\w-]*\[")
    found = [str(path.relative_to(ROOT)) for path in texts() if single.search(path.read_text("utf-8", "replace"))]
    assert [name for name in found if name != "Makefile"] == []


class Installed:
    def __init__(self, kept):
        self.kept = kept

    def read_text(self, name):
        assert name == "direct_url.json"
        return self.kept


@pytest.mark.parametrize(
    ("kept", "command"),
    [
        # an address with a password is not printed
        (
            {"url": "file:///srv/consentguard", "dir_info": {}},
            'pip install "consentguard-photos[ocr] @ file:///srv/consentguard"',
        ),
        (
            {"url": "https://example.org/cg.git", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            'pip install "consentguard-photos[ocr] @ git+https://example.org/cg.git"',
        ),
        (
            {"url": "https://user:secret@example.org/cg.git", "vcs_info": {"vcs": "git"}},
            'pip install ".[ocr]" in the folder',
        ),
        (None, 'pip install ".[ocr]" in the folder'),
        ([], 'pip install ".[ocr]" in the folder'),
    ],
)
def test_an_extra_is_installed_from_where_the_program_came(monkeypatch, kept, command):
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(None if kept is None else json.dumps(kept)))
    assert program.install_command("ocr").startswith(command)


def test_the_distribution_is_ours():
    assert f"name = {program.DISTRIBUTION}\n" in (ROOT / "setup.cfg").read_text("utf-8")
