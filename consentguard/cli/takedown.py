"""What must be taken down, in sentences, and taking it down at X."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from consentguard.cli.options import Commands, Options, policy_of, register_of, state_of
from consentguard.cli.show import counted
from consentguard.errors import ConsentGuardError, WrongUsage

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.record.due import PostDue, ReleaseDue
    from consentguard.consent.record.ledger import Post, Release
    from consentguard.consent.record.post_journal import Intent
    from consentguard.values import Standing

_STANDINGS = {
    "no-consent": "has no consent",
    "expired": "has a consent that has expired",
    "withdrawn": "has withdrawn consent",
    "objection": "is the subject of an objection",
    "not-permitted": "must not be published at all",
    "unknown": "is not in the register any more",
}


def add_command(top: Commands, options: Options) -> None:
    command = top.add_parser(
        "takedown",
        parents=[options.papers, options.state],
        help="what was released and posted of a person, and what of it must go",
        description="Lists every post and release that shows a person, with what the register says today. Without an "
        "ID: everything that must go, because somebody's consent has gone or policy keeps it no longer. Exit 1 if "
        "something must go that is, or may be, still up. With --apply the posts are deleted at X: with an ID all that "
        "show that person, with --post those, with neither all that must go.",
    )
    command.add_argument("--apply", action="store_true", help="delete these posts at X, after a question")
    command.add_argument("--by", metavar="NAME", help="who has them deleted; needed for --apply")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--post", action="append", default=[], metavar="POST", help="id or link of a post: only that")
    command.add_argument("people", nargs="*", metavar="ID", help="register ids, of leavers too")
    command.add_argument("--json", action="store_true", help="one JSON object a release on stdout")
    command.set_defaults(run=takedown)


def takedown(arguments: argparse.Namespace) -> int:
    from consentguard.consent import clock
    from consentguard.consent.record.due import posts_due, releases_due
    from consentguard.consent.record.ledger import Ledger
    from consentguard.consent.record.post_journal import Journal
    from consentguard.consent.register.register import Register

    by = _named(arguments)
    register, policy, state = Register.load(register_of(arguments)), policy_of(arguments), state_of(arguments)
    ledger, today = Ledger(state), clock.today(policy.zone)
    all_releases, all_posts = ledger.releases(), ledger.posts()
    known = {*register.people, *(person for release in all_releases for person in release.people)}
    unknown = [person for person in arguments.people if person not in known]
    if unknown:
        raise WrongUsage(f"{', '.join(unknown)}: neither in {register.file} nor in the ledger; name register ids")
    posts = posts_due(_wanted_posts(arguments, all_posts), register, policy, today)
    releases = releases_due(all_releases, all_posts, register, policy, today)
    if arguments.people:
        asked = set(arguments.people)
        posts = [due for due in posts if asked & set(due.post.people)]
        releases = [due for due in releases if asked & set(due.release.people)]
    elif arguments.post:
        releases = []
    else:
        posts = [due for due in posts if due.must_go and due.up]
        releases = [due for due in releases if due.must_go]
    if arguments.json:
        listed = [release for due in posts for release in due.post.releases] + [due.release for due in releases]
        for release in all_releases:
            if release in listed:
                print(json.dumps(_as_json(release, all_posts, posts, releases)))
    else:
        for post in posts:
            print(_post_in_words(post, policy))
        for unposted in releases:
            print(_release_in_words(unposted, policy.zone))
    doubts = [each for each in Journal(state).open() if not arguments.people or {*arguments.people} & {*each.people}]
    _tell(posts, releases, doubts, policy.zone)
    if by:
        up = [due.post for due in posts if due.up]
        return max(_take_down(arguments, up, by), 1 if doubts or any(due.must_go for due in releases) else 0)
    return 1 if doubts or any(due.must_go and due.up for due in posts) or any(d.must_go for d in releases) else 0


def _named(arguments: argparse.Namespace) -> str:
    by = (arguments.by or "").strip()
    if arguments.apply and not by:
        raise WrongUsage("--apply needs the name of whoever has the posts deleted: --by NAME")
    return by if arguments.apply else ""


def _wanted_posts(arguments: argparse.Namespace, posts: Sequence[Post]) -> list[Post]:
    """All posts, or those that --post names. Raises WrongUsage for one that is not in the ledger."""
    from consentguard.cli.posting import post_id

    wanted = [post_id(each) for each in arguments.post]
    for each in wanted:
        if each not in {post.id for post in posts}:
            raise WrongUsage(f"post {each} is not in the ledger; delete it at X by hand: {_link(each)}")
    return [post for post in posts if not wanted or post.id in wanted]


def _tell(posts: Sequence[PostDue], releases: Sequence[ReleaseDue], doubts: Sequence[Intent], zone: ZoneInfo) -> None:
    """What it comes to, in posts, and what is not known."""
    from consentguard.consent.clock import school_time

    for each in doubts:
        when = f"{school_time(each.at, zone):%d %B %Y at %H:%M}"
        print(
            f"row {each.seq}: something was sent to {each.channel} on {when}, and no answer came, so it may be up. "
            "Run `consentguard posting reconcile`, then this again",
            file=sys.stderr,
        )
    going = sum(due.must_go and due.up for due in posts)
    elsewhere = sum(due.must_go for due in releases)
    total = f"{counted(len(posts), 'post')}: " if posts else ""
    told = f"{going} must go and {'is' if going == 1 else 'are'} still up" if going else "nothing that is up must go"
    if elsewhere:
        told += f"; {counted(elsewhere, 'released file')} must not be used any more"
    print(f"{total}{told}", file=sys.stderr)


def _take_down(arguments: argparse.Namespace, posts: Sequence[Post], by: str) -> int:
    """Deletes posts at X, each with the keys of its channel's account; 3 where one is left."""
    from consentguard.cli.posting import poster_of

    if not posts:
        print("none of these posts is up; there is nothing to delete at X")
        return 0
    if not arguments.yes:
        print(f"Delete {counted(len(posts), 'post')} at X for good? [y/N] ", end="", file=sys.stderr, flush=True)
        if (sys.stdin.readline() if sys.stdin else "").strip().casefold() not in ("y", "yes"):
            raise WrongUsage("nothing was deleted")
    left = 0
    for post in posts:
        try:
            poster_of(arguments, post.channel).take_down(post.id, channel=post.channel, by=by)
        except ConsentGuardError as error:
            left += 1
            print(f"consentguard: {_link(post.id)} on {post.channel} is still up: {error}", file=sys.stderr)
        else:
            print(f"deleted: {_link(post.id)} on {post.channel}")
    return 3 if left else 0


