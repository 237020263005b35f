"""Words beside the pictures of programs: strings that stand in one list, object or call with the name of a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from consentguard.hook.captions.caption import PICTURE_FILE, unescaped

_REGEX: Final = (
    r"(?:(?<=[=(,:\[!&|?{};])|(?<=[=(,:\[!&|?{;] )|(?<==>)|(?<==> )|(?<=\breturn)|(?<=\breturn )|^[ \t]*+)"
    r"/(?![/*>])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,150}+\]){1,600}+/"
)
"""A regular expression, as it may hold a quote or begin what looks like a comment: a slash where nothing is divided."""
_TOKEN: Final = re.compile(
    r"""("(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\]|\\.)*+`)|([\[{(])|([\]})])"""
    rf"""|{_REGEX}|(?<![\\/:])//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/""",
    re.M,
)
_VALUE: Final = re.compile(r"\]?\s*+:\s*+")
"""Between a key and what is kept under it."""
_MOST: Final = 200
"""Strings of one group that are read as words beside its picture; what has more is a program and no gallery."""


@dataclass(slots=True)
class _Group:
    """A list, an object or a call while it is read: `under` the name of a picture, and whether it `shows` one."""

    opened: str
    under: bool = False
    strings: list[tuple[int, str]] = field(default_factory=list)
    shows: bool = False


def captions_in_program(text: str) -> Iterator[tuple[int, str]]:
    """Where and what is said.

    Of an object in an object both, as `{photo: {src: "a.jpg"}, who: "..."}` is one entry; and what is kept under the
    name of a picture, as in `{"a.jpg": {who: "..."}}`.
    """
    stack = [_Group("")]
    named = -1  # where the name of a picture ended, if nothing has come since
    for found in _TOKEN.finditer(text):
        if found[1]:
            string = unescaped(found[1][1:-1])
            stack[-1].strings.append((found.start(), string))
            picture = PICTURE_FILE.search(string) is not None
            stack[-1].shows = stack[-1].shows or picture
            named = found.end() if picture else -1
        elif found[2]:
            key = named >= 0 and _VALUE.fullmatch(text, named, found.start()) is not None
            stack.append(_Group(found[2], under=key or stack[-1].under))
            named = -1
        elif found[3] and len(stack) > 1:
            group = stack.pop()
            named = named if found[3] == "]" else -1
            if (group.shows or group.under) and len(group.strings) <= _MOST:
                yield from group.strings
                stack[-1].shows = stack[-1].shows or (group.shows and group.opened == stack[-1].opened == "{")
            elif group.opened in "[(" and stack[-1].opened:
                stack[-1].strings += group.strings[:_MOST]  # `tags: ["..."]` belongs to its object
