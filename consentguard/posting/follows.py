"""Who follows, and who is followed: compared with the head teacher's list and the handles that staff declared.

SCH 026 lets the accounts follow only those whom the head teacher approved one by one, and keeps personal accounts of
staff from following. X forbids matching handles to people who did not agree, so a personal account is known only if its
owner declared it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from consentguard.errors import PolicyInvalid, Problem
from consentguard.files import MAX_TABLE, read_bounded
from consentguard.posting.actions import AccountAction
from consentguard.posting.network import Account

APPROVED_FILE: Final = "approved_accounts.csv"
STAFF_FILE: Final = "staff_handles.csv"
KINDS: Final = ("education", "children", "media", "other")
"""Why an account may be followed: an educational establishment, works with children, local media, or another reason."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Approved:
    """An account that may be followed, and who decided so, when and why."""

    handle: str
    kind: str
    approved_by: str
    approved_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A personal account that a member of staff declared as theirs; `person` is a register id."""

    handle: str
    person: str


def read_approved(path: Path) -> dict[str, Approved]:
    """The head teacher's list, by folded handle. Raises PolicyInvalid with everything that is wrong with it."""

    def row(cells: Mapping[str, str]) -> Approved:
        if cells["kind"] not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        try:
            on = date.fromisoformat(cells["approved_on"])
        except ValueError as error:
            raise ValueError("approved_on must be a day like 2026-09-14") from error
        return Approved(cells["handle"], cells["kind"], cells["approved_by"], on, cells["reason"])

    return {
        folded(one.handle): one for one in _read(path, ("handle", "kind", "approved_by", "approved_on", "reason"), row)
    }


def read_declared(path: Path) -> dict[str, Declared]:
    """What staff declared, by folded handle. Raises PolicyInvalid with everything that is wrong with it."""
    return {folded(one.handle): one for one in _read(path, ("handle", "person"), lambda cells: Declared(**cells))}


def folded(handle: str) -> str:
    """A handle as X compares them: without the sign, in small letters."""
    return handle.strip().lstrip("@").casefold()


def judge_following(
    following: Iterable[Account],
    approved: Mapping[str, Approved],
    declared: Mapping[str, Declared],
    own: Iterable[str],
) -> tuple[AccountAction, ...]:
    """What to do about whom an account follows. `own`: the school's own accounts, which need no approval."""
    school = {folded(handle) for handle in own if handle}
    followed = {folded(account.username): account for account in following}
    actions = []
    for handle, account in followed.items():
        if handle in declared:
            why = f"@{account.username} is the personal account of {declared[handle].person}"
        elif handle in approved or handle in school:
            continue
        else:
            why = f"@{account.username} is not on the head teacher's list"
        actions.append(AccountAction("unfollow", account.id, why, account.link))
    for handle, one in approved.items():
        if handle not in followed:
            why = f"@{one.handle.lstrip('@')} is approved ({one.kind}, {one.approved_by}) and not followed"
            actions.append(AccountAction("follow", "", why, f"https://x.com/{one.handle.lstrip('@')}"))
    return tuple(actions)


def judge_followers(followers: Iterable[Account], declared: Mapping[str, Declared]) -> tuple[AccountAction, ...]:
    """What to do about who follows: personal accounts of staff are kept from it; everybody else may."""
    return tuple(
        AccountAction(
            "block",
            account.id,
            f"@{account.username} is the personal account of {declared[folded(account.username)].person}; "
            "ask them to unfollow, or remove the follower",
            account.link,
        )
        for account in followers
        if folded(account.username) in declared
    )


def _read(path: Path, columns: tuple[str, ...], row: Callable[[Mapping[str, str]], T]) -> Iterator[T]:
    next_step = f"It is a CSV file in UTF-8 with the columns {','.join(columns)}; docs/posting.md shows one."
    try:
        text = read_bounded(path, MAX_TABLE).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise PolicyInvalid(str(path), [Problem(None, "", f"the file cannot be read ({why})")], next_step) from error
    reader = csv.DictReader(io.StringIO(text), strict=True)
    problems, found, seen = [], [], set()
    if tuple(reader.fieldnames or ()) != columns:
        raise PolicyInvalid(str(path), [Problem(1, "", f"the columns must be {', '.join(columns)}")], next_step)
    for cells in reader:
        line = reader.line_num
        clean = {name: (cells[name] or "").strip() for name in columns}
        empty = [name for name, cell in clean.items() if not cell]
        handle = folded(clean["handle"])
        if empty or None in cells:
            problems += [Problem(line, name, "is empty") for name in empty] or [Problem(line, "", "has cells too many")]
        elif handle in seen:
            problems.append(Problem(line, "handle", "stands there twice"))
        else:
            seen.add(handle)
            try:
                found.append(row(clean))
            except ValueError as error:
                problems.append(Problem(line, "", str(error)))
    if problems:
        raise PolicyInvalid(str(path), problems, next_step)
    return iter(found)
