"""Lists as text that anybody can read and mend: lower case, `#` before a comment."""

from __future__ import annotations

from importlib import resources


def words(package: str, name: str) -> frozenset[str]:
    """A list of single words."""
    return frozenset(" ".join(phrases(package, name)).split())


def phrases(package: str, name: str) -> tuple[str, ...]:
    """A list with one phrase a line, of a package of this one."""
    text = resources.files(package).joinpath(f"{name}.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
