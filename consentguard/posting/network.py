"""What a network must offer to be posted to: the values it speaks in, and the Protocol that `posting/x` implements.

A network takes nothing but what was cleared (`posting.clearance`): released bytes, judged words, a row in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consentguard.posting.clearance import ClearedPhoto, ClearedPost, ClearedRepost


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody at the network.

    Attributes:
        id: the network's id of it.
        username: its handle, without the sign.
        access: what the keys in use may do there, as the network says: read, read-write, ...; else empty.
    """

    id: str
    username: str
    access: str = ""

    @property
    def link(self) -> str:
        return f"https://x.com/{self.username}"

    def goes_by(self, handle: str) -> bool:
        """Whether a handle is this account's; a sign before it and capitals do not count."""
        return self.username.casefold() == handle.strip().lstrip("@").casefold()


@dataclass(frozen=True, slots=True)
class NetworkPost:
    """A post as the network shows it.

    Attributes:
        id, text, at: see there.
        author: id of whoever wrote it.
        author_name: that handle, without the sign; empty where the network does not say.
        media: ids of its pictures, as their upload returned them.
        conversation: id of the post that began the conversation.
        replies_to: id of the post that it answers; empty for none.
    """

    id: str
    text: str
    author: str
    at: datetime
    author_name: str = ""
    media: tuple[str, ...] = ()
    conversation: str = ""
    replies_to: str = ""

    @property
    def link(self) -> str:
        return f"https://x.com/{self.author_name or 'i'}/status/{self.id}"

    @property
    def author_link(self) -> str:
        return f"https://x.com/{self.author_name}" if self.author_name else f"https://x.com/i/user/{self.author}"


@dataclass(frozen=True, slots=True)
class PostLimits:
    """What the network takes.

    Attributes:
        photos: pictures of one post.
        photo_bytes: bytes of one picture.
        description: characters of one picture's description.
        weigh: the length of a text as the network counts it.
    """

    photos: int
    photo_bytes: int
    description: int
    weigh: Callable[[str], int]


class Network(Protocol):
    """One account at a network. Every method may raise PostingFailed, each fault by its name."""

    limits: PostLimits

    def me(self) -> Account:
        """Whose keys these are."""

    def now(self) -> datetime | None:
        """The network's own time; None before its first answer. A clock here may be wrong."""

    def upload(self, photo: ClearedPhoto) -> str:
        """Uploads a picture with its description; returns its id. Nobody sees it until a post holds it."""

    def post(self, post: ClearedPost) -> str:
        """Posts; returns the new post's id, without which there is none."""

    def repost(self, repost: ClearedRepost) -> None:
        """Shows another account's post again."""

    def delete(self, post: str) -> None:
        """Deletes a post of this account. Raises NotThere where it is gone already."""

    def posts_since(self, start: datetime) -> Iterator[NetworkPost]:
        """This account's own posts from a moment on, newest first; reposts are left out."""

    def posts(self, ids: list[str]) -> Iterator[NetworkPost]:
        """These posts, as far as they stand; those that are gone are left out."""


class Community(Protocol):
    """The accounts around one of ours: who follows, who answers, and what may be done about it."""

    def me(self) -> Account:
        """Whose keys these are."""

    def mentions(self) -> Iterator[NetworkPost]:
        """Posts that mention this account, replies to it among them, newest first."""

    def followers(self) -> Iterator[Account]:
        """Who follows this account."""

    def following(self) -> Iterator[Account]:
        """Whom this account follows."""

    def unfollow(self, account: str) -> None:
        """Follows an account no longer."""

    def follow(self, account: str) -> None:
        """Follows an account."""

    def block(self, account: str) -> None:
        """Blocks an account."""

    def mute(self, account: str) -> None:
        """Mutes an account."""

    def hide(self, reply: str) -> None:
        """Hides a reply to a post of this account."""


class OwnNetwork(Network, Community, Protocol):
    """Both, which is what an account of the school needs."""
