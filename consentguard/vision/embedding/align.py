"""A face aligned as ArcFace-style networks want it: upright in a square of 112 pixels, by its five landmarks."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from consentguard.values import Face, Pixels

SIDE: Final = 112

_TEMPLATE: Final = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
"""Where eyes, nose and mouth corners come to lie, viewer's left first (insightface, face_align.py; OpenCV's
FaceRecognizerSF has the same)."""


def aligned(pixels: Pixels, face: Face) -> Pixels:
    """The face cut out: RGB, uint8, shape (112, 112, 3); what lies outside the picture is black.

    The similarity (turn, scale, shift) that brings the landmarks nearest to the template, after Umeyama, "Least-squares
    estimation of transformation parameters between two point patterns", 1991; without mirroring it has this closed
    form. Raises ValueError where the face has no landmarks or they lie on one spot.
    """
    if not face.landmarks:
        raise ValueError("a face without landmarks cannot be aligned")
    points = np.array(face.landmarks)
    middle, goal = points.mean(axis=0), _TEMPLATE.mean(axis=0)
    u, v = points - middle, _TEMPLATE - goal
    spread = float((u**2).sum())
    if spread < 1:
        raise ValueError("the landmarks lie on one spot")
    along = float((u * v).sum()) / spread
    across = float((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum()) / spread
    turn = np.array([[along, -across], [across, along]])
    matrix = np.column_stack((turn, goal - turn @ middle))
    return cv2.warpAffine(pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
