"""What was sent without an answer: X is asked before anything is sent again, and in doubt a person."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from consentguard.consent.record.post_journal import Intent, Journal, text_digest
from consentguard.errors import WrongUsage
from consentguard.posting.account import SchoolAccount
from consentguard.posting.errors import PostingFailed, SaidBefore, Unconfirmed
from consentguard.posting.network import NetworkPost

_SKEW: Final = timedelta(minutes=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """A post that stands at X.

    Attributes:
        id: X's id of it.
        channel: of the policy.
        photos: digests of its pictures, in order.
        already: it stood before this call, which sent nothing.
        left: why originals that were to be deleted are still there; a sentence each.
        seen: X was asked and shows it; False where a post of before could not be looked up.
    """

    id: str
    channel: str
    photos: tuple[str, ...] = ()
    already: bool = False
    left: tuple[str, ...] = ()
    seen: bool = True

    @property
    def link(self) -> str:
        return f"https://x.com/i/status/{self.id}"


class Settling:
    """Finds out what became of posts, for one account and one journal. The caller holds the state for itself alone."""

    def __init__(self, account: SchoolAccount, journal: Journal) -> None:
        self._account = account
        self._journal = journal

    def ours(self) -> list[Intent]:
        """What this account sent without an answer."""
        me = self._account.patience.keep_trying(self._account.network.me).id
        return [intent for intent in self._journal.open() if intent.account == me]

    def others(self) -> list[Intent]:
        """What other accounts of this state sent without an answer; only their keys can settle it."""
        mine = {intent.seq for intent in self.ours()}
        return [intent for intent in self._journal.open() if intent.seq not in mine]

    def settle(self, intent: Intent) -> Posted | None:
        """Looks for one open post and writes what became of it. Raises Unconfirmed where it is too early to say."""
        found = self._account.patience.keep_trying(lambda: self.found(intent))
        if found:
            self._journal.confirm(intent, found, self._account.now())
            return Posted(found, intent.channel, intent.photos)
        if self._account.now() < intent.at + self._account.patience.certain:
            raise self._unconfirmed(intent, "the answer to an earlier try was lost, and X does not show the post")
        self._journal.drop(intent, "not-found", self._account.now())
        return None

    def settle_before(self, contents: set[str]) -> dict[str, str]:
        """Settles what is open before more is sent; content -> post of what was found standing.

        Only a doubt about the same content stops this post.
        """
        found: dict[str, str] = {}
        for intent in self.ours():
            try:
                stands = self.settle(intent)
            except PostingFailed as error:
                if intent.content in contents:
                    raise
                _log.warning("row %d: an earlier post is still unsettled (%s)", intent.seq, type(error).__name__)
            else:
                found |= {intent.content: stands.id} if stands else {}
        return found

    def after(self, intent: Intent, error: PostingFailed) -> str:
        """The id of a post whose sending ended in doubt, once X shows it.

        Raises Unconfirmed where X does not within a minute, and the error itself where X refused a repetition.
        """
        patience, blind = self._account.patience, False
        for wait in patience.settling:
            patience.sleep(wait)
            try:
                found = self.found(intent)
            except PostingFailed:
                blind = True
                continue
            blind = False
            if found:
                return found
        if isinstance(error, SaidBefore) and not blind:
            raise error
        then = "it could not be asked whether the post stands" if blind else "it does not show the post yet"
        raise self._unconfirmed(intent, f"{error.why}, and {then}")

    def found(self, intent: Intent) -> str | None:
        """The id of the post that an intent made, found by its pictures, or by its text where it has none."""
        for post in self._account.network.posts_since(intent.since - _SKEW):
            if _is_of(post, intent):
                return post.id
        return None

    def say(self, row: int, *, post: str | None, by: str) -> None:
        """Writes what a person found who looked at the account: the post stands under this id, or (None) does not.

        Raises WrongUsage for a row that is not of an unsettled post, and where X can be asked and says otherwise.
        """
        intent = next((each for each in self._journal.open() if each.seq == row), None)
        if intent is None:
            raise WrongUsage(f"row {row} is no unsettled post; `consentguard posting reconcile` lists them")
        if post is None:
            self._check_absent(intent)
            self._journal.drop(intent, f"says {by}", self._account.now())
        else:
            self._check_stands(intent, post)
            by = f"{intent.by}; settled by {by}"
            self._journal.confirm(replace(intent, by=by), post, self._account.now())

    def _check_stands(self, intent: Intent, post: str) -> None:
        if not (post.isascii() and post.isdigit()):
            raise WrongUsage(f"{post!r} is no id of a post; its link ends in it")
        try:
            shown = tuple(self._account.network.posts([post]))
        except PostingFailed as error:
            _log.warning("post %s was not looked up (%s); it counts because a person says so", post, error.why)
            return
        if not shown:
            raise WrongUsage(f"X does not show post {post}; look at its link again. Nothing was written")
        if shown[0].author != intent.account:
            whose = f"@{shown[0].author_name}" if shown[0].author_name else f"account {shown[0].author}"
            raise WrongUsage(f"post {post} is of {whose}, not of the account that row {intent.seq} was sent from")
        if not _is_of(shown[0], intent):
            raise WrongUsage(f"post {post} holds another text or other photos than row {intent.seq}")

    def _check_absent(self, intent: Intent) -> None:
        try:
            mine = self._account.network.me().id == intent.account
            found = self.found(intent) if mine else None
        except PostingFailed as error:
            _log.warning("the account was not looked at (%s); it counts because a person says so", error.why)
            return
        if found:
            raise WrongUsage(f"X shows this post: it stands. Settle row {intent.seq} with --stands {found}")

    def _unconfirmed(self, intent: Intent, why: str) -> Unconfirmed:
        again = (intent.at + self._account.patience.certain).strftime("%H:%M")
        return Unconfirmed(
            "posting",
            why,
            f"It may stand, so it is not sent again. Look at the account, and say what you see: `consentguard posting "
            f"settle {intent.seq} --stands LINK` or `--never-posted`, with --by NAME. Or run the same again after "
            f"{again}: if X does not show it by then, it is sent anew.",
        )


def _is_of(post: NetworkPost, intent: Intent) -> bool:
    same = post.media == intent.media if intent.media else text_digest(post.text) == intent.text
    return same and not (post.media and not intent.media)
