"""The numbers by which a person points at faces: kept when a photo is inspected, looked up when it is tagged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress

from consentguard.consent.record.inspected import keep_inspected, last_inspected
from consentguard.errors import AuditFailed, WrongUsage
from consentguard.guard.judging import Judged, to_keep
from consentguard.guard.setup import Setup
from consentguard.values import Box, Tag, Verdict


def tags_of(setup: Setup, photo: bytes, says: Mapping[int, str], finders: tuple[str, ...]) -> tuple[Tag, ...]:
    """Tags on faces by the numbers that `inspect` gave them: number -> register id, `hide` or `nobody`.

    `finders` are the models that find faces and heads now. Raises WrongUsage where the photo was not inspected under
    this state, or with other models, for a number that no face has, and for a tag that says nothing.
    """
    kept = last_inspected(setup.recorded, _digest(photo))
    if kept is None or kept.models != finders:
        why = "was not inspected yet" if kept is None else "was inspected with other models"
        raise WrongUsage(f"this photo {why}: run `consentguard inspect` on it, then point at the numbers it shows")
    tags = []
    for number, text in says.items():
        if not 1 <= number <= len(kept.faces):
            raise WrongUsage(f"no face has the number {number}; `inspect` found {len(kept.faces)} in this photo")
        try:
            tags.append(Tag(kept.faces[number - 1], text))
        except ValueError as error:
            raise WrongUsage(f"face {number}: {error}") from error
    return tuple(tags)


def late_faces(setup: Setup, photo: bytes, finders: tuple[str, ...]) -> tuple[Box, ...]:
    """What only the second pass found in this photo, the last time that it was inspected with these models."""
    kept = last_inspected(setup.state, _digest(photo)) if setup.state is not None else None
    return kept.late_faces if kept is not None and kept.models == finders else ()


def keep(setup: Setup, photo: bytes, verdict: Verdict, judged: Judged, finders: tuple[str, ...]) -> None:
    """Keeps the numbers of a photo's faces, where it was inspected without tags and there is a state."""
    if setup.state is None or judged.question.tags:
        return
    # A state that cannot be written to, as another user's: then nothing is kept, and `tags_of` says so.
    with suppress(AuditFailed):
        keep_inspected(setup.state, _digest(photo), to_keep(judged, verdict, finders), setup.clock())


def _digest(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()
