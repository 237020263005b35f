"""Retweets: posts of the school's class accounts that the ledger knows, as long as everybody in them may be shown."""

from __future__ import annotations

from consentguard.consent.clock import school_day
from consentguard.consent.record.ledger import Post, lost_by
from consentguard.consent.record.post_journal import Journal
from consentguard.errors import Refused
from consentguard.guard.guard import Guard
from consentguard.posting.account import SchoolAccount, alone
from consentguard.posting.clearance import clear_repost
from consentguard.posting.context import PostingContext, PostingRequest
from consentguard.posting.draft import check_words_and_hours, may_be_shown
from consentguard.posting.errors import PostingFailed
from consentguard.posting.settling import Posted
from consentguard.values import Outcome, Verdict

REPOSTED = "retweeted"


def repost(account: SchoolAccount, post: str, request: PostingRequest) -> Posted:
    """Retweets a post once. Arguments and errors as for `Poster.retweet`."""
    guard = account.open_guard()
    _judge(account, guard, post, request)
    account.check_own(guard.policy.channel(request.channel))
    with alone(guard.state):
        guard = account.open_guard()
        known, context = _judge(account, guard, post, request)
        journal = Journal(guard.state)
        if post in reposted(journal, request.channel):
            return Posted(post, request.channel, already=True)
        _check_author(account, guard, known)
        row = journal.state.record("retweet-begun", {**context.as_json(), "post": post}, account.stamp())
        account.patience.keep_trying(lambda: _repost_once(account, post, request, row))
        body = {"channel": request.channel, "post": post, "by": request.by}
        journal.state.record(REPOSTED, body, account.stamp())
    return Posted(post, request.channel)


def reposted(journal: Journal, channel: str) -> tuple[str, ...]:
    """Ids of what a channel retweeted, oldest first."""
    rows = (row.body for row in journal.state.audit.entries() if row.kind == REPOSTED)
    return tuple(body["post"] for body in rows if body["channel"] == channel)


def _repost_once(account: SchoolAccount, post: str, request: PostingRequest, row: int) -> None:
    _judge(account, account.open_guard(), post, request)  # a wait may lie between two tries
    account.network.repost(clear_repost(post, row))


def _judge(account: SchoolAccount, guard: Guard, post: str, request: PostingRequest) -> tuple[Post, PostingContext]:
    """Raises Refused unless the post is another account's of this school, stands, and may be shown here, now."""
    context = account.context(guard, request)
    check_words_and_hours(guard, context)
    known = Journal(guard.state).ledger.post(post)
    if known is None:
        raise _refused(post, "is not in the release ledger; import the class teacher's with `ledger import`.")
    home = guard.policy.channels.get(known.channel)
    if home is None or not home.class_name or known.channel == context.channel.name:
        raise _refused(post, f"is of channel {known.channel}, not of a class account of the policy.")
    if known.taken_down:
        raise _refused(post, f"was taken down at {known.taken_down}.")
    today = school_day(context.moment, guard.policy.zone)
    gone = {person for release in known.releases for person in lost_by(release, guard.register, guard.policy, today)}
    gone |= {person for person in known.people if not may_be_shown(guard, person, context)}
    if any(release.revoked for release in known.releases):
        raise _refused(post, "shows a photo whose release was taken back; have it taken down.", "revoked")
    if gone:
        why = f"consent has gone since for {', '.join(sorted(gone))}; have it taken down."
        raise _refused(post, why, "consent-gone")
    return known, context


def _check_author(account: SchoolAccount, guard: Guard, known: Post) -> None:
    """Raises Refused where X shows the post and names another author than the class account, or shows it no more."""
    home = guard.policy.channels[known.channel]
    try:
        shown = account.patience.keep_trying(lambda: tuple(account.network.posts([known.id])))
    except PostingFailed:
        return  # the ledger's word stands where X cannot be asked
    if not shown:
        raise _refused(known.id, "is not at X any more; somebody deleted it there.")
    author = shown[0].author_name
    if home.account and author and author.casefold() != home.account.lstrip("@").casefold():
        raise _refused(known.id, f"is @{author}'s at X, not {home.account}'s as the ledger says.")


def _refused(post: str, why: str, code: str = "not-in-ledger") -> Refused:
    return Refused(f"post {post}: {why}", Verdict("post", Outcome.REFUSED, reasons=(code,)))
