"""The ledger at the command line: what to take down, and signed files between machines."""

from __future__ import annotations

import argparse
import hashlib
import re
from datetime import UTC
from pathlib import Path

from consentguard.cli.files import write
from consentguard.cli.options import Commands, Options, policy_of, register_of, state_of
from consentguard.errors import CannotTell, WrongUsage
from consentguard.files import MAX_FILE, read_bounded, read_photo


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser(
        "revoke",
        parents=[options.state],
        help="take a release back",
        description="Takes back every release of a file: no exit point accepts it any more. Copies that are published "
        "already are listed, not deleted: `takedown` does that.",
    )
    command.add_argument("what", metavar="FILE|SHA256", help="the released copy, or 16 to 64 digits of its SHA-256")
    command.add_argument("--by", metavar="NAME", required=True, help="who takes it back")
    command.add_argument("--why", metavar="TEXT", required=True, help="for the record; no pupil's name")
    command.set_defaults(run=revoke)

    ledger = top.add_parser("ledger", help="signed copies of what was released and posted").add_subparsers(
        metavar="key|export|import", required=True
    )
    command = ledger.add_parser("key", parents=[options.state], help="the public key that proves this machine's files")
    command.set_defaults(run=key)
    command = ledger.add_parser(
        "export",
        parents=[options.papers, options.state],
        help="write this machine's ledger, signed",
        description="Writes what this machine released and posted, signed, for `ledger import` on another one. "
        "With --public: only hashes and channels of what still stands, for a check that has no register.",
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--public", action="store_true", help="hashes only: no ids, no names")
    command.set_defaults(run=export)
    command = ledger.add_parser(
        "import", parents=[options.state], help="add another machine's signed ledger to this one"
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument(
        "--key", metavar="HEX", help="its public key, needed the first time: `consentguard ledger key`"
    )
    command.set_defaults(run=take)


def revoke(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import now
    from consentguard.consent.record.ledger import Ledger

    state, given = state_of(arguments), str(arguments.what)
    path = Path(given)
    sha256 = hashlib.sha256(read_photo(path)).hexdigest() if path.is_file() else given.strip().lower()
    if not path.is_file() and not re.fullmatch(r"[0-9a-f]{16,64}", sha256):
        raise WrongUsage(f"{given}: is neither a file nor the SHA-256 of a release (16 to 64 of its digits)")
    ledger = Ledger(state)
    full = sorted({release.sha256 for release in ledger.releases() if release.sha256.startswith(sha256)})
    if len(full) > 1:
        raise WrongUsage(f"{given}: several releases begin so; give more digits: {', '.join(full)}")
    taken_back = ledger.revoke(full[0] if full else sha256, by=arguments.by, why=arguments.why, at=now(UTC))
    for release in taken_back:
        print(f"{release.sha256[:16]}: taken back for {release.channel} (released at {release.at})")
    for post in ledger.posts():
        if post.taken_down or full[0] not in {release.sha256 for release in post.releases}:
            continue
        print(f"  post {post.id} on {post.channel} is still up: consentguard takedown --apply --by NAME")
    print("Exit points and hooks refuse it from now on, a signed list for CI from its next `ledger export --public`.")
    return 0


def key(arguments: argparse.Namespace) -> int:
    print(state_of(arguments).public_key)
    return 0


def export(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import now
    from consentguard.consent.record.exchange import export as full
    from consentguard.consent.record.exchange import export_public
    from consentguard.consent.register.register import Register

    state = state_of(arguments)
    if arguments.public:
        data = export_public(state, Register.load(register_of(arguments)), policy_of(arguments), now(UTC))
    else:
        data = full(state, now(UTC))
    write(arguments.file, lambda: data)
    what = (
        "hashes of what still stands, without ids" if arguments.public else "ids and names: for your own machines only"
    )
    rows = len(data.splitlines()) - 2  # between the heading and the signature
    print(f"{arguments.file}: {rows} rows, signed; {what}")
    return 0


def take(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import now
    from consentguard.consent.record.exchange import take as add

    try:
        data = read_bounded(arguments.file, MAX_FILE)
    except OSError as error:
        raise CannotTell(f"{arguments.file}: cannot be read ({error.strerror}); check the name.") from error
    added = add(state_of(arguments), data, str(arguments.file), key=arguments.key, at=now(UTC))
    print(f"{arguments.file}: the signature holds; {added} rows added")
    return 0
