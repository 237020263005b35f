"""People: how much of a picture belongs to each face and to each head."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Face, Head, Person, Pixels, Point
from consentguard.vision import rewrite
from consentguard.vision.detection.pose import Pose, Reading, view_of
from consentguard.vision.detection.pyramid import Levels, View
from consentguard.vision.detection.ssd import Floats
from consentguard.vision.models import engine
from consentguard.vision.models.store import Shelf

# From head to body: an adult is 7.5 heads high, and three are as wide as elbows that stand out; a child is fewer heads
# high, so the box is never too short (Drillis and Contini 1966).
_BODY_HIGH: Final = 7.5
_BODY_WIDE: Final = 3.0

_LOOKED_AT: Final = 24
"""Pixels, height of the head from which the body beneath is looked at; under it geometry is all there is."""
_MOST: Final = 40
"""How many heads are looked at, the largest first: one to three looks of some 10 ms each."""
_VIEWS: Final = ((1.0, 3.6), (2.4, 7.0))
"""Besides the view that the pose detector gives: middle, in heads below the head's, and width in heads; a bust, and
somebody who stands."""

_SURELY: Final = 0.7
"""Presence from which a good reading is taken without asking the other views. Of 370 heads in 40 photos 63 fit their
bust with less than 0.9, and for 22 of these somebody who stands was surer."""
_STANDS_FROM: Final = 40
"""Pixels, height of the head from which it is asked whether somebody stands there: of 61 smaller heads one was seen so
whose bust was not."""

_OFF: Final = 0.6
"""Heads; a reading whose own head lies further from ours is of somebody else."""
_HEAD_COVERED: Final = 0.5
_LEAST_BODY: Final = 1.2
_MOST_BODY: Final = 40.0
"""A mask is good where it covers half of the head, and is this many times as large as the head's box."""
_GROWN: Final = 0.12
"""Heads by which the outline is pushed out: the mask's grain is 1/256 of its view, some 0.03 heads, and hair and
sleeves are soft."""
_CALM: Final = 0.03
"""Heads by which the outline may leave out corners."""

_ALONE_DETECTED: Final = 0.7
_ALONE_PRESENT: Final = 0.9
"""From these two scores somebody without a found head counts as a person."""


class PeopleFinder:
    """Finds how far the body reaches for each head. Safe to share between threads."""

    def __init__(self, pose: Pose) -> None:
        self._pose = pose
        self.label = pose.label

    @classmethod
    def load(cls, shelf: Shelf) -> PeopleFinder:
        """Reads both pose networks from the shelf. Raises ModelUnavailable."""
        return cls(Pose.load(shelf))

    def find(self, pixels: Pixels, faces: Sequence[Face], heads: Sequence[Head]) -> tuple[Person, ...]:
        """One person for each face and then each head, in their order, and then people of whom no head was found.

        Args:
            pixels: RGB, uint8, height x width x 3.
            faces: what the detector found.
            heads: what `HeadFinder` found.

        Boxes lie within the picture; a head wholly outside of it has no person. Raises ModelUnavailable.
        """
        height, width = pixels.shape[:2]
        found: list[Face | Head] = [*faces, *heads]
        owned = [rewrite.head_box(head) if isinstance(head, Face) else head.box for head in found]
        seen = [(index, head.within(width, height)) for index, head in enumerate(owned)]
        inside = [(index, head) for index, head in seen if head is not None]
        levels = Levels(pixels)
        bodies = self._pose.people(levels)
        largest = sorted(inside, key=lambda one: (-one[1].height, one[0]))[:_MOST]
        looked_at = [index for index, head in largest if head.height >= _LOOKED_AT]
        looks = [partial(self._outline, levels, owned[index], bodies) for index in looked_at]
        outlines = dict(zip(looked_at, engine.together(looks), strict=True))
        people = []
        for index, visible in inside:
            outline = outlines.get(index, ())
            box = around(outline, width, height) if outline else body_box(owned[index]).within(width, height)
            people.append(Person(_both(box, visible), found[index], outline))
        return (*people, *self._others(levels, bodies, owned))

    def _outline(self, levels: Levels, head: Box, bodies: Floats) -> tuple[Point, ...]:
        """The calmest outline of the body that has this head; empty where no reading is good enough."""
        x, y = middle(head)
        unit = float(head.height)
        # What the pose detector saw is the likeliest view; the first in which the body is surely there ends the search.
        views = [view_of(row) for row in bodies if _holds(head, (row[0] + row[2]) / 2, (row[1] + row[3]) / 2)][:1]
        around_it = _VIEWS if unit >= _STANDS_FROM else _VIEWS[:1]
        views += [View(x, y + down * unit, wide * unit) for down, wide in around_it]
        best: Reading | None = None
        for view in views:
            reading = self._pose.read(levels, view)
            if fits(reading, head, self._pose.sure) and (best is None or reading.presence > best.presence):
                best = reading
            if best is not None and best.presence >= _SURELY:
                break
        if best is None:
            return ()
        return outline_of(best, head, *levels.pixels.shape[:2])

    def _others(self, levels: Levels, bodies: Floats, owned: Sequence[Box]) -> list[Person]:
        """People the pose networks are sure of and whose head is none of ours."""
        found = []
        height, width = levels.pixels.shape[:2]
        for row in bodies[bodies[:, 4] >= _ALONE_DETECTED][:_MOST]:
            head = Box.covering(*(float(edge) for edge in row[:4]))
            if any(one.overlap(head) > one.area / 4 for one in owned) or head.within(width, height) is None:
                continue
            reading = self._pose.read(levels, view_of(row))
            at = reading.points[:11, :2].mean(axis=0)
            if reading.presence < _ALONE_PRESENT or any(_holds(one, *at) for one in owned):
                continue
            outline = outline_of(reading, head, height, width) if fits(reading, head, self._pose.sure) else ()
            box = around(outline, width, height) if outline else body_box(head).within(width, height)
            if box is not None:
                found.append(Person(box, None, outline))
        return found


