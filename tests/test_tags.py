"""A person points at faces: what that may free, what it can only hide, and what is said when it makes no sense."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from fakes import SAMPLE_FILE, FixedFaces, sample_with
from hypothesis import given
from hypothesis import strategies as st
from strategies import days, registers

from consentguard.cli import main
from consentguard.consent import tagsfile
from consentguard.consent.decide import Known, decide
from consentguard.consent.objections import ruling
from consentguard.consent.pointing import pointed
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.question import Question, ask
from consentguard.consent.register.register import SCOPES, Register
from consentguard.errors import Refused, VerificationFailed, WrongUsage
from consentguard.guard import verify as verifying
from consentguard.guard.guard import Guard
from consentguard.values import (
    HIDE,
    NOBODY,
    Action,
    Box,
    Face,
    Head,
    Mode,
    Outcome,
    Picture,
    Pixels,
    Rewrite,
    Seen,
    Standing,
    Subject,
    Tag,
)
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.imagefile import codec

SHIPPED = dataclasses.replace(Policy.shipped(), nobody_by=("Ms Castlegate",))
TODAY = date(2026, 11, 22)
ONE, TWO = Box(10, 10, 60, 70), Box(200, 10, 250, 70)


def keeps(who) -> bool:
    return Action.for_standing(who.standing) is Action.KEEP


# -- the decision -----------------------------------------------------------------------------------------------------


@st.composite
def tagged(draw: st.DrawFn) -> tuple[Register, Question, list[Known]]:
    """Faces, some of which a person tagged: with people, each once, as nobody, or to be hidden."""
    register = draw(registers())
    people = draw(st.permutations(sorted(register.people)))
    says = draw(st.lists(st.sampled_from(["", HIDE, NOBODY, "a person"]), max_size=len(people)))
    faces = [Known(says=people[at] if text == "a person" else text, number=at + 1) for at, text in enumerate(says)]
    scope = draw(st.sampled_from(SCOPES))
    return register, Question(Channel("drawn", scope), Mode.TAGGED, by="Ms Castlegate"), faces


@given(tagged(), days())
def test_no_face_is_kept_whose_tag_is_no_consented_person_and_not_nobody(asked, on) -> None:
    register, question, faces = asked
    decision = decide(faces, register, SHIPPED, question, on)
    for face, who in zip(faces, decision.faces, strict=True):
        person = register.get(face.says)
        consented = person is not None and person.standing(question.channel.scope, on) is Standing.CONSENTED
        assert keeps(who) == (consented or face.says == NOBODY)
        assert who.person == (face.says if consented else None), "of a hidden face nothing says whose it is"
    assert set(decision.rests_on) == {who.person for who in decision.faces if who.person}


@given(tagged(), days(), st.data())
def test_without_a_tag_on_a_person_fewer_faces_are_kept(asked, on, data) -> None:
    register, question, faces = asked
    at = [index for index, face in enumerate(faces) if face.says not in ("", HIDE, NOBODY)]
    if not at:
        return
    victim = data.draw(st.sampled_from(at))
    fewer = [dataclasses.replace(face, says="") if n == victim else face for n, face in enumerate(faces)]
    before, after = (decide(each, register, SHIPPED, question, on) for each in (faces, fewer))
    if ruling(before.objections, Override()).refused or ruling(after.objections, Override()).refused:
        return
    kept = [[keeps(who) for who in decision.faces] for decision in (before, after)]
    assert all(was or not now for was, now in zip(*kept, strict=True))


@given(tagged(), days(), st.data())
def test_a_consent_withdrawn_never_shows_more(asked, on, data) -> None:
    register, question, faces = asked
    victim = data.draw(st.sampled_from(sorted(register.people)))
    person = dataclasses.replace(register.people[victim], consents=MappingProxyType({}))
    changed = dataclasses.replace(register, people=MappingProxyType({**register.people, victim: person}))
    before, after = (decide(faces, each, SHIPPED, question, on) for each in (register, changed))
    assert all(keeps(was) or not keeps(now) for was, now in zip(before.faces, after.faces, strict=True))
    assert victim not in after.rests_on


def test_somebody_who_must_never_be_published_refuses_the_photo_but_not_in_mode_matched(register) -> None:
    matched = dataclasses.replace(SHIPPED, modes=tuple(Mode), dpia="DPIA")
    for mode, refused in (("tagged", ("declared-not-permitted",)), ("matched", ())):
        question = ask(register, matched, mode=mode, tags=[Tag(ONE, "P007")], by="me")
        decision = decide([Known(says="P007", number=1)], register, matched, question, TODAY)
        assert ruling(decision.objections, Override()).refused == refused
        assert decision.faces[0].standing is Standing.NOT_PERMITTED


def test_in_mode_declared_a_hidden_face_is_not_counted(register) -> None:
    question = ask(register, SHIPPED, people=["P001"], tags=[Tag(ONE, HIDE)], by="me")
    assert question.mode is Mode.DECLARED
    decision = decide([Known(says=HIDE, number=1), Known(number=2)], register, SHIPPED, question, TODAY)
    assert [who.standing for who in decision.faces] == [Standing.HIDDEN_BY_PERSON, Standing.CONSENTED]
    assert not ruling(decision.objections, Override()).refused


WRONG = {
    "nobody by somebody else": ({"tags": [Tag(ONE, NOBODY)], "by": "me"}, "policy names Ms Castlegate"),
    "unknown": ({"tags": [Tag(ONE, "P999")], "by": "me"}, "P999; it knows"),
    "by nobody": ({"tags": [Tag(ONE, "P001")], "by": " "}, "--by NAME"),
    "one person twice": ({"tags": [Tag(ONE, "P001"), Tag(TWO, "P001")], "by": "me"}, r"P001 at \[10.*and \[200"),
    "mode off": ({"tags": [Tag(ONE, HIDE)], "by": "me", "mode": "off"}, "not for mode off"),
    "an id in declared": ({"tags": [Tag(ONE, "P002")], "people": ["P001"], "by": "me"}, "hide or nobody"),
    "names in tagged": ({"tags": [Tag(ONE, HIDE)], "people": ["P001"], "by": "me", "mode": "tagged"}, "only in modes"),
}


@pytest.mark.parametrize(("asked", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_tag_is_refused_before_any_photo(register, asked, told) -> None:
    with pytest.raises(WrongUsage, match=told):
        ask(register, SHIPPED, **asked)


def test_a_policy_of_before_allows_no_tags(register) -> None:
    before = dataclasses.replace(SHIPPED, modes=(Mode.OFF, Mode.DECLARED))
    with pytest.raises(WrongUsage, match="choose one of off, declared"):
        ask(register, before, tags=[Tag(ONE, "P001")], by="me")


@pytest.mark.parametrize("says", ["", " "])
def test_a_tag_says_something(says) -> None:
    with pytest.raises(ValueError, match="register id"):
        Tag(ONE, says)
    with pytest.raises(ValueError, match="can only hide"):
        Tag(ONE, NOBODY, added=True)


# -- from boxes to faces ----------------------------------------------------------------------------------------------

PICTURE = Picture(np.zeros((300, 400, 3), np.uint8), 800, 600)


def in_source(box: Box) -> Box:
    return PICTURE.in_source(box)


def test_tags_bind_to_what_was_found_and_added_boxes_become_faces() -> None:
    back = Head(Box(100, 100, 140, 150), 0.9, from_behind=True)
    seen = Seen((Face(ONE, 0.9), Face(TWO, 0.8)), (back,))
    added = Tag(Box(600, 400, 660, 480), "P003", added=True)
    tags = [Tag(in_source(TWO), "P001"), Tag(in_source(back.box), HIDE), added]
    at = pointed(seen, PICTURE, {}, tags, ())
    assert [(known.number, known.says, known.added) for known in at.known] == [
        (1, "", False), (2, "P001", False), (None, "P003", True), (3, HIDE, False)]  # fmt: skip
    assert at.seen.counted[-1] == Subject(dataclasses.replace(back, from_behind=False))
    assert pointed(seen, PICTURE, {}, [], ()).backs == ((3, back),)


def test_what_only_the_second_pass_found_can_be_tagged_by_its_number() -> None:
    at = pointed(Seen((Face(ONE, 0.9),), ()), PICTURE, {}, [Tag(in_source(TWO), NOBODY)], [in_source(TWO)])
    assert [(known.number, known.says) for known in at.known] == [(1, ""), (2, NOBODY)]
    assert len(pointed(Seen((Face(ONE, 0.9),), ()), PICTURE, {}, [], [in_source(TWO)]).known) == 1


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ([Tag(Box(700, 500, 900, 590), HIDE)], "outside the picture of 800 x 600"),
        ([Tag(Box(300, 300, 380, 380), "P001")], "no face was found at"),
        ([Tag(in_source(ONE), "P001"), Tag(in_source(ONE), HIDE)], "two tags are on one face"),
        ([Tag(Box(0, 0, 790, 590), NOBODY)], "no face was found"),
    ],
)
def test_a_tag_that_points_at_nothing_is_refused(tags, told) -> None:
    with pytest.raises(WrongUsage, match=told):
        pointed(Seen((Face(ONE, 0.9), Face(TWO, 0.8)), ()), PICTURE, {}, tags, ())


# -- the whole way ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(photographs) -> bytes:
    """Two people side by side: the first at the left."""
    both = [codec.decode(photographs[n], max_edge=900, max_pixels=10**9).pixels for n in ("obama", "biden")]
    height = min(picture.shape[0] for picture in both)
    return codec.encode_jpeg(np.concatenate([picture[:height] for picture in both], axis=1), 92)


def test_one_is_tagged_and_stays_and_the_other_is_painted(guard: Callable[..., Guard], pair: bytes, state) -> None:
    ours = guard()
    seen = ours.inspect(pair)
    left, right = sorted(seen.faces, key=lambda face: face.box.left)
    assert {face.number for face in seen.faces} == {1, 2}
    assert "right" in right.where and "right" not in left.where
    tags = [Tag.of(left, "P001"), Tag.of(right, "P003")]
    checked = ours.inspect(pair, tags=tags, by="Ms Castlegate")
    released = ours.release(pair, tags=tags, by="Ms Castlegate")
    ours.admit(released, channel="main")
    for verdict in (checked, released.verdict):
        told = {face.box.left: (face.tag, face.person, face.standing, face.action) for face in verdict.faces}
        assert told == {
            left.box.left: ("P001", "P001", Standing.CONSENTED, Action.KEEP),
            right.box.left: ("hidden", None, Standing.NO_CONSENT, Action.HIDE),
        }
    assert released.verdict.rewrite in (Rewrite.CROP, Rewrite.COVER)
    assert (released.grounds.people, released.grounds.mode, released.grounds.by) == (
        ("P001",),
        "tagged",
        "Ms Castlegate",
    )
    row = state.audit.entry(released.grounds.audit_seq)
    assert sorted(tag["says"] for tag in row.body["tags"]) == ["P001", "hidden"]
    assert "P003" not in str(row.body)
    withdrawn = Register.parse(sample_with({"P001": {"social_media_withdrawn": "2026-10-01"}}), "r")
    with pytest.raises(Refused, match="consent has gone since for P001"):
        guard(register=withdrawn).admit(released, channel="main")


def test_numbers_are_those_that_inspect_gave(guard: Callable[..., Guard], pair: bytes) -> None:
    ours = guard()
    with pytest.raises(WrongUsage, match="was not inspected yet"):
        ours.tags(pair, {1: "P001"})
    seen = ours.inspect(pair)
    assert ours.tags(pair, {2: "P001"}) == (Tag(seen.faces[1].box, "P001"),)
    with pytest.raises(WrongUsage, match="no face has the number 3"):
        ours.tags(pair, {3: "P001"})
    other = guard(detector=FixedFaces(Face(ONE, 0.9)))
    with pytest.raises(WrongUsage, match="other models"):
        other.tags(pair, {1: "P001"})


def test_a_face_that_was_missed_is_painted_by_an_added_box(guard: Callable[..., Guard], body_policy) -> None:
    noise = np.random.default_rng(1).integers(90, 130, (400, 600, 3), np.uint8)
    photo = codec.encode_jpeg(noise, 95)
    flat = dataclasses.replace(body_policy, picture=dataclasses.replace(body_policy.picture, fill="flat", sticker=""))
    released = guard(policy=flat).release(photo, tags=[Tag(Box(300, 100, 360, 180), HIDE, added=True)], by="me")
    (face,) = released.verdict.faces
    assert (face.added, face.tag, face.standing) == (True, HIDE, Standing.HIDDEN_BY_PERSON)
    after = codec.decode(released.data, max_edge=600, max_pixels=10**6).pixels[100:180, 300:360]
    assert np.abs(after.astype(int) - 128).max() <= 6


def test_a_poster_called_nobody_stays(guard: Callable[..., Guard], body_policy, photographs) -> None:
    ours = guard(policy=dataclasses.replace(body_policy, nobody_by=("Ms Castlegate",)))
    (face,) = ours.inspect(photographs["obama"]).faces
    released = ours.release(photographs["obama"], tags=[Tag.of(face, NOBODY)], by="Ms Castlegate")
    assert released.verdict.rewrite is Rewrite.NONE
    assert [face.standing for face in released.verdict.faces] == [Standing.NOBODY]
    assert "called-nobody" in [finding.rule for finding in released.verdict.findings]
    assert released.grounds.people == ()


# -- check and release agree ------------------------------------------------------------------------------------------

FIRST, SECOND, THIRD = (Face(Box(x, 40, x + 50, 100), 0.9) for x in (40, 510, 275))
"""A mirrored pass at 600 px sees the first two in each other's place, and the third in its own."""

