"""Sheets as offices save them: encodings, cells, delimiters and days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.register import sheets


@pytest.mark.parametrize(
    ("data", "text", "code"),
    [
        ("Zoë".encode(), "Zoë", "UTF-8"),
        ("Zoë".encode("utf-8-sig"), "Zoë", "UTF-8"),
        ("Zoë".encode("utf-16"), "Zoë", "UTF-16"),
        ("Zoë,José".encode("cp1252"), "Zoë,José", "Windows-1252"),
        ("Zoë,José".encode("cp850"), "Zoë,José", "MS-DOS code page 850"),
        ("Zoë,José".encode("mac_roman"), "Zoë,José", "Mac OS Roman"),
    ],
)
def test_names_are_read_in_what_they_were_written_in(data: bytes, text: str, code: str) -> None:
    assert sheets.decode(data) == (text, code)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" P001 ", "P001"),
        ('="000123"', "000123"),
        ("'0012", "0012"),
        ("a\u200bb", "ab"),
        ('="a""b"', 'a"b'),
        ("=A1", "=A1"),
    ],
)
def test_a_cell_is_what_is_seen_in_it(cell: str, text: str) -> None:
    assert sheets.clean(cell) == text


def test_what_was_read_wrongly_before_is_told_by_its_line() -> None:
    assert sheets.garbled_lines("Müller\nMÃ¼ller\nSmith\nZoÃ«") == [2, 4]


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [("a,b,c", ","), ("a;b,c;d", ";"), ("a\tb\tc", "\t"), ("sep=;\na,b,c", ";"), ("sep=\\t\n", "\t")],
)
def test_what_separates_cells_is_told_by_the_first_line(first: str, delimiter: str) -> None:
    assert sheets.delimiter_of(first) == delimiter


def test_a_sheet_says_which_line_is_wrong_and_keeps_the_others() -> None:
    sheet, problems = sheets.read_sheet("a,b\n1,2\n\n3\n4,5\n")
    assert sheet.columns == ("a", "b")
    assert sheet.rows == ((2, ("1", "2")), (5, ("4", "5")))
    assert [(problem.line, problem.message) for problem in problems] == [(4, "1 cells where the header has 2")]
    _, problems = sheets.read_sheet("a,b\n1,\0\n")
    assert [problem.line for problem in problems] == [2]


def test_the_style_of_days_is_told_and_never_guessed() -> None:
    assert sheets.date_style(["2026-09-07"]) == ("iso", "")
    assert sheets.date_style(["07/09/2026", "13/09/2026"]) == ("day-first", "")
    assert sheets.date_style(["07/09/2026", "09/13/2026"]) == ("month-first", "")
    assert sheets.date_style(["13/09/2026", "09/13/2026"])[0] is None
    assert sheets.date_style(["07/09/2026"])[0] is None
    assert sheets.date_style(["07/07/2026"]) == ("day-first", "")


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day_is_read_in_the_style_in_which_it_was_written(day: date) -> None:
    assert sheets.read_day(f"{day.day}/{day.month:02}/{day.year} 00:00", "day-first") == day
    assert sheets.read_day(f"{day.month}/{day.day}/{day.year}", "month-first") == day
    for style in sheets.DATE_STYLES:
        assert sheets.read_day(day.isoformat(), style) == day
    assert sheets.iso_day(f"{day:%Y%m%d}") is None
    assert sheets.read_day("31/02/2026", "day-first") is None
