"""Keeps keys, pictures and words out of logs: at level DEBUG tweepy writes headers and whole bodies there.

A caption holds children's first names, and an answer holds what strangers wrote. So of these loggers' records only
lines are kept that are known to hold neither; the rest of a record is replaced before any handler sees it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from typing import Final

# A filter of a logger sees what is logged on it, not what its children log: so each is named.
TALKATIVE: Final = (
    "tweepy.api",
    "tweepy.auth",
    "tweepy.client",
    "tweepy.asynchronous.client",
    "requests_oauthlib.oauth1_auth",
    "requests_oauthlib.oauth1_session",
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.signature",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
_KNOWN: Final = (
    re.compile(r"Making API request: [A-Z]+ https://[a-z.]+/[\w./-]*"),
    re.compile(r"Received API response: \d{3} [\w .-]*"),
    re.compile(r"Starting new HTTPS? connection \(\d+\): [\w.:-]+"),
    re.compile(r'https://[\w.:-]+ "[A-Z]+ /[\w./-]*(?:\?\S*)? HTTP/[\d.]+" \d{3} \S+'),
    re.compile(r"Rate limit exceeded\. Sleeping for \d+ seconds\."),
)
"""Lines without words or keys in them; a request's path holds ids only."""
_HIDDEN: Final = "[hidden]"
_LONGEST: Final = 4000


class _Hide(logging.Filter):
    """Rewrites a record before any handler sees it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()

    def learn(self, secrets: Iterable[str]) -> None:
        with self._lock:
            self._secrets |= {secret for secret in secrets if len(secret) > 3}

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit their format, as logging itself would report
            text = ""
        record.msg, record.args = self._kept(text), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True

    def clean(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + _HIDDEN

    def _kept(self, text: str) -> str:
        first, _, rest = text.partition("\n")
        known = first if any(pattern.fullmatch(first) for pattern in _KNOWN) else ""
        return self.clean(f"{known} {_HIDDEN}".strip() if rest or not known else known)


_FILTER: Final = _Hide()


def hide(secrets: Iterable[str]) -> None:
    """From now on these texts, and all but known lines, show in no log of tweepy or what it builds on."""
    _FILTER.learn(secrets)
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        if _FILTER not in logger.filters:
            logger.addFilter(_FILTER)


def clean(text: str) -> str:
    """A text from X without anything that `hide` was told."""
    return _FILTER.clean(text)
