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
    from zoneinfo import ZoneInfo

    from consentguard.posting import follows, moderation
    from consentguard.posting.actions import AccountAction, ActionResult

_DOING = {
    "unfollow": "stop following",
    "follow": "follow",
    "block": "block",
    "mute": "mute",
    "hide": "hide the reply",
    "report": "report to X",
    "look": "read it and decide",
}
_OUTCOMES = {"done": "done", "for a person": "do this by hand"}


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
    following = poster.account.patience.keep_trying(lambda: tuple(poster.account.network.following()))
    own = [channel.account for channel in policy.channels.values()]
    print(
        f"@{poster.account.network.me().username} follows {len(following)}; {len(approved)} are approved",
        file=sys.stderr,
    )
    return _deal(arguments, follows.judge_following(following, approved, declared, own))


def audit_followers(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import follows

    declared = _declared(arguments, state_of(arguments).directory)
    followers = poster.account.patience.keep_trying(lambda: tuple(poster.account.network.followers()))
    known = f"staff declared {len(declared)} personal handles"
    if not declared:
        known = f"no personal handle is known, as there is no {follows.STAFF_FILE} in the state (docs/posting.md)"
    print(f"@{poster.account.network.me().username} has {len(followers)} followers; {known}", file=sys.stderr)
    return _deal(arguments, follows.judge_followers(followers, declared))


def moderate(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import moderation

    guard, worst = poster.account.open_guard(), 0
    if arguments.record:
        for row in moderation.record(guard.state):
            print(json.dumps(row))
        return 0
    by = _named(arguments)
    reading = moderation.judge(guard, poster.account)
    unknown = set(arguments.posts) - {incident.post.id for incident in reading.incidents}
    if unknown:
        raise WrongUsage(f"{', '.join(sorted(unknown))}: nothing to decide about; run `consentguard moderate` alone")
    decided = 0
    for incident in reading.incidents:
        if arguments.posts and incident.post.id not in arguments.posts:
            continue
        _tell_incident(incident, guard.policy.zone)
        if by:
            decided += 1
            worst = max(worst, _tell(moderation.act(guard, poster.account, incident, by)))
            continue
        hideable = any(action.what == "hide" for action in incident.actions)
        if guard.policy.posting.hide_automatically and hideable and not incident.hidden:
            print("  policy has it hidden at once (hide_automatically):")
            worst = max(
                worst, _tell(moderation.act(guard, poster.account, incident, moderation.BY_POLICY, only="hide"))
            )
        for action in incident.actions:
            print(f"  proposed: {_DOING[action.what]} {action.link}")
        worst = max(worst, 1)
    _tell_reading(reading, decided)
    return worst


def _tell_incident(incident: moderation.Incident, zone: ZoneInfo) -> None:
    """Who said what, where, and why it needs a decision."""
    from consentguard.consent.clock import school_time

    post = incident.post
    who = f"@{post.author_name}" if post.author_name else f"account {post.author}"
    said = "".join(letter if letter.isprintable() else " " for letter in post.text)
    print(
        f'{who} wrote on {school_time(post.at, zone):%d %B at %H:%M}: "{said}"\n  {post.link}\n  Why: {incident.why}.'
    )
    if incident.serious:
        print("  This may be serious. If it is what it seems, tell your safeguarding lead, or the police.")


def _tell_reading(reading: moderation.MentionsRead, decided: int) -> None:
    """How many were read, and that the lists do not know everything."""
    count = "1 mention or reply was" if reading.read == 1 else f"{reading.read} mentions and replies were"
    found = len(reading.incidents) - decided
    if decided:
        print(f"decided and recorded: {decided}; to be decided: {found}", file=sys.stderr)
    elif not reading.read:
        print("nobody has mentioned this account or answered it", file=sys.stderr)
    elif not found:
        print(f"{count} read; there is none that the word list knows. Read them yourself too.", file=sys.stderr)
    else:
        need = f"{found} need{'s' if found == 1 else ''} your decision"
        print(f"{count} read; {need}. The word list does not know everything: read the others too.", file=sys.stderr)


def wall(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    from consentguard.posting import wall as walls

    guard = poster.account.open_guard()
    rule = guard.policy.channel(arguments.channel)
    poster.account.check_own(rule)
    made = walls.build(guard, poster.account, channel=rule.name, site=arguments.site)
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


def _deal(arguments: argparse.Namespace, actions: tuple[AccountAction, ...]) -> int:
    """Prints what to do, writes it, and does it where a named person says so."""
    from consentguard.posting.actions import carry_out

    by = _named(arguments)
    if arguments.out:
        listed = json.dumps([action.as_json() for action in actions], indent=1)
        write(arguments.out, lambda: listed.encode() + b"\n")
    if not by:
        for action in actions:
            print(f"{action.why}\n  proposed: {_DOING[action.what]} {action.link}")
        return 1 if actions else 0
    poster = poster_of(arguments, arguments.channel)
    state = poster.account.open_guard().state
    worst = 0
    for action in actions:
        print(action.why)
        worst = max(worst, _tell([carry_out(poster.account, state, action, by)]))
    return worst


def _tell(done: Iterable[ActionResult]) -> int:
    """Prints what became of actions: 3 if one failed, 1 if one is left for a person, else 0."""
    worst = 0
    for each in done:
        worst = max(worst, {"done": 0, "for a person": 1}.get(each.outcome, 3))
        doing, heading = _DOING[each.action.what], _OUTCOMES.get(each.outcome, "failed")
        print(f"  {heading}: {doing} {each.action.link}" + (f"\n    {each.why}." if each.why else ""))
    return worst
