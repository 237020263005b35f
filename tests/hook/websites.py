"""A website in a real git repository, beside a state that has released one covered photo.

What blocks is mostly a PDF and what passes mostly the release, because judging those loads no model.
"""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from consentguard.cli import main

PDF = b"%PDF-1.7\n%nothing to see\n"


@dataclass(frozen=True)
class Site:
    """One repository; `run` is the command line in this process, `git` the real program, hooks and all."""

    folder: Path
    state: Path
    released: bytes = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)

    def git(self, *arguments: str, code: int | None = 0, given: bytes = b"", **environment: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment, **environment},
            input=given,
            capture_output=True,
            timeout=120,
            check=False,
        )
        said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        assert code is None or done.returncode == code, said
        assert "Traceback" not in said, said
        return said

    def write(self, name: str | bytes, data: bytes) -> Path:
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def add(self, name: str | bytes, data: bytes) -> None:
        self.write(name, data)
        self.git("add", "--", os.fsdecode(name))

    def commit(self, *arguments: str, code: int = 0) -> str:
        return self.git("commit", "--quiet", "--message", "news", *arguments, code=code)

    def slip(self, name: str, data: bytes) -> None:
        """Commits behind the hook's back, as --no-verify does."""
        self.add(name, data)
        self.commit("--no-verify")

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD").strip()


def hook(*arguments: str) -> int:
    """`consentguard hook ...` in this process."""
    return main(["hook", *arguments])


def still(seed: int = 0, **options: object) -> bytes:
    """A drawn picture that shows nobody and carries nothing, PNG; other seeds give other pictures."""
    slope = np.roll(np.linspace(60, 200, 160, dtype=np.uint8), seed)
    out = io.BytesIO()
    Image.fromarray(np.dstack([np.tile(slope, (120, 1))] * 3)).save(out, "PNG", **options)
    return out.getvalue()


def with_text(seed: int = 0) -> bytes:
    """The same, with a text chunk: nobody to hide, but not publishable as it is."""
    carried = PngImagePlugin.PngInfo()
    carried.add_text("Comment", "in the yard")
    return still(seed, pnginfo=carried)


def tiny(seed: int = 0) -> bytes:
    """A GIF of 8 x 8 pixels, smaller than any face that counts; as many as there are seeds."""
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)).save(out, "GIF")
    return out.getvalue()
