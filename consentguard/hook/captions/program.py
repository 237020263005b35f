"""Words beside the pictures of programs: strings that stand in one list, object or call with the name of a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from consentguard.hook.captions.caption import PICTURE_FILE, unescaped

_TOKEN: Final = re.compile(
    r"""("(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\]|\\.)*+`)|([\[{(])|([\]})])|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/"""
)
_MOST: Final = 200
"""Strings of one group that are read as words beside its picture; what has more is a program and no gallery."""


@dataclass(slots=True)
class _Group:
    opened: str
    strings: list[tuple[int, str]] = field(default_factory=list)
    shows: bool = False


def captions_in_program(text: str) -> Iterator[tuple[int, str]]:
    """Where and what is said; of an object in an object both, as `{photo: {src: "a.jpg"}, who: "..."}` is one entry."""
    stack = [_Group("")]
    for found in _TOKEN.finditer(text):
        if found[1]:
            string = unescaped(found[1][1:-1])
            stack[-1].strings.append((found.start(), string))
            stack[-1].shows = stack[-1].shows or PICTURE_FILE.search(string) is not None
        elif found[2]:
            stack.append(_Group(found[2]))
        elif found[3] and len(stack) > 1:
            group = stack.pop()
            if group.shows and len(group.strings) <= _MOST:
                yield from group.strings
                stack[-1].shows = stack[-1].shows or group.opened == stack[-1].opened == "{"
            elif group.opened in "[(" and stack[-1].opened:
                stack[-1].strings += group.strings[:_MOST]  # `tags: ["..."]` belongs to its object
