"""What of everything released and posted must go: consents end, and policy keeps nothing for ever. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from consentguard.consent.clock import school_day
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.ledger import Post, Release, lost_by, lost_on
from consentguard.consent.register.register import Register
from consentguard.values import Standing


@dataclass(frozen=True, slots=True)
class PostDue:
    """A post under its own channel.

    Attributes:
        post: it.
        lost: ids of everybody in it who may not be shown there any more, with what they are today.
        too_old: policy keeps what shows somebody no longer than that.
        revoked: a person took the release of a photo in it back.
    """

    post: Post
    lost: Mapping[str, Standing]
    too_old: bool
    revoked: bool = False

    @property
    def up(self) -> bool:
        return self.post.taken_down is None

    @property
    def must_go(self) -> bool:
        return bool(self.lost) or self.too_old or self.revoked


@dataclass(frozen=True, slots=True)
class ReleaseDue:
    """A release that no post of its channel holds; `lost` and `too_old` as in `PostDue`.

    `posting`: its channel is an account that this program posts to, so that a release without a post was a rehearsal,
    or was refused later. Of any other channel nobody knows here whether the file is published.
    """

    release: Release
    lost: Mapping[str, Standing]
    too_old: bool
    posting: bool

    @property
    def must_go(self) -> bool:
        gone = bool(self.lost) or self.too_old or bool(self.release.revoked)
        return gone and not self.posting


def posts_due(posts: Iterable[Post], register: Register, policy: Policy, on: date) -> list[PostDue]:
    """Every post, with what speaks against it on a school day."""
    return [
        PostDue(
            post,
            lost_on(post.channel, post.people, register, policy, on),
            _ended(post.people, post.at, policy, on),
            revoked=any(release.revoked for release in post.releases),
        )
        for post in posts
    ]


def releases_due(
    releases: Iterable[Release], posts: Iterable[Post], register: Register, policy: Policy, on: date
) -> list[ReleaseDue]:
    """Every release that was not posted, each of its bytes and channel once, with what speaks against it."""
    held = {(release.sha256, post.channel) for post in posts for release in post.releases}
    latest = {(release.sha256, release.channel): release for release in releases}
    due = []
    for (sha256, channel), release in latest.items():
        if (sha256, channel) not in held:
            rule = policy.channels.get(channel)
            lost, old = lost_by(release, register, policy, on), _ended(release.people, release.at, policy, on)
            due.append(ReleaseDue(release, lost, old, posting=bool(rule and rule.account)))
    return due


def _ended(people: tuple[str, ...], at: str, policy: Policy, on: date) -> bool:
    return bool(people) and policy.retention.ended(school_day(datetime.fromisoformat(at), policy.zone), on)
