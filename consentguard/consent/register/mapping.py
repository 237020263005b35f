"""Mapping files: which of a file's columns is which of ours, and how it says yes and no."""

from __future__ import annotations

from consentguard.consent.policy.toml_keys import Keys, read_toml
from consentguard.consent.register.importers.base import ANSWERED, Columns
from consentguard.consent.register.people import CONSENT_PARTS, PERSON_COLUMNS
from consentguard.errors import Problem, RegisterInvalid

_NEXT_STEP = "Mend the mapping file; docs/register.md shows one."


def read_mapping(data: bytes, file: str, base: Columns) -> Columns:
    """A mapping file (TOML) over a preset. Raises RegisterInvalid with everything that is wrong with it.

    `id = "Pupil Reference"` names the file's column, `["A", "B"]` several; `[scopes.website]` has `consent`, `granted`,
    `expires`, `withdrawn` and `document`; `[answers]` lists more ways to say `yes` and `no`.
    """
    try:
        keys = Keys(read_toml(data))
    except ValueError as error:
        raise RegisterInvalid(file, [Problem(None, "", f"not a TOML file ({error})")], _NEXT_STEP) from error
    columns: dict[str, tuple[str, ...]] = {}

    def take(keys: Keys, key: str, column: str) -> None:
        if keys.has(key):
            columns[column] = keys.one_or_more(key)

    for column in PERSON_COLUMNS:
        take(keys, column, column)
    scopes, answers = keys.table("scopes"), keys.table("answers")
    for scope in ANSWERED:
        if scopes.has(scope):
            table = scopes.table(scope)
            take(table, "consent", scope)
            for part in CONSENT_PARTS[1:]:
                take(table, part[1:], scope + part)
    yes, no = answers.texts("yes"), answers.texts("no")
    problems = keys.finish()
    if problems:
        raise RegisterInvalid(file, problems, "Mend the mapping file; docs/register.md shows one.")
    return base.with_columns(columns).with_answers(yes, no)
