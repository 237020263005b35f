"""The state directory: made once, and its audit trail proved."""

from __future__ import annotations

import argparse
from datetime import UTC
from pathlib import Path

from consentguard.cli.audit import add_show
from consentguard.cli.options import Commands, Options, state_of


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser("init", parents=[options.state], help="make the state directory: key and audit trail")
    command.set_defaults(run=init)

    audit = top.add_parser("audit", help="the audit trail").add_subparsers(metavar="show|verify|accept", required=True)
    add_show(audit, options)
    verify = audit.add_parser("verify", parents=[options.state], help="prove that no row was changed or removed")
    verify.add_argument(
        "--head", metavar="HEAD", help="a head printed earlier and kept elsewhere; the trail must still hold that row"
    )
    verify.set_defaults(run=audit_verify)
    accept = audit.add_parser(
        "accept",
        parents=[options.state],
        help="go on from a trail that lacks rows, and record that",
        description="After a backup was put back the trail lacks its last rows, and nothing is released. This goes on "
        "from what is left, which must be whole, and records that and why.",
    )
    accept.add_argument("--why", metavar="TEXT", required=True, help="what happened, for the record; no pupil's name")
    accept.set_defaults(run=audit_accept)


def init(arguments: argparse.Namespace) -> int:
    from consentguard.consent.record.state import default_directory

    print(made(arguments.state or default_directory()))
    return 0


def made(directory: Path) -> str:
    """Makes a state directory and says so. Raises AuditFailed."""
    from consentguard.consent.clock import now
    from consentguard.consent.record.state import State

    state = State.create(directory)
    state.record("init", {}, now(UTC).isoformat(timespec="seconds"))
    return f"{state.directory}: made, with a new key and an empty audit trail. Back the folder up; keep it to yourself."


def audit_verify(arguments: argparse.Namespace) -> int:
    from consentguard.consent.record.chain_head import ChainHead

    brought = () if arguments.head is None else (ChainHead.parse(arguments.head),)
    state = state_of(arguments)
    head = state.audit.verify(*brought)
    print(f"{state.audit.path}: {head.seq} rows, the chain is whole and nothing is cut off")
    print(f"head {head}")
    return 0


def audit_accept(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import now

    state = state_of(arguments)
    row = state.audit.accept(arguments.why, now(UTC).isoformat(timespec="seconds"))
    print(f"{state.audit.path}: goes on from row {row - 1}; row {row} says so")
    return 0
