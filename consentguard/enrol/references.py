"""Reference photos: which there are, and whose each is. A folder or a CSV mapping says so; no photo is opened here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from consentguard.errors import Problem, TemplateStoreError
from consentguard.files import MAX_TABLE, read_bounded
from consentguard.values import Point

_COLUMNS: Final = ("photo", "id", "taken", "x", "y")


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference photo: whose it is, when it was taken if the mapping says so, and a point inside the face if it
    shows several.
    """

    photo: Path
    person: str
    taken: date | None = None
    point: Point | None = None


def references(source: Path) -> tuple[Reference, ...]:
    """Every reference photo that a folder or a CSV mapping names. Raises TemplateStoreError where it cannot be read."""
    try:
        return tuple(_in_folder(source)) if source.is_dir() else tuple(_in_mapping(source))
    except OSError as error:
        raise TemplateStoreError(
            f"{error.filename}: cannot be read ({error.strerror}); name a folder or a CSV file with --photos."
        ) from error


def _in_folder(folder: Path) -> Iterator[Reference]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            yield Reference(entry, entry.stem)
            continue
        photos = [photo for photo in sorted(entry.iterdir()) if not photo.name.startswith(".")]
        yield from (Reference(photo, entry.name) for photo in photos or [entry])


def _in_mapping(file: Path) -> Iterator[Reference]:
    """The rows of a CSV mapping, photos being relative to its folder; all mistakes are reported at once."""
    problems: list[Problem] = []
    try:
        text = read_bounded(file, MAX_TABLE).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader]
        header = reader.fieldnames or []
    except (UnicodeDecodeError, csv.Error) as error:
        raise TemplateStoreError(f"{file}: is no CSV file in UTF-8 ({error}); save it as one.") from error
    problems += [Problem(1, column, "unknown column") for column in header if column not in _COLUMNS]
    problems += [Problem(1, column, "the column is missing") for column in ("photo", "id") if column not in header]
    found = [] if problems else [_row(file, line, row, problems) for line, row in rows]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise TemplateStoreError(f"{file}: nobody was enrolled\n{listed}\nMend these and try again.")
    yield from found


def _row(file: Path, line: int, row: dict[str, str], problems: list[Problem]) -> Reference:
    cells = {column: (row.get(column) or "").strip() for column in _COLUMNS}
    if None in row or not cells["photo"] or not cells["id"]:
        problems.append(Problem(line, "", "needs a photo and an id, and no more cells than the header"))
    taken, point = None, None
    try:
        taken = date.fromisoformat(cells["taken"]) if cells["taken"] else None
    except ValueError:
        problems.append(Problem(line, "taken", "is not a day like 2026-09-01"))
    try:
        point = (float(cells["x"]), float(cells["y"])) if cells["x"] or cells["y"] else None
    except ValueError:
        problems.append(Problem(line, "x, y", "are not two numbers"))
    return Reference(file.parent / cells["photo"], cells["id"], taken, point)
