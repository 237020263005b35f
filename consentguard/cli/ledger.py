"""The ledger at the command line: what to take down, and signed files between machines."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.cli.files import write
from consentguard.cli.options import Commands, Options, policy_of, register_of, state_of
from consentguard.errors import CannotTell, ConsentGuardError, WrongUsage
from consentguard.files import MAX_FILE, read_bounded, read_photo

if TYPE_CHECKING:
    from consentguard.consent.record.ledger import Post, Release
    from consentguard.values import Standing


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser(
        "takedown",
        parents=[options.papers, options.state],
        help="what was released and posted of a person, and what of it must go",
        description="Lists every release and post that shows a person, with what the register says today. Without an "
        "ID: everything in which somebody's consent has gone, or that policy keeps no longer. Exit 1 if something must "
        "go that is still up. "
        "With --apply the posts are deleted at X: with an ID all that show that person, without one all that must go.",
    )
    command.add_argument("--apply", action="store_true", help="delete these posts at X, after a question")
    command.add_argument("--by", metavar="NAME", help="who has them deleted; needed for --apply")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("people", nargs="*", metavar="ID", help="register ids, of leavers too")
    command.add_argument("--json", action="store_true", help="one JSON object a release on stdout")
    command.set_defaults(run=takedown)

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
    taken_back = ledger.revoke(full[0] if full else sha256, by=arguments.by, why=arguments.why, at=now())
    for release in taken_back:
        print(f"{release.sha256[:16]}: taken back for {release.channel} (released at {release.at})")
    for post in ledger.posts():
        if post.taken_down or full[0] not in {release.sha256 for release in post.releases}:
            continue
        print(f"  post {post.id} on {post.channel} is still up: consentguard takedown --apply --by NAME")
    print("Exit points and hooks refuse it from now on, a signed list for CI from its next `ledger export --public`.")
    return 0


def takedown(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import now, school_day
    from consentguard.consent.record.ledger import Ledger, lost_by
    from consentguard.consent.record.post_journal import Journal
    from consentguard.consent.register.register import Register

    register, policy, state = Register.load(register_of(arguments)), policy_of(arguments), state_of(arguments)
    ledger = Ledger(state)
    releases, posts = ledger.releases(), ledger.posts()
    known = {*register.people, *(person for release in releases for person in release.people)}
    unknown = [person for person in arguments.people if person not in known]
    if unknown:
        raise WrongUsage(f"{', '.join(unknown)}: neither in {register.file} nor in the ledger; name register ids")
    today, must_go = school_day(now()), 0
    posts_to_go: dict[tuple[str, str], Post] = {}
    for release in releases:
        lost = lost_by(release, register, policy, today)
        old = bool(release.people) and policy.retention.ended(school_day(datetime.fromisoformat(release.at)), today)
        if not (set(arguments.people) & set(release.people) if arguments.people else lost or old or release.revoked):
            continue
        shown_in = [post for post in posts if release in post.releases]
        gone = bool(shown_in) and all(post.taken_down for post in shown_in)
        must_go += (bool(lost) or old or bool(release.revoked)) and not gone
        if lost or old or release.revoked or arguments.people:
            posts_to_go |= {(post.channel, post.id): post for post in shown_in if not post.taken_down}
        found = {**_as_json(release, lost, shown_in), "kept_too_long": old}
        print(json.dumps(found) if arguments.json else _in_words(release, lost, shown_in, old=old))
    doubts = [each for each in Journal(state).open() if not arguments.people or {*arguments.people} & {*each.people}]
    for each in doubts:
        when = f"{each.at:%Y-%m-%d %H:%M}"
        print(f"row {each.seq}: sent to {each.channel} at {when}, and nobody knows whether it stands", file=sys.stderr)
        print("  run `consentguard posting reconcile` and this again", file=sys.stderr)
    print(f"{must_go} of these must go and {'is' if must_go == 1 else 'are'} still up", file=sys.stderr)
    if arguments.apply:
        return _take_down(arguments, tuple(posts_to_go.values()))
    return 1 if must_go or doubts else 0


def _take_down(arguments: argparse.Namespace, posts: tuple[Post, ...]) -> int:
    """Deletes posts at X, each with the keys of its channel's account; 3 where one is left."""
    from consentguard.cli.posting import poster_of

    if not posts:
        print("no post of these is up")
        return 0
    if not (arguments.by or "").strip():
        raise WrongUsage("--apply needs the name of whoever has the posts deleted: --by NAME")
    if not arguments.yes:
        print(f"Delete {len(posts)} post{'s' if len(posts) > 1 else ''} at X for good? [y/N] ", end="", file=sys.stderr)
        if (sys.stdin.readline() if sys.stdin else "").strip().casefold() not in ("y", "yes"):
            raise WrongUsage("nothing was deleted")
    left = 0
    for post in posts:
        try:
            poster_of(arguments, post.channel).take_down(post.id, channel=post.channel, by=arguments.by)
        except ConsentGuardError as error:
            left += 1
            print(f"consentguard: post {post.id} on {post.channel} is still up: {error}", file=sys.stderr)
        else:
            print(f"deleted: post {post.id} on {post.channel}")
    return 3 if left else 0


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
        data = export_public(state, Register.load(register_of(arguments)), policy_of(arguments), now())
    else:
        data = full(state, now())
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
    added = add(state_of(arguments), data, str(arguments.file), key=arguments.key, at=now())
    print(f"{arguments.file}: the signature holds; {added} rows added")
    return 0


def _as_json(release: Release, lost: dict[str, Standing], posts: list[Post]) -> dict[str, object]:
    return {
        "sha256": release.sha256,
        "channel": release.channel,
        "account": release.account,
        "released_at": release.at,
        "people": list(release.people),
        "consents": {person: dict(row) for person, row in release.consents.items()},
        "lost": {person: standing.value for person, standing in lost.items()},
        "revoked": release.revoked or None,
        "posts": [{"channel": p.channel, "id": p.id, "at": p.at, "taken_down": p.taken_down} for p in posts],
        "origin": release.origin,
    }


def _in_words(release: Release, lost: dict[str, Standing], posts: list[Post], *, old: bool) -> str:
    reasons = [f"{person} {standing.value}" for person, standing in lost.items()]
    reasons += [f"taken back at {release.revoked}"] if release.revoked else []
    because = ", ".join([*reasons, *(["kept longer than the policy's posts_months"] if old else [])])
    lines = [
        f"{release.sha256[:16]}.jpg: {f'must go ({because})' if because else 'stands'}",
        f"  released for {release.channel} at {release.at}, showing {', '.join(release.people) or 'nobody'}",
    ]
    for post in posts:
        state = f"taken down at {post.taken_down}" if post.taken_down else "still up"
        lines.append(f"  post {post.id} on {post.channel} at {post.at}: {state}")
    return "\n".join(lines)