_WALL = np.full((400, 600, 3), 190, np.uint8)
_WALL[50:90, 285:315] = 20
BLANK = codec.encode_jpeg(_WALL, 90)


class _SecondSight(Detector):
    """Finds a face from its second call on, as long as it is not painted over."""

    label, smallest_face = "second@test", 1

    def __init__(self) -> None:
        self.looks = 0

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        self.looks += 1
        there = pixels[THIRD.box.top : THIRD.box.bottom, THIRD.box.left : THIRD.box.right]
        return (THIRD,) if self.looks > 1 and (there < 60).any() else ()


def test_in_mode_declared_a_face_of_the_second_pass_is_one_of_the_named(guard: Callable[..., Guard]) -> None:
    """Two are named, the first pass finds one, the second finds the other: nobody is painted."""
    asked: dict[str, Any] = {"people": ["P001", "P002"], "by": "me"}
    checked = guard(detector=FixedFaces(FIRST).then(FIRST, SECOND)).inspect(BLANK, **asked)
    released = guard(detector=FixedFaces(FIRST).then(FIRST, SECOND)).release(BLANK, **asked)
    assert checked.outcome is Outcome.PUBLISHABLE
    for verdict in (checked, released.verdict):
        assert verdict.rewrite is Rewrite.NONE
        assert [face.action for face in verdict.faces] == [Action.KEEP, Action.KEEP]


