"""`Poster`: the only way from a released photo to X. It posts all of a post or nothing, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Unpack

from consentguard.consent.record.post_journal import CutThread, Intent, Journal
from consentguard.errors import WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting import reposting, sending
from consentguard.posting.account import SchoolAccount, account_of, alone
from consentguard.posting.context import HoursException, PostingRequest
from consentguard.posting.draft import Part
from consentguard.posting.network import OwnNetwork
from consentguard.posting.retries import Patience
from consentguard.posting.settling import Posted, Settling
from consentguard.posting.x import X
from consentguard.posting.x.credentials import Credentials
from consentguard.values import Released
from consentguard.values.plain import plain_name, plain_text


class Poster:
    """Posts released photos to one account at X, under the school's policy.

        poster = Poster.open(channel="main")
        poster.post("Our sunflowers", [released], channel="main", by="Miriam Castlegate")

    A poster may be shared between threads and processes of one state; they post one after the other.
    """

    def __init__(
        self, open_guard: Callable[[], Guard], network: OwnNetwork, *, patience: Patience | None = None
    ) -> None:
        """A poster from its parts.

        Args:
            open_guard: opens the guard, anew for each post, so that what the register says now counts.
            network: the account.
            patience: how long to try.
        """
        self.account = SchoolAccount(open_guard, network, patience or Patience())

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

        def open_guard() -> Guard:
            return Guard.open(register, policy=policy, state=state)

        guard = open_guard()
        chosen = guard.policy.channel(channel)
        return cls(open_guard, X.open(Credentials.find(account_of(chosen)), upload=guard.policy.posting.upload))

    def post(
        self,
        text: str,
        photos: Sequence[Released] = (),
        *,
        channel: str,
        by: str,
        alts: Sequence[str] = (),
        sources: Sequence[Path] = (),
        again: bool = False,
        **exception: Unpack[HoursException],
    ) -> Posted:
        """Posts a text with up to four photos: all of it, once, or nothing.

        Args:
            text: what it says; may be empty where there are photos.
            photos: each from `Guard.release` for the same channel. Nothing else is taken: no path, no bytes.
            channel: where, by policy; the account of the keys must be that channel's.
            by: the name of whoever posts.
            alts: what each photo shows; see `Part`.
            sources: originals that were taken for sharing, deleted once the post stands; see `Part`.
            again: post anew what was posted before and was deleted at X by hand.
            exception: from the hours; see `HoursException`.

        The same text, photos and descriptions again on the same day, or within the hour, send nothing and return the
        post that stands.

        Raises:
            Refused, AuditFailed: a photo is not admitted, or policy does not let the post go; nothing was sent.
            WrongUsage: the question was wrong; nothing was sent.
            PostingFailed: X failed, by its name (`consentguard.posting.errors`). Unless it is `Unconfirmed` nothing
                stands at X; in any case calling again is safe.
        """
        part = Part(text, photos, alts, sources)
        (posted,) = self.thread([part], channel=channel, by=by, again=again, **exception)
        return posted

    def thread(
        self,
        parts: Sequence[Part],
        *,
        channel: str,
        by: str,
        again: bool = False,
        **exception: Unpack[HoursException],
    ) -> tuple[Posted, ...]:
        """Posts parts that answer one another: all of them or none. Arguments and errors as for `post`.

        Where a later part fails for good, the earlier ones are deleted again; PartlyPosted says that this failed too.
        """
        return sending.send(self.account, parts, PostingRequest.of(channel, by, exception), again=again)

    def retweet(self, post: str, *, channel: str, by: str, **exception: Unpack[HoursException]) -> Posted:
        """Retweets a post of another of the school's accounts, known from the release ledger.

        Its pictures are not fetched: X forbids matching faces on what it shows. What counts is that the post is in the
        ledger (`consentguard ledger import` brings those of class teachers), that X names the class account as its
        author where X can be asked, and that everybody in it may still be shown, here too.

        Raises Refused where it may not, and as `post` does.
        """
        request = PostingRequest.of(channel, by, exception)
        return reposting.repost(self.account, plain_text(post, "post"), request)

    def take_down(self, post: str, *, channel: str, by: str) -> None:
        """Deletes a post of the ledger at X and records it; one that X has lost already is recorded too.

        Raises WrongUsage for a post that is not in the ledger, and as `post` does.
        """
        post, channel, by = plain_text(post, "post"), plain_text(channel, "channel"), plain_name(by, "by")
        guard = self.account.open_guard()
        rule, ledger = guard.policy.channel(channel), Journal(guard.state).ledger
        known = ledger.post(post, channel=channel)
        if known is None:
            raise WrongUsage(f"post {post} on {channel} is not in the ledger; `consentguard takedown` lists what is")
        if known.taken_down:
            return
        self.account.check_own(rule)
        with alone(guard.state):
            sending.delete(self.account, post)
            ledger.record_takedown(post, channel=channel, at=self.account.now(), by=by)

    # -- what was sent without an answer ------------------------------------------------------------------------------

    def reconcile(self) -> tuple[Posted, ...]:
        """Settles every post of this account that was sent without an answer; returns those found standing.

        Raises PostingFailed where X cannot be asked, Unconfirmed where it is too early to say.
        """
        with alone(self.account.open_guard().state):
            settling = self._settling()
            return tuple(found for intent in settling.ours() if (found := settling.settle(intent)))

    def unsettled(self) -> tuple[Intent, ...]:
        """Posts of this account that were sent without an answer and are not settled yet, oldest first."""
        return tuple(self._settling().ours())

    def unsettled_elsewhere(self) -> tuple[Intent, ...]:
        """The same of other accounts; only their keys can ask X about them."""
        return tuple(self._settling().others())

    def cut_threads(self) -> tuple[CutThread, ...]:
        """Threads of this state of which some parts stand and others were never sent, oldest first."""
        return tuple(Journal(self.account.open_guard().state).cut_threads())

    def settle(self, row: int, *, post: str | None, by: str) -> None:
        """Writes what a person found who looked at the account: the post stands under this id, or (None) does not.

        Raises WrongUsage for a row that is not of an unsettled post, and where X can be asked and says otherwise: that
        the post is not there, is another account's, or is another post.
        """
        by, stands = plain_name(by, "by"), None if post is None else plain_text(post, "post")
        with alone(self.account.open_guard().state):
            self._settling().say(row, post=stands, by=by)

    def _settling(self) -> Settling:
        return Settling(self.account, Journal(self.account.open_guard().state))
