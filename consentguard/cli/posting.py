"""Posting at the command line: post, retweet, and whether the account works."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC
from importlib import import_module
from typing import TYPE_CHECKING

from consentguard.cli.options import (
    EXITS,
    Commands,
    Options,
    add_exceptions_to_hours,
    add_override,
    guard_of,
    policy_of,
    register_of,
    state_of,
)
from consentguard.cli.post_options import PartOptions, add_part_options, parts_of
from consentguard.errors import Refused, WrongUsage
from consentguard.files import read_photo
from consentguard.program import install_command

if TYPE_CHECKING:
    from consentguard.consent.policy.rules.channels import Channel
    from consentguard.guard.guard import Guard
    from consentguard.posting import Part, Posted, Poster
    from consentguard.posting.context import HoursException, PostingContext, PostingRequest


def add_commands(top: Commands, options: Options) -> Commands:
    """Adds `post`, `retweet` and `posting`; returns where commands of `posting` are added."""
    command = top.add_parser(
        "post",
        parents=[_who(), options.papers, options.state],
        help="release photos and post them to X: all or nothing, and once",
        description="Releases each photo for the channel and posts what was released. --photo belongs to the --text "
        "before it, or to the first; --people, --tag, --hide-all and --alt to the --photo before them; a second --text "
        "makes a thread. Nothing is sent twice: where X gave no answer it is asked whether the post stands, and only "
        "what it does not show for half an hour, or a person says is not there, is sent anew.",
        epilog=EXITS,
    )
    add_part_options(command)
    command.add_argument("--mode", metavar="MODE", help="how people are known: off (default), declared, matched")
    command.add_argument("--expected", metavar="CLASS", help="mode matched: only people of this class may match")
    command.add_argument("--suitable-by", metavar="NAME", help="who looked at the photos and calls them suitable")
    command.add_argument("--taken-for-sharing", action="store_true",
                         help="the photos were taken to be shared: delete them once the post stands")  # fmt: skip
    command.add_argument("--again", action="store_true",
                         help="post anew what was posted before and somebody deleted at X by hand")  # fmt: skip
    command.add_argument("--dry-run", action="store_true", help="release and check everything, send nothing")
    command.add_argument("--json", action="store_true", help="one JSON object a post on stdout")
    command.set_defaults(run=post)

    command = top.add_parser(
        "retweet",
        parents=[_who(), options.papers, options.state],
        help="retweet posts of class accounts that are in the release ledger",
    )
    command.add_argument("posts", nargs="+", metavar="POST", help="id or link of a post")
    command.set_defaults(run=retweet)

    posting = top.add_parser("posting", help="the account at X: check it, settle doubts").add_subparsers(
        metavar="doctor|reconcile|settle|wall", required=True
    )
    command = posting.add_parser(
        "doctor",
        parents=[_channel(), options.papers, options.state],
        help="check keys, account, access, clock and hosts without posting",
    )
    command.set_defaults(run=doctor)
    command = posting.add_parser(
        "reconcile",
        parents=[_channel(), options.papers, options.state],
        help="ask X what became of posts that were sent without an answer",
    )
    command.set_defaults(run=reconcile)
    command = posting.add_parser(
        "settle",
        parents=[_who(), options.papers, options.state],
        help="write down what became of such a post, after a person looked at the account",
    )
    command.add_argument("row", type=int, metavar="ROW", help="its row, as `posting reconcile` prints it")
    fate = command.add_mutually_exclusive_group(required=True)
    fate.add_argument("--stands", metavar="POST", help="it stands: its id or link")
    fate.add_argument("--never-posted", action="store_true", help="it is not there")
    command.set_defaults(run=settle)
    return posting


# -- posting ----------------------------------------------------------------------------------------------------------


def post(arguments: argparse.Namespace) -> int:
    _needs_extra()
    from consentguard.consent.alt import proposed
    from consentguard.consent.clock import now

    wanted_parts = parts_of(arguments)
    guard = guard_of(arguments)
    rule = guard.policy.channel(arguments.channel)
    # What is wrong with the question, and keys that are missing, are the news before any photo is looked at.
    context = _request(arguments, rule.name).context(guard, now(UTC))
    poster = None if arguments.dry_run else poster_of(arguments, rule.name)
    parts = [_released(guard, wanted, arguments, rule.name) for wanted in wanted_parts]
    if poster is None:
        return _rehearse(guard, parts, context)
    posted = poster.thread(parts, channel=rule.name, by=arguments.by, again=arguments.again, **_exception(arguments))
    for each, part, wanted in zip(posted, parts, wanted_parts, strict=True):
        _say(each, rule, as_json=arguments.json)
        if not arguments.json:
            for asked, photo, alt in zip(wanted.photos, part.photos, part.alts, strict=True):
                print(f"  {asked.path}, described as: {alt or proposed(photo, guard.register)}", file=sys.stderr)
    return 3 if any(each.left for each in posted) else 0


def _rehearse(guard: Guard, parts: Sequence[Part], context: PostingContext) -> int:
    """Checks everything that can be checked without X, and prints what would be posted."""
    from consentguard.posting import X
    from consentguard.posting.draft import drafted, plain_parts

    drafts = drafted(guard, X.limits, plain_parts(parts), context)
    print(f"Nothing was sent (--dry-run). To {_where(context.channel)} would go:")
    for draft in drafts:
        print(f"  text: {draft.text}" if draft.text else "  no text")
        print("".join(f"  photo, described as: {photo.description}\n" for photo in draft.photos), end="")
    return 0


def _released(guard: Guard, wanted: PartOptions, arguments: argparse.Namespace, channel: str) -> Part:
    """Releases the photos of one part, and says of each what stays visible before anything is sent."""
    from consentguard.posting import Part
    from consentguard.values.shown import in_words

    text = wanted.text or ""
    asked = {"by": arguments.by, "channel": channel, "expected": arguments.expected, "event": arguments.event,
             "suitable_by": arguments.suitable_by, "urgent": arguments.urgent, "trip": arguments.trip,
             "caption": text, "override": dict(arguments.override)}  # fmt: skip
    released = []
    for photo in wanted.photos:
        mode = "off" if photo.hide_all else arguments.mode
        data = read_photo(photo.path)
        tags = guard.tags(data, photo.tags) if photo.tags else ()
        said = {**asked, "alt": photo.alt, "people": photo.people or (), "mode": mode, "tags": tags}
        released.append(guard.release(data, name=str(photo.path), **said))
        print(f"{photo.path}: {in_words(released[-1])}", file=sys.stdout if arguments.dry_run else sys.stderr)
    sources = [photo.path for photo in wanted.photos] if arguments.taken_for_sharing else []
    return Part(text, released, [photo.alt for photo in wanted.photos], sources)


def retweet(arguments: argparse.Namespace) -> int:
    poster = poster_of(arguments, arguments.channel)
    channel = policy_of(arguments).channel(arguments.channel).name
    worst = 0
    for each in arguments.posts:
        try:
            posted = poster.retweet(post_id(each), channel=channel, by=arguments.by, **_exception(arguments))
        except Refused as error:
            print(f"consentguard: {error}", file=sys.stderr)
            worst = max(worst, error.exit_code)
        else:
            print(f"{'retweeted before' if posted.already else 'retweeted'}: {posted.link}")
    return worst


# -- the account ------------------------------------------------------------------------------------------------------


def doctor(arguments: argparse.Namespace) -> int:
    _needs_extra()
    from consentguard.posting import X
    from consentguard.posting.x.credentials import Credentials
    from consentguard.posting.x.doctor import examine

    policy = policy_of(arguments)
    rule = policy.channel(arguments.channel)
    keys = Credentials.find(rule.account)
    well = True
    for check in examine(X.open(keys, upload=policy.posting.upload), rule, keys.origin):
        print(f"{'ok    ' if check.well else 'NOT OK'}  {check.what:12} {check.says}", flush=True)
        well = well and check.well
    return 0 if well else 3


def reconcile(arguments: argparse.Namespace) -> int:
    from consentguard.consent.clock import school_time

    poster = poster_of(arguments, arguments.channel)
    policy = policy_of(arguments)
    for intent in poster.unsettled():
        when = f"{school_time(intent.at, policy.zone):%Y-%m-%d %H:%M}"
        print(f"row {intent.seq}: sent to {intent.channel} at {when}, by {intent.by}; no answer came", flush=True)
    for intent in poster.unsettled_elsewhere():
        account = policy.channels[intent.channel].account if intent.channel in policy.channels else intent.channel
        when = f"{school_time(intent.at, policy.zone):%Y-%m-%d at %H:%M}"
        print(
            f"row {intent.seq}: sent from {account} on {when}; no answer came. "
            f"Only the keys of {account} can settle it: run this with --channel {intent.channel}",
            flush=True,
        )
    for cut in poster.cut_threads():
        links = ", ".join(f"part {part} https://x.com/i/status/{cut.standing[part]}" for part in sorted(cut.standing))
        print(
            f"a thread of {cut.parts} parts on {cut.channel} was cut short; what stands is {links}. Post the same "
            "again to add the rest, or take down what stands: consentguard takedown --post LINK",
            flush=True,
        )
    for posted in poster.reconcile():
        print(f"X shows it, so it stands: {posted.link}")
    elsewhere, cut_short = poster.unsettled_elsewhere(), poster.cut_threads()
    if not elsewhere and not cut_short:
        print("nothing is open any more")
    return 1 if elsewhere or cut_short else 0


def settle(arguments: argparse.Namespace) -> int:
    stands = post_id(arguments.stands) if arguments.stands else None
    poster_of(arguments, arguments.channel).settle(arguments.row, post=stands, by=arguments.by)
    print(f"row {arguments.row}: {'stands as ' + stands if stands else 'was never posted'}, says {arguments.by}")
    return 0


# -- what they share --------------------------------------------------------------------------------------------------


def _channel() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--channel", metavar="NAME", help="whose account; default: the policy's default channel")
    return options


def _who() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[_channel()])
    options.add_argument("--by", required=True, metavar="NAME", help="who does this, and answers for it")
    add_exceptions_to_hours(options)
    add_override(options)
    return options


def _exception(arguments: argparse.Namespace) -> HoursException:
    return {
        "event": arguments.event,
        "urgent": arguments.urgent,
        "trip": arguments.trip,
        "override": dict(arguments.override),
    }


def _request(arguments: argparse.Namespace, channel: str) -> PostingRequest:
    from consentguard.posting.context import PostingRequest

    return PostingRequest.of(channel, arguments.by, _exception(arguments))


def _where(rule: Channel) -> str:
    """A channel with its account, and who holds it and so answers for what is posted there."""
    held = f", held by {rule.holder}" if rule.holder else ""
    return f"{rule.account or rule.name} (channel {rule.name}{held})"


def poster_of(arguments: argparse.Namespace, channel: str | None) -> Poster:
    """The poster that the options name. Raises WrongUsage where the extra or the keys are missing."""
    _needs_extra()
    from consentguard.posting import Poster

    state_of(arguments)  # where there is none, that is the news, before any keys are looked for
    return Poster.open(register_of(arguments), channel=channel, policy=arguments.policy, state=arguments.state)


def _needs_extra() -> None:
    """Raises WrongUsage where the extra is not installed."""
    for name in ("tweepy", "tenacity", "feedgen", "filelock"):
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            raise WrongUsage(f"posting needs {name}; run `{install_command('posting')}`.") from error


def post_id(text: str) -> str:
    """The id in a link such as https://x.com/RackhamClass4/status/17, or the id itself."""
    return text.rstrip("/").rpartition("/")[2].partition("?")[0]


def _say(posted: Posted, rule: Channel, *, as_json: bool) -> None:
    if as_json:
        fields = ("id", "link", "channel", "photos", "already", "left", "seen")
        print(json.dumps({**{name: getattr(posted, name) for name in fields}, "holder": rule.holder}))
    elif posted.already:
        doubt = "" if posted.seen else " (X could not be asked whether it still stands)"
        print(f"posted before, nothing was sent: {posted.link}{doubt}")
    else:
        print(f"posted: {posted.link}")
        print(f"  on {_where(rule)}", file=sys.stderr)
    for why in posted.left:
        print(f"consentguard: {why}", file=sys.stderr)
