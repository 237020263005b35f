"""What X answers, read strictly: what is not there, or is something else, is no success."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consentguard.posting.errors import NotUnderstood


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody at X. `access` is what the keys in use may do there, as X says: read, read-write, ...; else empty."""

    id: str
    username: str
    access: str = ""

    @property
    def link(self) -> str:
        return f"https://x.com/{self.username}"

    def goes_by(self, handle: str) -> bool:
        return self.username.casefold() == handle.lstrip("@").casefold()


@dataclass(frozen=True, slots=True)
class Post:
    """A post as X shows it; `media` are the ids of its pictures as their upload returned them."""

    id: str
    text: str
    author: str
    at: datetime
    media: tuple[str, ...] = ()
    conversation: str = ""
    replies_to: str = ""


@contextmanager
def expected(call: str) -> Iterator[None]:
    """Around reading an answer: what is not there, or is something else, is no success."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise NotUnderstood(call, "the answer holds not what was asked for") from error


def id_in(value: Any) -> str:
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise ValueError(text)
    return text


def account_in(item: Mapping[str, Any], access: str = "") -> Account:
    name = item["username"]
    if not isinstance(name, str) or not name:
        raise ValueError(name)
    return Account(id_in(item["id"]), name, access)


def post_in(item: Mapping[str, Any]) -> Post:
    """One post of an answer. Links are put back as they were written; the one that stands for its pictures goes."""
    text = str(item["text"])
    for link in item.get("entities", {}).get("urls", []):
        shown = "" if "media_key" in link else str(link.get("expanded_url", link["url"]))
        text = text.replace(str(link["url"]), shown)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    keys = item.get("attachments", {}).get("media_keys", [])
    replied = [each["id"] for each in item.get("referenced_tweets", []) if each["type"] == "replied_to"]
    return Post(
        id=id_in(item["id"]),
        text=text.strip(),
        author=str(item.get("author_id", "")),
        at=datetime.fromisoformat(str(item["created_at"])),
        media=tuple(str(key).partition("_")[2] for key in keys),  # a photo's key is 3_ and its media id
        conversation=str(item.get("conversation_id", "")),
        replies_to=str(replied[0]) if replied else "",
    )
