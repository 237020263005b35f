"""The drawn child: a trunk, two arms and two legs of fixed widths, along joints that were read or that are usual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import copysign, hypot
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Joints, Point
from consentguard.vision.drawn import SHIFT, Colour, whole_numbers

_HEAD_HIGH: Final = 1.15
"""Heights of a head in widths of it, where a frame cuts it."""
_USUAL: Final = np.array([(0.4, 1.2), (0.6, 1.95), (0.62, 2.75), (0.27, 2.85), (0.33, 4.1), (0.36, 5.25)])
"""Shoulder, elbow, wrist, hip, knee and ankle on the right of somebody who stands: how far from the middle and below
the top of the head, in heads. With the widths below it lies inside `silhouette.trunk`."""
_SHOULDER, _ELBOW, _WRIST, _HIP, _KNEE, _ANKLE = range(0, 12, 2)
_SHOULDERS_APART, _HIPS_APART = 0.34, 0.22
"""Half of what is between two shoulders and two hips at least, in heads, for a body that is seen from the side."""
_TORSO: Final = (0.8, 3.0)
_LONGEST: Final = {_ELBOW: 1.5, _WRIST: 1.4, _KNEE: 2.2, _ANKLE: 2.1}
"""Heads from shoulders to hips, and how far each joint is from the one before it at most."""
_OFF: Final = 1.3
"""Heads from below the chin to the middle of the shoulders, beyond which the joints are somebody else's."""
_CHIN: Final = 1.05
"""Heads from the top of a head to its chin."""
_TRUNK_WIDE, _ARM_WIDE, _LEG_WIDE, _HAND_WIDE = 0.24, 0.19, 0.25, 0.16
_SHOE: Final = (0.3, 0.19)
"""Radii in heads: of the rounding of a trunk, of arms, legs and hands, and of a shoe, across and down."""
_COAT: Final = (0.42, 0.7)
_COAT_BELOW, _COAT_RIM = 0.3, 0.1
"""Half widths of a coat at hips and hem, how far the hem is below the knees, and its rounding, in heads."""
_TOES: Final = (0.08, 0.16)
_PALM: Final = 0.12
"""Heads by which the middle of a shoe is further out and down than the ankle, and that of a hand beyond the wrist."""