def test_in_mode_declared_more_faces_in_the_second_pass_than_names_refuse(guard: Callable[..., Guard]) -> None:
    asked: dict[str, Any] = {"people": ["P001", "P002"], "by": "me"}
    parts = {"detector": FixedFaces(FIRST).then(FIRST, SECOND, THIRD)}
    checked = guard(**parts).inspect(BLANK, **asked)
    assert (checked.outcome, checked.reasons) == (Outcome.REFUSED, ("more-faces-than-declared",))
    with pytest.raises(Refused) as caught:
        guard(detector=FixedFaces(FIRST).then(FIRST, SECOND, THIRD)).release(BLANK, **asked)
    assert caught.value.verdict.reasons == ("more-faces-than-declared",)
    assert caught.value.needs_person


@given(
    st.lists(st.tuples(st.integers(0, 350), st.integers(0, 250)), min_size=2, max_size=5, unique=True), st.booleans()
)
def test_a_box_over_half_the_picture_never_permits_two_hits(corners, is_head) -> None:
    """One box, however large, is one person: of several hits in it all but one count."""
    hits = [Face(Box(x, y, x + 50, y + 50), 0.9) for x, y in corners]
    large = Box(0, 0, 400, 300)
    approved = Head(large, 0.9, from_behind=False) if is_head else Face(large, 0.9)
    assert len(verifying._uncleared(hits, [approved], [])) >= len(hits) - 1


