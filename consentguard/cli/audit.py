"""The audit trail in plain words: when, who, which channel, what was decided and why. Ids only."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consentguard.cli.options import Commands, Options, state_of

if TYPE_CHECKING:
    from consentguard.consent.record.audit import Entry


def add_show(audit: Commands, options: Options) -> None:
    """Adds `audit show`."""
    show = audit.add_parser(
        "show",
        parents=[options.state],
        help="what was decided, in plain words",
        description="Prints the rows of the audit trail, each proved: when, who, which channel, what and why. The ids "
        "in it are the register's.",
    )
    show.add_argument("--last", type=int, metavar="N", help="only the last N rows")
    show.add_argument("--release", metavar="SHA", help="only rows about these bytes: 16 to 64 digits of their SHA-256")
    show.add_argument("--json", action="store_true", help="one JSON object a row on stdout")
    show.set_defaults(run=audit_show)


def audit_show(arguments: argparse.Namespace) -> int:
    from consentguard.errors import WrongUsage

    if arguments.last is not None and arguments.last < 1:
        raise WrongUsage("--last needs a number of rows, such as 20")
    wanted = (arguments.release or "").strip().lower()
    rows = [entry for entry in state_of(arguments).audit.entries() if not wanted or _is_about(entry.body, wanted)]
    if wanted and not rows:
        raise WrongUsage(f"{wanted}: no row of the audit trail is about these bytes")
    for entry in rows[-arguments.last :] if arguments.last else rows:
        if arguments.json:
            print(json.dumps({"seq": entry.seq, "at": entry.at, "kind": entry.kind, "details": dict(entry.body)}))
        else:
            print(_in_words(entry))
    return 0


def _is_about(body: Mapping[str, Any], digits: str) -> bool:
    inner = body.get("body")  # of a row from another machine
    about: list[Mapping[str, Any]] = [body, inner if isinstance(inner, dict) else {}]
    return any(str(each.get(key) or "").startswith(digits) for each in about for key in ("sha256", "source"))


def _in_words(entry: Entry) -> str:
    body = entry.body
    when = f"{datetime.fromisoformat(entry.at):%Y-%m-%d %H:%M}"
    by = f" by {body['by']}" if body.get("by") else ""
    where = f" for {body['channel']}" if body.get("channel") else ""
    lines = [f"{entry.seq}  {when}  {_HEADLINES.get(entry.kind, entry.kind)}{where}{by}", *_details(entry)]
    return "\n    ".join(lines)


_HEADLINES = {
    "init": "the state was made",
    "released": "released",
    "refused": "refused",
    "cannot_tell": "undecided, so refused",
    "posted": "posted",
    "taken-down": "taken down",
    "revoked": "taken back",
    "accepted": "went on from a trail that lacks rows",
    "imported": "from another machine",
}


def _details(entry: Entry) -> list[str]:
    from consentguard.consent.codes import REASONS

    body, lines = entry.body, []
    if body.get("sha256"):
        lines.append(f"file {body['sha256'][:16]}")
    if entry.kind == "released":
        shown = f"shows {', '.join(body['people'])}" if body["people"] else "shows nobody by name"
        how = f", how: {body['rewrite']}" if body.get("rewrite") not in (None, "none") else ""
        lines.append(f"mode {body['mode']}: {shown}; {body['hidden']} of {body['faces']} faces hidden{how}")
    lines += [f"{code}: {REASONS.get(code, 'see docs/codes.md')}" for code in body.get("reasons", ())]
    lines += [f"a person decided on {code}: {why}" for code, why in (body.get("override") or {}).items()]
    lines += [f"{'added ' if tag['added'] else ''}tag at {tag['box']}: {tag['says']}" for tag in body.get("tags", ())]
    if occasion := body.get("occasion"):
        lines.append(f"for the {occasion['kind']} {occasion['what']}")
    if body.get("post"):
        lines.append(f"post {body['post']}")
    if body.get("why"):
        lines.append(f"why: {body['why']}")
    return lines
