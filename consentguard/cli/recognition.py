"""The commands of recognition: enrol, forget."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from consentguard.cli.options import Commands, Options


def add_commands(top: Commands, options: Options) -> None:
    """Adds enrol and forget."""
    school = argparse.ArgumentParser(add_help=False)
    school.add_argument("--register", type=Path, default=Path("consent_register.csv"), metavar="FILE",
                        help="default: consent_register.csv")  # fmt: skip
    school.add_argument("--policy", type=Path, metavar="FILE", help="default: policy.toml of the state, else SCH 026")

    enrol_command = top.add_parser(
        "enrol",
        parents=[school, options.state],
        help="make face templates of people with biometric consent, from reference photos",
        description="Makes and seals face templates for mode matched. The photos are looked at and not kept. Enrolling "
        "somebody again replaces what was there. Exit 1 where a photo or person was refused; the rest is enrolled.",
    )
    enrol_command.add_argument(
        "--photos", type=Path, required=True, metavar="DIR|CSV",
        help="for each register id a folder of photos or one photo named after it; or a CSV file with the columns "
        "photo, id and perhaps taken, x, y",
    )  # fmt: skip
    enrol_command.add_argument(
        "--key", choices=("file", "environment", "passphrase", "keyring"),
        help="where the key of the templates lives, chosen the first time; default: a file in the state directory",
    )  # fmt: skip
    enrol_command.set_defaults(run=enrol)

    forget_command = top.add_parser(
        "forget",
        parents=[options.state],
        help="destroy all face templates of somebody, for good",
        description="For good.",
    )
    forget_command.add_argument("person", metavar="ID", help="register id")
    forget_command.set_defaults(run=forget)


def enrol(arguments: argparse.Namespace) -> int:
    from consentguard.consent.template_key import KeySource
    from consentguard.guard import Guard

    guard = Guard.open(arguments.register, policy=arguments.policy, state=arguments.state)
    made = guard.enrol(arguments.photos, key=KeySource(arguments.key) if arguments.key else None)
    for person, count in made.counts().items():
        print(f"{person}: enrolled with {count} template{'' if count == 1 else 's'}")
    for line in made.warnings:
        print(f"warning: {line}")
    for line in made.refused:
        print(f"refused: {line}", file=sys.stderr)
    if not made.templates:
        print("nobody was enrolled", file=sys.stderr)
    return 1 if made.refused or not made.templates else 0


def forget(arguments: argparse.Namespace) -> int:
    from consentguard.consent import enrolled, hours
    from consentguard.consent.state import State, default_directory
    from consentguard.consent.templates import TemplateStore

    state = State.open(arguments.state or default_directory())
    store = TemplateStore.open(state.directory)
    gone = enrolled.forget(store, state, {arguments.person: "asked for"}, hours.now())
    print(f"{arguments.person}: {gone} template{'' if gone == 1 else 's'} destroyed")
    return 0
