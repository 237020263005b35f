"""The way to the fake X: its HTTP server, an adapter for sessions of real tweepy, and a proxy that ends TLS."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from fake_x import FakeX

HOSTS = {"api.twitter.com", "upload.twitter.com"}


def handler_of(fake: FakeX) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            host = self.headers.get("X-Orig-Host") or self.headers["Host"]
            fault = fake.answer(self.command, f"https://{host}{self.path}", dict(self.headers), body)
            self.close_connection = True
            if fault.kind == "drop":
                return
            if fault.kind == "stall":
                fake.stalling += 1
                fake.stalled.wait()
                return
            raw = fault.body.encode() if isinstance(fault.body, str) else json.dumps(fault.body).encode()
            kind = "text/html" if raw.startswith(b"<") else "application/json"
            self.send_response_only(fault.status)
            for key, value in {"Content-Type": kind, "Content-Length": str(len(raw) + 99 * (fault.kind == "cut")),
                               "Date": formatdate(fake.clock(), usegmt=True), **fault.headers}.items():  # fmt: skip
                self.send_header(key, str(int(fake.clock()) + int(value)) if value.startswith("+") else value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815  (http.server looks for these names)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class ToFake(HTTPAdapter):
    """Takes what was signed for X to the fake; mounted in a session of real tweepy."""

    def __init__(self, fake: FakeX) -> None:
        super().__init__()
        self._fake = fake

    def send(self, request: Any, *args: Any, **how: Any) -> Any:
        assert not args
        parts = urlsplit(request.url)
        assert parts.scheme == "https" and parts.netloc in HOSTS, request.url
        name, _ = self._fake._route(request.method, parts.path)
        fault = self._fake.faults[name][0] if self._fake.faults[name] else self._fake.always.get(name)
        port = self._fake.port
        if fault is not None and fault.kind == "refused":
            port = _closed_port()
            if self._fake.faults[name]:
                self._fake.faults[name].popleft()
        request.headers["X-Orig-Host"] = parts.netloc
        request.url = f"http://127.0.0.1:{port}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, **{**how, "proxies": {}, "verify": False})


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def proxied(fake: FakeX, context: ssl.SSLContext) -> Iterator[tuple[str, list[str]]]:
    """A CONNECT proxy that ends TLS for X's hosts and refuses all others; its address, and the hosts asked for."""
    asked: list[str] = []
    stop = threading.Event()
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve(client: socket.socket) -> None:
        with client:
            client.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            host = head.split()[1].decode().partition(":")[0]
            asked.append(host)
            if host not in HOSTS:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                with (
                    context.wrap_socket(client, server_side=True) as secure,
                    socket.create_connection(("127.0.0.1", fake.port), timeout=10) as inner,
                ):
                    _pump(secure, inner)
            except OSError:
                pass

    def accept() -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=serve, args=(client,), daemon=True))
            threads[-1].start()

    main = threading.Thread(target=accept, daemon=True)
    main.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        stop.set()
        main.join()
        for thread in threads:
            thread.join(2)
        listener.close()


def _pump(secure: ssl.SSLSocket, inner: socket.socket) -> None:
    """One request up, its answer down: the client asks, the fake answers and closes."""

    def up() -> None:
        try:
            while data := secure.recv(65536):
                inner.sendall(data)
        except OSError:
            pass

    thread = threading.Thread(target=up, daemon=True)
    thread.start()
    try:
        while data := inner.recv(65536):
            secure.sendall(data)
    except OSError:
        pass
    finally:
        with suppress(OSError):
            secure.shutdown(socket.SHUT_RDWR)
        thread.join(2)
