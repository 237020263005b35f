"""The register and the words at hand: who may be shown on the desk's channel, what shows them, what a caption says."""

from __future__ import annotations

from typing import Any, Final

from consentguard.consent import clock
from consentguard.consent.record.ledger import Ledger
from consentguard.consent.register.search import search
from consentguard.errors import WrongUsage
from consentguard.guard.guard import Guard

_MOST: Final = 60
"""People listed at once; whoever looks for more types more of the name."""


def people(
    guard: Guard, channel: str, text: str, class_name: str | None = None, limit: int = 60
) -> list[dict[str, Any]]:
    """People for a list to choose from, with what may be shown of each on a channel today."""
    scope, today = guard.policy.channel(channel).scope, clock.today(guard.policy.zone)
    everybody = search(guard.register, text) if text.strip() else tuple(guard.register)
    chosen = [person for person in everybody if class_name in (None, person.class_name)]
    chosen.sort(key=lambda one: (one.class_name, one.preferred_forename or one.legal_forename, one.id))
    return [
        {
            "id": person.id,
            "name": f"{person.preferred_forename or person.legal_forename} "
            f"{person.preferred_surname or person.legal_surname}",
            "class": person.class_name,
            "role": person.role,
            "standing": person.standing(scope, today).value,
        }
        for person in chosen[:_MOST]
    ]


def classes(guard: Guard) -> list[str]:
    """The classes of the register."""
    return sorted({person.class_name for person in guard.register if person.class_name})


def shown(guard: Guard, person_id: str) -> list[dict[str, Any]]:
    """What was released that shows somebody: when, where, and the digest by which `takedown` knows it."""
    if guard.register.get(person_id) is None:
        raise WrongUsage("nobody in the register has this id")
    releases = Ledger(guard.state).releases_of(person_id)
    return [{"sha256": one.sha256, "channel": one.channel, "at": one.at} for one in releases]


def words(guard: Guard, channel: str, caption: str, alt: str) -> list[dict[str, str]]:
    """Findings about a caption and a description, as they are typed."""
    judged = guard.words.judge({"caption": caption, "alt": alt}, channel=guard.policy.channel(channel))
    return [{"rule": one.rule, "where": one.where, "message": one.message} for one in judged.findings]
