"""The documentation as tests see it: each page read once, its blocks, and its commands run as a reader types them."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import subprocess
import textwrap
from functools import cache
from pathlib import Path

from consentguard.cli import main
from consentguard.cli.parser import build_parser

ROOT = Path(__file__).parents[1]
_FOLDERS = ("docs", "docs/howto", "docs/reference")
_FOUND = (path.relative_to(ROOT).as_posix() for folder in _FOLDERS for path in (ROOT / folder).glob("*.md"))
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(_FOUND))
_BLOCK = re.compile(r"(?m)^( *)```(\w*)[^\n]*\n(.*?)^ *```$", re.S)
_SPAN = re.compile(r"`(consentguard [^`]+)`|(?m:^ {4,}(consentguard [^\n]+)$)")
_OTHER_SYSTEMS = re.compile(r'(?m)^=== "(?:macOS|Windows)"\n(?: {4}.*\n|\n)*')
_STAYS_OPEN = "consentguard desk "
_WHERE_A_NUMBER_GOES = re.compile(r"\bROW\b")


@cache
def text_of(page: str) -> str:
    """A page as somebody on Linux reads it: without the tabs for other systems."""
    return _OTHER_SYSTEMS.sub("", (ROOT / page).read_text(encoding="utf-8"))


def blocks(page: str, language: str) -> list[str]:
    """Blocks of a page in their order: `sh` runs as printed, `text` installs, or needs a network or another system."""
    return [textwrap.dedent(body) for _, kind, body in _BLOCK.findall(text_of(page)) if kind == language]


def lines(page: str, language: str) -> list[str]:
    """The lines of all blocks of a language, those that go on behind a backslash joined."""
    return [
        line for block in blocks(page, language) for line in block.replace("\\\n", " ").splitlines() if line.strip()
    ]


def commands_named(page: str) -> list[str]:
    """Every command of ours that a page prints: in blocks, in sentences, and in indented lines."""
    fenced = [line.strip() for kind in ("sh", "text") for line in lines(page, kind)]
    rest = _BLOCK.sub("", text_of(page))
    named = [" ".join((span or indented).split()) for span, indented in _SPAN.findall(rest)]
    return [line for line in (*fenced, *named) if line.startswith("consentguard ")]


@cache
def _parser() -> argparse.ArgumentParser:
    return build_parser()


@cache
def complaint(command: str) -> str:
    """What the parser has against a command; "" for one that can be typed, and for a mention without its arguments."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            whole = _WHERE_A_NUMBER_GOES.sub("1", re.sub(r"\$\([^)]*\)", "P001", command))
            _parser().parse_args(shlex.split(whole, comments=True)[1:])
    except SystemExit as stop:
        if stop.code != 0 and "arguments are required" not in said.getvalue():
            return said.getvalue().strip().splitlines()[-1]
    return ""


_SCANNED: set[str] = set()


def typed(line: str) -> tuple[int, str]:
    """Runs a line in the current folder as a shell would; its exit code, and everything that it printed.

    Commands of ours run in this process, where the models are loaded already.
    """
    words = shlex.split(os.path.expandvars(line), comments=True)
    if line.startswith(_STAYS_OPEN):
        return 0, ""  # until somebody closes it; tests/desk opens it
    if words[:2] == ["consentguard", "scan"]:  # starts processes that load everything anew: each such line once
        if shlex.join(words) in _SCANNED:
            return 0, ""
        _SCANNED.add(shlex.join(words))
        if "--workers" not in words:
            words += ["--workers", "1"]
    if words[0] == "cd":
        os.chdir(words[1])
        return 0, ""
    if words[0] != "consentguard":
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(words[1:])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, said.getvalue()
