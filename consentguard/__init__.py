"""consentguard stands between a school and everything it publishes.

It takes the photo that is about to leave, finds every face, and asks the school's consent register and policy who
may be seen. It returns other bytes, in which of a person without consent only what the policy lets remain is seen
(as shipped: hands, or the back of the head); or it raises, and then nothing may be published.

Release one photo:

    from consentguard import Guard

    guard = Guard.open("consent_register.csv")
    released = guard.release("photo.jpg", channel="website", people="P001", by="Miriam Castlegate")
    released = guard.admit(released, channel="website")        # once more, right before the bytes leave
    send(released.data)

Nobody need be named: without `people` every face counts as one without consent. A photo is the bytes of a file, a path,
a Pillow image, or an RGB array of uint8. Before the first release run `consentguard start` once.

Handle the errors. All are a `ConsentGuardError`, and each means that nothing may go:

    Refused        it was judged and must not go; `error.verdict` says why, `error.needs_person` who could still decide
    CannotTell     it could not be judged: an unreadable file, a missing model, an invalid register, ...
    WrongUsage     the question was wrong: an unknown channel or person; the message lists the choices

Look without releasing:

    guard.inspect("photo.jpg").outcome        publishable, needs_rewrite or refused
    guard.propose("photo.jpg")                everything that could be made of it, each with a preview
    consentguard.detect("photo.jpg").faces    boxes and scores only: no register, no policy, no state

Several photos, and event loops:

    guard.release_many(paths, workers=2)      a list: `Released`, or the error, for each photo
    await guard.release_async("photo.jpg")    also inspect_async, propose_async, release_many_async

Results have `to_dict()` and show themselves in notebooks. Loggers are named consentguard.*; no name, file name or pixel
is logged. `Asked` lists everything that may be said of a photo. Posting to X is in `consentguard.posting`.

Importing this package loads no model, opens no file and touches no network; names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.question import Asked, Question
    from consentguard.consent.recognition.calibration import Calibration
    from consentguard.consent.recognition.template_key import KeySource
    from consentguard.consent.record.ledger import Release
    from consentguard.consent.record.state import State
    from consentguard.consent.register.register import Register
    from consentguard.enrol import Enrolment
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
    from consentguard.guard.detecting import Detected, Found, detect
    from consentguard.guard.examined import Examined
    from consentguard.guard.guard import Guard
    from consentguard.guard.many import Progress
    from consentguard.guard.planning import Choice
    from consentguard.guard.setup import Clock
    from consentguard.values import (
        Action,
        Box,
        Finding,
        Grounds,
        JudgedFace,
        Mode,
        Outcome,
        Released,
        Rewrite,
        Standing,
        Tag,
        Verdict,
    )
    from consentguard.vision.detection.detector import Detector
    from consentguard.vision.embedding.embedder import Embedder
    from consentguard.vision.imagefile.inputs import PhotoLike

__version__ = "0.1.0"

_HOMES = {
    "Action": "values",
    "Asked": "consent.question",
    "Box": "values",
    "Calibration": "consent.recognition.calibration",
    "Choice": "guard.planning",
    "Clock": "guard.setup",
    "Detected": "guard.detecting",
    "Detector": "vision.detection.detector",
    "Embedder": "vision.embedding.embedder",
    "Enrolment": "enrol",
    "Examined": "guard.examined",
    "Finding": "values",
    "Found": "guard.detecting",
    "Grounds": "values",
    "Guard": "guard.guard",
    "JudgedFace": "values",
    "KeySource": "consent.recognition.template_key",
    "Mode": "values",
    "Outcome": "values",
    "PhotoLike": "vision.imagefile.inputs",
    "Policy": "consent.policy.policy",
    "Progress": "guard.many",
    "Question": "consent.question",
    "Register": "consent.register.register",
    "Release": "consent.record.ledger",
    "Released": "values",
    "Rewrite": "values",
    "Standing": "values",
    "State": "consent.record.state",
    "Tag": "values",
    "Verdict": "values",
    "detect": "guard.detecting",
}

__all__ = [
    "Action",
    "Asked",
    "AuditFailed",
    "Box",
    "Calibration",
    "CannotTell",
    "Choice",
    "Clock",
    "ConsentGuardError",
    "Detected",
    "Detector",
    "Embedder",
    "Enrolment",
    "Examined",
    "Finding",
    "Found",
    "Grounds",
    "Guard",
    "JudgedFace",
    "KeySource",
    "Mode",
    "ModelUnavailable",
    "Outcome",
    "PhotoLike",
    "Policy",
    "PolicyInvalid",
    "Progress",
    "Question",
    "Refused",
    "Register",
    "RegisterInvalid",
    "Release",
    "Released",
    "Rewrite",
    "Standing",
    "State",
    "Tag",
    "TemplateStoreError",
    "UnreadableImage",
    "Verdict",
    "VerificationFailed",
    "WrongUsage",
    "detect",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
