"""What a screen shows of a name, what policy changes, and disguises of every kind of surname."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentguard.wording import Named, Rules, Screen

UNUSUAL = (
    "Winterbourne",
    "Oakenshaw",
    "O'Brien",
    "Smith-Jones",
    "Łukasiewicz",
    "García",
    "van der Berg",
    "Nguyễn",
    "Ødegaard",
)
PEOPLE = tuple(Named(f"P{number:03}", ("Amara", "Ammy"), (name,)) for number, name in enumerate(UNUSUAL))
SCREEN = Screen(PEOPLE)

DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "shouted": str.upper,
    "small": str.lower,
    "swapped": str.swapcase,
    "possessive": lambda name: f"{name}'s",
    "plural": lambda name: f"{name}s",
    "hashtag": lambda name: f"#Amara{name}",
    "handle": lambda name: f"@a.{name}",
    "spaced": lambda name: " ".join(name.replace("-", "").replace("'", "").replace(" ", "")),
    "dotted": lambda name: ".".join(name.replace("-", "").replace("'", "").replace(" ", "")),
    "starred": lambda name: f"**{name}**",
    "file name": lambda name: f"IMG_0042_amara_{name}_v2",
    "zero width": lambda name: "\u200b".join(name),
    "soft hyphens": lambda name: "\u00ad".join(name),
    "fullwidth": lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name),
    "stretched": lambda name: name + name[-1] * 4,
    "cyrillic": lambda name: name.translate(str.maketrans("aeocpxyi", "аеосрхуі")),
    "digits": lambda name: name.translate(str.maketrans("oie", "013")),
    "quoted": lambda name: f"Amara “{name}”",
    "emoji": lambda name: f"⭐{name}⭐",
    "on two lines": lambda name: f"Amara\n{name}",
}


@pytest.mark.parametrize(("surname", "disguise"), list(itertools.product(UNUSUAL, DISGUISES)))
def test_an_unusual_surname_refuses_in_every_disguise(surname: str, disguise: str) -> None:
    text = f"Well done {DISGUISES[disguise](surname)} today"
    assert "surname" in {finding.rule for finding in SCREEN.judge(text)}, text


@pytest.mark.parametrize("surname", UNUSUAL)
def test_no_finding_repeats_a_name(surname: str) -> None:
    for finding in SCREEN.judge(f"Amara {surname}, you star"):
        shown = f"{finding}".casefold()
        assert "amara" not in shown
        assert surname.casefold() not in shown
    assert "Amara" not in repr(PEOPLE[0])


@given(st.text(max_size=300))
@example("@")
@example("$")
@example("\u200b")
@example("a" * 300)
@example("_a_" * 100)
def test_any_text_gets_an_answer_within_its_own_length(text: str) -> None:
    for finding in SCREEN.judge(text):
        start, end = map(int, finding.message.rsplit("characters ", 1)[1].split(" to "))
        assert 0 <= start - 1 < end <= len(text)


@given(st.text(max_size=60), st.sampled_from(UNUSUAL), st.text(max_size=60))
def test_a_surname_is_found_whatever_stands_around_it(before: str, surname: str, after: str) -> None:
    text = f"{before} {surname} {after}"
    assert {"surname", "maybe-surname"} & {finding.rule for finding in SCREEN.judge(text)}


def test_many_pupils_of_one_name_are_not_all_listed() -> None:
    people = [Named(f"P{number:03}", ("Ann",), ("Khan",)) for number in range(30)]
    (finding,) = Screen(people).judge("Khan")
    assert finding.message.startswith("P000, P001, P002 and 27 more: ")


def test_a_name_in_a_long_text_is_reported_once_where_it_stands() -> None:
    """Such a text is read in parts that overlap; every third name stands in two of them."""
    places = (10, 50_030, 50_285, 70_000, 100_100)
    text = ""
    for place in places:
        text = f"{text:<{place}}Winterbourne"
    found = SCREEN.named(f"{text:<{120_000}}", where="page")
    assert [each.message.rpartition(" at ")[2] for each in found] == [
        f"characters {place + 1} to {place + len('Winterbourne')}" for place in places
    ]
    firsts = SCREEN.named(f"{'We saw':<50030} Amara", where="page", first_names=False)
    assert [each.message.rpartition(" at ")[2] for each in firsts] == ["characters 50032 to 50036"]


def test_policy_may_keep_first_names_from_images() -> None:
    assert [finding.rule for finding in SCREEN.judge("Amara built a volcano", first_names=False)] == ["name-with-image"]
    assert SCREEN.judge("Amara built a volcano") == ()


def test_allowed_phrases_and_accounts_are_nobodys_name() -> None:
    allowed = Screen(PEOPLE, Rules(allow=("Oakenshaw Primary",), accounts=("@WinterbourneNews",)))
    assert allowed.judge("Open day at Oakenshaw Primary, says @WinterbourneNews") == ()
    assert [finding.rule for finding in allowed.judge("Open day at Oakenshaw")] == ["surname"]


def test_a_school_may_call_a_surname_everyday() -> None:
    people = [Named("P1", ("Amara",), ("Zorbing",))]
    assert [finding.rule for finding in Screen(people).judge("zorbing in the park")] == ["surname"]
    lax = Screen(people, Rules(everyday=("Zorbing",)))
    assert lax.judge("zorbing in the park") == ()
    assert [finding.rule for finding in lax.judge("zorbing with Amara Zorbing")] == ["surname"]


def test_a_name_split_between_two_posts_is_found() -> None:
    screen = Screen([Named("P1", ("Amelia",), ("Green",))])
    assert [f.where for f in screen.judge_thread(["Star of the week: Amelia", "Green, what a painter"])] == [
        "posts 1 and 2"
    ]
    assert screen.judge_thread(["Star of the week: Amelia", "What a painter"]) == ()


def test_a_register_without_pupils_finds_nothing() -> None:
    assert Screen([]).judge("Well done Amara Winterbourne") == ()
    assert Screen([Named("T1", ("Ann",), ("Oakenshaw",), protected=False)]).judge("Ann Oakenshaw") == ()


EVERYDAY = {"Green": "Poppy", "Price": "Theo", "Kent": "Isla", "James": "Noah", "Day": "Sophie"}
TOGETHER = {
    "as it is": "{first} {last}",
    "hashtag": "#{first}{last}",
    "handle": "@{first}_{last}",
    "initial": "{first[0]}. {last}",
    "surname first": "{last}, {first}",
    "in brackets": "{first} ({last})",
    "plus": "{first}+{last}",
    "slash": "{first}/{last}",
    "file name": "img-{first}-{last}-2",
    "hard space": "{first}\u00a0{last}",
    "another name between": "{first} Rose {last}",
    "e-mail address": "{first}.{last}@rackham.uk",
}


@pytest.mark.parametrize("last", EVERYDAY)
def test_an_everyday_surname_refuses_beside_its_first_name_however_it_is_written(last: str) -> None:
    first = EVERYDAY[last]
    screen = Screen([Named("P1", (first,), (last,))])
    bold = "".join(chr(0x1D400 + ord(c) - 65) if c.isupper() else chr(0x1D41A + ord(c) - 97) for c in last)
    forms = [form.format(first=first, last=last) for form in TOGETHER.values()]
    for written in (*forms, forms[0].upper(), forms[0].lower(), f"{first} {'.'.join(last)}", f"{first} {bold}"):
        assert "surname" in {finding.rule for finding in screen.judge(f"Well done {written} today")}, written
    assert [finding.rule for finding in screen.judge(f"Well done {first} 🌻 {last} today")] == ["maybe-surname"]
    assert screen.judge(f"Well done {first} 🌻 Class 4 next") == ()


def test_the_schools_own_copyright_and_lists_are_no_notice() -> None:
    screen = Screen(PEOPLE, Rules(own=("Rackham Primary",)))
    for ours in (
        "© Rackham Primary School 2026",
        "Photo credit: Rackham Primary",
        "Bring (a) paint (b) glue (c) tape",
        "Mary Evans reads",
        "Photo by Mrs Poole",
        "A reuters reporter came to our assembly",
    ):
        assert screen.judge(ours) == (), ours
    for theirs in (
        "© Rackham Primary / Getty Images",
        "© The Herald",
        "(c) 2026 The Herald",
        "Photo courtesy of Alamy",
        "Photo by Reuters",
        "Picture: Rex Features",
        "Image via Bridgeman",
        "(c) Rackham Primary / Press Association",
    ):
        assert [finding.rule for finding in screen.judge(theirs)] == ["copyright-notice"], theirs


@pytest.mark.parametrize(
    "read",
    [
        "Amara\nWinterboume",
        "WINTERB0URNE",
        "Winterbourn",
        "Oakenshavv",
        "0AKENSHAW F",
        "O'BRlEN",
        "Niamh 0'Brien",
        "AmaraWinterbourne",
        "W I N T E R B O U R N E",
        "Winter-\nbourne",
        "winter bourne",
        "Oakenshaw's coat",
    ],
)
def test_a_surname_is_spotted_in_a_picture_with_a_readers_slips(read: str) -> None:
    assert SCREEN.in_picture([line.split() for line in read.split("\n")])


def test_other_writing_in_a_picture_is_left() -> None:
    screen = Screen([Named(f"P{n}", ("Amelia",), (name,)) for n, name in enumerate(
        ("Green", "White", "Best", "Stone", "Frost", "Rice", "Hall", "Baker", "Day", "King", "Church"))])  # fmt: skip
    for said in ("GREEN CLASS", "WHITE BOARD RULES", "BEST READER\nOF THE WEEK", "STONE AGE", "FROST", "HALL",
                 "Bake Sale\nToday", "World Book Day", "Baker Street", "King Charles III", "Church Road"):  # fmt: skip
        assert screen.in_picture([line.split() for line in said.split("\n")]) == (), said
