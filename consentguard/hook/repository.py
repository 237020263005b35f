"""What git is about to let out, asked of git itself: the index and the objects, never the files on the disk."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from consentguard.errors import CannotTell, WrongUsage
from consentguard.files import read_photo
from consentguard.hook import git

_SYMLINK, _SUBMODULE = "120000", "160000"
_LONGEST_LINK: Final = 4096  # bytes, as systems have it


@dataclass(frozen=True, slots=True)
class Blob:
    """One file as git holds it.

    Attributes:
        oid: git's name of its content, hex.
        path: within the repository, `/` between folders; what is not UTF-8 stands as surrogates (PEP 383).
        mode: six octal digits, as git writes them.
        commit: the commit that brings it, hex, where it comes from history and not from the index.
    """

    oid: str
    path: str
    mode: str = "100644"
    commit: str = ""

    @property
    def is_symlink(self) -> bool:
        return self.mode == _SYMLINK

    @property
    def is_submodule(self) -> bool:
        """A pointer to a commit of another repository: nothing of its files goes with this one."""
        return self.mode == _SUBMODULE


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
class Repository:
    """A git repository, as the git program in PATH sees it from a folder.

    Attributes:
        folder: where git is asked: the top of the work tree, or the git directory of a bare repository.
        bare: there is no work tree, so nothing can be staged.
    """

    folder: Path
    bare: bool

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder is part of. Raises CannotTell where git is absent or there is none."""
        bare = git.ask(folder, "rev-parse", "--is-bare-repository").decode().strip() == "true"
        question = "--absolute-git-dir" if bare else "--show-toplevel"
        top = git.ask(folder, "rev-parse", question).rstrip(b"\n")
        if not top:
            raise CannotTell(f"{folder}: git shows no work tree here; run this at the top of the repository.")
        return cls(Path(os.fsdecode(top)), bare)

    def hooks_path(self) -> tuple[Path, bool]:
        """The folder of the hooks, and whether it is that of every repository of this user or machine."""
        folder = os.fsdecode(self._ask("rev-parse", "--git-path", "hooks").rstrip(b"\n"))
        scope = self._try("config", "--show-scope", "--get", "core.hooksPath") or b""
        return self.folder / folder, scope.startswith((b"global", b"system"))

    def what_goes(self, given: IO[bytes], environment: Mapping[str, str], remote: str) -> tuple[tuple[Push, ...], str]:
        """What is pushed, and to which remote: as git says on standard input, or the pre-commit framework passes it on.

        Typed by hand, it is the current commit. Raises CannotTell for what neither would say.
        """
        said = "" if given.isatty() else given.read().decode(errors="surrogateescape")
        local, there = "HEAD", ""
        if said or not (given.isatty() or "PRE_COMMIT" in environment):
            return Push.parse(said), remote
        if "PRE_COMMIT" in environment:  # it reads the input itself, and tells of the first ref only
            local = environment.get("PRE_COMMIT_TO_REF") or environment.get("PRE_COMMIT_LOCAL_BRANCH") or local
            there = environment.get("PRE_COMMIT_FROM_REF", "")
            remote = environment.get("PRE_COMMIT_REMOTE_NAME") or remote
        oids = [self._ask("rev-parse", "--verify", f"{ref}^{{}}").decode().strip() for ref in (local, there) if ref]
        return (Push(oids[0], oids[1] if there else "0"),), remote

    def staged(self) -> tuple[Blob, ...]:
        """Every file whose staged version differs from the last commit, deletions aside."""
        self._needs_index()
        head = self._try("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        base = head.decode().strip() if head else self._empty_tree()
        raw = self._ask("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=d", base)
        return tuple(_changes(raw))

    def indexed(self, paths: Sequence[str]) -> tuple[Blob, ...]:
        """The staged version of these paths, changed or not. Raises WrongUsage for one that git does not know."""
        self._needs_index()
        raw = self._ask("--literal-pathspecs", "ls-files", "--stage", "-z", "--full-name", "--", *paths)
        blobs = []
        for line in filter(None, raw.split(b"\0")):
            fields, _, path = line.partition(b"\t")
            mode, oid, _ = fields.decode().split(" ")
            blobs.append(Blob(oid, os.fsdecode(path), mode))
        known = {blob.path for blob in blobs}
        missing = [path for path in paths if os.path.normpath(path) not in known]
        if missing:
            raise WrongUsage(f"not in the index: {', '.join(map(ascii, missing))}; `git add` it, or name no files")
        return tuple(blobs)

    def committed(self) -> tuple[Blob, ...]:
        """Every file of the last commit."""
        commit = self._ask("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        lines = filter(None, self._ask("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"))
        rows = (line.partition(b"\t") for line in lines)
        return tuple(
            Blob(fields.split()[2].decode(), os.fsdecode(path), fields.split()[0].decode()) for fields, _, path in rows
        )

    def pushed(self, pushes: Sequence[Push], remote: str) -> tuple[Blob, ...]:
        """Every file of every commit that these pushes send, also those that a later commit of them takes out.

        Args:
            pushes: what git said.
            remote: its name, or an address where it has none. What its tracking refs reach is there already.

        What goes is what `git rev-list --objects` lists; the commits are walked for names, modes and who brought it.
        """
        wanted = [push.local_oid for push in pushes if not push.deletes]
        if not wanted:
            return ()
        there = [push.remote_oid for push in pushes if not push.is_new and self._has(push.remote_oid)]
        is_name = remote in self._ask("remote").decode(errors="surrogateescape").splitlines()
        limits = ("--not", f"--remotes={remote}", "--not") if is_name else ()
        asked = "".join(f"{oid}\n" for oid in (*wanted, *(f"^{oid}" for oid in there))).encode()
        listed = self._ask("rev-list", "--objects", "--no-object-names", *limits, "--stdin", given=asked)
        commits = self._ask("rev-list", *limits, "--stdin", given=asked)
        raw = self._ask(
            *("diff-tree", "--stdin", "--root", "-r", "-c", "--raw", "-z", "--no-renames", "--no-abbrev"),
            given=commits,
        )
        named = {(blob.oid, blob.path, blob.mode): blob for blob in _changes(raw)}
        oids = {blob.oid for blob in named.values()}
        # A tag may name a blob outright, and then no commit does.
        unnamed = [oid for oid in listed.decode().split() if oid not in oids]
        kinds = self._kinds(unnamed)
        alone = (Blob(oid, f"object {oid[:12]}") for oid in unnamed if kinds[oid] == "blob")
        return (*named.values(), *alone)

    def contents(self, blobs: Iterable[Blob]) -> Iterator[tuple[Blob, bytes | CannotTell]]:
        """Each blob with its bytes, or with why it has none here; submodules are left out. Read one by one.

        Raises CannotTell where git itself fails.
        """
        with git.started(self.folder, "cat-file", "--batch") as batch:
            assert batch.stdin  # noqa: S101  (a pipe, see _started)
            assert batch.stdout  # noqa: S101
            for blob in blobs:
                if blob.is_submodule:
                    continue
                batch.stdin.write(blob.oid.encode() + b"\n")
                batch.stdin.flush()
                yield blob, git.one_object(batch.stdout, blob.path, blob.oid)

    def stage(self, blob: Blob, data: bytes) -> None:
        """Stages other bytes under the path and the mode of a blob."""
        oid = self._ask("hash-object", "-w", "--stdin", given=data).decode().strip()
        line = f"{blob.mode} {oid}\t".encode() + os.fsencode(blob.path) + b"\0"
        self._ask("update-index", "-z", "--index-info", given=line)

    def holds_target(self, link: Blob, target: bytes) -> bool:
        """Whether a symbolic link leads to something that goes with it, so that this is judged by itself."""
        if not target or b"\0" in target or len(target) > _LONGEST_LINK:
            return False  # no path at all: other bytes, staged as a link
        steps = os.fsdecode(target).split("/")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), *steps))
        back = [step == ".." for step in steps if step not in ("", ".")]
        # Back from a folder that is a link itself leads to where that one leads; only git's own folders are sure.
        if target.startswith(b"/") or path.startswith("../") or path == ".." or back != sorted(back, reverse=True):
            return False
        if link.commit:
            return self._try("cat-file", "-e", f"{link.commit}:{'' if path == '.' else path}") is not None
        return bool(self._ask("--literal-pathspecs", "ls-files", "-z", "--", path))

    def lfs_object(self, sha256: str) -> bytes | None:
        """The file that a Git LFS pointer stands for, where this machine has it, proved by its digest."""
        common = os.fsdecode(self._ask("rev-parse", "--git-common-dir").rstrip(b"\n"))
        path = self.folder / common / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
        if not path.is_file():
            return None
        data = read_photo(path)
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def _needs_index(self) -> None:
        if self.bare:
            raise CannotTell(f"{self.folder}: is a bare repository, so nothing is staged; use `hook pre-push`.")

    def _empty_tree(self) -> str:
        return self._ask("hash-object", "-t", "tree", "--stdin").decode().strip()

    def _has(self, oid: str) -> bool:
        return self._try("cat-file", "-e", f"{oid}^{{commit}}") is not None

    def _kinds(self, oids: Sequence[str]) -> dict[str, str]:
        asked = "".join(f"{oid}\n" for oid in oids).encode()
        lines = self._ask("cat-file", "--batch-check", given=asked).decode().splitlines()
        return {line.split(" ")[0]: line.split(" ")[1] for line in lines}

    def _ask(self, *arguments: str, given: bytes = b"") -> bytes:
        return git.ask(self.folder, *arguments, given=given)

    def _try(self, *arguments: str) -> bytes | None:
        """What git says, or None where it says no."""
        done = git.run(self.folder, *arguments)
        return done.stdout if done.returncode == 0 else None


def _changes(raw: bytes) -> Iterator[Blob]:
    """The blobs of `--raw -z` output: lines of one or, for a merge (`-c`), of several parents, and commit ids."""
    fields = iter(raw.split(b"\0"))
    commit = ""
    for field in fields:
        if not field:
            continue
        if not field.startswith(b":"):
            commit = field.decode().strip()
            continue
        parents = len(field) - len(field.lstrip(b":"))
        columns = field[parents:].decode().split(" ")
        mode, oid = columns[parents], columns[2 * parents + 1]
        path = os.fsdecode(next(fields))
        if mode.strip("0"):  # a merge lists what it deletes, whatever --diff-filter says
            yield Blob(oid, path, mode, commit)
