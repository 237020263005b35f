"""What was posted, in the audit trail: a row before a post is sent and one after, so that a crash loses nothing.

Rows hold ids and digests. `post-begun` comes before, with everything that finds the post again at X; `post-confirmed`
or `post-dropped` settles it; `taken-down` ends it. What is begun and not settled is open: it may stand at X or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from consentguard.consent.state import State
from consentguard.values import canonical

BEGUN: Final = "post-begun"
CONFIRMED: Final = "post-confirmed"
DROPPED: Final = "post-dropped"
TAKEN_DOWN: Final = "taken-down"


def digest(*parts: Any) -> str:
    """One digest for what makes a post the same post. SHA-256, hex."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()


def text_digest(text: str) -> str:
    """Of a text without its outer blanks, as X keeps it."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Intent:
    """One post about to be sent, or sent.

    Attributes:
        seq: its row.
        at: when, by the clock here.
        since: when, by X's.
        content: digest of channel, text, photos and descriptions; the same again is the same post.
        key: `content` with the school's day, so that the same may be said again tomorrow.
        channel, account: where.
        text: digest of the text.
        media: ids that X gave the pictures; they find the post again.
        photos: digests of the released pictures, `people` whom they show with consent.
        post: its id at X, once it is known to stand.
    """

    seq: int
    at: datetime
    since: datetime
    content: str
    key: str
    channel: str
    account: str
    text: str
    media: tuple[str, ...]
    photos: tuple[str, ...]
    people: tuple[str, ...]
    post: str = ""


class Journal:
    """The rows about posts, read anew at every question."""

    def __init__(self, state: State) -> None:
        self._state = state

    def begin(self, body: Mapping[str, Any], at: datetime) -> Intent:
        """Writes the row before. Raises AuditFailed, and then nothing may be sent."""
        seq = self._state.record(BEGUN, body, at.isoformat(timespec="seconds"))
        return _intent(seq, at, body)

    def confirm(self, intent: Intent, post: str, at: datetime) -> None:
        """Writes that it stands at X."""
        body = {"begun": intent.seq, "post": post, "channel": intent.channel, "people": list(intent.people)}
        self._state.record(CONFIRMED, body, at.isoformat(timespec="seconds"))

    def drop(self, intent: Intent, why: str, at: datetime) -> None:
        """Writes that it does not stand at X; `why` is an error's name."""
        self._state.record(DROPPED, {"begun": intent.seq, "why": why}, at.isoformat(timespec="seconds"))

    def taken_down(self, post: str, by: str, why: str, at: datetime) -> None:
        """Writes that a post stands no longer."""
        self._state.record(TAKEN_DOWN, {"post": post, "by": by, "why": why}, at.isoformat(timespec="seconds"))

    def open(self) -> list[Intent]:
        """What was sent, or was about to be, and nothing has settled, oldest first."""
        return [intent for intent, settled in self._all() if not settled]

    def standing(self) -> list[Intent]:
        """What stands at X, as far as these rows know, oldest first."""
        return [intent for intent, _ in self._all() if intent.post]

    def post_of(self, key: str) -> str | None:
        """The post with that key that stands at X; None where none does."""
        return next((intent.post for intent in self.standing() if intent.key == key), None)

    def _all(self) -> Iterator[tuple[Intent, bool]]:
        """Every intent, with whether it was settled; `post` stays empty unless it stands."""
        began: dict[int, Intent] = {}
        ended: dict[int, str] = {}
        gone: set[str] = set()
        for row in self._state.audit.of_kind(BEGUN, CONFIRMED, DROPPED, TAKEN_DOWN):
            if row.kind == BEGUN:
                began[row.seq] = _intent(row.seq, datetime.fromisoformat(row.at), row.body)
            elif row.kind == TAKEN_DOWN:
                gone.add(row.body["post"])
            else:
                ended[row.body["begun"]] = row.body.get("post", "")
        for seq, intent in began.items():
            post = ended.get(seq, "")
            yield replace(intent, post="" if post in gone else post), seq in ended


def _intent(seq: int, at: datetime, body: Mapping[str, Any]) -> Intent:
    def texts(name: str) -> tuple[str, ...]:
        values: Sequence[Any] = body[name]
        return tuple(str(value) for value in values)

    return Intent(
        seq=seq,
        at=at,
        since=datetime.fromisoformat(body["since"]),
        content=body["content"],
        key=body["key"],
        channel=body["channel"],
        account=body["account"],
        text=body["text"],
        media=texts("media"),
        photos=texts("photos"),
        people=texts("people"),
    )
