"""People: which parts of a picture belong to each face and to each head."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Extent, Face, Head, Joints, PersonRegion, Pixels, Point
from consentguard.vision import rewrite
from consentguard.vision.detection.pose import Pose, Reading, view_of
from consentguard.vision.detection.pyramid import Levels, View
from consentguard.vision.detection.ssd import Floats
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore
from consentguard.vision.rewrite.cells import Grid, person_cells
from consentguard.vision.rewrite.shapes import rounded
from consentguard.vision.rewrite.silhouette import trunk

# From head to body: an adult is 7.5 heads high, and three are as wide as elbows that stand out; a child is fewer heads
# high, so the box is never too short (Drillis and Contini 1966).
_BODY_HIGH: Final = 7.5
_BODY_WIDE: Final = 3.0

_LOOKED_AT: Final = 24
"""Pixels, height of the head from which the body beneath is looked at; under it geometry is all there is."""
_MOST: Final = 40
"""How many heads are looked at, the largest first: one to three readings each."""
_VIEW: Final = (1.6, 5.0)
_BUST: Final = (1.0, 3.6)
"""Besides the view that the pose detector gives: middle, in heads below the head's, and width in heads. A bust is read
where nothing else can be (docs/decisions/0087-speed.md has the views that were compared)."""

_READ_TWICE: Final = 80
"""Pixels, height of the head from which a body is read in a second view where the first one fits: of smaller ones it
says nothing more."""

_OFF: Final = 0.6
"""Heads; a reading whose own head lies further from ours is of somebody else."""
_HEAD_COVERED: Final = 0.5
_LEAST_BODY: Final = 1.2
_MOST_BODY: Final = 40.0
"""A mask is good where it covers half of the head, and is this many times as large as the head's box."""
_NOTHING: Final = 0.3
"""A mask of less than this many heads says nothing of a body."""
_OTHERS_LESS: Final = 0.25
"""What is taken from every reading but the surest. Of the rules tried on 104 photos with drawn people, what the surest
gives .35 or any other .60 is the nearest to them."""
_BODY_SUREST: Final = 250
"""Confidence, of 255, of a body; only the core of somebody's own head is surer."""
_CORE_RIM: Final = 0.15
"""In sides of a face: by how much the ellipse that is surely of its person is larger than the face on each side."""
_SOFT: Final = 0.4
"""Sigma, in cells of a coarser grid, of the blur before a mask is sampled on it."""
_HIPS: Final = (23, 24)
_JOINTS: Final = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
_HIPS_SEEN: Final = 0.5
"""Points of the hips, and of all joints, among MediaPipe's 33, and how likely hips must be seen for their height to
count."""

_ALONE_DETECTED: Final = 0.7
_ALONE_PRESENT: Final = 0.9
"""From these two scores somebody without a found head counts as a person."""


