"""What leaves from the desk to the school's account at X, and what is taken back: the release, its copy, its posts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from consentguard.consent.record.ledger import Ledger
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

    def take_back(self, sha256: str, by: str, why: str) -> TakenBack:
        """Revokes a release on the record, then deletes what was posted of it. Raises WrongUsage without a reason."""
        if not why.strip():
            raise WrongUsage("say why it is taken back: the reason stands on the record")
        self._guard.revoke(sha256, by=by, why=why.strip())
        deleted, left = [], []
        for post in Ledger(self._guard.state).posts():
            if post.taken_down or sha256 not in {release.sha256 for release in post.releases}:
                continue
            try:
                if self._poster_of is None:
                    raise WrongUsage("no account is set up here")
                self._poster_of(post.channel).take_down(post.id, channel=post.channel, by=by)
                deleted.append(post.id)
            except ConsentGuardError as error:
                left.append(f"Post {post.id} on {post.channel} is still up ({error}). {_BY_HAND.format(post=post.id)}")
        return TakenBack(tuple(deleted), tuple(left))
