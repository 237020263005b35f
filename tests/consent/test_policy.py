"""The policy: every key checked by name, nothing guessed, and the shipped one as strict as SCH 026."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.policy.explain import explain
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import SCOPES
from consentguard.errors import PolicyInvalid, WrongUsage
from consentguard.values import Mode

SHORT = """\
schema = 1
name = "ours"
on_unapproved = "rewrite"
remain = ["hands"]
on_no_face = "release"
modes = ["off", "declared"]
default_channel = "main"
[channels.main]
scope = "social_media"
"""


def parsed(text: str) -> Policy:
    return Policy.parse(text.encode(), "policy.toml")


def problems(text: str | bytes) -> set[str]:
    """The keys of all reported mistakes."""
    with pytest.raises(PolicyInvalid) as caught:
        Policy.parse(text if isinstance(text, bytes) else text.encode(), "policy.toml")
    assert str(caught.value).startswith("policy.toml: ")
    assert "consentguard policy check" in str(caught.value)
    assert caught.value.exit_code == 3
    return {problem.where for problem in caught.value.problems}


def with_line(key: str, line: str, text: str = SHORT) -> str:
    changed, count = re.subn(rf"(?m)^{key} = .*$", line, text)
    assert count == 1
    return changed


# -- the shipped one --------------------------------------------------------------------------------------------------


def test_the_shipped_policy_keeps_the_users_words(policy):
    assert policy.remain == {"hands", "back_of_head"}
    assert policy.on_unapproved == "rewrite"
    assert policy.on_no_face == "release"
    assert policy.modes == (Mode.OFF, Mode.DECLARED, Mode.TAGGED)
    assert policy.nobody_by == ()
    assert policy.channel(None).account == "@RackhamPrimary"


def test_the_shipped_channels_need_the_consent_of_their_scope(policy):
    scopes = {name: channel.scope for name, channel in policy.channels.items()}
    assert scopes == {
        "main": "social_media",
        **{f"class{n}": "social_media" for n in range(1, 7)},
        "website": "website",
        "newsletter": "newsletter",
        "prospectus": "prospectus",
        "press": "press",
    }
    assert set(scopes.values()) <= set(SCOPES)


def test_what_is_left_out_of_picture_is_what_the_shipped_policy_says(policy):
    assert parsed(SHORT).picture == policy.picture


def test_the_digest_changes_with_any_byte():
    assert parsed(SHORT).sha256 != parsed(SHORT + "# a comment\n").sha256


def test_a_policy_cannot_be_changed(policy):
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.on_unapproved = "rewrite"
    with pytest.raises(TypeError):
        policy.channels["mine"] = policy.channels["main"]
    assert isinstance(policy.remain, frozenset)


# -- every mistake ----------------------------------------------------------------------------------------------------

MISTAKES = {
    "no TOML": ("remain = hands", {""}),
    "not UTF-8": (SHORT.replace("ours", "\u00fc").encode("latin-1"), {""}),
    "empty": (
        "",
        {"schema", "channels", "name", "on_unapproved", "remain", "on_no_face", "modes", "default_channel"},
    ),
    "no schema": (SHORT.replace("schema = 1\n", ""), {"schema"}),
    "a schema of tomorrow": (with_line("schema", "schema = 2"), {"schema"}),
    "schema true": (with_line("schema", "schema = true"), {"schema"}),
    "a misspelt key": (SHORT.replace("remain =", "remains ="), {"remain", "remains"}),
    "an unknown key": ("on_doubt = 1\n" + SHORT, {"on_doubt"}),
    "name is a number": (with_line("name", "name = 26"), {"name"}),
    "unknown on_unapproved": (with_line("on_unapproved", 'on_unapproved = "blur"'), {"on_unapproved"}),
    "unknown remain": (with_line("remain", 'remain = ["hands", "face"]'), {"remain"}),
    "remain is no list": (with_line("remain", 'remain = "hands"'), {"remain"}),
    "remain holds lists": (with_line("remain", "remain = [[]]"), {"remain"}),
    "unknown on_no_face": (with_line("on_no_face", 'on_no_face = "allow"'), {"on_no_face"}),
    "unknown mode": (with_line("modes", 'modes = ["guess"]'), {"modes"}),
    "no mode": (with_line("modes", "modes = []"), {"modes"}),
    "matched without dpia": (with_line("modes", 'modes = ["off", "matched"]'), {"dpia"}),
    "matched with a blank dpia": (with_line("modes", 'modes = ["off", "matched"]\ndpia = " "'), {"dpia"}),
    "no default channel": (SHORT.replace('default_channel = "main"\n', ""), {"default_channel"}),
    "default channel unknown": (with_line("default_channel", 'default_channel = "x"'), {"default_channel"}),
    "no channels": (SHORT.partition("[channels")[0], {"channels"}),
    "channels is a text": ('channels = "main"\n' + SHORT.partition("[channels")[0], {"channels"}),
    "channel without scope": (SHORT.replace('scope = "social_media"', ""), {"channels.main.scope"}),
    "unknown scope": (SHORT.replace("social_media", "twitter"), {"channels.main.scope"}),
    "unknown channel key": (SHORT + "hours = 9\n", {"channels.main.hours"}),
    "unknown rule about names": (SHORT + 'names_with_images = "no"\n', {"channels.main.names_with_images"}),
    "unknown picture key": (SHORT + "[picture]\nblur = 3\n", {"picture.blur"}),
    "unknown channel in suitable_on": (SHORT + '[content]\nsuitable_on = ["mian"]\n', {"content.suitable_on"}),
    "picture is a list": ("picture = []\n" + SHORT, {"picture"}),
    **{
        f"{key} = {value}": (SHORT + f"[picture]\n{key} = {value}\n", {f"picture.{key}"})
        for key, value in [
            ("max_edge", 63),
            ("max_edge", 16385),
            ("max_edge", 2048.0),
            ("max_edge", "true"),
            ("max_megapixels", 0),
            ("max_megapixels", 501),
            ("smallest_face", 11),
            ("smallest_face", 301),
            ("jpeg_quality", 49),
            ("jpeg_quality", 101),
            ("paint", '"grey"'),
            ("paint", '"808080"'),
            ("paint", '"#80808"'),
            ("paint", '"#80808g"'),
            ("paint", 8421504),
        ]
    },
}


@pytest.mark.parametrize(("text", "places"), MISTAKES.values(), ids=MISTAKES)
def test_every_mistake_is_reported_by_its_key(text, places):
    assert problems(text) == places


def test_all_mistakes_come_in_one_report():
    text = with_line("remain", 'remain = ["all"]', with_line("schema", "schema = 9"))
    assert problems(text + "[picture]\npaint = 1\nsize = 2\n") == {"schema", "remain", "picture.paint", "picture.size"}


@pytest.mark.parametrize("path", ["missing.toml", "."])
def test_a_policy_that_cannot_be_read_is_named(tmp_path, path):
    with pytest.raises(PolicyInvalid, match="cannot be read") as caught:
        Policy.load(tmp_path / path)
    assert str(tmp_path / path) in str(caught.value)
    assert "--policy FILE" in str(caught.value)


@given(st.binary(max_size=120) | st.text(max_size=120).map(str.encode))
def test_any_bytes_are_a_policy_or_a_report(data):
    with pytest.raises(PolicyInvalid):
        Policy.parse(data, "policy.toml")


# -- what it answers --------------------------------------------------------------------------------------------------


def test_paint_is_read_as_rgb():
    assert parsed(SHORT + '[picture]\npaint = "#0102Ff"\n').picture.paint == (1, 2, 255)


def test_what_may_remain_may_be_nothing():
    assert parsed(with_line("remain", "remain = []")).remain == frozenset()


def test_an_unknown_channel_is_refused_with_the_choices(policy):
    with pytest.raises(WrongUsage, match="choose one of main, class1") as caught:
        policy.channel("facebook")
    assert caught.value.exit_code == 2


def test_no_channel_means_the_default_one(policy):
    assert policy.channel(None).name == policy.default_channel == "main"


@pytest.mark.parametrize(("mode", "why"), [("matched", "not allowed"), ("guess", "does not exist")])
def test_a_mode_that_is_not_allowed_is_refused_with_the_choices(policy, mode, why):
    with pytest.raises(WrongUsage, match=f"{why}.*choose one of off, declared"):
        policy.mode(mode)


def test_off_itself_can_be_forbidden_and_is_then_no_default():
    only = parsed(with_line("modes", 'modes = ["declared"]'))
    with pytest.raises(WrongUsage, match="choose one of declared"):
        only.mode(None)


# -- read back key by key ---------------------------------------------------------------------------------------------


def test_every_key_of_the_shipped_policy_is_explained_by_its_comment():
    keys = {key.key: key for key in explain(Policy.shipped_bytes(), "shipped")}
    assert [key.key for key in keys.values() if not key.why and not key.key.startswith(("schema", "name"))] == []
    assert not any(key.shipped for key in keys.values())
    assert "without prior permission from their parent/carer" in keys["on_unapproved"].why
    assert "between the hours of 7am and 7pm" in keys["hours.from"].why
    assert keys["hours.from"].value == "07:00:00"
    assert keys["picture.paint"].why == "the colour of a flat fill"


def test_what_a_school_decided_otherwise_or_left_out_is_shown():
    text = (
        SHORT
        + '[channels.chess]\nscope = "press"\n[trips.york]\nfrom = 2026-06-01\nuntil = 2026-06-05\nteacher = "T"\n'
    )
    keys = {key.key: key for key in explain(text.encode(), "ours.toml")}
    assert (keys["remain"].value, keys["remain"].shipped) == ('["hands"]', '["hands", "back_of_head"]')
    assert (keys["picture.max_edge"].value, keys["picture.max_edge"].shipped) == ("left out", "2048")
    assert keys["channels.chess.scope"].why
    assert "senior teacher" in keys["trips.york.teacher"].why
    assert "channels.class4.scope" not in keys
    with pytest.raises(PolicyInvalid):
        explain(b"name = 1", "bad.toml")


@pytest.mark.parametrize(
    "line", ["leavers_months = 0", "leavers_months = 121", "posts_months = -1", 'leavers_months = "x"', "years = 1"]
)
def test_retention_is_read_strictly(line):
    assert problems(f"{SHORT}[retention]\n{line}\n") == {f"retention.{line.split()[0]}"}


def test_a_signature_and_a_review_belong_together():
    assert problems("approved_on = 2026-09-14\n" + SHORT) == {"approved_by"}
    late = 'approved_by = "A"\napproved_on = 2026-09-14\nreview_due = 2026-09-14\n' + SHORT
    assert problems(late) == {"review_due"}
