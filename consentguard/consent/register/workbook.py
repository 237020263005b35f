"""Excel workbooks (.xlsx) as sheets, by python-calamine, which is the extra `[xlsx]`."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from datetime import date, datetime
from typing import Any, Final

from consentguard.consent.register.sheets import Sheet, clean
from consentguard.errors import Problem
from consentguard.program import install_command

_UNPACKED: Final = 200_000_000
"""Bytes of a workbook once it is unpacked; a trust's register is a hundredth of that."""


def is_workbook(data: bytes) -> bool:
    """Whether a file is a workbook rather than a text: all of them are ZIP archives."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes) -> tuple[Sheet, list[Problem], list[str]]:
    """The first sheet that is not empty, what is wrong with the file, and notes. Days come out as 2026-09-07.

    Numbers lose zeros before them once Excel has saved them, and nobody can tell: ids have to be kept as text there.
    """
    empty = Sheet((), ())
    if importlib.util.find_spec("python_calamine") is None:
        why = f"is an Excel workbook; {install_command('xlsx')} reads it, or save it as CSV UTF-8"
        return empty, [Problem(None, "", why)], []
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  (an extra)

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _UNPACKED:
                return empty, [Problem(None, "", f"is over {_UNPACKED // 1_000_000} MB once unpacked")], []
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        return empty, [Problem(None, "", f"is no Excel workbook that can be read ({type(error).__name__})")], []
    filled = [rows for _name, rows in sheets if any(any(cell != "" for cell in row) for row in rows)]
    if not filled:
        return empty, [Problem(None, "", "every sheet of it is empty")], []
    notes = [f"has {len(filled)} sheets; the first was read"] if len(filled) > 1 else []
    header, *rows = [tuple(clean(_text(cell)) for cell in row) for row in filled[0]]
    read = tuple((number, row) for number, row in enumerate(rows, 2) if any(row))
    return Sheet(header, read), [], notes


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return str(cell.date())
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)
