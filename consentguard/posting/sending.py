"""How parts become posts: all of them or none, each once, and each judged again just before it is sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from consentguard.consent.record.post_journal import Intent, Journal, text_digest
from consentguard.consent.record.state import State
from consentguard.errors import CannotTell, ConsentGuardError
from consentguard.files import remove_source
from consentguard.posting.account import SchoolAccount, alone
from consentguard.posting.clearance import clear_post
from consentguard.posting.context import PostingContext, PostingRequest
from consentguard.posting.draft import Draft, Part, drafted, plain_parts
from consentguard.posting.errors import DeletedAtNetwork, NotThere, PartlyPosted, PostingFailed, Unconfirmed
from consentguard.posting.settling import Posted, Settling

_log = logging.getLogger(__name__)


def send(
    account: SchoolAccount, parts: Sequence[Part], request: PostingRequest, *, again: bool = False
) -> tuple[Posted, ...]:
    """Posts parts that answer one another: all of them or none, each once.

    Everything is judged before the network is asked anything, again once the state is held, and again just before each
    post is sent: consents, words and hours count as they are then. Arguments and errors as for `Poster.thread`.
    """
    parts = plain_parts(parts)
    guard = account.open_guard()
    context = account.context(guard, request)
    drafted(guard, account.network.limits, parts, context)
    account.check_own(context.channel)
    with alone(guard.state):
        return _Sender(account, parts, request, guard.state).send(again=again)


def delete(account: SchoolAccount, post: str) -> None:
    """Deletes a post at the network; one that is gone already counts as deleted."""
    try:
        account.patience.keep_trying(lambda: account.network.delete(post))
    except NotThere:
        _log.info("post %s was gone already", post)


class _Sender:
    """One use of `send`, while it holds the state alone."""

    def __init__(self, account: SchoolAccount, parts: Sequence[Part], request: PostingRequest, state: State) -> None:
        self._account = account
        self._network = account.network
        self._parts = parts
        self._request = request
        self._journal = Journal(state)
        self._settling = Settling(account, self._journal)

    def send(self, *, again: bool) -> tuple[Posted, ...]:
        drafts, context = self._judged()
        before = self._standing(drafts, context, again=again)
        media = [() if stands else self._uploaded(draft) for draft, stands in zip(drafts, before, strict=True)]
        posts: list[Posted] = []
        for draft, stands, uploaded in zip(drafts, before, media, strict=True):
            if stands:
                posts.append(stands)
                continue
            try:
                post = self._created(draft, uploaded, posts[-1].id if posts else "")
            except Unconfirmed:
                raise
            except ConsentGuardError as error:
                self._take_back([each for each in posts if not each.already], error)
                raise
            posts.append(Posted(post, context.channel.name, _digests(draft)))
        pairs = zip(posts, drafts, strict=True)
        return tuple(replace(post, left=self._without_sources(draft)) for post, draft in pairs)

    def _judged(self) -> tuple[tuple[Draft, ...], PostingContext]:
        """All parts as they may be sent at this moment: register and policy are read anew. Raises as `drafted`."""
        guard = self._account.open_guard()
        context = self._account.context(guard, self._request)
        return drafted(guard, self._network.limits, self._parts, context), context

    def _standing(self, drafts: Sequence[Draft], context: PostingContext, *, again: bool) -> list[Posted | None]:
        """What of these drafts stands at X already.

        Raises DeletedAtNetwork where one was posted and X does not show it any more, unless it shall go again.
        """
        found = self._settling.settle_before({draft.content for draft in drafts})
        now, channel = self._account.now(), context.channel.name
        known = [found.get(one.content) or self._journal.post_of(one.content, one.key, now) for one in drafts]
        shown = self._shown([post for post in known if post and post not in found.values()])
        before: list[Posted | None] = []
        for draft, post in zip(drafts, known, strict=True):
            if post and shown is not None and post not in {*shown, *found.values()}:
                if not again:
                    raise DeletedAtNetwork(post)
                by = f"{context.by}: was gone at X"
                self._journal.ledger.record_takedown(post, channel=channel, at=now, by=by)
                before.append(None)
            elif post:
                seen = shown is not None or post in found.values()
                before.append(Posted(post, channel, _digests(draft), already=True, seen=seen))
            else:
                before.append(None)
        return before

    def _shown(self, posts: list[str]) -> set[str] | None:
        """Which of these posts X shows; None where it cannot be asked."""
        try:
            return {post.id for post in self._account.patience.keep_trying(lambda: tuple(self._network.posts(posts)))}
        except PostingFailed as error:
            _log.warning("earlier posts were not looked up (%s)", error.why)
            return None

    # -- one post -----------------------------------------------------------------------------------------------------

    def _uploaded(self, draft: Draft) -> tuple[str, ...]:
        """Uploads the pictures; repeated, it leaves pictures behind that no post holds."""
        trying, upload = self._account.patience.keep_trying, self._network.upload
        return tuple(trying(lambda photo=photo: upload(photo)) for photo in draft.photos)  # type: ignore[misc]

    def _created(self, draft: Draft, media: tuple[str, ...], replies_to: str) -> str:
        """Sends one post and settles it; its id. Consents, words and hours are judged before each try."""
        begun: list[Intent] = []

        def once() -> str:
            _, context = self._judged()
            if not begun:
                row = self._row(draft, media, context, replies_to)
                begun.append(self._journal.begin(row, self._account.now()))
            try:
                return self._network.post(clear_post(draft.text, media, replies_to, begun[0].seq))
            except PostingFailed as error:
                if not error.may_have_happened:
                    raise
                return self._settling.after(begun[0], error)

        try:
            post = self._account.patience.keep_trying(once)
        except Unconfirmed:
            raise
        except ConsentGuardError as error:
            if begun:
                self._journal.drop(begun[0], type(error).__name__, self._account.now())
            raise
        self._journal.confirm(begun[0], post, self._account.now())
        return post

    def _row(self, draft: Draft, media: tuple[str, ...], context: PostingContext, replies_to: str) -> dict[str, object]:
        return {
            **context.as_json(),
            "content": draft.content,
            "key": draft.key,
            "account": self._network.me().id,
            "since": context.moment.isoformat(timespec="seconds"),
            "text": text_digest(draft.text),
            "media": list(media),
            "photos": list(_digests(draft)),
            "releases": list(draft.releases),
            "people": list(draft.people),
            "replies_to": replies_to,
            "thread": draft.place.as_json() if draft.place else None,
        }

    def _take_back(self, posts: Sequence[Posted], error: ConsentGuardError) -> None:
        """Deletes the parts of a thread that stand. Raises PartlyPosted where X fails at that too."""
        left = []
        for post in reversed(posts):
            try:
                delete(self._account, post.id)
            except PostingFailed:
                left.append(post.id)
            else:
                at, by = self._account.now(), self._request.by
                self._journal.ledger.record_takedown(post.id, channel=post.channel, at=at, by=by)
        if left:
            raise PartlyPosted("taking back the begun thread", "X failed at this too", left) from error

    def _without_sources(self, draft: Draft) -> tuple[str, ...]:
        """Deletes the originals of a post that stands; why those that are left are left."""
        left = []
        for path, sha256 in draft.sources:
            try:
                remove_source(path, sha256, self._journal.state, self._account.stamp())
            except CannotTell as error:
                left.append(str(error))
        return tuple(left)


def _digests(draft: Draft) -> tuple[str, ...]:
    return tuple(photo.sha256 for photo in draft.photos)
