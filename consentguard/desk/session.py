"""One person at the desk: the photos, what was said of each, and what became of it. Knows no web page."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from consentguard.batch.decisions import REFUSED, RELEASED, UNDONE, Decided, Decisions
from consentguard.batch.output import RELEASED as FOLDER
from consentguard.batch.output import OutputFailed, deliver, place
from consentguard.consent.clock import now
from consentguard.consent.recognition.templates import TemplateStore
from consentguard.desk.account import DeskAccount, PosterOf, TakenBack
from consentguard.desk.held import HeldPhotos
from consentguard.desk.photos import Photos, QueuedPhoto
from consentguard.desk.said import Said
from consentguard.desk.standing import (
    DECIDED,
    DONE,
    OPEN,
    PERSON,
    SCANNED,
    STOPPED,
    WAITING,
    PhotoStanding,
    queue_of,
    state_of,
)
from consentguard.errors import CannotTell, ConsentGuardError, Refused, WrongUsage
from consentguard.files import printable
from consentguard.guard.guard import Guard
from consentguard.values import Mode, Verdict

_SOMEBODY: Final = "the person at the desk"
"""Who decides, as long as nothing is recorded and nobody has said so."""


class Desk:
    """The photos of one folder, or of one scan, under one guard. Safe to use from several threads.

    Attributes:
        photos: the queue.
        channel: where everything of this desk is to be published.
        by: who decides; "" until somebody has said so.
        first: the id of the photo to open first; None for the first of the queue.
        account: posts what was released, and takes it back.
    """

    def __init__(
        self,
        guard: Guard,
        photos: Photos,
        out: Path,
        *,
        channel: str | None = None,
        by: str = "",
        poster_of: PosterOf | None = None,
    ) -> None:
        _ = guard.state  # nothing can be released without one
        self.photos, self.by = photos, by.strip()
        self.channel = guard.policy.channel(channel).name
        self.account = DeskAccount(guard, self.channel, poster_of)
        self.guard, self._out = guard, out
        self._decisions = Decisions.open(out / "scan.db")
        self._known: dict[str, PhotoStanding] = {}
        self._held = HeldPhotos(guard, photos)
        self.first: str | None = None
        self._lock = threading.RLock()

    def sit_down(self, by: str) -> None:
        """Says who decides from now on. Raises WrongUsage for no name."""
        if not by.strip():
            raise WrongUsage("say who decides: the name stands on the record of every photo")
        self.by = by.strip()

    def know(self, rows: Iterable[tuple[Path, str, Mapping[str, Any]]]) -> None:
        """Takes over where photos stand from a scan: path, content and verdict of each."""
        ids = {photo.name: photo for photo in self.photos}
        decided = self._decisions.standing()
        for path, content, verdict in rows:
            photo = ids.get(printable(path))
            if photo is None:
                continue
            with self._lock:
                standing = self._standing(photo)
                standing.content, standing.reasons = content, tuple(verdict["reasons"])
                standing.state = SCANNED.get(verdict["outcome"], PERSON)
                if before := decided.get(content):
                    standing.state, standing.said = DECIDED[before.kind], Said.from_json(before.asked)

    def begin_with(self, name: str | None) -> None:
        """Which photo the page opens first. Raises WrongUsage for one that is not there."""
        if name is not None and name not in {photo.name for photo in self.photos}:
            raise WrongUsage(f"{name}: is not among the photos; name it as the report does")
        self.first = next((photo.id for photo in self.photos if photo.name == name), None)

    # -- the queue

    def queue(self, state: str | None = None, start: int = 0, count: int = 100) -> dict[str, Any]:
        """Photos of a state, or all of them, those first that need a person; and how many there are of each state."""
        with self._lock:
            standings = {photo.id: self._known.get(photo.id, PhotoStanding()) for photo in self.photos}
        return queue_of(tuple(self.photos), standings, state, start, count)

    def look_ahead(self, after: str | None = None) -> bool:
        """Judges the next photo of which nothing is known, from `after` on. False where there is none left."""
        ids = [photo.id for photo in self.photos]
        first = ids.index(after) if after in ids else 0
        for photo_id in (*ids[first:], *ids[:first]):
            with self._lock:
                known = photo_id in self._known and self._known[photo_id].state != WAITING
            photo = self.photos.get(photo_id)
            if not known and photo is not None:
                with suppress(ConsentGuardError):  # its state says so
                    if not self._recalled(photo):
                        self.verdict(photo)
                if self.state(photo) == WAITING:  # what was said of it fits no longer: not looked at for ever
                    self._note(photo, PERSON, ("cannot-tell",))
                return True
        return False

    # -- one photo

    def photo(self, photo_id: str) -> QueuedPhoto:
        """The photo of an id. Raises WrongUsage."""
        found = self.photos.get(photo_id)
        if found is None:
            raise WrongUsage("the desk has no such photo; load the page again")
        return found

    def said(self, photo: QueuedPhoto) -> Said:
        """What was said of a photo so far."""
        return self._standing(photo).said

    def state(self, photo: QueuedPhoto) -> str:
        """Where a photo stands: one of `ORDER`."""
        return self._standing(photo).state

    def verdict(self, photo: QueuedPhoto, said: Said | None = None) -> Verdict:
        """What would become of a photo, after what was said of it now. Raises what `Guard.inspect` raises."""
        try:
            examined = self._held.examined(photo)
            with self._lock:
                before = self._standing(photo)
                said = before.said if said is None else said
                first = before.state == WAITING
            verdict = examined.inspect(name=photo.name, both_passes=first, **self._asked(said))
        except CannotTell:
            self._note(photo, PERSON, ("cannot-tell",))
            raise
        self._note(photo, state_of(verdict), verdict.reasons, said, examined.content)
        return verdict

    def preview(self, photo: QueuedPhoto, edge: int) -> bytes | None:
        """A small JPEG of the copy that would leave, marked as a preview; None where nothing may leave."""
        return self._held.examined(photo).preview(edge, **self._asked(self.said(photo)))

    def original(self, photo: QueuedPhoto, edge: int) -> bytes:
        """A JPEG of the photo as it is, upright, for the person at the desk only."""
        return self._held.examined(photo).original(edge)

    def size(self, photo: QueuedPhoto) -> tuple[int, int]:
        """Width and height of the upright source picture, in whose pixels boxes are."""
        return self._held.examined(photo).size

    def choices(self, photo: QueuedPhoto) -> list[dict[str, Any]]:
        """What policy lets be made of it, each with a small preview as a data address; the chosen one is marked."""
        said = self.said(photo)
        proposed = self._held.examined(photo).propose(**self._asked(replace(said, choice="", frame=None)))
        chosen = said.choice or ("" if said.frame else next(iter(proposed)).digest)
        return [
            {"digest": one.digest, "kind": one.rewrite.value, "why": one.why, "chosen": one.digest == chosen,
             "preview": base64.b64encode(one.preview).decode("ascii") if one.preview else ""}
            for one in proposed
            if one.rewrite is not None
        ]  # fmt: skip

    def suggestions(self, photo: QueuedPhoto) -> dict[int, str]:
        """Whom the faces are like: number -> register id. Empty where policy compares no faces or nobody is enrolled.

        A person confirms each; nothing follows from them by themselves. Raises CannotTell where faces cannot be
        compared: the templates cannot be used, or the model that describes faces.
        """
        if Mode.MATCHED not in self.guard.policy.modes or self.state(photo) in (DONE, STOPPED):
            return {}
        if not TemplateStore.is_there(self.guard.state.directory):
            return {}
        known = self._standing(photo).suggested
        if known is None:
            seen = self._held.examined(photo).inspect(name=photo.name, channel=self.channel, mode=Mode.MATCHED.value)
            known = {face.number: face.person for face in seen.faces if face.number is not None and face.person}
            self._standing(photo).suggested = known
        return known

    def post(self, photo: QueuedPhoto, text: str, alt: str) -> str:
        """Posts the copy that was released of a photo; the link of the post. Raises as `Poster.post` does."""
        self.sit_down(self.by)
        data = self.photos.read(photo)
        decided = self._decisions.of(hashlib.sha256(data).hexdigest())
        if decided is None or decided.kind != RELEASED:
            raise WrongUsage("release the photo first: only a released copy is posted")
        self.account.check_stands(decided.sha256 or "")
        asked = self._asked(Said.from_json(decided.asked), recorded=True)
        released = self.guard.release(data, name=photo.name, **asked)
        if released.sha256 != decided.sha256:
            self.account.revoke_unused(released, self.by)
            raise WrongUsage("another copy would be made of it by now; undo the release, look again, and release it")
        return self.account.post(released, text, alt, self.by)

    def released_copy(self, photo: QueuedPhoto) -> dict[str, Any] | None:
        """The copy that was released of a photo: digest, channel and how many posts of it are up; None without one."""
        decided = self._decisions.of(self._standing(photo).content)
        if decided is None or decided.sha256 is None:
            return None
        return {"sha256": decided.sha256, "channel": self.channel, "posts": len(self.account.posts_up(decided.sha256))}

    def take_back(self, sha256: str, why: str) -> TakenBack:
        """Takes a release back: on the record, then its copies of this desk, then its posts (decision 0086)."""
        self.sit_down(self.by)
        self.account.revoke(sha256, self.by, why)
        left = []
        for decided in self._decisions.standing().values():
            if decided.sha256 == sha256:
                try:
                    self._undone(decided)
                except OutputFailed as error:  # the posts go all the same
                    left.append(str(error))
        done = self.account.delete_posts(sha256, self.by)
        return replace(done, left=(*left, *done.left))

    def release(self, photo: QueuedPhoto) -> Decided:
        """Releases a photo as it was decided. Raises Refused, CannotTell, and WrongUsage where nobody decides."""
        self.sit_down(self.by)
        said, data = self.said(photo), self.photos.read(photo)
        content = hashlib.sha256(data).hexdigest()
        self._check_not_released(content)
        released = self.guard.release(data, name=photo.name, **self._asked(said, recorded=True))
        self.guard.admit(released, channel=self.channel)
        output = deliver(self._out, Path(FOLDER), released.data, released.suffix)
        place(self._out, output)
        decided = self._decided(content, RELEASED, said, sha256=released.sha256, output=output)
        self._decisions.add(decided)
        self._note(photo, DONE, (), said, content)
        return decided

    def refuse(self, photo: QueuedPhoto, why: str) -> Decided:
        """Records that a photo does not go, and why. Raises WrongUsage without a reason, and for one that went."""
        self.sit_down(self.by)
        if not why.strip():
            raise WrongUsage("say why this photo does not go")
        data = self.photos.read(photo)
        content = hashlib.sha256(data).hexdigest()
        self._check_not_released(content)
        with suppress(Refused):  # which is what was asked for, and is recorded
            self.guard.release(data, name=photo.name, refuse=why.strip(), channel=self.channel, by=self.by)
            raise CannotTell(f"{photo.name}: was not refused though {self.by} refused it; report this.")
        decided = self._decided(content, REFUSED, self.said(photo), why=why.strip())
        self._decisions.add(decided)
        self._note(photo, STOPPED, ("refused-by-person",))
        return decided

    def undo(self, photo: QueuedPhoto) -> None:
        """Takes the last decision back: a release is revoked on the record, and its copy removed.

        Raises WrongUsage while a post of the copy is up, or may be: deleting it is `take_back`, with a reason.
        """
        self.sit_down(self.by)
        before = self._decisions.of(hashlib.sha256(self.photos.read(photo)).hexdigest())
        if before is None:
            raise WrongUsage("nothing was decided of this photo")
        if before.sha256 is not None:
            self.account.check_not_posted(before.sha256)
            self.account.revoke(before.sha256, self.by, "undone at the desk")
        self._undone(before)
        with suppress(ConsentGuardError):
            self.verdict(photo)

    # -- inside

    def _check_not_released(self, content: str) -> None:
        before = self._decisions.of(content)
        if before is not None and before.kind == RELEASED:
            raise WrongUsage("this photo was released already; undo that first")

    def _undone(self, decided: Decided) -> None:
        """Writes that a decision counts no longer, and removes its copy. Raises OutputFailed where either fails."""
        self._decisions.add(replace(decided, kind=UNDONE, by=self.by, at=self._stamp()))
        for photo in self.photos:
            if self._standing(photo).content == decided.content:
                self._note(photo, WAITING, ())
        if decided.output is not None:
            copy = self._out / decided.output
            try:
                copy.unlink(missing_ok=True)
            except OSError as error:
                raise OutputFailed(f"{copy}: cannot be removed ({error.strerror}); delete it by hand.") from error

    def _standing(self, photo: QueuedPhoto) -> PhotoStanding:
        with self._lock:
            return self._known.setdefault(photo.id, PhotoStanding())

    def _note(
        self, photo: QueuedPhoto, state: str, reasons: Sequence[str], said: Said | None = None, content: str = ""
    ) -> None:
        """Keeps where a photo stands; what was decided of its content counts before what is judged now."""
        with self._lock:
            standing = self._standing(photo)
            standing.content = content or standing.content
            if said is not None:
                standing.said = said
            decided = self._decisions.of(standing.content) if standing.content and state in OPEN else None
            standing.state = DECIDED[decided.kind] if decided else state
            standing.reasons = tuple(reasons)

    def _asked(self, said: Said, *, recorded: bool = False) -> Any:
        """What is asked of the guard. Nobody who decides needs to be known yet, unless it is recorded."""
        asked: dict[str, Any] = {"channel": self.channel}
        if said.tags or said.people:
            asked |= {"tags": said.tags, "people": said.people, "by": self.by or _SOMEBODY}
        if recorded:
            asked["by"] = self.by
        asked |= {key: value for key, value in (("caption", said.caption), ("alt", said.alt)) if value}
        asked |= {"choice": said.choice} if said.choice else {}
        asked |= {"frame": said.frame.as_list(), "by": self.by or _SOMEBODY} if said.frame else {}
        return asked

    def _recalled(self, photo: QueuedPhoto) -> bool:
        """Whether a photo was decided before, at an earlier sitting or in another browser; then it is not looked at."""
        try:
            content = hashlib.sha256(self.photos.read(photo)).hexdigest()
        except CannotTell:
            self._note(photo, PERSON, ("unreadable-image",))
            raise
        decided = self._decisions.of(content)
        if decided is not None:
            self._note(photo, DECIDED[decided.kind], (), Said.from_json(decided.asked), content)
        return decided is not None

    def _decided(self, content: str, kind: str, said: Said, **more: Any) -> Decided:
        filled = {"why": "", "sha256": None, "output": None, **more}
        return Decided(content=content, kind=kind, asked=said.as_json(), by=self.by, at=self._stamp(), **filled)

    def _stamp(self) -> str:
        return now(self.guard.policy.zone).isoformat(timespec="seconds")
