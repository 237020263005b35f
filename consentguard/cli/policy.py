"""The school's policy at the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from consentguard.cli import show
from consentguard.cli.options import Commands


def add_commands(top: Commands) -> None:
    policy = top.add_parser("policy", help="the school's policy").add_subparsers(metavar="check|explain", required=True)
    command = policy.add_parser("check", help="read a policy back in plain words; without FILE the shipped SCH 026")
    command.add_argument("file", type=Path, nargs="?", metavar="FILE")
    command.set_defaults(run=check)
    command = policy.add_parser(
        "explain",
        help="every key of a policy with the sentence it comes from",
        description="Says each key of a policy, where it differs what SCH 026 as shipped says, and the sentence it "
        "comes from. Without FILE the shipped SCH 026.",
    )
    command.add_argument("file", type=Path, nargs="?", metavar="FILE")
    command.set_defaults(run=explain)


def check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import now, school_day
    from consentguard.consent.policy.policy import Policy

    policy = Policy.load(arguments.file) if arguments.file else Policy.shipped()
    print(show.policy(policy, school_day(now())))
    return 0


def explain(arguments: argparse.Namespace) -> int:
    from consentguard.consent.policy import explain
    from consentguard.consent.policy.policy import Policy

    if arguments.file:
        Policy.load(arguments.file)  # says what is wrong with a file that cannot be read
    data = arguments.file.read_bytes() if arguments.file else Policy.shipped_bytes()
    print("\n".join(str(key) for key in explain.explain(data, str(arguments.file or "the shipped policy"))))
    return 0
