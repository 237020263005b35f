"""What a network takes: values that only the checks of this room make, so that nothing is sent beside them.

Calling the classes raises TypeError. That stops accidents and everything a program would try in good faith. It does not
stop a program that means to deceive: inside one Python process nothing does (SECURITY.md).
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field

_MAKER = object()


@dataclass(frozen=True, slots=True)
class _Cleared:
    maker: InitVar[object] = field(kw_only=True)

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError(f"{type(self).__name__} is made by Poster alone; call its post(), thread() or retweet()")


@dataclass(frozen=True, slots=True)
class ClearedPhoto(_Cleared):
    """The bytes of an admitted release on their way, with their digest (SHA-256, hex), kind and description."""

    data: bytes
    sha256: str
    media_type: str
    description: str


@dataclass(frozen=True, slots=True)
class ClearedPost(_Cleared):
    """A post whose releases, words and hour were judged just now, and that is on the record.

    Attributes:
        text: what it says; may be empty where there is media.
        media: ids that the network gave its pictures.
        replies_to: id of the post that it answers; empty for none.
        row: its row in the audit trail.
    """

    text: str
    media: tuple[str, ...]
    replies_to: str
    row: int


@dataclass(frozen=True, slots=True)
class ClearedRepost(_Cleared):
    """A post of the ledger that may be shown by another account too, and the row that says so."""

    post: str
    row: int


def clear_photo(data: bytes, sha256: str, media_type: str, description: str) -> ClearedPhoto:
    """For `draft`, once the release was admitted."""
    return ClearedPhoto(data, sha256, media_type, description, maker=_MAKER)


def clear_post(text: str, media: tuple[str, ...], replies_to: str, row: int) -> ClearedPost:
    """For `sending`, once everything was judged and the row stands."""
    return ClearedPost(text, media, replies_to, row, maker=_MAKER)


def clear_repost(post: str, row: int) -> ClearedRepost:
    """For `reposting`, once everything was judged and the row stands."""
    return ClearedRepost(post, row, maker=_MAKER)
