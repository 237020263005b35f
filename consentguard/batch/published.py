"""What was published already: which photos of a folder no consent covers any more.

Our own releases are known by their content: the ledger says whose consent each rests on, and the register what that is
worth today. What is not ours is looked at like any photo that would go out.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consentguard.batch.walk import Walk
from consentguard.consent.clock import school_day
from consentguard.consent.record.ledger import Ledger, Release, lost_by
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell
from consentguard.files import printable, read_photo, said_of
from consentguard.values import Action, Standing

if TYPE_CHECKING:
    from consentguard.consent.question import Asked
    from consentguard.guard.guard import Guard


class Cover(enum.StrEnum):
    """Whether what is published is still covered."""

    COVERED = "covered"
    LOST = "lost"
    UNKNOWN = "unknown"
    CANNOT_TELL = "cannot_tell"

    @property
    def exit_code(self) -> int:
        """0 covered, 1 not, 3 undecided."""
        return {"covered": 0, "cannot_tell": 3}.get(self.value, 1)


@dataclass(frozen=True, slots=True)
class Published:
    """One published photo and whether it is still covered.

    Attributes:
        path: relative to the folder.
        cover: covered; lost (a consent is not there any more); unknown (it shows somebody unnamed, or was released for
            other channels only); cannot_tell.
        lost: id -> standing today of whoever may not be shown any more.
        newly: those of them whom the earlier register still covered.
        why: one plain sentence.
        ours: whether it is one of our releases.
    """

    path: Path
    cover: Cover
    why: str
    lost: dict[str, Standing]
    newly: tuple[str, ...] = ()
    ours: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "photo": printable(self.path),
            "cover": self.cover.value,
            "ours": self.ours,
            "lost": {person: standing.value for person, standing in self.lost.items()},
            "newly": list(self.newly),
            "why": self.why,
        }


def audit_folder(
    guard: Guard, ledger: Ledger, folder: Path, before: Register, now: datetime, asked: Asked
) -> Iterator[Published]:
    """Every picture of a folder, whether it may stay. Nothing is changed.

    Args:
        guard: under today's register; judges what is not ours.
        ledger: of the same state.
        folder: what is published, such as the folder of a website.
        before: the register that held when it was published.
        now: what counts as today.
        asked: as for `Guard.inspect`; the channel says for which scope.

    Raises WrongUsage for a wrong question, AuditFailed for a ledger that cannot be trusted, OSError for a folder that
    cannot be read.
    """
    channel, today = guard.question(**asked).channel, school_day(now, guard.policy.zone)
    scope = channel.scope
    releases: dict[str, dict[str, Release]] = {}  # of one content the latest for each channel
    for each in ledger.releases():
        releases.setdefault(each.sha256, {})[each.channel] = each

    def judged(path: Path) -> Published:
        photo = read_photo(folder / path)
        ours = releases.get(hashlib.sha256(photo).hexdigest(), {})
        release = ours.get(channel.name) or next(iter(ours.values()), None)
        if release is not None:
            if release.revoked:
                return Published(path, Cover.LOST, f"take it down: taken back at {release.revoked}", {}, ours=True)
            lost = lost_by(replace(release, channel=channel.name), guard.register, guard.policy, today)
            if not lost and release.channel != channel.name:
                why = f"released for {', '.join(ours)}, not for {channel.name}; release it for that, or take it down"
                return Published(path, Cover.UNKNOWN, why, {}, ours=True)
        else:
            verdict = guard.inspect(photo, name=printable(path), at=now, **asked)
            hidden = [face for face in verdict.faces if face.action is Action.HIDE]
            lost = {face.person: face.standing for face in hidden if face.person}
            if hidden and not lost:
                why = f"not ours, and shows {len(hidden)} whom nobody has named; name them, or take it down"
                return Published(path, Cover.UNKNOWN, why, {})
        if not lost:
            why = "everybody shown is covered" if release else "not ours, and shows nobody who may not be shown"
            return Published(path, Cover.COVERED, why, {}, ours=release is not None)
        people = [before.get(person) for person in lost]
        newly = tuple(row.id for row in people if row and row.standing(scope, today) is Standing.CONSENTED)
        said = ", ".join(f"{person} ({standing.value})" for person, standing in lost.items())
        return Published(path, Cover.LOST, f"take it down: {said}", lost, newly, release is not None)

    for found in Walk(folder, clutter=False):
        if found.trouble:
            yield Published(found.path, Cover.CANNOT_TELL, found.trouble, {})
            continue
        try:
            yield judged(found.path)
        except CannotTell as error:
            yield Published(found.path, Cover.CANNOT_TELL, said_of(found.path, str(error)).splitlines()[0], {})