def test_what_may_go_as_it_is_gets_both_passes(guard: Callable[..., Guard]) -> None:
    """The first pass is blind: `check` and the hook's `glance` say what `release` does."""
    checked, glanced = guard(detector=_SecondSight()).inspect(BLANK), guard(detector=_SecondSight()).glance(BLANK)
    released = guard(detector=_SecondSight()).release(BLANK).verdict
    assert (checked.outcome, glanced.outcome) == (Outcome.NEEDS_REWRITE,) * 2
    assert checked.faces == glanced.faces == released.faces != ()


def test_a_tag_on_what_only_the_second_pass_found_settles_it(guard: Callable[..., Guard], body_policy) -> None:
    ours = guard(detector=_SecondSight(), policy=dataclasses.replace(body_policy, nobody_by=("Ms Castlegate",)))
    (face,) = ours.inspect(BLANK).faces
    assert face.number is not None
    again = guard(detector=_SecondSight(), policy=ours.policy)
    released = again.release(BLANK, tags=again.tags(BLANK, {face.number: NOBODY}), by="Ms Castlegate")
    assert released.verdict.rewrite is Rewrite.NONE
    assert [each.standing for each in released.verdict.faces] == [Standing.NOBODY]


def test_what_is_still_seen_can_be_looked_at_and_pointed_at(guard: Callable[..., Guard], body_policy) -> None:
    """`inspect` shows it with its number even where nothing could be released."""
    ours = guard(detector=FixedFaces(THIRD))
    verdict, _, _ = ours.draw(BLANK)
    assert (verdict.outcome, verdict.reasons, verdict.needs_person) == (Outcome.REFUSED, ("verification-failed",), True)
    assert [face.number for face in verdict.faces] == [1]
    assert ours.tags(BLANK, {1: HIDE})


