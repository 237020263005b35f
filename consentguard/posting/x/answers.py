"""What X answers, read strictly. Each function raises KeyError, TypeError or ValueError over another shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consentguard.posting.network import Account, NetworkPost


def id_in(value: Any) -> str:
    """An id: digits and nothing else."""
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise ValueError(text)
    return text


def account_in(item: Mapping[str, Any], access: str = "") -> Account:
    """One account of an answer."""
    name = item["username"]
    if not isinstance(name, str) or not name:
        raise ValueError(name)
    return Account(id_in(item["id"]), name, access)


def posts_in(answer: Mapping[str, Any]) -> list[NetworkPost]:
    """The posts of an answer, with the handles of their authors where it names them."""
    users = [account_in(user) for user in answer.get("includes", {}).get("users", [])]
    names = {user.id: user.username for user in users}
    return [_post_in(item, names) for item in answer.get("data", [])]


def _post_in(item: Mapping[str, Any], names: Mapping[str, str]) -> NetworkPost:
    """One post. Links are put back as they were written; the one that stands for its pictures goes."""
    text = str(item["text"])
    for link in item.get("entities", {}).get("urls", []):
        shown = "" if "media_key" in link else str(link.get("expanded_url", link["url"]))
        text = text.replace(str(link["url"]), shown)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    keys = item.get("attachments", {}).get("media_keys", [])
    replied = [each["id"] for each in item.get("referenced_tweets", []) if each["type"] == "replied_to"]
    author = str(item.get("author_id", ""))
    return NetworkPost(
        id=id_in(item["id"]),
        text=text.strip(),
        author=author,
        at=datetime.fromisoformat(str(item["created_at"])),
        author_name=names.get(author, ""),
        media=tuple(str(key).partition("_")[2] for key in keys),  # a photo's key is 3_ and its media id
        conversation=str(item.get("conversation_id", "")),
        replies_to=str(replied[0]) if replied else "",
    )
