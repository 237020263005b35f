"""What every part of the guard is handed once: its papers, where it records, and whose clock it asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import Problem, RegisterInvalid

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Setup:
    """Under which papers a guard works.

    Attributes:
        register, policy: what it answers for.
        state: key, audit trail and templates; None for a guard that only looks.
        clock: the time, with its zone.
    """

    register: Register
    policy: Policy
    state: State | None
    clock: Clock


def no_register(policy: Policy) -> Register:
    """A register of nobody. Raises RegisterInvalid where policy wants one."""
    if policy.without_register != "release":
        raise RegisterInvalid(
            "no register",
            [Problem(None, "", "there is none, and policy releases nothing without")],
            'Name one, or let policy say without_register = "release".',
        )
    return Register.nobody()
