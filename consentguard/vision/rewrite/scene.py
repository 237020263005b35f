"""The scene: which parts of a picture may not be seen, which may, and what is nobody's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from consentguard.values import Box, Face, Hand, Head, Joints, PersonRegion, Seen, Subject
from consentguard.vision.rewrite.cells import Grid, Levels8, grown_cells, sure_cells
from consentguard.vision.rewrite.cover import head_shape
from consentguard.vision.rewrite.shapes import Mask, Polygon, around, corners, drawn, grown, hull, moved, nearer
from consentguard.vision.rewrite.silhouette import around_hand, body_levels, own_box, shown_levels

_STEP: Final = 0.15
"""By how much heads and bodies are drawn larger each time that a pass over the finished picture found somebody."""
_IN_HAND: Final = 0.6
"""Share of what a later pass found that lies in a hand, from which it is that hand."""
_WHOLE_BACK: Final = 0.7
"""Share of a head from behind that has to be left for it to be kept at all."""
_ELLIPSE: Final = 0.785
"""Share of a box that its ellipse takes up."""
_FACE_RIM: Final = 0.1
"""In longer sides of a face: what around it is covered even where somebody who may be seen is nearer."""
_HEAD_CORE: Final = 0.15
"""In sides of the box of a head that is no face: what at its rim is hair or air, and need not be covered so."""
_BODY_RIM: Final = 0.085
"""Heads by which a hidden body is grown: sleeves are soft, and the mask's grain is some 0.03 heads. What covers that
fit the head leave free of walls is spent here and on guessed trunks (docs/decisions/0093-covers-that-fit.md)."""
_HAIR_FROM: Final = 50
_HAIR_RIM: Final = 0.10
"""In heads: where a body was read a cover reaches no further than this, and a rim, around what is at least so surely
(of 255) of the person: hair that stands out is, and the wall beside it is not. The face is covered anyway."""
_RIM: Final = 3
_SOURCE_RIM: Final = 8
"""Pixels around a cover: in the published picture, and in the source, whose JPEG blocks have this side: their ringing
reaches no further."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How little may be left, and what is preferred.

    Attributes:
        smallest_edge: pixels, of a cropped picture's short edge.
        smallest_share: 0..1, of the picture's area that a crop has to keep, or silhouettes have to leave visible.
        least_worth: 0..1, what a rewrite has to be worth to leave.
        by_worth: the candidate that is worth most, rather than the first kind that is possible.
        clothes: a crop may show sleeves and lap beside a kept hand.
        figures: drawn figures stand where people were.
    """

    smallest_edge: int = 400
    smallest_share: float = 0.12
    least_worth: float = 0.0
    by_worth: bool = True
    clothes: bool = True
    figures: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Somebody who may not be seen: `head` is where it was found, `cover` the whole head rather too large, `cells` the
    body, `height` that of the head in pixels, `guessed` that the body was not read, `hips` the y of the
    hips and `joints` those of the body where they are known; `again` that a later pass found it in what was hidden
    already, or in a hand: it is painted, and nobody else."""

    head: Face | Head
    cover: Polygon
    cells: Mask
    height: float
    guessed: bool
    hips: float | None
    joints: Joints | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a rewrite has to do with. Masks of pixels have the picture's size, masks of cells the grid's.

    Attributes:
        grid: the cells.
        hidden: the people who may not be seen.
        alone: cells of people of whom no head was found.
        cut: cells of people seen from behind of whom covers leave too little: painted whole where people are.
        covers: pixels painted to hide heads, whatever is kept; less what is nearer to somebody who may be seen.
        covered: cells that covers touch.
        marks: pixels painted for other reasons.
        approved: whole heads of the people who may be seen, as far as they lie in the picture.
        faces: their faces, which may reach beyond it.
        backs: heads positively seen from behind that may remain, as far as they lie in the picture.
        shown: cells of people who may be seen, turned away or approved.
        people: cells of everybody, whoever may be seen, and of hands.
        hands: hands that may remain.
        overlap: the face of somebody hidden meets that of somebody who may be seen.
    """

    grid: Grid
    hidden: tuple[Hidden, ...]
    alone: Mask
    cut: Mask
    covers: Mask
    covered: Mask
    marks: Mask
    approved: tuple[Box, ...]
    faces: tuple[Box, ...]
    backs: tuple[Box, ...]
    shown: Mask
    people: Mask
    hands: tuple[Hand, ...]
    overlap: bool

    @property
    def width(self) -> int:
        return self.grid.width

    @property
    def height(self) -> int:
        return self.grid.height

    @property
    def bodies(self) -> Mask:
        """Cells of everybody who may not be seen, less what is surer of somebody who may."""
        return np.asarray(_any([self.alone, *(one.cells for one in self.hidden)], self.grid) & ~self.shown)


def hidden_of(seen: Seen, may_be_seen: Collection[Subject], remain: Collection[str]) -> frozenset[Subject]:
    """Who has to be hidden: not those who may be seen, nor, where backs of heads may remain, who is turned away."""
    turned = [one for one in seen.subjects if one.turned_away] if "back_of_head" in remain else []
    stay = {*turned, *(one for one in seen.counted if one in may_be_seen)}
    return frozenset(one for one in seen.subjects if one not in stay)


def survey(
    seen: Seen,
    may_be_seen: Collection[Subject],
    remain: Collection[str],
    width: int,
    height: int,
    *,
    scale: float,
    marks: Sequence[Box],
    found: Sequence[Face],
    step: int,
) -> Scene:
    """Sorts what was seen; arguments as for `propose`, `scale` published pixels for each of the source."""
    grid, rim = Grid.over(width, height), max(_RIM, _SOURCE_RIM * scale)
    out_of_sight = hidden_of(seen, may_be_seen, remain)
    visible = [one for one in seen.subjects if one not in out_of_sight]
    secret = [(one.head, one.body) for one in seen.subjects if one in out_of_sight]
    secret += [(face, None) for face in found]
    hands = tuple(seen.hands or ()) if "hands" in remain else ()
    faces = [one.head for one in visible if not one.turned_away]

    levels = [body_levels(grid, head, person) for head, person in secret]
    hidden: list[Hidden] = []
    bodies: list[Mask] = []  # not grown, so that what belongs to one does not depend on the step
    covers = np.zeros((height, width), np.bool_)
    for index, ((found_at, person), level) in enumerate(zip(secret, levels, strict=True)):
        unit, cells = float(own_box(found_at).height), sure_cells(level)
        more = [_STEP * earlier * _near(found_at.box, found) * unit for earlier in range(step + 1)]
        late = index >= len(secret) - len(found)
        again = late and _belongs(found_at, bodies, grid, hands)
        # What is left beside the cover of a head lies in the box: no margins as around what is hardly a face.
        head = replace(found_at, score=1.0) if again and _in(covers, found_at.box) else found_at
        if again:
            # What a later pass found in somebody who is painted, or took a hand for, has no body of its own.
            cells = np.zeros_like(cells)
        bodies.append(cells)
        cells = grown_cells(cells, (_BODY_RIM * unit + more[-1]) / grid.grain)
        guessed = person is None or person.extent is None
        hips, joints = (person.hips, person.joints) if person else (None, None)
        hidden.append(Hidden(head, head_shape(head, more[-1]), cells, unit, guessed, hips, joints, again))
        # Those of earlier steps too, so that no step shows more than the one before.
        shapes = [_outline(head, by, rim, faces) for by in dict.fromkeys(more)]
        core = grown(_core(head), rim)
        if guessed:
            _cover(covers, grid, shapes, core, None)
        else:
            _cover(covers, grid, shapes, core, level, (_HAIR_RIM * unit + more[-1] + rim) / grid.grain)

    most = grid.empty()
    for level in levels:
        np.maximum(most, level, out=most)
    backs: list[Box] = []
    cut: list[Mask] = []
    everybody: list[Mask] = []
    shown = np.zeros((grid.rows, grid.columns), np.bool_)
    covered = grid.touched(covers)
    for one in visible:
        own = shown_levels(grid, one.head, one.body)
        everybody.append(sure_cells(own))
        cells = everybody[-1] & (own > most) & ~covered
        if one.turned_away:
            around_head = grid.cells(corners(one.head.box))
            if (cells & around_head).sum() < _WHOLE_BACK * _ELLIPSE * around_head.sum():
                cut.append(everybody[-1])
                continue
            backs += _within([one.head.box], width, height)
        shown |= cells
    alone = [_alone(grid, person) for person in seen.people or () if person.head is None]
    return Scene(
        grid=grid,
        hidden=tuple(hidden),
        alone=_any(alone, grid),
        cut=_any(cut, grid),
        covers=covers,
        covered=covered,
        marks=drawn([grown(corners(mark), rim) for mark in marks], width, height),
        approved=_within([around(head_shape(face)) for face in faces], width, height),
        faces=tuple(face.box for face in faces),
        backs=tuple(backs),
        shown=shown,
        people=_any(
            [shown, sure_cells(most), *alone, *everybody, grid.cells(*map(around_hand, seen.hands or ()))], grid
        ),
        hands=hands,
        overlap=any(face.box.overlap(around(_core(one.head))) for face in faces for one in hidden),
    )


def _alone(grid: Grid, person: PersonRegion) -> Mask:
    """The cells of somebody whose head was not found; all of the box, where no reading says which of it."""
    if person.extent is None:
        return grid.cells(corners(person.box))
    return grown_cells(sure_cells(grid.levels(person.extent)), _BODY_RIM * person.box.width / 3 / grid.grain)


def _within(boxes: Iterable[Box], width: int, height: int) -> tuple[Box, ...]:
    """What of each box lies in the picture."""
    return tuple(inside for box in boxes if (inside := box.within(width, height)))


def _cover(
    covers: Mask, grid: Grid, shapes: Sequence[Polygon], core: Polygon, hair: Levels8 | None, rim: float = 0.0
) -> None:
    """Adds the pixels of the `core` and of polygons; where `hair` is known, of these no more than lies within `rim`
    cells of it; in place."""
    part = grid.around(around(hull([corner for shape in (*shapes, core) for corner in shape])))
    if part is None:
        return
    rows, columns = part
    x, y = columns.start * grid.grain, rows.start * grid.grain
    wide, high = (columns.stop - columns.start) * grid.grain, (rows.stop - rows.start) * grid.grain
    cover = drawn([moved(shape, -x, -y) for shape in shapes], wide, high)
    if hair is not None:
        top, left = (max(side.start - int(rim) - 2, 0) for side in part)
        there = hair[top : rows.stop + int(rim) + 2, left : columns.stop + int(rim) + 2] > _HAIR_FROM
        near = grown_cells(there, rim)[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        cover &= grid.pixels_of(near)
    cover |= drawn([moved(core, -x, -y)], wide, high)
    here = covers[y : y + high, x : x + wide]
    here |= cover[: here.shape[0], : here.shape[1]]


def _in(covers: Mask, box: Box) -> bool:
    """Whether the middle of a box is covered."""
    row, column = (box.top + box.bottom) // 2, (box.left + box.right) // 2
    return 0 <= row < covers.shape[0] and 0 <= column < covers.shape[1] and bool(covers[row, column])


def _near(box: Box, found: Sequence[Face]) -> bool:
    """Whether something was found where a head had been hidden, or beside it."""
    beside = Box.covering(box.left - box.width, box.top - box.height, box.right + box.width, box.bottom + box.height)
    return any(beside.overlap(face.box) for face in found)


def _belongs(face: Face | Head, bodies: Sequence[Mask], grid: Grid, hands: Sequence[Hand]) -> bool:
    """Whether a face that a later pass found lies in somebody who is painted anyhow, or is a hand that was kept."""
    x, y = (face.box.left + face.box.right) / 2, (face.box.top + face.box.bottom) / 2
    row = min(max(int(y / grid.grain), 0), grid.rows - 1)
    column = min(max(int(x / grid.grain), 0), grid.columns - 1)
    if any(body[row, column] for body in bodies):
        return True
    return any(hand.box.overlap(face.box) >= _IN_HAND * face.box.area for hand in hands)


def _core(head: Face | Head) -> Polygon:
    """What of a hidden head is covered whoever is near: a face with a rim, the middle of a head that is none."""
    box = head.box
    if isinstance(head, Face):
        across = down = -_FACE_RIM * max(box.width, box.height)
    else:
        across, down = _HEAD_CORE * box.width, _HEAD_CORE * box.height
    return corners(Box.covering(box.left + across, box.top + down, box.right - across, box.bottom - down))


def _outline(head: Face | Head, by: float, rim: float, visible: Sequence[Face | Head]) -> Polygon:
    """A secret head `by` pixels larger, less what is nearer to the head of somebody who may be seen, and a rim.

    Its own face is always in it.
    """
    if not visible:
        return head_shape(head, by + rim)
    shape, whole = head_shape(head, by), True
    for face in visible:
        if around(shape).overlap(face.box):
            shape, whole = hull((*_core(head), *(nearer(shape, head.box, face.box) or ()))), False
    return head_shape(head, by + rim) if whole else grown(shape, rim)


def _any(masks: Iterable[Mask], grid: Grid) -> Mask:
    together = np.zeros((grid.rows, grid.columns), np.bool_)
    for mask in masks:
        together |= mask
    return together
