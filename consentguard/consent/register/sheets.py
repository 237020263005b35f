"""Sheets: text of unknown make as a table whose every row knows its line. What is wrong is reported, never guessed."""

from __future__ import annotations

import codecs
import csv
import io
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


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file and what it was written in: UTF-8 (with or without BOM), UTF-16 with BOM, else Windows-1252.

    Raises UnicodeDecodeError for bytes that none of them has.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return data.decode("cp1252"), "Windows-1252"


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
        header = tuple(cell.strip() for cell in next(reader, []))
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
            rows.append((line, tuple(cell.strip() for cell in cells)))
    except csv.Error as error:
        problems.append(Problem(reader.line_num, "", f"not a readable CSV row ({error})"))
    return Sheet(header, tuple(rows)), problems


def delimiter_of(text: str) -> str:
    """What separates the cells of a text's first line: the most frequent of comma, semicolon and tab."""
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
