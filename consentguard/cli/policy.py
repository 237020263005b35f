"""The school's policy at the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from consentguard.cli import show
from consentguard.cli.options import Commands


def add_commands(top: Commands) -> None:
    policy = top.add_parser("policy", help="the school's policy").add_subparsers(metavar="check", required=True)
    command = policy.add_parser("check", help="read a policy back in plain words; without FILE the shipped SCH 026")
    command.add_argument("file", type=Path, nargs="?", metavar="FILE")
    command.set_defaults(run=check)


def check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.policy import Policy

    policy = Policy.load(arguments.file) if arguments.file else Policy.shipped()
    print(show.policy(policy))
    return 0
