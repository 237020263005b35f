"""One account of the school: the guard opened anew for each use, the network, patience, and one user at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from filelock import FileLock, Timeout

from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.record.state import State
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting.context import PostingContext, PostingRequest
from consentguard.posting.errors import PostingFailed
from consentguard.posting.network import OwnNetwork
from consentguard.posting.retries import Patience
from consentguard.values import Outcome, Verdict

LOCK_FILE: Final = "posting.lock"
_LONGEST_WAIT: Final = 300  # seconds for another program to finish


@dataclass(frozen=True, slots=True)
class SchoolAccount:
    """What everything that is done with an account shares.

    Attributes:
        open_guard: opens the guard, anew for each use, so that what the register says now counts.
        network: the account at its network.
        patience: how long to try.
    """

    open_guard: Callable[[], Guard]
    network: OwnNetwork
    patience: Patience = field(default_factory=Patience)

    def now(self) -> datetime:
        """The time by the clock here, in UTC."""
        return datetime.fromtimestamp(self.patience.clock(), UTC)

    def stamp(self) -> str:
        """The same as the record writes it."""
        return self.now().isoformat(timespec="seconds")

    def context(self, guard: Guard, request: PostingRequest) -> PostingContext:
        """Who posts where, now, by every clock that is known. Raises WrongUsage."""
        theirs = self.network.now()
        return request.context(guard, self.now(), *([theirs] if theirs else []))

    def check_own(self, rule: Channel) -> None:
        """Raises Refused unless the keys are those of the channel's account."""
        account = account_of(rule)
        me = self.patience.keep_trying(self.network.me)
        if not me.goes_by(account):
            withheld = Verdict("post", Outcome.REFUSED, reasons=("wrong-account",))
            raise Refused(
                f"channel {rule.name} is {account}, but these keys are @{me.username}'s; nothing was sent. "
                f"Use the keys of {account}.",
                withheld,
            )


def account_of(rule: Channel) -> str:
    """The handle of a channel. Raises WrongUsage where policy names none."""
    if not rule.account:
        raise WrongUsage(f"policy names no account for channel {rule.name}; add account to [channels.{rule.name}]")
    return rule.account


@contextmanager
def alone(state: State) -> Iterator[None]:
    """One program at a time posts from a state, so that two never send the same. Raises PostingFailed."""
    try:
        with FileLock(state.directory / LOCK_FILE, timeout=_LONGEST_WAIT):
            yield
    except Timeout as error:
        raise PostingFailed("posting", "another program is posting from this state", "Wait for it.") from error
