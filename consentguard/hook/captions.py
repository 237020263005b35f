"""What a page says beside its pictures: alt texts, titles, captions, and the paragraphs that pictures stand in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from consentguard.hook.kinds import line_counter

_PAGES: Final = frozenset(
    {".html", ".htm", ".xhtml", ".md", ".markdown", ".mdx", ".rst", ".adoc", ".njk", ".liquid", ".hbs", ".astro",
     ".vue", ".svelte", ".php", ".svg", ".xml", ".yml", ".yaml", ".toml", ".json", ".csv", ".shtml", ".jsx", ".tsx",
     ".erb", ".ejs", ".pug", ".haml", ".twig", ".mustache", ".handlebars", ".j2", ".jinja", ".webc", ".org",
     ".textile", ".aspx", ".cshtml", ".jsp"}
)  # fmt: skip
"""Endings of what people write; programs and style sheets say nothing to a reader."""

_PICTURE: Final = re.compile(
    r"<(?:img|image|picture|figure|svg|amp-img)\b|!\[|data:image/|\{\{[<%]\s*figure\b|\.(?:jpe?g|png|webp|gif|avif|heic|svg)\b",
    re.I,
)
_QUOTED: Final = r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')"""
_KEYED: Final = re.compile(
    r"""(?<![A-Za-z])(?:alt|caption|title|description|aria-label|alt_?text)["']?\s*[:=]\s*\{?\s*"""
    rf"""({_QUOTED}|[^\s"'{{][^\n>]*)""",
    re.I,
)
"""An attribute of HTML or of a shortcode, or a key of YAML, TOML or JSON."""
_WRITTEN: Final = re.compile(
    r"<(?:figcaption|title|desc|text)\b[^<>]*+>((?:[^<]|<(?!/?(?:figcaption|title|desc|text)\b))*+)", re.I
)
_BLOCK: Final = re.compile(r"(?:[^\n]*\S[^\n]*\n?)+")
"""Lines up to an empty one: a paragraph of Markdown."""
_IN_MARKDOWN: Final = re.compile(r"!\[|<img\b|\{\{[<%]\s*figure\b", re.I)
_TAG: Final = re.compile(r"<[^<>]*+>")


@dataclass(frozen=True, slots=True)
class Caption:
    """Something said beside a picture, and the line it begins on, counted from 1."""

    line: int
    text: str


def captions_in(path: str, text: str) -> Iterator[Caption]:
    """Everything that a page says beside its pictures, in no order; nothing of a page without pictures.

    Args:
        path: of the file, whose ending says whether it is a page at all.
        text: of the file.
    """
    ending = PurePosixPath(path.lower()).suffix
    if ending not in _PAGES or not (ending == ".svg" or _PICTURE.search(text)):
        return
    line_at = line_counter(text)
    for found in _KEYED.finditer(text):
        yield _caption(line_at(found.start()), found[1].strip("\"'"))
    for found in _WRITTEN.finditer(text):
        yield _caption(line_at(found.start()), found[1])
    if ending in (".md", ".markdown", ".mdx"):
        for found in _BLOCK.finditer(text):
            if _IN_MARKDOWN.search(found[0]):
                yield _caption(line_at(found.start()), found[0])


def _caption(line: int, said: str) -> Caption:
    return Caption(line, html.unescape(_TAG.sub("", said)))
