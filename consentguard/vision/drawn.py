"""The faces of drawn figures, and which boxes of a picture hold one: whoever is drawn is nobody.

A copy that was released may be judged again, and detectors take drawn faces for faces. That one is drawn is not told by
its colours, which a mask or a hood may have: it is drawn again and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Pixels

Colour = tuple[int, int, int]

BODIES: Final[tuple[Colour, ...]] = (
    (98, 178, 160),
    (232, 120, 110),
    (110, 150, 214),
    (132, 186, 100),
    (164, 140, 208),
    (214, 96, 100),
    (110, 190, 222),
    (222, 130, 176),
)
FACES: Final[tuple[Colour, ...]] = ((255, 211, 90),)
"""RGB. No face has the colour of any skin (Cr 135..178, Cb 80..127; Chai and Ngan 1999)."""

SHIFT: Final = 4
"""Fractional bits of OpenCV's drawing coordinates."""
_HIGH, _WIDE = 1.43, 0.9
"""How high a head that is drawn is at most, in the width of its box; its width in its height."""
_DARKER: Final = 0.42
"""Share of the light of a face that eyes and mouth have."""

_NEAR: Final = (10, 10, 10)
_SMALL: Final = 40
_NEAR_SMALL: Final = (12, 16, 16)
"""Levels of 255 by which coding moves a flat colour at most, RGB; in boxes of fewer pixels in height, Y, Cr and Cb:
colours are coded at half the resolution of light, so that those around it run into it."""
_FACE_SHARE: Final = 0.15
_HALF_SHARE: Final = 0.1
"""Shares of the middle of a box, and of its upper and of its lower half, that have one colour of faces, from which it
is compared with a drawn face. Of 12,827 labelled boxes of open sets .16 of the middle have it at most, and .04 of both
halves (benchmarks/drawn.py)."""
_RIM: Final = 6
"""Which part of a box its rim is, on each side."""
_SIDE: Final = 24
"""Points a side at which a box is looked at, at most."""
_TALL: Final = 32
_BESIDE: Final = 0.3
"""Pixels to which the height of a box is brought before it is compared, and what is seen beside it, in heights."""
_SIZES: Final = (18, 20, 22, 24, 26, 28, 31, 34, 37, 41, 45, 49)
_ASPECT: Final = 0.97
"""Heights of the drawn faces that it is compared with, and how wide they are."""
_COVERED: Final = 0.75
"""Share of the middle of a box that the drawn face takes up: who stands half behind a figure is somebody."""
_ALIKE: Final = 0.7
_FLAT, _FLAT_SMALL = 0.6, 0.3
"""Correlation with the drawing, and share of what is light in it that has the colour, from which it is that drawing. Of
101 real faces, half of them masked, none is more than .64 like it, whatever its colour."""
_ROW_SHARE: Final = 0.12
_FEW: Final = 4
_ROWS_ASKED: Final = 0.7
"""Share of the light pixels of any row that have the colour, in rows of more than so few, in so much of the face from
above: between a cap and a mask of it, where skin is seen, none do. On a chin may lie the outline of another."""


