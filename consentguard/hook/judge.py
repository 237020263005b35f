"""Whether one file may go: a picture only as one of our releases that still stands, or if nobody in it is to hide."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from consentguard.consent.clock import today
from consentguard.consent.codes import FINDINGS, REASONS, reason_of
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, CannotTell
from consentguard.hook.captions import captions_in, is_page, line_of
from consentguard.hook.embedded import embedded_in
from consentguard.hook.kinds import SEALED, as_text, kind_of, pointed_at
from consentguard.hook.pieces import Piece, SmallPictures, digest_of, pieces_among
from consentguard.hook.releases import ListedReleases, RecordedReleases, Releases
from consentguard.hook.remembered import Remembered
from consentguard.hook.tiny import is_too_small
from consentguard.kinds import Kind
from consentguard.program import program_digest
from consentguard.values import Finding, Outcome, Released, Verdict, canonical
from consentguard.values.plain import plain_path

if TYPE_CHECKING:
    from consentguard.consent.record.exchange import ReleasedHashes
    from consentguard.guard.guard import Guard
    from consentguard.guard.text_rules import Words

_DEEPEST: Final = 5
"""A picture in a style sheet in a drawing in a page is three deep; what is deeper is undecided."""

_SEALED_STEP: Final = (
    "Publish its pictures as files of their own, or list its path under `unjudged` in the policy's [hook]."
)

_SUBMODULE_STEP: Final = (
    "Install the hook in that repository as well, then list its path under `unjudged` in the policy's [hook]."
)

_PIECES_STEP: Final = (
    "small pictures here continue one another, so they are pieces of one picture. Publish it whole; or list their "
    "paths under `unjudged` in the policy's [hook] once somebody has seen it whole."
)

_NAMING: Final = ("surname", "maybe-surname", "name-with-image")
"""Rules about words that a website's pages are held to. The rest is for posts, where a person can be asked."""


