"""`Released`: the only thing an exit point accepts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, NoReturn

from consentguard.kinds import PUBLISHED
from consentguard.values.verdict import Verdict, canonical

_MAKER = object()


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a release rests on, so that an exit point can ask again later whether it still stands.

    Attributes:
        channel: where it may be published.
        mode: how the people in it were known.
        by: who said so; the tags are in the verdict.
        source_sha256: of the bytes that came in.
        register_sha256, policy_sha256: digests of what it was decided under.
        models: what looked, as in `Verdict.models`.
        people: register ids of everyone whose consent it needs; empty where nobody is shown.
        custom_parts: parts of the guard that were injected (test doubles, own detectors); exit points refuse these.
        released_at: ISO 8601 with offset.
        audit_seq: row of the audit trail that records it.
    """

    channel: str
    mode: str
    by: str
    source_sha256: str
    register_sha256: str
    policy_sha256: str
    models: tuple[str, ...]
    people: tuple[str, ...]
    custom_parts: tuple[str, ...]
    released_at: str
    audit_seq: int

    def as_json(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "mode": self.mode,
            "by": self.by,
            "source_sha256": self.source_sha256,
            "register_sha256": self.register_sha256,
            "policy_sha256": self.policy_sha256,
            "models": list(self.models),
            "people": list(self.people),
            "custom_parts": list(self.custom_parts),
            "released_at": self.released_at,
            "audit_seq": self.audit_seq,
        }


class Released:
    """Bytes that may leave, with the verdict and the grounds, sealed under the key of the guard's state.

    Only a guard makes one: calling the class raises TypeError, and so does pickling. That stops accidents. What stops
    a forgery is the seal, which every exit point checks (`Guard.admit`) before it lets the bytes through.

    Attributes:
        data: the bytes, a JPEG (or what policy publishes) made from pixels only.
        sha256: hex digest of `data`.
        verdict, grounds: see there.
        seal: HMAC-SHA256, hex, over sha256, verdict and grounds.
    """

    __slots__ = ("data", "grounds", "seal", "sha256", "verdict")

    data: bytes
    sha256: str
    verdict: Verdict
    grounds: Grounds
    seal: str

    def __init__(self, *, data: bytes, verdict: Verdict, grounds: Grounds, seal: str, _maker: object = None) -> None:
        if _maker is not _MAKER:
            raise TypeError("Released is made by Guard.release() only")
        for name, value in {
            "data": data,
            "sha256": hashlib.sha256(data).hexdigest(),
            "verdict": verdict,
            "grounds": grounds,
            "seal": seal,
        }.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("Released cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("Released cannot be changed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Released is neither pickled nor copied: hand over the file and release again")

    @property
    def suffix(self) -> str:
        """How a file of these bytes is called at its end: ".jpg", ".png" or ".webp"."""
        return next(each.suffixes[0] for each in PUBLISHED.values() if each.matches(self.data))

    def to_dict(self) -> dict[str, Any]:
        """Plain types: sha256, verdict and grounds, without the bytes and the seal."""
        return {"sha256": self.sha256, "verdict": self.verdict.as_json(), "grounds": self.grounds.as_json()}

    def _repr_jpeg_(self) -> bytes | None:
        """The picture, in a notebook."""
        return self.data if self.suffix == ".jpg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.suffix == ".png" else None

    def __repr__(self) -> str:
        return f"<Released {self.sha256[:16]} {len(self.data)} bytes for {self.grounds.channel}>"


def sealed_statement(sha256: str, verdict: Verdict, grounds: Grounds) -> bytes:
    """What a seal is made over: everything a release says, its bytes by their digest."""
    return canonical({"sha256": sha256, "verdict": verdict.as_json(), "grounds": grounds.as_json()})


def make_released(*, data: bytes, verdict: Verdict, grounds: Grounds, seal: str) -> Released:
    """For the guard: the one way a `Released` comes to be."""
    return Released(data=data, verdict=verdict, grounds=grounds, seal=seal, _maker=_MAKER)


def own_copy(released: Released) -> Released:
    """The same release in an object that nobody else holds: what an exit point checks is then what it lets through.

    Raises AttributeError or TypeError for anything that is not wholly of our own classes, whose word would be its own.
    """
    ours = ((released, Released), (released.data, bytes), (released.verdict, Verdict), (released.grounds, Grounds))
    if any(type(part) is not kind for part, kind in ours):
        raise TypeError("not a release")
    own = make_released(data=released.data, verdict=released.verdict, grounds=released.grounds, seal=released.seal)
    if not own.sha256 == released.sha256 == own.verdict.sha256:
        raise TypeError("its bytes are others")
    return own
