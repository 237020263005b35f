"""Keeps keys and pictures out of logs: tweepy writes headers and whole bodies there at level DEBUG."""

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
_HEADER: Final = re.compile(r"(?i)\b(bearer|oauth)(\s+)(?=oauth_|realm|\S{16}).*")
_PICTURE: Final = re.compile(r"[A-Za-z0-9+/=]{120,}")
_LONGEST: Final = 4000
_HIDDEN: Final = "[hidden]"


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
            text = str(record.msg)
        record.msg, record.args = self.clean(text), ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = self.clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True

    def clean(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        text = _PICTURE.sub(_HIDDEN, _HEADER.sub(rf"\1\2{_HIDDEN}", text))
        return text if len(text) <= _LONGEST else text[:_LONGEST] + _HIDDEN


_FILTER: Final = _Hide()


def hide(secrets: Iterable[str]) -> None:
    """From now on these texts, authorisation headers and pictures show in no log of tweepy or what it builds on."""
    _FILTER.learn(secrets)
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        if _FILTER not in logger.filters:
            logger.addFilter(_FILTER)


def clean(text: str) -> str:
    """A text from X without anything that `hide` was told."""
    return _FILTER.clean(text)
