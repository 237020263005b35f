"""Mentions and replies: judged by their words alone, proposed to a person, recorded once that person decided.

Nothing of an incident's text or handle is recorded, only ids: a reply may name a child.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from consentguard.consent.codes import REASONS
from consentguard.consent.record.state import State
from consentguard.guard.guard import Guard
from consentguard.posting.account import SchoolAccount
from consentguard.posting.actions import FAILED, AccountAction, ActionResult, carry_out
from consentguard.posting.approaches import CONTACT, SENTENCES, THREAT, approaches
from consentguard.posting.network import NetworkPost

INCIDENT: Final = "incident"
BY_POLICY: Final = "policy: hide_automatically"
_SURE: Final = frozenset({"surname", "offensive-language", "remark-at-school"})
_DOUBT: Final = frozenset({"maybe-surname", THREAT, CONTACT})


@dataclass(frozen=True, slots=True)
class Incident:
    """One mention or reply that breaks the rules, or may.

    Attributes:
        post: it.
        rules: which, by their codes.
        serious: a child is named in full or spoken to with an insult, somebody is threatened, or contact is asked for:
            for the appropriate authority, too.
        actions: what is proposed.
        hidden: policy had it hidden before; the rest still waits for a person.
    """

    post: NetworkPost
    rules: tuple[str, ...]
    serious: bool
    actions: tuple[AccountAction, ...]
    hidden: bool = False

    @property
    def link(self) -> str:
        return self.post.link

    @property
    def why(self) -> str:
        """What is wrong with it, in words."""
        return "; ".join(SENTENCES.get(rule) or REASONS[rule] for rule in self.rules)


@dataclass(frozen=True, slots=True)
class MentionsRead:
    """What was read: how many mentions and replies, and which of them are to be decided."""

    read: int
    incidents: tuple[Incident, ...]


def judge(guard: Guard, account: SchoolAccount) -> MentionsRead:
    """Reads the account's mentions and replies; finds those that break the rules and that no person decided yet.

    What failed when it was decided comes again. Words only: pictures of others are not looked at, X forbids matching
    faces on them. Raises PostingFailed.
    """
    rows = record(guard.state)
    known = {row["post"] for row in rows if row["by"] != BY_POLICY and not _failed(row)}
    hidden = {row["post"] for row in rows if row["by"] == BY_POLICY and not _failed(row)}
    posts = account.patience.keep_trying(lambda: tuple(account.network.mentions()))
    judged = [(post, *_judged(guard, post)) for post in posts if post.id not in known]
    found = [(post, rules, serious) for post, rules, serious in judged if rules]
    ours = _our_conversations(account, (post.conversation for post, _, _ in found))
    incidents = []
    for post, rules, serious in found:
        proposed = tuple(_proposed(post, rules, hideable=post.conversation in ours))
        incidents.append(Incident(post, rules, serious, proposed, post.id in hidden))
    return MentionsRead(len(posts), tuple(incidents))


def act(
    guard: Guard, account: SchoolAccount, incident: Incident, by: str, *, only: str = ""
) -> tuple[ActionResult, ...]:
    """Does what is proposed (or only actions of one kind), and records the incident with what became of it."""
    wanted = [action for action in incident.actions if not only or action.what == only]
    done = tuple(carry_out(account, guard.state, action, by) for action in wanted)
    row = {
        "post": incident.post.id,
        "author": incident.post.author,
        "rules": list(incident.rules),
        "serious": incident.serious,
        "by": by,
        "posted_at": incident.post.at.isoformat(timespec="seconds"),
        "actions": [{"what": each.action.what, "outcome": each.outcome} for each in done],
    }
    guard.state.record(INCIDENT, row, account.stamp())
    return done


def record(state: State) -> list[dict[str, Any]]:
    """Every incident that was decided, oldest first, with `at`, the time of the decision."""
    return [{"at": row.at, **row.body} for row in state.audit.entries() if row.kind == INCIDENT]


def _judged(guard: Guard, post: NetworkPost) -> tuple[tuple[str, ...], bool]:
    """The rules that a reply breaks or may break, and whether that is serious."""
    said = guard.words.judge({"reply": post.text}, with_image=False)
    asked = approaches(post.text)
    rules = tuple(rule for rule in (*said.refused, *asked) if rule in _SURE | _DOUBT)
    spoken_to = {"offensive-language", "individually-targeted"} <= set(said.refused)
    return rules, "surname" in rules or spoken_to or bool(asked)


def _failed(row: dict[str, Any]) -> bool:
    return any(each["outcome"] == FAILED for each in row["actions"])


def _our_conversations(account: SchoolAccount, ids: Iterable[str]) -> set[str]:
    """Those of these conversations that began with a post of this account: only in those X lets it hide replies."""
    wanted = [each for each in dict.fromkeys(ids) if each]
    if not wanted:
        return set()
    roots = account.patience.keep_trying(lambda: tuple(account.network.posts(wanted)))
    return {post.id for post in roots if post.author == account.network.me().id}


def _proposed(post: NetworkPost, rules: tuple[str, ...], *, hideable: bool) -> Iterator[AccountAction]:
    why = "; ".join(SENTENCES.get(rule) or REASONS[rule] for rule in rules)
    if not _SURE & set(rules):
        yield AccountAction("look", post.author, why, post.link, post.id)
        return
    if hideable:
        yield AccountAction("hide", post.author, why, post.link, post.id)
    yield AccountAction("mute", post.author, why, post.author_link, post.id)
    yield AccountAction("report", post.author, why, post.link, post.id)
    if "offensive-language" in rules:
        yield AccountAction("block", post.author, why, post.author_link, post.id)
