"""A post before it is sent: everything that can be checked without X is checked here, for all its parts, first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consentguard.consent.rules.channels import Channel
from consentguard.errors import Refused, WrongUsage
from consentguard.guard import Guard
from consentguard.posting import alt as alt_text
from consentguard.posting.journal import digest
from consentguard.values import Outcome, Released, Verdict

MOST_PHOTOS: Final = 4
MOST_BYTES: Final = 5_000_000
_TYPES: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"RIFF", "image/webp"))
_LINK: Final = re.compile(r"https?://\S+")
_LIGHT: Final = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


@dataclass(frozen=True, slots=True)
class Part:
    """One post, or one part of a thread.

    Attributes:
        text: what it says.
        photos: at most four, each from `Guard.release`.
        alts: what each photo shows, for those who do not see it, in the order of the photos; an empty one, or none at
            all, asks for the proposal, where policy takes proposals.
    """

    text: str
    photos: Sequence[Released] = ()
    alts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """Admitted bytes on their way: what leaves is `data`, and its digest is that of the release."""

    data: bytes
    sha256: str
    media_type: str
    alt: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A part that was admitted and may be sent. `content` and `key`: see `journal.Intent`."""

    text: str
    pictures: tuple[Picture, ...]
    people: tuple[str, ...]
    releases: tuple[int, ...]
    sources: frozenset[str]
    channel: Channel
    content: str
    key: str


def drafted(guard: Guard, parts: Sequence[Part], channel: Channel, day: str) -> tuple[Draft, ...]:
    """Everything that will be sent, once all of it was found fit to be.

    Raises AuditFailed or Refused as `Guard.admit` does, Refused where policy wants a description, and WrongUsage for
    what X would not take.
    """
    if not parts:
        raise WrongUsage("there is nothing to post; give a text, photos or both")
    whole = digest(*[[part.text.strip(), _digests(part)] for part in parts])
    threaded = len(parts) > 1
    return tuple(
        _drafted(guard, part, channel, day, [whole, place] if threaded else []) for place, part in enumerate(parts)
    )


def _digests(part: Part) -> list[str]:
    """Of photos that may be no releases at all: then of nothing, and admission says what is wrong."""
    return [str(getattr(photo, "sha256", "")) for photo in part.photos]


def _drafted(guard: Guard, part: Part, channel: Channel, day: str, place: list[str | int]) -> Draft:
    text = part.text.strip()
    photos = tuple(part.photos)
    if not text and not photos:
        raise WrongUsage("a post needs a text or a photo")
    if len(photos) > MOST_PHOTOS:
        raise WrongUsage(f"{len(photos)} photos in one post; X takes {MOST_PHOTOS}. Make it a thread")
    if part.alts and len(part.alts) != len(photos):
        raise WrongUsage(f"{len(part.alts)} descriptions for {len(photos)} photos; give one for each, '' for none")
    limit = guard.policy.posting.text_limit
    if weight(text) > limit:
        raise WrongUsage(f"the text weighs {weight(text)} characters as X counts; it takes {limit}. Make it a thread")
    for photo in photos:
        guard.admit(photo, channel=channel.name)
    pictures = tuple(
        _picture(guard, photo, alt) for photo, alt in zip(photos, part.alts or ("",) * len(photos), strict=True)
    )
    content = digest(channel.name, text, [[each.sha256, each.alt] for each in pictures], place)
    return Draft(
        text=text,
        pictures=pictures,
        people=tuple(dict.fromkeys(person for photo in photos for person in photo.grounds.people)),
        releases=tuple(photo.grounds.audit_seq for photo in photos),
        sources=frozenset(photo.grounds.source_sha256 for photo in photos),
        channel=channel,
        content=content,
        key=digest(content, day),
    )


def _picture(guard: Guard, photo: Released, alt: str) -> Picture:
    data = photo.data
    if len(data) > MOST_BYTES:
        raise WrongUsage(
            f"a released photo has {len(data):,} bytes, X takes {MOST_BYTES:,}; lower max_edge or jpeg_quality"
        )
    said = " ".join(alt.split())
    if not said:
        proposal = alt_text.proposed(photo, guard.register)
        if guard.policy.posting.alt_text == "written":
            withheld = Verdict("post", Outcome.REFUSED, needs_person=True, reasons=("alt-text-missing",))
            raise Refused(f"a photo has no description; write one. A start: {proposal}", withheld)
        said = proposal
    if len(said) > alt_text.LONGEST:
        raise WrongUsage(f"a description has {len(said)} characters, X takes {alt_text.LONGEST}; shorten it")
    media_type = next((kind for start, kind in _TYPES if data.startswith(start)), None)
    if media_type is None:
        raise WrongUsage("a released photo is neither JPEG, PNG nor WebP, and X takes no other")
    return Picture(data, hashlib.sha256(data).hexdigest(), media_type, said)


def weight(text: str) -> int:
    """The length of a text as X counts it: a link is 23, most letters 1, others (emoji, CJK) 2.

    Source: X's counting rules, configuration v3 of its twitter-text library. Emoji of several parts weigh 2 there and
    more here, so that what passes here passes there.
    """
    links = _LINK.findall(text)
    rest = _LINK.sub("", text)
    light = sum(any(low <= ord(letter) <= high for low, high in _LIGHT) for letter in rest)
    return 23 * len(links) + light + 2 * (len(rest) - light)
