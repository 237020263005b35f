"""The second pass: over the very bytes that are about to leave; it does not rely on the first pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from consentguard.errors import UnreadableImage, VerificationFailed
from consentguard.values import Box, Face, Hand, Head, Picture, Pixels
from consentguard.vision.imagefile import bare, codec
from consentguard.vision.models.engine import both, together
from consentguard.vision.rewrite import Mask, Paint, RewritePlan, kept_hand, paint_frame
from consentguard.vision.rewrite.shapes import in_shapes, uint8

_SAME_FACE: Final = 0.4
"""IoU from which a face of the second pass is the approved one of the first; JPEG noise moves boxes by less."""

_IN_HEAD: Final = 0.6
"""Share of a hit that lies in a head which the first pass cleared as from behind, from which the hit is that head."""

_BACK_AT_MOST: Final = 0.92
"""Score of a hit that a back permits: of 145 heads seen from behind none scores more, of 424 that show an eye, the nose
or the mouth four in five do (docs/decisions/0072-backs-of-heads.md)."""

_ALL_HAND: Final = 0.9
"""Share of what can be seen in a hit that lies in hands, from which nothing else is seen there."""

_SAME_PLACE: Final = 0.2
"""IoU from which a face seen before painting is in the place of a hit."""

_BLOCK: Final = 16
"""Pixels a side of the square that a 4:2:0 JPEG, or a WebP, codes as one (ITU T.81, A.2; RFC 6386, 2)."""

_PAINT_NOISE: Final = 12
_MEAN_NOISE: Final = 4.0
"""Levels of 255 by which coding moves a pixel, and the mean of 8x8 pixels, in blocks that are painted whole: at most 9
and 2.9 at qualities 85 and 90. A face moves them by far more."""

_SEEN_NOISE: Final = 24.0
"""The same for the mean of any 8x8 pixels; what is colourful and sharp is moved by more."""

_FINE: Final = 85
_COARSER: Final = 0.02
"""Quality under which coding moves more, and by which share for each step: at 50 by up to 16, 6.1 and 17 levels."""

_CHROMA_REACH: Final = 2
"""Pixels at the rim of painted blocks where a decoder mixes in its neighbours' colour, enlarging 4:2:0 chroma."""

_ALL: Final = 64
"""Of a square of 8x8 pixels."""
_PARTS: Final = 64
"""Of a level, in which means are counted: 255 of them fit into 16 bits."""


class Find(Protocol):
    """Finds the faces of a finished picture; without the finest look, only those twice the smallest and larger."""

    def __call__(self, picture: Picture, *, finest: bool = True) -> Sequence[Face]: ...


class SomebodySeen(VerificationFailed):
    """The second pass found somebody whom nobody cleared: a stronger plan may help.

    Attributes:
        faces: what was found, in pixels of the picture before its crop.
    """

    def __init__(self, message: str, faces: tuple[Face, ...]) -> None:
        super().__init__(message)
        self.faces = faces


