"""Whether one file may go: a picture only as one of our releases that still stands, or if nobody in it is to hide."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consentguard.consent.codes import REASONS, reason_of
from consentguard.consent.hours import now, school_day
from consentguard.consent.policy import Policy
from consentguard.consent.register import Register
from consentguard.consent.state import State
from consentguard.consent.validity import why_fallen
from consentguard.errors import CannotTell
from consentguard.hook.embedded import embedded_in
from consentguard.hook.kinds import SEALED, Kind, as_text, kind_of
from consentguard.hook.remembered import Remembered
from consentguard.values import Finding, Outcome, Verdict, canonical

if TYPE_CHECKING:
    from consentguard.guard import Guard

_DEEPEST: Final = 5
"""A picture in a style sheet in a drawing in a page is three deep; what is deeper hides on purpose."""


class Judge:
    """Judges files under one register and one policy; nobody is identified.

    The channel is the one that policy names for hooks, if no other is given.

    Opening one loads no model: a file that was judged before, or that is a release, needs none.
    """

    def __init__(self, register: Register, policy: Policy, state: State, channel: str | None = None) -> None:
        """Raises WrongUsage for a channel that policy does not have."""
        self._register = register
        self._policy = policy
        self._state = state
        self._channel = policy.channel(channel or policy.hook.channel).name
        self._unjudged = policy.hook.unjudged
        self._today = school_day(now())
        self.remembered = Remembered(state)

    def judge(self, path: str, data: bytes) -> tuple[Verdict, ...]:
        """What is to say about a file: a verdict for every picture it is or holds; none where it shows nobody.

        Args:
            path: its name within what is published, for its ending, for the policy's list, and for the verdict.
            data: its bytes.

        Errors of the whole set-up (models, audit trail) come through as CannotTell; what is wrong with the file itself
        is in its verdict.
        """
        return tuple(self._judged(path, path, data, 0))

    def _judged(self, path: str, name: str, data: bytes, depth: int) -> Iterator[Verdict]:
        kind = kind_of(data, path)
        if kind is Kind.PICTURE:
            yield self._picture(name, data)
        elif kind is Kind.POINTER:
            yield _undecided(name, "lfs-pointer", "run `git lfs pull`, so that the picture itself can be judged")
        elif kind in SEALED:
            if not any(fnmatchcase(path, pattern) for pattern in self._unjudged):
                yield _undecided(name, "not-looked-into", f"this is a {kind}; publish its pictures as files")
        elif kind is Kind.TEXT:
            yield from self._text(path, name, as_text(data) or "", depth)

    def _text(self, path: str, name: str, text: str, depth: int) -> Iterator[Verdict]:
        seen = set()
        for found in embedded_in(text):
            place = f"{name}, line {found.line}" if depth == 0 else name
            if found.data is None or depth == _DEEPEST:
                yield _undecided(place, "unreadable-image", "the data URI is damaged or too deep; use a file")
            elif found.data not in seen:
                seen.add(found.data)
                yield from self._judged("", place, found.data, depth + 1)

    def _picture(self, name: str, data: bytes) -> Verdict:
        digest = hashlib.sha256(data).hexdigest()
        fallen = None
        for entry in self._state.audit.releases(digest):
            fallen = why_fallen(
                self._register,
                self._policy,
                made_for=entry.body["channel"],
                mode=entry.body["mode"],
                policy_sha256=entry.body["policy"],
                people=entry.body["people"],
                custom_parts=entry.body["custom_parts"],
                channel=self._channel,
                on=self._today,
            )
            if fallen is None:
                return Verdict(photo=name, outcome=Outcome.RELEASED, sha256=digest)
        verdict = self._inspected(name, data, digest)
        if fallen and verdict.outcome is not Outcome.PUBLISHABLE:
            code, why = fallen
            verdict = replace(verdict, reasons=(code, *verdict.reasons), findings=(*verdict.findings,
                              Finding(code, "file", why)))  # fmt: skip
        return verdict

    def _inspected(self, name: str, data: bytes, digest: str) -> Verdict:
        key = hashlib.sha256(canonical([digest, self._circumstances])).hexdigest()
        known = self.remembered.get(key)
        if known is not None:
            return Verdict.from_json({**known, "photo": name})
        try:
            verdict = self._guard.inspect(data, name=name, channel=self._channel)
        except CannotTell as error:
            code = reason_of(error)
            message = str(error).removeprefix(f"{name}: ").splitlines()[0]
            return Verdict(photo=name, outcome=Outcome.CANNOT_TELL, reasons=(code,),
                           findings=(Finding(code, "file", message),))  # fmt: skip
        self.remembered.put(key, {**verdict.as_json(), "photo": ""})
        return verdict

    @cached_property
    def _guard(self) -> Guard:
        from consentguard.guard import Guard  # noqa: PLC0415  (brings OpenCV, and a remembered verdict needs none)

        return Guard(self._register, self._policy, state=self._state)

    @cached_property
    def _circumstances(self) -> dict[str, str]:
        """What a verdict follows from beside the picture."""
        return {
            "register": self._register.sha256,
            "policy": self._policy.digest,
            "channel": self._channel,
            "program": _program(),
        }


def _undecided(name: str, code: str, step: str) -> Verdict:
    finding = Finding(code, "file", f"{REASONS[code]}; {step}")
    return Verdict(photo=name, outcome=Outcome.CANNOT_TELL, reasons=(code,), findings=(finding,))


def _program() -> str:
    """SHA-256 over this program's source and the manifest that names every model by its digest."""
    package = Path(str(resources.files("consentguard")))
    manifest = Path(str(resources.files("consentguard.weights"))) / "manifest.toml"
    digest = hashlib.sha256()
    for file in (*sorted(package.rglob("*.py")), manifest):
        digest.update(file.read_bytes())
    return digest.hexdigest()
