"""The name of everything that can go wrong at X: from a status, or from what requests raised, to `posting.errors`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import requests

from consentguard.posting import errors
from consentguard.posting.x.logs import clean

_NEVER_SENT: Final = frozenset({"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"})
"""What urllib3 raises, by its name, where nothing was sent yet."""
_NAMED: Final = {
    401: errors.CredentialsRefused,
    402: errors.CreditsExhausted,
    403: errors.NotPermitted,
    404: errors.NotThere,
}
_OF_HUNDRED: Final = {3: errors.Redirected, 5: errors.ServerFault}

_WORDS: Final = {
    401: "X does not know these keys",
    402: "the developer account has no credits left",
    403: "X does not allow this",
    404: "X knows no such post or account",
    3: "the answer points elsewhere",
    5: "X has a fault of its own",
}
"""What a status means, in words."""


@contextmanager
def expected(call: str) -> Iterator[None]:
    """Around reading an answer: what is not there, or is something else, is no success."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise errors.NotUnderstood(call, "the answer does not hold what was asked for") from error


def by_status(call: str, status: int, messages: list[str], reset: int | None) -> errors.PostingFailed:
    """By the status that X answered, and what it said; `reset` is when its rate limit ends, in seconds since 1970."""
    said = clean("; ".join(messages))[:200].rstrip(". ")
    words = _WORDS.get(status) or _WORDS.get(status // 100, "X does not take it")
    why = f"{words} ({status}{f': {said}' if said else ''})"
    if status == 429:
        return errors.RateLimited(call, None if reset is None else datetime.fromtimestamp(reset, UTC))
    if status == 403 and "duplicate" in said.casefold():
        return errors.SaidBefore(call, why)
    return (_NAMED.get(status) or _OF_HUNDRED.get(status // 100, errors.Rejected))(call, why)


def by_network(call: str, error: requests.RequestException) -> errors.PostingFailed:
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
