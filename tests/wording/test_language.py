"""What depends on the language of a text stands in one value, and every list of it is read."""

from dataclasses import replace
from importlib import resources
from pathlib import Path

import consentguard.wording
from consentguard.wording import Named, Screen
from consentguard.wording.languages import en

PEOPLE = [Named("P001", ("Amara",), ("Hiraeth",))]


def rules(screen: Screen, text: str) -> list[str]:
    return [finding.rule for finding in screen.judge(text)]


def test_a_screen_reads_in_the_language_it_is_given() -> None:
    offence = replace(en.EN.offence, words=frozenset({"twpsyn"}))
    other = replace(en.EN, words=frozenset({"hiraeth"}), conjunctions=("a", "neu"), offence=offence)
    english, welsh = Screen(PEOPLE), Screen(PEOPLE, language=other)
    assert rules(english, "mae hiraeth") == ["surname"], "no English word"
    assert rules(welsh, "mae hiraeth") == [], "longing, a word"
    assert rules(welsh, "Amara Hiraeth") == ["surname"]
    assert rules(english, "y twpsyn") == [] and rules(welsh, "y twpsyn") == ["offensive-language"]


def test_every_list_of_a_language_is_read_in_its_own_module() -> None:
    folder = resources.files(en)
    lists = {Path(file.name).stem for file in folder.iterdir() if file.name.endswith(".txt")}
    source = folder.joinpath("__init__.py").read_text("utf-8")
    assert lists
    assert {name for name in lists if f'("{name}")' not in source} == set()


def test_only_the_screen_chooses_a_language() -> None:
    room = Path(consentguard.wording.__file__).parent
    naming = {file.name for file in room.glob("*.py") if "languages" in file.read_text("utf-8")}
    assert naming == {"screen.py"}
