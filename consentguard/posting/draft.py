"""A post before it is sent: everything that can be checked without the network is checked here, for all its parts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consentguard.consent import alt as alt_text
from consentguard.consent.clock import school_day
from consentguard.consent.codes import refusal
from consentguard.consent.objections import Objection, ruling
from consentguard.consent.record.post_journal import digest
from consentguard.errors import Refused, WrongUsage
from consentguard.files import read_photo
from consentguard.guard.guard import Guard
from consentguard.kinds import PUBLISHED
from consentguard.posting.clearance import ClearedPhoto, clear_photo
from consentguard.posting.context import PostingContext
from consentguard.posting.network import PostLimits
from consentguard.values import Outcome, Released, Standing, Verdict, own_copy
from consentguard.values.plain import plain_text, plain_texts


@dataclass(frozen=True, slots=True)
class Part:
    """One post, or one part of a thread.

    Attributes:
        text: what it says.
        photos: as many as the network takes, each from `Guard.release`.
        alts: what each photo shows, for those who do not see it, in the order of the photos; an empty one, or none at
            all, asks for the proposal, where policy takes proposals.
        sources: the original files of these photos, as far as they were taken for sharing: deleted once it stands.
    """

    text: str
    photos: Sequence[Released] = ()
    alts: Sequence[str] = ()
    sources: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of which thread: the digest of the whole, this part's number from 1, and how many there are."""

    whole: str
    part: int
    parts: int

    def as_json(self) -> dict[str, object]:
        return {"whole": self.whole, "part": self.part, "parts": self.parts}


@dataclass(frozen=True, slots=True)
class Draft:
    """A part that was admitted and may be sent now. `content` and `key`: see `post_journal.Intent`.

    `sources` are file and digest; `place` is None for a post that is no thread.
    """

    text: str
    photos: tuple[ClearedPhoto, ...]
    people: tuple[str, ...]
    releases: tuple[int, ...]
    sources: tuple[tuple[Path, str], ...]
    content: str
    key: str
    place: Place | None


