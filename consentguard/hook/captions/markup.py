"""Words beside the pictures of HTML and of XML: attributes, captions, and the text of what a picture stands in.

One pass over the tags with a small stack. A parser after the standard takes a time that grows with the square of how
deep a page is nested or of what it leaves open (docs/decisions/0050), and a hook is given whatever is in a repository.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from consentguard.hook.captions.caption import PICTURE_FILE, WORDY

_TAG: Final = re.compile(
    r"""<(?:(/?)([A-Za-z][^\s/>"'=<]*+)((?:[^>"']|"[^"]*+"|'[^']*+')*+)>?|(!--)|(!\[CDATA\[)|[!?][^>]*+>?)"""
)
_ATTRIBUTE: Final = re.compile(
    r"""([^\s=/"'<>{}]++)\s*+=\s*+(?:\{\s*+)?(?:"([^"]*+)"|'([^']*+)'|`([^`]*+)`|([^\s>"'{}]++))"""
)
_STRING_IN_BRACES: Final = re.compile(r"""\{\s*+(?:"([^"{}]*+)"|'([^'{}]*+)'|`([^`{}]*+)`)\s*+\}""")
_JOINED: Final = re.compile(r"""["'`]\s*+\+\s*+["'`]""")


def _names(spelt: str) -> frozenset[str]:
    return frozenset(spelt.split())


_VOID: Final = _names("area base br col embed hr img input link meta param source track wbr")
_RAW: Final = _names("script style")
_INLINE: Final = _names(
    "a abbr b bdi bdo big br cite code data del dfn em font i ins kbd mark q s samp small span strike strong sub sup "
    "time tspan tt u var wbr img picture source"
)
_SHOWS: Final = _names("img image picture svg video amp-img object embed canvas")
_CLOSED_BY_THE_NEXT: Final = _names("p li dt dd tr td th option")
_NAMED: Final = _names(
    "figcaption caption title desc description text legend summary subtitle credit excerpt encoded headline "
    "meta_value alt label"
)
"""Elements that caption a picture wherever they stand, without their prefix (`image:caption`, `excerpt:encoded`)."""
_WHOLE: Final = frozenset(("", "html", "body", "main", "rss", "channel", "feed", "urlset"))
"""Elements that hold a page and not a picture with its words."""
_COMPANY: Final = 1000
"""Characters of text that an element has at most for all of it to be said of the picture in it."""
_DEEPEST: Final = 3
_ANY_TAG: Final = re.compile(r"<[^<>]*+>")
_LOWERED: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(slots=True)
class _Element:
    name: str
    parent: int
    begins: int
    ends: int = -1


@dataclass(slots=True)
class _Page:
    """A page as a row of pieces; every element is a stretch of them.

    `pieces` are texts, "" for a picture, and "\\n" where a block begins or ends; `at` says where in the source.
    """

    pieces: list[str] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    elements: list[_Element] = field(default_factory=lambda: [_Element("", 0, 0)])
    pictures: list[tuple[int, int]] = field(default_factory=list)  # element, piece
    attributes: list[tuple[int, str]] = field(default_factory=list)
    within: list[tuple[int, str]] = field(default_factory=list)  # pages in attributes and in CDATA
    scripts: list[tuple[int, str, bool]] = field(default_factory=list)  # where, what, and whether it is JSON

    def add(self, piece: str, at: int) -> None:
        self.pieces.append(piece)
        self.at.append(at)

    def text(self, begins: int, ends: int) -> str:
        return "".join(self.pieces[begins:ends])


def captions_in_markup(
    text: str, *, xml: bool = False, prose: bool = False, depth: int = 0
) -> Iterator[tuple[int, str]]:
    """Where and what is said beside pictures.

    Args:
        text: of the page.
        xml: it is XML, in which no element is empty by its name.
        prose: it is Markdown or the like, in which empty lines end a paragraph.
        depth: how many pages it stands in.
    """
    page = _read(text, xml=xml, prose=prose)
    yield from page.attributes
    for element in page.elements:
        if element.name.rpartition(":")[2] in _NAMED or element.name.startswith(("media:", "image:")):
            yield (
                page.at[element.begins] if element.begins < len(page.at) else 0,
                page.text(element.begins, element.ends),
            )
    yield from _company(page)
    for at, inner in page.within:
        if depth < _DEEPEST:
            for _, said in captions_in_markup(inner, depth=depth + 1):
                yield at, said
        else:
            yield at, inner


def scripts_in_markup(text: str) -> Iterator[tuple[int, str, bool]]:
    """Where and what scripts a page holds, and whether each is JSON for machines (JSON-LD, a page's data)."""
    yield from _read(text, xml=False, prose=False).scripts


def _company(page: _Page) -> Iterator[tuple[int, str]]:
    """The text of the smallest element with words that a picture stands in; of a large one, what is next to it."""
    if not page.pictures:
        return
    lengths = [0, *accumulate(map(_words, page.pieces))]
    nearest: list[int] = []
    for number, element in enumerate(page.elements):
        has_text = lengths[element.ends] > lengths[element.begins]
        nearest.append(number if has_text or number == 0 else nearest[element.parent])
    before, after = _neighbours(page.pieces)
    done = set()
    for element_number, piece in page.pictures:
        number = nearest[element_number]
        element = page.elements[number]
        if element.name not in _WHOLE and lengths[element.ends] - lengths[element.begins] <= _COMPANY:
            stretches = [(element.begins, element.ends)]
        else:
            stretches = [before[piece], after[piece]]
        for begins, ends in stretches:
            if begins < ends and (begins, ends) not in done:
                done.add((begins, ends))
                yield page.at[begins], page.text(begins, ends)


def _words(piece: str) -> int:
    """How much a piece says; the address of a picture says nothing of it."""
    said = piece.strip()
    return 0 if PICTURE_FILE.search(said) and not re.search(r"\s", said) else len(said)


def _neighbours(pieces: list[str]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """For every piece the paragraph before it (or its own) and the one after it, each as a stretch."""
    paragraphs: list[tuple[int, int]] = []
    begins = 0
    for at, piece in enumerate([*pieces, "\n"]):
        if piece == "\n":
            if any(part.strip() for part in pieces[begins:at]):
                paragraphs.append((begins, at))
            begins = at + 1
    before: list[tuple[int, int]] = []
    after: list[tuple[int, int]] = []
    index = 0
    for at in range(len(pieces)):
        while index < len(paragraphs) and paragraphs[index][1] <= at:
            index += 1
        own = index < len(paragraphs) and paragraphs[index][0] <= at
        before.append(paragraphs[index if own else index - 1] if own or index else (0, 0))
        after.append(paragraphs[index + own] if index + own < len(paragraphs) else (0, 0))
    return before, after


def _read(text: str, *, xml: bool, prose: bool) -> _Page:
    reader = _Reader(text, xml=xml, prose=prose)
    reader.read()
    return reader.page


class _Reader:
    """One pass over the tags of a page; what is open stands on a stack."""

    def __init__(self, text: str, *, xml: bool, prose: bool) -> None:
        self.page = _Page()
        self._text, self._xml, self._prose = text, xml, prose
        self._stack = [0]
        self._open: dict[str, int] = {}
        self._ended: set[str] = set()
        self._lowered = ""

    def read(self) -> None:
        at = 0
        while found := _TAG.search(self._text, at):
            self._said(self._text[at : found.start()], at)
            at = found.end()
            if found[4]:  # a comment: its attributes are found all the same, and its words nobody sees
                ends = self._find("-->", at)
                at = at if ends < 0 else ends + 3
            elif found[5]:
                at = self._section(at)
            elif found[1]:
                self._closed((found[2]).lower())
            elif found[2]:
                at = self._opened(found[2].lower(), found[3] or "", found.start(), at)
        self._said(self._text[at:], at)
        while len(self._stack) > 1:
            self._close()
        self.page.elements[0].ends = len(self.page.pieces)

    def _said(self, text: str, at: int) -> None:
        _add_text(self.page, self._stack[-1], text, at, prose=self._prose)

    def _find(self, mark: str, at: int) -> int:
        """Where a mark is next; -1 where it is not, which is asked only once."""
        ends = -1 if mark in self._ended else self._text.find(mark, at)
        if ends < 0:
            self._ended.add(mark)
        return ends

    def _section(self, at: int) -> int:
        ends = self._find("]]>", at)
        content = self._text[at : ends if ends >= 0 else len(self._text)]
        if "<" in content:
            self.page.within.append((at, content))
            content = _ANY_TAG.sub(" ", content)
        self._said(content, at)
        return at + len(content) if ends < 0 else ends + 3

    def _opened(self, name: str, inside: str, begins: int, at: int) -> int:
        page = self.page
        if name in _CLOSED_BY_THE_NEXT and page.elements[self._stack[-1]].name == name:
            self._close()
        if name not in _INLINE:
            page.add("\n", begins)
        _attributes(page, name, inside, begins)
        empty = inside.endswith("/") or (name in _VOID and not self._xml)
        if name in _SHOWS or PICTURE_FILE.search(inside):
            page.pictures.append((self._stack[-1] if empty else len(page.elements), len(page.pieces)))
            page.add("", begins)
        if empty:
            return at
        if name in _RAW and not self._xml:
            return self._raw(name, inside, at)
        page.elements.append(_Element(name, self._stack[-1], len(page.pieces)))
        self._stack.append(len(page.elements) - 1)
        self._open[name] = self._open.get(name, 0) + 1
        return at

    def _raw(self, name: str, inside: str, at: int) -> int:
        """Past a script or a style, in which no tag is one."""
        if not self._lowered:  # one letter for one, or places would not fit
            self._lowered = self._text.translate(_LOWERED)
        ends = self._lowered.find(f"</{name}", at)
        ends = ends if ends >= 0 else len(self._text)
        if name == "script":
            self.page.scripts.append((at, self._text[at:ends], "json" in inside.lower()))
        return ends

    def _closed(self, name: str) -> None:
        if self._open.get(name):
            while self.page.elements[self._stack[-1]].name != name:
                self._close()
            self._close()

    def _close(self) -> None:
        element = self.page.elements[self._stack.pop()]
        element.ends = len(self.page.pieces)
        self._open[element.name] -= 1
        if element.name not in _INLINE:
            self.page.add("\n", 0)


def _add_text(page: _Page, element: int, text: str, at: int, *, prose: bool) -> None:
    if not text:
        return
    if "{" in text:
        text = _JOINED.sub("", text)
        text = _STRING_IN_BRACES.sub(lambda found: found[1] or found[2] or found[3] or "", text)
    said = html.unescape(text) if "&" in text else text
    if "<" in said and said != text:  # escaped HTML, as of feeds
        page.within.append((at, said))
        said = _ANY_TAG.sub(" ", said)
    for number, part in enumerate(re.split(r"\n[ \t]*\n", said) if prose else (said,)):
        if number:
            page.add("\n", at)
        if not prose and PICTURE_FILE.search(part):
            page.pictures.append((element, len(page.pieces)))
        # A line end within a paragraph is a space to a reader, and "\n" alone stands for the end of one here.
        page.add(" " if part == "\n" else part, at)


def _attributes(page: _Page, name: str, inside: str, at: int) -> None:
    if "=" not in inside:
        return
    if "+" in inside:
        inside = _JOINED.sub("", inside)
    for found in _ATTRIBUTE.finditer(inside):
        called = found[1]
        value = next((value for value in found.groups()[1:] if value), "")
        if not value:
            continue
        if called.lower() == "srcdoc":
            page.within.append((at, html.unescape(value)))
        elif WORDY.search(called) or (name == "meta" and called.lower() == "content"):
            said = html.unescape(value) if "&" in value else value
            page.attributes.append((at, said))
