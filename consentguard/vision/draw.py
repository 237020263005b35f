"""Pictures for the person at the desk, never for publishing: what the guard sees, and before beside after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import (
    Action,
    Box,
    Face,
    Head,
    JudgedFace,
    PersonRegion,
    Picture,
    Pixels,
    Point,
    Seen,
    frozen_pixels,
)
from consentguard.vision.imagefile.codec import encode_png
from consentguard.vision.rewrite.cells import person_cells

Colour: TypeAlias = tuple[int, int, int]
"""RGB, 0..255 each."""

_KEEP: Final = (24, 150, 70)
_HIDE: Final = (200, 30, 40)
_HAND: Final = (30, 90, 200)
_BEHIND: Final = (140, 60, 180)
_PREVIEW: Final = (90, 90, 90)
_PERSON: Final = (230, 230, 230)
_AROUND_HEAD: Final = 0.6
"""In longer sides of its box: hair, ears and chin of a face lie within (399 heads of an open classroom set)."""
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


def inspection(
    picture: Picture, seen: Seen, faces: Sequence[JudgedFace], backs: Sequence[tuple[int, Face | Head]] = ()
) -> bytes:
    """A PNG of the picture with everything that was found drawn into it, for the person who points at faces.

    Faces (unsure heads, added boxes and what only the second pass found among them) are framed green where they are
    kept and red where they are hidden, each with its number, standing and score; heads from behind, in `backs` with
    their numbers, violet; hands are outlined blue, people thinly.
    """
    canvas = np.array(picture.pixels)
    thick = max(2, round(max(picture.width, picture.height) / 500))
    for person in seen.people or ():
        cv2.polylines(canvas, _outlines(person), True, _PERSON, 1, cv2.LINE_AA)
    for hand in seen.hands or ():
        cv2.polylines(canvas, [_whole(hand.outline)], True, _HAND, thick, cv2.LINE_AA)
        _label(canvas, f"hand {hand.score:.2f}", hand.box.left, hand.box.top, _HAND, thick)
    for number, head in backs:
        _frame(canvas, head.box, f"{number} from behind {head.score:.2f}", _BEHIND, thick)
    for face in faces:
        colour = _KEEP if face.action is Action.KEEP else _HIDE
        called = "added" if face.number is None else str(face.number)
        text = f"{called} {face.action.value}: {face.standing.value} {face.score:.2f}"
        _frame(canvas, picture.from_source(face.box), text, colour, thick)
    return encode_png(canvas)


def heads_covered(small: Picture, heads: Sequence[Box], paint: Colour) -> Pixels:
    """A picture with every head under one flat colour, for a report that must show nobody.

    Args:
        small: made smaller than its source, in whose pixels the heads are.
        heads: boxes of faces and of heads; each is covered with a wide margin.
        paint: the colour.
    """
    canvas = np.array(small.pixels)
    across, down = small.width / small.source_width, small.height / small.source_height
    for head in heads:
        margin = max(head.width, head.height) * _AROUND_HEAD
        around = Box.covering((head.left - margin) * across, (head.top - margin) * down,
                              (head.right + margin) * across, (head.bottom + margin) * down)  # fmt: skip
        inside = around.within(small.width, small.height)
        if inside is not None:
            canvas[inside.top : inside.bottom, inside.left : inside.right] = paint
    return frozen_pixels(canvas)


def made_smaller(pixels: Pixels, edge: int) -> Pixels:
    """The picture with its longer side at most `edge` pixels."""
    height, width = pixels.shape[:2]
    share = min(1.0, edge / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return frozen_pixels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)) if share < 1 else pixels


def marked_preview(pixels: Pixels, edge: int) -> Pixels:
    """A picture of at most `edge` pixels, with the word "preview" across its foot."""
    scale = min(edge / max(pixels.shape[:2]), 1.0)
    canvas = np.array(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    _label(canvas, "preview", 4, canvas.shape[0] - 4, _PREVIEW, 2)
    return frozen_pixels(canvas)


def side_by_side(before: Picture, after: Pixels) -> bytes:
    """A PNG of a photo beside what would be published, marked as not for publishing."""
    height = max(before.height, after.shape[0])
    canvas = np.full((height + 40, before.width + after.shape[1] + 10, 3), 255, np.uint8)
    canvas[40 : 40 + before.height, : before.width] = before.pixels
    canvas[40 : 40 + after.shape[0], before.width + 10 :] = after
    cv2.putText(canvas, "BEFORE (not for publishing)", (6, 28), _FONT, 0.7, _HIDE, 2, cv2.LINE_AA)
    cv2.putText(canvas, "AFTER", (before.width + 16, 28), _FONT, 0.7, _KEEP, 2, cv2.LINE_AA)
    return encode_png(canvas)


def _frame(canvas: Pixels, box: Box, text: str, colour: Colour, thick: int) -> None:
    cv2.rectangle(canvas, (box.left, box.top), (box.right - 1, box.bottom - 1), colour, thick)
    _label(canvas, text, box.left, box.top, colour, thick)


def _outlines(person: PersonRegion) -> list[NDArray[np.int32]]:
    """The outlines of a person, those of the box where only that is known."""
    extent = person.extent
    if extent is None:
        return [_whole(_corners(person.box))]
    contours, _ = cv2.findContours(person_cells(extent).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    at = np.array([extent.column, extent.row])
    return [((shape.reshape(-1, 2) + at) * extent.grain).astype(np.int32) for shape in contours]


def _corners(box: Box) -> tuple[Point, ...]:
    return ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))


def _whole(points: Sequence[Point]) -> NDArray[np.int32]:
    return np.round(np.array(points)).astype(np.int32)


def _label(canvas: Pixels, text: str, left: int, top: int, colour: Colour, thick: int) -> None:
    size = thick / 4
    (width, height), below = cv2.getTextSize(text, _FONT, size, thick)
    left = min(max(left, 0), max(canvas.shape[1] - width, 0))
    top = max(top, height + below)
    cv2.rectangle(canvas, (left, top - height - below), (left + width, top), colour, cv2.FILLED)
    cv2.putText(canvas, text, (left, top - below // 2), _FONT, size, (255, 255, 255), thick, cv2.LINE_AA)
