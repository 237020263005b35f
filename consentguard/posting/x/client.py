"""X, through tweepy: each call, what it answers, and a name for everything that can go wrong with it.

The one module that imports tweepy. It wraps tweepy's clients and subclasses none. What posts or uploads takes only what
was cleared (`posting.clearance`); what else changes something at X is the fixed list of methods here.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import requests
import tweepy
from tweepy.errors import HTTPException, TooManyRequests, TweepyException

from consentguard.errors import ConsentGuardError, WrongUsage
from consentguard.posting import errors
from consentguard.posting.clearance import ClearedPhoto, ClearedPost, ClearedRepost
from consentguard.posting.network import Account, NetworkPost, PostLimits
from consentguard.posting.x.answers import account_in, id_in, posts_in
from consentguard.posting.x.credentials import Credentials
from consentguard.posting.x.faults import by_network, by_status, expected
from consentguard.posting.x.gate import UPLOADS, Gate, RequestPermit, guard
from consentguard.posting.x.logs import hide
from consentguard.posting.x.weight import weight

TIMEOUT: Final = (10.0, 60.0)
"""Seconds to connect, and to wait for an answer; tweepy's own clients wait for ever."""

PAGE: Final = 100
_FIELDS: Final = {
    "tweet.fields": "attachments,author_id,conversation_id,created_at,entities,referenced_tweets",
    "expansions": "author_id",
    "user.fields": "username",
}
T = TypeVar("T")