class BodyPart(Enum):
    """What a stroke is of."""

    LEG = "leg"
    SHOE = "shoe"
    COAT = "coat"
    TRUNK = "trunk"
    ARM = "arm"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a brush of this radius, in pixels, paints along points (x, y) of a body, and between three and more."""

    part: BodyPart
    points: tuple[Point, ...]
    wide: float
    high: float | None = None

    def fill(self, canvas: NDArray[np.uint8], colour: Colour | int, less: float = 0.0) -> None:
        """Draws it, thinner by so many pixels on each side, in place."""
        wide = max(self.wide - less, 0.5)
        at = [whole_numbers(*point) for point in self.points]
        if len(at) == 1:
            sides = whole_numbers(wide, wide if self.high is None else max(self.high - less, 0.5))
            cv2.ellipse(canvas, at[0], sides, 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA, SHIFT)
            return
        corners = np.array(at, np.int32)
        if len(at) > 2:
            cv2.fillPoly(canvas, [corners], colour, cv2.LINE_AA, SHIFT)
        cv2.polylines(canvas, [corners], len(at) > 2, colour, max(round(2 * wide), 1), cv2.LINE_AA, SHIFT)

    def moved(self, to: Callable[[float, float], Point], by: float) -> Stroke:
        """The same in other units, so many of which are one pixel; `to` says where a place in pixels is among them."""
        points = tuple(to(x, y) for x, y in self.points)
        return Stroke(self.part, points, self.wide * by, None if self.high is None else self.high * by)


def unit_of(head: Box) -> float:
    """The height of a whole head, by which everything else is measured."""
    return max(head.height, head.width * _HEAD_HIGH)


def usual(head: Box) -> Joints:
    """The joints of somebody who stands beneath a head."""
    unit, x = unit_of(head), (head.left + head.right) / 2
    return tuple((x + side * across * unit, head.top + down * unit) for across, down in _USUAL for side in (-1, 1))


def plausible(read: Joints | None, head: Box) -> Joints | None:
    """Joints that were read, none of them further from the next than it can be; None where they fit no such head."""
    if read is None:
        return None
    joints, unit = np.array(read), unit_of(head)
    neck, hips = joints[_SHOULDER : _SHOULDER + 2].mean(axis=0), joints[_HIP : _HIP + 2].mean(axis=0)
    chin = ((head.left + head.right) / 2, head.top + _CHIN * unit)
    if np.hypot(*(neck - chin)) > _OFF * unit or not _TORSO[0] <= np.hypot(*(hips - neck)) / unit <= _TORSO[1]:
        return None
    across = np.array([-(hips - neck)[1], (hips - neck)[0]]) / np.hypot(*(hips - neck))
    for first, middle, least in ((_SHOULDER, neck, _SHOULDERS_APART), (_HIP, hips, _HIPS_APART)):
        half = (joints[first] - middle) @ across
        if abs(half) < least * unit:
            half = np.copysign(least * unit, half)
            joints[first], joints[first + 1] = middle + half * across, middle - half * across
    for joint, longest in _LONGEST.items():
        for at in (joint, joint + 1):
            away = joints[at] - joints[at - 2]
            length = float(np.hypot(*away))
            if length > longest * unit:
                joints[at] = joints[at - 2] + away * (longest * unit / length)
    return tuple((float(x), float(y)) for x, y in joints)


def wrists_of(joints: Joints | None) -> tuple[Point, ...]:
    """Both wrists; none without joints."""
    return () if joints is None else (joints[_WRIST], joints[_WRIST + 1])


def waist(joints: Joints, unit: float) -> float:
    """The y at which trousers begin, in pixels; `unit` is the height of the head."""
    return (joints[_HIP][1] + joints[_HIP + 1][1]) / 2 + _TRUNK_WIDE * unit / 2


def strokes(joints: Joints, unit: float, *, coat: bool) -> Iterator[Stroke]:
    """The parts of a body, those that lie in front last; `unit` is the height of its head in pixels.

    A `coat` reaches over the knees of somebody who stands.
    """
    middle = (joints[_HIP][0] + joints[_HIP + 1][0]) / 2
    for side in (0, 1):
        x, y = joints[_ANKLE + side]
        yield Stroke(BodyPart.LEG, (joints[_HIP + side], joints[_KNEE + side]), _LEG_WIDE * unit)
        yield Stroke(BodyPart.LEG, (joints[_KNEE + side], joints[_ANKLE + side]), _LEG_WIDE * unit)
        toes = (x + copysign(_TOES[0] * unit, x - middle), y + _TOES[1] * unit)
        yield Stroke(BodyPart.SHOE, (toes,), _SHOE[0] * unit, _SHOE[1] * unit)
    if coat:
        top, below = joints[_HIP][1], joints[_KNEE][1] + _COAT_BELOW * unit
        across = [
            (middle + side * wide * unit, y) for wide, y in zip(_COAT, (top, below), strict=True) for side in (-1, 1)
        ]
        yield Stroke(BodyPart.COAT, (across[0], across[1], across[3], across[2]), _COAT_RIM * unit)
    left, right = joints[_SHOULDER], joints[_SHOULDER + 1]
    yield Stroke(BodyPart.TRUNK, (left, right, joints[_HIP + 1], joints[_HIP]), _TRUNK_WIDE * unit)
    for side in (0, 1):
        yield Stroke(BodyPart.ARM, (joints[_SHOULDER + side], joints[_ELBOW + side]), _ARM_WIDE * unit)
        yield Stroke(BodyPart.ARM, (joints[_ELBOW + side], joints[_WRIST + side]), _ARM_WIDE * unit)
        yield Stroke(
            BodyPart.HAND, (_beyond(joints[_ELBOW + side], joints[_WRIST + side], _PALM * unit),), _HAND_WIDE * unit
        )


def _beyond(first: Point, second: Point, by: float) -> Point:
    """So many pixels beyond the second of two places, seen from the first."""
    x, y = second[0] - first[0], second[1] - first[1]
    length = max(hypot(x, y), 1.0)
    return second[0] + x / length * by, second[1] + y / length * by
