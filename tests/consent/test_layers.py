"""A policy that says only what differs: what counts, what an upgrade does to it, and what is wrong with one."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.policy import layers
from consentguard.consent.policy.policy import Policy
from consentguard.errors import PolicyInvalid

SHIPPED = Policy.shipped_bytes()
VERSION = layers.version_of(SHIPPED)


def parsed(text):
    return Policy.parse(text.encode(), "ours.toml")


def test_what_it_does_not_say_is_the_shipped():
    ours = parsed(f'base = "{VERSION}"\nname = "Hill Top"\n')
    shipped = Policy.shipped()
    assert ours.name == "Hill Top"
    assert (ours.hours, ours.words, ours.channels, ours.remain) == (
        shipped.hours, shipped.words, shipped.channels, shipped.remain
    )  # fmt: skip


def test_what_it_says_replaces_that_key_alone():
    ours = parsed(f'base = "{VERSION}"\n[hours]\nfrom = 08:00:00\n[channels.main]\naccount = "@HillTop"\n')
    assert f"{ours.hours.opens:%H:%M} {ours.hours.closes:%H:%M}" == "08:00 19:00"
    assert (ours.channels["main"].account, ours.channels["main"].scope) == ("@HillTop", "social_media")


def test_lists_are_replaced_and_tables_can_be_taken_out():
    ours = parsed(f'base = "{VERSION}"\nremain = ["hands"]\nwithout = ["channels.class6", "channels.press"]\n')
    assert ours.remain == {"hands"}
    assert "class6" not in ours.channels
    assert "class5" in ours.channels


@pytest.mark.parametrize("base", ["sch026@0000000000000000", "sch026", "other@0123456789abcdef", ""])
def test_another_version_is_refused_until_somebody_accepts_it(base):
    with pytest.raises(PolicyInvalid, match="base") as refused:
        parsed(f'base = "{base}"\n')
    assert ("policy accept" in str(refused.value)) == (base == "sch026@0000000000000000")


@pytest.mark.parametrize("line", ["base = 3", "without = 1", 'without = ["channels.nowhere"]', "without = [3]"])
def test_what_is_wrong_with_it_is_said(line):
    text = line if line.startswith("base") else f'base = "{VERSION}"\n{line}'
    with pytest.raises(PolicyInvalid, match="nothing was loaded"):
        parsed(text)


def test_an_unknown_key_is_wrong_in_a_layer_too():
    with pytest.raises(PolicyInvalid, match="unknown key"):
        parsed(f'base = "{VERSION}"\nremane = ["hands"]\n')


def test_comments_make_no_other_version():
    assert layers.version_of(SHIPPED + b"\n# a word more\n") == VERSION
    assert layers.version_of(SHIPPED.replace(b"07:00:00", b"06:00:00")) != VERSION


def test_what_an_upgrade_changes_is_listed_with_what_the_school_says():
    old = SHIPPED.replace(b"jpeg_quality = 90", b"jpeg_quality = 85").replace(b"07:00:00", b"06:30:00")
    own = tomllib.loads("[hours]\nfrom = 08:00:00\n")
    said = [str(change) for change in layers.changes(old, SHIPPED, own)]
    assert said == [
        "hours.from: was 06:30:00, is 07:00:00; your policy says 08:00:00, which goes on to count",
        "picture.jpeg_quality: was 85, is 90",
    ]


@given(school=st.text(min_size=1, max_size=40).filter(str.strip), account=st.text(max_size=15))
def test_any_schools_name_makes_a_policy_that_is_read_back(school, account):
    text = layers.made(school, SHIPPED, account=account, classes=("3R", "4 Oak"))
    ours = parsed(text)
    assert (ours.name, ours.channels["main"].account) == (school, account)
    assert [name for name in ours.channels if name.startswith("class")] == ["class3r", "class4oak"]
    assert ours.channels["class3r"].class_name == "3R"


def test_accepting_changes_the_base_and_nothing_else():
    text = layers.made("Hill Top", SHIPPED)
    old = text.replace(VERSION, "sch026@0123456789abcdef")
    assert layers.accepted(old, SHIPPED) == text
    with pytest.raises(ValueError, match="no line"):
        layers.accepted("name = 'x'\n", SHIPPED)
