"""From our detector's faces to the boxes that dlib's landmarks were trained on.

dlib's predictor starts from the average face in the box, and was trained on the squares of dlib's own HOG detector. Any
other box is a worse start, and one that lies a fifth too low spoils the embedding of one face in eight or more.

Measured with benchmarks/boxes.py (faces of 40 pixels and more on open sets: portraits, family albums, crowds, covered
faces; each mapping fitted on 322 faces that HOG finds too, judged on 381 others of other photos). How far the embedding
moves from the one in HOG's own box, how many faces move further than 0.3, how many boxes lie more than a tenth of their
side lower than HOG's, and in how many of all faces, HOG's or not, the eyes are not found where CenterFace has them:

    mapping                             median    95 %   > 0.3    low   eyes lost
    HOG itself, photo at nine tenths     0.041   0.140   0.6 %
    CenterFace's box as it is            0.076   0.273   3.9 %   0.5 %   19 %
    a square of the same width           0.045   0.187   2.4 %   5.5 %   19 %
    a square of the mean side            0.046   0.180   1.3 %   5.2 %   20 %
    by the landmarks, upright            0.045   0.145   1.0 %   3.7 %   16 %
    by the landmarks, turned along       0.043   0.151   1.0 %   3.7 %   15 %
    the same, 5 % higher                 0.042   0.147   0.8 %   0.0 %   15 %   <- this one
    the same, without landmarks          0.044   0.180   1.6 %

So it does as well as HOG agrees with itself, and no face of the 381 moved further than 0.6. It is 5 % higher on
purpose, because the predictor forgives a box that is too high more than one that is too low. Faces that moved further
than 0.3 when this box was moved away from HOG's centre: 15 % above 2.9 %, 10 % above 1.3 %, 10 % below 3.1 %, 15 %
below 12 %; 20 % sideways 11 %; at 80 % of its size 2.1 %, at 120 % 2.9 %. What no box mends: in one face in seven,
HOG's or not, the predictor's eyes are not CenterFace's.
"""

from __future__ import annotations

from math import hypot

import numpy as np

from consentguard.values import Box, Face

_TEMPLATE = np.array([(-0.190, -0.190), (0.227, -0.192), (0.016, 0.054), (-0.160, 0.243), (0.186, 0.241)])
"""CenterFace's landmarks in HOG's square: medians over 322 faces, from its centre, in units of its side."""
_UP = 0.05
"""Of the side: how much higher than HOG's the box is put."""

_SIDE_OF_BOX = 0.928
_DOWN_FROM_MIDDLE = 0.048
"""Without landmarks: HOG's side and its centre's distance below the middle, in units of the mean side of the box."""


def dlib_box(face: Face) -> Box:
    """The square in which dlib's HOG detector would find this face: what `ShapePredictor.landmarks` takes.

    Args:
        face: as CenterFace finds it, in pixels of the picture. Without landmarks the box alone has to do, which is less
            accurate (see the table above).

    Returns:
        A box of equal width and height, at least 2 pixels; it may reach outside the picture.
    """
    x, y, side = _by_landmarks(face) if face.landmarks else _by_box(face.box)
    side = max(side, 2.0)
    left, top = round(x - side / 2), round(y - _UP * side - side / 2)
    return Box(left, top, left + round(side) + 1, top + round(side) + 1)


def _by_landmarks(face: Face) -> tuple[float, float, float]:
    """Centre and side of the square whose template is nearest to the face's landmarks (similarity, least squares).

    The square may have to turn for that; a box cannot, so only its centre and side are used.
    """
    points = np.array(face.landmarks)
    middle, points_middle = _TEMPLATE.mean(axis=0), points.mean(axis=0)
    u, v = _TEMPLATE - middle, points - points_middle
    spread = (u**2).sum()
    along = float((u * v).sum() / spread)
    across = float((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / spread)
    x = points_middle[0] - along * middle[0] + across * middle[1]
    y = points_middle[1] - across * middle[0] - along * middle[1]
    return float(x), float(y), hypot(along, across)


def _by_box(box: Box) -> tuple[float, float, float]:
    size = (box.width + box.height) / 2
    return (
        (box.left + box.right) / 2,
        (box.top + box.bottom) / 2 + _DOWN_FROM_MIDDLE * size,
        _SIDE_OF_BOX * size,
    )
