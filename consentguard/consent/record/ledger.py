"""The ledger: which pupil (by id) is in which released photo and post, under which consent.

The rows of the audit trail are the ledger, read back with their chain proved. What a photo rests
on is in its `released` row; an exit point adds a `posted` row for each post, and a `taken-down` row once it is
gone again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, WrongUsage
from consentguard.values import Standing

RELEASED: Final = "released"
POSTED: Final = "posted"
TAKEN_DOWN: Final = "taken-down"
REVOKED: Final = "revoked"
KINDS: Final = (RELEASED, POSTED, TAKEN_DOWN, REVOKED)
IMPORTED: Final = "imported"
"""A row of another machine's ledger, kept as a row of this one (see `exchange.py`)."""


@dataclass(frozen=True, slots=True)
class Release:
    """One released photo.

    Attributes:
        sha256: of the released bytes; files are named after its first 16 digits.
        channel, account: where it may be published.
        at: when, ISO 8601 with offset.
        by: who asked.
        people: ids of everybody whose consent it rests on.
        consents: id -> scope, day and document of that consent.
        register_sha256, policy_sha256: what it was decided under.
        seq: the row of the audit trail that it came from.
        origin: public key of the machine whose trail that is, empty for this one.
        revoked: when it was taken back, "" where it was not.
    """

    sha256: str
    channel: str
    account: str
    at: str
    by: str
    people: tuple[str, ...]
    consents: Mapping[str, Mapping[str, str]] = field(repr=False)
    register_sha256: str
    policy_sha256: str
    seq: int
    origin: str = ""
    revoked: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger, whichever machine wrote it."""

    seq: int
    at: str
    kind: str
    body: Mapping[str, Any]
    origin: str = ""

    def release(self) -> Release:
        """What a `released` row says. Raises KeyError or TypeError where it says less than our rows do."""
        body = self.body
        consents = {person: MappingProxyType(dict(row)) for person, row in body.get("consents", {}).items()}
        return Release(
            sha256=body["sha256"],
            channel=body["channel"],
            account=body.get("account", ""),
            at=self.at,
            by=body["by"],
            people=tuple(body["people"]),
            consents=MappingProxyType(consents),
            register_sha256=body["register"],
            policy_sha256=body["policy"],
            seq=self.seq,
            origin=self.origin,
        )


@dataclass(frozen=True, slots=True)
class Post:
    """One post of released photos: its id at the network, where and when, and when it was taken down, if it was."""

    id: str
    channel: str
    releases: tuple[Release, ...]
    at: str
    by: str
    taken_down: str | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody shown in it."""
        return tuple(dict.fromkeys(person for release in self.releases for person in release.people))


