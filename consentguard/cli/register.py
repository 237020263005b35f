"""The consent register at the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from consentguard.cli.options import Commands


def add_commands(top: Commands) -> None:
    register = top.add_parser("register", help="the consent register").add_subparsers(metavar="check", required=True)
    command = register.add_parser("check", help="read a register and report everything that is wrong with it")
    command.add_argument("file", type=Path, nargs="?", default=Path("consent_register.csv"), metavar="FILE")
    command.set_defaults(run=check)


def check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register import ROLES, Register

    register = Register.load(arguments.file)
    counts = ", ".join(f"{sum(p.role == role for p in register)} {role}" for role in ROLES)
    print(f"{arguments.file}: no mistakes; {len(register)} people ({counts})")
    return 0
