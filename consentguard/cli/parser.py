"""The whole command line: each area adds its own commands; nothing heavy is imported to show a help text."""

from __future__ import annotations

import argparse

from consentguard import __version__
from consentguard.cli import (
    accounts,
    desk,
    hook,
    ledger,
    models,
    photos,
    policy,
    posting,
    recognition,
    register,
    scan,
    start,
    state,
    takedown,
    where,
)
from consentguard.cli.options import EXITS, Options


def build_parser() -> argparse.ArgumentParser:
    """The parser; `run` of the parsed arguments is the command's function, and missing where no command was named."""
    parser = argparse.ArgumentParser(
        prog="consentguard",
        description="Stands between a school and everything it publishes: no face leaves without consent. Begin with "
        "`consentguard start`.",
        epilog=EXITS,
    )
    parser.add_argument("--version", action="version", version=f"consentguard {__version__}")
    top = parser.add_subparsers(metavar="COMMAND")
    options = Options.made()
    start.add_commands(top, options)
    where.add_commands(top, options)
    state.add_commands(top, options)
    models.add_commands(top)
    register.add_commands(top, options)
    policy.add_commands(top, options)
    recognition.add_commands(top, options)
    photos.add_commands(top, options)
    hook.add_commands(top, options)
    scan.add_commands(top, options)
    takedown.add_command(top, options)
    desk.add_commands(top, options)
    ledger.add_commands(top, options)
    accounts.add_commands(top, options)
    accounts.add_wall(posting.add_commands(top, options), options)
    return parser
