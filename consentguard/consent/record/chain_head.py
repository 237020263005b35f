"""The head of the audit trail, kept outside of it: number and mac of the last row, so that a cut tail is noticed.

A chain proves the rows that are there: taken off its end they leave it whole. The head says how long it was.
It is sealed, so that nobody without the key can make one for a shorter trail; what no file on the same disk can show is
trail and head put back together to an older day, so a copy belongs elsewhere: a second file on another disk
(`CONSENTGUARD_AUDIT_HEAD`), a report, a sheet of paper (`audit verify --head`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consentguard.errors import AuditFailed, WrongUsage
from consentguard.files import MAX_KEY, read_bounded, write_whole
from consentguard.values import canonical

SUFFIX: Final = ".head"
_SHOWN: Final = re.compile(r"(0|[1-9][0-9]{0,17})-([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last row when this was written: its number, 0 for an empty trail, and its mac, hex."""

    seq: int
    mac: str

    def __str__(self) -> str:
        return f"{self.seq}-{self.mac}"

    @classmethod
    def parse(cls, text: str) -> ChainHead:
        """What `str` gave. Raises WrongUsage."""
        match = _SHOWN.fullmatch(text.strip())
        if match is None:
            raise WrongUsage(
                f"--head {text!r} is not a head like 57-0123ab..., as `consentguard audit verify` prints it"
            )
        return cls(int(match[1]), match[2])


def places(trail: Path) -> tuple[Path, ...]:
    """Where the head of that trail is kept: beside it, and in the file that `CONSENTGUARD_AUDIT_HEAD` names, if any."""
    elsewhere = os.environ.get("CONSENTGUARD_AUDIT_HEAD")
    return (trail.with_suffix(SUFFIX), *((Path(elsewhere),) if elsewhere else ()))


def keep(head: ChainHead, trail: Path, key: bytes) -> None:
    """Writes the head to all its places. Raises AuditFailed if one cannot be written."""
    for place in places(trail):
        try:
            write_whole(place, f"{head} {_seal(head, key)}\n".encode("ascii"))
        except OSError as error:
            raise AuditFailed(
                f"{place}: the head of the audit trail cannot be written ({error.strerror}); nothing was released. "
                "Check the disk and try again."
            ) from error


def kept(trail: Path, key: bytes) -> tuple[ChainHead, ...]:
    """The heads that were kept, one for each place. Raises AuditFailed if one is missing or not ours."""
    heads = []
    for place in places(trail):
        try:
            text, _, seal = read_bounded(place, MAX_KEY).decode("ascii").strip().partition(" ")
            head = ChainHead.parse(text)
        except (OSError, ValueError) as error:  # WrongUsage and UnicodeDecodeError are ValueErrors
            raise AuditFailed(
                f"{place}: the head of the audit trail is missing or not readable, so rows may have been cut off; "
                "restore it from your backup, or see `consentguard audit accept --help`."
            ) from error
        if not hmac.compare_digest(_seal(head, key).encode(), seal.encode()):
            raise AuditFailed(
                f"{place}: is not the head of this audit trail, or of another key; keep it as evidence and restore "
                "your backup, or see `consentguard audit accept --help`."
            )
        heads.append(head)
    return tuple(heads)


def _seal(head: ChainHead, key: bytes) -> str:
    return hmac.new(key, canonical(["head", head.seq, head.mac]), hashlib.sha256).hexdigest()
