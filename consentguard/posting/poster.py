"""`Poster`: the only way from a released photo to X. It posts all of a post or nothing, and never twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from consentguard.consent.hours import LONDON, school_day
from consentguard.consent.rules.channels import Channel
from consentguard.consent.state import State
from consentguard.errors import Refused, WrongUsage
from consentguard.guard import Guard
from consentguard.posting.credentials import Credentials
from consentguard.posting.draft import Draft, Part, Picture, drafted
from consentguard.posting.errors import NotThere, PartlyPosted, PostingFailed, Unconfirmed
from consentguard.posting.gate import UPLOADS, Permit
from consentguard.posting.journal import Intent, Journal, text_digest
from consentguard.posting.patience import Patience
from consentguard.posting.x import X
from consentguard.values import Outcome, Released, Verdict

LOCK_FILE: Final = "posting.lock"
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
    """

    id: str
    channel: str
    photos: tuple[str, ...]
    already: bool = False

    @property
    def link(self) -> str:
        return f"https://x.com/i/status/{self.id}"


class Poster:
    """Posts released photos to one account at X, under the school's policy.

        poster = Poster.open(channel="main")
        poster.post("Our sunflowers", [released], channel="main", by="Miriam Castlegate")

    A poster may be shared between threads and processes of one state; they post one after the other.
    """

    def __init__(self, door: Callable[[], Guard], x: X, *, patience: Patience | None = None) -> None:
        """A poster from its parts.

        Args:
            door: opens the guard, anew for each post, so that what the register says now counts.
            x: the account.
            patience: how long to try.
        """
        self._door = door
        self._x = x
        self._patience = patience or Patience()

    @classmethod
    def open(
        cls,
        register: str | Path = "consent_register.csv",
        *,
        channel: str | None = None,
        policy: str | Path | None = None,
        state: str | Path | None = None,
    ) -> Poster:
        """A poster from files, as the command line has it; keys come from the environment or the keyring.

        Args:
            register, policy, state: as for `Guard.open`.
            channel: whose account it is; policy's default channel without it.

        Raises WrongUsage, RegisterInvalid, PolicyInvalid or AuditFailed. Connects to nothing yet.
        """

        def door() -> Guard:
            return Guard.open(register, policy=policy, state=state)

        guard = door()
        chosen = guard.policy.channel(channel)
        return cls(door, X.open(Credentials.find(_account(chosen)), upload=guard.policy.posting.upload))

    def post(
        self,
        text: str,
        photos: Sequence[Released] = (),
        *,
        channel: str,
        by: str,
        alts: Sequence[str] = (),
    ) -> Posted:
        """Posts a text with up to four photos: all of it, once, or nothing.

        Args:
            text: what it says; may be empty where there are photos.
            photos: each from `Guard.release` for the same channel. Nothing else is taken: no path, no bytes.
            channel: where, by policy; the account of the keys must be that channel's.
            by: the name of whoever posts.
            alts: what each photo shows; see `Part`.

        The same text, photos and descriptions again on the same day send nothing and return the post that stands.

        Raises:
            Refused, AuditFailed: a photo is not admitted, or policy does not let the post go; nothing was sent.
            WrongUsage: the question was wrong, or the keys are another account's; nothing was sent.
            PostingFailed: X failed, by its name (`consentguard.posting.errors`). Unless it is `Unconfirmed` nothing
                stands at X; in any case calling again is safe.
        """
        (posted,) = self.thread([Part(text, photos, alts)], channel=channel, by=by)
        return posted

    def thread(self, parts: Sequence[Part], *, channel: str, by: str) -> tuple[Posted, ...]:
        """Posts parts that answer one another: all of them or none. Arguments and errors as for `post`.

        Where a later part fails for good, the earlier ones are deleted again; PartlyPosted says that this failed too.
        """
        _check_kinds(parts)
        guard = self._door()
        rule = guard.policy.channel(channel)
        if not by.strip():
            raise WrongUsage("a post needs the name of whoever posts it: by=")
        now = self._now()
        drafts = drafted(guard, parts, rule, school_day(now).isoformat())
        self._own(rule)
        with _alone(guard.state):
            return self._sent(Journal(guard.state), drafts, by)

    def reconcile(self) -> tuple[Posted, ...]:
        """Settles every post of this account that was sent without an answer; returns those found standing.

        Raises PostingFailed where X cannot be asked, Unconfirmed where it is too early to say.
        """
        state = self._door().state
        with _alone(state):
            journal = Journal(state)
            return tuple(
                found for intent in journal.open() if self._ours(intent) and (found := self._settled(journal, intent))
            )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._patience.clock(), LONDON)

    # -- sending ------------------------------------------------------------------------------------------------------

    def _sent(self, journal: Journal, drafts: tuple[Draft, ...], by: str) -> tuple[Posted, ...]:
        found = self._settle_before(journal, {draft.content for draft in drafts})
        before = [found.get(draft.content) or journal.post_of(draft.key) for draft in drafts]
        media = [() if stands else self._uploaded(draft) for draft, stands in zip(drafts, before, strict=True)]
        posts: list[Posted] = []
        for draft, stands, uploaded in zip(drafts, before, media, strict=True):
            photos = tuple(picture.sha256 for picture in draft.pictures)
            if stands:
                posts.append(Posted(stands, draft.channel.name, photos, already=True))
                continue
            try:
                post = self._created(journal, draft, uploaded, by, posts[-1].id if posts else "")
            except PostingFailed as error:
                if not isinstance(error, Unconfirmed):
                    self._take_back(journal, [each.id for each in posts if not each.already], by, error)
                raise
            posts.append(Posted(post, draft.channel.name, photos))
        return tuple(posts)

    def _uploaded(self, draft: Draft) -> tuple[str, ...]:
        return tuple(self._patience.keep_trying(partial(self._one, picture)) for picture in draft.pictures)

    def _one(self, picture: Picture) -> str:
        """Uploads and describes one picture; repeated, it leaves a picture behind that no post holds."""
        with self._x.gate.opened(Permit("POST", UPLOADS[self._x.upload_route], media=picture.sha256)):
            media = self._x.upload(picture.data, picture.media_type)
        path, body = self._x.description(media, picture.alt)
        with self._x.gate.opened(Permit("POST", path, body)):
            self._x.describe(body)
        return media

    def _created(self, journal: Journal, draft: Draft, media: tuple[str, ...], by: str, replies_to: str) -> str:
        body: dict[str, object] = {"text": draft.text} if draft.text else {}
        if media:
            body["media"] = {"media_ids": list(media)}
        if replies_to:
            body["reply"] = {"in_reply_to_tweet_id": replies_to}
        intent = journal.begin(self._row(draft, media, by, replies_to), self._now())
        attempt = 1
        while True:
            try:
                with self._x.gate.opened(Permit("POST", "/2/tweets", body)):
                    post = self._x.make_post(body)
            except PostingFailed as error:
                found = self._looked_for(intent, error) if error.may_have_happened else None
                if found:
                    post = found
                elif self._patience.wait_after(error, attempt):
                    attempt += 1
                    continue
                else:
                    journal.drop(intent, type(error).__name__, self._now())
                    raise
            journal.confirm(intent, post, self._now())
            return post

    def _row(self, draft: Draft, media: tuple[str, ...], by: str, replies_to: str) -> dict[str, object]:
        return {
            "content": draft.content,
            "key": draft.key,
            "channel": draft.channel.name,
            "account": self._x.me().id,
            "since": (self._x.now() or self._now()).isoformat(timespec="seconds"),
            "text": text_digest(draft.text),
            "media": list(media),
            "photos": [picture.sha256 for picture in draft.pictures],
            "releases": list(draft.releases),
            "people": list(draft.people),
            "by": by,
            "replies_to": replies_to,
        }

    def _take_back(self, journal: Journal, posts: Sequence[str], by: str, error: PostingFailed) -> None:
        left = []
        for post in reversed(posts):
            try:
                self._patience.keep_trying(partial(self._deleted, post))
            except PostingFailed:
                left.append(post)
            else:
                journal.taken_down(post, by, "thread-failed", self._now())
        if left:
            raise PartlyPosted("taking back the begun thread", "X failed at this too", left) from error

    def _deleted(self, post: str) -> None:
        path = f"/2/tweets/{post}"
        with suppress(NotThere), self._x.gate.opened(Permit("DELETE", path)):
            self._x.change("deleting a post", "DELETE", path)

    # -- what was sent without an answer ------------------------------------------------------------------------------

    def _settle_before(self, journal: Journal, contents: set[str]) -> dict[str, str]:
        """Settles what is open before more is sent; content -> post of what was found standing.

        Only a doubt about the same content stops this post.
        """
        found: dict[str, str] = {}
        for intent in journal.open():
            if not self._ours(intent):
                continue
            try:
                stands = self._settled(journal, intent)
            except PostingFailed as error:
                if intent.content in contents:
                    raise
                _log.warning("row %d: an earlier post is still unsettled (%s)", intent.seq, type(error).__name__)
            else:
                found |= {intent.content: stands.id} if stands else {}
        return found

    def _ours(self, intent: Intent) -> bool:
        return intent.account == self._x.me().id

    def _settled(self, journal: Journal, intent: Intent) -> Posted | None:
        """Looks for one open post and writes what became of it."""
        found = self._patience.keep_trying(lambda: self._found(intent))
        if found:
            journal.confirm(intent, found, self._now())
            return Posted(found, intent.channel, intent.photos)
        settle = timedelta(seconds=sum(self._patience.settling))
        if self._now() - intent.at < settle:
            raise Unconfirmed("looking for an earlier post", "it was sent a moment ago and is not seen yet")
        journal.drop(intent, "not-found", self._now())
        return None

    def _looked_for(self, intent: Intent, error: PostingFailed) -> str | None:
        """Looks for a post whose sending ended in doubt, until X has had time to show it.

        Its id, or None where X surely did not make it. Raises Unconfirmed where the last look failed.
        """
        unseen: PostingFailed | None = None
        for wait in self._patience.settling:
            self._patience.sleep(wait)
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

    # -- whose account ------------------------------------------------------------------------------------------------

    def _own(self, rule: Channel) -> None:
        """Raises unless the keys are those of the channel's account."""
        account = _account(rule)
        me = self._patience.keep_trying(self._x.me)
        if not me.goes_by(account):
            withheld = Verdict("post", Outcome.REFUSED, reasons=("wrong-account",))
            raise Refused(
                f"channel {rule.name} is {account}, but these keys are @{me.username}'s; nothing was sent. "
                f"Use the keys of {account}.",
                withheld,
            )


def _account(rule: Channel) -> str:
    if not rule.account:
        raise WrongUsage(f"policy names no account for channel {rule.name}; add account to [channels.{rule.name}]")
    return rule.account


def _check_kinds(parts: Sequence[Part]) -> None:
    """What is not even a list of releases is told so before it is looked into."""
    for part in parts:
        if not isinstance(part, Part) or not isinstance(part.text, str):
            raise WrongUsage("a post is a text and a list of releases; a thread is a list of Part")
        if not isinstance(part.photos, list | tuple):
            raise WrongUsage(f"photos is {type(part.photos).__name__}, not a list of what Guard.release() returned")


@contextmanager
def _alone(state: State) -> Iterator[None]:
    """One program at a time posts from a state, so that two never send the same."""
    try:
        with FileLock(state.directory / LOCK_FILE, timeout=300):
            yield
    except Timeout as error:
        raise PostingFailed("posting", "another program is posting from this state", "Wait for it.") from error
