"""Who may speak to the desk: this computer's own browser, with the address that was printed, and no other page in it.

The desk listens on the loopback only. A page of another site that is open in the same browser could still send requests
there, by a name that it lets point to this machine (DNS rebinding) or by a form. So every request must name this very
address as Host, come from it where it has an Origin, carry the cookie, and, where it changes anything, a header that no
form can set (OWASP, Cross-Site Request Forgery Prevention: custom request headers).
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs

from consentguard.errors import WrongUsage

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE: Final = "consentguard_desk"
HEADER: Final = "x-consentguard-desk"
"""Sent by the page's own script with everything that changes something."""

_READS: Final = ("GET", "HEAD")
_HEADERS: Final = (
    ("content-security-policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
     "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)  # fmt: skip


def loopback(host: str) -> str:
    """The address itself if it is one of this computer's own. Raises WrongUsage for any other."""
    try:
        own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    if not own:
        raise WrongUsage(
            f"the desk opens on this computer only, not on {host}: it shows photos of children. Leave --host out."
        )
    return host


@dataclass(frozen=True, slots=True)
class SessionSecrets:
    """The secrets of one run of the desk: `entry` stands in the address once, the others in the browser only."""

    entry: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    script: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Gatekeeper:
    """An ASGI application in front of another: passes what comes from the desk's own page, answers 403 to the rest."""

    def __init__(self, app: App, keys: SessionSecrets, hosts: Callable[[], frozenset[str]]) -> None:
        """`hosts` gives the values of Host that are this desk, such as 127.0.0.1:8137."""
        self._app, self._keys, self._hosts = app, keys, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise WrongUsage("the desk speaks HTTP only")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if self._enters(scope, headers):
            await _answer(send, 303, [("location", "/"), ("set-cookie", _cookie(self._keys.cookie))])
        elif why := self._refuses(scope, headers):
            await _answer(send, 403, [], why)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _enters(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        """Whether this is the address that was printed, opened in a browser."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        here = scope["path"] == "/" and scope["method"] in _READS and headers.get("host") in self._hosts()
        return here and _same(given, self._keys.entry)

    def _refuses(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Why a request is not answered; "" for one that is."""
        host = headers.get("host", "")
        if host not in self._hosts():
            return "This is not the desk's address."
        if "origin" in headers and headers["origin"] != f"http://{host}":
            return "Another page sent this."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "Another page sent this."
        if not _same(_sent_cookie(headers.get("cookie", "")), self._keys.cookie):
            return "Open the desk with the address that `consentguard desk` printed."
        if scope["method"] not in _READS and not _same(headers.get(HEADER, ""), self._keys.script):
            return "This was not sent by the desk's own page."
        return ""


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _sent_cookie(header: str) -> str:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _cookie(value: str) -> str:
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict"


async def _answer(send: Send, status: int, headers: list[tuple[str, str]], text: str = "") -> None:
    body = text.encode("utf-8")
    every = [*_HEADERS, *headers, ("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body)))]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in every]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def sender(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            ours = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _HEADERS]
            names = {name for name, _ in ours}
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in names]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return sender
