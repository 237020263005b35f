"""How one surname may be written, kind by kind, with the right answer: refused, for a person, or nothing."""

from __future__ import annotations

import pytest

from consentguard.wording import Named, Screen

PEOPLE = (
    Named("P01", ("Amara",), ("Smith-Farthingale",)),
    Named("P02", ("Ben",), ("Green",)),
    Named("P03", ("Poppy",), ("Hall",)),
    Named("P04", ("Niamh",), ("O'Brien",)),
    Named("P05", ("Jan",), ("Kowalski",)),
    Named("P06", ("Olena",), ("Shevchenko",)),
    Named("P07", ("Max",), ("Power",)),
    Named("P08", ("Irina",), ("Смирнова",)),
    Named("P09", ("Finlay",), ("Oakenshaw",)),
    Named("P10", ("Lukas",), ("Müller",)),
    Named("P11", ("Nikos",), ("Papadakis",)),
    Named("P12", ("Anna",), ("Ivanova",)),
    Named("P13", ("Mei",), ("Zhang",)),
    Named("P15", ("Zuzana",), ("Dvořáková",)),
    Named("P16", ("Petr",), ("Nováček",)),
    Named("P14", ("Tobi",), ("Adeyemi\u2013Clarke",)),
)
SCREEN = Screen(PEOPLE)


def rules(text: str) -> set[str]:
    return {finding.rule for finding in SCREEN.judge(text)}


JOINTS = "-\u2010\u2011\u2012\u2013\u2014\u2212/_+\u00b7\u2022.&| "


@pytest.mark.parametrize("joint", JOINTS)
def test_a_double_surname_is_found_with_any_joint_and_so_is_each_half(joint: str) -> None:
    for text in (f"Well done Smith{joint}Farthingale", "Farthingale won", "Amara Smith won"):
        assert "surname" in rules(text), text
    joined = Screen([Named("P1", ("Amara",), (f"Oakley{joint}Farthingale",))])
    for text in ("Oakley-Farthingale won", "Farthingale won", "Amara Oakley won", "oakleyfarthingale"):
        assert "surname" in {finding.rule for finding in joined.judge(text)}, text


SHEETS = {
    "Green, B.": "surname",
    "Green, B": "surname",
    "Goal: Green (B)": "surname",
    "Green (Ben) 2 goals": "surname",
    "Green B., Hall P.": "surname",
    "1 Green B\n2 Hall P\n3 Oakenshaw F": "surname",
    "GREEN B, HALL P": "surname",
    "Team Green B won": "",
    "Hall A is closed": "",
    "Plan B": "",
    "Green, Amber, Red": "",
    "The Hall (Poppy Class) is booked": "",
}


@pytest.mark.parametrize(("text", "rule"), SHEETS.items())
def test_team_sheets_name_everyday_surnames(text: str, rule: str) -> None:
    assert (rules(text) & {"surname"}) == ({rule} - {""}), text
    if not rule:
        assert rules(text) <= {"maybe-surname"}


@pytest.mark.parametrize(
    "written",
    [
        "Niamh O&#39;Brien", "O&#x27;Brien", "O&apos;Brien", "O&rsquo;Brien", "O%27Brien",
        "O%E2%80%99Brien",
        "O&amp;#39;Brien", "O\\u2019Brien", "O\\x27Brien", "M&uuml;ller", "M%C3%BCller", "M\u00c3\u00bcller",
        "O\u00e2\u20ac\u2122Brien", "M\u221a\u00baller", "M=C3=BCller", "Oaken&shy;shaw", "Oaken&#8203;shaw",
        "&#79;akenshaw", "O=27Brien",
    ],
)  # fmt: skip
def test_an_escaped_or_garbled_surname_is_read_as_it_is_shown(written: str) -> None:
    text = f"Star of the week: {written} and friends"
    found = [finding for finding in SCREEN.judge(text) if finding.rule == "surname"]
    assert found, text
    start, end = map(int, found[0].message.rsplit("characters ", 1)[1].split(" to "))
    assert text.index("Star") < start <= end <= len(text)
    assert set(text[start - 1 : end]) & set(written)


@pytest.mark.parametrize(
    "text",
    [
        "Kowalska", "Jan Kowalska", "Maria Kowalska", "Ковальский", "Ковальська", "Шевченко", "Ivanov",
        "Иванова", "Иванов", "Smirnov", "Smirnova", "Смирнов", "Παπαδάκη", "Παπαδάκης", "張 Mei", "Mei 张",
        "Dvořák", "Dvorak", "Nováčková",
    ],
)  # fmt: skip
def test_a_surname_in_another_script_or_another_form_of_it_is_found(text: str) -> None:
    assert rules(f"Well done {text}") & {"surname", "maybe-surname"}, text


@pytest.mark.parametrize(
    "written",
    [
        "\u202ewahsnekaO\u202c", "\u2067wahsnekaO\u2069", "Oaken\u3164shaw", "\u3164Oakenshaw\u3164", "Oaken\uffa0shaw",
        "O\u2800akenshaw",
        "Oak\U0001f600nshaw", "Oak*nshaw", "O*k*nshaw", "Oakensh@w", "O\u13aakenshaw", "\ua4f3akenshaw",
        "\u2c9eakenshaw", "\ua4f3\ua4ee\ua4d7\ua4f0\ua4e0\ua4e2\ua4e7\ua4ee\ua4ea",
        "\U00010404akenshaw", "O\u0430kensh\u0430w", "O\u1d00kenshaw", "\U0001f17eakenshaw", "Oak\u00b7en\u00b7shaw",
        "O\u2009a\u2009k\u2009e\u2009n\u2009s\u2009h\u2009a\u2009w", "O|a|k|e|n|s|h|a|w", "Oak\u0335enshaw",
    ],
)  # fmt: skip
def test_an_unusual_surname_is_refused_in_disguise(written: str) -> None:
    assert "surname" in rules(f"Well done {written} today"), ascii(written)


@pytest.mark.parametrize(
    ("text", "right"),
    {
        "Poppy H*ll won": {"maybe-surname"},
        "What the h*ll": set(),
        "Ben Gr\U0001f33ben": {"maybe-surname"},
        "Lukas M\ufffdller": {"maybe-surname"},
        "The gr**n": set(),
        "Max Power Rangers party": {"maybe-surname"},
        "Power Rangers party": set(),
        "Max and the Power Rangers": set(),
        "Max Power won": {"surname"},
        "50% off, 20%20 more & 100 % fun": set(),
        "Добро пожаловать": set(),
        "一二三四五": set(),
        "Ελληνικά": set(),
        "caf\u00c3\u00a9 at three": set(),
        "Fish&chips; a=b; c:\\users\\new": set(),
    }.items(),
)
def test_what_only_looks_like_a_disguise_is_for_a_person_or_nothing(text: str, right: set[str]) -> None:
    assert rules(text) == right