def verify(
    data: bytes,
    plan: RewritePlan,
    approved: Sequence[Face | Head],
    backs: Sequence[Head],
    hands: Sequence[Hand],
    before: Picture,
    find: Find,
    paint: Paint,
    kind: str = "jpeg",
    quality: int = 90,
) -> None:
    """Decodes what would leave and looks again, mirrored and plainly. Returns nothing, so no answer can be ignored.

    The expected picture is made anew from a copy of `before` in which every hidden pixel was overwritten with a
    constant: bytes in which a hidden pixel had any influence would differ from it.
    The plain look is an octave coarser: the first pass saw the same pixels as finely, and the mirrored one sees them
    anew (docs/decisions/0047).

    Args:
        data: the very bytes.
        plan: what was to be done.
        approved: faces, and heads that count as faces, that may be seen; each permits one hit.
        backs: heads that the first pass cleared as from behind and that remain; the detector takes a third of them
            for faces.
        hands: that may remain. With all around them painted, the detector takes one in ten for a face: such a hit does
            not count where a mirrored look at `before` sees no face there either.
        before: the picture that was painted.
        find: the detector at the operating point of the first pass.
        paint: how what is hidden was painted.
        kind: the format of the file.
        quality: of 100, with which it was encoded.

    Boxes of `approved`, `backs` and `hands` are in pixels of the picture before its crop. Raises VerificationFailed
    where the bytes are not a bare file of that `kind`, or not the expected picture; SomebodySeen where `find` finds a
    face that is none of these.
    """
    frame = plan.frame
    size = bare.prove(data, kind)
    try:
        picture = codec.decode(data, max_edge=max(frame.width, frame.height), max_pixels=frame.area)
    except UnreadableImage as error:
        raise VerificationFailed(f"the finished file cannot be read again: {error}") from error
    if size != (frame.width, frame.height) or size != (picture.width, picture.height):
        raise VerificationFailed("the finished file is not the planned size; report this.")
    painted = plan.hidden
    noise = 0.0 if kind == "png" else 1 + _COARSER * max(_FINE - quality, 0)
    looks = [partial(find, _flipped(picture)), partial(find, picture, finest=False)]
    as_expected, (other, plain) = both(
        lambda: _is_expected(picture.pixels, _expected(before.pixels, plan, paint), painted, noise, kind, quality),
        partial(together, looks),
    )
    if not as_expected:
        raise VerificationFailed("the finished picture is not what follows from what may be seen; report this.")
    seen = (plain, [_mirrored(face, frame.width) for face in other])
    known = [_uncleared([_moved(face, frame.left, frame.top) for face in look], approved, backs) for look in seen]
    somebody = [face for look in known for face in look]
    in_hands = [face for face in somebody if _only_hands(face, hands, painted, frame)]
    if in_hands:
        there = [_mirrored(face, before.width).box for face in find(_flipped(before))]
        made_by_paint = [face for face in in_hands if all(face.box.iou(box) < _SAME_PLACE for box in there)]
        somebody = [face for face in somebody if face not in made_by_paint]
    if somebody:
        first = somebody[0]
        raise SomebodySeen(
            f"a second pass over the finished picture found a face at {first.box.as_list()} (score {first.score:.2f}) "
            "that nobody cleared; crop it out of the photo and try again.",
            tuple(somebody),
        )


def _uncleared(faces: Sequence[Face], approved: Sequence[Face | Head], backs: Sequence[Head]) -> list[Face]:
    """The faces of one look that are neither approved nor known backs of heads; each of these permits one."""
    expected, turned_away, rest = list(approved), [head.box for head in backs], []
    for face in faces:
        same = max(expected, key=partial(_likeness, face), default=None)
        back = max(turned_away, key=face.box.overlap, default=None)
        if same is not None and _likeness(face, same) >= _SAME_FACE:
            expected.remove(same)
        elif back is not None and face.score <= _BACK_AT_MOST and face.box.overlap(back) >= _IN_HEAD * face.box.area:
            turned_away.remove(back)
        else:
            rest.append(face)
    return rest


def _likeness(face: Face, approved: Face | Head) -> float:
    """How surely a hit is somebody who may be seen, as an IoU; of a whole head the hit is only a part."""
    if isinstance(approved, Head) and face.box.overlap(approved.box) >= _IN_HEAD * face.box.area:
        return max(face.box.iou(approved.box), _SAME_FACE)
    return face.box.iou(approved.box)


def _only_hands(face: Face, hands: Sequence[Hand], painted: Mask, frame: Box) -> bool:
    """Whether what can be seen in a face's box is hands, and all else of it is paint."""
    left, top = frame.left, frame.top
    box = face.box.within(frame.right, frame.bottom)
    if not hands or box is None or box.left < left or box.top < top:
        return False
    seen = ~painted[box.top - top : box.bottom - top, box.left - left : box.right - left]
    return in_shapes(box, [kept_hand(hand) for hand in hands], seen) >= _ALL_HAND


