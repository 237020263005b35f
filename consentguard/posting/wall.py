"""The homepage's list of posts: what the main account posted and retweeted, as JSON Feed 1.1 and RSS 2.0.

SCH 026: the retweets "will be displayed on the homepage of the school website". The website is another place than X: a
post is listed only if everybody in its photos may be shown there as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from feedgen.feed import FeedGenerator

from consentguard.consent.clock import school_day
from consentguard.consent.record.post_journal import Journal
from consentguard.guard.guard import Guard
from consentguard.posting.account import SchoolAccount
from consentguard.posting.reposting import reposted
from consentguard.values import Standing


@dataclass(frozen=True, slots=True)
class WallEntry:
    """One post on the wall."""

    id: str
    text: str
    account: str
    at: datetime

    @property
    def link(self) -> str:
        return f"https://x.com/{self.account.lstrip('@') or 'i'}/status/{self.id}"


@dataclass(frozen=True, slots=True)
class Wall:
    """What may be listed, newest first, and why the rest may not: (post, sentence)."""

    entries: tuple[WallEntry, ...]
    withheld: tuple[tuple[str, str], ...]


def build(guard: Guard, account: SchoolAccount, *, channel: str, site: str) -> Wall:
    """The wall of a channel's account, for a site that the policy knows as channel `site`. Raises PostingFailed.

    Texts come from X, where they may have been changed, and are judged again; pictures stay there.
    """
    journal = Journal(guard.state)
    shared = set(reposted(journal, channel))
    posts = [post for post in journal.ledger.posts() if post.channel == channel or post.id in shared]
    scope, today = guard.policy.channel(site).scope, school_day(account.now(), guard.policy.zone)
    may, withheld = {}, []
    for post in posts:
        barred = [
            person
            for person in post.people
            if (row := guard.register.get(person)) is None or row.standing(scope, today) is not Standing.CONSENTED
        ]
        if post.taken_down:
            withheld.append((post.id, "was taken down"))
        elif any(release.revoked for release in post.releases):
            withheld.append((post.id, "shows a photo whose release was taken back"))
        elif barred:
            withheld.append((post.id, f"{', '.join(barred)} may not be shown on {site}"))
        else:
            may[post.id] = post
    shown = account.patience.keep_trying(lambda: {post.id: post for post in account.network.posts(list(may))})
    entries = []
    for id_, post in may.items():
        if id_ not in shown:
            withheld.append((id_, "is not at X any more"))
        elif codes := guard.words.judge(
            {"text": shown[id_].text}, with_image=bool(post.releases), channel=guard.policy.channel(site)
        ).refused:
            withheld.append((id_, f"its text breaks the rules: {', '.join(codes)}"))
        else:
            home = guard.policy.channels.get(post.channel)
            entries.append(WallEntry(id_, shown[id_].text, home.account if home else "", shown[id_].at))
    return Wall(tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)), tuple(withheld))


def as_json(entries: Sequence[WallEntry], title: str) -> bytes:
    """JSON Feed 1.1."""
    items = [
        {
            "id": entry.link,
            "url": entry.link,
            "content_text": entry.text,
            "date_published": entry.at.isoformat(),
            "authors": [{"name": entry.account}],
        }
        for entry in entries
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items}
    return json.dumps(feed, indent=1, ensure_ascii=False).encode() + b"\n"


def as_rss(entries: Sequence[WallEntry], title: str, link: str) -> bytes:
    """RSS 2.0."""
    feed = FeedGenerator()
    feed.title(title)
    feed.link(href=link)
    feed.description(title)
    for entry in entries:
        item = feed.add_entry(order="append")
        item.title(f"{entry.account}: {entry.text}")
        item.link(href=entry.link)
        item.guid(entry.link, permalink=True)
        item.pubDate(entry.at)
        item.description(entry.text)
    return bytes(feed.rss_str(pretty=True))