def test_what_is_still_seen_says_where_and_which_tag_settles_it(guard: Callable[..., Guard]) -> None:
    with pytest.raises(VerificationFailed, match=r"\(upper.*--tag N=hide"):
        guard(detector=FixedFaces(THIRD)).release(BLANK)


# -- files of tags, and the command line ------------------------------------------------------------------------------

ROW = {"box": [10, 10, 60, 70], "says": "P001"}
BROKEN = {
    "no JSON": (b"{", "is no JSON"),
    "a list": (b"[]", "is no file of tags"),
    "newer": (b'{"schema": 2, "photo": "0", "tags": []}', "has schema 2, this version reads 1"),
    "no photo": (b'{"schema": 1, "tags": []}', "needs"),
    "unknown key": (b'{"schema": 1, "photo": "0", "tags": [], "by": "me"}', "unknown keys: by"),
    "unknown key of a tag": (json.dumps({"schema": 1, "photo": "0", "tags": [{**ROW, "name": "x"}]}), "keys: name"),
    "no box": (json.dumps({"schema": 1, "photo": "0", "tags": [{"says": "P001"}]}), "'box' is missing"),
    "an empty box": (json.dumps({"schema": 1, "photo": "0", "tags": [{**ROW, "box": [9, 9, 9, 9]}]}), "left < right"),
    "half a pixel": (
        json.dumps({"schema": 1, "photo": "0", "tags": [{**ROW, "box": [1.5, 1, 9, 9]}]}),
        "whole numbers",
    ),
    "nobody added": (
        json.dumps({"schema": 1, "photo": "0", "tags": [{**ROW, "says": "nobody", "added": True}]}),
        "can only hide",
    ),
}


