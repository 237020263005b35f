"""Who is shown in which photo of a folder: a CSV file `photo,people`, for mode declared over many photos.

One list of names for a whole folder would clear any stranger whose photo has no more faces than the list has names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from consentguard.consent.register.sheets import Sheet, decode, delimiter_of, read_sheet
from consentguard.errors import Problem, WrongUsage
from consentguard.files import read_photo

_COLUMNS: Final = ("photo", "people")
_LARGEST: Final = 20_000_000
"""Bytes; some 200,000 photos."""
_BETWEEN: Final = re.compile(r"[,;\s]+")
"""What may stand between ids in a cell."""

PeopleOf = Mapping[str, tuple[str, ...]]
"""Ids of the people shown, by `key_of` the photo."""


def read_people_file(file: Path, known: Collection[str]) -> PeopleOf:
    """Who is shown in which photo.

    Args:
        file: CSV with the columns `photo` (the path below the scanned folder) and `people` (register ids).
        known: ids of the register.

    Raises WrongUsage with everything that is wrong in it at once, UnreadableImage where it cannot be read.
    """
    data = read_photo(file, _LARGEST)
    try:
        text, _ = decode(data)
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{file}: is no text ({error.reason}); save it as CSV in UTF-8.") from error
    sheet, problems = read_sheet(text, delimiter_of(text))
    people: dict[str, tuple[str, ...]] = {}
    if sorted(sheet.columns) != sorted(_COLUMNS):
        problems = [Problem(1, "", f"its columns are {', '.join(sheet.columns) or 'none'}, not photo, people")]
    else:
        problems += _read(sheet, known, people)
    if problems:
        lines = [f"{file}: {len(problems)} problem{'s' if len(problems) != 1 else ''}, nothing was scanned"]
        raise WrongUsage("\n".join([*lines, *(f"  {problem}" for problem in problems)]))
    return people


def key_of(photo: Path | str) -> str:
    """A path below the folder as it is looked up: with forward slashes, its accents composed as no Mac writes them."""
    return unicodedata.normalize("NFC", PurePosixPath(str(photo).replace("\\", "/")).as_posix())


def _read(sheet: Sheet, known: Collection[str], people: dict[str, tuple[str, ...]]) -> Iterator[Problem]:
    photo_at, people_at = (sheet.columns.index(name) for name in _COLUMNS)
    lines: dict[str, int] = {}
    for line, cells in sheet.rows:
        photo, ids = key_of(cells[photo_at]), tuple(filter(None, _BETWEEN.split(cells[people_at])))
        if photo == "." or ".." in PurePosixPath(photo).parts or photo.startswith("/"):
            yield Problem(line, "photo", "name the photo by its path below the scanned folder, such as trip/1.jpg")
        if photo in lines:
            yield Problem(line, "photo", f"{cells[photo_at]} is already on line {lines[photo]}")
        if not ids:
            yield Problem(line, "people", "nobody is named; leave the line out, and nobody is taken for known")
        strangers = [each for each in ids if each not in known]
        if strangers:
            yield Problem(line, "people", f"not in the register: {', '.join(strangers)}")
        lines[photo] = line
        people[photo] = tuple(dict.fromkeys(ids))
