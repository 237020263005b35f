"""Content that speaks to one child, or to one private person, instead of to a class or to everybody."""

from __future__ import annotations

import bisect
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from consentguard.wording.fold import Text, Word, fold
from consentguard.wording.language import Language

_SENTENCE: Final = re.compile(r"[^.!?\n…]{1,1000}+[.!?\n…]*+")
_NEAR: Final = 200
"""Characters before a name in which it shows that the name is spoken to. Both bound the time that a text takes."""

_LISTED: Final = 60
"""Parts over which a list of names is followed back."""
_CLOSING: Final = " .!?…\n\"'”❤️👏🎉⭐🎂"


def targeted(
    text: Text, forenames: Collection[str], accounts: Collection[str], language: Language
) -> Iterator[tuple[int, int]]:
    """Where a text addresses a child of the register by first name, or a private person by handle.

    Args:
        text: the caption.
        forenames: of the register, folded.
        accounts: handles of the school and of organisations, folded; they may be addressed.
    """
    raw, rules = text.raw.replace("’", "'"), language.address
    sentences = [match.span() for match in _SENTENCE.finditer(raw)]
    words = [word.start for word in text.words]
    parts = [part.start for part in text.parts]
    for number, (start, end) in enumerate(sentences):
        named = range(bisect.bisect_left(parts, start), bisect.bisect_left(parts, end))
        if not any(text.parts[at].text in forenames for at in named) and "@" not in raw[start:end].replace("＠", "@"):
            continue
        here = raw[start:end].casefold()
        following = raw[slice(*sentences[number + 1])].casefold() if number + 1 < len(sentences) else ""
        you = rules.second.search(here) is not None
        you_next = rules.second.search(following) is not None and not rules.group.search(following)
        said = text.words[bisect.bisect_left(words, start) : bisect.bisect_left(words, end)]
        yield from _mentions(text, said, start, accounts, language, you=you or you_next)
        group = rules.group.search(rules.your.sub("", here)) is not None
        for span, kind in _addressed(text, raw, start, end, named, forenames, language):
            if group and kind != "kin":
                continue
            before = raw[max(start, span[0] - _NEAR) : span[0]].casefold()
            greets = kind == "opened" and rules.greeting.search(before) is not None
            if kind == "kin" or greets or you or (you_next and kind != "closed"):
                yield span
                break


def _addressed(
    text: Text, raw: str, start: int, end: int, named: range, forenames: Collection[str], language: Language
) -> Iterator[tuple[tuple[int, int], str]]:
    """First names of the register in a sentence that are spoken to, and how that shows."""
    lower, rules = text.raw.islower(), language.address
    opens = rules.opens.match(raw[start:end].casefold()) is not None
    for at in named:
        part = text.parts[at]
        if part.text not in forenames or not (part.capital or lower):
            continue
        before = raw[max(start, part.start - _NEAR) : part.start].casefold()
        after = raw[part.end : min(end, part.end + _NEAR)].casefold()
        goes_on = part.end + _NEAR < end
        span = part.start, part.end
        if rules.kin.match(after) and (rules.kin_before.search(before) or rules.please in after or not before.strip()):
            yield span, "kin"
        listed = _without_names(text, at, start, language)
        opened = rules.opened.search(raw[max(start, listed - _NEAR) : listed].casefold())
        known = part.text not in language.words and part.text not in language.auxiliaries
        first = not raw[start:listed].strip(" \"'“@#")
        if opened or (first and (re.match(r"\s*[,!:–—-]", after) or (known and rules.vocative.match(after)))):
            yield span, "opened"
        elif (
            not (goes_on or after.strip(_CLOSING))
            and known
            and (before.rstrip().endswith(",") or (opens and rules.second_pronoun.search(before)))
        ):
            yield span, "closed"


def _without_names(text: Text, at: int, start: int, language: Language) -> int:
    """Where the list of names begins in which the part stands: "Amara, Ben and Chidi"."""
    parts, least, both = text.parts, max(0, at - _LISTED), language.conjunctions[0]
    while at > least and parts[at - 1].start >= start and (parts[at - 1].capital or parts[at - 1].text == both):
        previous = parts[at - 1]
        if previous.text != both and previous.text not in language.first_names and not text.between(at - 1, at).strip():
            break
        if previous.text != both and not re.fullmatch(r"[\s,&]+", text.between(at - 1, at)):
            break
        if previous.text in language.address.no_names:
            break
        at -= 1
    return parts[at].start


def _mentions(
    text: Text, said: Sequence[Word], start: int, accounts: Collection[str], language: Language, *, you: bool
) -> Iterator[tuple[int, int]]:
    """Handles that look like a person's: with a first name or a title in them, or spoken to."""
    for word in said:
        if word.mark not in ("@", "＠") or fold(text.raw[word.start : word.end]) in accounts:
            continue
        if word.start > 1 and text.raw[word.start - 2].isalnum():
            continue  # an e-mail address
        names = [text.parts[at].text for at in range(word.first, word.last + 1)]
        personal = any(name in language.sure_first_names or name in language.titles for name in names)
        personal = personal or language.address.kin_handle.search("".join(names)) is not None
        opens = not text.raw[start : word.start - 1].strip(" .\n")
        if personal or (you and opens):
            yield word.start - 1, word.end