def body_box(head: Box) -> Box:
    """Where the body of a head can be at most when nothing but the head is known."""
    x, unit = middle(head)[0], head.height
    return Box.covering(x - _BODY_WIDE / 2 * unit, head.top, x + _BODY_WIDE / 2 * unit, head.top + _BODY_HIGH * unit)


def fits(reading: Reading, head: Box, sure: float) -> bool:
    """Whether a reading of presence `sure` or more is of the person with this head, and its mask good."""
    x, y = middle(head)
    off = float(np.hypot(*(reading.points[:11, :2].mean(axis=0) - (x, y))))
    if reading.presence < sure or off > _OFF * head.height:
        return False
    pixel = (reading.view.side / reading.mask.shape[0]) ** 2
    area = float((reading.mask > 0.5).sum()) * pixel
    if not _LEAST_BODY * head.area <= area <= _MOST_BODY * head.area:
        return False
    size = reading.mask.shape[0]
    ellipse = _ellipse(reading.view, head, size)
    return float((reading.mask[ellipse > 0] > 0.5).mean() if ellipse.any() else 0.0) >= _HEAD_COVERED


def outline_of(reading: Reading, head: Box, height: int, width: int) -> tuple[Point, ...]:
    """The person's mask, its own head drawn in, grown and calmed, as one polygon inside the picture."""
    size = reading.mask.shape[0]
    grain = reading.view.side / size
    body = (reading.mask > 0.5).astype(np.uint8) | (_ellipse(reading.view, head, size) > 0)
    reach = max(1, round(_GROWN * head.height / grain))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    # A border of its own size lets the outline grow beyond the view.
    roomy = np.pad(body.astype(np.uint8), reach)
    contours, _ = cv2.findContours(cv2.dilate(roomy, disc).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    calm = cv2.approxPolyDP(largest, max(_CALM * head.height / grain, 1.0), closed=True)
    points = reading.view.to_picture(calm.reshape(-1, 2).astype(np.float32) - reach + 0.5, size)
    points = np.clip(points, 0, (width, height))
    return tuple((float(x), float(y)) for x, y in points) if len(points) >= 3 else ()


def around(outline: tuple[Point, ...], width: int, height: int) -> Box | None:
    """The box around a polygon, inside the picture."""
    xs, ys = zip(*outline, strict=True)
    return Box.covering(min(xs), min(ys), max(xs), max(ys)).within(width, height)


def middle(box: Box) -> Point:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _ellipse(view: View, head: Box, size: int) -> NDArray[np.uint8]:
    """The ellipse in a head's box, drawn into a cut of `size` x `size`."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    x, y = middle(head)
    rim = np.column_stack([x + head.width / 2 * np.cos(angles), y + head.height / 2 * np.sin(angles)])
    matrix = view.to_cut(size)
    drawn = np.zeros((size, size), np.uint8)
    cv2.fillPoly(drawn, [np.round(rim @ matrix[:, :2].T + matrix[:, 2]).astype(np.int32)], 1)
    return drawn


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _both(box: Box | None, head: Box) -> Box:
    """One box around a body and its head."""
    if box is None:
        return head
    return Box(
        min(box.left, head.left), min(box.top, head.top), max(box.right, head.right), max(box.bottom, head.bottom)
    )
