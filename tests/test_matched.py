"""Mode matched on real photographs: who is enrolled, who is recognised, and who stays hidden."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from consentguard.consent.policy import Policy
from consentguard.consent.register import Consent, Register
from consentguard.errors import PolicyInvalid, Refused, TemplateStoreError, WrongUsage
from consentguard.guard import Guard
from consentguard.values import Action, JudgedFace, Mode, Rewrite, Standing
from consentguard.vision import codec

MATCHED = {"mode": "matched"}


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


def _pair(*photos: bytes) -> bytes:
    pictures = [codec.decode(photo, max_edge=1000, max_pixels=10**9).pixels for photo in photos]
    height = min(picture.shape[0] for picture in pictures)
    return codec.encode_jpeg(np.concatenate([picture[:height] for picture in pictures], axis=1), 92)


def _two_largest(faces: tuple[JudgedFace, ...]) -> list[JudgedFace]:
    """The two people of a pair; a pattern behind them may be taken for a third face, and is hidden."""
    return sorted(faces, key=lambda face: face.box.area)[-2:]


def test_the_enrolled_is_recognised_in_another_photo_and_kept(
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    seeing = guard(policy=rules, photos=references(P001=["obama", "obama3"]))
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
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    seeing = guard(policy=rules, photos=references(P001=["obama", "obama3"]))
    verdict = seeing.release(_pair(photographs["obama2"], photographs["biden"]), **MATCHED).verdict
    left, right = sorted(_two_largest(verdict.faces), key=lambda face: face.box.left)
    assert (left.person, left.action) == ("P001", Action.KEEP)
    assert (right.person, right.standing, right.action) == (None, Standing.UNKNOWN, Action.HIDE)
    assert verdict.rewrite is Rewrite.COVER


def test_a_face_cut_by_the_frame_is_hidden_although_it_is_near(
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    seeing = guard(policy=rules, photos=references(P001=["obama", "obama3"]))
    (face,) = seeing.inspect(photographs["partial"], **MATCHED).faces
    assert (face.person, face.standing) == (None, Standing.UNSURE)


def test_the_same_person_twice_in_one_photo_is_nobody(
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    """A poster, a mirror, a twin: one of two such faces is not who it seems, and nothing says which."""
    seeing = guard(policy=rules, photos=references(P001=["obama", "obama3"]))
    faces = _two_largest(seeing.inspect(_pair(photographs["obama2"], photographs["obama"]), **MATCHED).faces)
    assert [face.standing for face in faces] == [Standing.UNSURE, Standing.UNSURE]


def test_a_sibling_is_never_cleared_by_a_machine(
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    seeing = guard(policy=rules, photos=references(P008=["obama", "obama3"]))
    face = _two_largest(seeing.inspect(photographs["obama2"], **MATCHED).faces)[-1]
    assert (face.person, face.standing) == (None, Standing.UNSURE)


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
    seeing = guard(policy=rules, register=people, photos=references(P001=["obama", "obama3"]))
    face = _two_largest(seeing.inspect(photographs["obama2"], **MATCHED).faces)[-1]
    assert (face.person, face.standing, face.action) == ("P001", Standing.NO_CONSENT, Action.HIDE)


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("P002", "column biometric: no-consent"),
        ("P005", "column biometric: withdrawn"),
        ("P006", "column biometric: objection"),
        ("P007", "column biometric: not-permitted"),
        ("P999", "no such id"),
    ],
)
def test_whoever_did_not_agree_is_not_enrolled_and_the_photo_is_not_opened(
    person: str,
    why: str,
    guard: Callable[..., Guard],
    rules: Policy,
    references: Callable[..., Path],
    photographs: dict[str, bytes],
) -> None:
    folder = references(P001=["obama"])
    (folder / person).mkdir()
    (folder / person / "photo.jpg").mkdir()  # opening it would fail with another message
    seeing = guard(policy=rules, photos=folder)
    with pytest.raises(TemplateStoreError) as caught:
        seeing.inspect(photographs["obama2"], **MATCHED)
    assert why in str(caught.value)
    assert "photo.jpg" not in str(caught.value)


def test_everything_wrong_with_the_references_is_said_at_once(
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    folder = references(P001=["obama"], T001=[])
    (folder / "P001" / "two.jpg").write_bytes(_pair(photographs["obama"], photographs["biden"]))
    (folder / "P001" / "wall.jpg").write_bytes(codec.encode_jpeg(np.full((200, 200, 3), 128, np.uint8), 90))
    (folder / "P001" / "text.jpg").write_text("no picture")
    (folder / "loose.jpg").write_bytes(photographs["obama"])
    with pytest.raises(TemplateStoreError) as caught:
        guard(policy=rules, photos=folder).inspect(photographs["obama2"], **MATCHED)
    for part in (
        "two.jpg: shows 2 faces",
        "wall.jpg: shows 0 faces",
        "text.jpg: is not a picture",
        "loose.jpg: is not a folder",
        "T001: holds no photo",
    ):
        assert part in str(caught.value)


def test_matched_needs_a_policy_that_allows_it_and_somebody_to_compare_with(
    guard: Callable[..., Guard], policy: Policy, rules: Policy, photographs: dict[str, bytes]
) -> None:
    with pytest.raises(WrongUsage, match=r"matched.*not allowed.*off, declared"):
        guard(policy=policy).inspect(photographs["obama"], **MATCHED)
    with pytest.raises(TemplateStoreError, match="--photos"):
        guard(policy=rules).inspect(photographs["obama"], **MATCHED)
    with pytest.raises(PolicyInvalid, match="eigenfaces"):
        other = replace(rules, recognition=replace(rules.recognition, embedder="eigenfaces"))
        guard(policy=other, photos=Path()).inspect(photographs["obama"], **MATCHED)


def test_a_withdrawal_after_the_release_closes_the_door(
    guard: Callable[..., Guard],
    rules: Policy,
    register: Register,
    references: Callable[..., Path],
    photographs: dict[str, bytes],
) -> None:
    folder = references(P001=["obama", "obama3"])
    released = guard(policy=rules, photos=folder).release(photographs["obama2"], **MATCHED)
    objecting = replace(register.people["P001"], objection="child")
    later = replace(register, people={**register.people, "P001": objecting}, sha256="later")
    with pytest.raises(Refused, match="P001"):
        guard(policy=rules, register=later).admit(released, channel="main")


def test_no_embedding_is_ever_written(
    guard: Callable[..., Guard],
    rules: Policy,
    references: Callable[..., Path],
    photographs: dict[str, bytes],
    tmp_path: Path,
) -> None:
    """Everything that a matched release leaves on the disk is searched for the numbers of the face."""
    seeing = guard(policy=rules, photos=references(P001=["obama", "obama3"]))
    seeing.release(photographs["obama2"], **MATCHED)
    gallery = seeing._sight._gallery
    assert gallery is not None
    rows = [row.tobytes()[:12] for row in gallery.templates]
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert not any(row in data for row in rows), path


def test_a_strangers_photo_in_a_folder_enrols_nobody(
    guard: Callable[..., Guard], rules: Policy, references: Callable[..., Path], photographs: dict[str, bytes]
) -> None:
    folder = references(P001=["obama", "obama3", "biden"])
    with pytest.raises(TemplateStoreError, match="P001: its photos do not look like one person"):
        guard(policy=rules, photos=folder).inspect(photographs["biden"], **MATCHED)


@pytest.mark.parametrize("change", ["biometric consent withdrawn", "a sibling joined"])
def test_a_matched_release_rests_on_more_than_consent(
    change: str,
    guard: Callable[..., Guard],
    rules: Policy,
    register: Register,
    references: Callable[..., Path],
    photographs: dict[str, bytes],
) -> None:
    folder = references(P001=["obama", "obama3"])
    released = guard(policy=rules, photos=folder).release(photographs["obama2"], **MATCHED)
    known = register.people["P001"]
    changed = replace(known, sibling_group="S9") if "sibling" in change else replace(known, biometric=Consent())
    later = replace(register, people={**register.people, "P001": changed})
    with pytest.raises(Refused, match="P001"):
        guard(policy=rules, register=later).admit(released, channel="main")
