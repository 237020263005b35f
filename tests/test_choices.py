"""A person chooses what is made of a photo: among what policy allows, and never past the second pass."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from fakes import SAMPLE_FILE, FixedFaces
from PIL import Image

from consentguard.cli import main
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.values import Box, Rewrite
from consentguard.vision.imagefile import codec

BY: Mapping[str, Any] = {"by": "Ms Castlegate"}


@pytest.fixture(scope="module")
def desk_photo(photographs) -> bytes:
    """A person at the left, and at the right, below a bare wall, the crossed arms of another: several rewrites do."""
    import cv2

    whole = codec.decode(photographs["biden"], max_edge=2048, max_pixels=10**9).pixels
    left = cv2.resize(whole, (500, 1137), interpolation=cv2.INTER_AREA)
    arms = codec.decode(photographs["obama"], max_edge=2048, max_pixels=10**9).pixels[700:]
    wall = np.full((1137 - len(arms), arms.shape[1], 3), (214, 196, 170), np.uint8)
    return codec.encode_jpeg(np.concatenate([left, np.concatenate([wall, arms])], axis=1), 92)


def test_every_proposal_can_be_chosen_and_no_other(
    guard: Callable[..., Guard], policy, desk_photo: bytes, state
) -> None:
    ours = guard(policy=policy)
    *choices, refuse = ours.propose(desk_photo)
    assert len(choices) >= 2
    assert (refuse.digest, refuse.rewrite) == ("refuse", None)
    assert len({choice.digest for choice in choices}) == len(choices)
    for choice in choices:
        picture = Image.open(io.BytesIO(choice.preview or b""))
        assert max(picture.size) <= 480
        assert "worth" in choice.why
    wanted = choices[-1]
    released = ours.release(desk_photo, choice=wanted.digest)
    assert (released.verdict.rewrite, released.verdict.frame) == (wanted.rewrite, wanted.frame)
    assert state.audit.entry(released.grounds.audit_seq).body["choice"] == wanted.digest
    with pytest.raises(WrongUsage, match="ask for the proposals again"):
        ours.release(desk_photo, choice="0" * 64)
    changed = guard(policy=dataclasses.replace(policy, rewrite=dataclasses.replace(policy.rewrite, smallest_crop=1100)))
    crop = next(choice for choice in choices if choice.rewrite is Rewrite.CROP)
    with pytest.raises(WrongUsage, match="ask for the proposals again"):
        changed.release(desk_photo, choice=crop.digest)


def test_to_publish_nothing_is_a_choice_and_recorded(guard: Callable[..., Guard], desk_photo: bytes, state) -> None:
    ours = guard()
    chosen: tuple[dict[str, Any], ...] = ({"choice": "refuse"}, {"refuse": "somebody cries"})
    for asked in chosen:
        with pytest.raises(Refused) as caught:
            ours.release(desk_photo, **asked, **BY)
        assert caught.value.verdict.reasons == ("refused-by-person",)
    assert [row.body["refuse"] for row in state.audit.entries()] == ["chosen", "somebody cries"]


def test_a_kind_can_be_asked_for(guard: Callable[..., Guard], policy, desk_photo: bytes) -> None:
    ours = guard(policy=policy)
    kinds = {choice.rewrite for choice in ours.propose(desk_photo)} - {None}
    for kind in (Rewrite.CROP, Rewrite.SILHOUETTE, Rewrite.COVER):
        verdict = ours.inspect(desk_photo, rewrite=kind.value)
        assert verdict.rewrite == (kind if kind in kinds else None)


def test_a_frame_drawn_by_hand_shows_no_more_than_its_part_of_the_whole(
    guard: Callable[..., Guard], desk_photo: bytes
) -> None:
    """What is hidden inside it is painted there as it would be in the whole picture."""
    ours = guard()
    frame = Box(100, 0, 900, 900)
    released = ours.release(desk_photo, frame=frame.as_list(), **BY)
    assert (released.verdict.rewrite, released.verdict.frame) == (Rewrite.CROP, frame)
    assert released.verdict.painted_share
    assert Image.open(io.BytesIO(released.data)).size == (800, 900)
    whole = codec.decode(ours.release(desk_photo, rewrite="cover").data, max_edge=4096, max_pixels=10**9).pixels
    part = codec.decode(released.data, max_edge=4096, max_pixels=10**9).pixels
    face = next(face.box for face in released.verdict.faces if face.box.overlap(frame))
    inside = (slice(face.top, face.bottom), slice(face.left, face.right))
    moved = (inside[0], slice(face.left - 100, face.right - 100))
    assert np.abs(part[moved].astype(int) - whole[inside]).mean() < 12


def test_where_nobody_has_to_be_hidden_check_and_release_agree(guard: Callable[..., Guard], state) -> None:
    """A kind asks for nothing there; a frame that shows too little is refused, and that is recorded."""
    ours = guard(detector=FixedFaces())
    pond = codec.encode_jpeg(np.full((1500, 2000, 3), 128, np.uint8), 90)
    assert ours.inspect(pond, rewrite="silhouette").publishable_as_is
    assert ours.release(pond, rewrite="silhouette").verdict.rewrite is Rewrite.NONE
    small: dict[str, Any] = {"frame": [0, 0, 500, 500], **BY}
    assert ours.inspect(pond, **small).reasons == ("too-little-left",)
    with pytest.raises(Refused, match="in this frame") as caught:
        ours.release(pond, **small)
    assert caught.value.verdict.reasons == ("too-little-left",)
    assert [row.kind for row in state.audit.entries()][-1] == "refused"


WRONG = {
    "no such kind": ({"rewrite": "blur"}, "choose one of crop, silhouette, cover"),
    "a frame by nobody": ({"frame": [0, 0, 900, 900]}, "--by NAME"),
    "no frame": ({"frame": [9, 9, 9, 9], **BY}, "left, top, right, bottom"),
    "three edges": ({"frame": [9, 9, 9], **BY}, "left, top, right, bottom"),
    "outside": ({"frame": [0, 0, 9000, 900], **BY}, "outside the picture"),
    "too small": ({"frame": [0, 0, 100, 900], **BY}, "short edge needs"),
    "a choice and a kind": ({"choice": "a" * 64, "rewrite": "crop"}, "no rewrite or frame beside it"),
    "refused by nobody": ({"refuse": "no"}, "--by NAME"),
}


@pytest.mark.parametrize(("asked", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_chosen_says_why(guard: Callable[..., Guard], desk_photo: bytes, asked, told) -> None:
    with pytest.raises(WrongUsage, match=told):
        guard().inspect(desk_photo, **asked)


def test_a_refused_photo_has_nothing_to_choose_but_that(guard: Callable[..., Guard], desk_photo: bytes) -> None:
    (only,) = guard().propose(desk_photo, people=["P003"], **BY)
    assert only.digest == "refuse"


def test_choosing_at_the_command_line(tmp_path, desk_photo: bytes, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(desk_photo)
    common = ["--register", str(SAMPLE_FILE), "--state", "state", "--out", "safe"]
    assert main(["init", "--state", "state"]) == 0
    assert main(["release", "photo.jpg", "--rewrite", "silhouette", "--json", *common]) in (0, 1)
    assert '"rewrite": "crop"' not in capsys.readouterr().out
    assert main(
        ["release", "photo.jpg", "--frame", "600,500,1400,1100", "--by", "Ms Castlegate", "--json", *common]
    ) in (0, 1)
    assert main(["release", "photo.jpg", "--rewrite", "blur", *common]) == 2
