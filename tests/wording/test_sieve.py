"""What the sieve holds back names nobody: it may let too much through, and never too little."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wording.table import Table

from consentguard.wording.decoding import shown_forms
from consentguard.wording.fold import read
from consentguard.wording.languages.en import EN
from consentguard.wording.names import Named, Names

PEOPLE = [
    Named("P1", ("Amara", ""), ("Winterbourne", "")),
    Named("P2", ("Benedict", "Ben"), ("Green", "")),
    Named("P3", ("Li",), ("Ng",)),
    Named("P4", ("Kit",), ("Lee",)),
    Named("P5", ("Olena",), ("Шевченко",)),
    Named("P6", ("Sean",), ("O'Brien-Kowalska",)),
    Named("P7", ("Zoë",), ("Müller",)),
    Named("P8", ("Omar",), ("Аль-Хассан",)),
    Named("P9", ("Nina",), ("Дюпон",)),
    Named("P10", ("Iva",), ("Vyx",)),
    Named("P11", ("Tess",), ("Lil",)),
]
NAMES = Names(PEOPLE, EN)
SIEVE = NAMES.sieve()


def names_somebody(text: str) -> bool:
    forms = [text, *(shown.text for shown in shown_forms(text))]
    return any(NAMES.find(read(form)) for form in forms)


PIECES = st.sampled_from(
    ["Winter", "bourne", "WINTERBOURNE", "winterbournes", "Green", "gr", "een", "B.", "Ng", "L", "ee", "Lee", "KitLee",
     "teamLee", "leekit", "O", "'", "Brien", "Kowalski", "shevchenko", "Szewczenko", "Muller", "Mueller", "Amara",
     "Wintrebourne", "pond", "the", "W", "i", "n", "t", "e", "r", "1", "3rd", "Year 4", "’", "–", "-", ".", ",", "/",
     "_", "*", "&amp;", "%20", "😀", "!", "(", ")", "Grrreen", "N", "g", "Al", "Hassan", "Khassan", "Du", "Pon", "pont",
     "Vy", "x", "xxx", "v", "y", "Leeee", "eee", "LiI", "iI", "lll"]
)  # fmt: skip


@given(st.lists(st.tuples(PIECES, st.sampled_from([" ", "", ", ", "\n", "-"])), max_size=8))
def test_what_names_somebody_is_let_through(pieces):
    text = "".join(piece + gap for piece, gap in pieces)
    assert SIEVE.lets_through(text, first_names=False) or not names_somebody(text), text


@pytest.mark.parametrize(
    "text",
    [
        "AlHassan",
        "al_hassan",
        "Al-Hassan",
        "Al Hassan",
        "Hassan",
        "DuPon",
        "Vyxxx",
        "V y y y x",
        "VYYYX",
        "Kit Leeee",
        "Vyxxxs",
        "Our LiI",
    ],
)
def test_a_name_in_an_odd_form_is_let_through(text):
    assert names_somebody(text)
    assert SIEVE.lets_through(text, first_names=False)


@pytest.mark.parametrize("table", ["captions", "attack", "common", "held_out", "held_out_common", "held_out_second"])
def test_every_caption_of_the_tables_that_names_somebody_is_let_through(table):
    read_table = Table.read(Path(__file__).with_name(f"{table}.txt"))
    names = Names(read_table.people, EN)
    sieve = names.sieve()
    for _, caption in read_table.captions:
        said = any(names.find(read(form)) for form in (caption, *(shown.text for shown in shown_forms(caption))))
        assert sieve.lets_through(caption, first_names=False) or not said, caption


def test_most_of_what_a_site_says_is_held_back():
    said = ["Year 4 planted beans by the pond on Tuesday.", "Well done to everybody!", "Our choir – at the town hall."]
    assert [SIEVE.lets_through(text) for text in said] == [False, False, False]