class Judge:
    """Judges files under one register and one policy; nobody is identified.

    Opening one loads no model: a file that was judged before, or that is a release, needs none.

    Attributes:
        policy: under which.
        channel: where everything goes, the one that policy names for hooks, if no other is given.
        remembered: verdicts of before, where there is a state to keep them in.
    """

    def __init__(
        self,
        register: Register,
        policy: Policy,
        state: State | None,
        channel: str | None = None,
        *,
        listed: ReleasedHashes | None = None,
    ) -> None:
        """A judge that looks releases up in the state's audit trail, or in a signed list where one is given.

        Raises WrongUsage for a channel that policy does not have, AuditFailed without either.
        """
        self.policy = policy
        self.channel = policy.channel(channel or policy.hook.channel).name
        self.remembered = Remembered(state) if state else None
        self._small = SmallPictures()
        self._register = register
        self._state = state
        self._releases: Releases
        if listed is not None:
            self._releases = ListedReleases(listed, self.channel)
        elif state is not None:
            self._releases = RecordedReleases(register, policy, state, self.channel, today(policy.zone))
        else:
            raise AuditFailed("there is no state to look releases up in; make it once with `consentguard init`.")

    @classmethod
    def of_list(cls, listed: ReleasedHashes, policy: Policy, channel: str | None = None) -> Judge:
        """A judge without register and state: what is on the school's signed list passes, and what shows nobody."""
        return cls(Register.nobody(), policy, None, channel, listed=listed)

    def judge(
        self,
        path: str,
        data: bytes,
        *,
        name: str | None = None,
        stored: Callable[[str], bytes | None] = lambda sha256: None,
    ) -> tuple[Verdict, ...]:
        """What is to say about a file: a verdict for every picture it is or holds, and for the names beside pictures.

        There is none where it shows and names nobody.

        Args:
            path: its name within what is published, for its ending and for the policy's list.
            data: its bytes.
            name: what the verdict calls it, if not by its path.
            stored: the content of a Git LFS object by its SHA-256, None where it is not here.

        Errors of the whole set-up (models, audit trail) come through as CannotTell; what is wrong with the file itself
        is in its verdict.
        """
        return tuple(self._judged(path, name or path, data, stored))

    def pieces(self) -> Iterator[tuple[str, tuple[Verdict, ...]]]:
        """What is to say about the small pictures judged so far as a whole: by folder, where they are pieces of one."""
        told: set[str] = set()
        for folder, whence, pieces in self._small.groups():

            def find(pieces: list[Piece] = pieces) -> Iterable[Finding]:
                found = pieces_among(pieces)
                if found:
                    yield Finding("pieces-of-a-picture", "folder", f"{len(found)} {_PIECES_STEP}")

            findings = self._remembering(["pieces", digest_of(pieces)], find)
            name = f"{folder}/{whence}"
            if findings and name not in told:
                told.add(name)
                verdict = Verdict(name, Outcome.CANNOT_TELL, reasons=("pieces-of-a-picture",), findings=findings)
                yield f"{folder}/", (verdict,)

    def released_copy(self, name: str, data: bytes) -> Released:
        """A release of a picture for this channel, admitted as every exit point does. Errors of `Guard.release`."""
        released = self._guard.release(data, name=name, channel=self.channel)
        self._guard.admit(released, channel=self.channel)
        return released

    def _judged(
        self,
        path: str,
        name: str,
        data: bytes,
        stored: Callable[[str], bytes | None],
        depth: int = 0,
        outer: str = "",
        seen: set[bytes | None] | None = None,
    ) -> Iterator[Verdict]:
        kind = kind_of(data, path)
        if depth == 0 and kind is not Kind.PICTURE and self.policy.hook.captions and is_page(path):
            findings = self._in_address(path)
            if findings:
                yield Verdict(name, Outcome.REFUSED, reasons=("file-name",), findings=findings)
        if kind is Kind.PICTURE:
            verdict = self._under_its_name(path, self._picture(name, data))
            if depth == 0 and verdict.outcome is Outcome.PUBLISHABLE and not self._passed_over(path):
                self._small.add(Piece(path, data, name.removeprefix(path)), verdict.size)
            yield verdict
        elif kind is Kind.POINTER:
            yield from self._pointed_at(path, name, data, stored)
        elif kind in SEALED:
            if not self._passed_over(path or outer):
                yield _undecided(name, "not-looked-into", f"is a {kind}, and is not looked into. {_SEALED_STEP}")
        elif kind in (Kind.TEXT, Kind.SILENT):
            text = as_text(data)
            yield from self._text(path or outer, name, text, depth, set() if seen is None else seen)
            yield from self._captions(path, name, text)

    def _passed_over(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self.policy.hook.unjudged)

    def submodule(self, path: str, name: str) -> tuple[Verdict, ...]:
        """What is to say of another repository that is published with this one: its files are judged there."""
        if self._passed_over(path):
            return ()
        return (_undecided(name, "not-looked-into", f"is a submodule, and is not looked into. {_SUBMODULE_STEP}"),)

    def _pointed_at(
        self, path: str, name: str, pointer: bytes, stored: Callable[[str], bytes | None]
    ) -> Iterator[Verdict]:
        """A Git LFS pointer names the SHA-256 of what is uploaded beside the push."""
        digest = pointed_at(pointer)
        released, _ = self._released(name, digest)
        content = None if released else stored(digest)
        if released:
            yield self._under_its_name(path, released)
        elif content is None or kind_of(content, path) is Kind.POINTER:
            yield _undecided(
                name, "lfs-pointer", f"{REASONS['lfs-pointer']}; run `git lfs pull`, so that it can be judged"
            )
        else:
            yield from self._judged(path, name, content, stored)

    def _text(self, outer: str, name: str, text: str, depth: int, seen: set[bytes | None]) -> Iterator[Verdict]:
        for found in embedded_in(text):
            place = f"{name}, line {found.line}" if depth == 0 else name
            if found.data is None or depth == _DEEPEST:
                yield _undecided(place, "unreadable-image", "what is written into it is damaged; publish it as a file")
            elif found.data not in seen:
                seen.add(found.data)
                yield from self._judged("", place, found.data, lambda _: None, depth + 1, outer, seen)

    def _picture(self, name: str, data: bytes) -> Verdict:
        digest = hashlib.sha256(data).hexdigest()
        released, fallen = self._released(name, digest)
        if released:
            return released
        verdict = self._inspected(name, data, digest)
        if fallen and verdict.outcome is not Outcome.PUBLISHABLE:
            verdict = replace(verdict, reasons=(fallen.rule, *verdict.reasons), findings=(*verdict.findings, fallen))
        return verdict

    def _released(self, name: str, digest: str) -> tuple[Verdict | None, Finding | None]:
        """A verdict where these bytes are a release that still stands; else why the latest one fell, if any did."""
        stands, fallen = self._releases.look_up(digest)
        return (Verdict(photo=name, outcome=Outcome.RELEASED, sha256=digest) if stands else None), fallen

    def _inspected(self, name: str, data: bytes, digest: str) -> Verdict:
        key = hashlib.sha256(canonical([digest, self._circumstances])).hexdigest()
        known = self.remembered.get(key) if self.remembered else None
        if known is not None:
            return Verdict.from_json({**known, "photo": name})
        if is_too_small(data, self.policy.picture.smallest_face):
            note = Finding("too-small-for-a-face", "photo", FINDINGS["too-small-for-a-face"])
            verdict = Verdict(name, Outcome.PUBLISHABLE, publishable_as_is=True, findings=(note,))
        else:
            try:
                # Without its name: what is remembered is of the content, which may lie under another name tomorrow.
                verdict = self._guard.glance(data, name="photo", channel=self.channel)
            except CannotTell as error:  # a model may be back the next time
                return _undecided(name, reason_of(error), str(error).removeprefix("photo: ").splitlines()[0])
        if self.remembered:
            self.remembered.put(key, {**verdict.as_json(), "photo": ""})
        return replace(verdict, photo=name)

    def _under_its_name(self, path: str, verdict: Verdict) -> Verdict:
        """The verdict of a picture that is published under a path: no file may be called after a pupil."""
        findings = self._in_address(path)
        if not findings:
            return verdict
        went = verdict.outcome.exit_code == 0
        return replace(
            verdict,
            outcome=Outcome.REFUSED if went else verdict.outcome,
            publishable_as_is=False,
            reasons=(*verdict.reasons, "file-name"),
            findings=(*verdict.findings, *findings),
        )

    def _in_address(self, path: str) -> tuple[Finding, ...]:
        return self._said("file name", PurePosixPath(path).name) or self._in_folders(path)

    def _in_folders(self, path: str) -> tuple[Finding, ...]:
        """Surnames in the folders of a path within what is published, as they are in its address too.

        Of an absolute path nothing is said: its folders are this machine's.
        """
        folders = PurePosixPath(path).parts[:-1]
        if path.startswith("/") or "\\" in path:
            return ()
        named = [finding for folder in folders for finding in self._said("folder", folder) if finding.rule == "surname"]
        return tuple(replace(finding, rule="file-name") for finding in named[:1])

    def _captions(self, path: str, name: str, text: str) -> Iterator[Verdict]:
        """A verdict where a page names pupils beside its pictures, and policy has that looked for."""
        if not self.policy.hook.captions:
            return
        found = self._beside_pictures(path, text)
        if not found:
            return
        reasons = tuple(code for code in _NAMING if any(finding.rule == code for finding in found))
        yield Verdict(
            name,
            Outcome.REFUSED if "surname" in reasons else Outcome.CANNOT_TELL,
            reasons=reasons,
            findings=tuple(replace(finding, message=f"{finding.where}: {finding.message}") for finding in found),
        )

    def _beside_pictures(self, path: str, text: str) -> tuple[Finding, ...]:
        """Pupils named beside the pictures of a page, and on which line; remembered for the page."""
        ending = PurePosixPath(path).suffix.lower()
        content = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

        def find() -> Iterator[Finding]:
            channel = self.policy.channel(self.channel)
            for caption in captions_in(path, text):
                for finding in self._words.named_beside_picture(plain_path(caption.text, "page"), "page", channel):
                    yield replace(finding, where=f"line {caption.line or line_of(caption.text, text)}")

        return self._remembering(["page", ending, content], find)

    def _said(self, where: str, text: str) -> tuple[Finding, ...]:
        """Pupils named in the name of a file or a folder."""
        text = plain_path(text, where)

        def find() -> Iterable[Finding]:
            if where == "file name":
                return self._words.judge_file_name(text)
            return self._words.named_beside_picture(text, where, self.policy.channel(self.channel))

        return self._remembering(["words", where, text], find)

    def _remembering(self, of: list[str], find: Callable[[], Iterable[Finding]]) -> tuple[Finding, ...]:
        """What is found, kept under everything it follows from, so that what is unchanged costs nothing."""
        key = hashlib.sha256(canonical([*of, self._circumstances])).hexdigest()
        known = self.remembered.get(key) if self.remembered else None
        if known is not None:
            return tuple(Finding(*finding) for finding in known["findings"])
        found = tuple(dict.fromkeys(find()))
        if self.remembered:
            self.remembered.put(key, {"findings": [[f.rule, f.where, f.message] for f in found]})
        return found

    @cached_property
    def _words(self) -> Words:
        from consentguard.guard.text_rules import Words  # noqa: PLC0415  (brings the lists of words)

        return Words(self._register, self.policy)

    @cached_property
    def _guard(self) -> Guard:
        from consentguard.guard.guard import Guard  # noqa: PLC0415  (brings OpenCV, and a remembered verdict needs none)

        return Guard(self._register, self.policy, state=self._state)

    @cached_property
    def _circumstances(self) -> dict[str, str]:
        """What a verdict follows from beside the picture."""
        return {
            "register": self._register.sha256,
            "policy": self.policy.fingerprint,
            "channel": self.channel,
            "program": program_digest(),
        }


def leading_elsewhere(name: str) -> Verdict:
    """The verdict of a symbolic link to something that does not go with it."""
    return _undecided(name, "leads-elsewhere", f"{REASONS['leads-elsewhere']}; put the file itself in its place")


def _undecided(name: str, code: str, message: str) -> Verdict:
    return Verdict(name, Outcome.CANNOT_TELL, reasons=(code,), findings=(Finding(code, "file", message),))
