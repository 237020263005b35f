"""The desk from which an account at X is used: the guard opened anew, the account, patience, and one user at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from filelock import FileLock, Timeout

from consentguard.consent.clock import LONDON, occasion
from consentguard.consent.policy.overriding import check_override
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.record.state import State
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting.draft import Leave
from consentguard.posting.errors import PostingFailed
from consentguard.posting.gate import Permit
from consentguard.posting.patience import Patience
from consentguard.posting.x import X
from consentguard.values import Outcome, Verdict

LOCK_FILE: Final = "posting.lock"
_LONGEST_WAIT: Final = 300  # seconds for another program to finish


@dataclass(frozen=True, slots=True)
class Desk:
    """What everything that is done with an account shares.

    Attributes:
        door: opens the guard, anew for each use, so that what the register says now counts.
        x: the account.
        patience: how long to try.
    """

    door: Callable[[], Guard]
    x: X
    patience: Patience = field(default_factory=Patience)

    def now(self) -> datetime:
        """The time, with the school's offset."""
        return datetime.fromtimestamp(self.patience.clock(), LONDON)

    def leave(
        self,
        guard: Guard,
        channel: str,
        by: str,
        *,
        event: str | None = None,
        urgent: str | None = None,
        trip: str | None = None,
        override: Mapping[str, str] | None = None,
    ) -> Leave:
        """Who posts where, now, and what may excuse the hour. Raises WrongUsage."""
        guard.words.check_recorded(names=(by,), reasons=(event, urgent, *(override or {}).values()))
        excuse = occasion(guard.policy, event=event, urgent=urgent, trip=trip, by=by)
        rule = guard.policy.channel(channel)
        return Leave(rule, by, self.now(), excuse, check_override(rule, by, override))

    def change(self, call: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """One changing call that may be repeated without harm, with its permit, tried again where that may help."""

        def once() -> Mapping[str, Any]:
            with self.x.gate.opened(Permit(method, path, body)):
                return self.x.change(call, method, path, body)

        return self.patience.keep_trying(once)

    def check_own(self, rule: Channel) -> None:
        """Raises Refused unless the keys are those of the channel's account."""
        account = account_of(rule)
        me = self.patience.keep_trying(self.x.me)
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
