"""X as its documents describe it, on loopback: it verifies signatures, keeps what it is sent, and fails when told to.

Real tweepy talks to it: in process through `ToFake`, and from a child process through TLS and a CONNECT proxy.
"""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json
import re
import threading
import time
import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_x_wire import handler_of
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

KEYS = {
    "api_key": "consumerKeyOfTheSchool",
    "api_secret": "SECRET-consumer-94hf83hf93hf",
    "access_token": "1001-accessTokenOfTheSchool",
    "access_secret": "SECRET-access-88fh3489fh3h",
}
SECRETS = (KEYS["api_secret"], KEYS["access_secret"], KEYS["access_token"], KEYS["api_key"])


ROUTES = {
    "me": ("GET", r"/2/users/me"),
    "upload": ("POST", r"/2/media/upload|/1\.1/media/upload\.json"),
    "describe": ("POST", r"/2/media/metadata|/1\.1/media/metadata/create\.json"),
    "create": ("POST", r"/2/tweets"),
    "timeline": ("GET", r"/2/users/(\d+)/tweets"),
    "lookup": ("GET", r"/2/tweets"),
    "delete": ("DELETE", r"/2/tweets/(\d+)"),
    "retweet": ("POST", r"/2/users/(\d+)/retweets"),
    "mentions": ("GET", r"/2/users/(\d+)/mentions"),
    "followers": ("GET", r"/2/users/(\d+)/followers"),
    "following": ("GET", r"/2/users/(\d+)/following"),
    "hide": ("PUT", r"/2/tweets/(\d+)/hidden"),
    "mute": ("POST", r"/2/users/(\d+)/muting"),
    "unfollow": ("DELETE", r"/2/users/(\d+)/following/(\d+)"),
}


@dataclass
class Fault:
    """One answer that is not the right one.

    Attributes:
        status, body, headers: what is answered; `body` is sent as it stands where it is a text. A header such as +20 is
            a time by the fake's clock.
        effect: the call takes effect all the same.
        kind: `answer`; or `drop` (the connection closes without an answer), `cut` (in the midst of one), `stall` (no
            answer in time), `refused` (nobody listens), the last for `ToFake` only.
    """

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    effect: bool = False
    kind: str = "answer"


@dataclass
class Call:
    """One request that arrived with a good signature."""

    name: str
    path: str
    query: dict[str, str]
    body: Any
    media: bytes | None = None


class _Validator(RequestValidator):
    enforce_ssl = False
    client_key_length = access_token_length = (5, 64)
    dummy_client = dummy_access_token = dummy_resource_owner = "nobody"

    @property
    def safe_characters(self) -> set[str]:
        return super().safe_characters | {"-"}

    def __init__(self, accounts: dict[str, str]) -> None:
        super().__init__()
        self._tokens = accounts

    def validate_client_key(self, client_key, request):
        return client_key == KEYS["api_key"]

    def validate_access_token(self, client_key, token, request):
        return token.partition("-")[0] in self._tokens

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **_):
        return abs(int(timestamp) - time.time()) < 300

    def validate_realms(self, *_args, **_named):
        return True

    def get_client_secret(self, client_key, request):
        return KEYS["api_secret"]

    def get_access_token_secret(self, client_key, token, request):
        return KEYS["access_secret"]


