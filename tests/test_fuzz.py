"""A short, repeatable slice of `make fuzz`: damaged files end as released or cannot tell, and as nothing else."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from mutants import journey, mutants, small_pictures

PICTURES = small_pictures()
EACH = 300

pytestmark = pytest.mark.filterwarnings("ignore")  # of decoders, over what is broken on purpose


@pytest.mark.parametrize("name", PICTURES)
def test_the_undamaged_picture_is_released(name: str) -> None:
    assert journey(PICTURES[name]) == "released"


@pytest.mark.parametrize("name", PICTURES)
def test_a_damaged_file_ends_in_one_of_two_ways(name: str) -> None:
    others = [PICTURES[name]] * 3 + list(PICTURES.values())
    ends = Counter(journey(mutant) for mutant in itertools.islice(mutants(others, seed=8), EACH))
    assert ends["released"] + ends["cannot tell"] == EACH
    assert ends["cannot tell"] >= EACH // 6, "the damage must do some"
