"""Content that speaks to one child, or to one private person, instead of to a class or to everybody."""

from __future__ import annotations

import bisect
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from consentguard.wording import everyday
from consentguard.wording.fold import Text, Word, fold

_SENTENCE: Final = re.compile(r"[^.!?\n…]{1,1000}+[.!?\n…]*+")
_FIRST_NAMES: Final = everyday.FIRST_NAMES - everyday.WORDS
_NEAR: Final = 200
"""Characters before a name in which it shows that the name is spoken to. Both bound the time that a text takes."""

_OPENER: Final = (
    r"(?:well done|congratulations|congrats|happy birthday|many happy returns|good luck|best of luck|"
    r"(?:thank you|thanks)(?: so much)?|hello|hi|hey|dear|"
    r"welcome(?: back)?|bravo|sorry|come on|keep it up|goodbye|bye|get well soon|"
    r"good (?:morning|job|work|girl|boy|lad|effort)|great (?:job|work|effort|stuff)|(?:amazing|super|fantastic) work|"
    r"we(?: will|'ll)? miss you|(?:we are )?(?:so )?proud of you|see you(?: on monday| tomorrow| soon)?|"
    r"don't forget|do not forget|remember|please|where were you|how are you|"
    r"(?:a )?(?:reminder|message|note)(?: for| to)?)"
)
_LISTED: Final = 60
"""Parts over which a list of names is followed back."""
_OPENED: Final = re.compile(rf"(?:^|[\s,]){_OPENER}[\s,:]*$")
_OPENS: Final = re.compile(rf"\W*+{_OPENER}\b")
_GREETING: Final = re.compile(
    r"(?:happy birthday|many happy returns|good luck|best of luck|get well soon|goodbye|(?:will|'ll) miss you|"
    r"(?:a )?(?:reminder|message|note) (?:for|to))(?: to)?[\s,:]*$"
)
_SECOND: Final = re.compile(
    r"\b(?:you|your|you're|you've|you'll|yours|yourself|u|ur|don't forget|do not forget|remember (?:to|your)|"
    r"please (?:bring|return|remember|see|come|collect|hand|ask|check)|bring your|make sure|see me|"
    r"come and see|hand in|needs? to bring|must bring)\b"
)
_YOUR: Final = re.compile(r"\byour (?:\w+ )?\w+")
"""What belongs to whoever is spoken to names no group: "your club"."""
_VOCATIVE: Final = re.compile(
    r"\s+(?:you|your|please|don't|do not|remember|where (?:is|are|were)|can you|could you|see me|come and)\b"
)
_CLOSING: Final = " .!?…\n\"'”❤️👏🎉⭐🎂"
_KIN_HANDLE: Final = re.compile(r"(?:mum|mummy|mom|dad|daddy|nan|nanny|gran|grandma|grandad|family)\d*$")
_GROUP: Final = re.compile(
    r"\b(?:year (?:\d|one|two|three|four|five|six)|y\d|yr ?\d|class|classes|everyone|everybody|all of (?:you|our|the)|"
    r"you all|all the|children|parents|carers|teams?|reception|nursery|preschool|ks\d|key stage|eyfs|families|girls|"
    r"boys|"
    r"folks|pupils|pta|friends of|choir|club|squad|councillors|ambassadors|governors|staff|teachers|guys|kids|both|"
    r"house|group)\b"
)
_KIN: Final = re.compile(
    r"^'?s?'? (?:mum|mummy|dad|daddy|mother|father|parents?|family|carers?|gran|grandma|nan|grandad|"
    r"guardian|aunt|uncle)\b.*"
    r"\b(?:please|could|can|would|contact|call|ring|collect|pick|speak|needs? to)\b"
)
_KIN_BEFORE: Final = re.compile(r"\b(?:could|can|would|please)\b[\w\s,]*$")