def plain_parts(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Parts that are ours alone: texts as plain `str`, lists as tuples, so that later changes change nothing.

    Raises WrongUsage for what is not even a list of releases.
    """
    if not isinstance(parts, list | tuple) or not parts:
        raise WrongUsage("there is nothing to post; give a text, photos or both")
    return tuple(_plain(part) for part in tuple(parts))


def _plain(part: Part) -> Part:
    if not isinstance(part, Part):
        raise WrongUsage("a post is a text and a list of releases; a thread is a list of Part")
    photos, alts, sources = part.photos, part.alts, part.sources
    if not isinstance(photos, list | tuple):
        raise WrongUsage(f"photos is {type(photos).__name__}, not a list of what Guard.release() returned")
    if not isinstance(sources, list | tuple) or not all(isinstance(path, Path) for path in sources):
        raise WrongUsage("sources must be a list of pathlib.Path, the original files of the photos")
    text = plain_text(part.text, "the text of a post")
    own = tuple(_own(photo) for photo in tuple(photos))
    return Part(text, own, plain_texts(alts, "a description"), tuple(sources))


def _own(photo: Released) -> Released:
    """The release in an object that nobody else can change; what is none is left to `Guard.admit` to refuse."""
    try:
        return own_copy(photo)
    except (AttributeError, TypeError):
        return photo


def drafted(guard: Guard, limits: PostLimits, parts: Sequence[Part], context: PostingContext) -> tuple[Draft, ...]:
    """Everything that will be sent, once all of it was found fit to be, at the time of the context.

    Raises AuditFailed or Refused as `Guard.admit` does, Refused for words or an hour that policy does not let go or a
    missing description, and WrongUsage for what the network would not take. `parts` are of `plain_parts`.
    """
    for part in parts:
        _check_sizes(guard, limits, part)
    admitted = [[_admitted(guard, photo, context) for photo in part.photos] for part in parts]
    check_words_and_hours(guard, context, parts)
    texts = [part.text.strip() for part in parts]
    whole = digest(*[[text, [photo.sha256 for photo in photos]] for text, photos in zip(texts, admitted, strict=True)])
    places = [Place(whole, number, len(parts)) if len(parts) > 1 else None for number in range(1, len(parts) + 1)]
    return tuple(
        _drafted(guard, limits, part, photos, context, place)
        for part, photos, place in zip(parts, admitted, places, strict=True)
    )


def check_words_and_hours(guard: Guard, context: PostingContext, parts: Sequence[Part] = ()) -> None:
    """Whether policy lets these words go, at this time. Raises Refused with everything that speaks against it."""
    hour = context.outside_hours(guard)
    texts = {f"part {place}": part.text for place, part in enumerate(parts, 1)} if len(parts) > 1 else {}
    alts = {f"description {place}": alt for place, alt in enumerate((alt for part in parts for alt in part.alts), 1)}
    pictured = any(part.photos for part in parts)
    single = {"text": parts[0].text, **alts} if len(parts) == 1 else alts
    said = guard.words.objections(single, with_image=pictured, channel=context.channel)
    thread = guard.words.objections_in_thread(list(texts.values()), with_image=pictured, channel=context.channel)
    not_now = (Objection("not-now", finding, decidable=True) for finding in hour)
    ruled = ruling((*said, *thread, *not_now), context.override)
    if ruled.refused:
        verdict = Verdict(
            "post",
            Outcome.REFUSED,
            needs_person=ruled.needs_person,
            reasons=ruled.refused,
            findings=ruled.findings,
        )
        when = f" ({'; '.join(finding.message for finding in hour)})" if "not-now" in ruled.refused else ""
        raise Refused(refusal("post", verdict) + when, verdict)


def may_be_shown(guard: Guard, person: str, context: PostingContext) -> bool:
    """Whether somebody's consent covers the channel on the school's day of the context."""
    row = guard.register.get(person)
    today = school_day(context.moment, guard.policy.zone)
    return row is not None and row.standing(context.channel.scope, today) is Standing.CONSENTED


def _admitted(guard: Guard, photo: Released, context: PostingContext) -> Released:
    """A release that the guard admits and, by the network's day too, everybody in it may still be shown."""
    try:
        own = guard.admit(photo, channel=context.channel.name)
    except Refused as error:
        if "consent-gone" not in error.verdict.reasons:
            raise
        gone = [person for person in photo.grounds.people if not may_be_shown(guard, person, context)]
        raise _gone(gone or photo.grounds.people, context) from error
    gone = [person for person in own.grounds.people if not may_be_shown(guard, person, context)]
    if gone:
        raise _gone(gone, context)
    return own


def _gone(people: Sequence[str], context: PostingContext) -> Refused:
    verdict = Verdict("photo", Outcome.REFUSED, reasons=("consent-gone",))
    return Refused(
        f"consent has gone since for {', '.join(people)}: the photo may not be shown on {context.channel.name} any "
        "more. Nothing stays posted. Leave the photo out, or release one without that person.",
        verdict,
    )


def _check_sizes(guard: Guard, limits: PostLimits, part: Part) -> None:
    text, photos, longest = part.text.strip(), part.photos, guard.policy.posting.text_limit
    if not text and not photos:
        raise WrongUsage("a post needs a text or a photo")
    if len(photos) > limits.photos:
        raise WrongUsage(f"{len(photos)} photos in one post; X takes {limits.photos}. Make it a thread")
    if part.alts and len(part.alts) != len(photos):
        raise WrongUsage(f"{len(part.alts)} descriptions for {len(photos)} photos; give one for each, '' for none")
    if limits.weigh(text) > longest:
        raise WrongUsage(
            f"the text weighs {limits.weigh(text)} characters as X counts; it takes {longest}. Make it a thread"
        )
    if part.sources and not guard.policy.posting.delete_sources:
        raise WrongUsage("policy keeps originals ([posting] delete_sources = false); name none as taken for sharing")


def _drafted(
    guard: Guard,
    limits: PostLimits,
    part: Part,
    photos: Sequence[Released],
    context: PostingContext,
    place: Place | None,
) -> Draft:
    text, alts = part.text.strip(), tuple(part.alts) or ("",) * len(photos)
    cleared = tuple(_cleared(guard, limits, photo, alt) for photo, alt in zip(photos, alts, strict=True))
    whole = [place.whole, place.part - 1] if place else []
    content = digest(context.channel.name, text, [[each.sha256, each.description] for each in cleared], whole)
    return Draft(
        text=text,
        photos=cleared,
        people=tuple(dict.fromkeys(person for photo in photos for person in photo.grounds.people)),
        releases=tuple(photo.grounds.audit_seq for photo in photos),
        sources=tuple(_source(path, photos) for path in part.sources if path.exists()),  # gone: an earlier try did it
        content=content,
        key=digest(content, school_day(context.moment, guard.policy.zone).isoformat()),
        place=place,
    )


def _source(path: Path, photos: Sequence[Released]) -> tuple[Path, str]:
    found = hashlib.sha256(read_photo(path)).hexdigest()
    if found not in {photo.grounds.source_sha256 for photo in photos}:
        raise WrongUsage(f"{path}: none of these photos was released from it; it is not deleted, nothing was posted")
    return path, found


def _cleared(guard: Guard, limits: PostLimits, photo: Released, alt: str) -> ClearedPhoto:
    data = photo.data
    if len(data) > limits.photo_bytes:
        raise WrongUsage(
            f"a released photo has {len(data):,} bytes, X takes {limits.photo_bytes:,}; lower max_edge or jpeg_quality"
        )
    said = " ".join(alt.split())
    if not said:
        proposal = alt_text.proposed(photo, guard.register)
        if guard.policy.posting.alt_text == "written":
            withheld = Verdict("post", Outcome.REFUSED, needs_person=True, reasons=("alt-text-missing",))
            raise Refused(f"a photo has no description; write one. A start: {proposal}", withheld)
        said = proposal
    if len(said) > limits.description:
        raise WrongUsage(f"a description has {len(said)} characters, X takes {limits.description}; shorten it")
    media_type = next((each.media_type for each in PUBLISHED.values() if each.matches(data)), None)
    if media_type is None:
        raise WrongUsage("a released photo is neither JPEG, PNG nor WebP, and X takes no other")
    return clear_photo(data, hashlib.sha256(data).hexdigest(), media_type, said)
