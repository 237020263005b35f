"""What leaves from the desk to the school's account at X, and what is taken back: the release, its copy, its posts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from consentguard.consent.record.ledger import Ledger, Post, Release
from consentguard.consent.record.post_journal import Journal
from consentguard.errors import ConsentGuardError, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.values import Released

if TYPE_CHECKING:
    from consentguard.posting import Poster

PosterOf: TypeAlias = "Callable[[str], Poster]"
"""Opens the poster of a channel. Raises WrongUsage where the extra, the account or the keys are missing."""

_BY_HAND: Final = "consentguard takedown --post {post} --apply --by NAME"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What came of taking a release back.

    Attributes:
        deleted: ids of the posts that were deleted at X.
        left: a sentence for each post that is still up: why, and what to run.
    """

    deleted: tuple[str, ...]
    left: tuple[str, ...]


class DeskAccount:
    """The school's accounts, as far as this desk may use them.

    Attributes:
        can_post: the policy gives the desk's channel an account; whether its keys are here is seen when it posts.
    """

    def __init__(self, guard: Guard, channel: str, poster_of: PosterOf | None = None) -> None:
        self._guard, self._channel, self._poster_of = guard, channel, poster_of
        self.can_post = poster_of is not None and bool(guard.policy.channel(channel).account)

    def post(self, released: Released, text: str, alt: str, by: str) -> str:
        """Posts a released copy with a text; the link of the post. Raises as `Poster.post` does."""
        if self._poster_of is None or not self.can_post:
            raise WrongUsage(f"the policy gives channel {self._channel} no account; post the copy by hand")
        posted = self._poster_of(self._channel).post(
            text, [released], channel=self._channel, by=by, alts=[alt] if alt else []
        )
        return posted.link

    def posts_up(self, sha256: str) -> tuple[Post, ...]:
        """The posts of released bytes that are still up, as far as the ledger knows."""
        posts = Ledger(self._guard.state).posts()
        return tuple(one for one in posts if not one.taken_down and sha256 in {each.sha256 for each in one.releases})

    def check_not_posted(self, sha256: str) -> None:
        """Raises WrongUsage while a post of these bytes is up, or may be."""
        if up := self.posts_up(sha256):
            posts = ", ".join(f"post {post.id} on {post.channel}" for post in up)
            raise WrongUsage(f"{posts} shows this copy; open the photo again and press U: that takes the release back "
                             "and deletes what was posted")  # fmt: skip
        if unsettled := self._unsettled(sha256):
            raise WrongUsage(unsettled)

    def check_stands(self, sha256: str) -> None:
        """Raises WrongUsage where the release of these bytes was taken back, here or by a command."""
        if not self._standing(sha256):
            raise WrongUsage("the release of this copy was taken back; undo it here, look again, and release it anew")

    def revoke(self, sha256: str, by: str, why: str) -> None:
        """Revokes every release of these bytes on the record; what was revoked already stays as it is.

        Raises WrongUsage without a reason, AuditFailed for what was not released here.
        """
        if not why.strip():
            raise WrongUsage("say why it is taken back: the reason stands on the record")
        if self._standing(sha256) or Ledger(self._guard.state).release(sha256) is None:
            self._guard.revoke(sha256, by=by, why=why.strip())

    def revoke_unused(self, released: Released, by: str) -> None:
        """Revokes a release that was made just now and that nobody gets, unless the same bytes stand from before."""
        if len(self._standing(released.sha256)) == 1:
            self._guard.revoke(released, by=by, why="another copy than the one that was to be posted")

    def delete_posts(self, sha256: str, by: str) -> TakenBack:
        """Deletes what is posted of released bytes, each post with the keys of its channel."""
        deleted, left = [], []
        for post in self.posts_up(sha256):
            try:
                if self._poster_of is None:
                    raise WrongUsage("no account is set up here")
                self._poster_of(post.channel).take_down(post.id, channel=post.channel, by=by)
                deleted.append(post.id)
            except ConsentGuardError as error:
                left.append(f"Post {post.id} on {post.channel} is still up ({error}). {_BY_HAND.format(post=post.id)}")
        if unsettled := self._unsettled(sha256):
            left.append(f"{unsettled[0].upper()}{unsettled[1:]}.")
        return TakenBack(tuple(deleted), tuple(left))

    def _standing(self, sha256: str) -> tuple[Release, ...]:
        """The releases of these bytes that nobody took back."""
        return tuple(one for one in Ledger(self._guard.state).releases() if one.sha256 == sha256 and not one.revoked)

    def _unsettled(self, sha256: str) -> str:
        """What is to be said of bytes that were sent to X without an answer; "" where there are none such."""
        rows = [intent.seq for intent in Journal(self._guard.state).open() if sha256 in intent.photos]
        return (
            f"this copy was sent to X and no answer came (row {rows[0]}), so it may be up; run `consentguard posting "
            "reconcile`, then take it back"
            if rows
            else ""
        )
