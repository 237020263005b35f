"""Changes of a folder, told when they have settled: a photo that is still being copied is not complete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from consentguard.errors import CannotTell
from consentguard.program import install_command

_FIRST: Final = 1000
"""Milliseconds after which the watch says that it stands, if nothing has changed until then."""
_STILL: Final = 1.0
"""Seconds for which nothing that changed may have grown or been touched."""


def settled_changes(folder: Path, *, without: Path) -> Iterator[None]:
    """Yields each time that something under `folder`, but not under `without`, changed and is complete. Never ends.

    The first time is soon after the watch stands, whether anything changed or not: what came before it counts too.

    Raises CannotTell where the package that watches is not installed, or the folder goes away.
    """
    try:
        from watchfiles import watch  # noqa: PLC0415
    except ImportError as error:
        raise CannotTell(f"--watch needs the package watchfiles; run `{install_command('watch')}`.") from error
    ours = without.resolve()
    try:
        stands = False
        for changes in watch(folder, raise_interrupt=True, step=200, rust_timeout=_FIRST, yield_on_timeout=True):
            touched = {Path(path) for _, path in changes if ours not in Path(path).resolve().parents}
            if touched:
                _wait_until_still(touched)
            if touched or not stands:
                stands = True
                yield
    except FileNotFoundError as error:
        raise CannotTell(f"{folder}: the folder went away; watch it again when it is back.") from error


def _wait_until_still(paths: set[Path]) -> None:
    before = _state(paths)
    while True:
        time.sleep(_STILL)
        now = _state(paths)
        if now == before:
            return
        before = now


def _state(paths: set[Path]) -> dict[Path, tuple[int, int] | None]:
    state: dict[Path, tuple[int, int] | None] = {}
    for path in paths:
        try:
            found = path.stat()
            state[path] = (found.st_size, found.st_mtime_ns)
        except OSError:
            state[path] = None
    return state
