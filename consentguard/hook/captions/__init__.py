"""What a page says beside its pictures: alt texts, titles, captions, and the paragraphs that pictures stand in.

Two ways at once. Patterns find what is keyed or tagged like a caption wherever it stands, in any template language; the
readers of each format find what no pattern can hold. Too much costs nothing: what is found is put to the names of the
register, and passes unless one is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final

from consentguard.hook.captions.caption import PICTURE_FILE, Caption, plain, unescaped
from consentguard.hook.captions.data import READERS, captions_in_json, captions_in_toml, captions_in_yaml
from consentguard.hook.captions.data import pages_in_notebook as _pages_in_notebook
from consentguard.hook.captions.markup import captions_in_markup, scripts_in_markup
from consentguard.hook.captions.program import captions_in_program
from consentguard.hook.captions.prose import captions_in_prose
from consentguard.hook.kinds import line_counter

__all__ = ["Caption", "captions_in", "is_page", "line_of"]


def _endings(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


_PROSE: Final = _endings(
    "md markdown mdown mkd mdwn mdx qmd rmd rst rest adoc asciidoc asc textile org wiki mediawiki creole tex typ "
    "dj txt text"
)
_MARKUP: Final = _endings(
    "html htm xhtml shtml xht php phtml njk liquid hbs handlebars mustache astro vue svelte erb ejs pug jade haml twig "
    "j2 jinja jinja2 webc aspx ascx cshtml razor jsp jspx jsx tsx tpl tmpl gohtml templ eta marko blade cfm mjml eml "
    "mht mhtml slim gsp ftl vm mako tag inc phtml hta"
)
_XML: Final = _endings("xml svg rss atom xsl xslt rdf opml plist kml wxr xmp opf ncx")
_PROGRAM: Final = _endings("js mjs cjs ts mts cts")
"""Programs whose data is shown: galleries are often written in one."""
_SHOWN: Final = _endings("svg xmp vtt srt lrc ass ssa")
"""What is a picture, or stands beside one or a film, though it names none."""
_STYLE: Final = _endings("css scss sass less styl")
_PAGES: Final = _PROSE | _MARKUP | _XML | _PROGRAM | _STYLE | frozenset(READERS)
_DOCUMENTS: Final = _endings("pdf doc docx odt ppt pptx xls xlsx mp4 mov webm mp3 wav")
_NAMED: Final = _PROSE | _MARKUP | _XML | frozenset(READERS) | _DOCUMENTS
"""Endings of files whose own name is part of an address that people read."""

_PICTURE: Final = re.compile(
    r"<(?:img|image|picture|figure|svg|amp-img|video|media:|enclosure)|!\[|data:image/|\{\{[<%]?\s*\w*(?:figure|image)"
    r"|\.\. +(?:\|[^|\n]*\| +)?(?:figure|image)::|\bimage::?[^\s\[]|\[\[(?:File|Image):|\\includegraphics"
    r"|_wp_attachment_image_alt|og:image|\bimg\(|ImageObject",
    re.I,
)
_QUOTED: Final = r"""(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\]|\\.)*+`)"""
_JOIN: Final = r"\s*+[+.~]\s*+"
_KEY: Final = r"(?:alt|caption|title|description|desc|label|legend|credit|summary|headline|alt_?text|subtitle)"
_KEYED: Final = re.compile(
    rf"""{_KEY}(?:[_-]?text)?["'`]?\]?\s*+(?::=?|=>?)\s*+\{{?\s*+(?:({_QUOTED}(?:{_JOIN}{_QUOTED})*+)|([^\s"'`{{<>][^\n<>]*+))""",
    re.I,
)
"""An attribute of HTML or of a shortcode, or a key of YAML, TOML, JSON or a program, its strings joined."""
_ONE_STRING: Final = re.compile(_QUOTED)
_TEMPLATE: Final = re.compile(
    r"(?:\{\{[<%]?|\{%-?|\[)\s*+(?:include\s++)?([\w./-]*(?:figure|picture|image|img|photo|gallery|caption|lightbox|thumb)[\w./-]*+)"
    r"([^{}\]\[]*+)[\]%>}]++(?:([^{}\[\]]*+)(?=(?:\{\{[<%]?|\{%-?|\[)\s*+(?:/|end)))?",
    re.I,
)
"""A shortcode or a tag about a picture, and what stands between it and its end."""
_CONTENT: Final = re.compile(rf"(?<![\w-])content\s*+:\s*+((?:{_QUOTED}\s*+)++)")
_NUMBER: Final = re.compile(r"\b\d+\b")
_LETTER: Final = re.compile(r"[^\W\d_]")
_CSS_ESCAPE: Final = re.compile(r"\\([0-9A-Fa-f]{1,6})[ \t\n\f]?")
_FRONT: Final = re.compile(r"\A\ufeff?(---|\+\+\+)[^\n]*\n(.*?\n)(?:\1|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)


def line_of(said: str, text: str) -> int:
    """The line of a text, from 1, on which something said in it begins; 1 where it is written otherwise there."""
    words = re.findall(r"\w+", said)
    found = next((at for word in sorted(words, key=len, reverse=True)[:3] if (at := text.find(word)) >= 0), 0)
    return text.count("\n", 0, found) + 1


def is_page(path: str) -> bool:
    """Whether a file is one whose name is an address that people read: a page or a document."""
    return PurePosixPath(path.lower()).suffix in _NAMED


def captions_in(path: str, text: str) -> Iterator[Caption]:
    """Everything that a page says beside its pictures, each text once; nothing of a page without pictures.

    Args:
        path: of the file, whose ending says whether it is a page at all, and what reads it.
        text: of the file.
    """
    ending = PurePosixPath(path.lower()).suffix
    if ending not in _PAGES or not (ending in _SHOWN or _PICTURE.search(text) or PICTURE_FILE.search(text)):
        return
    text = text.replace("\r\n", "\n")
    line_at = line_counter(text)
    seen = set()
    for line, said in _said(ending, text, line_at):
        # A number tells nobody's name: a gallery of a thousand pictures says a thousand times nearly the same.
        key = _NUMBER.sub("0", said).strip()
        if key not in seen and _LETTER.search(key):
            seen.add(key)
            yield Caption(line, said.strip())


def _said(ending: str, text: str, line_at: Callable[[int], int]) -> Iterator[tuple[int, str]]:
    if ending in _STYLE:
        for found in _CONTENT.finditer(text):
            yield line_at(found.start()), " ".join(_pieces(_CSS_ESCAPE.sub(_of_css, found[1])))
        return
    yield from ((line_at(at), said) for at, said in _keyed(text, program=ending in _PROGRAM))
    if ending in _PROGRAM:
        yield from ((line_at(at), said) for at, said in captions_in_program(text))
        return
    front = _FRONT.match(text)
    if front and ending not in READERS:
        reader = captions_in_yaml if front[1] == "---" else captions_in_toml
        before = text.count("\n", 0, front.start(2))
        yield from ((line + before if line else 0, said) for line, said in reader(front[2]))
    for found in _TEMPLATE.finditer(text):
        yield line_at(found.start()), plain(found[2].strip("\"'"))
        if found[3]:
            yield line_at(found.start(3)), plain(found[3])
    if ending in READERS:
        yield from READERS[ending](text)
        if ending == ".ipynb":
            for inner, page in _pages_in_notebook(text):
                yield from ((0, caption.text) for caption in captions_in(f"cell{inner}", page))
        elif "<" in text:  # pages within values
            yield from ((line_at(at), said) for at, said in captions_in_markup(unescaped(text)))
        return
    xml = ending in _XML
    yield from ((line_at(at), said) for at, said in captions_in_markup(text, xml=xml, prose=ending in _PROSE))
    for at, script, is_data in scripts_in_markup(text) if not xml else ():
        reader = captions_in_json if is_data else captions_in_program
        yield from ((line_at(at), said) for _, said in reader(script))
    if ending in _PROSE:
        yield from ((line_at(at), said) for at, said in captions_in_prose(text))


def _of_css(escape: re.Match[str]) -> str:
    code = int(escape[1], 16)
    return chr(code) if 0 < code <= 0x10FFFF else ""


def _keyed(text: str, *, program: bool) -> Iterator[tuple[int, str]]:
    for found in _KEYED.finditer(text):
        if found[1]:
            yield found.start(), plain("".join(_pieces(found[1])))
        elif not program:
            yield found.start(), plain(found[2])


def _pieces(joined: str) -> Iterator[str]:
    for found in _ONE_STRING.finditer(joined):
        yield unescaped(found[0][1:-1])
