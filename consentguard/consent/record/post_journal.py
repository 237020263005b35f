"""What is being posted, in the audit trail: a row before a post is sent and one after, so that a crash loses nothing.

Rows hold ids and digests. `post-begun` comes before, with everything that finds the post again at X; after it come the
`posted` rows of the ledger and `post-confirmed`, or `post-dropped`. What is begun and neither is open: it may stand at
X or not.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from consentguard.consent.record.ledger import TAKEN_DOWN, Ledger
from consentguard.consent.record.state import State
from consentguard.values import canonical

BEGUN: Final = "post-begun"
CONFIRMED: Final = "post-confirmed"
DROPPED: Final = "post-dropped"
_RETRY: Final = timedelta(hours=1)


def digest(*parts: Any) -> str:
    """One digest for what makes a post the same post. SHA-256, hex."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()


def text_digest(text: str) -> str:
    """Of a text without its outer blanks, composed, with plain line ends: as X keeps it (its text is in form C)."""
    kept = unicodedata.normalize("NFC", "\n".join(text.splitlines())).strip()
    return hashlib.sha256(kept.encode()).hexdigest()


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
        photos: digests of the released pictures, `people` whose consent they rest on.
        by: who posts.
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
    by: str
    post: str = ""


class Journal:
    """The rows about posts of one state, read anew at every question."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.ledger = Ledger(state)

    def begin(self, body: Mapping[str, Any], at: datetime) -> Intent:
        """Writes the row before. Raises AuditFailed, and then nothing may be sent."""
        return _intent(self.state.record(BEGUN, body, _text(at)), at, body)

    def confirm(self, intent: Intent, post: str, at: datetime) -> None:
        """Writes that it stands at X: into the ledger, photo by photo, and then that it is settled."""
        known = self.ledger.post(post, channel=intent.channel)
        written = {release.sha256 for release in known.releases} if known else set()
        for photo in dict.fromkeys(intent.photos or (None,)):
            if photo not in written and not (photo is None and known):
                self.ledger.record_post(photo, channel=intent.channel, post=post, at=at, by=intent.by)
        self.state.record(CONFIRMED, {"begun": intent.seq, "post": post}, _text(at))

    def drop(self, intent: Intent, why: str, at: datetime) -> None:
        """Writes that it does not stand at X; `why` is an error's name, or how it is known."""
        self.state.record(DROPPED, {"begun": intent.seq, "why": why}, _text(at))

    def open(self) -> list[Intent]:
        """What was sent, or was about to be, and nothing has settled, oldest first."""
        return [intent for intent, settled in self._all() if not settled]

    def post_of(self, content: str, key: str, at: datetime) -> str | None:
        """The same post that stands at X: of the same day, or of the last hour, as midnight makes no retry a new post.

        None where none does.
        """
        posts = [intent for intent, _ in self._all() if intent.post and intent.content == content]
        return next((one.post for one in posts if one.key == key or timedelta() <= at - one.at < _RETRY), None)

    def _all(self) -> Iterator[tuple[Intent, bool]]:
        """Every intent, with whether it was settled; `post` stays empty unless it stands."""
        began: dict[int, Intent] = {}
        ended: dict[int, str] = {}
        gone: set[tuple[str, str]] = set()
        for row in self.state.audit.entries():
            if row.kind == BEGUN:
                began[row.seq] = _intent(row.seq, datetime.fromisoformat(row.at), row.body)
            elif row.kind == TAKEN_DOWN:
                gone.add((row.body["channel"], row.body["post"]))
            elif row.kind in (CONFIRMED, DROPPED):
                ended[row.body["begun"]] = row.body.get("post", "")
        for seq, intent in began.items():
            post = ended.get(seq, "")
            yield replace(intent, post="" if (intent.channel, post) in gone else post), seq in ended


def _intent(seq: int, at: datetime, body: Mapping[str, Any]) -> Intent:
    return Intent(
        seq=seq,
        at=at,
        since=datetime.fromisoformat(body["since"]),
        content=body["content"],
        key=body["key"],
        channel=body["channel"],
        account=body["account"],
        text=body["text"],
        media=tuple(body["media"]),
        photos=tuple(body["photos"]),
        people=tuple(body["people"]),
        by=body["by"],
    )


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
