"""A post before it is sent: everything that can be checked without X is checked here, for all its parts, first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from consentguard.consent.clock import Occasion, judge_hours, school_day
from consentguard.consent.codes import refusal
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.record.post_journal import digest
from consentguard.errors import Refused, WrongUsage
from consentguard.files import read_photo
from consentguard.guard.guard import Guard
from consentguard.kinds import PUBLISHED
from consentguard.posting import alt as alt_text
from consentguard.values import Outcome, Released, Verdict

MOST_PHOTOS: Final = 4
MOST_BYTES: Final = 5_000_000
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
        sources: the original files of these photos, as far as they were taken for sharing: deleted once it stands.
    """

    text: str
    photos: Sequence[Released] = ()
    alts: Sequence[str] = ()
    sources: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Leave:
    """Who posts where and when, and what may excuse the hour.

    Attributes:
        channel: where.
        by: who posts.
        moment: when.
        occasion: event, urgent news or trip, if it is one.
        override: what of policy's hours and rules about words shall not bind this once, and why.
    """

    channel: Channel
    by: str
    moment: datetime
    occasion: Occasion | None = None
    override: Override = field(default_factory=Override)

    def as_json(self) -> dict[str, object]:
        """What the audit trail keeps of it."""
        occasion = self.occasion.as_json() if self.occasion else None
        return {"channel": self.channel.name, "by": self.by, "occasion": occasion, "override": self.override.as_json()}


@dataclass(frozen=True, slots=True)
class Picture:
    """Admitted bytes on their way: what leaves is `data`, and its digest is that of the release."""

    data: bytes
    sha256: str
    media_type: str
    alt: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A part that was admitted and may be sent. `content` and `key`: see `journal.Intent`; `sources`: file, digest."""

    text: str
    pictures: tuple[Picture, ...]
    people: tuple[str, ...]
    releases: tuple[int, ...]
    sources: tuple[tuple[Path, str], ...]
    content: str
    key: str


def drafted(guard: Guard, parts: Sequence[Part], leave: Leave) -> tuple[Draft, ...]:
    """Everything that will be sent, once all of it was found fit to be.

    Raises AuditFailed or Refused as `Guard.admit` does, Refused for words or an hour that policy does not let go or a
    missing description, and WrongUsage for what X would not take.
    """
    _check_kinds(parts)
    if not leave.by.strip():
        raise WrongUsage("a post needs the name of whoever posts it: by=")
    # From here on these are ours: a list that the caller changes meanwhile changes nothing any more.
    parts = [
        replace(part, photos=tuple(part.photos), alts=tuple(part.alts), sources=tuple(part.sources)) for part in parts
    ]
    for part in parts:
        _check_sizes(guard, part)
    parts = [
        replace(part, photos=tuple(guard.admit(photo, channel=leave.channel.name) for photo in part.photos))
        for part in parts
    ]
    check_leave(guard, leave, parts)
    whole = digest(*[[part.text.strip(), [photo.sha256 for photo in part.photos]] for part in parts])
    threaded = len(parts) > 1
    return tuple(_drafted(guard, part, leave, [whole, place] if threaded else []) for place, part in enumerate(parts))


def check_leave(guard: Guard, leave: Leave, parts: Sequence[Part] = ()) -> None:
    """Whether policy lets these words go, at this time. Raises Refused with everything that speaks against it."""
    hour = judge_hours(guard.policy, leave.channel, leave.moment, leave.occasion)
    texts = {f"part {place}": part.text for place, part in enumerate(parts, 1)} if len(parts) > 1 else {}
    alts = {f"description {place}": alt for place, alt in enumerate((alt for part in parts for alt in part.alts), 1)}
    pictured = any(part.photos for part in parts)
    alone = {"text": parts[0].text, **alts} if len(parts) == 1 else alts
    said = guard.words.judge(alone, with_image=pictured, channel=leave.channel)
    thread = guard.words.judge_thread(list(texts.values()), with_image=pictured, channel=leave.channel)
    reasons = leave.override.left(dict.fromkeys((*said.refused, *thread.refused, *(("not-now",) if hour else ()))))
    if reasons:
        words = [each for each in (said, thread) if leave.override.left(each.refused)]
        verdict = Verdict(
            "post",
            Outcome.REFUSED,
            needs_person=all(each.needs_person for each in words),
            reasons=reasons,
            findings=(*said.findings, *thread.findings, *hour),
        )
        when = f" ({'; '.join(finding.message for finding in hour)})" if "not-now" in reasons else ""
        raise Refused(refusal("post", verdict) + when, verdict)


def _check_kinds(parts: Sequence[Part]) -> None:
    """What is not even a list of releases is told so before it is looked into."""
    if not parts:
        raise WrongUsage("there is nothing to post; give a text, photos or both")
    for part in parts:
        if not isinstance(part, Part) or not isinstance(part.text, str):
            raise WrongUsage("a post is a text and a list of releases; a thread is a list of Part")
        if not isinstance(part.photos, list | tuple):
            raise WrongUsage(f"photos is {type(part.photos).__name__}, not a list of what Guard.release() returned")


def _check_sizes(guard: Guard, part: Part) -> None:
    text, photos, limit = part.text.strip(), part.photos, guard.policy.posting.text_limit
    if not text and not photos:
        raise WrongUsage("a post needs a text or a photo")
    if len(photos) > MOST_PHOTOS:
        raise WrongUsage(f"{len(photos)} photos in one post; X takes {MOST_PHOTOS}. Make it a thread")
    if part.alts and len(part.alts) != len(photos):
        raise WrongUsage(f"{len(part.alts)} descriptions for {len(photos)} photos; give one for each, '' for none")
    if weight(text) > limit:
        raise WrongUsage(f"the text weighs {weight(text)} characters as X counts; it takes {limit}. Make it a thread")
    if part.sources and not guard.policy.posting.delete_sources:
        raise WrongUsage("policy keeps originals ([posting] delete_sources = false); name none as taken for sharing")


def _drafted(guard: Guard, part: Part, leave: Leave, place: list[str | int]) -> Draft:
    photos, text = tuple(part.photos), part.text.strip()
    alts = tuple(part.alts) or ("",) * len(photos)
    pictures = tuple(_picture(guard, photo, alt) for photo, alt in zip(photos, alts, strict=True))
    content = digest(leave.channel.name, text, [[each.sha256, each.alt] for each in pictures], place)
    return Draft(
        text=text,
        pictures=pictures,
        people=tuple(dict.fromkeys(person for photo in photos for person in photo.grounds.people)),
        releases=tuple(photo.grounds.audit_seq for photo in photos),
        sources=tuple(_source(path, photos) for path in part.sources if path.exists()),  # gone: an earlier try did it
        content=content,
        key=digest(content, school_day(leave.moment).isoformat()),
    )


def _source(path: Path, photos: Sequence[Released]) -> tuple[Path, str]:
    found = hashlib.sha256(read_photo(path)).hexdigest()
    if found not in {photo.grounds.source_sha256 for photo in photos}:
        raise WrongUsage(f"{path}: none of these photos was released from it; it is not deleted, nothing was posted")
    return path, found


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
    media_type = next((each.media_type for each in PUBLISHED.values() if each.matches(data)), None)
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
