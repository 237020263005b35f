"""Wonde: JSON of student objects with their relations."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from consentguard.consent.register.importers.base import Importer, columns
from consentguard.consent.register.sheets import Sheet
from consentguard.errors import Problem

_DEEPEST: Final = 50


def _from_json(text: str, problems: list[Problem]) -> Sheet | None:
    """Student objects as a sheet: every leaf is a column named by its path, such as `education_details.leaving_date`.

    A relation is a list; its items are named by their `name`, `description`, `type` or `code`. The line is the number
    of the student in the file.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.append(Problem(None, "", f"not a JSON file ({error})"))
        return None
    students = value.get("data") if isinstance(value, dict) else value
    if not isinstance(students, list) or not all(isinstance(student, dict) for student in students):
        problems.append(Problem(None, "", "holds no list of student objects"))
        return None
    try:
        flat = [dict(_leaves(student, "")) for student in students]
    except ValueError as error:
        problems.append(Problem(None, "", str(error)))
        return None
    columns = tuple(dict.fromkeys(path for student in flat for path in student))
    rows = tuple((n, tuple(student.get(path, "") for path in columns)) for n, student in enumerate(flat, 1))
    return Sheet(columns, rows)


def _leaves(value: Any, path: str, depth: int = 0) -> Iterable[tuple[str, str]]:
    if depth > _DEEPEST:
        raise ValueError(f"is nested more than {_DEEPEST} deep")
    if isinstance(value, dict) and set(value) == {"data"}:
        value = value["data"]
    if isinstance(value, dict) and "date" in value and "timezone" in value:
        value = value["date"]  # how Wonde writes a moment
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            label = number
            if isinstance(item, dict):
                label = next((item[key] for key in ("name", "description", "type", "code") if item.get(key)), number)
            yield from _leaves(item, f"{path}.{label}", depth + 1)
    else:
        yield path, "" if value is None else str(value).strip()


IMPORTER: Final = Importer(
    columns(
        id=("mis_id", "upi"),
        legal_forename=("legal_forename", "forename"),  # `forename` and `surname` are the names in use
        legal_surname=("legal_surname", "surname"),
        preferred_forename=("forename",),
        preferred_surname=("surname",),
        **{"class": ("registration.name", "registration.code", "year.name")},
        left=("education_details.leaving_date",),
    ),
    table=_from_json,
    must_answer=True,
)
