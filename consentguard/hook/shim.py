"""The scripts that git runs: written where git looks for them, failing closed, keeping what stood there before."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consentguard.errors import CannotTell
from consentguard.hook.repository import Repository

_MARK: Final = "# Written by `consentguard hook install`; `consentguard hook uninstall` takes it out."
_KEPT: Final = ".before-consentguard"

STAGES: Final = {"pre-commit": ("pre-commit", "pre-merge-commit"), "pre-push": ("pre-push",)}
"""What git calls for each of our commands: a merge that needs no help asks a hook of its own."""

_SCRIPT: Final = """\
#!/bin/sh
{mark}
# Whatever goes wrong in here, nothing goes out: every way to the end but the last one is a failure.
set +e

kept="$0{kept}"
{listen}if [ {is_on} "$kept" ]; then
    {tell}{run_kept} "$@" || exit
fi
if ! command -v {program} >/dev/null 2>&1; then
    echo {missing} >&2
    exit 3
fi
{tell}{command} "$@"
code=$?
[ "$code" -eq 0 ] || echo {stopped} >&2
exit "$code"
"""

_LISTEN: Final = """\
pushes=$(cat; echo .) || exit 3
pushes=${pushes%.}
"""
"""Both programs are told what git says; the dot keeps the line ends at the end of it."""


@dataclass(frozen=True, slots=True)
class HooksFolder:
    """Where git looks for this repository's hooks.

    Attributes:
        folder: of the hook scripts.
        shared: the folder is part of the work tree, so that other machines get what is written there.
        everywhere: it is configured for all repositories of this user or machine.
        husky: it is husky's, which hands its scripts to the shell, executable or not.
    """

    folder: Path
    shared: bool
    everywhere: bool
    husky: bool

    @classmethod
    def of(cls, repository: Repository) -> HooksFolder:
        """Asks git, which knows `core.hooksPath` and worktrees. Raises CannotTell where it does not say."""
        folder, everywhere = repository.hooks_path()
        top, folder = repository.folder.resolve(), folder.resolve()
        husky = folder.name == "_" and folder.parent.name == ".husky"
        folder = folder.parent if husky else folder  # husky makes its own folder anew, and runs what lies beside it
        shared = not repository.bare and folder.is_relative_to(top) and ".git" not in folder.relative_to(top).parts
        return cls(folder, shared, everywhere, husky)


def install(place: HooksFolder, stages: Sequence[str], python: str, options: Sequence[str]) -> list[Path]:
    """Writes the scripts of these stages; what stood there is kept beside and runs first. Returns what was written.

    Args:
        place: where.
        stages: of `STAGES`.
        python: the interpreter that has consentguard; unused in a shared folder, where PATH has to know.
        options: for the command, such as `--state DIR`.

    Raises CannotTell where something cannot be written, and then the hook that stood there still stands.
    """
    written = []
    for stage in stages:
        for hook in STAGES[stage]:
            path = place.folder / hook
            try:
                place.folder.mkdir(parents=True, exist_ok=True)
                if os.path.lexists(path) and not is_ours(path):
                    _keep(path)
                scratch = path.with_name(f".{hook}.consentguard")
                # As bytes: text mode writes CRLF on Windows, which no shell can run.
                scratch.write_bytes(script(place, stage, python, options).encode(errors="surrogateescape"))
                scratch.chmod(0o755)
                scratch.replace(path)
            except OSError as error:
                raise CannotTell(f"{path}: cannot be written ({error.strerror}); mend that and try again.") from error
            written.append(path)
    return written


def uninstall(place: HooksFolder) -> list[Path]:
    """Takes our scripts out and puts back what they kept. Returns what was restored or removed.

    Raises CannotTell where a kept hook would overwrite one that is not ours.
    """
    changed = []
    for hook in (hook for hooks in STAGES.values() for hook in hooks):
        path, kept = place.folder / hook, place.folder / f"{hook}{_KEPT}"
        if not is_ours(path):
            if os.path.lexists(kept):
                raise CannotTell(f"{path}: is not ours any more, and {kept.name} waits beside it; join them by hand.")
            continue
        try:
            if os.path.lexists(kept):
                kept.replace(path)
            else:
                path.unlink()
        except OSError as error:
            raise CannotTell(f"{path}: cannot be changed ({error.strerror}); mend that and try again.") from error
        changed.append(path)
    return changed


def line_ends_rule(repository: Repository, place: HooksFolder) -> str:
    """The line that .gitattributes lacks, so that a checkout on Windows does not give the scripts CRLF; "" if none."""
    if not place.shared:
        return ""
    told = repository.attribute("eol", place.folder / "pre-commit")
    folder = place.folder.relative_to(repository.folder.resolve()).as_posix()
    return "" if told == "lf" else f"/{folder}/* text eol=lf"


def is_ours(path: Path) -> bool:
    """Whether a hook is a script of this module, of whatever version."""
    try:
        return _MARK.encode() in path.read_bytes()[:4096]
    except OSError:
        return False


def script(place: HooksFolder, stage: str, python: str, options: Sequence[str]) -> str:
    """The script for a stage. In a folder that other machines share it looks for the program in PATH."""
    # -P: a folder called consentguard in the tree that is judged must not be taken for the program.
    program, call = ("consentguard", "") if place.shared else (shlex.quote(python), " -P -m consentguard")
    where = "in PATH" if place.shared else f"at {python}"
    push = stage == "pre-push"
    return _SCRIPT.format(
        mark=_MARK,
        kept=_KEPT,
        listen=_LISTEN if push else "",
        tell='printf %s "$pushes" | ' if push else "",
        is_on="-f" if place.husky else "-x",
        run_kept='sh -e "$kept"' if place.husky else '"$kept"',
        program=program,
        missing=shlex.quote(
            f"consentguard: the program is not {where}, so nothing can be judged and nothing goes. "
            "Install it from its source (pip install FOLDER), then run `consentguard hook install` here again."
        ),
        command=" ".join([f"{program}{call} hook {stage}", *map(shlex.quote, options)]),
        stopped=shlex.quote(f"consentguard: stopped by the {stage} hook; see above."),
    )


def _keep(path: Path) -> None:
    """Moves a hook aside, executable or not: git runs only what is, and so does our script."""
    kept = path.with_name(path.name + _KEPT)
    if os.path.lexists(kept):
        raise CannotTell(f"{kept}: is there already, beside a {path.name} that is not ours; join the two by hand.")
    path.rename(kept)
