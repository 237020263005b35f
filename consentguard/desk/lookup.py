"""The register and the words at hand: who may be shown on the desk's channel, what shows them, what a caption says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from consentguard.consent import clock
from consentguard.consent.alt import described
from consentguard.consent.record.ledger import Ledger, Release
from consentguard.consent.register.people import Person
from consentguard.consent.register.search import search
from consentguard.desk.said import Said
from consentguard.errors import WrongUsage
from consentguard.guard.guard import Guard
from consentguard.values import Action, Outcome, Verdict

_MOST: Final = 60
"""People listed at once; whoever looks for more types more of the name."""


def people(guard: Guard, channel: str, text: str, class_name: str | None = None) -> list[dict[str, Any]]:
    """People for a list to choose from, with what may be shown of each on a channel today."""
    scope, today = guard.policy.channel(channel).scope, clock.today(guard.policy.zone)
    everybody = search(guard.register, text) if text.strip() else tuple(guard.register)
    chosen = [person for person in everybody if class_name in (None, person.class_name)]
    chosen.sort(key=lambda one: (one.class_name, one.preferred_forename or one.legal_forename, one.id))
    return [_told(person, scope, today) for person in chosen[:_MOST]]


def named(guard: Guard, channel: str, suggested: Mapping[int, str]) -> dict[str, dict[str, Any]]:
    """The people whom faces are like, by the numbers of the faces, as `people` tells them."""
    scope, today = guard.policy.channel(channel).scope, clock.today(guard.policy.zone)
    found = {number: guard.register.get(person) for number, person in suggested.items()}
    return {str(number): _told(person, scope, today) for number, person in found.items() if person is not None}


def _told(person: Person, scope: str, today: date) -> dict[str, Any]:
    """What the page shows of somebody."""
    first, last = person.preferred_forename or person.legal_forename, person.preferred_surname or person.legal_surname
    return {"id": person.id, "name": f"{first} {last}", "class": person.class_name, "role": person.role,
            "standing": person.standing(scope, today).value}  # fmt: skip


def classes(guard: Guard) -> list[str]:
    """The classes of the register."""
    return sorted({person.class_name for person in guard.register if person.class_name})


def shown(guard: Guard, person_id: str) -> list[dict[str, Any]]:
    """The copies that show somebody and stand, or are posted still: digest, where, when, how many posts are up.

    Bytes that were released more than once are one copy. `revoked` ones are listed only while a post of them is up.
    """
    if guard.register.get(person_id) is None:
        raise WrongUsage("nobody in the register has this id")
    ledger = Ledger(guard.state)
    up = Counter(sha256 for post in ledger.posts() if not post.taken_down for sha256 in _copies(post.releases))
    releases = ledger.releases_of(person_id)
    told = []
    for sha256 in _copies(releases):
        of_it = [one for one in releases if one.sha256 == sha256]
        standing = [one for one in of_it if not one.revoked]
        if standing or up[sha256]:
            meant = standing or of_it
            channels = ", ".join(dict.fromkeys(one.channel for one in meant))
            told.append({"sha256": sha256, "channel": channels, "at": meant[0].at, "posts": up[sha256],
                         "revoked": not standing})  # fmt: skip
    return told


def _copies(releases: Iterable[Release]) -> list[str]:
    """The digests of releases, each once."""
    return list(dict.fromkeys(one.sha256 for one in releases))


def words(guard: Guard, channel: str, caption: str, alt: str) -> list[dict[str, str]]:
    """Findings about a caption and a description, as they are typed."""
    judged = guard.words.judge({"caption": caption, "alt": alt}, channel=guard.policy.channel(channel))
    return [{"rule": one.rule, "where": one.where, "message": one.message} for one in judged.findings]


def description(guard: Guard, verdict: Verdict, said: Said) -> str:
    """A description of the copy that would leave, to begin from; "" where nothing may leave."""
    if verdict.outcome not in (Outcome.PUBLISHABLE, Outcome.NEEDS_REWRITE):
        return ""
    kept = [face.person for face in verdict.faces if face.person and face.action is Action.KEEP]
    return described(verdict, kept or said.people, guard.register)
