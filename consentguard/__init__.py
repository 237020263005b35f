"""consentguard stands between a school and everything it publishes.

    from consentguard import Guard
    released = Guard.open().release(photo_bytes)   # Released, or raises Refused / CannotTell

Importing this package loads no model, opens no file and touches no network; names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.record.state import State
    from consentguard.consent.register.register import Register
    from consentguard.errors import (
        AuditFailed,
        CannotTell,
        ConsentGuardError,
        ModelUnavailable,
        PolicyInvalid,
        Refused,
        RegisterInvalid,
        TemplateStoreError,
        UnreadableImage,
        VerificationFailed,
        WrongUsage,
    )
    from consentguard.guard.guard import Guard
    from consentguard.guard.planning import Choice
    from consentguard.values import Released, Tag, Verdict

__version__ = "0.1.0"

_HOMES = {
    "Choice": "guard.planning",
    "Guard": "guard.guard",
    "Policy": "consent.policy.policy",
    "Register": "consent.register.register",
    "Released": "values",
    "State": "consent.record.state",
    "Tag": "values",
    "Verdict": "values",
}

__all__ = [
    "AuditFailed",
    "CannotTell",
    "Choice",
    "ConsentGuardError",
    "Guard",
    "ModelUnavailable",
    "Policy",
    "PolicyInvalid",
    "Refused",
    "Register",
    "RegisterInvalid",
    "Released",
    "State",
    "Tag",
    "TemplateStoreError",
    "UnreadableImage",
    "Verdict",
    "VerificationFailed",
    "WrongUsage",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
