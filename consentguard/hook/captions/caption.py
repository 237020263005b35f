"""What is found beside pictures, and the patterns that say what a picture and what its words are called."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

PICTURE_FILE: Final = re.compile(
    r"\.(?:jpe?g|jfif|png|apng|webp|gif|avif|heic|heif|svg|bmp|tiff?|jxl)(?![A-Za-z0-9])|data:image/", re.I
)
"""The name or the address of a picture."""

WORDY: Final = re.compile(
    r"(?:alt|caption|captions|title|subtitle|desc|description|label|legend|credit|summary|excerpt|headline|alternatename"
    r"|text|sub-?html|quote|name|byline|keywords|tooltip)"
    r"(?:[_-]?(?:text|html|override))?(?:[_.:-][A-Za-z]{2}(?:[_-][A-Za-z]{2,4})?)?$",
    re.I,
)
"""How a key, an attribute or a column ends whose value is shown beside a picture: `imageAlt`, `og:title`, `alt_cy`."""

_ESCAPE: Final = re.compile(r"\\(?:u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))|x([0-9A-Fa-f]{2})|(.))", re.S)
_TAG: Final = re.compile(r"<!--(?:[^-]|-(?!->))*+-->|</?[A-Za-z!][^<>]*+>")


@dataclass(frozen=True, slots=True)
class Caption:
    """Something said beside a picture, and the line it begins on, counted from 1; 0 where a parser does not say."""

    line: int
    text: str


def plain(said: str) -> str:
    """What a reader sees of HTML: without tags and comments, its entities resolved."""
    return html.unescape(_TAG.sub("", said) if "<" in said else said)


def unescaped(said: str) -> str:
    """A string of JSON, JavaScript, YAML or TOML as it is meant."""
    return _ESCAPE.sub(_meant, said) if "\\" in said else said


def _meant(escape: re.Match[str]) -> str:
    code, letter = escape[1] or escape[2] or escape[3], escape[4]
    if code:
        return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else " "
    return " " if letter in "nrt\n" else letter
