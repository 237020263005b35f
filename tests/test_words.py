"""Words on the guard's path: the show of a caption with a pupil's surname, and what a file is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from command_line import typed
from fakes import SAMPLE_FILE, FixedFaces

from consentguard.consent.objections import ruling
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.policy import Policy
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.values import Outcome


@pytest.fixture
def empty(guard: Callable[..., Guard]) -> Guard:
    """A guard that sees no face, so that only the words count."""
    return guard(detector=FixedFaces())


def test_the_show_a_surname_in_the_caption_is_refused(tmp_path: Path, photographs: dict[str, bytes]) -> None:
    (tmp_path / "photo.jpg").write_bytes(photographs["partial"])
    asked = ("check", "photo.jpg", "--register", str(SAMPLE_FILE), "--json", "--channel", "class4",
             "--at", "2026-11-22T20:15", "--caption", "Well done Amara Winterbourne!")  # fmt: skip
    done = typed(*asked, folder=tmp_path, environment={})
    assert done.code == 1, done.err
    (verdict,) = done.lines
    assert verdict["outcome"] == "refused"
    assert "surname" in verdict["reasons"]
    (finding,) = [finding for finding in verdict["findings"] if finding["rule"] == "surname"]
    assert finding["where"] == "caption"
    assert finding["message"].startswith("P001: ")
    assert "characters 17 to 28" in finding["message"]
    assert "No surnames of children will be shared – first names only" in finding["message"]
    times = {finding["rule"]: finding["message"] for finding in verdict["findings"] if "outside" in finding["rule"]}
    assert set(times) == {"outside-days", "outside-hours"}
    assert all("between the hours of 7am and 7pm between Monday and Friday" in message for message in times.values())
    assert "winterbourne" not in (done.out + done.err).casefold()


@pytest.mark.parametrize(
    ("caption", "rule", "person"),
    [
        ("Amara W. and Ben Hollowell", "surname", False),
        ("Well done Amara, don't forget your reading book", "individually-targeted", True),
        ("What a load of b*llocks", "offensive-language", True),
        ("The head teacher is useless", "remark-at-school", True),
        ("Photo © somebody else", "copyright-notice", True),
        ("Well done Amara, your Winterbourne spirit!", "surname", False),
    ],
)
def test_a_caption_is_refused_with_its_code(
    empty: Guard, photographs: dict[str, bytes], caption: str, rule: str, person: bool
) -> None:
    with pytest.raises(Refused) as refused:
        empty.release(photographs["partial"], caption=caption)
    assert rule in refused.value.verdict.reasons
    assert refused.value.needs_person is person
    for name in ("Hollowell", "Winterbourne", "bollocks"):
        assert name.casefold() not in str(refused.value).casefold()


def test_alt_text_is_judged_like_a_caption(empty: Guard, photographs: dict[str, bytes]) -> None:
    verdict = empty.inspect(photographs["partial"], alt="Chidi Farthingale painting a volcano")
    assert verdict.outcome is Outcome.REFUSED
    assert [finding.where for finding in verdict.findings if finding.rule == "surname"] == ["alt"]


def test_innocent_words_change_nothing(empty: Guard, photographs: dict[str, bytes]) -> None:
    asked: dict[str, Any] = {"caption": "Amara and Ben built a volcano today!", "alt": "Two hands and a volcano"}
    spoken, silent = (empty.inspect(photographs["partial"], **words) for words in (asked, {}))
    assert spoken == silent


def test_a_file_named_after_a_pupil_may_not_go_as_it_is_but_is_released_under_a_neutral_name(
    empty: Guard, photographs: dict[str, bytes]
) -> None:
    verdict = empty.inspect(photographs["partial"], name="Winterbourne/IMG_Amara_Winterbourne_01.jpg")
    assert verdict.outcome is Outcome.NEEDS_REWRITE
    assert "file-name" in verdict.reasons
    assert empty.release(photographs["partial"], name="IMG_Amara_Winterbourne_01.jpg").data


def test_a_folder_is_not_a_file_name(empty: Guard) -> None:
    assert empty.words.judge_file_name("/home/winterbourne/photo.jpg") == ()
    assert [hit.rule for hit in empty.words.judge_file_name(r"C:\class4\amara_winterbourne.jpg")] == ["file-name"]


def test_a_thread_is_judged_post_by_post_and_together(empty: Guard) -> None:
    said = ruling(empty.words.objections_in_thread(["Star of the week: Ben", "Hollowell!"]), Override())
    assert said.refused == ("surname",)
    assert not said.needs_person
    assert {finding.where for finding in said.findings} == {"post 2"}


def test_what_is_for_a_person_goes_when_that_person_says_so_on_the_record(
    guard: Callable[..., Guard], photographs: dict[str, bytes], body_policy: Policy
) -> None:
    leave = MappingProxyType({"individually-targeted": ("Miriam Castlegate",)})
    main = replace(body_policy.channels["main"], override=leave)
    lenient = guard(detector=FixedFaces(), policy=replace(body_policy, channels={**body_policy.channels, "main": main}))
    asked: dict[str, Any] = {"channel": "main", "by": "Miriam Castlegate"}
    targeted, why = "Well done Amara, don't forget your reading book", "Amara's mother asked for it"
    with pytest.raises(Refused) as refused:
        lenient.release(photographs["partial"], caption=targeted, **asked)
    assert refused.value.needs_person
    assert "may decide: --override individually-targeted=REASON --by NAME" in str(refused.value)
    override = {"individually-targeted": why}
    released = lenient.release(photographs["partial"], caption=targeted, override=override, **asked)
    assert "individually-targeted" in [finding.rule for finding in released.verdict.findings]
    row = lenient.state.audit.entry(released.grounds.audit_seq)
    assert row is not None
    assert (row.body["override"], row.body["by"]) == (override, "Miriam Castlegate")
    with pytest.raises(Refused) as refused:
        lenient.release(photographs["partial"], caption=f"{targeted}, Winterbourne", override=override, **asked)
    assert refused.value.verdict.reasons == ("surname",)
    assert "--override" not in str(refused.value)
    assert not refused.value.needs_person


def test_a_channel_may_keep_first_names_from_images(guard: Callable[..., Guard], photographs: dict[str, bytes]) -> None:
    text = Policy.shipped_bytes().decode("utf-8")
    for channel, others, refused in (("class4", "allow", ["class4"]), ("main", "person", ["class4", "website"])):
        own = "person" if others == "allow" else "allow"
        rules = text.replace('names_with_images = "allow"', f'names_with_images = "{others}"')
        rules = rules.replace(f"[channels.{channel}]", f'[channels.{channel}]\nnames_with_images = "{own}"')
        ours = guard(detector=FixedFaces(), policy=Policy.parse(rules.encode(), "ours.toml"))
        judged = {
            name: ours.inspect(photographs["partial"], channel=name, caption="Amara built a volcano").reasons
            for name in ("main", "class4", "website")
        }
        assert [name for name, reasons in judged.items() if "name-with-image" in reasons] == refused


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ({"event": "Amara Winterbourne's birthday", "by": "Ms Head"}, False),
        ({"urgent": "Winterbourne is ill", "by": "Ms Head"}, False),
        ({"event": "Sports day", "by": "Amara Winterbourne"}, False),
        ({"event": "Sports day", "by": "Mrs Winterbourne"}, True),
        ({"event": "Sports day", "by": "Ms Head"}, True),
        ({"suitable_by": "A. Winterbourne and Amara Winterbourne"}, False),
        ({"override": {"maybe-surname": "Winterbourne may be named"}, "by": "Ms Head"}, False),
    ],
)
def test_what_is_recorded_names_no_pupil(empty: Guard, asked: dict[str, Any], goes: bool) -> None:
    if goes:
        empty.question(**asked)
        return
    with pytest.raises(WrongUsage, match="pupil") as caught:
        empty.question(**asked)
    assert "Winterbourne" not in str(caught.value)
