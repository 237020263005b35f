"""`Poster`: the only way from a released photo to X. It posts all of a post or nothing, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from consentguard.consent.clock import school_day
from consentguard.consent.record.ledger import Post, lost_by
from consentguard.consent.record.post_journal import Intent, Journal
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting.credentials import Credentials
from consentguard.posting.desk import Desk, account_of, alone
from consentguard.posting.draft import Leave, Part, check_leave, drafted
from consentguard.posting.patience import Patience
from consentguard.posting.sending import Posted, Sender
from consentguard.posting.x import X
from consentguard.values import Outcome, Released, Verdict

RETWEETED = "retweeted"


class Excuse(TypedDict, total=False):
    """What may excuse posting outside the hours, or with words that are for a person; every key may be left out.

    Keys:
        event, urgent, trip: one of them: a match or performance, urgent news, a trip of the policy.
        override: reason code -> why, from somebody whom the channel's policy lets override it.
    """

    event: str | None
    urgent: str | None
    trip: str | None
    override: Mapping[str, str] | None


class Poster:
    """Posts released photos to one account at X, under the school's policy.

        poster = Poster.open(channel="main")
        poster.post("Our sunflowers", [released], channel="main", by="Miriam Castlegate")

    A poster may be shared between threads and processes of one state; they post one after the other.
    """

    def __init__(self, door: Callable[[], Guard], x: X, *, patience: Patience | None = None) -> None:
        """A poster from its parts.

        Args:
            door: opens the guard, anew for each post, so that what the register says now counts.
            x: the account.
            patience: how long to try.
        """
        self.desk = Desk(door, x, patience or Patience())

    @classmethod
    def open(
        cls,
        register: str | Path = "consent_register.csv",
        *,
        channel: str | None = None,
        policy: str | Path | None = None,
        state: str | Path | None = None,
    ) -> Poster:
        """A poster from files, as the command line has it; keys come from the environment or the keyring.

        Args:
            register, policy, state: as for `Guard.open`.
            channel: whose account it is; policy's default channel without it.

        Raises WrongUsage, RegisterInvalid, PolicyInvalid or AuditFailed. Connects to nothing yet.
        """

        def door() -> Guard:
            return Guard.open(register, policy=policy, state=state)

        guard = door()
        chosen = guard.policy.channel(channel)
        return cls(door, X.open(Credentials.find(account_of(chosen)), upload=guard.policy.posting.upload))

    def post(
        self,
        text: str,
        photos: Sequence[Released] = (),
        *,
        channel: str,
        by: str,
        alts: Sequence[str] = (),
        sources: Sequence[Path] = (),
        **excuse: Unpack[Excuse],
    ) -> Posted:
        """Posts a text with up to four photos: all of it, once, or nothing.

        Args:
            text: what it says; may be empty where there are photos.
            photos: each from `Guard.release` for the same channel. Nothing else is taken: no path, no bytes.
            channel: where, by policy; the account of the keys must be that channel's.
            by: the name of whoever posts.
            alts: what each photo shows; see `Part`.
            sources: originals that were taken for sharing, deleted once the post stands; see `Part`.
            excuse: from the hours; see `Excuse`.

        The same text, photos and descriptions again on the same day, or within the hour, send nothing and return the
        post that stands.

        Raises:
            Refused, AuditFailed: a photo is not admitted, or policy does not let the post go; nothing was sent.
            WrongUsage: the question was wrong; nothing was sent.
            PostingFailed: X failed, by its name (`consentguard.posting.errors`). Unless it is `Unconfirmed` nothing
                stands at X; in any case calling again is safe.
        """
        (posted,) = self.thread([Part(text, photos, alts, sources)], channel=channel, by=by, **excuse)
        return posted

    def thread(self, parts: Sequence[Part], *, channel: str, by: str, **excuse: Unpack[Excuse]) -> tuple[Posted, ...]:
        """Posts parts that answer one another: all of them or none. Arguments and errors as for `post`.

        Where a later part fails for good, the earlier ones are deleted again; PartlyPosted says that this failed too.
        """
        guard, leave = self._leave(channel, by, excuse)
        drafts = drafted(guard, parts, leave)
        self.desk.check_own(leave.channel)
        with alone(guard.state):
            return Sender(self.desk, Journal(guard.state)).send(drafts, leave)

    def retweet(self, post: str, *, channel: str, by: str, **excuse: Unpack[Excuse]) -> Posted:
        """Retweets a post of another of the school's accounts, known from the release ledger.

        Nothing is fetched and looked at: X forbids matching faces on what it shows. What counts is that the post is in
        the ledger (`consentguard ledger import` brings those of class teachers) and that everybody in it may still be
        shown, here too.

        Raises Refused where it may not, and as `post` does.
        """
        guard, leave = self._leave(channel, by, excuse)
        check_leave(guard, leave)
        journal = Journal(guard.state)
        known = journal.ledger.post(post)
        _check_retweet(guard, leave, post, known)
        self.desk.check_own(leave.channel)
        with alone(guard.state):
            at = self.desk.now().isoformat(timespec="seconds")
            already = post in retweeted(journal, channel)
            if not already:
                guard.state.record("retweet-begun", {**leave.as_json(), "post": post}, at)
                path = f"/2/users/{self.desk.x.me().id}/retweets"
                self.desk.change("retweeting", "POST", path, {"tweet_id": post})
                guard.state.record(RETWEETED, {"channel": channel, "post": post, "by": by}, at)
        return Posted(post, channel, already=already)

    def take_down(self, post: str, *, channel: str, by: str) -> None:
        """Deletes a post of the ledger at X and records it; one that X has lost already is recorded too.

        Raises WrongUsage for a post that is not in the ledger, and as `post` does.
        """
        guard, leave = self._leave(channel, by, {})
        journal = Journal(guard.state)
        known = journal.ledger.post(post, channel=channel)
        if known is None:
            raise WrongUsage(f"post {post} on {channel} is not in the ledger; `consentguard takedown` lists what is")
        if known.taken_down:
            return
        self.desk.check_own(leave.channel)
        with alone(guard.state):
            Sender(self.desk, journal).delete(post)
            journal.ledger.record_takedown(post, channel=channel, at=self.desk.now(), by=by)

    def reconcile(self) -> tuple[Posted, ...]:
        """Settles every post of this account that was sent without an answer; returns those found standing.

        Raises PostingFailed where X cannot be asked, Unconfirmed where it is too early to say.
        """
        state = self.desk.door().state
        with alone(state):
            sender = Sender(self.desk, Journal(state))
            return tuple(found for intent in sender.ours() if (found := sender.settle(intent)))

    def unsettled(self) -> tuple[Intent, ...]:
        """Posts of this account that were sent without an answer and are not settled yet, oldest first."""
        return tuple(Sender(self.desk, Journal(self.desk.door().state)).ours())

    def settle(self, row: int, *, post: str | None, by: str) -> None:
        """Writes what a person found who looked at the account: the post stands under this id, or (None) does not.

        For where X cannot be asked. Raises WrongUsage for a row that is not of an unsettled post.
        """
        state = self.desk.door().state
        with alone(state):
            journal = Journal(state)
            found = next((intent for intent in journal.open() if intent.seq == row), None)
            if found is None:
                raise WrongUsage(f"row {row} is no unsettled post; `consentguard posting reconcile` lists them")
            if post is not None and not (post.isascii() and post.isdigit()):
                raise WrongUsage(f"{post!r} is no id of a post; its link ends in it")
            if post is None:
                journal.drop(found, f"says {by}", self.desk.now())
            else:
                journal.confirm(replace(found, by=f"{found.by}; settled by {by}"), post, self.desk.now())

    def _leave(self, channel: str, by: str, excuse: Excuse) -> tuple[Guard, Leave]:
        guard = self.desk.door()
        return guard, self.desk.leave(guard, channel, by, **excuse)


def retweeted(journal: Journal, channel: str) -> tuple[str, ...]:
    """Ids of what a channel retweeted, oldest first."""
    rows = (row.body for row in journal.state.audit.entries() if row.kind == RETWEETED)
    return tuple(body["post"] for body in rows if body["channel"] == channel)


def _check_retweet(guard: Guard, leave: Leave, post: str, known: Post | None) -> None:
    """Raises Refused unless the post is another account's of this school, stands, and may be shown here."""

    def refused(code: str, why: str) -> Refused:
        return Refused(f"post {post}: {why}", Verdict("post", Outcome.REFUSED, reasons=(code,)))

    if known is None:
        raise refused("not-in-ledger", "is not in the release ledger; import the class teacher's with `ledger import`.")
    home = guard.policy.channels.get(known.channel)
    if home is None or not home.class_name or known.channel == leave.channel.name:
        raise refused("not-in-ledger", f"is of channel {known.channel}, not of a class account of the policy.")
    if known.taken_down:
        raise refused("not-in-ledger", f"was taken down at {known.taken_down}.")
    today = school_day(leave.moment)
    gone = {person for release in known.releases for person in lost_by(release, guard.register, guard.policy, today)}
    gone |= {person for person in known.people if not _may_be_shown(guard, person, leave)}
    if any(release.revoked for release in known.releases):
        raise refused("revoked", "shows a photo whose release was taken back; have it taken down.")
    if gone:
        raise refused("consent-gone", f"consent has gone since for {', '.join(sorted(gone))}; have it taken down.")


def _may_be_shown(guard: Guard, person: str, leave: Leave) -> bool:
    row = guard.register.get(person)
    return row is not None and row.standing(leave.channel.scope, school_day(leave.moment)) == "consented"
