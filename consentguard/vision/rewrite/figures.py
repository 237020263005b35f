"""Figures: drawn children that stand on the paint where people were, one for each. They hide nothing by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Joints, Pixels
from consentguard.vision.drawn import BODIES, FACES, SHIFT, Colour, Oval, draw_face, shade
from consentguard.vision.rewrite.child import BodyPart, strokes, unit_of, waist

Labels = NDArray[np.uint8]
"""Which figure each pixel or cell belongs to, from 1; 0 for none."""

_HAIR: Final[tuple[Colour, ...]] = ((84, 62, 50), (56, 52, 58), (128, 82, 54), (186, 104, 58), (160, 120, 76))
_TROUSERS: Final[tuple[Colour, ...]] = ((84, 98, 140), (112, 118, 134), (72, 82, 108))
_SHOES: Final = (70, 66, 76)
_WHITE: Final = (255, 255, 255)
_RIM: Final = 0.75
_CLOTHES: Final = 0.88
"""Share of the light of a part of the body that its rim has, and that clothes beside it have."""
_NECK: Final = 0.86
"""Share of the light of a face that a neck has."""
_LINE: Final = 1 / 230
_LINE_OF_HEAD: Final = 0.09
_LINE_LEAST: Final = 1.5
"""Width of outlines: in longer sides of the picture and in heads at most, in pixels at least."""
_FACE_LEAST, _FRINGE_LEAST = 4.0, 16.0
"""Half of a head's height in pixels, of the least whose face has eyes and a mouth, and whose hair has a fringe."""
_FACE_SEEN: Final = 0.98
"""Share of a face that has to be seen for it to be drawn, or the head is from behind: what a figure or the rim of the
picture hides more of is not known again as drawn (docs/decisions/0105-what-a-copy-shows-again.md)."""
_BESIDE: Final = 3
"""Pixels of an outline on each side of one that smooth its stairs."""
_APART: Final = 0.12
"""Heads between the corners of an outline, which is no rougher."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Somebody who is drawn, in pixels.

    Attributes:
        head: the whole head.
        body: the box around all of the figure.
        joints: those of the body; None for a head alone.
        long_hair: hair hangs down on both sides of the head.
        curls: what curly hair around the head takes up; None for none.
        coat: the clothes reach over the knees.
    """

    head: Box
    body: Box
    joints: Joints | None = None
    long_hair: bool = False
    curls: Box | None = None
    coat: bool = False

    def moved(self, x: int, y: int) -> Figure:
        """The same, so many pixels further right and down."""
        joints = None if self.joints is None else tuple((across + x, down + y) for across, down in self.joints)
        curls = None if self.curls is None else _moved(self.curls, x, y)
        return Figure(_moved(self.head, x, y), _moved(self.body, x, y), joints, self.long_hair, curls, self.coat)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "head": self.head.as_list(),
            "body": self.body.as_list(),
            "joints": None if self.joints is None else [list(joint) for joint in self.joints],
            "long_hair": self.long_hair,
            "curls": None if self.curls is None else self.curls.as_list(),
            "coat": self.coat,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Who stands where.

    Attributes:
        labels: of each pixel, read-only uint8.
        people: figure k is `people[k - 1]`.
    """

    labels: Labels
    people: tuple[Figure, ...]

    def __post_init__(self) -> None:
        self.labels.flags.writeable = False

    def as_json(self) -> dict[str, Any]:
        """Plain types: labels as run lengths, row by row, each with its label."""
        flat = self.labels.ravel()
        starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
        lengths = np.diff(np.append(starts, flat.size))
        return {
            "labels": [[int(flat[at]), int(length)] for at, length in zip(starts, lengths, strict=True)],
            "people": [one.as_json() for one in self.people],
        }

    def within(self, frame: Box) -> Figures:
        """The same of a part of the picture, in its pixels."""
        people = tuple(one.moved(-frame.left, -frame.top) for one in self.people)
        return Figures(self.labels[frame.top : frame.bottom, frame.left : frame.right].copy(), people)


def drawn_on(fill: Pixels, figures: Figures, people: NDArray[np.bool_]) -> Pixels:
    """The fill with the figures drawn on it, whose outlines reach a few pixels beyond them.

    A figure that ends where `people` are seen (bool, of the fill's size) stands behind them, and has no outline there.
    """
    labels, result = figures.labels, np.array(fill)
    longest = max(labels.shape) * _LINE
    square = np.ones((2 * round(longest / 2) + 3,) * 2, np.uint8)
    rims = np.asarray(cv2.dilate(people.view(np.uint8), square), np.uint8)
    for label, figure in enumerate(figures.people, 1):
        line = max(min(longest, _LINE_OF_HEAD * figure.head.height), _LINE_LEAST)
        _draw(result, labels, label, figure, line, rims)
    return result


def _draw(picture: Pixels, labels: Labels, label: int, figure: Figure, line: float, rims: NDArray[np.uint8]) -> None:
    """One figure, in place, as far as it is seen; without an outline where `rims` are not 0."""
    height, width = labels.shape
    reach, body = round(line) + 1, figure.body
    inside = Box(body.left - reach, body.top - reach, body.right + reach, body.bottom + reach).within(width, height)
    if inside is None:
        return
    part = (slice(inside.top, inside.bottom), slice(inside.left, inside.right))
    mine = (labels[part] == label).view(np.uint8)
    if not mine.any():
        return
    canvas, here = np.empty((*mine.shape, 3), np.uint8), figure.moved(-inside.left, -inside.top)
    cv2.rectangle(canvas, (0, 0), mine.shape[::-1], shade(BODIES[(label - 1) % len(BODIES)], _CLOTHES), cv2.FILLED)
    if here.joints is not None:
        _body(canvas, here.joints, label, line, unit_of(figure.head), coat=here.coat)
    _head(canvas, here, label, from_behind=_seen_of(_face_of(Oval.of_head(here.head)), mine) < _FACE_SEEN)
    cv2.copyTo(canvas, mine, picture[part])
    # The outline goes on beyond the picture, so that there is none at its rim.
    top, left = reach * (inside.top == 0), reach * (inside.left == 0)
    below, right = reach * (inside.bottom == height), reach * (inside.right == width)
    beyond = cv2.copyMakeBorder(mine, top, below, left, right, cv2.BORDER_REPLICATE)
    found, _ = cv2.findContours(beyond, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(-left, -top))
    apart = min(max(round(_APART * figure.head.height), _BESIDE), 4 * _BESIDE)
    smooth = [_without_stairs(outline[:, 0], apart) for outline in found if len(outline) > _BESIDE]
    plain = picture[part].copy()
    cv2.polylines(picture[part], smooth, True, _WHITE, max(round(line), 1), cv2.LINE_AA, SHIFT)
    cv2.copyTo(plain, rims[part], picture[part])


def _body(canvas: Pixels, joints: Joints, label: int, line: float, unit: float, *, coat: bool) -> None:
    """A body, each part of it a little darker at its rim, on clothes that are wider; in place."""
    shirt, trousers = BODIES[(label - 1) % len(BODIES)], _TROUSERS[(label - 1) % len(_TROUSERS)]
    below = round(waist(joints, unit))
    cv2.rectangle(canvas, (0, below), canvas.shape[1::-1], shade(trousers, _CLOTHES), cv2.FILLED)
    colours = {
        BodyPart.LEG: trousers,
        BodyPart.SHOE: _SHOES,
        BodyPart.COAT: shirt,
        BodyPart.TRUNK: shirt,
        BodyPart.ARM: shirt,
        BodyPart.HAND: FACES[0],
    }
    for part, group in groupby(strokes(joints, unit, coat=coat), lambda stroke: stroke.part):
        together = list(group)
        for stroke in together:
            stroke.fill(canvas, shade(colours[part], _RIM))
        for stroke in together:
            stroke.fill(canvas, colours[part], less=line / 2)


def head_of(head: Box, *, long_hair: bool, curls: Box | None = None) -> tuple[Oval, ...]:
    """The head that is drawn in a box, and its hair: on both its sides, or all around it."""
    oval = Oval.of_head(head)
    locks = tuple(oval.part(0.72 * side, 0.55, 0.4, 0.72) for side in (-1, 1))
    around = () if curls is None else (Oval.within(curls),)
    return (oval, *around, *locks) if long_hair else (oval, *around)


def neck_of(head: Box) -> Oval:
    """The neck beneath the head that is drawn in a box."""
    return Oval.of_head(head).part(0, 0.98, 0.4, 0.42)


def _face_of(head: Oval) -> Oval:
    """Where a head that is drawn has its face."""
    return head.part(0, 0.16, 0.86, 0.8) if head.high >= _FRINGE_LEAST else head.part(0, 0.2, 0.87, 0.77)


def _seen_of(oval: Oval, mine: NDArray[np.uint8]) -> float:
    """Which share of an oval lies on pixels that are set, 0..1."""
    box, whole = oval.box, oval.mask()
    inside = box.within(mine.shape[1], mine.shape[0])
    if inside is None:
        return 0.0
    there = mine[inside.top : inside.bottom, inside.left : inside.right].view(np.bool_)
    part = whole[inside.top - box.top : inside.bottom - box.top, inside.left - box.left : inside.right - box.left]
    return float(np.count_nonzero(part & there) / max(int(np.count_nonzero(whole)), 1))


def _head(canvas: Pixels, figure: Figure, label: int, *, from_behind: bool) -> None:
    """A head with its neck and its hair, in place."""
    head, *locks = head_of(figure.head, long_hair=figure.long_hair, curls=figure.curls)
    hair = _HAIR[(label - 1) % len(_HAIR)]
    light = FACES[0]
    for lock in locks:
        lock.fill(canvas, hair)
    neck_of(figure.head).fill(canvas, shade(light, _NECK))
    head.fill(canvas, hair)
    if from_behind:
        return
    face = _face_of(head)
    face.fill(canvas, light)
    if head.high >= _FRINGE_LEAST:
        head.part(-0.4, -0.62, 0.75, 0.42).fill(canvas, hair)
    if head.high >= _FACE_LEAST:
        draw_face(canvas, face, light)


def _without_stairs(outline: NDArray[Any], apart: int) -> NDArray[np.int32]:
    """One of so many corners (n, 2) of an outline along pixels, as the mean of those beside it, in parts of a pixel."""
    around = np.concatenate([outline[-_BESIDE:], outline, outline[:_BESIDE]])
    means = cv2.blur(around.astype(np.float32), (1, 2 * _BESIDE + 1), borderType=cv2.BORDER_REPLICATE)
    return np.round(means[_BESIDE:-_BESIDE:apart] * 2**SHIFT).astype(np.int32)


def _moved(box: Box, x: int, y: int) -> Box:
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)
