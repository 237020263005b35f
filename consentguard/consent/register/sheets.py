"""Sheets: text of unknown make as a table whose every row knows its line. What is wrong is reported, never guessed."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from consentguard.errors import Problem

DATE_STYLES: Final = ("iso", "day-first", "month-first")
"""2026-09-07, 07/09/2026 and 09/07/2026."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the columns of its first line, and each further line that is not blank, with its number from 1."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


_COMMON: Final = frozenset("áàâäåçéèêëíïñóôöøúüÁÅÄÇÉÖØÜßš")
_RARE: Final = frozenset("ãæìîòõùûýÿœÀÂÃÆÈÊËÌÍÎÏÑÒÓÔÕÙÚÛÝŒŠžŽ")
"""Letters with accents as names of western Europe have them, which is what the old encodings were made for."""
_OLD: Final = (("cp1252", "Windows-1252"), ("cp850", "MS-DOS code page 850"), ("mac_roman", "Mac OS Roman"))


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file and what it was written in: UTF-8 (with or without BOM), UTF-16 with BOM, or an old encoding.

    Of the old ones (Windows-1252, code page 850, Mac OS Roman) that is taken in which most characters beyond ASCII are
    letters of names, and Windows-1252 where they are even. Raises UnicodeDecodeError for bytes that none of them has.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        read = [(_likely(text), name, text) for code, name in _OLD if (text := _decoded(data, code)) is not None]
        if data.count(b"\0") or not read:
            raise
        best = max(read, key=lambda each: each[0])
        return best[2], best[1]


def _decoded(data: bytes, code: str) -> str | None:
    try:
        text = data.decode(code)
    except UnicodeDecodeError:
        return None
    return None if any("\x80" <= character <= "\x9f" for character in set(text)) else text


def _likely(text: str) -> int:
    """How much a text looks as if it was written in this encoding: letters of names beyond ASCII, less all others."""
    score = 0
    for before, character in itertools.pairwise(f" {text}"):
        if character > "\x7f":
            within = before.islower() and character.isupper()  # GarcÆa
            score += -2 if within else 3 if character in _COMMON else 1 if character in _RARE else -2
    return score


_UNSEEN: Final = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]"
)
_FORMULA: Final = re.compile(r'="((?:[^"]|"")*)"|[=\'](\d+)')
"""How numbers are kept as text for Excel: ="000123", =000123 and '000123."""
_GARBLED: Final = re.compile(
    "[\xc2-\xc5][\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac]|\xe2\u20ac"
)
"""UTF-8 that was read as Windows-1252 or Latin 1 before it was written here: `MÃ¼ller`."""


def clean(cell: str) -> str:
    """A cell without blanks around it, characters that nobody sees, and what keeps it a text in Excel."""
    text = _UNSEEN.sub("", cell).strip()
    inside = _FORMULA.fullmatch(text)
    return inside[2] or inside[1].replace('""', '"').strip() if inside else text


def garbled_lines(text: str) -> list[int]:
    """The lines, from 1, on which letters seem to be the remains of letters with accents."""
    return [number for number, line in enumerate(text.split("\n"), 1) if _GARBLED.search(line)]


def read_sheet(text: str, delimiter: str = ",") -> tuple[Sheet, list[Problem]]:
    """A CSV text as a sheet, cells without the blanks around them, with everything that is wrong with its form."""
    problems: list[Problem] = []
    rows: list[tuple[int, tuple[str, ...]]] = []
    header: tuple[str, ...] = ()
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return Sheet((), ()), [Problem(line, "", "a NUL byte: this is not a CSV file")]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        if _SEPARATOR.match(text):
            next(reader)
        header = tuple(clean(cell) for cell in next(reader, []))
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                break
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problems.append(Problem(line, "", f"{len(cells)} cells where the header has {len(header)}"))
                continue
            rows.append((line, tuple(clean(cell) for cell in cells)))
    except csv.Error as error:
        problems.append(Problem(reader.line_num, "", f"not a readable CSV row ({error})"))
    return Sheet(header, tuple(rows)), problems


_SEPARATOR: Final = re.compile(r'"?sep=(\\t|[,;\t|])"?[ \t,;]*\r?\n', re.IGNORECASE)


def delimiter_of(text: str) -> str:
    """What separates the cells of a text: as Excel's first line `sep=;` says, else what its first line has most of."""
    said = _SEPARATOR.match(text)
    if said:
        return "\t" if said[1] == "\\t" else said[1]
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def iso_day(cell: str) -> date | None:
    """A day written like 2026-09-07, and nothing else that Python takes for one; None if it is not."""
    if [len(part) for part in cell.split("-")] != [4, 2, 2]:  # fromisoformat takes 20260901 and week dates too
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None


def date_style(cells: Sequence[str]) -> tuple[str | None, str]:
    """In which style the days of a file are written, and why if that cannot be told.

    A day with slashes tells its style if one of its first two numbers is over 12; the others then follow it. Where none
    does, 07/09/2026 could be July or September, and nobody guesses.
    """
    slashed = [parts for cell in cells if (parts := _slashed(cell))]
    if not slashed:
        return "iso", ""
    first = any(int(parts[0]) > 12 for parts in slashed)
    second = any(int(parts[1]) > 12 for parts in slashed)
    if first and second:
        return None, "some days stand before their month and some after it"
    if not first and not second and any(parts[0] != parts[1] for parts in slashed):
        return None, "every day could also be read as a month"
    return ("month-first" if second else "day-first"), ""


def read_day(cell: str, style: str) -> date | None:
    """A day in a style of `DATE_STYLES`; ISO days are read in every style, a time after the day is left out.

    None for what is no such day.
    """
    text = cell.replace("T", " ").split(" ")[0]
    parts = _slashed(text)
    if parts is None or style == "iso":
        return iso_day(text)
    day, month, year = parts if style == "day-first" else (parts[1], parts[0], parts[2])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _slashed(cell: str) -> tuple[str, str, str] | None:
    """The three numbers of 7/9/2026 or 07/09/2026; None for anything else, years of two digits included."""
    parts = cell.replace("T", " ").split(" ")[0].split("/")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    if not (1 <= len(parts[0]) <= 2 and 1 <= len(parts[1]) <= 2 and len(parts[2]) == 4):
        return None
    return parts[0], parts[1], parts[2]
