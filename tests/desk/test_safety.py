"""Who may speak to the desk: the gatekeeper alone, request by request."""

import asyncio

import pytest

from consentguard.desk.safety import COOKIE, HEADER, Gatekeeper, SessionSecrets, loopback
from consentguard.errors import WrongUsage

HOST = "127.0.0.1:8137"
KEYS = SessionSecrets("entry", "cookie", "script")
OURS = {"host": HOST, "cookie": f"{COOKIE}=cookie", HEADER: "script", "origin": f"http://{HOST}"}


async def inside(scope, receive, send):
    headers = [(b"content-type", b"text/plain"), (b"Cache-Control", b"public")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"inside"})


def ask(headers, *, method="GET", path="/", query=""):
    """Status and headers of the answer."""
    sent = []

    async def receive():
        raise AssertionError("nothing is sent in these requests but their headers")

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(),
             "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}  # fmt: skip
    asyncio.run(Gatekeeper(inside, KEYS, lambda: frozenset([HOST]))(scope, receive, send))
    got = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], got


def test_the_desks_own_page_is_answered_and_nothing_is_cached():
    for method in ("GET", "POST"):
        status, headers = ask(OURS, method=method)
        assert status == 200
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "change",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8137"},
        {"host": "127.0.0.1:1"},
        {"host": "127.0.0.1"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"cookie": f"{COOKIE}=other"},
        {"cookie": ""},
        {"cookie": "\x00=;;"},
        {"cookie": f"other={COOKIE}=cookie"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_anybody_else_is_not(change, method):
    status, headers = ask({**OURS, **change}, method=method)
    assert status == 403
    assert "set-cookie" not in headers


def test_what_changes_something_needs_what_no_form_can_send():
    without = {name: value for name, value in OURS.items() if name != HEADER}
    assert ask(without)[0] == 200
    assert ask(without, method="POST")[0] == 403
    assert ask({**OURS, HEADER: "cookie"}, method="POST")[0] == 403


def test_the_printed_address_gives_the_cookie_once_per_browser_and_leaves_the_address_clean():
    status, headers = ask({"host": HOST}, query="key=entry")
    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"] == f"{COOKIE}=cookie; Path=/; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize(
    ("headers", "query", "path", "method"),
    [
        ({"host": HOST}, "key=wrong", "/", "GET"),
        ({"host": HOST}, "key=", "/", "GET"),
        ({"host": HOST}, "", "/", "GET"),
        ({"host": "evil.example"}, "key=entry", "/", "GET"),
        ({"host": HOST}, "key=entry", "/api/queue", "GET"),
        ({"host": HOST}, "key=entry", "/", "POST"),
    ],
)
def test_no_other_way_gives_it(headers, query, path, method):
    status, answered = ask(headers, query=query, path=path, method=method)
    assert status == 403
    assert "set-cookie" not in answered


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org", "", "127.0.0.1.example.org"])
def test_it_opens_on_this_computer_only(host):
    with pytest.raises(WrongUsage, match="this computer only"):
        loopback(host)


def test_it_opens_on_the_loopback():
    assert [loopback(host) for host in ("127.0.0.1", "::1")] == ["127.0.0.1", "::1"]


def test_keys_are_long_and_each_runs_own():
    first, second = SessionSecrets(), SessionSecrets()
    secrets = {first.entry, first.cookie, first.script, second.entry, second.cookie, second.script}
    assert len(secrets) == 6
    assert min(map(len, secrets)) >= 40
    assert first.entry not in repr(first)
