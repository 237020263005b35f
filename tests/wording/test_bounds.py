"""Text of any make takes a time in proportion to its length: counted in Python's own steps, not by a clock."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from wording.table import Table

from consentguard.wording import Named, Screen
from consentguard.wording.screen import MOST_CHARACTERS

SCREEN = Table.read(Path(__file__).with_name("captions.txt")).screen()

PIECES = (
    "W ", "a.", "a*", "a_", "a-b ", "(c) A ", "Dr ", "mr ", "teacher is so ", "school is the ", "is the ", "well done ",
    "aa", "@a", "@a ", "#a", "$a", "I", "1l", "1l1l ", "\uff21", "\u00e9", "\u0149", "Amara ", "Amara, ", "you ",
    "your a ",
    "a\n", "a.b", "please ", "'s ", "photo credit ", "\u00a9 ", "\U0001f600", "A1", "aA", "a'", "Amara's mum ",
    "could Amara ", "King ", "Green-", "Ben and ", "Mr and Mrs ", "St ", "s h i t ", "f**k", "_", "!", "of ", "&amp;",
    "don't send your ", "winterbourne", "Winterbourne ", "Hill, Oak and ", "A B C ", "\u202e", "\u3164", "%41", "&#65;",
)  # fmt: skip


def _steps(text: str) -> int:
    """Lines of the package's code that judging a text runs, with the length of what each slices left out."""
    count = 0

    def local(frame, event, arg):
        nonlocal count
        count += event == "line"
        return local

    sys.settrace(lambda frame, event, arg: local if "consentguard" in frame.f_code.co_filename else None)
    try:
        SCREEN.judge(text)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_takes_about_twice_the_steps(piece: str) -> None:
    SCREEN.judge(piece)
    once, twice = _steps(piece * 100), _steps(piece * 200)
    assert twice < 2.6 * once + 300, (once, twice)


@pytest.mark.parametrize("piece", [*PIECES, "(c) Rackham Primary "])
def test_no_expression_runs_away(piece: str) -> None:
    """A bound of time alone: where an expression ran away, this took many minutes. What is found, other tests say."""
    text = piece * (4_000 // len(piece))
    SCREEN.judge(text)
    SCREEN.in_picture([text.split()])


def test_a_text_beyond_the_bound_is_not_judged_and_must_not_go() -> None:
    (found,) = SCREEN.judge("a " * MOST_CHARACTERS)
    assert found.rule == "text-too-long"
    assert "100,000" in found.message
    assert [each.rule for each in SCREEN.judge_thread(["a" * (MOST_CHARACTERS + 1), "b"])] == ["text-too-long"]


BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAliKhan+Ng/WuAli" * 200


@pytest.mark.parametrize(
    "page",
    [
        "![a hall](data:image/png;base64,{})",
        '<img alt="hall" src="data:image/jpeg;charset=utf-8;base64,{}">',
        "![hall][1]\n\n[1]: DATA:image/webp;base64,{}",
    ],
)
def test_base64_in_a_page_is_not_read_as_words(page: str) -> None:
    screen = Screen([Named("P1", ("Wei",), ("Wu",)), Named("P2", ("Sam",), ("Khan",)), Named("P3", ("Al",), ("Hart",))])
    assert screen.judge(page.format(BASE64)) == ()
    wrapped = "\n".join(BASE64[at : at + 76] for at in range(0, len(BASE64), 76))
    assert screen.judge(page.format(wrapped + "==")) == ()
    (found,) = screen.judge(page.format(BASE64) + " Sam Khan")
    assert found.rule == "surname", "what stands behind it is read"
    assert str(len(page.format(BASE64)) + 6) in found.message, "and its place is that of the text"
