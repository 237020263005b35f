"""`consentguard start`: from nothing to the first release. Each step says what it did, or that it was done before."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from consentguard.cli import show, where
from consentguard.cli.files import write
from consentguard.cli.options import Commands, Options, register_of
from consentguard.errors import WrongUsage
from consentguard.program import install_command

_STEPS: Final = 5


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser(
        "start",
        parents=[options.state],
        help="lead a school from nothing to its first release",
        description="Makes the state directory, a policy and a register, fetches the models, checks a photo, and says "
        "what stands where. What is there already is left as it is, so the command may be run again at any time. Each "
        "step is also a command of its own: init, policy new, register new, models pull, check.",
    )
    command.add_argument("--school", metavar="NAME", help="the school's name; asked for where it is left out")
    command.add_argument("--account", default="", metavar="@NAME", help="the school's account at X, if it has one")
    command.add_argument("--register", type=Path, metavar="FILE", help="the register that the school has already")
    command.add_argument("--photo", type=Path, metavar="FILE", help="a photo to check, and to release into --out")
    command.add_argument("--out", type=Path, default=Path("safe"), metavar="DIR", help="where the copy goes (safe)")
    command.set_defaults(run=start, policy=None)


def start(arguments: argparse.Namespace) -> int:
    from consentguard.consent.record.state import default_directory

    directory: Path = arguments.state or default_directory()
    for number, (what, step) in enumerate(
        (
            ("State", lambda: _state(arguments, directory)),
            ("Policy", lambda: _policy(arguments, directory)),
            ("Register", lambda: _register(arguments, directory)),
            ("Models", _models),
        ),
        start=1,
    ):
        _say(number, what, step)
    code = _photo(arguments)
    print("\nWhat stands where (`consentguard where` prints this again):")
    arguments.register = None
    where.where(arguments)
    return _next(arguments, directory) or code


def _say(number: int, what: str, step: Callable[[], str]) -> None:
    print(f"{number}/{_STEPS} {what}: ", end="", flush=True)
    print(step())


def _state(arguments: argparse.Namespace, directory: Path) -> str:
    from consentguard.cli import state
    from consentguard.consent.record.state import State

    if State.is_made(directory):
        State.open(directory)  # says what is wrong with it
        return f"{directory} is there."
    return state.made(arguments.state or directory)


def _policy(arguments: argparse.Namespace, directory: Path) -> str:
    from consentguard.cli import policy
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.record.state import POLICY_FILE

    file = directory / POLICY_FILE
    if file.exists():
        return f"{Policy.load(file).name} ({file}) is there."
    school = arguments.school or _ask("the school's name, as it signs (empty: SCH 026 as it is shipped)")
    if not school:
        return "SCH 026 as it is shipped; `consentguard policy new --school NAME` makes one of your own."
    return policy.made(file, school, arguments.account, None)


def _register(arguments: argparse.Namespace, directory: Path) -> str:
    from consentguard.cli import register
    from consentguard.consent.record.state import REGISTER_FILE
    from consentguard.consent.register.register import Register

    mine, own, here = arguments.register, directory / REGISTER_FILE, Path(REGISTER_FILE)
    if mine is not None:
        people = len(Register.load(mine))
        if own.exists() and own.read_bytes() not in (mine.read_bytes(), register.template()):
            raise WrongUsage(f"{own} is another register, and stays; use that one, or put {mine} there by hand")
        write(own, mine.read_bytes)
        first = f" In this folder {here} still comes first: move it away." if here.exists() else ""
        return f"{show.counted(people, 'person', 'people')}, copied to {own}; mend that file from now on.{first}"
    arguments.register = None
    there = register_of(arguments)
    if there.exists() and not where.is_sample(there):
        said = f"people in {there}: {len(Register.load(there))}."
        if there == here and not own.exists():
            said += f" For this folder only: `consentguard start --register {there}` copies it to where a hook looks."
        return said
    said = f"{own} is there." if own.exists() else register.new_file(own)
    if there.exists():
        said += f" In this folder {there} comes first, which is a sample of invented people: work in another folder."
    return said


def _models() -> str:
    from consentguard.vision.models.store import ModelStore, manifest

    model_store = ModelStore.default()
    came = model_store.pull(
        [card for card in manifest().values() if card.group != "photographs"],
        say=lambda line: print(line, file=sys.stderr),
    )
    return f"{came} files fetched into {model_store.folder}." if came else f"all in {model_store.folder}."


def _photo(arguments: argparse.Namespace) -> int:
    """Checks a photo and, where it needs a rewrite, releases it. Returns the exit code of what was done last."""
    print(f"{_STEPS}/{_STEPS} Photo: ", end="", flush=True)
    photo = arguments.photo
    if photo is None and (named := _ask("a photo to check (empty: none)")):
        photo = Path(named)
    if photo is None:
        print("none named.")
        return 0
    state = ["--state", str(arguments.state)] if arguments.state else []
    print(f"checking {photo}, with nobody named: every face counts as one without consent.", flush=True)
    code: int = arguments.main(["check", *state, str(photo)])
    if code == 1:
        code = arguments.main(["release", *state, "--out", str(arguments.out), str(photo)])
    return code


def _next(arguments: argparse.Namespace, directory: Path) -> int:
    """Says what to do next and, at a terminal, offers the desk; the exit code of that."""
    from consentguard.consent.record.state import REGISTER_FILE

    print("\nWhat to do next:")
    here = register_of(arguments)
    register = directory / REGISTER_FILE if where.is_sample(here) else here
    for command, what in (
        (f"consentguard register check {register}", "after each change of the register"),
        ("consentguard release PHOTO --out safe", "a copy in which every face is hidden, for nobody is named"),
        ('consentguard release PHOTO --people ID,ID --by "YOUR NAME" --out safe', "a copy of those who have consent"),
        ("consentguard scan FOLDER --out review", "a whole folder, with a report"),
        ("consentguard desk FOLDER", "a page on this computer on which a person decides"),
    ):
        print(f"  {command}\n      {what}")
    if not where.is_installed("desk"):
        print(f"      it needs an extra: {install_command('desk')}")
        return 0
    if _ask("open that page now, to drop photos on? (y, or empty for no)").casefold() not in ("y", "yes"):
        return 0
    code: int = arguments.main(["desk", *(["--state", str(arguments.state)] if arguments.state else [])])
    return code


def _ask(what: str) -> str:
    """What somebody at the terminal answers; nothing where nobody sits there."""
    return input(f"{what}: ").strip() if sys.stdin and sys.stdin.isatty() else ""