@pytest.mark.parametrize(("text", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_of_tags_says_what_is_wrong(tmp_path: Path, text, told) -> None:
    path = tmp_path / "a.tags.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(WrongUsage, match=told) as caught:
        tagsfile.TagsFile.load(path)
    assert str(path) in str(caught.value)


def test_tags_in_a_folder_are_found_by_the_photo_and_forgotten_by_the_person(tmp_path: Path) -> None:
    one, other = [Tag(ONE, "P001"), Tag(TWO, HIDE)], [Tag(ONE, "P002")]
    (tmp_path / "class4").mkdir()
    (tmp_path / "class4/a.tags.json").write_bytes(tagsfile.written("aa", one))
    (tmp_path / "b.tags.json").write_bytes(tagsfile.written("bb", other))
    assert tagsfile.in_folder(tmp_path) == {"aa": tuple(one), "bb": tuple(other)}
    assert tagsfile.forget_in(tmp_path, "P001") == 1
    assert tagsfile.in_folder(tmp_path) == {"aa": (Tag(TWO, HIDE),), "bb": tuple(other)}
    (tmp_path / "again.tags.json").write_bytes(tagsfile.written("bb", other))
    with pytest.raises(WrongUsage, match="same photo"):
        tagsfile.in_folder(tmp_path)


def test_pointing_at_the_command_line(tmp_path: Path, photographs, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(photographs["obama"])
    common = ["--register", str(SAMPLE_FILE), "--state", "state"]
    assert main(["init", "--state", "state"]) == 0
    pointing = ["release", "photo.jpg", "--out", "safe", "--by", "Ms Castlegate", *common]
    assert main([*pointing, "--tag", "1=P001"]) == 2
    assert "was not inspected yet" in capsys.readouterr().err
    assert main(["inspect", "photo.jpg", "--out", "seen.png", "--tags-out", "photo.tags.json", *common]) == 0
    assert "face 1 (upper) is hidden: nobody says who this is" in capsys.readouterr().out
    assert main([*pointing, "--tag", "1=P001", "--json"]) == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    assert (face["number"], face["tag"], face["action"], face["standing"]) == (1, "P001", "keep", "consented")
    written = json.loads(Path("photo.tags.json").read_text())
    assert written["tags"][0]["says"] == ""
    written["tags"][0]["says"] = "P001"
    Path("photo.tags.json").write_text(json.dumps(written))
    for tags in ("photo.tags.json", "."):
        assert main([*pointing, "--tags", tags, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["faces"] == [face]
    Path("photo.tags.json").write_text(json.dumps({**written, "photo": "0" * 64}))
    for wrong, told in (
        (["--tags", "photo.tags.json"], "tags of another photo"),
        (["--tag", "1=P001", "--tag", "1=hide"], "two tags are on one face"),
        (["--tag", "7=P001"], "no face has the number 7"),
        (["--tag", "1=P001", "--tags", "photo.tags.json"], "not both"),
        (["--tag", "1=nobody"], "policy names no one"),
        (["--tag", "0,0,9,9=nobody"], "can only hide"),
        (["--tag", "1=P404"], "not in the register"),
    ):
        assert main([*pointing, *wrong]) == 2
        assert told in capsys.readouterr().err