class FakeX:
    """The service. Everything it holds is plain data that a test may look at and set."""

    def __init__(self) -> None:
        self.accounts = {"1001": "RackhamPrimary", "1004": "RackhamClass4", "9000": "a_parent", "9001": "a_stranger"}
        self.access = "read-write"
        self.media: dict[str, dict[str, Any]] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.retweets: list[tuple[str, str]] = []
        self.follows: set[tuple[str, str]] = set()
        self.hidden: set[str] = set()
        self.muted: set[str] = set()
        self.calls: list[Call] = []
        self.unsigned = 0
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.always: dict[str, Fault] = {}
        self.lag = 0  # how many looks at a timeline do not show a new post yet
        self.page = 100
        self.clock = time.time
        self.on_create: Callable[[], object] = lambda: None  # called as a request to post arrives
        self.stalled = threading.Event()
        self.stalling = 0  # requests that still wait for an answer that does not come
        self._ids = count(1_700_000_000_000_000_001)
        self._lock = threading.RLock()
        self._oauth = ResourceEndpoint(_Validator(self.accounts))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._server.daemon_threads = False
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.stalled.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # -- for tests ----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Forgets posts, pictures, calls and faults."""
        for held in (self.posts, self.media, self.calls, self.faults, self.always, self.retweets):
            held.clear()

    def count(self, name: str) -> int:
        return sum(call.name == name for call in self.calls)

    def own_posts(self, account: str = "1001") -> list[dict[str, Any]]:
        return [post for post in self.posts.values() if post["author_id"] == account]

    def add_post(self, author: str, text: str, *, replies_to: str = "", at: datetime | None = None) -> str:
        """A post that somebody else made beside us."""
        return self._make(author, text, (), replies_to, at)

    # -- the service --------------------------------------------------------------------------------------------------

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Fault:
        """What is sent back for a request; a `Fault` in form, also where all is well."""
        parts = urlsplit(url)
        name, ids = self._route(method, parts.path)
        content_type = headers.get("Content-Type", "")
        signed, request = self._oauth.validate_protected_resource_request(
            url, method, body if content_type.startswith("application/x-www-form") else None, headers
        )
        with self._lock:
            if not signed:
                self.unsigned += 1
                return Fault(401, {"title": "Unauthorized", "status": 401, "detail": "Unauthorized"})
            if not name:
                return Fault(404, {"title": "Not Found", "detail": f"{method} {parts.path}"})
            me = request.resource_owner_key.partition("-")[0]
            call = self._call(name, parts, body, content_type)
            self.calls.append(call)
            if name == "create":
                self.on_create()
            fault = self.faults[name].popleft() if self.faults[name] else self.always.get(name)
            if fault is None or fault.effect:
                done = getattr(self, f"_{name}")(me, call, *ids)
            return fault if fault is not None else done

    def _route(self, method: str, path: str) -> tuple[str, tuple[str, ...]]:
        for name, (verb, pattern) in ROUTES.items():
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return name, found.groups()
        return "", ()

    def _call(self, name: str, parts: Any, body: bytes, content_type: str) -> Call:
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if content_type.startswith("multipart/"):
            head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
            form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
            held = {
                p.get_param("name", header="content-disposition"): p.get_payload(decode=True) for p in form.iter_parts()
            }
            media = held["media"]
            assert isinstance(media, bytes)
            return Call(name, parts.path, query, None, media)
        data = json.loads(body) if body else None
        if name == "upload":
            assert data
            return Call(
                name, parts.path, query, {**data, "media": "..."}, base64.b64decode(data["media"], validate=True)
            )
        return Call(name, parts.path, query, data)

    def _me(self, me: str, call: Call) -> Fault:
        data = {"data": {"id": me, "username": self.accounts[me], "name": "x"}}
        return Fault(200, data, {"x-access-level": self.access, "x-rate-limit-remaining": "74"})

    def _upload(self, me: str, call: Call) -> Fault:
        new = str(next(self._ids))
        self.media[new] = {"owner": me, "data": call.media, "alt": None}
        if call.path.startswith("/1.1/"):
            return Fault(200, {"media_id": int(new), "media_id_string": new, "size": len(call.media or b"")})
        return Fault(200, {"data": {"id": new, "media_key": f"3_{new}", "expires_after_secs": 86400}})

    def _describe(self, me: str, call: Call) -> Fault:
        old = call.path.startswith("/1.1/")
        key = call.body["media_id"] if old else call.body["id"]
        alt = call.body["alt_text"]["text"] if old else call.body["metadata"]["alt_text"]["text"]
        if self.media.get(str(key), {}).get("owner") != me:
            return Fault(400, {"errors": [{"message": "no such media"}], "title": "Invalid Request"})
        self.media[str(key)]["alt"] = alt
        return Fault(200, "") if old else Fault(200, {"data": {"id": key}})

    def _create(self, me: str, call: Call) -> Fault:
        ids = tuple(call.body.get("media", {}).get("media_ids", ()))
        text = call.body.get("text", "")
        if len(ids) > 4 or any(self.media.get(each, {}).get("owner") != me for each in ids):
            return Fault(400, {"errors": [{"message": "Your media IDs are invalid."}], "title": "Invalid Request"})
        if not ids and any(post["text"] == text for post in self.own_posts(me)):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return Fault(403, {"detail": detail, "title": "Forbidden", "status": 403})
        reply = call.body.get("reply", {}).get("in_reply_to_tweet_id", "")
        if reply and reply not in self.posts:
            return Fault(400, {"errors": [{"message": "no such post to reply to"}]})
        new = self._make(me, text, ids, reply)
        return Fault(201, {"data": {"id": new, "text": text}})

    def _make(self, me: str, text: str, ids: tuple[str, ...], reply: str, at: datetime | None = None) -> str:
        new = str(next(self._ids))
        when = at or datetime.fromtimestamp(self.clock(), UTC)
        self.posts[new] = {
            "id": new,
            "text": text,
            "author_id": me,
            "media": ids,
            "reply": reply,
            "at": when,
            "looks": self.lag,
            "conversation_id": self.posts[reply]["conversation_id"] if reply else new,
        }
        return new

    def _shown(self, post: dict[str, Any]) -> dict[str, Any]:
        """As X writes a post: in form C, entities escaped, links shortened, one more link for its pictures."""
        text = (
            unicodedata.normalize("NFC", post["text"])
            .replace("\r\n", "\n")
            .replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
        )
        urls = []
        for place, link in enumerate(re.findall(r"https?://\S+", text)):
            short = f"https://t.co/{place}{post['id'][-6:]}"
            text = text.replace(link, short)
            urls.append({"url": short, "expanded_url": link.replace("&amp;", "&")})
        shown = {key: post[key] for key in ("id", "author_id", "conversation_id")}
        if post["media"]:
            keys = [f"3_{each}" for each in post["media"]]
            short = f"https://t.co/p{post['id'][-6:]}"
            text = f"{text} {short}".strip()
            urls += [{"url": short, "expanded_url": "https://x.com/photo/1", "media_key": key} for key in keys]
            shown["attachments"] = {"media_keys": keys}
        if post["reply"]:
            shown["referenced_tweets"] = [{"type": "replied_to", "id": post["reply"]}]
        stamp = f"{post['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        return {**shown, "text": text, "created_at": stamp, "edit_history_tweet_ids": [post["id"]],
                **({"entities": {"urls": urls}} if urls else {})}  # fmt: skip

    def _paged(self, call: Call, items: list[dict[str, Any]]) -> Fault:
        start = int(call.query.get("pagination_token", 0))
        page = items[start : start + self.page]
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + self.page < len(items):
            meta["next_token"] = str(start + self.page)
        return Fault(200, {"meta": meta, **({"data": page} if page else {}), **self._authors(call, page)})

    def _authors(self, call: Call, posts: list[dict[str, Any]]) -> dict[str, Any]:
        """Beside posts, who wrote them, where that is asked for."""
        ids = sorted({post["author_id"] for post in posts if "author_id" in post})
        if not ids or "author_id" not in call.query.get("expansions", "").split(","):
            return {}
        users = [{"id": each, "username": self.accounts[each], "name": "x"} for each in ids]
        return {"includes": {"users": users}}

    def _timeline(self, me: str, call: Call, user: str) -> Fault:
        since = datetime.fromisoformat(call.query["start_time"]) if "start_time" in call.query else None
        found = []
        for post in reversed(self.own_posts(user)):
            if post["looks"] > 0:
                post["looks"] -= 1
            elif since is None or post["at"] >= since:
                found.append(self._shown(post))
        return self._paged(call, found)

    def _lookup(self, me: str, call: Call) -> Fault:
        wanted = call.query["ids"].split(",")
        found = [self._shown(self.posts[each]) for each in wanted if each in self.posts]
        gone = [{"value": each, "title": "Not Found Error"} for each in wanted if each not in self.posts]
        answer = {**({"data": found} if found else {}), **({"errors": gone} if gone else {})}
        return Fault(200, {**answer, **self._authors(call, found)})

    def _delete(self, me: str, call: Call, post: str) -> Fault:
        if post in self.posts and self.posts[post]["author_id"] != me:
            return Fault(403, {"detail": "You are not permitted to delete this.", "title": "Forbidden"})
        if post not in self.posts:
            return Fault(404, {"title": "Not Found", "detail": "no such post"})
        del self.posts[post]
        self.retweets = [each for each in self.retweets if each[1] != post]
        return Fault(200, {"data": {"deleted": True}})

    def _retweet(self, me: str, call: Call, user: str) -> Fault:
        if call.body["tweet_id"] not in self.posts:
            return Fault(404, {"title": "Not Found", "detail": "no such post"})
        self.retweets.append((me, call.body["tweet_id"]))
        return Fault(200, {"data": {"retweeted": True, "rest_id": call.body["tweet_id"]}})

    def _mentions(self, me: str, call: Call, user: str) -> Fault:
        handle = "@" + self.accounts[user].casefold()
        since = int(call.query.get("since_id", 0))
        own = {post["id"] for post in self.own_posts(user)}
        found = [
            post
            for post in reversed(self.posts.values())
            if post["author_id"] != user
            and int(post["id"]) > since
            and (handle in post["text"].casefold() or post["reply"] in own)
        ]
        return self._paged(call, [self._shown(post) for post in found])

    def _followers(self, me: str, call: Call, user: str) -> Fault:
        return self._people(call, sorted(who for who, whom in self.follows if whom == user))

    def _following(self, me: str, call: Call, user: str) -> Fault:
        return self._people(call, sorted(whom for who, whom in self.follows if who == user))

    def _people(self, call: Call, ids: list[str]) -> Fault:
        return self._paged(call, [{"id": each, "username": self.accounts[each], "name": "x"} for each in ids])

    def _hide(self, me: str, call: Call, post: str) -> Fault:
        root = self.posts.get(self.posts.get(post, {}).get("conversation_id", ""), {})
        if root.get("author_id") != me:
            return Fault(403, {"detail": "Only the author of the conversation may hide a reply."})
        self.hidden.add(post)
        return Fault(200, {"data": {"hidden": call.body["hidden"]}})

    def _mute(self, me: str, call: Call, user: str) -> Fault:
        self.muted.add(call.body["target_user_id"])
        return Fault(200, {"data": {"muting": True}})

    def _unfollow(self, me: str, call: Call, user: str, other: str) -> Fault:
        self.follows.discard((user, other))
        return Fault(200, {"data": {"following": False}})
