"""The whole order on real photographs: what goes in, what comes out, and what is said about it."""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import cv2
import numpy as np
import pytest
from fakes import LONDON
from PIL import Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.rewriting import RewriteRules
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, CannotTell, PolicyInvalid, Refused, UnreadableImage, VerificationFailed
from consentguard.guard.guard import Guard
from consentguard.values import Action, Box, Face, Head, Outcome, Pixels, Rewrite, Seen, Standing
from consentguard.vision.detection.centerface import CenterFace
from consentguard.vision.detection.detector import Detector
from consentguard.vision.detection.passes import bodies
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.imagefile import codec, structure
from consentguard.vision.models.store import ModelStore

LIMITS: Mapping[str, Any] = {"max_edge": 2048, "max_pixels": 10**9}


@pytest.fixture
def covering(register: Register, body_policy: Policy, state: State) -> Guard:
    """A guard that may cover heads."""
    return Guard(register, body_policy, state=state)


def flat(policy: Policy) -> Policy:
    """The same, painting with one colour, which a test can tell from everything else."""
    return replace(policy, picture=replace(policy.picture, fill="flat", sticker=""))


def _with_secrets(photo: bytes) -> bytes:
    """The photo with EXIF, comment, XMP and a tail, each holding a canary; the pixels untouched."""
    inserted = b""
    for marker, payload in (
        (0xE1, b"Exif\0\0CANARY"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0CANARY"),
        (0xFE, b"CANARY"),
    ):
        inserted += bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload
    return photo[:2] + inserted + photo[2:] + b"CANARY"


def test_nobody_declared_covers_the_face_and_changes_nothing_else(
    register: Register,
    body_policy: Policy,
    state: State,
    photographs: dict[str, bytes],
    detector: Detector,
    model_store: ModelStore,
) -> None:
    covering = Guard(register, replace(flat(body_policy), rewrite=RewriteRules(order="kind")), state=state)
    released = covering.release(photographs["obama"])
    covering.admit(released, channel="main")
    verdict = released.verdict
    assert (verdict.outcome, verdict.rewrite, verdict.hidden) == (Outcome.RELEASED, Rewrite.COVER, 1)
    assert verdict.faces[0].standing is Standing.UNKNOWN
    before = codec.decode(photographs["obama"], **LIMITS).pixels
    after = codec.decode(released.data, **LIMITS).pixels
    # What is painted is grey; everything else differs by JPEG noise only.
    painted = (np.abs(after.astype(int) - 128).max(axis=2) <= 6) & (np.abs(before.astype(int) - 128).max(axis=2) > 30)
    rows, columns = np.nonzero(painted)
    rim = 18  # a block, and the chroma a decoder mixes at its edge
    outside = np.ones(painted.shape, bool)
    outside[max(rows.min() - rim, 0) : rows.max() + rim, max(columns.min() - rim, 0) : columns.max() + rim] = False
    noise = np.abs(after.astype(int) - before.astype(int)).max(axis=2)[outside]
    assert np.quantile(noise, 0.999) <= 40
    assert noise.mean() < 4
    face = verdict.faces[0].box
    assert painted[face.top : face.bottom, face.left : face.right].mean() > 0.9
    # Nobody finds a face in it: neither our detector nor CenterFace on its own at 0.35, at the published size.
    assert detector.find(after) == ()
    for scale in (1.0, 0.5):
        assert len(CenterFace.load(model_store).candidates(Levels(after), scale, 0.35)) == 0


def test_nothing_but_pixels_leaves(covering: Guard, photographs: dict[str, bytes]) -> None:
    photo = _with_secrets(photographs["obama"])
    assert set(structure.carried(photo)) >= {"exif", "xmp", "comment", "trailing-bytes"}
    released = covering.release(photo)
    assert b"CANARY" not in released.data
    assert structure.carried(released.data) == ()
    assert "metadata-dropped" in [finding.rule for finding in released.verdict.findings]
    assert released.data == covering.release(photo).data, "the same photo gives the same bytes"


def test_a_declared_person_with_consent_keeps_the_face(
    register: Register, policy: Policy, state: State, photographs: dict[str, bytes]
) -> None:
    guard = Guard(register, policy, state=state)
    released = guard.release(photographs["obama"], people=["P001"], by="a teacher")
    assert released.verdict.rewrite is Rewrite.NONE
    (face,) = released.verdict.faces
    assert (face.person, face.standing, face.action) == ("P001", Standing.CONSENTED, Action.KEEP)
    assert released.grounds.people == ("P001",)


REFUSED_PEOPLE = {
    "P003": ("declared-not-approved", Standing.NO_CONSENT),
    "P004": ("declared-not-approved", Standing.EXPIRED),
    "P005": ("declared-not-approved", Standing.WITHDRAWN),
    "P006": ("declared-not-approved", Standing.OBJECTION),
    "P007": ("declared-not-permitted", Standing.NOT_PERMITTED),
    "P010": ("declared-not-approved", Standing.NO_CONSENT),
}


@pytest.mark.parametrize("person", REFUSED_PEOPLE)
def test_a_declared_person_without_consent_refuses_the_photo(
    person: str, covering: Guard, photographs: dict[str, bytes]
) -> None:
    reason, standing = REFUSED_PEOPLE[person]
    with pytest.raises(Refused) as caught:
        covering.release(photographs["obama"], people=[person], by="a teacher")
    verdict = caught.value.verdict
    assert verdict.reasons == (reason,)
    assert {face.standing for face in verdict.faces} == {standing}
    assert verdict.sha256 is None


def test_more_faces_than_names_refuses(covering: Guard, photographs: dict[str, bytes]) -> None:
    pair = _side_by_side(photographs["obama"], photographs["biden"])
    with pytest.raises(Refused, match="more faces") as caught:
        covering.release(pair, people=["P001"], by="a teacher")
    assert caught.value.needs_person
    both = covering.release(pair, people=["P001", "P002"], by="a teacher")
    assert both.verdict.rewrite is Rewrite.NONE


def test_under_the_shipped_policy_folded_arms_are_the_picture(
    register: Register, policy: Policy, state: State, photographs: dict[str, bytes], detector: Detector
) -> None:
    """The portrait fills its photo: of what may be made of it the crop on the hand is worth most."""
    released = Guard(register, policy, state=state).release(photographs["obama"])
    verdict = released.verdict
    assert (verdict.rewrite, verdict.hidden, verdict.painted_share, verdict.fill) == (Rewrite.CROP, 1, 0.0, None)
    assert detector.find(codec.decode(released.data, **LIMITS).pixels) == ()


def test_where_only_hands_may_be_seen_in_crops_the_whole_person_is_painted_over(
    register: Register, policy: Policy, state: State, photographs: dict[str, bytes], detector: Detector
) -> None:
    """His outline leaves the flags behind him."""
    strict = replace(flat(policy), rewrite=RewriteRules(least_worth=0, crop_shows="hands"))
    released = Guard(register, strict, state=state).release(photographs["obama"])
    assert (released.verdict.rewrite, released.verdict.fill) == (Rewrite.SILHOUETTE, "flat")
    after = codec.decode(released.data, **LIMITS).pixels
    painted = np.abs(after.astype(int) - 128).max(axis=2) <= 6
    assert 0.3 < painted.mean() < 0.85
    assert detector.find(after) == ()


def test_where_hardly_anything_would_be_left_the_photo_is_refused(
    register: Register, policy: Policy, state: State, photographs: dict[str, bytes]
) -> None:
    demanding = replace(policy, rewrite=RewriteRules(smallest_share=90, crop_shows="hands"))
    with pytest.raises(Refused, match="less than 90% of the picture") as caught:
        Guard(register, demanding, state=state).release(photographs["obama"], name="the photo")
    assert caught.value.verdict.reasons == ("unapproved-face", "nothing-may-remain")
    assert str(caught.value).startswith("the photo: must not go")


def test_hands_at_work_are_cropped_free_of_the_person(
    register: Register, policy: Policy, state: State, photographs: dict[str, bytes], detector: Detector
) -> None:
    """Somebody stands at the left and a pair of hands, of somebody else, works at the right."""
    guard = Guard(register, policy, state=state)
    released = guard.release(_beside(photographs["biden"], photographs["obama"]))
    guard.admit(released, channel="main")
    verdict = released.verdict
    assert verdict.rewrite is Rewrite.CROP
    assert verdict.hands and verdict.frame
    after = codec.decode(released.data, **LIMITS).pixels
    assert detector.find(after) == ()
    assert all(face.box.overlap(verdict.frame) == 0 for face in verdict.faces)


def test_a_policy_that_blocks_refuses(
    register: Register, body_policy: Policy, state: State, photographs: dict[str, bytes]
) -> None:
    guard = Guard(register, replace(body_policy, on_unapproved="block"), state=state)
    with pytest.raises(Refused) as caught:
        guard.release(photographs["obama"])
    assert caught.value.verdict.reasons == ("unapproved-face",)


def test_a_photo_without_a_face_says_so(covering: Guard, body_policy: Policy, register: Register, state: State) -> None:
    wall = codec.encode_jpeg(np.full((300, 400, 3), 190, np.uint8), 90)
    released = covering.release(wall)
    assert [finding.rule for finding in released.verdict.findings] == ["no-face-found", "text-not-read"]
    assert covering.inspect(wall).outcome is Outcome.PUBLISHABLE
    strict = Guard(register, replace(body_policy, on_no_face="refuse"), state=state)
    with pytest.raises(Refused) as caught:
        strict.release(wall)
    assert caught.value.needs_person


def test_what_was_released_may_go_as_it_is(covering: Guard, photographs: dict[str, bytes]) -> None:
    released = covering.release(photographs["obama"])
    verdict = covering.inspect(released.data)
    assert verdict.outcome is Outcome.PUBLISHABLE
    assert verdict.publishable_as_is


def test_metadata_or_size_alone_need_a_rewrite(covering: Guard) -> None:
    wall = codec.encode_jpeg(np.full((300, 400, 3), 190, np.uint8), 90)
    assert covering.inspect(_with_secrets(wall)).reasons == ("metadata",)
    large = codec.encode_jpeg(np.full((300, 4000, 3), 190, np.uint8), 90)
    assert covering.inspect(large).reasons == ("too-large",)


def test_boxes_are_in_pixels_of_the_upright_source(covering: Guard, photographs: dict[str, bytes]) -> None:
    pixels = codec.decode(photographs["obama"], **LIMITS).pixels
    large = codec.encode_jpeg(cv2.resize(pixels, None, fx=3, fy=3).astype(np.uint8), 90)
    verdict = covering.inspect(large)
    assert verdict.scale == pytest.approx(2048 / (3 * 1137), abs=1e-3)
    box, small = verdict.faces[0].box, covering.inspect(photographs["obama"]).faces[0].box
    assert box.iou(small.scaled(3)) > 0.7


class _Blind(Detector):
    """Finds the face at the first pass only: a detector that the second pass must not believe."""

    label, smallest_face = "blind@test", 1

    def __init__(self, *looks: tuple[Face, ...]) -> None:
        self.looks = list(looks)

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def test_a_face_at_the_second_pass_stops_the_release(
    register: Register, body_policy: Policy, state: State, photographs: dict[str, bytes], detector: Detector
) -> None:
    """The first pass misses; the second, which sees, must keep the bytes in and leave a record."""
    face = detector.find(codec.decode(photographs["obama"], **LIMITS).pixels)
    guard = Guard(register, body_policy, state=state, detector=_Blind((), face))
    with pytest.raises(VerificationFailed, match="class photo: the second pass"):
        guard.release(photographs["obama"], name="class photo")
    entry = state.audit.entry(1)
    assert entry is not None
    assert (entry.kind, entry.body["reasons"]) == ("cannot_tell", ["verification-failed"])


def test_a_failed_record_releases_nothing(covering: Guard, state: State, photographs: dict[str, bytes]) -> None:
    state.audit.path.unlink()
    with pytest.raises(AuditFailed):
        covering.release(photographs["obama"])


def test_every_ending_is_recorded_with_ids_only(covering: Guard, state: State, photographs: dict[str, bytes]) -> None:
    covering.release(photographs["obama"], name="amara winterbourne.jpg", people=["P001"], by="Ms Castlegate")
    with pytest.raises(Refused):
        covering.release(photographs["obama"], name="amara winterbourne.jpg", people=["P003"], by="Ms Castlegate")
    with pytest.raises(UnreadableImage):
        covering.release(b"no picture", name="amara winterbourne.jpg")
    assert state.audit.verify().seq == 3
    raw = state.audit.path.read_bytes().lower()
    for secret in (b"amara", b"winterbourne", b"farthingale"):
        assert secret not in raw
    rows = [entry for seq in (1, 2, 3) if (entry := state.audit.entry(seq))]
    assert [row.kind for row in rows] == ["released", "refused", "cannot_tell"]
    answers = {"by", "account", "channel", "register", "policy", "models", "override", "source"}
    assert all(answers <= set(row.body) for row in rows)
    assert [row.body["by"] for row in rows] == ["Ms Castlegate", "Ms Castlegate", ""]
    assert any(model.startswith("centerface@") for model in rows[1].body["models"])


def test_a_detector_that_cannot_see_as_small_as_policy_asks_is_not_used(register: Register, policy: Policy) -> None:
    detector = _Blind(())
    detector.smallest_face = 60
    with pytest.raises(PolicyInvalid, match="smallest_face"):
        Guard(register, policy, detector=detector).inspect(codec.encode_jpeg(np.zeros((64, 64, 3), np.uint8), 90))


def test_without_a_state_it_looks_but_does_not_release(
    register: Register, body_policy: Policy, photographs: dict[str, bytes]
) -> None:
    guard = Guard(register, body_policy)
    assert guard.inspect(photographs["obama"]).outcome is Outcome.NEEDS_REWRITE
    with pytest.raises(AuditFailed, match="consentguard init"):
        guard.release(photographs["obama"])


def test_the_day_of_the_decision_is_the_schools(
    register: Register, policy: Policy, photographs: dict[str, bytes]
) -> None:
    """P005 withdrew on 12 October 2026: half an hour before midnight in London the consent still held."""
    guard = Guard(register, policy)
    asked: dict[str, Any] = {"people": ["P005"], "by": "a teacher"}
    before = datetime(2026, 10, 11, 23, 30, tzinfo=LONDON)
    after = datetime(2026, 10, 12, 0, 1, tzinfo=LONDON)
    assert guard.inspect(photographs["obama"], at=before, **asked).hidden == 0
    assert guard.inspect(photographs["obama"], at=after, **asked).outcome is Outcome.REFUSED
    with pytest.raises(ValueError, match="zone"):
        guard.inspect(photographs["obama"], at=datetime(2026, 10, 11), **asked)


def test_the_drawing_frames_every_face(covering: Guard, photographs: dict[str, bytes]) -> None:
    verdict, png, plan = covering.draw(photographs["obama"])
    picture = codec.decode(png, **LIMITS).pixels
    face = verdict.faces[0].box
    red = (picture[..., 0] > 180) & (picture[..., 1] < 60) & (picture[..., 2] < 70)
    assert red[face.top, face.left : face.right].mean() > 0.9
    assert plan["rewrite"] == "cover"
    assert len(plan["heads"]) == 1


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff"])
def test_what_cannot_be_read_is_undecided_and_named(data: bytes, covering: Guard) -> None:
    with pytest.raises(CannotTell, match=r"^holiday\.jpg: "):
        covering.release(data, name="holiday.jpg")


def _side_by_side(one: bytes, two: bytes) -> bytes:
    pair = [codec.decode(photo, max_edge=900, max_pixels=10**9).pixels for photo in (one, two)]
    height = min(picture.shape[0] for picture in pair)
    return codec.encode_jpeg(np.concatenate([picture[:height] for picture in pair], axis=1), 92)


def _beside(person: bytes, hands: bytes) -> bytes:
    """One picture: a person at the left, and at the right, below a bare wall, the crossed arms of another."""
    left = cv2.resize(codec.decode(person, **LIMITS).pixels, (500, 1137), interpolation=cv2.INTER_AREA)
    arms = codec.decode(hands, **LIMITS).pixels[700:]
    wall = np.full((1137 - len(arms), arms.shape[1], 3), (214, 196, 170), np.uint8)
    return codec.encode_jpeg(np.concatenate([left, np.concatenate([wall, arms])], axis=1), 92)


def test_an_exit_point_takes_only_what_was_released_for_its_channel(
    covering: Guard, photographs: dict[str, bytes]
) -> None:
    released = covering.release(photographs["obama"], channel="newsletter")
    covering.admit(released, channel="newsletter")
    with pytest.raises(Refused, match="newsletter, not for main"):
        covering.admit(released, channel="main")


def test_a_policy_changed_in_a_program_has_another_digest(policy: Policy) -> None:
    assert policy.digest == replace(policy, file="elsewhere").digest
    for change in ({"remain": frozenset({"body"})}, {"on_unapproved": "block"}, {"dpia": "x"}):
        assert replace(policy, **change).digest != policy.digest
    assert replace(policy, picture=replace(policy.picture, max_edge=64)).digest != policy.digest


def test_a_head_that_is_no_face_to_the_detector_is_looked_for_all_the_same(
    register: Register, body_policy: Policy, state: State, photographs: dict[str, bytes]
) -> None:
    """A detector that finds nothing: the head finder still sees the head, and it counts as a face."""
    guard = Guard(register, body_policy, state=state, detector=_Blind(()))
    verdict = guard.inspect(photographs["obama"])
    assert verdict.heads_from_behind is not None
    assert verdict.outcome is not Outcome.PUBLISHABLE
    assert {face.standing for face in verdict.faces} == {Standing.UNSURE}


def test_hands_are_not_looked_for_in_heads_that_count_as_faces(photographs: dict[str, bytes]) -> None:
    """Whatever it is that somebody holds there: it would stay visible."""
    picture, sleeve = codec.decode(photographs["obama"], max_edge=1137, max_pixels=10**8), Box(550, 765, 745, 955)
    for from_behind in (False, True):
        head = Head(sleeve, 0.9, from_behind=from_behind)
        seen = bodies(picture, Seen((), (head,)))
        assert any(hand.box.iou(sleeve) > 0.5 for hand in seen.hands or ()) == from_behind


def test_what_lies_under_transparency_is_not_published_as_it_is(covering: Guard) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (200, 200), (10, 20, 30, 0)).save(file, "PNG")
    verdict = covering.inspect(file.getvalue())
    assert (verdict.outcome, verdict.reasons) == (Outcome.NEEDS_REWRITE, ("metadata",))


# -- a glance ---------------------------------------------------------------------------------------------------------


def test_a_glance_ends_with_the_first_face_and_else_says_what_inspect_says(
    covering: Guard, photographs: dict[str, bytes]
) -> None:
    seen = covering.glance(photographs["partial"], name="a.jpg", channel="website")
    assert (seen.outcome, seen.reasons, seen.heads_from_behind) == (Outcome.REFUSED, ("unapproved-face",), None)
    assert [face.box for face in seen.faces] == [face.box for face in covering.inspect(photographs["partial"]).faces]
    empty = codec.encode_jpeg(np.full((120, 160, 3), 128, np.uint8), 90)
    assert covering.glance(empty, name="b.jpg", channel="website") == covering.inspect(
        empty, name="b.jpg", channel="website"
    )
    with pytest.raises(UnreadableImage, match=r"^c\.jpg: "):
        covering.glance(b"nothing", name="c.jpg")
