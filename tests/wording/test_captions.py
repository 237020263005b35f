"""The tables: captions that must be stopped, captions that must pass, and captions the rules were not made on."""

from __future__ import annotations

from pathlib import Path

import pytest
from wording.table import KINDS, Table, right, summary

HERE = Path(__file__).parent
MADE_ON = ("captions.txt", "attack.txt", "common.txt")
STILL_FLAGGED = {
    "Holly Wood? No, Hollywood night at the disco!",
    "Charlie Taylor, Farmer, brought lambs",
    "Kaur Class? No: Kahlo Class painted self-portraits",
}
"""Innocent captions that a person has to look at: nothing tells these names from a pupil's."""


def _shown(numbers: dict[str, float]) -> str:
    return "; ".join(f"{name} {value:.3f}".replace(".000", "") for name, value in numbers.items())


def test_every_surname_of_the_table_is_found_and_innocent_captions_pass(capsys: pytest.CaptureFixture[str]) -> None:
    results = [result for file in MADE_ON for result in Table.read(HERE / file).results()]
    numbers = summary(results)
    with capsys.disabled():
        print(f"\ncaptions: {_shown(numbers)}")
    assert len(results) >= 150
    assert numbers["surnames found"] == 1, [caption for kind, caption, found in results if not right(kind, found)]
    assert numbers["sure surnames refused"] == 1
    assert numbers["innocent flagged"] <= 0.03
    assert {caption for kind, caption, found in results if not right(kind, found)} == STILL_FLAGGED


@pytest.mark.parametrize(
    ("file", "found", "flagged", "lost"),
    [("held_out.txt", 0.96, 0.0, 0), ("held_out_common.txt", 0.98, 0.045, 0), ("held_out_second.txt", 0.97, 0.01, 1)],
)
def test_captions_that_the_rules_were_not_made_on(
    file: str, found: float, flagged: float, lost: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was measured on the day they were written (docs/decisions/0026), so that it does not get worse unseen."""
    results = Table.read(HERE / file).results()
    numbers = summary(results)
    with capsys.disabled():
        print(f"\n{file}: {_shown(numbers)}")
    assert numbers["surnames found"] >= found
    assert numbers["innocent flagged"] <= flagged
    missed = [caption for kind, caption, rules in results if kind == "surname" and not rules & KINDS["person"]]
    assert len(missed) == lost, "whoever's surname it surely is: refused, or for a person"