class Ledger:
    """The ledger of one state. Reading it proves the chain of the audit trail; a broken one raises AuditFailed."""

    def __init__(self, state: State) -> None:
        self._state = state

    # -- what exit points write ---------------------------------------------------------------------------------------

    def record_post(self, sha256: str | None, *, channel: str, post: str, at: datetime, by: str = "") -> int:
        """Records that a released photo was posted; one call for each photo of a post. Returns the row's number.

        Args:
            sha256: of the released bytes; None for a post without photos.
            channel: the policy's name of the channel.
            post: the id that the network gave the post.
            at: when, with its zone.
            by: who posted.

        Raises AuditFailed for a photo that was not released here, and where it cannot be written.
        """
        if sha256 is not None and self.release(sha256) is None:
            raise AuditFailed(f"{sha256[:16]}: was not released here; nothing but releases is posted.")
        body = {"sha256": sha256, "channel": channel, "post": post, "by": by}
        return self._state.record(POSTED, body, at.isoformat(timespec="seconds"))

    def record_takedown(self, post: str, *, channel: str, at: datetime, by: str = "") -> int:
        """Records that a post is gone. Raises AuditFailed for a post that is not in the ledger."""
        if self.post(post, channel=channel) is None:
            raise AuditFailed(f"post {post} on {channel}: is not in the ledger.")
        body = {"channel": channel, "post": post, "by": by}
        return self._state.record(TAKEN_DOWN, body, at.isoformat(timespec="seconds"))

    def revoke(self, sha256: str, *, by: str, why: str, at: datetime) -> tuple[Release, ...]:
        """Takes back every release of these bytes that was made until now, and returns them.

        Whoever releases the photo again, by name, makes a release that stands. Raises WrongUsage without a name or a
        reason, AuditFailed for bytes that were not released here, and where it cannot be written.
        """
        if not by.strip() or not why.strip():
            raise WrongUsage("a release is taken back by somebody, for a reason: --by NAME --why TEXT")
        taken_back = tuple(release for release in self.releases() if release.sha256 == sha256 and not release.revoked)
        if not taken_back:
            raise AuditFailed(f"{sha256[:16]}: no release of these bytes stands here; nothing was taken back.")
        self._state.record(REVOKED, {"sha256": sha256, "by": by, "why": why}, at.isoformat(timespec="seconds"))
        return taken_back

    # -- what is in it ------------------------------------------------------------------------------------------------

    def releases(self) -> tuple[Release, ...]:
        """Every release, oldest first, those taken back included; the same bytes released twice are two."""
        rows = list(self._rows())
        taken_back: dict[str, list[Row]] = {}
        for row in rows:
            if row.kind == REVOKED:
                taken_back.setdefault(row.body["sha256"], []).append(row)
        return tuple(
            replace(row.release(), revoked=revoked_at(row, taken_back.get(row.body["sha256"], ())))
            for row in rows
            if row.kind == RELEASED
        )

    def posts(self) -> tuple[Post, ...]:
        """Every post, oldest first, each once with all its photos.

        Where the same bytes were released more than once for its channel, everybody whose consent any of these releases
        rests on counts as shown.
        """
        releases: dict[str, list[Release]] = {}
        known = {(release.origin, release.seq): release for release in self.releases()}
        posts: dict[tuple[str, str], Post] = {}
        for row in self._rows():
            body = row.body
            if row.kind == REVOKED:
                continue
            if row.kind == RELEASED:
                releases.setdefault(body["sha256"], []).append(known[row.origin, row.seq])
                continue
            key = (body["channel"], body["post"])
            if row.kind == POSTED:
                before = posts.get(key) or Post(body["post"], body["channel"], (), row.at, body["by"])
                posts[key] = replace(before, releases=(*before.releases, *_of(body, releases)))
            else:
                posts[key] = replace(posts[key], taken_down=row.at)
        return tuple(posts.values())

    def release(self, sha256: str) -> Release | None:
        """The latest release of these bytes, None if there is none."""
        return next((release for release in reversed(self.releases()) if release.sha256 == sha256), None)

    def post(self, post: str, *, channel: str | None = None) -> Post | None:
        """The post of that id (on that channel), None if it is not in the ledger."""
        return next((one for one in self.posts() if one.id == post and channel in (None, one.channel)), None)

    def releases_of(self, person: str) -> tuple[Release, ...]:
        """Every release that rests on a person's consent, oldest first."""
        return tuple(release for release in self.releases() if person in release.people)

    def _rows(self) -> Iterator[Row]:
        for entry in self._state.audit.entries():
            if entry.kind in KINDS:
                yield Row(entry.seq, entry.at, entry.kind, entry.body)
            elif entry.kind == IMPORTED:
                yield Row(**entry.body)


def revoked_at(release: Row, taken_back: Iterable[Row]) -> str:
    """When a release was taken back by one of these rows about its bytes; "" where none came after it."""
    for row in taken_back:
        if (
            row.seq > release.seq
            if row.origin == release.origin
            else datetime.fromisoformat(row.at) >= datetime.fromisoformat(release.at)
        ):
            return row.at
    return ""


def rows_about(state: State, sha256: str) -> tuple[Row, ...]:
    """The rows about released bytes, the latest first, other machines' among them. Raises AuditFailed."""
    entries = state.audit.mentions(sha256)
    rows = [Row(**e.body) if e.kind == IMPORTED else Row(e.seq, e.at, e.kind, e.body) for e in entries]
    return tuple(row for row in rows if row.kind in KINDS and row.body.get("sha256") == sha256)


def _of(posted: Mapping[str, Any], releases: Mapping[str, list[Release]]) -> list[Release]:
    """The releases of posted bytes for the channel that they were posted to; those for others where there is none."""
    if posted["sha256"] is None:
        return []
    known = releases[posted["sha256"]]
    return [release for release in known if release.channel == posted["channel"]] or known


def lost_by(release: Release, register: Register, policy: Policy, on: date) -> dict[str, Standing]:
    """Ids of everybody in a release who may not be shown on its channel any more, with what they are today.

    Whoever left the register, and every person of a channel that the policy no longer has, may not be shown.
    """
    return lost_on(release.channel, release.people, register, policy, on)


def lost_on(channel: str, people: Iterable[str], register: Register, policy: Policy, on: date) -> dict[str, Standing]:
    """Those of these people who may not be shown on a channel, with what they are on that day."""
    rule = policy.channels.get(channel)
    lost: dict[str, Standing] = {}
    for person in people:
        row = register.get(person)
        standing = row.standing(rule.scope, on) if row and rule else Standing.UNKNOWN
        if standing is not Standing.CONSENTED:
            lost[person] = standing
    return lost
