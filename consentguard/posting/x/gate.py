"""Every request that changes something at X needs a permit that states its content; without one it is not sent.

Every call of tweepy ends in `request` of its client and then in an adapter of its session. Both are guarded. The first
refuses before anything is built. The second compares what is about to leave, byte for byte, with what was permitted. So
a program that calls the client underneath is refused, whichever of tweepy's methods it takes.
"""

from __future__ import annotations

import base64
import binascii
import email.parser
import email.policy
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from consentguard.errors import WrongUsage
from consentguard.posting.errors import OutsidePoster

HOSTS: Final = frozenset({"api.twitter.com", "upload.twitter.com"})
UPLOADS: Final = {"v2": "/2/media/upload", "v1.1": "/1.1/media/upload.json"}
_READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class RequestPermit:
    """Allows one request: its method, its path, and what it carries.

    Attributes:
        method, path: of the request.
        body: the JSON it must carry; None for none.
        media: SHA-256, hex, of the picture it must carry; then `body` is not looked at.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    media: str | None = None


class Gate:
    """Refuses every request that changes something, but the one that the current thread holds a permit for, once."""

    def __init__(self) -> None:
        self._here = threading.local()

    @contextmanager
    def opened(self, permit: RequestPermit) -> Iterator[None]:
        """Within it, this thread may send the one request that the permit states."""
        self._here.permit = permit
        try:
            yield
        finally:
            self._here.permit = None

    def ask(self, method: str, path: str) -> None:
        """Before a request is built. Raises OutsidePoster."""
        permit: RequestPermit | None = getattr(self._here, "permit", None)
        if method.upper() not in _READING and (permit is None or (permit.method, permit.path) != (method, path)):
            raise OutsidePoster(f"{method} {path}")

    def pass_once(self, request: requests.PreparedRequest) -> None:
        """As the request is about to leave. Raises OutsidePoster unless it is the permitted one, and for a second."""
        url = urlsplit(str(request.url))
        what = f"{request.method} {url.path}"
        if url.scheme != "https" or url.hostname not in HOSTS:
            raise OutsidePoster(f"{request.method} to a host that is not X's")
        self.ask(str(request.method), url.path)
        if request.method in _READING:
            return
        permit: RequestPermit = self._here.permit
        self._here.permit = None  # whatever tries it again has to be permitted again
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if body is not None and not isinstance(body, bytes):
            raise OutsidePoster(f"{what} with a body that cannot be read beforehand")
        try:
            if permit.media is not None:
                sent = _media_of(body or b"", str(request.headers.get("Content-Type", "")))
                same = hashlib.sha256(sent).hexdigest() == permit.media
            else:
                same = (json.loads(body) if body else None) == permit.body
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise OutsidePoster(f"{what} with a body that cannot be read") from error
        if not same:
            raise OutsidePoster(f"{what} with other content than was checked")


class GatedAdapter(BaseAdapter):
    """Between a session and what really sends for it: the gate, and a time limit where the caller set none."""

    def __init__(self, inner: BaseAdapter, gate: Gate, timeout: tuple[float, float]) -> None:
        super().__init__()
        self._inner = inner
        self._gate = gate
        self._timeout = timeout

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        """Sends one request, if it may leave. Raises OutsidePoster."""
        self._gate.pass_once(request)
        return self._inner.send(request, **{**how, "timeout": how.get("timeout") or self._timeout})

    def close(self) -> None:
        self._inner.close()


def guard(client: Any, gate: Gate, timeout: tuple[float, float], path_of: Callable[[str], str]) -> None:
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


def _media_of(body: bytes, content_type: str) -> bytes:
    """The picture within the body of an upload: base64 in JSON (v2), or a part of a form (v1.1)."""
    if content_type.startswith("application/json"):
        return base64.b64decode(json.loads(body)["media"], validate=True)
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    (part,) = (part for part in form.iter_parts() if part.get_param("name", header="content-disposition") == "media")
    media = part.get_payload(decode=True)
    if not isinstance(media, bytes):
        raise TypeError(type(media))
    return media
