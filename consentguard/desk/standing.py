"""Where photos stand at the desk, and the order in which they wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from consentguard.batch.decisions import REFUSED, RELEASED
from consentguard.desk.photos import QueuedPhoto
from consentguard.desk.said import Said
from consentguard.values import Outcome, Verdict

WAITING, PERSON, PROPOSAL, AS_IS, DONE, STOPPED = "waiting", "person", "proposal", "as-is", "released", "refused"
"""Where a photo stands: not judged yet, for a person, a copy is proposed, may go as it is, released, refused."""
OPEN: Final = (PERSON, PROPOSAL, AS_IS)
SCANNED: Final = {"publishable": AS_IS, "needs_rewrite": PROPOSAL, "released": PROPOSAL}
DECIDED: Final = {RELEASED: DONE, REFUSED: STOPPED}
ORDER: Final = (PERSON, PROPOSAL, AS_IS, WAITING, DONE, STOPPED)


@dataclass(slots=True)
class PhotoStanding:
    """What the desk knows of one photo while it is open.

    Attributes:
        state: one of `ORDER`.
        content: SHA-256 of its bytes, hex; "" until they were read.
        reasons: codes of its verdict.
        said: what a person said of it so far.
        suggested: number of a face -> register id of whom it is like; None until faces were compared.
    """

    state: str = WAITING
    content: str = ""
    reasons: tuple[str, ...] = ()
    said: Said = field(default_factory=Said)
    suggested: dict[int, str] | None = None


def state_of(verdict: Verdict) -> str:
    """Where a photo stands of which nothing is decided yet."""
    if verdict.outcome is Outcome.PUBLISHABLE:
        return AS_IS
    return PROPOSAL if verdict.outcome is Outcome.NEEDS_REWRITE else PERSON


def queue_of(
    photos: Sequence[QueuedPhoto], standings: Mapping[str, PhotoStanding], state: str | None, start: int, count: int
) -> dict[str, Any]:
    """Photos of a state, or all of them, those first that need a person; and how many there are of each state."""
    counts = Counter(one.state for one in standings.values())
    rank = {name: at for at, name in enumerate(ORDER)}
    listed = [photo for photo in photos if state in (None, standings[photo.id].state)]
    listed.sort(key=lambda photo: rank[standings[photo.id].state])
    return {
        "total": len(standings),
        "counts": {name: counts.get(name, 0) for name in ORDER},
        "photos": [
            {"id": photo.id, "name": photo.name, "state": standings[photo.id].state,
             "reasons": list(standings[photo.id].reasons)}
            for photo in listed[start : start + count]
        ],
    }  # fmt: skip