class PeopleFinder:
    """Finds which parts of a picture belong to each head. Safe to share between threads."""

    def __init__(self, pose: Pose) -> None:
        self._pose = pose
        self.label = pose.label

    @classmethod
    def load(cls, model_store: ModelStore) -> PeopleFinder:
        """Reads both pose networks from the model store. Raises ModelUnavailable."""
        return cls(Pose.load(model_store))

    def find(self, pixels: Pixels | Levels, faces: Sequence[Face], heads: Sequence[Head]) -> tuple[PersonRegion, ...]:
        """One person for each face and then each head, in their order, and then people of whom no head was found.

        Args:
            pixels: RGB, uint8, height x width x 3; or its levels.
            faces: what the detector found.
            heads: what `HeadFinder` found.

        Boxes lie within the picture; a head wholly outside of it has no person. Raises ModelUnavailable.
        """
        levels = Levels.of(pixels)
        height, width = levels.pixels.shape[:2]
        found: list[Face | Head] = [*faces, *heads]
        owned = [rewrite.head_box(head) if isinstance(head, Face) else head.box for head in found]
        seen = [(index, head.within(width, height)) for index, head in enumerate(owned)]
        inside = [(index, head) for index, head in seen if head is not None]
        bodies = self._pose.people(levels)
        largest = sorted(inside, key=lambda one: (-one[1].height, one[0]))[:_MOST]
        looked_at = [index for index, head in largest if head.height >= _LOOKED_AT]
        grid = Grid.over(width, height)
        calls = [partial(self._body, levels, owned[index], core_of(found[index]), bodies, grid) for index in looked_at]
        read = dict(zip(looked_at, engine.together(calls), strict=True))
        people = []
        for index, visible in inside:
            extent, hips, joints = read.get(index, (None, None, None))
            box = _inside(body_box(owned[index]) if extent is None else box_of(extent), width, height)
            people.append(PersonRegion(_both(box, visible), found[index], extent, hips, joints))
        return (*people, *self._others(levels, bodies, owned, grid))

    def _body(
        self, levels: Levels, head: Box, core: Box, bodies: Floats, grid: Grid
    ) -> tuple[Extent | None, float | None, Joints | None]:
        """Where the body that has this head is, the height of its hips, and its joints; None where no reading is good
        enough."""

        def read(view: View, *, surely: bool) -> Reading | None:
            """A view read whole; where it hardly fits by its points first, which costs half."""
            if not surely and not belongs(self._pose.read(levels, view, mask=False), head, self._pose.sure):
                return None
            reading = self._pose.read(levels, view)
            return reading if fits(reading, head, self._pose.sure) else None

        # What the pose detector saw is the likeliest view; of the views below heads that it did not see two in three
        # fit nobody.
        seen = [view_of(row) for row in bodies if _holds(head, (row[0] + row[2]) / 2, (row[1] + row[3]) / 2)][:1]
        views = [read(view, surely=True) for view in seen]
        if head.height >= _READ_TWICE or all(reading is None for reading in views):
            views.append(read(_below(head, *_VIEW), surely=bool(seen)))
        if all(reading is None for reading in views):
            views = [read(_below(head, *_BUST), surely=False)]
        readings = [reading for reading in views if reading is not None]
        if not readings:
            return None, None, None
        readings.sort(key=lambda reading: -reading.presence)
        return extent_of(readings, core, grid), hips_of(readings[0]), joints_of(readings[0])

    def _others(self, levels: Levels, bodies: Floats, owned: Sequence[Box], grid: Grid) -> list[PersonRegion]:
        """People the pose networks are sure of and whose head is none of ours."""
        found = []
        height, width = levels.pixels.shape[:2]
        for row in bodies[bodies[:, 4] >= _ALONE_DETECTED][:_MOST]:
            head = Box.covering(*(float(edge) for edge in row[:4]))
            if any(one.overlap(head) > one.area / 4 for one in owned) or head.within(width, height) is None:
                continue
            view = view_of(row)
            reading = self._pose.read(levels, view, mask=False)
            at = reading.points[:11, :2].mean(axis=0)
            if reading.presence < _ALONE_PRESENT or any(_holds(one, *at) for one in owned):
                continue
            reading = self._pose.read(levels, view)
            # Of them all is hidden that was read, however well it fits; a reading of next to nothing is none.
            small = area(reading) < _NOTHING * head.area
            extent = guessed(head, grid) if small else extent_of([reading], head, grid)
            box = _inside(body_box(head) if extent is None else box_of(extent), width, height)
            if box is not None:
                found.append(PersonRegion(box, None, extent))
        return found


def body_box(head: Box) -> Box:
    """Where the body of a head can be at most when nothing but the head is known."""
    x, unit = middle(head)[0], head.height
    return Box.covering(x - _BODY_WIDE / 2 * unit, head.top, x + _BODY_WIDE / 2 * unit, head.top + _BODY_HIGH * unit)


def belongs(reading: Reading, head: Box, sure: float) -> bool:
    """Whether a reading of presence `sure` or more is of the person with this head."""
    off = float(np.hypot(*(reading.points[:11, :2].mean(axis=0) - middle(head))))
    return reading.presence >= sure and off <= _OFF * head.height


def fits(reading: Reading, head: Box, sure: float) -> bool:
    """Whether a reading of presence `sure` or more is of the person with this head, and its mask good."""
    if not belongs(reading, head, sure):
        return False
    if not _LEAST_BODY * head.area <= area(reading) <= _MOST_BODY * head.area:
        return False
    size = reading.mask.shape[0]
    ellipse = _ellipse(reading.view, head, size)
    return float((reading.mask[ellipse > 0] > 0.5).mean() if ellipse.any() else 0.0) >= _HEAD_COVERED


def area(reading: Reading) -> float:
    """How much the mask of a reading covers, in pixels of the picture."""
    return float((reading.mask > 0.5).mean()) * reading.view.side**2


def core_of(head: Face | Head) -> Box:
    """What is surely of somebody whatever was read: a face and a rim, but not hair, which readings tell from walls."""
    box = head.box
    if isinstance(head, Head):
        return box
    across, down = _CORE_RIM * box.width, _CORE_RIM * box.height
    return Box.covering(box.left - across, box.top - down, box.right + across, box.bottom + down)


