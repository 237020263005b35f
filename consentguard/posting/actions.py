"""What may have to be done about an account or a reply, who does it, and the record of it.

X no longer lets an ordinary developer account follow or block, and never let one report: those come back
"for a person", with the link (decision 0037). Nothing here is done without a named person, or a policy that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from consentguard.consent.record.state import State
from consentguard.posting.desk import Desk
from consentguard.posting.errors import NotPermitted, NotThere, PostingFailed

DONE: Final = "done"
FOR_A_PERSON: Final = "for a person"
FAILED: Final = "failed"
_RECORD: Final = "account-action"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Attributes:
        what: `unfollow`, `follow`, `block`, `mute`, `hide`, `report`, or `look` where a person has to judge first.
        account: id of whom it is about; empty where only the handle is known.
        why: a sentence.
        link: where a person does it.
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
class Done:
    """What became of an action: `done`, `for a person` or `failed`, and why it is not done."""

    action: Action
    outcome: str
    why: str = ""


def carry_out(desk: Desk, state: State, action: Action, by: str) -> Done:
    """Does one thing, as far as X lets these keys do it, and records what became of it. Raises AuditFailed."""
    outcome, why = FOR_A_PERSON, "X has no way for programs to do this"
    call = _calls(desk.x.me().id, action).get(action.what) if action.account else None
    if call:
        method, path, body = call
        try:
            desk.change(f"{action.what} {action.post or action.account}", method, path, body)
            outcome, why = DONE, ""
        except (NotPermitted, NotThere) as error:  # X answers 404, too, where it took a call away
            gone = action.what == "hide" and isinstance(error, NotThere)
            outcome, why = (
                (DONE, "it was gone already") if gone else (FOR_A_PERSON, f"X lets these keys not do it ({error.why})")
            )
        except PostingFailed as error:
            outcome, why = FAILED, f"{error.why}; run the same again"
    row = {"what": action.what, "account": action.account, "post": action.post, "by": by, "outcome": outcome}
    state.record(_RECORD, row, desk.now().isoformat(timespec="seconds"))
    return Done(action, outcome, why)


def _calls(me: str, action: Action) -> dict[str, tuple[str, str, Mapping[str, Any] | None]]:
    """The calls of X's v2 by the name of what they do; all may be repeated without harm."""
    target = {"target_user_id": action.account}
    return {
        "unfollow": ("DELETE", f"/2/users/{me}/following/{action.account}", None),
        "follow": ("POST", f"/2/users/{me}/following", target),
        "block": ("POST", f"/2/users/{me}/blocking", target),
        "mute": ("POST", f"/2/users/{me}/muting", target),
        "hide": ("PUT", f"/2/tweets/{action.post}/hidden", {"hidden": True}),
    }
