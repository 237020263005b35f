"""What git is about to let out, asked of git itself: the index and the objects, never the files on the disk."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
        """A pointer to a commit of another repository, whose files a page may show though they are not here."""
        return self.mode == _SUBMODULE


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

    def attribute(self, name: str, path: Path) -> str:
        """What .gitattributes says of a path: a value, or git's words for none (`unspecified`)."""
        told = self._ask("check-attr", "-z", name, "--", str(path))
        return told.split(b"\0")[2].decode(errors="replace")

    def staged(self) -> tuple[Blob, ...]:
        """Every file whose staged version differs from the last commit, deletions aside."""
        self._needs_index()
        head = self._try("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        base = head.decode().strip() if head else self._empty_tree()
        raw = self._ask("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=d", base)
        return tuple(changes(raw))

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

    def contents(self, blobs: Iterable[Blob]) -> Iterator[tuple[Blob, bytes | CannotTell]]:
        """Each blob with its bytes, or with why it has none here; a submodule has none. Read one by one.

        Raises CannotTell where git itself fails.
        """
        with git.started(self.folder, "cat-file", "--batch") as batch:
            assert batch.stdin  # noqa: S101  (a pipe, see _started)
            assert batch.stdout  # noqa: S101
            for blob in blobs:
                if blob.is_submodule:
                    yield blob, b""
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

    def kinds(self, oids: Sequence[str]) -> dict[str, str]:
        """What each object is: commit, tree, blob or tag; missing where it is not in this clone."""
        asked = "".join(f"{oid}\n" for oid in oids).encode()
        lines = self._ask("cat-file", "--batch-check", given=asked).decode().splitlines()
        return {line.split(" ")[0]: line.split(" ")[1] for line in lines}

    def _ask(self, *arguments: str, given: bytes = b"") -> bytes:
        return git.ask(self.folder, *arguments, given=given)

    def _try(self, *arguments: str) -> bytes | None:
        """What git says, or None where it says no."""
        done = git.run(self.folder, *arguments)
        return done.stdout if done.returncode == 0 else None


def changes(raw: bytes) -> Iterator[Blob]:
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
