"""What may have to be done about an account or a reply, who does it, and the record of it.

X no longer lets an ordinary developer account follow or block, and never let one report: those come back
"for a person", with the link (decision 0037). Nothing here is done without a named person, or a policy that says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from consentguard.consent.record.state import State
from consentguard.posting.account import SchoolAccount
from consentguard.posting.errors import NotPermitted, NotThere, PostingFailed
from consentguard.posting.network import Community

DONE: Final = "done"
FOR_A_PERSON: Final = "for a person"
FAILED: Final = "failed"
_RECORD: Final = "account-action"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccountAction:
    """One thing to do.

    Attributes:
        what: `unfollow`, `follow`, `block`, `mute`, `hide`, `report`, or `look` where a person has to judge first.
        account: id of whom it is about; empty where only the handle is known.
        why: a sentence.
        link: where a person does it: the reply for `hide` and `report`, else the account.
        post: the reply it is about, if it is about one.
    """

    what: str
    account: str
    why: str
    link: str
    post: str = ""

    def as_json(self) -> dict[str, str]:
        return {"what": self.what, "account": self.account, "why": self.why, "link": self.link, "post": self.post}


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What became of an action: `done`, `for a person` or `failed`, and why it is not done."""

    action: AccountAction
    outcome: str
    why: str = ""


def carry_out(account: SchoolAccount, state: State, action: AccountAction, by: str) -> ActionResult:
    """Does one thing, as far as X lets these keys do it, and records what became of it. Raises AuditFailed."""
    outcome, why = FOR_A_PERSON, "only a person can judge it" if action.what == "look" else "X lets no program do this"
    call = _call(account.network, action)
    if call:
        try:
            account.patience.keep_trying(call)
            outcome, why = DONE, ""
        except NotThere as error:  # X answers so, too, where it took a call away
            gone = action.what == "hide"
            outcome, why = (DONE, "it was gone already") if gone else (FOR_A_PERSON, _not_allowed(error))
        except NotPermitted as error:
            outcome, why = FOR_A_PERSON, _not_allowed(error)
        except PostingFailed as error:
            outcome, why = FAILED, f"it did not work: {error.why}. Run the same again"
    row = {"what": action.what, "account": action.account, "post": action.post, "by": by, "outcome": outcome}
    state.record(_RECORD, row, account.stamp())
    return ActionResult(action, outcome, why)


def _not_allowed(error: PostingFailed) -> str:
    _log.info("%s: %s", error.call, error.why)
    return "X does not let a program with these keys do this"


def _call(community: Community, action: AccountAction) -> Callable[[], None] | None:
    """What does an action; all may be repeated without harm. None where a person has to."""
    calls = {
        "unfollow": community.unfollow,
        "follow": community.follow,
        "block": community.block,
        "mute": community.mute,
    }
    if action.what == "hide":
        return partial(community.hide, action.post)
    call = calls.get(action.what) if action.account else None
    return partial(call, action.account) if call else None