@dataclass(frozen=True, slots=True)
class Oval:
    """An upright ellipse: its middle, half of its width and half of its height, in pixels."""

    x: float
    y: float
    wide: float
    high: float

    @classmethod
    def of_head(cls, box: Box) -> Oval:
        """A head that is drawn in the box of one."""
        high = min(box.height, box.width * _HIGH) / 2
        return cls((box.left + box.right) / 2, (box.top + box.bottom) / 2, _WIDE * high, high)

    @classmethod
    def within(cls, box: Box) -> Oval:
        """The ellipse in a box."""
        return cls((box.left + box.right) / 2, (box.top + box.bottom) / 2, box.width / 2, box.height / 2)

    def part(self, x: float, y: float, wide: float, high: float) -> Oval:
        """One whose middle and sides are given in those of this."""
        return Oval(self.x + x * self.wide, self.y + y * self.high, wide * self.wide, high * self.high)

    def over(self, grain: int) -> Oval:
        """The same over cells of so many pixels a side."""
        return Oval(self.x / grain, self.y / grain, self.wide / grain, self.high / grain)

    def larger(self, by: float) -> Oval:
        """The same with so many pixels around it."""
        return Oval(self.x, self.y, self.wide + by, self.high + by)

    @property
    def box(self) -> Box:
        """The box around it."""
        return Box.covering(self.x - self.wide, self.y - self.high, self.x + self.wide, self.y + self.high)

    def mask(self) -> NDArray[np.bool_]:
        """Which pixels of its box are in it, wherever the box lies."""
        # Not drawn into a picture: where its rim cuts an ellipse OpenCV rounds otherwise.
        box = self.box
        mask = np.zeros((box.height, box.width), np.uint8)
        Oval(self.x - box.left, self.y - box.top, self.wide, self.high).fill(mask, 1, cv2.LINE_8)
        return mask.view(np.bool_)

    def fill(self, canvas: NDArray[np.uint8], colour: Colour | int, line: int = cv2.LINE_AA) -> None:
        """Fills it, in place."""
        at, sides = whole_numbers(self.x, self.y), whole_numbers(self.wide, self.high)
        cv2.ellipse(canvas, at, sides, 0, 0, 360, colour, cv2.FILLED, line, SHIFT)


def draw_face(canvas: NDArray[np.uint8], face: Oval, light: Colour) -> None:
    """Two eyes and a mouth on a face of this colour, in place."""
    dark = shade(light, _DARKER)
    for side in (-1, 1):
        face.part(0.4 * side, -0.02, 0.12, 0.14).fill(canvas, dark)
    at, sides = whole_numbers(face.x, face.y + 0.2 * face.high), whole_numbers(0.5 * face.wide, 0.42 * face.high)
    cv2.ellipse(canvas, at, sides, 0, 25, 155, dark, max(1, round(0.12 * face.wide)), cv2.LINE_AA, SHIFT)


def shade(colour: Colour, light: float) -> Colour:
    """A colour with this share of its light."""
    red, green, blue = (round(level * light) for level in colour)
    return red, green, blue


def whole_numbers(x: float, y: float) -> tuple[int, int]:
    """A place in the fractions that OpenCV draws in."""
    return round(x * 2**SHIFT), round(y * 2**SHIFT)


def is_drawn(pixels: Pixels, box: Box) -> bool:
    """Whether what a box holds is the face of a figure that was drawn here; `pixels` RGB uint8 (height, width, 3).

    Mouth and eyes stand where they are drawn, in a face that is one flat colour. What is seen of it in part only, or so
    small that this is blurred, is not told from a real one.
    """
    whole, half, colour = shares(pixels, box)
    return whole >= _FACE_SHARE and half >= _HALF_SHARE and _smiles(pixels, box, FACES[colour])


def shares(pixels: Pixels, box: Box) -> tuple[float, float, int]:
    """Which share of the middle of a box is of the commonest colour of faces, and of its upper or lower half at least,
    0..1; and which colour that is."""
    # The middle: around a real face there may be a hood of any colour.
    across, down = box.width // _RIM, box.height // _RIM
    middle = Box(box.left + across, box.top + down, box.right - across, box.bottom - down)
    inside = middle.within(pixels.shape[1], pixels.shape[0])
    if inside is None or inside.height < 2:
        return 0.0, 0.0, 0
    rows = np.unique(np.linspace(inside.top, inside.bottom - 1, _SIDE).astype(int))
    columns = np.unique(np.linspace(inside.left, inside.right - 1, _SIDE).astype(int))
    near = [_near(pixels[np.ix_(rows, columns)], face, small=box.height < _SMALL) for face in FACES]
    colour = int(np.argmax([each.sum() for each in near]))
    mine = near[colour]
    upper, lower = mine[: len(rows) // 2].mean(), mine[len(rows) // 2 :].mean()
    return float(mine.mean()), float(min(upper, lower)), colour


def _near(pixels: Pixels, colour: Colour, *, small: bool) -> NDArray[np.bool_]:
    """Which pixels have a colour, give or take what coding moves it."""
    wanted = np.full((1, 1, 3), colour, np.uint8)
    if small:
        pixels, wanted = (np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2YCrCb), np.uint8) for each in (pixels, wanted))
    apart = np.abs(pixels.astype(np.int16) - wanted)
    return np.asarray((apart <= (_NEAR_SMALL if small else _NEAR)).all(axis=2))


