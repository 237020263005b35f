"""X, through tweepy: each call, what it answers, and a name for everything that can go wrong with it.

The one module that imports tweepy. It wraps tweepy's clients and subclasses none. Whatever would change something at X
needs a permit of the `gate`, also from here: these methods are for those who check first.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
import tweepy
from tweepy.errors import (
    Forbidden,
    HTTPException,
    TooManyRequests,
    TweepyException,
)

from consentguard.errors import ConsentGuardError, WrongUsage
from consentguard.posting import errors
from consentguard.posting.answers import Account, Post, account_in, expected, id_in, post_in
from consentguard.posting.credentials import Credentials
from consentguard.posting.gate import UPLOADS, Gate, GatedAdapter
from consentguard.posting.logs import clean, hide

TIMEOUT: Final = (10.0, 60.0)
"""Seconds to connect, and to wait for an answer; tweepy's own clients wait for ever."""

PAGE: Final = 100
_NEVER_SENT: Final = frozenset({"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"})
"""What urllib3 raises, by its name, where nothing was sent yet."""


class X:
    """One account at X.

    Wrapping changes the clients for good: from then on they send nothing without a permit, follow no redirect, never
    try again by themselves, and wait no longer than `timeout` (to connect, for an answer; seconds) for anything.
    """

    def __init__(
        self,
        client: tweepy.Client,
        api: tweepy.API | None = None,
        *,
        upload: str = "v2",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """Wraps tweepy's clients; `api` is needed for uploads by v1.1 only. Raises WrongUsage."""
        keys = (client.consumer_key, client.consumer_secret, client.access_token, client.access_token_secret)
        if not all(keys):
            raise WrongUsage("the tweepy client lacks user keys; give it all four of OAuth 1.0a")
        if upload == "v1.1" and api is None:
            raise WrongUsage("uploads by v1.1 need tweepy's API beside its Client")
        hide(filter(None, (*keys, client.bearer_token)))
        self.gate = Gate()
        self.upload_route = upload
        self._client = client
        self._api = api
        client.wait_on_rate_limit = False
        _guard(client, self.gate, timeout, lambda route: route)
        if api is not None:
            api.wait_on_rate_limit, api.retry_count = False, 0
            _guard(api, self.gate, timeout, lambda endpoint: f"/1.1/{endpoint}.json")
        self._me: Account | None = None
        self._heard: tuple[datetime, float] | None = None

    @classmethod
    def open(cls, credentials: Credentials, *, upload: str = "v2") -> X:
        """The account of these keys. Connects to nothing yet."""
        api = credentials.api_key, credentials.api_secret
        user = credentials.access_token, credentials.access_secret
        v1 = tweepy.API(tweepy.OAuth1UserHandler(*api, *user)) if upload == "v1.1" else None
        return cls(tweepy.Client(None, *api, *user), v1, upload=upload)

    # -- reading ------------------------------------------------------------------------------------------------------

    def me(self) -> Account:
        """Whose keys these are; asked of X once."""
        if self._me is None:
            answer, headers = self._asked("asking X whose keys these are", "GET", "/2/users/me")
            with expected("asking X whose keys these are"):
                data = answer["data"]
                self._me = account_in(data, headers.get("x-access-level", ""))
        return self._me

    def now(self) -> datetime | None:
        """X's own time, from the head of its last answer; None before the first. A clock here may be wrong."""
        if self._heard is None:
            return None
        there, then = self._heard
        return there + timedelta(seconds=time.monotonic() - then)

    def posts_since(self, start: datetime) -> Iterator[Post]:
        """This account's own posts from a moment on, newest first; reposts are left out."""
        params = {"start_time": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "exclude": "retweets"}
        yield from self._posts("reading this account's posts", f"/2/users/{self.me().id}/tweets", params)

    def mentions(self, newer_than: str = "") -> Iterator[Post]:
        """Posts that mention this account, replies to it among them, newest first."""
        params = {"since_id": newer_than} if newer_than else {}
        yield from self._posts("reading mentions", f"/2/users/{self.me().id}/mentions", params)

    def posts(self, ids: list[str]) -> Iterator[Post]:
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

    # -- changing: each needs a permit --------------------------------------------------------------------------------

    def upload(self, data: bytes, media_type: str) -> str:
        """Uploads one picture, always from memory; returns its media id. Nobody sees it until a post holds it."""
        call = "uploading a photo"
        if self.upload_route == "v2":
            body = {
                "media": base64.b64encode(data).decode("ascii"),
                "media_category": "tweet_image",
                "media_type": media_type,
            }
            answer, _ = self._asked(call, "POST", UPLOADS["v2"], body)
            with expected(call):
                return id_in(answer["data"]["id"])
        with _named(call):
            # From memory: given a name alone tweepy would open that file itself. media_upload would guess the kind.
            media = self._v1().simple_upload(f"photo.{media_type.partition('/')[2]}", file=io.BytesIO(data))
        with expected(call):
            return id_in(media.media_id_string)

    def describe(self, body: Mapping[str, Any]) -> None:
        """Gives an uploaded picture its alt text; `body` as `description` makes it."""
        call = "giving a photo its alt text"
        if self.upload_route == "v2":
            self.change(call, "POST", "/2/media/metadata", body)
            return
        with _named(call):
            self._v1().create_media_metadata(body["media_id"], body["alt_text"]["text"])
            if self._v1().last_response.text.strip():  # v1.1 says yes with an empty answer
                raise ValueError

    def description(self, media: str, alt: str) -> tuple[str, Mapping[str, Any]]:
        """Path and body that `describe` sends."""
        if self.upload_route == "v2":
            return "/2/media/metadata", {"id": media, "metadata": {"alt_text": {"text": alt}}}
        return "/1.1/media/metadata/create.json", {"media_id": media, "alt_text": {"text": alt}}

    def make_post(self, body: Mapping[str, Any]) -> str:
        """Posts; returns the new post's id, without which there is none."""
        data = self.change("posting", "POST", "/2/tweets", body)
        with expected("posting"):
            return id_in(data["id"])

    def change(self, call: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """One changing call of v2; returns the `data` of its answer, which must be there."""
        answer, _ = self._asked(call, method, path, body)
        with expected(call):
            data = answer["data"]
            if not isinstance(data, dict) or not data:
                raise TypeError
            return data

    # -- within -------------------------------------------------------------------------------------------------------

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
        with _named(call):
            response = self._client.request(method, path, params=dict(params or {}), json=body, user_auth=True)
        with suppress(KeyError, ValueError):  # without the time of day the answer is good all the same
            self._heard = parsedate_to_datetime(response.headers["Date"]), time.monotonic()
        with expected(call):
            answer = response.json()
            if not isinstance(answer, dict):
                raise TypeError
        return answer, response.headers

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

    def _posts(self, call: str, path: str, params: Mapping[str, Any], *, paged: bool = True) -> Iterator[Post]:
        wanted = {
            **params,
            "tweet.fields": "attachments,author_id,conversation_id,created_at,entities,referenced_tweets",
        }
        pages = self._pages(call, path, wanted) if paged else [self._asked(call, "GET", path, params=wanted)[0]]
        for page in pages:
            with expected(call):
                found = [post_in(item) for item in page.get("data", [])]
            yield from found

    def _accounts(self, call: str, path: str) -> Iterator[Account]:
        for page in self._pages(call, path, {}):
            with expected(call):
                found = [account_in(item) for item in page.get("data", [])]
            yield from found


def _guard(client: Any, gate: Gate, timeout: tuple[float, float], path_of: Any) -> None:
    """Puts the gate before a client's `request`, where each of its methods ends, and before its session's adapters."""
    adapters = list(client.session.adapters.items())
    if any(isinstance(adapter, GatedAdapter) for _, adapter in adapters):
        raise WrongUsage("this tweepy client is guarded already; use the Poster that has it")
    send = client.request

    def request(method: str, route: str, *arguments: Any, **named: Any) -> Any:
        gate.ask(method, path_of(route))
        return send(method, route, *arguments, **named)

    client.request = request
    for prefix, adapter in adapters:
        client.session.mount(prefix, GatedAdapter(adapter, gate, timeout))
    client.session.max_redirects = 0


@contextmanager
def _named(call: str) -> Iterator[None]:
    """Gives whatever tweepy, requests or a strange answer raise the name it has in `errors`."""
    try:
        yield
    except ConsentGuardError:
        raise
    except HTTPException as error:
        raise _status(call, error) from error
    except TweepyException as error:  # API wraps what its session raises, Client does not
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ConsentGuardError):
            raise cause from error
        if isinstance(cause, requests.RequestException):
            raise _network(call, cause) from error
        raise errors.NotUnderstood(call, "tweepy could not read the answer") from error
    except requests.RequestException as error:
        raise _network(call, error) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # tweepy over an answer of another shape
        raise errors.NotUnderstood(call, "the answer is not one of X's") from error


def _status(call: str, error: HTTPException) -> errors.PostingFailed:
    status = error.response.status_code
    said = clean("; ".join(str(message) for message in error.api_messages))[:200].rstrip(". ")
    why = f"X answered {status}" + (f": {said}" if said else "")
    if isinstance(error, TooManyRequests):
        reset = datetime.fromtimestamp(error.reset_time, UTC) if error.reset_time is not None else None
        return errors.RateLimited(call, reset)
    if isinstance(error, Forbidden):
        return errors.SaidBefore(call, why) if "duplicate" in said.casefold() else errors.NotPermitted(call, why)
    named = {401: errors.CredentialsRefused, 402: errors.CreditsExhausted, 404: errors.NotThere}
    of_hundred = {3: errors.Redirected, 5: errors.ServerFault}
    return named.get(status, of_hundred.get(status // 100, errors.Rejected))(call, why)


def _network(call: str, error: requests.RequestException) -> errors.PostingFailed:
    """By what requests raised. Only what surely failed before anything was sent is `Unreachable`."""
    kind = type(error).__name__
    if isinstance(error, requests.TooManyRedirects):
        return errors.Redirected(call, "the answer points elsewhere")
    untrusted = isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)
    if untrusted or isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return errors.Unreachable(call, f"no connection to X ({kind})")
    if isinstance(error, requests.Timeout):
        return errors.TimedOut(call, "X did not answer in time")
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectionError) and type(reason).__name__ in _NEVER_SENT:
        return errors.Unreachable(call, f"no connection to X ({type(reason).__name__})")
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return errors.ConnectionLost(call, f"the connection broke ({kind})")
    return errors.NotUnderstood(call, f"the answer cannot be read ({kind})")
