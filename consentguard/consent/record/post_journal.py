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
        thread: digest of the whole thread, this part's number from 1, and how many parts; None for a single post.
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
    thread: tuple[str, int, int] | None = None
    post: str = ""


@dataclass(frozen=True, slots=True)
class CutThread:
    """A thread of which some parts stand at X and others do not: number of the part -> post; `parts` in all."""

    channel: str
    account: str
    at: datetime
    by: str
    standing: Mapping[int, str]
    parts: int


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
        return [intent for intent, settled, _ in self._all() if not settled]

    def post_of(self, content: str, key: str, at: datetime) -> str | None:
        """The same post that stands at X: of the same day, or of the last hour, as midnight makes no retry a new post.

        None where none does.
        """
        posts = [intent for intent, _, _ in self._all() if intent.post and intent.content == content]
        return next((one.post for one in posts if one.key == key or timedelta() <= at - one.at < _RETRY), None)

    def cut_threads(self) -> list[CutThread]:
        """Threads that were cut between their parts, as by a crash, oldest first; those in doubt are in `open`.

        A part that was sent and taken down later is no cut.
        """
        threads: dict[tuple[str, str], list[tuple[Intent, bool, bool]]] = {}
        for intent, settled, sent in self._all():
            if intent.thread:
                threads.setdefault((intent.account, intent.thread[0]), []).append((intent, settled, sent))
        cut = []
        for known in threads.values():
            standing = {intent.thread[1]: intent.post for intent, _, _ in known if intent.thread and intent.post}
            ever = {intent.thread[1] for intent, _, sent in known if intent.thread and sent}
            last = known[-1][0]
            parts = last.thread[2] if last.thread else 0
            if standing and len(ever) < parts and all(settled for _, settled, _ in known):
                cut.append(CutThread(last.channel, last.account, last.at, last.by, standing, parts))
        return cut

    def _all(self) -> Iterator[tuple[Intent, bool, bool]]:
        """Every intent, whether it was settled, and whether it ever stood; `post` stays empty unless it does now."""
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
            now = "" if (intent.channel, post) in gone else post
            yield replace(intent, post=now), seq in ended, bool(post)


def _intent(seq: int, at: datetime, body: Mapping[str, Any]) -> Intent:
    place = body.get("thread")  # rows of earlier versions do not say
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
        thread=(place["whole"], place["part"], place["parts"]) if place else None,
    )


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