def _smiles(pixels: Pixels, box: Box, light: Colour) -> bool:
    """Whether a drawn face of this colour takes up a box, give or take what a detector is off."""
    beside = round(_BESIDE * box.height)
    around = Box(box.left - beside, box.top - beside, box.right + beside, box.bottom + beside)
    inside = around.within(pixels.shape[1], pixels.shape[0])
    if inside is None:
        return False
    seen = pixels[inside.top : inside.bottom, inside.left : inside.right]
    factor = _TALL / box.height
    size = (max(round(inside.width * factor), 1), max(round(inside.height * factor), 1))
    seen = np.asarray(
        cv2.resize(seen, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR), np.uint8
    )
    grey = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    small = box.height < _SMALL
    near, flat = _near(seen, light, small=small), _FLAT_SMALL if small else _FLAT
    tall, wide = box.height * factor, box.width * factor
    x, y = (box.left - inside.left) * factor, (box.top - inside.top) * factor
    middle = Box.covering(x + wide / _RIM, y + tall / _RIM, x + wide - wide / _RIM, y + tall - tall / _RIM)
    for size_of_face in _SIZES:
        drawing, face, plain = _drawing(size_of_face, light)
        if drawing.shape[0] > grey.shape[0] or drawing.shape[1] > grey.shape[1]:
            break
        alike = cv2.matchTemplate(grey, drawing, cv2.TM_CCOEFF_NORMED, mask=face)
        _, best, _, (left, top) = cv2.minMaxLoc(np.nan_to_num(alike, nan=-1, posinf=-1, neginf=-1))
        there = near[top : top + drawing.shape[0], left : left + drawing.shape[1]]
        here = Box(left, top, left + drawing.shape[1], top + drawing.shape[0]).overlap(middle)
        if best < _ALIKE or here < _COVERED * middle.area or there[plain].mean() < flat:
            continue
        if _in_every_row(there & plain, plain):
            return True
    return False


def _in_every_row(mine: NDArray[np.bool_], plain: NDArray[np.bool_]) -> bool:
    """Whether enough of what is light in a drawing has its colour in every row above the corners of the mouth."""
    those, of = (np.count_nonzero(each, axis=1) for each in (mine, plain))
    enough = (those >= _ROW_SHARE * of) | (of < _FEW)
    return bool(enough[: round(_ROWS_ASKED * len(enough))].all())


@cache
def _drawing(tall: int, light: Colour) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """A face of so many pixels, grey; 1 where it is seen, without what hair may cover; and what of that is neither eye
    nor mouth nor beside them."""
    wide = round(tall * _ASPECT)
    canvas, seen = np.empty((tall, wide, 3), np.uint8), np.zeros((tall, wide), np.uint8)
    canvas[:] = light
    face = Oval(wide / 2 - 0.5, tall / 2 - 0.5, wide / 2, tall / 2)
    draw_face(canvas, face, light)
    face.part(0, 0, 0.9, 0.9).fill(seen, 1, cv2.LINE_8)
    seen[: round(0.3 * tall)] = 0
    drawing = np.asarray(cv2.blur(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), (3, 3)), np.uint8)
    return drawing, seen, (seen > 0) & (drawing >= drawing.max() - 2)