def _flipped(picture: Picture) -> Picture:
    return Picture(uint8(cv2.flip(picture.pixels, 1)), picture.width, picture.height)


def _mirrored(face: Face, width: int) -> Face:
    return Face(face.box.mirrored(width), face.score)


def _moved(face: Face, x: int, y: int) -> Face:
    box = face.box
    return Face(Box(box.left + x, box.top + y, box.right + x, box.bottom + y), face.score)


def _expected(pixels: Pixels, plan: RewritePlan, paint: Paint) -> Pixels:
    """The picture that the plan makes where nothing hidden was ever there."""
    frame = plan.frame
    part = pixels[frame.top : frame.bottom, frame.left : frame.right]
    # What the mask leaves out is 0 in the copy.
    return paint_frame(uint8(cv2.copyTo(part, 1 - plan.hidden.view(np.uint8))), plan, paint)


def _is_expected(pixels: Pixels, expected: Pixels, painted: Mask, noise: float, kind: str, quality: int) -> bool:
    """Whether a decoded picture is the expected one, or what that is coded as.

    A sticker is sharper than any fill, and coding moves it by more than `noise` times what it moves paint.
    """
    if _as_expected(pixels, expected, painted, noise):
        return True
    if not noise:
        return False
    coded = (codec.encode(expected, kind, quality=quality, sampling=sampling) for sampling in bare.SAMPLINGS)
    largest = max(expected.shape)
    again = (codec.decode(data, max_edge=largest, max_pixels=expected.size).pixels for data in coded)
    return any(np.array_equal(pixels, each) for each in again)


def _as_expected(pixels: Pixels, expected: Pixels, painted: Mask, noise: float) -> bool:
    """Whether a decoded picture is the expected one, but for `noise` times what fine coding moves."""
    if not noise or np.array_equal(pixels, expected):
        return np.array_equal(pixels, expected)
    inner = _whole_blocks(painted)
    off = cv2.copyTo(cv2.absdiff(pixels, expected), inner)
    means = np.abs(_means(cv2.addWeighted(pixels, _PARTS, expected, -_PARTS, 0, dtype=cv2.CV_16S)))
    inside = _means(inner * np.int16(_ALL)) >= _ALL
    if off.max() > noise * _PAINT_NOISE or (means > noise * _MEAN_NOISE * _PARTS)[inside].any():
        return False
    return not (means > noise * _SEEN_NOISE * _PARTS).any()


def _means(values: MatLike) -> NDArray[np.int16]:
    """The mean of each 8x8 numbers, rounded, those at the rim of the picture reflected beyond it."""
    side = _BLOCK // 2
    height, width = values.shape[:2]
    if height % side or width % side:
        values = cv2.copyMakeBorder(values, 0, -height % side, 0, -width % side, cv2.BORDER_REFLECT)
    size = (values.shape[1] // side, values.shape[0] // side)
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA).astype(np.int16, copy=False)


def _whole_blocks(painted: Mask) -> NDArray[np.uint8]:
    """1 for the pixels of blocks that are painted whole, but for their rims."""
    height, width = painted.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    # Nothing reaches in from beyond the frame.
    beyond = (0, rows * _BLOCK - height, 0, columns * _BLOCK - width)
    padded = cv2.copyMakeBorder(painted.view(np.uint8), *beyond, cv2.BORDER_CONSTANT, value=1)
    blocks = cv2.erode(padded, np.ones((_BLOCK, _BLOCK), np.uint8), anchor=(0, 0))[::_BLOCK, ::_BLOCK]
    whole = cv2.resize(blocks, (columns * _BLOCK, rows * _BLOCK), interpolation=cv2.INTER_NEAREST)[:height, :width]
    side = 2 * _CHROMA_REACH + 1
    return uint8(cv2.erode(whole, np.ones((side, side), np.uint8)))
