"""What a picture holds besides people: a pupil's surname in writing, others' work, what nobody called suitable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from consentguard.consent.codes import FINDINGS
from consentguard.consent.decide import Question
from consentguard.consent.policy.policy import Policy
from consentguard.guard.text_rules import Words, quoted
from consentguard.values import Box, Finding, Picture
from consentguard.vision import ocr
from consentguard.vision.imagefile.notices import agencies

_READ: Final = "surname-in-picture"
_UNREAD: Final = "text-not-read"
_MUST_READ: Final = "unread-text"
_NOTICE: Final = "foreign-notice"
_UNSUITABLE: Final = "not-called-suitable"


@dataclass(frozen=True, slots=True)
class Held:
    """What a picture was found to hold.

    Attributes:
        marks: words to be painted over, in pixels of the picture.
        findings: what a person should know.
        refused: codes for which nothing may leave.
        needs_person: a person could decide all of `refused`.
        label: what read the text, as the verdict names models; "" where nothing did.
    """

    marks: tuple[Box, ...] = ()
    findings: tuple[Finding, ...] = ()
    refused: tuple[str, ...] = ()
    needs_person: bool = False
    label: str = ""


class Content:
    """Judges what pictures hold under one policy, with the names of one register."""

    def __init__(self, policy: Policy, words: Words, shared: Callable[[], ocr.TextReader] = ocr.shared) -> None:
        """`shared` gives the reader of text where the extra is installed; it is loaded when first needed."""
        self._rules = policy.content
        self._words = words
        self._shared = shared

    @property
    def label(self) -> str:
        """What reads text; "" where nothing does. Raises ModelUnavailable."""
        return self._shared().label if self._reads else ""

    @property
    def _reads(self) -> bool:
        return self._rules.text_in_picture != "ignore" and ocr.installed()

    def judge(self, picture: Picture, question: Question) -> Held:
        """What a photo holds.

        Raises ModelUnavailable where text could not be looked for though the extra is installed.
        """
        marks: tuple[Box, ...] = ()
        found: list[Finding] = []
        refused: list[str] = []
        if self._reads:
            marks, found = self._text(picture)
            refused += [_READ] if found and self._rules.text_in_picture == "refuse" else []
        else:
            found.append(Finding(_UNREAD, "picture", FINDINGS[_UNREAD]))
            refused += [_MUST_READ] if self._rules.unread_text == "refuse" else []
        foreign = list(self._foreign(picture))
        refused += [_NOTICE] if foreign and self._rules.foreign_notice == "refuse" else []
        if question.channel.name in self._rules.suitable_on and not question.suitable_by:
            refused.append(_UNSUITABLE)
            found.append(quoted(Finding(_UNSUITABLE, "photo", FINDINGS[_UNSUITABLE])))
        # Painting a name over is not for a person to decide against, but a photo without it may be taken again.
        decidable = bool(refused) and _READ not in refused
        paint = () if _READ in refused else marks
        return Held(paint, (*found, *foreign), tuple(refused), decidable, self.label)

    def _text(self, picture: Picture) -> tuple[tuple[Box, ...], list[Finding]]:
        written = self._shared().read(picture.pixels)
        lines: dict[int, list[ocr.Written]] = {}
        for word in written:
            lines.setdefault(word.line, []).append(word)
        rows = list(lines.values())
        marks: list[Box] = []
        found: list[Finding] = []
        for spotted in self._words.in_picture([[word.text for word in row] for row in rows]):
            boxes = [rows[line][at].box for line, at in spotted.words]
            inside = [box for each in boxes if (box := each.within(picture.width, picture.height))]
            marks += inside
            who = ", ".join(spotted.people[:3]) + (" and others" if len(spotted.people) > 3 else "")
            place = "; ".join(str(picture.in_source(box).as_list()) for box in inside)
            found.append(quoted(Finding(_READ, "picture", f"{who}: a pupil's surname was read at {place}")))
        return tuple(dict.fromkeys(marks)), found

    def _foreign(self, picture: Picture) -> Iterator[Finding]:
        foreign = [n for n in picture.notices if agencies(n.text) or not self._words.is_ours(n.text)]
        if foreign:
            fields = ", ".join(dict.fromkeys(notice.field for notice in foreign))
            names = ", ".join(dict.fromkeys(agency for notice in foreign for agency in agencies(notice.text)))
            agency = f", a picture agency among them ({names})" if names else ""
            yield quoted(Finding(_NOTICE, "file", f"{fields} of the file name somebody{agency}"))