# -- in words ---------------------------------------------------------------------------------------------------------


def _post_in_words(due: PostDue, policy: Policy) -> str:
    post, rule = due.post, policy.channels.get(due.post.channel)
    account = f" ({rule.account})" if rule and rule.account else ""
    who = f" by {post.by}" if post.by else ""
    lines = [
        f"Post {_link(post.id)} on {post.channel}{account}, {_day(post.at, policy.zone)}{who}",
        f"  It shows {_people(post)}.",
    ]
    if not due.up:
        lines.append(f"  It was taken down on {_day(post.taken_down or '', policy.zone)}.")
    elif due.must_go:
        lines.append(f"  It must go, and it is still up: {_why(due.lost, due.too_old, revoked=due.revoked)}.")
    else:
        lines.append("  It is up and may stay: everybody in it may be shown.")
    return "\n".join(lines)


def _release_in_words(due: ReleaseDue, zone: ZoneInfo) -> str:
    release = due.release
    shows = f"Its photo shows {_listed(release.people)}." if release.people else "Its photo shows nobody."
    lines = [f"Released file {release.sha256[:16]}.jpg for {release.channel}, {_day(release.at, zone)}", f"  {shows}"]
    if due.posting:
        lines.append("  It was never posted: a rehearsal, or the post was refused. Nothing of it is up.")
    elif due.must_go:
        why = _why(due.lost, due.too_old, revoked=bool(release.revoked))
        lines.append(
            f"  It must not be used any more: {why}. This program does not know where the file is in use: if "
            "it is published, take it away there."
        )
    else:
        lines.append("  It may be used: everybody in it may be shown.")
    return "\n".join(lines)


def _why(lost: Mapping[str, Standing], too_old: bool, *, revoked: bool) -> str:
    reasons = [f"{person} {_STANDINGS.get(standing.value, standing.value)}" for person, standing in lost.items()]
    reasons += ["policy keeps it no longer (posts_months)"] if too_old else []
    reasons += ["its release was taken back (revoke)"] if revoked else []
    return " and ".join(reasons)


def _people(post: Post) -> str:
    return _listed(post.people) if post.people else "nobody"


def _listed(people: Iterable[str]) -> str:
    *first, last = people
    return f"{', '.join(first)} and {last}" if first else last


def _day(at: str, zone: ZoneInfo) -> str:
    from consentguard.consent.clock import school_time

    return f"{school_time(datetime.fromisoformat(at), zone):%d %B %Y at %H:%M}"


def _link(post: str) -> str:
    return f"https://x.com/i/status/{post}"


def _as_json(
    release: Release, all_posts: Sequence[Post], posts: Sequence[PostDue], releases: Sequence[ReleaseDue]
) -> dict[str, object]:
    held = [post for post in all_posts if release in post.releases]
    dues: list[PostDue | ReleaseDue] = [due for due in posts if release in due.post.releases]
    dues += [due for due in releases if due.release == release]
    lost = {person: standing.value for due in dues for person, standing in due.lost.items()}
    return {
        "sha256": release.sha256,
        "channel": release.channel,
        "account": release.account,
        "released_at": release.at,
        "people": list(release.people),
        "consents": {person: dict(row) for person, row in release.consents.items()},
        "lost": lost,
        "posts": [{"channel": p.channel, "id": p.id, "at": p.at, "taken_down": p.taken_down} for p in held],
        "origin": release.origin,
        "revoked": release.revoked or None,
        "kept_too_long": any(due.too_old for due in dues),
    }