class X:
    """One account at X.

    Wrapping changes the clients for good: from then on they send nothing without a permit, follow no redirect, never
    try again by themselves, and wait no longer than `timeout` (to connect, for an answer; seconds) for anything.
    """

    limits = PostLimits(photos=4, photo_bytes=5_000_000, description=1000, weigh=weight)

    def __init__(
        self,
        client: tweepy.Client,
        api: tweepy.API | None = None,
        *,
        upload: str = "v2",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """Wraps tweepy's clients; `api` is needed for uploads by v1.1 only. Raises WrongUsage."""
        if not all(_keys_of(client)):
            raise WrongUsage("the tweepy client lacks user keys; give it all four of OAuth 1.0a")
        if upload == "v1.1" and api is None:
            raise WrongUsage("uploads by v1.1 need tweepy's API beside its Client")
        hide(filter(None, (*_keys_of(client), client.bearer_token)))
        self._gate = Gate()
        self._route = upload
        self._client = client
        self._api = api
        client.wait_on_rate_limit = False
        guard(client, self._gate, timeout, lambda route: route)
        if api is not None:
            api.wait_on_rate_limit, api.retry_count = False, 0
            guard(api, self._gate, timeout, lambda endpoint: f"/1.1/{endpoint}.json")
        self._me: Account | None = None
        self._heard: tuple[datetime, float, float] | None = None

    @classmethod
    def open(cls, credentials: Credentials, *, upload: str = "v2") -> X:
        """The account of these keys. Connects to nothing yet."""
        v1 = tweepy.API(tweepy.OAuth1UserHandler(*credentials.secrets)) if upload == "v1.1" else None
        return cls(tweepy.Client(None, *credentials.secrets), v1, upload=upload)

    # -- reading ------------------------------------------------------------------------------------------------------

    def me(self) -> Account:
        """Whose keys these are; asked of X once."""
        if self._me is None:
            call = "asking X whose keys these are"
            answer, headers = self._asked(call, "GET", "/2/users/me")
            with expected(call):
                self._me = account_in(answer["data"], headers.get("x-access-level", ""))
        return self._me

    def now(self) -> datetime | None:
        """X's own time, from the head of its last answer; None before the first. A clock here may be wrong.

        What passed since is the larger of what two clocks say: one of them stands still while a machine sleeps.
        """
        if self._heard is None:
            return None
        there, steady, wall = self._heard
        return there + timedelta(seconds=max(time.monotonic() - steady, time.time() - wall))

    def posts_since(self, start: datetime) -> Iterator[NetworkPost]:
        """This account's own posts from a moment on, newest first; reposts are left out."""
        params = {"start_time": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "exclude": "retweets"}
        yield from self._posts("reading this account's posts", f"/2/users/{self.me().id}/tweets", params)

    def mentions(self) -> Iterator[NetworkPost]:
        """Posts that mention this account, replies to it among them, newest first."""
        yield from self._posts("reading mentions", f"/2/users/{self.me().id}/mentions", {})

    def posts(self, ids: list[str]) -> Iterator[NetworkPost]:
        """These posts, as far as they stand; those that are gone are left out."""
        for start in range(0, len(ids), PAGE):
            wanted = {"ids": ",".join(ids[start : start + PAGE])}
            yield from self._posts("reading posts", "/2/tweets", wanted, paged=False)

    def followers(self) -> Iterator[Account]:
        """Who follows this account."""
        yield from self._accounts("reading followers", f"/2/users/{self.me().id}/followers")

    def following(self) -> Iterator[Account]:
        """Whom this account follows."""
        yield from self._accounts("reading who is followed", f"/2/users/{self.me().id}/following")

    # -- posting: only what was cleared -------------------------------------------------------------------------------

    def upload(self, photo: ClearedPhoto) -> str:
        """Uploads a picture, always from memory, and gives it its description; returns its media id.

        Nobody sees it until a post holds it. Raises OutsidePoster for what was not cleared.
        """
        _only(ClearedPhoto, photo, "uploading")
        call = "uploading a photo"
        with self._gate.opened(RequestPermit("POST", UPLOADS[self._route], media=photo.sha256)):
            media = self._uploaded(call, photo)
        path, body = self._description(media, photo.description)
        with self._gate.opened(RequestPermit("POST", path, body)):
            self._describe("giving a photo its description", path, body)
        return media

    def post(self, post: ClearedPost) -> str:
        """Posts; returns the new post's id. Raises OutsidePoster for what was not cleared."""
        _only(ClearedPost, post, "posting")
        body: dict[str, Any] = {"text": post.text} if post.text else {}
        if post.media:
            body["media"] = {"media_ids": list(post.media)}
        if post.replies_to:
            body["reply"] = {"in_reply_to_tweet_id": post.replies_to}
        data = self._change("posting", "POST", "/2/tweets", body)
        with expected("posting"):
            return id_in(data["id"])

    def repost(self, repost: ClearedRepost) -> None:
        """Retweets. Raises OutsidePoster for what was not cleared."""
        _only(ClearedRepost, repost, "retweeting")
        self._change("retweeting", "POST", f"/2/users/{self.me().id}/retweets", {"tweet_id": repost.post})

    # -- other changes; all may be repeated without harm --------------------------------------------------------------

    def delete(self, post: str) -> None:
        """Deletes a post of this account. Raises NotThere where it is gone already."""
        self._change("deleting a post", "DELETE", f"/2/tweets/{_id(post)}")

    def hide(self, reply: str) -> None:
        """Hides a reply to a post of this account."""
        self._change("hiding a reply", "PUT", f"/2/tweets/{_id(reply)}/hidden", {"hidden": True})

    def mute(self, account: str) -> None:
        """Mutes an account."""
        self._target("muting", "muting", account)

    def block(self, account: str) -> None:
        """Blocks an account."""
        self._target("blocking", "blocking", account)

    def follow(self, account: str) -> None:
        """Follows an account."""
        self._target("following", "following", account)

    def unfollow(self, account: str) -> None:
        """Follows an account no longer."""
        self._change("unfollowing", "DELETE", f"/2/users/{self.me().id}/following/{_id(account)}")

    # -- within -------------------------------------------------------------------------------------------------------

    def _target(self, call: str, what: str, account: str) -> None:
        self._change(call, "POST", f"/2/users/{self.me().id}/{what}", {"target_user_id": _id(account)})

    def _change(self, call: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """One changing call of v2 with its permit; the `data` of its answer, which must be there."""
        with self._gate.opened(RequestPermit(method, path, body)):
            answer, _ = self._asked(call, method, path, body)
        return _data(call, answer)

    def _uploaded(self, call: str, photo: ClearedPhoto) -> str:
        if self._route == "v2":
            body = {
                "media": base64.b64encode(photo.data).decode("ascii"),
                "media_category": "tweet_image",
                "media_type": photo.media_type,
            }
            answer, _ = self._asked(call, "POST", UPLOADS["v2"], body)
            with expected(call):
                return id_in(answer["data"]["id"])
        # From memory: given a name alone tweepy would open that file itself. media_upload would guess the kind.
        name, file = f"photo.{photo.media_type.partition('/')[2]}", io.BytesIO(photo.data)
        media = _named(call, lambda: self._v1().simple_upload(name, file=file))
        with expected(call):
            return id_in(media.media_id_string)

    def _description(self, media: str, text: str) -> tuple[str, Mapping[str, Any]]:
        """Path and body of the request that describes a picture."""
        if self._route == "v2":
            return "/2/media/metadata", {"id": media, "metadata": {"alt_text": {"text": text}}}
        return "/1.1/media/metadata/create.json", {"media_id": media, "alt_text": {"text": text}}

    def _describe(self, call: str, path: str, body: Mapping[str, Any]) -> None:
        if self._route == "v2":
            answer, _ = self._asked(call, "POST", path, body)
            _data(call, answer)
            return
        _named(call, lambda: self._v1().create_media_metadata(body["media_id"], body["alt_text"]["text"]))
        if self._v1().last_response.text.strip():  # v1.1 says yes with an empty answer
            raise errors.NotUnderstood(call, "the answer is not one of X's")

    def _v1(self) -> tweepy.API:
        if self._api is None:
            raise WrongUsage("uploads by v1.1 need tweepy's API beside its Client")
        return self._api

    def _asked(
        self,
        call: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """One request; its JSON object and its headers. Raises PostingFailed, each fault by its name."""
        response = _named(
            call,
            lambda: self._client.request(method, path, params=dict(params or {}), json=body, user_auth=True),
            self._hear,
        )
        self._hear(response)
        with expected(call):
            answer = response.json()
            if not isinstance(answer, dict):
                raise TypeError
        return answer, response.headers

    def _hear(self, response: requests.Response) -> None:
        """Keeps X's time of day; without it an answer is good all the same."""
        with suppress(KeyError, TypeError, ValueError):
            self._heard = parsedate_to_datetime(response.headers["Date"]), time.monotonic(), time.time()

    def _pages(self, call: str, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            asked = {**params, "max_results": PAGE, **({"pagination_token": token} if token else {})}
            answer, _ = self._asked(call, "GET", path, params=asked)
            with expected(call):
                token = answer["meta"].get("next_token")
                found = answer.get("data", [])
                if len(found) != answer["meta"]["result_count"]:  # an empty list is X's word only if X says it is
                    raise ValueError(len(found))
            yield answer
            if not token:
                return

    def _posts(self, call: str, path: str, params: Mapping[str, Any], *, paged: bool = True) -> Iterator[NetworkPost]:
        wanted = {**params, **_FIELDS}
        pages = self._pages(call, path, wanted) if paged else [self._asked(call, "GET", path, params=wanted)[0]]
        for page in pages:
            with expected(call):
                found = posts_in(page)
            yield from found

    def _accounts(self, call: str, path: str) -> Iterator[Account]:
        for page in self._pages(call, path, {}):
            with expected(call):
                found = [account_in(item) for item in page.get("data", [])]
            yield from found


def _keys_of(client: tweepy.Client) -> tuple[str | None, ...]:
    return client.consumer_key, client.consumer_secret, client.access_token, client.access_token_secret


def _data(call: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `data` of an answer to a change: without it nothing was changed."""
    with expected(call):
        data = answer["data"]
        if not isinstance(data, dict) or not data:
            raise TypeError
        return data


def _only(kind: type, value: object, what: str) -> None:
    """Refuses what was not made by the checks. Raises OutsidePoster."""
    if type(value) is not kind:
        raise errors.OutsidePoster(f"{what} {type(value).__name__}")


def _id(text: str) -> str:
    try:
        return id_in(text)
    except ValueError:
        raise WrongUsage("this is no id of X's; an id is digits alone, and a post's link ends in it") from None


def _named(call: str, send: Callable[[], T], hear: Callable[[requests.Response], None] = lambda _: None) -> T:
    """What `send` returns; whatever tweepy, requests or a strange answer raise gets the name it has in `errors`.

    The new error is raised outside the `except`: the one it stands for may hold keys, in its text and in the variables
    of its frames, and would be printed above it in every traceback.
    """
    try:
        return send()
    except ConsentGuardError as error:
        failure: ConsentGuardError = error
    except HTTPException as error:
        hear(error.response)
        reset = error.reset_time if isinstance(error, TooManyRequests) else None
        failure = by_status(call, error.response.status_code, [str(each) for each in error.api_messages], reset)
    except TweepyException as error:  # API wraps what its session raises, Client does not
        failure = _wrapped(call, error.__cause__ or error.__context__)
    except requests.RequestException as error:
        failure = by_network(call, error)
    except (AttributeError, KeyError, TypeError, ValueError):  # tweepy over an answer of another shape
        failure = errors.NotUnderstood(call, "the answer is not one of X's")
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


def _wrapped(call: str, cause: BaseException | None) -> ConsentGuardError:
    if isinstance(cause, ConsentGuardError):
        return cause
    if isinstance(cause, requests.RequestException):
        return by_network(call, cause)
    return errors.NotUnderstood(call, "tweepy could not read the answer")
