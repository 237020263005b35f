"""Pictures for the person at the desk, never for publishing: what the guard sees, and before beside after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from consentguard.values import Action, JudgedFace, Picture, Pixels
from consentguard.vision.codec import encode_png

_KEEP: Final = (24, 150, 70)
_HIDE: Final = (200, 30, 40)
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


def inspection(picture: Picture, faces: Sequence[JudgedFace]) -> bytes:
    """A PNG of the picture with every face framed: green kept, red hidden, each with score and standing."""
    canvas = np.array(picture.pixels)
    thick = max(2, round(max(picture.width, picture.height) / 500))
    for face in faces:
        box = face.box.scaled(picture.scale)
        colour = _KEEP if face.action is Action.KEEP else _HIDE
        cv2.rectangle(canvas, (box.left, box.top), (box.right - 1, box.bottom - 1), colour, thick)
        text = f"{face.action.value}: {face.standing.value} {face.score:.2f}"
        _label(canvas, text, box.left, box.top, colour, thick)
    return encode_png(canvas)


def side_by_side(before: Picture, after: Pixels) -> bytes:
    """A PNG of a photo beside what would be published, marked as not for publishing."""
    height = max(before.height, after.shape[0])
    canvas = np.full((height + 40, before.width + after.shape[1] + 10, 3), 255, np.uint8)
    canvas[40 : 40 + before.height, : before.width] = before.pixels
    canvas[40 : 40 + after.shape[0], before.width + 10 :] = after
    cv2.putText(canvas, "BEFORE (not for publishing)", (6, 28), _FONT, 0.7, _HIDE, 2, cv2.LINE_AA)
    cv2.putText(canvas, "AFTER", (before.width + 16, 28), _FONT, 0.7, _KEEP, 2, cv2.LINE_AA)
    return encode_png(canvas)


def _label(canvas: Pixels, text: str, left: int, top: int, colour: tuple[int, int, int], thick: int) -> None:
    size = thick / 4
    (width, height), below = cv2.getTextSize(text, _FONT, size, thick)
    left = min(max(left, 0), max(canvas.shape[1] - width, 0))
    top = max(top, height + below)
    cv2.rectangle(canvas, (left, top - height - below), (left + width, top), colour, cv2.FILLED)
    cv2.putText(canvas, text, (left, top - below // 2), _FONT, size, (255, 255, 255), thick, cv2.LINE_AA)
