"""How good one face in one picture is for telling whose it is, measured on the aligned face: upright,
in a square of 112 pixels, by its five landmarks.

What is measured is what ISO/IEC 29794-5 (face image quality) asks about: size, sharpness, pose, exposure, eyes. The
limits let 96 to 99 % of the photos of the open sets through; `benchmarks/recognition.py` counts what each refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Face, Pixels
from consentguard.vision.embedding.align import aligned

REFERENCE_SIZE: Final = 80
"""Height in pixels from which a face makes a template: what dlib's detector, for whose faces the network was trained,
asks for."""

SMALLEST_FACE: Final = 40
"""Height in pixels from which a face of a photo to publish is recognised at all."""

_SHARP: Final = 25.0
_TURNED: Final = 0.30
_NODDED: Final = (0.42, 0.76)
_DARK, _BRIGHT, _FLAT = 35.0, 235.0, 12.0
_EYES_DARKER: Final = 0.28
"""Limits of the measures below; see `Quality`."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one face.

    Attributes:
        size: height of the face in pixels.
        sharpness: variance of the Laplacian over the aligned face, in grey levels squared; 0 is one flat colour.
        turn: how far the nose lies beside the middle of eyes and mouth, in distances between the eyes: 0 looks
            straight ahead, 0.5 is a half profile, positive to the viewer's right.
        nod: where the nose lies between eyes (0) and mouth (1); smaller looks up, larger down.
        brightness: median grey level of the face, 0..255.
        contrast: standard deviation of its grey levels.
        eyes: brightness of the eyes in brightnesses of the cheeks; sunglasses and fringes are dark.
    """

    size: int
    sharpness: float
    turn: float
    nod: float
    brightness: float
    contrast: float
    eyes: float

    @property
    def recognisable(self) -> bool:
        """Whether a face of a photo to publish is good enough to be somebody: half of what a template needs."""
        return self.size >= SMALLEST_FACE and self.sharpness >= _SHARP / 2 and abs(self.turn) <= 1.5 * _TURNED

    def faults(self) -> tuple[str, ...]:
        """Why this face makes no template, in plain words; nothing if it does."""
        return tuple(
            words
            for wrong, words in (
                (self.size < REFERENCE_SIZE, f"its face is {self.size} px high, under {REFERENCE_SIZE}"),
                (self.sharpness < _SHARP, "its face is blurred"),
                (abs(self.turn) > _TURNED, "its face is turned aside"),
                (not _NODDED[0] <= self.nod <= _NODDED[1], "its face looks up or down"),
                (self.brightness < _DARK, "its face is too dark"),
                (self.brightness > _BRIGHT, "its face is too bright"),
                (self.contrast < _FLAT, "its face has too little contrast"),
                (self.eyes < _EYES_DARKER, "its eyes cannot be seen"),
            )
            if wrong
        )


def measured(pixels: Pixels, face: Face) -> Quality:
    """Measures a face that a detector found with its landmarks. Raises ValueError where it has none to lay it by."""
    square = aligned(pixels, face)
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inner = grey[30:100, 22:90]
    points = np.array(face.landmarks)
    eyes, nose, mouth = points[:2].mean(axis=0), points[2], points[3:].mean(axis=0)
    across, down = points[1] - points[0], mouth - eyes
    apart = float(np.linalg.norm(across))
    beside = nose - (eyes + mouth) / 2
    return Quality(
        size=face.box.height,
        sharpness=float(cv2.Laplacian(inner, cv2.CV_32F).var()),
        turn=float(beside @ across) / apart**2,
        nod=float((nose - eyes) @ down / max(float(down @ down), 1e-6)),
        brightness=float(np.median(inner)),
        contrast=float(inner.std()),
        eyes=_eyes(grey),
    )


def _eyes(grey: NDArray[np.float32]) -> float:
    """Median brightness around the eyes by that of the cheeks beneath them, the darker side; places by alignment."""
    sides = []
    for x in (38, 74):
        eye, cheek = grey[46:58, x - 10 : x + 10], grey[64:76, x - 10 : x + 10]
        sides.append(float(np.median(eye)) / max(float(np.median(cheek)), 1.0))
    return min(sides)