def extent_of(readings: Sequence[Reading], core: Box, grid: Grid) -> Extent | None:
    """What readings of one person, the surest first, say together; the ellipse in `core` is surely of it."""
    corners = np.concatenate([_corners(reading.view) for reading in readings]) / grid.grain
    left, top = (max(int(edge), 0) for edge in corners.min(axis=0))
    right, bottom = (int(edge) + 1 for edge in corners.max(axis=0))
    right, bottom = min(right, grid.columns), min(bottom, grid.rows)
    if left >= right or top >= bottom:
        return None
    sure = np.zeros((bottom - top, right - left), np.float32)
    for index, reading in enumerate(readings):
        seen = _on_cells(reading, grid.grain, left, top, right - left, bottom - top)
        sure = np.maximum(sure, seen - (_OTHERS_LESS if index else 0.0))
    levels = np.round(sure * _BODY_SUREST).astype(np.uint8)
    x, y = middle(core)
    at = (x / grid.grain - left - 0.5, y / grid.grain - top - 0.5)
    cv2.ellipse(levels, (at, (core.width / grid.grain, core.height / grid.grain), 0), 255, cv2.FILLED)
    return Extent(left, top, grid.grain, levels)


def guessed(head: Box, grid: Grid) -> Extent | None:
    """A head, and the trunk that is guessed beneath it; None beyond the picture."""
    cells = grid.cells(rounded(head), trunk(head)).view(np.uint8)
    x, y, wide, high = cv2.boundingRect(cells)
    return Extent(x, y, grid.grain, cells[y : y + high, x : x + wide] * np.uint8(_BODY_SUREST)) if wide else None


def box_of(extent: Extent) -> Box | None:
    """The box around what an extent takes for its person, in pixels; None where that is nothing."""
    x, y, wide, high = cv2.boundingRect(person_cells(extent).astype(np.uint8))
    if not wide:
        return None
    left, top = extent.column + x, extent.row + y
    return Box(left, top, left + wide, top + high).scaled(extent.grain)


def _inside(box: Box | None, width: int, height: int) -> Box | None:
    """The part of a box that lies in the picture: the last cells of a grid reach beyond it."""
    return None if box is None else box.within(width, height)


def _on_cells(reading: Reading, grain: int, left: int, top: int, wide: int, high: int) -> Floats:
    """A reading's mask on these cells, 0 beyond its view."""
    size = reading.mask.shape[0]
    matrix = reading.view.to_cut(size)
    turn = matrix[:, :2] * grain
    move = matrix[:, 2] + turn @ (left + 0.5, top + 0.5) - 0.5
    step = size / reading.view.side * grain
    mask = cv2.GaussianBlur(reading.mask, (0, 0), _SOFT * step) if step > 1 else reading.mask
    inverse = np.column_stack([turn, move])
    seen = cv2.warpAffine(mask, inverse, (wide, high), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return seen.astype(np.float32, copy=False)


def hips_of(reading: Reading) -> float | None:
    """The height of the middle of the hips, in pixels of the picture, where they are seen."""
    left, right = _HIPS
    seen = min(reading.visible[left], reading.visible[right]) >= _HIPS_SEEN
    return float(reading.points[left, 1] + reading.points[right, 1]) / 2 if seen else None


def joints_of(reading: Reading) -> Joints:
    """The joints of a reading, seen or not, in pixels of the picture."""
    return tuple((float(x), float(y)) for x, y in reading.points[list(_JOINTS), :2])


def middle(box: Box) -> Point:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _below(head: Box, down: float, wide: float) -> View:
    """A view whose middle is so many heads below that of a head, and so many heads wide."""
    x, y = middle(head)
    return View(x, y + down * head.height, wide * head.height)


def _ellipse(view: View, head: Box, size: int) -> NDArray[np.uint8]:
    """The ellipse in a head's box, drawn into a cut of `size` x `size`."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    x, y = middle(head)
    rim = np.column_stack([x + head.width / 2 * np.cos(angles), y + head.height / 2 * np.sin(angles)])
    matrix = view.to_cut(size)
    drawn = np.zeros((size, size), np.uint8)
    cv2.fillPoly(drawn, [np.round(rim @ matrix[:, :2].T + matrix[:, 2]).astype(np.int32)], 1)
    return drawn


def _corners(view: View) -> Floats:
    return view.to_picture(np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32), 1)


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _both(box: Box | None, head: Box) -> Box:
    """One box around a body and its head."""
    if box is None:
        return head
    return Box(
        min(box.left, head.left), min(box.top, head.top), max(box.right, head.right), max(box.bottom, head.bottom)
    )
