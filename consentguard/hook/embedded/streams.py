"""Pictures written in a way that no pattern of this package holds: what begins like one is followed from there.

Everything in one notation is read as one stream, and what stands between is left out, whatever it is. So what is found
may have too much in it or too little, and counts only where no pattern found the same file.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from consentguard.hook.kinds import begins_within

_FEWEST: Final = 64
"""Bytes that a picture takes at least."""
_SAMPLE: Final = 4000
"""Letters in which the first bytes of a picture stand, whatever is between them."""
_VALUES: Final = 256
_BEGINS: Final = (b"\x89PNG", b"GIF8", b"RIFF", b"ftyp", b"\xff\xd8\xff")
_MARKERS: Final = b"\xe0\xe1\xe2\xdb\xed\xee"
"""What may follow the beginning of a JPEG here: `begins_within` knows no other."""


@dataclass(frozen=True, slots=True)
class _Notation:
    """One way to write a byte as a number."""

    begins: tuple[re.Pattern[bytes], ...]
    token: re.Pattern[bytes]
    read: Callable[[list[bytes]], bytes]
    steps: tuple[int, ...] = (1,)
    """Every which number counts: each second one where its place stands before it or decimals behind it."""


def _begins(form: str, ends: str, *, signed: bool = False) -> tuple[re.Pattern[bytes], ...]:
    """The first four bytes of each kind of picture, at most 48 letters between two of them."""

    def said(value: int) -> str:
        return form.format(value - _VALUES if signed and value >= _VALUES // 2 else value)

    patterns = []
    for begin in _BEGINS:
        first, *others = [said(value) for value in begin]
        if len(begin) < 4:
            others.append(f"(?:{'|'.join(map(said, _MARKERS))})")
        rest = "".join(f"(?>.{{0,48}}?(?<!{ends})0{{0,2}}{other}(?!{ends}))" for other in others)
        patterns.append(re.compile(f"{first}{rest}".encode(), re.DOTALL))
    return tuple(patterns)


def _decimal(tokens: list[bytes]) -> bytes:
    return bytes(number % _VALUES if -_VALUES // 2 <= number < _VALUES else 0 for number in map(_small, tokens))


def _small(token: bytes) -> int:
    return int(token) if len(token) < 5 else _VALUES


def _hex(tokens: list[bytes]) -> bytes:
    return binascii.unhexlify(b"".join(token if len(token) % 2 == 0 else b"0" + token for token in tokens))


def _octal(tokens: list[bytes]) -> bytes:
    return bytes(int(token, 8) for token in tokens)


def _bits(tokens: list[bytes]) -> bytes:
    bits = b"".join(tokens)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


_NOTATIONS: Final = (
    _Notation(_begins("{}", r"\d"), re.compile(rb"\d+"), _decimal, (1, 2, 3)),
    _Notation(_begins("{}", r"\d", signed=True)[::4], re.compile(rb"-?\d+"), _decimal, (1, 2)),
    _Notation(_begins("{:03o}", r"\d"), re.compile(rb"(?<![0-9a-z])0?[0-3][0-7]{2}(?![0-9a-z])"), _octal),
    _Notation(
        _begins("{:02x}", "~"),
        re.compile(rb"(?<![0-9a-z])(?:0?x|u\{?(?:00)?|h|0(?=[0-9a-f]{2}h))?([0-9a-f]+)(?=[^0-9a-z]|[hul_]|\Z)"),
        _hex,
    ),
    _Notation(_begins("{:08b}", r"~"), re.compile(rb"(?<!\d)(?:[01]{8})+(?!\d)"), _bits),
)  # fmt: skip

_MIXED: Final = re.compile(
    rb"(?:\\(?:x89|u0089|u\{89\}|211)|\xc2\x89)PNG|GIF8[79]a|RIFF.{4,40}?WEBP|ftyp(?:hei|avi|mif)|\xc3\xbf\xc3\x98\xc3\xbf"
    rb"|(?:\\(?:xff|u00ff|u\{ff\}|377)|\xff)(?:\\+(?:xd8|u00d8|u\{d8\}|330)|\xd8)|\xff\xd8\xff|\x89PNG"
    rb"|[=%](?:89PNG|FF[=%]D8[=%]FF|89[=%]50[=%]4E)",
    re.DOTALL | re.IGNORECASE,
)
"""How bytes begin that are written as they are, some of them escaped, or each as a letter of Latin 1."""
_ESCAPE: Final = re.compile(
    rb"\\+(?:x([0-9A-Fa-f]{2})|u\{?0{0,4}([0-9A-Fa-f]{1,2})\}?|([0-3]?[0-7]{1,2})|(.))|\xc2([\x80-\xbf])|\xc3([\x80-\xbf])",
    re.DOTALL,
)
_LETTERS: Final = dict(zip(b"nrtbfvae", b"\n\r\t\b\f\v\a\x1b", strict=True))
_BETWEEN_STRINGS: Final = re.compile(rb"""["'`][\s,;+.&]*+[bBrRuULN]{0,2}["'`]""")


def files_in_streams(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Where and what pictures are written as numbers in any notation, or as strings of escaped bytes.

    `raw` is a text in UTF-8.
    """
    lowered = raw.lower()
    for notation in _NOTATIONS:
        for pattern in notation.begins:
            for begins in pattern.finditer(lowered):
                yield from _followed(notation, lowered, begins.start())
    for begins in _MIXED.finditer(raw):
        at = begins.start()
        if begins_within(_meant(raw[at : at + _SAMPLE])[:_FEWEST]) == 0:
            yield at, _meant(raw[at:])


def _followed(notation: _Notation, lowered: bytes, begins: int) -> Iterator[tuple[int, bytes]]:
    for step in notation.steps:
        sample = notation.token.findall(lowered[begins : begins + _SAMPLE])[::step]
        if begins_within(notation.read(sample)[:_FEWEST]) == 0:
            data = notation.read(notation.token.findall(lowered[begins:])[::step])
            if len(data) >= _FEWEST:
                yield begins, data


def _meant(raw: bytes) -> bytes:
    if raw.startswith(b"="):
        return quopri.decodestring(raw)
    if raw.startswith(b"%"):
        return unquote_to_bytes(raw)
    return _ESCAPE.sub(_of_escape, _BETWEEN_STRINGS.sub(b"", raw))


def _of_escape(escape: re.Match[bytes]) -> bytes:
    code = escape[1] or escape[2]
    if code:
        return bytes((int(code, 16),))
    if escape[3]:
        return bytes((int(escape[3], 8) % _VALUES,))
    if escape[4]:
        return bytes((_LETTERS.get(escape[4][0], escape[4][0]),))
    return bytes((escape[5][0] if escape[5] else escape[6][0] + 64,))
