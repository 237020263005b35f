"""Texts are made plain once, before they are judged: what a subclass answers, and what is no text, changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import ask
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting import Part
from consentguard.values.plain import plain_name, plain_reason, plain_text, plain_texts

BY = {"channel": "main", "by": "Miriam Castlegate"}


class Sly(str):
    """Text that answers whoever asks with something harmless."""

    def _harmless(self, *_, **__):
        return "a day in the garden"

    strip = lower = casefold = replace = translate = __str__ = __format__ = _harmless

    def split(self, *_):
        return ["a", "day"]

    splitlines = split

    def __iter__(self):
        return iter("a day")

    def __getitem__(self, _):
        return "a"

    def __len__(self):
        return 5

    def encode(self, *_):
        return b"a day"


SLY = Sly("Well done Amara Winterbourne")


@pytest.mark.parametrize("asked", [{"text": SLY}, {"text": "A day", "alts": [SLY]}])
def test_a_text_that_lies_about_itself_is_judged_by_its_characters(guarded, photos, make_poster, fake, asked):
    with pytest.raises(Refused, match="surname"):
        make_poster(guarded).post(photos=[photos["shown"]], **{**BY, **asked})
    with pytest.raises(Refused, match="surname"):
        make_poster(guarded).thread([Part("One"), Part(SLY)], **BY)
    assert not fake.calls


def test_the_guard_and_its_words_judge_the_characters_too(guarded, photographs):
    for asked in ({"caption": SLY}, {"alt": SLY}):
        question = guarded.question(**asked)
        assert {type(question.caption), type(question.alt)} == {str}
    assert "surname" in guarded.words.judge({"caption": SLY}).refused
    assert "surname" in [said.code for said in guarded.words.objections_in_thread(["One", SLY])]
    assert guarded.words.judge_file_name(Sly("amara_winterbourne.jpg"))


WRONG = {
    "a description that is none": {"alts": [None]},
    "one text for a list": {"alts": "A table"},
    "no name": {"by": None},
    "bytes for a name": {"by": b"Miriam"},
    "a source as text": {"sources": ["x"]},
    "sources in a dict": {"sources": {"x": 1}},
    "half a pair of surrogates": {"text": "Hello \ud83c"},
    "half a pair in a description": {"alts": ["\udc00"]},
    "NUL": {"text": "Hel\0lo"},
    "NUL in a name": {"by": "Miriam\0"},
    "a line in a name": {"by": "Miriam\nCastlegate"},
    "a number": {"text": 7},
    "none": {"text": None},
    "a channel that is none": {"channel": 7},
    "an empty name": {"by": "\u3164\u200b"},
    "one letter": {"by": "x"},
    "an event that says nothing": {"event": "."},
    "an event of blanks": {"event": "\u3164\u3164\u3164\u3164"},
    "urgent news that say nothing": {"urgent": "- -"},
    "an event that is no text": {"event": ["match"]},
    "an override that is a list": {"override": ["not-now"]},
    "an exception that does not exist": {"holiday": "yes"},
}


@pytest.mark.parametrize("asked", WRONG.values(), ids=WRONG)
def test_what_is_no_text_or_says_nothing_is_wrong_usage(guarded, photos, make_poster, fake, asked):
    with pytest.raises(WrongUsage):
        make_poster(guarded).post(**{"text": "Hello", "photos": [photos["work"]], **BY, **asked})
    assert not fake.calls


@pytest.mark.parametrize("wrong", [None, b"P001", 7, ["P001", None], "P001"])
def test_people_are_a_list_of_texts(register, policy, wrong):
    with pytest.raises(WrongUsage):
        ask(register, policy, people=wrong, by="the tests")


def test_policy_may_list_who_posts(guarded, register, body_policy_text, make_poster, fake):
    listed = body_policy_text.replace(b'account = "@Rack', b'may_post = ["Miriam Castlegate"]\naccount = "@Rack', 1)
    guard = Guard(register, Policy.parse(listed, "listed.toml"), state=guarded.state)
    poster = make_poster(guard)
    for call in (lambda: poster.post("Hello", channel="main", by="qwerty"),
                 lambda: poster.retweet("17", channel="main", by="qwerty")):  # fmt: skip
        with pytest.raises(WrongUsage, match="qwerty may not post on channel main; policy lists who may"):
            call()
    assert not fake.calls
    poster.post("Hello", channel="main", by="miriam castlegate")


def test_who_may_post_makes_no_earlier_release_fall(body_policy_text):
    plain = Policy.parse(body_policy_text, "plain.toml")
    listed = Policy.parse(body_policy_text.replace(b'scope = "press"', b'scope = "press"\nmay_post = ["A Name"]'), "l")
    assert listed.channels["press"].may_post == ("A Name",)
    assert {channel.may_post for channel in plain.channels.values()} == {()}


@given(st.text())
def test_plain_text_is_the_text_or_wrong_usage(text):
    try:
        assert type(plain_text(Sly(text), "it")) is str
        assert plain_text(Sly(text), "it") == plain_text(text, "it") == str.__str__(text)
    except WrongUsage:
        assert "\0" in text


def test_what_names_and_reasons_need():
    assert plain_name(" Jo ", "by") == "Jo"
    assert plain_reason("Y6 match", "--event") == "Y6 match"
    assert plain_texts(["a", Sly("b")], "ids") == ("a", "b")
    for wrong in ("", " ", "..", "J", "\u3164\u3164"):
        with pytest.raises(WrongUsage):
            plain_name(wrong, "by")
