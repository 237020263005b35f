"""The accounts at the command line: who follows and is followed, replies that break the rules, the homepage's wall."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.cli.files import make_folder, write
from consentguard.cli.options import Commands, Options, policy_of, state_of
from consentguard.cli.posting import poster_of
from consentguard.errors import WrongUsage

if TYPE_CHECKING:
    from consentguard.posting import follows
    from consentguard.posting.actions import Action, Done


def add_commands(top: Commands, options: Options) -> None:
    papers = [options.papers, options.state]
    for name, run, what in (
        ("audit-following", audit_following, "whom an account follows, against the head teacher's list"),
        (
            "audit-followers",
            audit_followers,
            "who follows an account, against the personal handles that staff declared",
        ),
    ):
        command = top.add_parser(
            name,
            parents=papers,
            help=what,
            description=f"Compares {what}. Exit 1 if there is something to do. With --apply what X lets programs do is "
            "done; the rest is for a person, with the link.",
        )
        _who(command)
        if run is audit_following:
            command.add_argument("--approved", type=Path, metavar="FILE",
                                 help="the list; default: approved_accounts.csv of the state")  # fmt: skip
        command.add_argument("--staff", type=Path, metavar="FILE",
                             help="personal handles; default: staff_handles.csv of the state, if there")  # fmt: skip
        command.add_argument("--out", type=Path, metavar="FILE", help="write what to do there too, as JSON")
        command.set_defaults(run=run)

    command = top.add_parser(
        "moderate",
        parents=papers,
        help="mentions and replies that break the rules, and what to do about them",
        description="Reads mentions and replies, judges their words and proposes. Nothing is done without --apply and "
        "a name, but what policy lets be hidden by itself. Exit 1 if there is something to decide.",
    )
    command.add_argument("posts", nargs="*", metavar="POST", help="ids: only these")
    _who(command)
    command.add_argument("--record", action="store_true", help="print the incidents decided so far, as JSON Lines")
    command.set_defaults(run=moderate)


def add_wall(posting: Commands, options: Options) -> None:
    command = posting.add_parser(
        "wall",
        parents=[options.papers, options.state],
        help="the homepage's list of posts and retweets, as JSON Feed and RSS",
    )
    command.add_argument("--channel", metavar="NAME", help="whose; default: the policy's default channel")
    command.add_argument("--site", default="website", metavar="NAME", help="the website's channel; default: website")
    command.add_argument("--title", default="Our school", metavar="TEXT")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for wall.json and wall.xml")
    command.set_defaults(run=wall)


def audit_following(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import follows

    policy, home = policy_of(arguments), state_of(arguments).directory
    approved = follows.read_approved(arguments.approved or home / follows.APPROVED_FILE)
    declared = _declared(arguments, home)
    following = poster.desk.patience.keep_trying(lambda: tuple(poster.desk.x.following()))
    own = [channel.account for channel in policy.channels.values()]
    print(f"@{poster.desk.x.me().username} follows {len(following)}; {len(approved)} are approved", file=sys.stderr)
    return _deal(arguments, follows.judge_following(following, approved, declared, own))


def audit_followers(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import follows

    declared = _declared(arguments, state_of(arguments).directory)
    followers = poster.desk.patience.keep_trying(lambda: tuple(poster.desk.x.followers()))
    known = f"staff declared {len(declared)} handles"
    if not declared:
        known = f"no personal handle is known, as there is no {follows.STAFF_FILE} in the state (docs/posting.md)"
    print(f"@{poster.desk.x.me().username} has {len(followers)} followers; {known}", file=sys.stderr)
    return _deal(arguments, follows.judge_followers(followers, declared))


def moderate(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import moderation

    guard, worst = poster.desk.door(), 0
    if arguments.record:
        for row in moderation.record(guard.state):
            print(json.dumps(row))
        return 0
    by = _named(arguments)
    found = tuple(moderation.judge(guard, poster.desk))
    unknown = set(arguments.posts) - {incident.post.id for incident in found}
    if unknown:
        raise WrongUsage(f"{', '.join(sorted(unknown))}: nothing to decide about; run `consentguard moderate` alone")
    for incident in found:
        if arguments.posts and incident.post.id not in arguments.posts:
            continue
        serious = " SERIOUS: for the appropriate authority too." if incident.serious else ""
        print(f"{incident.link}: {', '.join(incident.rules)}.{serious}")
        if by:
            worst = max(worst, _tell(moderation.act(guard, poster.desk, incident, by)))
            continue
        hideable = any(action.what == "hide" for action in incident.actions)
        if guard.policy.posting.hide_automatically and hideable and not incident.hidden:
            worst = max(worst, _tell(moderation.act(guard, poster.desk, incident, moderation.BY_POLICY, only="hide")))
        print("\n".join(f"  proposed: {action.what}" for action in incident.actions))
        worst = max(worst, 1)
    if not found:
        print("no mention or reply breaks the rules", file=sys.stderr)
    return worst


def wall(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import wall as walls

    guard = poster.desk.door()
    rule = guard.policy.channel(arguments.channel)
    poster.desk.check_own(rule)
    made = walls.build(guard, poster.desk, channel=rule.name, site=arguments.site)
    make_folder(arguments.out)
    write(arguments.out / "wall.json", lambda: walls.as_json(made.entries, arguments.title))
    link = f"https://x.com/{rule.account.lstrip('@')}"
    write(arguments.out / "wall.xml", lambda: walls.as_rss(made.entries, arguments.title, link))
    for post, why in made.withheld:
        print(f"left out: post {post} {why}", file=sys.stderr)
    print(f"{arguments.out}: {len(made.entries)} posts in wall.json and wall.xml")
    return 0


def _who(command: argparse.ArgumentParser) -> None:
    command.add_argument("--channel", metavar="NAME", help="whose account; default: the policy's default channel")
    command.add_argument("--apply", action="store_true", help="do it, as far as X lets programs")
    command.add_argument("--by", metavar="NAME", help="who decides so; needed for --apply")


def _named(arguments: argparse.Namespace) -> str:
    """Whose decision it is to act; empty where nothing is to be done. Raises WrongUsage."""
    by = (arguments.by or "").strip()
    if arguments.apply and not by:
        raise WrongUsage("--apply needs the name of whoever decides so: --by NAME")
    return by if arguments.apply else ""


def _declared(arguments: argparse.Namespace, home: Path) -> dict[str, follows.Declared]:
    from consentguard.posting import follows

    file = arguments.staff or home / follows.STAFF_FILE
    return follows.read_declared(file) if arguments.staff or file.exists() else {}


def _deal(arguments: argparse.Namespace, actions: tuple[Action, ...]) -> int:
    """Prints what to do, writes it, and does it where a named person says so."""
    from consentguard.posting.actions import carry_out

    by = _named(arguments)
    if arguments.out:
        listed = json.dumps([action.as_json() for action in actions], indent=1)
        write(arguments.out, lambda: listed.encode() + b"\n")
    if not by:
        for action in actions:
            print(f"{action.what}: {action.why}\n  {action.link}")
        return 1 if actions else 0
    poster = poster_of(arguments, arguments.channel)
    state = poster.desk.door().state
    return _tell(carry_out(poster.desk, state, action, by) for action in actions)


def _tell(done: Iterable[Done]) -> int:
    """Prints what became of actions: 3 if one failed, 1 if one is left for a person, else 0."""
    worst = 0
    for each in done:
        worst = max(worst, {"done": 0, "for a person": 1}.get(each.outcome, 3))
        print(f"  {each.outcome}: {each.action.what}: {each.action.why}")
        if each.outcome != "done":
            print(f"    {each.action.link}\n    {each.why}")
    return worst
