"""What a picture holds besides people: a pupil's surname in writing, others' work, what nobody called suitable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from consentguard.consent.codes import FINDINGS
from consentguard.consent.objections import Objection
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.register.register import Register
from consentguard.values import Box, Finding, Picture
from consentguard.values.agencies import agencies
from consentguard.vision import ocr
from consentguard.wording import Screen
from consentguard.wording.fold import fold

_READ: Final = "surname-in-picture"
_UNREAD: Final = "text-not-read"
_UNSURE: Final = "writing-not-sure"
_MUST_READ: Final = "unread-text"
_NOTICE: Final = "foreign-notice"
_UNSUITABLE: Final = "not-called-suitable"


@dataclass(frozen=True, slots=True)
class Held:
    """What a picture was found to hold.

    Attributes:
        marks: words to be painted over, in pixels of the picture.
        objections: what speaks against it.
        label: what read the text, as the verdict names models; "" where nothing did.
    """

    marks: tuple[Box, ...] = ()
    objections: tuple[Objection, ...] = ()
    label: str = ""


class Content:
    """Judges what pictures hold under one policy, with the names of one register."""

    def __init__(
        self, register: Register, policy: Policy, screen: Screen, shared: Callable[[], ocr.TextReader] = ocr.shared
    ) -> None:
        """`screen` finds names; `shared` gives the reader of text where the extra is installed, when first needed."""
        self._rules = policy.content
        self._quoted = policy.sentences.quoted
        self._screen = screen
        staff = [name for person in register if person.role == "staff" for name in person.full_names]
        self._own = frozenset(filter(None, map(fold, (*policy.words.own_credits, *staff))))
        self._shared = shared

    @property
    def label(self) -> str:
        """What reads text; "" where nothing does. Raises ModelUnavailable."""
        return self._shared().label if self._reads else ""

    @property
    def _reads(self) -> bool:
        return self._rules.text_in_picture != "ignore" and ocr.installed()

    def read(self, picture: Picture) -> ocr.Writing:
        """The text of a photo. Raises ModelUnavailable where it cannot be looked for."""
        return self._shared().read(picture.pixels)

    def judge(self, picture: Picture, question: Question, read: Callable[[Picture], ocr.Writing] | None = None) -> Held:
        """What a photo holds.

        `read` reads its text, for a caller that keeps it. Raises ModelUnavailable where text could not be looked for
        though the extra is installed.
        """
        marks: tuple[Box, ...] = ()
        raised: list[Objection] = []
        if self._reads:
            marks, found, unsure = self._text(picture, (read or self.read)(picture))
            # Painting a name over is not for a person to decide against, but a photo without it may be taken again.
            code = _READ if self._rules.text_in_picture == "refuse" else ""
            raised += [Objection(code, finding) for finding in found]
            marks = () if code else marks
            code = _MUST_READ if self._rules.unread_text == "refuse" else ""
            raised += [Objection(code, finding, decidable=True) for finding in unsure]
        else:
            code = _MUST_READ if self._rules.unread_text == "refuse" else ""
            raised.append(Objection(code, Finding(_UNREAD, "picture", FINDINGS[_UNREAD]), decidable=True))
        code = _NOTICE if self._rules.foreign_notice == "refuse" else ""
        raised += [Objection(code, finding, decidable=True) for finding in self._foreign(picture)]
        if question.channel.name in self._rules.suitable_on and not question.suitable_by:
            finding = self._quoted(Finding(_UNSUITABLE, "photo", FINDINGS[_UNSUITABLE]))
            raised.append(Objection(_UNSUITABLE, finding, decidable=True))
        return Held(marks, tuple(raised), self.label)

    def _text(self, picture: Picture, writing: ocr.Writing) -> tuple[tuple[Box, ...], list[Finding], list[Finding]]:
        """Words to be painted over, surnames that were read, and writing that was seen and not surely read."""
        lines: dict[int, list[ocr.Written]] = {}
        for word in writing.words:
            lines.setdefault(word.line, []).append(word)
        rows = list(lines.values())
        marks: list[Box] = []
        found: list[Finding] = []
        for spotted in self._screen.in_picture([[word.text for word in row] for row in rows]):
            boxes = [rows[line][at].box for line, at in spotted.words]
            inside = [box for each in boxes if (box := each.within(picture.width, picture.height))]
            marks += inside
            who = ", ".join(spotted.people[:3]) + (" and others" if len(spotted.people) > 3 else "")
            place = "; ".join(str(picture.in_source(box).as_list()) for box in inside)
            found.append(self._quoted(Finding(_READ, "picture", f"{who}: a pupil's surname was read at {place}")))
        places = "; ".join(
            str(picture.in_source(box).as_list())
            for region in writing.unsure
            if (box := region.within(picture.width, picture.height))
        )
        unsure = [Finding(_UNSURE, "picture", f"{FINDINGS[_UNSURE]}, at {places}")] if places else []
        return tuple(dict.fromkeys(marks)), found, unsure

    def _is_ours(self, credit: str) -> bool:
        """Whether a credit names the school, as policy writes it, or somebody of its staff."""
        said = fold(credit)
        return any(name in said for name in self._own)

    def _foreign(self, picture: Picture) -> Iterator[Finding]:
        foreign = [n for n in picture.notices if agencies(n.text) or not self._is_ours(n.text)]
        if foreign:
            fields = ", ".join(dict.fromkeys(notice.field for notice in foreign))
            names = ", ".join(dict.fromkeys(agency for notice in foreign for agency in agencies(notice.text)))
            agency = f", a picture agency among them ({names})" if names else ""
            yield self._quoted(
                Finding(_NOTICE, "file", f"the file names somebody as its author or owner{agency}: {fields}")
            )
