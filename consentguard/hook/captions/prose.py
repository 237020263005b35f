"""Words beside the pictures of Markdown, reStructuredText, AsciiDoc, Textile, wikis and TeX: by paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from consentguard.hook.captions.caption import PICTURE_FILE, plain

_BLOCK: Final = re.compile(r"(?:[^\n]*\S[^\n]*\n?)+")
"""Lines up to an empty one: a paragraph."""
_PICTURE: Final = re.compile(
    r"!\[|<(?:img|picture|figure|svg|image|video|amp-img)\b|\{\{[<%]?\s*\w*(?:figure|image|img|picture|photo)|\bimage::?[^\s\[]"
    r"|\.\.\s+(?:\|[^|\n]*\|\s*)?(?:figure|image|thumbnail)::|^[ \t]*(?:`{3,}|:{3,})\s*\{?\s*(?:figure|image)\b"
    r"|\[\[(?:File|Image|Datei):|\\includegraphics|\{%-?\s*\w*(?:figure|image|img|picture|photo)",
    re.I | re.M,
)
_PICTURE_ALONE: Final = re.compile(
    r"\[?!\[[^\[\]]*+\](?:\([^()]*+\)|\[[^\[\]]*+\])?(?:\]\([^()]*+\))?(?:\{[^{}]*+\})?|<[^<>]*+>"
)
"""A picture of Markdown or of HTML and nothing of what stands around it."""
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_REFERENCE: Final = re.compile(r"^ {0,3}\[[^\]\n]+\]:", re.M)
_HEADING: Final = re.compile(r"\s{0,3}(?:#{1,6}\s|=+\s|h[1-6]\.\s|\.[^.\s])|[^\n]+\n(?:=+|-+|~+)[ \t]*\n?\Z")
_CAPTION_LINE: Final = re.compile(
    r"\s*(?:[*_]{1,3}[^*_\s][^\n]*[*_]{1,3}\s*\Z|<(?:small|em|i|figcaption|p|center|sub)\b|:\s|(?:fig(?:ure|\.)?|photo|picture|caption|image)\b"
    r"[^\n]{0,12}:|\^)",
    re.I,
)
_FENCE: Final = re.compile(r"^[ \t]*(?::{3,}|`{3,})[ \t]*$", re.M)
_FENCE_OPENS: Final = re.compile(r"^[ \t]*(?::{3,}|`{3,})[ \t]*\{?\s*\w", re.M)
_MOST_FENCED: Final = 8
"""Paragraphs that a fenced figure holds at most."""

_LINK: Final = re.compile(r"!?\[([^\[\]]*+)\]\(([^()]*+)\)")
_MARK: Final = re.compile(r"[*`~]|\\(?=[^\w\s])|(?<![^\W_])_|_(?![^\W_])")


def captions_in_prose(text: str) -> Iterator[tuple[int, str]]:
    """Where and what is said beside pictures: their paragraphs, and what is set as a heading or as a caption of one."""
    blocks = [(found.start(), found[0]) for found in _BLOCK.finditer(text)]
    shows = [bool(_PICTURE.search(block) or PICTURE_FILE.search(block)) for _, block in blocks]
    if not any(shows):
        return
    for number, (at, block) in enumerate(blocks):
        if shows[number] or _REFERENCE.search(block):
            yield at, _shown(block)
        if not shows[number]:
            continue
        if number and not shows[number - 1] and _HEADING.match(blocks[number - 1][1]):
            yield blocks[number - 1][0], _shown(blocks[number - 1][1])
        if not _LETTERS.search(_PICTURE_ALONE.sub("", block)):  # as of HTML: what is next to it is said of it
            for beside in (number - 1, number + 1):
                if 0 <= beside < len(blocks) and not shows[beside]:
                    yield blocks[beside][0], _shown(blocks[beside][1])
        for follower in _followers(blocks, number):
            yield blocks[follower][0], _shown(blocks[follower][1])


def _followers(blocks: list[tuple[int, str]], number: int) -> Iterator[int]:
    """Later paragraphs that belong to a picture's: set deeper, within one fence with it, or set as its caption."""
    block = blocks[number][1]
    first = len(block) - len(block.lstrip())
    deep = re.search(r"^[ \t]*(?:\.\.|[-*+]|\d+[.)])[ \t]", block, re.M)
    fenced = _FENCE_OPENS.search(block) is not None and not _FENCE.search(block)
    for later in range(number + 1, min(len(blocks), number + 1 + _MOST_FENCED)):
        said = blocks[later][1]
        indented = len(said) - len(said.lstrip()) > first
        if not (fenced or (deep and indented) or (later == number + 1 and _CAPTION_LINE.match(said))):
            return
        yield later
        fenced = fenced and not _FENCE.search(said)


def _shown(block: str) -> str:
    """What a reader sees of a paragraph, and what stands behind its pictures and links."""
    said = _LINK.sub(_of_link, plain(block))
    return _MARK.sub("", said)


def _of_link(link: re.Match[str]) -> str:
    titled = link[2] if any(mark in link[2] for mark in "\"'") else ""
    return f"{link[1]} {titled} " if titled else link[1]
