"""How drafts become posts: all of them or none, each once, and in doubt X is asked before anything is sent again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

from consentguard.consent.record.post_journal import Intent, Journal, text_digest
from consentguard.errors import CannotTell
from consentguard.files import remove_source
from consentguard.posting.desk import Desk
from consentguard.posting.draft import Draft, Leave, Picture
from consentguard.posting.errors import NotThere, PartlyPosted, PostingFailed, Unconfirmed
from consentguard.posting.gate import UPLOADS, Permit

_SKEW: Final = timedelta(minutes=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """A post that stands at X.

    Attributes:
        id: X's id of it.
        channel: of the policy.
        photos: digests of its pictures, in order.
        already: it stood before this call, which sent nothing.
        left: why originals that were to be deleted are still there; a sentence each.
    """

    id: str
    channel: str
    photos: tuple[str, ...] = ()
    already: bool = False
    left: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        return f"https://x.com/i/status/{self.id}"


class Sender:
    """Sends what was drafted. Made for one use, while the caller holds the state for itself alone."""

    def __init__(self, desk: Desk, journal: Journal) -> None:
        self._desk = desk
        self._x = desk.x
        self._journal = journal

    def send(self, drafts: tuple[Draft, ...], leave: Leave) -> tuple[Posted, ...]:
        """Posts all drafts, each an answer to the one before, or none; sends nothing for those that stand already."""
        found = self._settle_before({draft.content for draft in drafts})
        now = self._desk.now()
        before = [found.get(one.content) or self._journal.post_of(one.content, one.key, now) for one in drafts]
        media = [() if stands else self._uploaded(draft) for draft, stands in zip(drafts, before, strict=True)]
        posts: list[Posted] = []
        for draft, stands, uploaded in zip(drafts, before, media, strict=True):
            photos = tuple(picture.sha256 for picture in draft.pictures)
            if stands:
                posts.append(Posted(stands, leave.channel.name, photos, already=True))
                continue
            try:
                post = self._created(draft, uploaded, leave, posts[-1].id if posts else "")
            except PostingFailed as error:
                if not isinstance(error, Unconfirmed):
                    self._take_back([each for each in posts if not each.already], leave.by, error)
                raise
            posts.append(Posted(post, leave.channel.name, photos))
        pairs = zip(posts, drafts, strict=True)
        return tuple(replace(post, left=self._without_sources(draft)) for post, draft in pairs)

    def settle(self, intent: Intent) -> Posted | None:
        """Looks for one open post and writes what became of it. Raises Unconfirmed where it is too early to say."""
        found = self._desk.patience.keep_trying(lambda: self._found(intent))
        if found:
            self._journal.confirm(intent, found, self._desk.now())
            return Posted(found, intent.channel, intent.photos)
        if self._desk.now() - intent.at < timedelta(seconds=sum(self._desk.patience.settling)):
            raise Unconfirmed("looking for an earlier post", "it was sent a moment ago and is not seen yet")
        self._journal.drop(intent, "not-found", self._desk.now())
        return None

    def ours(self) -> list[Intent]:
        """What this account sent without an answer."""
        return [intent for intent in self._journal.open() if intent.account == self._x.me().id]

    def delete(self, post: str) -> None:
        """Deletes a post; one that is gone already counts as deleted."""
        try:
            self._desk.change("deleting a post", "DELETE", f"/2/tweets/{post}")
        except NotThere:
            _log.info("post %s was gone already", post)

    # -- one post -----------------------------------------------------------------------------------------------------

    def _uploaded(self, draft: Draft) -> tuple[str, ...]:
        return tuple(self._desk.patience.keep_trying(partial(self._one, picture)) for picture in draft.pictures)

    def _one(self, picture: Picture) -> str:
        """Uploads and describes one picture; repeated, it leaves a picture behind that no post holds."""
        with self._x.gate.opened(Permit("POST", UPLOADS[self._x.upload_route], media=picture.sha256)):
            media = self._x.upload(picture.data, picture.media_type)
        path, body = self._x.description(media, picture.alt)
        with self._x.gate.opened(Permit("POST", path, body)):
            self._x.describe(body)
        return media

    def _created(self, draft: Draft, media: tuple[str, ...], leave: Leave, replies_to: str) -> str:
        body: dict[str, object] = {"text": draft.text} if draft.text else {}
        if media:
            body["media"] = {"media_ids": list(media)}
        if replies_to:
            body["reply"] = {"in_reply_to_tweet_id": replies_to}
        intent = self._journal.begin(self._row(draft, media, leave, replies_to), self._desk.now())
        attempt = 1
        while True:
            try:
                with self._x.gate.opened(Permit("POST", "/2/tweets", body)):
                    post = self._x.make_post(body)
            except PostingFailed as error:
                found = self._looked_for(intent, error) if error.may_have_happened else None
                if found:
                    post = found
                elif self._desk.patience.wait_after(error, attempt):
                    attempt += 1
                    continue
                else:
                    self._journal.drop(intent, type(error).__name__, self._desk.now())
                    raise
            self._journal.confirm(intent, post, self._desk.now())
            return post

    def _row(self, draft: Draft, media: tuple[str, ...], leave: Leave, replies_to: str) -> dict[str, object]:
        return {
            **leave.as_json(),
            "content": draft.content,
            "key": draft.key,
            "account": self._x.me().id,
            "since": (self._x.now() or self._desk.now()).isoformat(timespec="seconds"),
            "text": text_digest(draft.text),
            "media": list(media),
            "photos": [picture.sha256 for picture in draft.pictures],
            "releases": list(draft.releases),
            "people": list(draft.people),
            "replies_to": replies_to,
        }

    def _take_back(self, posts: Sequence[Posted], by: str, error: PostingFailed) -> None:
        """Deletes the parts of a thread that stand. Raises PartlyPosted where X fails at that too."""
        left = []
        for post in reversed(posts):
            try:
                self.delete(post.id)
            except PostingFailed:
                left.append(post.id)
            else:
                self._journal.ledger.record_takedown(post.id, channel=post.channel, at=self._desk.now(), by=by)
        if left:
            raise PartlyPosted("taking back the begun thread", "X failed at this too", left) from error

    def _without_sources(self, draft: Draft) -> tuple[str, ...]:
        """Deletes the originals of a post that stands; why those that are left are left."""
        left = []
        for path, sha256 in draft.sources:
            try:
                remove_source(path, sha256, self._journal.state, self._desk.now().isoformat(timespec="seconds"))
            except CannotTell as error:
                left.append(str(error))
        return tuple(left)

    # -- what was sent without an answer ------------------------------------------------------------------------------

    def _settle_before(self, contents: set[str]) -> dict[str, str]:
        """Settles what is open before more is sent; content -> post of what was found standing.

        Only a doubt about the same content stops this post.
        """
        found: dict[str, str] = {}
        for intent in self.ours():
            try:
                stands = self.settle(intent)
            except PostingFailed as error:
                if intent.content in contents:
                    raise
                _log.warning("row %d: an earlier post is still unsettled (%s)", intent.seq, type(error).__name__)
            else:
                found |= {intent.content: stands.id} if stands else {}
        return found

    def _looked_for(self, intent: Intent, error: PostingFailed) -> str | None:
        """Looks for a post whose sending ended in doubt, until X has had time to show it.

        Its id, or None where X surely did not make it. Raises Unconfirmed where the last look failed.
        """
        unseen: PostingFailed | None = None
        for wait in self._desk.patience.settling:
            self._desk.patience.sleep(wait)
            try:
                found = self._found(intent)
            except PostingFailed as blind:
                unseen = blind
                continue
            unseen = None
            if found:
                return found
        if unseen:
            why = f"no answer ({type(error).__name__}), and looking for it failed too"
            raise Unconfirmed("posting", why) from unseen
        return None

    def _found(self, intent: Intent) -> str | None:
        """The id of the post that an intent made, found by its pictures, or by its text where it has none."""
        for post in self._x.posts_since(intent.since - _SKEW):
            same = post.media == intent.media if intent.media else text_digest(post.text) == intent.text
            if same and not (post.media and not intent.media):
                return post.id
        return None
