"""Mentions and replies: judged by the words alone, proposed to a person, and recorded as incidents once one decided.

Nothing of an incident's text or handle is recorded, only ids: a reply may name a child.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from consentguard.consent.record.state import State
from consentguard.guard.guard import Guard
from consentguard.posting.actions import FAILED, Action, Done, carry_out
from consentguard.posting.answers import Post
from consentguard.posting.desk import Desk

INCIDENT: Final = "incident"
BY_POLICY: Final = "policy: hide_automatically"
_SURE: Final = frozenset({"surname", "offensive-language", "remark-at-school"})
_DOUBT: Final = frozenset({"maybe-surname"})


@dataclass(frozen=True, slots=True)
class Incident:
    """One mention or reply that breaks the rules, or may.

    Attributes:
        post: it.
        rules: which, by their codes.
        serious: a child is named in full, or spoken to with an insult: for the appropriate authority, too.
        actions: what is proposed.
        hidden: policy had it hidden before; the rest still waits for a person.
    """

    post: Post
    rules: tuple[str, ...]
    serious: bool
    actions: tuple[Action, ...]
    hidden: bool = False

    @property
    def link(self) -> str:
        return f"https://x.com/i/status/{self.post.id}"


def judge(guard: Guard, desk: Desk) -> Iterator[Incident]:
    """Reads the account's mentions and replies; yields those that break the rules and that no person decided yet.

    What failed when it was decided comes again. Words only: pictures of others are not looked at, X forbids matching
    faces on them. Raises PostingFailed.
    """
    rows = record(guard.state)
    known = {row["post"] for row in rows if row["by"] != BY_POLICY and not _failed(row)}
    hidden = {row["post"] for row in rows if row["by"] == BY_POLICY and not _failed(row)}
    found = []
    for post in desk.patience.keep_trying(lambda: tuple(desk.x.mentions())):
        said = guard.words.judge({"reply": post.text}, with_image=False)
        rules = tuple(rule for rule in said.refused if rule in _SURE | _DOUBT)
        if rules and post.id not in known:
            serious = "surname" in rules or {"offensive-language", "individually-targeted"} <= set(said.refused)
            found.append((post, rules, serious))
    ours = _our_conversations(desk, (post.conversation for post, _, _ in found))
    for post, rules, serious in found:
        proposed = tuple(_proposed(post, rules, hideable=post.conversation in ours))
        yield Incident(post, rules, serious, proposed, post.id in hidden)


def act(guard: Guard, desk: Desk, incident: Incident, by: str, *, only: str = "") -> tuple[Done, ...]:
    """Does what is proposed (or only actions of one kind), and records the incident with what became of it."""
    wanted = [action for action in incident.actions if not only or action.what == only]
    done = tuple(carry_out(desk, guard.state, action, by) for action in wanted)
    row = {
        "post": incident.post.id,
        "author": incident.post.author,
        "rules": list(incident.rules),
        "serious": incident.serious,
        "by": by,
        "posted_at": incident.post.at.isoformat(timespec="seconds"),
        "actions": [{"what": each.action.what, "outcome": each.outcome} for each in done],
    }
    guard.state.record(INCIDENT, row, desk.now().isoformat(timespec="seconds"))
    return done


def record(state: State) -> list[dict[str, Any]]:
    """Every incident that was decided, oldest first, with `at`, the time of the decision."""
    return [{"at": row.at, **row.body} for row in state.audit.entries() if row.kind == INCIDENT]


def _failed(row: dict[str, Any]) -> bool:
    return any(each["outcome"] == FAILED for each in row["actions"])


def _our_conversations(desk: Desk, ids: Iterable[str]) -> set[str]:
    """Those of these conversations that began with a post of this account: only in those X lets it hide replies."""
    wanted = [each for each in dict.fromkeys(ids) if each]
    if not wanted:
        return set()
    roots = desk.patience.keep_trying(lambda: tuple(desk.x.posts(wanted)))
    return {post.id for post in roots if post.author == desk.x.me().id}


def _proposed(post: Post, rules: tuple[str, ...], *, hideable: bool) -> Iterator[Action]:
    link, why = f"https://x.com/i/status/{post.id}", ", ".join(rules)
    if not _SURE & set(rules):
        yield Action("look", post.author, why, link, post.id)
        return
    if hideable:
        yield Action("hide", post.author, why, link, post.id)
    yield Action("mute", post.author, why, link, post.id)
    yield Action("report", post.author, why, link, post.id)
    if "offensive-language" in rules:
        yield Action("block", post.author, why, link, post.id)
