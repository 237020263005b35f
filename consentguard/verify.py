"""The second look: at the very bytes that are about to leave, by somebody who does not believe the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from consentguard.errors import UnreadableImage, VerificationFailed
from consentguard.values import Box, Face, Picture, Pixels
from consentguard.vision import bare, codec
from consentguard.vision.rewrite import RewritePlan

_SAME_FACE: Final = 0.4
"""IoU from which a face of the second look is the approved one of the first; JPEG noise moves boxes by less."""

_PAINT_NOISE: Final = 6
"""Levels of 255 that a flat colour may move by in a JPEG; a face moves it by far more."""

_CHROMA_REACH: Final = 2
"""Pixels at the rim of a painted box where a decoder mixes in its neighbours' colour, enlarging 4:2:0 chroma."""


def verify(
    data: bytes,
    plan: RewritePlan,
    approved: Sequence[Face],
    find: Callable[[Picture], Sequence[Face]],
    paint: tuple[int, int, int],
    kind: str = "jpeg",
) -> None:
    """Decodes what would leave and looks again. Returns nothing; whoever ignores it has ignored no answer.

    Raises VerificationFailed where the bytes are not a bare file of that `kind`, are not the planned picture, show
    anything in a painted box, or in which `find` finds a face that is not one of the approved ones (in pixels of the
    picture before its crop).
    """
    frame = plan.frame
    size = bare.prove(data, kind)
    try:
        picture = codec.decode(data, max_edge=max(frame.width, frame.height), max_pixels=frame.area)
    except UnreadableImage as error:
        raise VerificationFailed(f"the finished file cannot be read again: {error}") from error
    if size != (frame.width, frame.height) or size != (picture.width, picture.height):
        raise VerificationFailed("the finished file is not the planned size; report this.")
    for box in plan.painted:
        if not _is_flat(picture.pixels, _shifted(box, frame), paint):
            raise VerificationFailed(f"something can be seen in the painted box {box.as_list()}; report this.")
    expected = [_shifted(face.box, frame) for face in approved]
    for face in find(picture):
        same = max(expected, key=face.box.iou, default=None)
        if same is not None and face.box.iou(same) >= _SAME_FACE:
            expected.remove(same)  # one approved face excuses one hit
        else:
            raise VerificationFailed(
                f"a second look at the finished picture found a face at {face.box.as_list()} (score {face.score:.2f}) "
                "that nobody cleared; crop it out of the photo and try again."
            )


def _shifted(box: Box, frame: Box) -> Box:
    return Box(box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top)


def _is_flat(pixels: Pixels, box: Box, paint: tuple[int, int, int]) -> bool:
    height, width = pixels.shape[:2]
    reach = _CHROMA_REACH  # nothing reaches in from beyond the frame
    top, left = (
        min(box.top + reach * (box.top > 0), box.bottom - 1),
        min(box.left + reach * (box.left > 0), box.right - 1),
    )
    bottom = max(box.bottom - reach * (box.bottom < height), top + 1)
    right = max(box.right - reach * (box.right < width), left + 1)
    inside = pixels[top:bottom, left:right].astype(np.int16)
    return bool((np.abs(inside - np.array(paint, np.int16)) <= _PAINT_NOISE).all())
