"""What a push sends: every file of every commit that the remote does not have, as the remote itself says.

Tracking refs (`refs/remotes/...`) are not asked. They say what this clone last heard of some address, and may be stale
or of another repository by now: after `git remote set-url`, with a `pushurl`, or where a remote was made again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from consentguard.errors import CannotTell
from consentguard.hook import git
from consentguard.hook.repository import Blob, Repository, changes


@dataclass(frozen=True, slots=True)
class Push:
    """One line of what git tells a pre-push hook: what a ref is here, and what the remote has for it now."""

    local_oid: str
    remote_oid: str

    @property
    def deletes(self) -> bool:
        return not self.local_oid.strip("0")

    @property
    def is_new(self) -> bool:
        return not self.remote_oid.strip("0")

    @classmethod
    def parse(cls, text: str) -> tuple[Push, ...]:
        """The standard input of a pre-push hook. Raises CannotTell for anything git would not write."""
        pushes = []
        for line in text.split("\n"):
            fields = line.split(" ")
            if len(fields) == 4 and all(re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", oid) for oid in fields[1::2]):
                pushes.append(cls(local_oid=fields[1], remote_oid=fields[3]))
            elif line:
                raise CannotTell(f"not what git tells a pre-push hook: {line!r}; let git call this command.")
        return tuple(pushes)


@dataclass(frozen=True, slots=True)
class Going:
    """What is about to be pushed.

    Attributes:
        pushes: one for each ref.
        url: the address it goes to; "" where there are several, or none is known.
    """

    pushes: tuple[Push, ...]
    url: str


def what_goes(
    repository: Repository, given: IO[bytes], environment: Mapping[str, str], remote: str, url: str | None
) -> Going:
    """What is pushed and where: as git says on standard input, or as the pre-commit framework hands it on.

    Typed by hand, it is the current commit. Raises CannotTell for what neither would say.
    """
    said = "" if given.isatty() else given.read().decode(errors="surrogateescape")
    if said or not (given.isatty() or "PRE_COMMIT" in environment):
        return Going(Push.parse(said), url or _address(repository, remote))
    local = "HEAD"
    if "PRE_COMMIT" in environment:
        # It reads the input itself, tells of the first ref only, and works out where to begin from tracking refs:
        # what it says is at the remote (PRE_COMMIT_FROM_REF) is not believed.
        local = environment.get("PRE_COMMIT_TO_REF") or environment.get("PRE_COMMIT_LOCAL_BRANCH") or local
        remote = environment.get("PRE_COMMIT_REMOTE_NAME") or remote
        url = environment.get("PRE_COMMIT_REMOTE_URL") or url
    oid = git.ask(repository.folder, "rev-parse", "--verify", f"{local}^{{}}").decode().strip()
    return Going((Push(oid, "0"),), url or _address(repository, remote))


def at_remote(repository: Repository, url: str) -> tuple[str, ...] | None:
    """Commits and tags that the branches and tags of a remote name, hex; None where it does not say.

    Refs of other kinds are left out: whoever proposes a change to a host may write `refs/pull/...`.
    """
    # Where git would read another address than the one it pushes to, that one's branches say nothing.
    read_at = git.run(repository.folder, "ls-remote", "--get-url", "--", url).stdout.rstrip(b"\n")
    if not url or read_at != os.fsencode(url):
        return None
    listed = git.run(repository.folder, "ls-remote", "--heads", "--tags", "--", url)
    if listed.returncode != 0:
        return None
    return tuple(dict.fromkeys(line.split(b"\t")[0].decode() for line in listed.stdout.splitlines()))


def pushed(repository: Repository, pushes: Sequence[Push], there: Sequence[str]) -> tuple[Blob, ...]:
    """Every file of every commit that these pushes send, also those that a later commit of them takes out.

    Args:
        repository: what is pushed from.
        pushes: what git said.
        there: what the remote has besides, as `at_remote` says it.

    What goes is what `git rev-list --objects` lists; the commits are walked for names, modes and who brought it.
    """
    folder = repository.folder
    wanted = [push.local_oid for push in pushes if not push.deletes]
    if not wanted:
        return ()
    claimed = [*(push.remote_oid for push in pushes if not push.is_new), *there]
    limits = [f"^{oid}" for oid, kind in repository.kinds(claimed).items() if kind in ("commit", "tag")]
    asked = "".join(f"{oid}\n" for oid in (*wanted, *limits)).encode()
    listed = git.ask(folder, "rev-list", "--objects", "--no-object-names", "--stdin", given=asked)
    commits = git.ask(folder, "rev-list", "--stdin", given=asked)
    raw = git.ask(
        folder,
        *("diff-tree", "--stdin", "--root", "-r", "-c", "--raw", "-z", "--no-renames", "--no-abbrev"),
        given=commits,
    )
    named = {(blob.oid, blob.path, blob.mode): blob for blob in changes(raw)}
    oids = {blob.oid for blob in named.values()}
    # A tag may name a blob outright, and then no commit does.
    unnamed = [oid for oid in listed.decode().split() if oid not in oids]
    kinds = repository.kinds(unnamed)
    alone = (Blob(oid, f"object {oid[:12]}") for oid in unnamed if kinds[oid] == "blob")
    return (*named.values(), *alone)


def _address(repository: Repository, remote: str) -> str:
    """The one address that pushes to a remote go to; "" where there are several."""
    told = git.run(repository.folder, "remote", "get-url", "--push", "--all", remote)
    addresses = os.fsdecode(told.stdout).splitlines() if told.returncode == 0 else [remote]
    return addresses[0] if len(addresses) == 1 else ""
