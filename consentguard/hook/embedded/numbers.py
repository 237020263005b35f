"""Files written as hex digits, as lists of numbers, or as strings of escaped bytes."""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Iterator
from typing import Final

from consentguard import kinds
from consentguard.hook.kinds import begins_within
from consentguard.kinds import Kind

_FEWEST: Final = 64
"""Bytes that a picture takes at least; shorter lists are colours, sizes and dates."""

_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0[xX]|\\{0,4}[xX]'?)?((?:[0-9A-Fa-f]{2}[ \t\r\n\0:-]{0,4}+){64,}+)")
_DUMP: Final = re.compile(r"^[ \t]*[0-9A-Fa-f]{4,10}:?[ \t]+((?:[0-9A-Fa-f]{2,8}[ \t]{1,2}){4,16})[^\n]*$", re.M)
"""A line of `xxd` or `hexdump -C`: where it is, the bytes, and what they would be as letters."""
_NUMBER: Final = r"-?(?:0[xX][0-9A-Fa-f]{1,8}|0[bB][01]{1,8}|0[oO][0-7]{1,3}|\d{1,10})"
_LIST: Final = re.compile(rf"(?<![\w.])(?:{_NUMBER}(?:[iu]8|[uUlLn])?[\s,;|]++(?:\(byte\)\s*+)?){{63,}}+(?:{_NUMBER})?")
_ONE: Final = re.compile(rf"(?<![\w.]){_NUMBER}")
_INDEX: Final = re.compile(r"[\"']?\b\d+[\"']?\s*+(?::|=>)\s*+(?=\d)")
"""How a list of bytes is written as an object (`{{"0":137,"1":80}}`) or an array of PHP."""
_LITERAL: Final = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'", re.S)
_BYTE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u00([0-9A-Fa-f]{2})|([0-3]?[0-7]{1,2})|(.))", re.S)
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}


def files_in_numbers(text: str) -> Iterator[tuple[int, int, bytes]]:
    """Where files written as numbers begin and end, and what they are; only what is a picture, or holds one, counts."""
    for found in _HEX.finditer(text):
        digits = re.sub(r"[^0-9A-Fa-f]", "", found[1])
        yield from _pictures(found.span(), binascii.unhexlify(digits[: len(digits) // 2 * 2]))
    lines = [(*found.span(), re.sub(r"[^0-9A-Fa-f]", "", found[1])) for found in _DUMP.finditer(text)]
    if lines:
        digits = "".join(line for _, _, line in lines)
        yield from _pictures((lines[0][0], lines[-1][1]), binascii.unhexlify(digits[: len(digits) // 2 * 2]))
    plain = (
        _INDEX.sub(lambda index: " " * len(index[0]), text)
        if '"0"' in text or "0 =>" in text or "'0'" in text
        else text
    )
    for found in _LIST.finditer(plain):
        for data in _packed([int(number, 0) if not _is_old_octal(number) else int(number, 8)
                             for number in _ONE.findall(found[0])]):  # fmt: skip
            yield from _pictures(found.span(), data)
    if text.count("\\") >= _FEWEST // 4:
        for found in _LITERAL.finditer(text):
            said = found[1] or found[2] or ""
            if len(said) >= _FEWEST and "\\" in said:
                yield from _pictures(found.span(), _BYTE.sub(_of_escape, said).encode("latin-1", errors="replace"))


def _is_old_octal(number: str) -> bool:
    digits = number.lstrip("-")
    return len(digits) > 1 and digits[0] == "0" and digits.isdigit()


def _packed(numbers: list[int]) -> Iterator[bytes]:
    """Numbers as bytes, or, where they are larger, as words of two or four bytes in either order."""
    least, most = min(numbers), max(numbers)
    if least >= -128 and most < 256:
        yield bytes(number & 0xFF for number in numbers)
        return
    size, form, limit = (2, "H", 1 << 16) if least >= -(1 << 15) and most < 1 << 16 else (4, "I", 1 << 32)
    if -(1 << 8 * size - 1) <= least and most < limit:
        for order in "><":
            yield struct.pack(f"{order}{len(numbers)}{form}", *(number % limit for number in numbers))


def _pictures(span: tuple[int, int], data: bytes) -> Iterator[tuple[int, int, bytes]]:
    if len(data) < _FEWEST:
        return
    kind = kinds.kind_of(data, "")
    if kind not in (None, Kind.SOUND) or data.lstrip()[:4] in (b"<svg", b"<?xm") or b"data:image/" in data:
        yield *span, data
    elif (begins := begins_within(data)) is not None:
        yield *span, data[begins:]


def _of_escape(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    if code:
        return chr(int(code, 16))
    return chr(int(escape[3], 8)) if escape[3] else _LETTERS.get(escape[4], escape[4])
