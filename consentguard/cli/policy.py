"""The school's policy at the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentguard.cli import show
from consentguard.cli.files import write
from consentguard.cli.options import Commands, Options
from consentguard.errors import WrongUsage
from consentguard.files import read_bounded

if TYPE_CHECKING:
    from consentguard.consent.policy.layers import PolicyChange


def add_commands(top: Commands, options: Options) -> None:
    policy = top.add_parser("policy", help="the school's policy").add_subparsers(
        metavar="new|check|explain|accept", required=True
    )
    command = policy.add_parser(
        "new",
        parents=[options.state],
        help="make a policy of your own that says only what differs from SCH 026",
        description="Makes a short policy file that lies over the shipped SCH 026: what it does not say, SCH 026 says.",
    )
    command.add_argument("--school", required=True, metavar="NAME", help="the school's name, as it signs")
    command.add_argument("--account", default="", metavar="@NAME", help="the school's account at X, if it has one")
    command.add_argument("--classes", type=_listed, metavar="A,B", help="the classes that have accounts of their own; "
                         "without it those of SCH 026, 1 to 6")  # fmt: skip
    command.add_argument("--out", type=Path, metavar="FILE", help="default: policy.toml of the state directory")
    command.set_defaults(run=new)

    for name, run, text in (
        ("check", check, "read a policy back in plain words; without FILE the policy in force"),
        ("explain", explain, "every key of a policy with the sentence it comes from"),
        ("accept", accept, "after an upgrade: let a policy lie on the version of SCH 026 that is shipped now"),
    ):
        described = f"{text.capitalize()}. FILE: default policy.toml of the state directory, else the shipped SCH 026."
        command = policy.add_parser(name, parents=[options.state], help=text, description=described)
        command.add_argument("file", type=Path, nargs="?", metavar="FILE")
        command.set_defaults(run=run)


def new(arguments: argparse.Namespace) -> int:
    target = arguments.out or _in_state(arguments)
    print(made(target, arguments.school, arguments.account, arguments.classes))
    return 0


def made(target: Path, school: str, account: str, classes: tuple[str, ...] | None) -> str:
    """Writes a policy that says only what differs from SCH 026. Raises WrongUsage where a file is there."""
    from consentguard.consent.policy import layers
    from consentguard.consent.policy.policy import Policy

    if target.exists():
        raise WrongUsage(f"{target} is there already; change it with an editor, or name another with --out FILE")
    if not target.parent.is_dir():
        raise WrongUsage(
            f"{target.parent} does not exist; run `consentguard init` first, or name a file with --out FILE"
        )
    shipped = Policy.shipped_bytes()
    text = layers.made(school, shipped, account=account, classes=classes)
    Policy.parse(text.encode("utf-8"), str(target))
    write(layers.base_file(target), lambda: shipped)
    write(target, lambda: text.encode("utf-8"))
    return f"{target}: made; it says only what differs from SCH 026. `consentguard policy explain` prints every key."


def check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import today
    from consentguard.consent.policy.policy import Policy
    from consentguard.errors import PolicyInvalid

    file = _file(arguments)
    try:
        policy = Policy.load(file) if file else Policy.shipped()
    except PolicyInvalid:
        changed = _changed(file) if file else None
        if changed is not None:
            print(f"{file}: SCH 026 has changed since this policy was accepted:")
            print("\n".join(f"  {change}" for change in changed) or "  (the accepted version is not beside the file)")
        raise
    print(show.policy(policy, today(policy.zone)))
    return 0


def explain(arguments: argparse.Namespace) -> int:
    from consentguard.consent.policy import explain
    from consentguard.consent.policy.policy import Policy

    file = _file(arguments)
    data = Policy.bytes_of(file) if file else Policy.shipped_bytes()
    print("\n".join(str(key) for key in explain.explain(data, str(file or "the shipped policy"))))
    return 0


def accept(arguments: argparse.Namespace) -> int:
    from consentguard.consent.policy import layers
    from consentguard.consent.policy.policy import Policy

    file = _file(arguments)
    if file is None or not layers.is_layered(_table(file)):
        raise WrongUsage("only a policy with the key `base` lies on a version of SCH 026; there is nothing to accept")
    for change in _changed(file) or ():
        print(change)
    shipped = Policy.shipped_bytes()
    try:
        text = layers.accepted(Policy.bytes_of(file).decode("utf-8"), shipped)
    except ValueError as error:
        raise WrongUsage(f"{file}: {error}; write it into the first lines of the file") from error
    Policy.parse(text.encode("utf-8"), str(file))
    write(layers.base_file(file), lambda: shipped)
    write(file, lambda: text.encode("utf-8"))
    print(f"{file}: lies on {layers.version_of(shipped)} now")
    return 0


def _file(arguments: argparse.Namespace) -> Path | None:
    """The policy that is meant: the file named, else that of the state; None for the shipped one."""
    local = _in_state(arguments)
    named: Path | None = arguments.file
    return named or (local if local.exists() else None)


def _in_state(arguments: argparse.Namespace) -> Path:
    from consentguard.consent.record.state import POLICY_FILE, default_directory

    directory: Path = arguments.state or default_directory()
    return directory / POLICY_FILE


def _changed(file: Path) -> tuple[PolicyChange, ...] | None:
    """What changed in SCH 026 since a layered policy was accepted; None where it lies on no other version."""
    from consentguard.consent.policy import layers
    from consentguard.consent.policy.policy import Policy

    table, shipped = _table(file), Policy.shipped_bytes()
    if not layers.is_layered(table) or table[layers.BASE] == layers.version_of(shipped):
        return None
    kept = layers.base_file(file)
    if not kept.is_file() or layers.version_of(kept.read_bytes()) != table[layers.BASE]:
        return ()
    return layers.changes(kept.read_bytes(), shipped, table)


def _table(file: Path) -> dict[str, Any]:
    from consentguard.consent.policy.toml_keys import MAX_BYTES, read_toml

    try:
        return read_toml(read_bounded(file, MAX_BYTES))
    except (OSError, ValueError):  # said by whoever loads it
        return {}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
