"""The state directory: made once, and its audit trail proved."""

from __future__ import annotations

import argparse

from consentguard.cli.options import Commands, Options, state_of


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser("init", parents=[options.state], help="make the state directory: key and audit trail")
    command.set_defaults(run=init)

    audit = top.add_parser("audit", help="the audit trail").add_subparsers(metavar="verify", required=True)
    verify = audit.add_parser("verify", parents=[options.state], help="prove that no row was changed or removed")
    verify.set_defaults(run=audit_verify)


def init(arguments: argparse.Namespace) -> int:
    from consentguard.consent.hours import now
    from consentguard.consent.state import State, default_directory

    state = State.create(arguments.state or default_directory())
    state.record("init", {}, now().isoformat(timespec="seconds"))
    print(f"{state.directory}: made, with a new key and an empty audit trail. Back the folder up; keep it to yourself.")
    return 0


def audit_verify(arguments: argparse.Namespace) -> int:
    state = state_of(arguments)
    rows = state.audit.verify()
    print(f"{state.audit.path}: {rows} rows, the chain is whole")
    return 0
