"""Mode matched on real photographs: who is enrolled, who is recognised, and who stays hidden."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Consent, Register
from consentguard.errors import PolicyInvalid, Refused, TemplateStoreError, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.values import Action, JudgedFace, Mode, Rewrite, Standing
from consentguard.vision.imagefile import codec

MATCHED: Mapping[str, Any] = {"mode": "matched"}


@pytest.fixture
def rules(body_policy: Policy) -> Policy:
    return replace(body_policy, modes=tuple(Mode), dpia="DPIA-2026-1")


@pytest.fixture
def references(tmp_path: Path, photographs: dict[str, bytes]) -> Callable[..., Path]:
    """Makes a folder of reference photos: id -> names of photographs."""

    def make(**people: list[str]) -> Path:
        folder = tmp_path / "references"
        for person, names in people.items():
            (folder / person).mkdir(parents=True)
            for name in names:
                (folder / person / f"{name}.jpg").write_bytes(photographs[name])
        return folder

    return make


@pytest.fixture
def enrolled(guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path]) -> Callable[..., Guard]:
    """Makes a guard for mode matched with these people enrolled: id -> names of photographs."""

    def make(**people: list[str]) -> Guard:
        seeing = guard(policy=rules)
        made = seeing.enrol(references(**people))
        assert made.refused == ()
        return seeing

    return make


def _pair(*photos: bytes) -> bytes:
    pictures = [codec.decode(photo, max_edge=1000, max_pixels=10**9).pixels for photo in photos]
    height = min(picture.shape[0] for picture in pictures)
    return codec.encode_jpeg(np.concatenate([picture[:height] for picture in pictures], axis=1), 92)


def _two_largest(faces: tuple[JudgedFace, ...]) -> list[JudgedFace]:
    """The two people of a pair; a pattern behind them may be taken for a third face, and is hidden."""
    return sorted(faces, key=lambda face: face.box.area)[-2:]


def test_the_enrolled_is_recognised_in_another_photo_and_kept(
    enrolled: Callable[..., Guard], photographs: dict[str, bytes]
) -> None:
    seeing = enrolled(P001=["obama", "obama3"])
    released = seeing.release(photographs["obama2"], **MATCHED)
    face, *others = sorted(released.verdict.faces, key=lambda face: -face.box.area)
    assert (face.person, face.standing) == ("P001", Standing.CONSENTED)
    # half hidden behind him stands somebody else, who is in no register
    assert {other.action for other in others} == {Action.HIDE}
    assert released.verdict.rewrite is Rewrite.COVER
    assert released.grounds.people == ("P001",)
    assert {"centerface", "dlib-resnet"} <= {label.split("@")[0] for label in released.verdict.models}
    seeing.admit(released, channel="main")


def test_whoever_is_not_enrolled_is_hidden_beside_the_enrolled(
    enrolled: Callable[..., Guard], photographs: dict[str, bytes]
) -> None:
    seeing = enrolled(P001=["obama", "obama3"])
    verdict = seeing.release(_pair(photographs["obama2"], photographs["biden"]), **MATCHED).verdict
    left, right = sorted(_two_largest(verdict.faces), key=lambda face: face.box.left)
    assert (left.person, left.action) == ("P001", Action.KEEP)
    assert (right.person, right.standing, right.action) == (None, Standing.UNKNOWN, Action.HIDE)
    assert verdict.rewrite is Rewrite.COVER


def test_a_face_cut_by_the_frame_is_hidden_although_it_is_near(
    enrolled: Callable[..., Guard], photographs: dict[str, bytes]
) -> None:
    seeing = enrolled(P001=["obama", "obama3"])
    (face,) = seeing.inspect(photographs["partial"], **MATCHED).faces
    assert (face.person, face.standing) == (None, Standing.UNSURE)


def test_the_same_person_twice_in_one_photo_is_nobody(
    enrolled: Callable[..., Guard], photographs: dict[str, bytes]
) -> None:
    """A poster, a mirror, a twin: one of two such faces is not who it seems, and nothing says which."""
    seeing = enrolled(P001=["obama", "obama3"])
    verdict = seeing.inspect(_pair(photographs["obama2"], photographs["obama"]), **MATCHED)
    assert [face.standing for face in _two_largest(verdict.faces)] == [Standing.UNSURE, Standing.UNSURE]
    (told,) = (finding.message for finding in verdict.findings if finding.rule == "not-sure-who")
    assert told.startswith("2 faces are like somebody enrolled")
    assert "--expected" in told
    assert "P001" not in told


def test_a_sibling_is_never_cleared_by_a_machine(enrolled: Callable[..., Guard], photographs: dict[str, bytes]) -> None:
    seeing = enrolled(P008=["obama", "obama3"])
    verdict = seeing.inspect(photographs["obama2"], **MATCHED)
    face = _two_largest(verdict.faces)[-1]
    assert (face.person, face.standing) == (None, Standing.UNSURE)
    (told,) = (finding.message for finding in verdict.findings if finding.rule == "not-sure-who")
    assert told.startswith("1 face is like a brother or sister")


def test_recognised_is_not_consented(
    guard: Callable[..., Guard],
    rules: Policy,
    register: Register,
    references: Callable[..., Path],
    photographs: dict[str, bytes],
) -> None:
    """Biometric consent lets a face be recognised; whether it may be seen is another question."""
    known = register.people["P001"]
    refused = replace(known, consents={})
    people = replace(register, people={**register.people, "P001": refused})
    seeing = guard(policy=rules, register=people)
    assert not seeing.enrol(references(P001=["obama", "obama3"])).refused
    face = _two_largest(seeing.inspect(photographs["obama2"], **MATCHED).faces)[-1]
    assert (face.person, face.standing, face.action) == ("P001", Standing.NO_CONSENT, Action.HIDE)


def test_matched_needs_a_policy_that_allows_it_and_somebody_to_compare_with(
    guard: Callable[..., Guard], policy: Policy, rules: Policy, photographs: dict[str, bytes]
) -> None:
    with pytest.raises(WrongUsage, match=r"matched.*not allowed.*off, declared"):
        guard(policy=policy).inspect(photographs["obama"], **MATCHED)
    with pytest.raises(TemplateStoreError, match="consentguard enrol"):
        guard(policy=rules).inspect(photographs["obama"], **MATCHED)
    with pytest.raises(TemplateStoreError, match="consentguard init"):
        guard(policy=rules, state=None).inspect(photographs["obama"], **MATCHED)
    with pytest.raises(PolicyInvalid, match="eigenfaces"):
        other = replace(rules, recognition=replace(rules.recognition, embedder="eigenfaces"))
        guard(policy=other).enrol(Path())


def test_a_withdrawal_after_the_release_stops_it(
    guard: Callable[..., Guard],
    enrolled: Callable[..., Guard],
    rules: Policy,
    register: Register,
    photographs: dict[str, bytes],
) -> None:
    released = enrolled(P001=["obama", "obama3"]).release(photographs["obama2"], **MATCHED)
    objecting = replace(register.people["P001"], objection="child")
    later = replace(register, people={**register.people, "P001": objecting}, sha256="later")
    with pytest.raises(Refused, match="P001"):
        guard(policy=rules, register=later).admit(released, channel="main")


@pytest.mark.parametrize("change", ["biometric consent withdrawn", "a sibling joined"])
def test_a_matched_release_rests_on_more_than_consent(
    change: str,
    guard: Callable[..., Guard],
    enrolled: Callable[..., Guard],
    rules: Policy,
    register: Register,
    photographs: dict[str, bytes],
) -> None:
    released = enrolled(P001=["obama", "obama3"]).release(photographs["obama2"], **MATCHED)
    known = register.people["P001"]
    changed = replace(known, sibling_group="S9") if "sibling" in change else replace(known, biometric=Consent())
    later = replace(register, people={**register.people, "P001": changed})
    with pytest.raises(Refused, match="P001"):
        guard(policy=rules, register=later).admit(released, channel="main")