def targeted(text: Text, forenames: Collection[str], accounts: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where a text addresses a child of the register by first name, or a private person by handle.

    Args:
        text: the caption.
        forenames: of the register, folded.
        accounts: handles of the school and of organisations, folded; they may be addressed.
    """
    raw = text.raw.replace("’", "'")
    sentences = [match.span() for match in _SENTENCE.finditer(raw)]
    words = [word.start for word in text.words]
    parts = [part.start for part in text.parts]
    for number, (start, end) in enumerate(sentences):
        named = range(bisect.bisect_left(parts, start), bisect.bisect_left(parts, end))
        if not any(text.parts[at].text in forenames for at in named) and "@" not in raw[start:end].replace("＠", "@"):
            continue
        here = raw[start:end].casefold()
        following = raw[slice(*sentences[number + 1])].casefold() if number + 1 < len(sentences) else ""
        you = _SECOND.search(here) is not None
        you_next = _SECOND.search(following) is not None and not _GROUP.search(following)
        said = text.words[bisect.bisect_left(words, start) : bisect.bisect_left(words, end)]
        yield from _mentions(text, said, start, accounts, you=you or you_next)
        group = _GROUP.search(_YOUR.sub("", here)) is not None
        for span, kind in _addressed(text, raw, start, end, named, forenames):
            if group and kind != "kin":
                continue
            greets = (
                kind == "opened" and _GREETING.search(raw[max(start, span[0] - _NEAR) : span[0]].casefold()) is not None
            )
            if kind == "kin" or greets or you or (you_next and kind != "closed"):
                yield span
                break


def _addressed(
    text: Text, raw: str, start: int, end: int, named: range, forenames: Collection[str]
) -> Iterator[tuple[tuple[int, int], str]]:
    """First names of the register in a sentence that are spoken to, and how that shows."""
    lower = text.raw.islower()
    opens = _OPENS.match(raw[start:end].casefold()) is not None
    for at in named:
        part = text.parts[at]
        if part.text not in forenames or not (part.capital or lower):
            continue
        before = raw[max(start, part.start - _NEAR) : part.start].casefold()
        after = raw[part.end : min(end, part.end + _NEAR)].casefold()
        goes_on = part.end + _NEAR < end
        span = part.start, part.end
        if _KIN.match(after) and (_KIN_BEFORE.search(before) or "please" in after or not before.strip()):
            yield span, "kin"
        listed = _without_names(text, at, start)
        opened = _OPENED.search(raw[max(start, listed - _NEAR) : listed].casefold())
        known = part.text not in everyday.WORDS and part.text not in everyday.AUXILIARIES
        first = not raw[start:listed].strip(" \"'“@#")
        if opened or (first and (re.match(r"\s*[,!:–—-]", after) or (known and _VOCATIVE.match(after)))):
            yield span, "opened"
        elif (
            not (goes_on or after.strip(_CLOSING))
            and known
            and (before.rstrip().endswith(",") or (opens and re.search(r"\byou", before)))
        ):
            yield span, "closed"


def _without_names(text: Text, at: int, start: int) -> int:
    """Where the list of names begins in which the part stands: "Amara, Ben and Chidi"."""
    parts, least = text.parts, max(0, at - _LISTED)
    while at > least and parts[at - 1].start >= start and (parts[at - 1].capital or parts[at - 1].text == "and"):
        previous = parts[at - 1]
        if (
            previous.text != "and"
            and previous.text not in everyday.FIRST_NAMES
            and not text.between(at - 1, at).strip()
        ):
            break
        if previous.text != "and" and not re.fullmatch(r"[\s,&]+", text.between(at - 1, at)):
            break
        if previous.text in ("well", "done", "dear", "hello", "hi", "thanks", "you", "luck", "birthday"):
            break
        at -= 1
    return parts[at].start


def _mentions(
    text: Text, said: Sequence[Word], start: int, accounts: Collection[str], *, you: bool
) -> Iterator[tuple[int, int]]:
    """Handles that look like a person's: with a first name or a title in them, or spoken to."""
    for word in said:
        if word.mark not in ("@", "＠") or fold(text.raw[word.start : word.end]) in accounts:
            continue
        if word.start > 1 and text.raw[word.start - 2].isalnum():
            continue  # an e-mail address
        names = [text.parts[at].text for at in range(word.first, word.last + 1)]
        personal = any(name in _FIRST_NAMES or name in everyday.TITLES for name in names)
        personal = personal or _KIN_HANDLE.search("".join(names)) is not None
        opens = not text.raw[start : word.start - 1].strip(" .\n")
        if personal or (you and opens):
            yield word.start - 1, word.end
