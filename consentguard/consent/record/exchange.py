"""The ledger as a signed file: between the machines of a school, and, without people, for a check that has no register.

A file is JSON Lines in ASCII: a heading, one row a line, and as its last line the Ed25519 signature over everything
before it. It is read whole or not at all, and only under a public key that the reader was given beforehand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consentguard.consent.clock import school_day
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.ledger import IMPORTED, KINDS, POSTED, RELEASED, REVOKED, Ledger, Row, lost_by
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, WrongUsage
from consentguard.values import canonical

_VERSION: Final = 1
_FULL, _PUBLIC = "ledger", "released-hashes"


def export(state: State, at: datetime) -> bytes:
    """Everything that this machine released, posted and took down, for `take` on another one; signed.

    It holds ids of pupils and names of those who posted: it is for the school's own machines.
    """
    rows = [
        {"seq": entry.seq, "at": entry.at, "kind": entry.kind, "body": dict(entry.body)}
        for entry in state.audit.entries()
        if entry.kind in KINDS
    ]
    return _signed(state, _FULL, rows, at)


def export_public(state: State, register: Register, policy: Policy, at: datetime) -> bytes:
    """SHA-256 and channel of every release that still stands at `at`; signed. Nobody's id or name is in it.

    Left out is whatever was taken back, shows somebody who may not be shown any more, was released for a channel that
    the policy no longer has, or was taken down everywhere it was posted. Imported releases are left in: they are
    the school's too.
    """
    ledger, today = Ledger(state), school_day(at, policy.zone)
    posts = ledger.posts()
    standing = {
        (release.sha256, release.channel)
        for release in ledger.releases()
        if release.channel in policy.channels and not release.revoked and not lost_by(release, register, policy, today)
    }
    shown = [(post, release) for post in posts for release in post.releases]
    up = {(release.sha256, post.channel) for post, release in shown if post.taken_down is None}
    down = {(release.sha256, post.channel) for post, release in shown if post.taken_down is not None}
    rows = [{"sha256": sha256, "channel": channel} for sha256, channel in sorted(standing - (down - up))]
    return _signed(state, _PUBLIC, rows, at)


def take(state: State, data: bytes, file: str, *, key: str | None, at: datetime) -> int:
    """Adds what another machine's ledger says that is not here yet; returns how many rows that was.

    Args:
        state: this machine's.
        data, file: the bytes of the other's `export`, and what errors call them.
        key: the other machine's public key (hex), needed the first time; from then on its files are known.
        at: now.

    Raises WrongUsage for a key that is missing or none, AuditFailed for a file that was changed, is not signed by that
    key, or contradicts what was taken before. Then nothing is added.
    """
    entries = [entry for entry in state.audit.entries() if entry.kind == IMPORTED]
    known = {entry.body["origin"] for entry in entries}
    signer = _signer(data, file)
    if key is not None and signer != _public_key(key):
        raise AuditFailed(f"{file}: is signed by {signer}, not by the key you gave; nothing was added.")
    if key is None and signer not in known:
        raise WrongUsage(
            f"{file}: is signed by {signer}; if that is what `consentguard ledger key` says there, --key it"
        )
    if signer == state.public_key:
        raise WrongUsage(f"{file}: comes from this very state; there is nothing to add")
    rows = _opened(data, file, signer, _FULL)
    before = {entry.body["seq"]: entry.body for entry in entries if entry.body["origin"] == signer}
    fresh = []
    for row in rows:
        body = {"origin": signer, **row}
        if row["seq"] not in before:
            fresh.append(body)
        elif before[row["seq"]] != body:
            raise AuditFailed(f"{file}: row {row['seq']} is not what that machine said before; keep both as evidence.")
    _check_rows(fresh, Ledger(state), file)
    for body in fresh:
        state.record(IMPORTED, body, at.isoformat(timespec="seconds"))
    return len(fresh)


@dataclass(frozen=True, slots=True)
class ReleasedHashes:
    """What a public file says: `channels` maps the SHA-256 of released bytes to the channels they may stand on."""

    channels: Mapping[str, frozenset[str]]
    made_at: datetime

    @classmethod
    def read(cls, data: bytes, file: str, *, key: str) -> ReleasedHashes:
        """Reads what `export_public` wrote, under the school's public key (hex).

        Raises WrongUsage for a key that is none, AuditFailed for anything but an unchanged file signed by that key.
        """
        rows = _opened(data, file, _public_key(key), _PUBLIC)
        channels: dict[str, set[str]] = {}
        try:
            for row in rows:
                channels.setdefault(row["sha256"], set()).add(row["channel"])
            made_at = datetime.fromisoformat(_object(data.partition(b"\n")[0])["made_at"])
            if made_at.tzinfo is None:
                raise ValueError(made_at)
        except (KeyError, TypeError, ValueError) as error:
            raise AuditFailed(f"{file}: is signed but not readable; update consentguard.") from error
        return cls(MappingProxyType({sha: frozenset(names) for sha, names in channels.items()}), made_at)

    def allows(self, sha256: str, channel: str) -> bool:
        """Whether these bytes were released for the channel and still stood there when the file was made."""
        return channel in self.channels.get(sha256, frozenset())


def _signed(state: State, what: str, rows: Iterable[Mapping[str, Any]], at: datetime) -> bytes:
    listed = list(rows)
    heading = {
        "consentguard": what,
        "version": _VERSION,
        "key": state.public_key,
        "made_at": at.isoformat(timespec="seconds"),
        "rows": len(listed),
    }
    text = b"".join(canonical(row) + b"\n" for row in [heading, *listed])
    return text + canonical({"signature": state.sign(text)}) + b"\n"


def _signer(data: bytes, file: str) -> str:
    """The key that a file says it is signed by; proved only by `_opened`."""
    try:
        return _public_key(_object(data.partition(b"\n")[0])["key"])
    except (ValueError, KeyError, TypeError) as error:
        raise AuditFailed(
            f"{file}: is no ledger of consentguard; export it with `consentguard ledger export`."
        ) from error


def _opened(data: bytes, file: str, key: str, what: str) -> list[dict[str, Any]]:
    """The rows of a file, once its signature holds. Raises AuditFailed."""
    text, _, last = data.removesuffix(b"\n").rpartition(b"\n")
    text += b"\n"
    try:
        signature = bytes.fromhex(_object(last)["signature"])
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, text)
        heading, *rows = [_object(line) for line in text.splitlines()]
    except (InvalidSignature, ValueError, KeyError, TypeError) as error:
        raise AuditFailed(
            f"{file}: is not as it was signed, or signed by another key than {key}; get it again from its machine."
        ) from error
    if (heading.get("consentguard"), heading.get("version"), heading.get("rows")) != (what, _VERSION, len(rows)):
        raise AuditFailed(f"{file}: is a {heading.get('consentguard')}, and {what} version {_VERSION} is needed.")
    return rows


def _object(line: bytes) -> dict[str, Any]:
    """One line as a JSON object. Raises ValueError for anything else, nesting without an end included."""
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  (one kind of error for whatever is no row)
    return found


def _public_key(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text.strip().lower()):
        raise WrongUsage("a public key is 64 hexadecimal digits, as `consentguard ledger key` prints them")
    return text.strip().lower()


def _check_rows(rows: Iterable[Mapping[str, Any]], ledger: Ledger, file: str) -> None:
    """Rows of another machine must be such as ours are, and speak of releases that are known."""
    released = {release.sha256 for release in ledger.releases()}
    posted = {(post.channel, post.id) for post in ledger.posts()}
    number: object = "?"
    try:
        for fields in rows:
            row, number = Row(**fields), fields["seq"]
            if row.kind not in KINDS or not isinstance(row.seq, int) or not isinstance(row.at, str):
                raise ValueError(row.seq)
            if row.kind == RELEASED:
                released.add(row.release().sha256)
                continue
            if row.kind == REVOKED:
                if row.body["sha256"] not in released:
                    raise ValueError(row.seq)
                continue
            post = (row.body["channel"], row.body["post"])
            if (
                (row.body["sha256"] not in released and row.body["sha256"] is not None)
                if row.kind == POSTED
                else (post not in posted)
            ):
                raise ValueError(row.seq)
            posted.add(post)
    except (KeyError, TypeError, ValueError) as error:
        raise AuditFailed(
            f"{file}: is signed, but row {number} is none of a ledger or speaks of what is not in it; "
            "update consentguard on both machines and export again."
        ) from error
