"""The command line as a child process would see it, but in this process, where engine and models are loaded already."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consentguard.cli import main


@dataclass(frozen=True)
class Answer:
    """What came of a command: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.err, self.err
        assert "Warning" not in self.err, self.err

    @property
    def lines(self) -> list[dict[str, Any]]:
        """One JSON object a line, as `--json` writes them."""
        return [json.loads(line) for line in self.out.splitlines()]


def typed(*arguments: str, folder: Path, environment: Mapping[str, str], says: str = "") -> Answer:
    """Runs one command in a folder; `says` is typed when it asks."""
    given = io.TextIOWrapper(io.BytesIO(says.encode()), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(2))
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        for name, value in environment.items():
            here.setenv(name, value)
        for name, stream in {"stdin": given, "stdout": out, "stderr": err}.items():
            here.setattr(sys, name, stream)
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return Answer(code, _written(out), _written(err))


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
