"""Worth: how likely it is that what would be left of a picture would be published, 0..1.

Nothing of somebody who may not be seen adds to it but hands with their work, and backs of heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box
from consentguard.vision.boxes import shared
from consentguard.vision.rewrite.ground import Frames, Ground, Painted, in_cells, largest, sums
from consentguard.vision.rewrite.placement import Placement
from consentguard.vision.rewrite.scene import Scene
from consentguard.vision.rewrite.shapes import Mask, share_of

_WEIGHTS: Final = MappingProxyType(
    {
        "to begin with": -0.23,
        "paint": -2.58,
        "paint in the middle": -3.18,
        "wide paint": -0.52,
        "shreds": -0.62,
        "nothing wide seen": -1.13,
        "dark": -1.5,
        "plain": -1.31,
        "things": 0.86,
        "colour": 0.58,
        "hand at the rim": -0.43,
        "hands unpainted": 0.45,
        "backs": 2.76,
        "approved": 1.5,
        "cut": -1.2,
        "ceiling": -0.8,
        "ground": -0.52,
        "small": -0.14,
        "nobody": -0.8,
    }
)
"""What each feature of `features` adds to the log odds, and to begin with.

A logistic fit on 702 frames of 177 photos, 103 of which one reader would have published; the signs were given. Set by
hand: approved people, whom no labelled frame had, and hands in a crop, of which it was undecided: policy names them.
docs/decisions/0080-worth-is-fitted.md.
"""
_WEIGHTS_WITH_FIGURES: Final = MappingProxyType(
    {
        "to begin with": 0.29,
        "paint": -0.33,
        "paint in the middle": -0.72,
        "wide paint": -0.91,
        "largest figure": -1.15,
        "whole figures": 0.48,
        "cut figures": -0.16,
        "cut face": -0.78,
        "faceless": -0.91,
        "dark": -0.41,
        "plain": -0.88,
        "things": 1.55,
        "colour": 1.01,
        "hand at the rim": -0.13,
        "hands unpainted": 0.59,
        "backs": 0.36,
        "approved": 1.5,
        "cut": -2.13,
        "ceiling": -0.57,
        "ground": -0.98,
        "small": -0.2,
        "nobody": -0.68,
    }
)
"""The same where drawn figures stand on the paint: fitted alike on 450 frames of 163 photos, of which three readers who
did not know the code would have published 82; approved people as above. What it begins with is that of 430 frames of
161 other photos with figures that have arms and legs. docs/decisions/0095-figures.md.
"""
_HALF_AT: Final = 0.33
_HALF_AT_WITH_FIGURES: Final = 0.3
"""The chance of being published that is worth .5. Few frames of any photo would be, so it is low."""
_MANY_FIGURES: Final = 5.0
"""Whole figures that are as good as more."""
_PART: Final = 0.002
"""Share of a frame from which a figure counts there."""
_FACELESS_PART: Final = 0.01
"""Share of a frame from which it counts that a figure's face is not there."""
_WHOLE_FIGURE: Final = 0.95
"""Share of a figure in a frame from which it is whole."""
_CUT_FIGURE: Final = 0.9
"""Share of a figure in a frame under which it is cut."""
_FIGURE_THERE: Final = 0.05
"""Share of a figure in a frame from which it is there at all."""
_FEW_RIMS: Final = 4.0
"""Lengths of the outlines of paint, in sides of the frame, beyond which they are shreds."""
_WIDEST: Final = 0.45
"""Radius of the widest part that is seen, in longer sides of the frame, that is enough."""
_WIDE_PAINT: Final = 0.2
"""Radius of the widest part that is painted, in longer sides of the frame, that counts whole."""
_DIM: Final = 80.0
"""Levels of light from which a frame is not dark."""
_SHARP: Final = 8.0
"""Levels of the Laplacian from which a cell is sharp."""
_ENOUGH: Final = 0.2
"""Share of sharp cells that is enough."""
_STRONG: Final = 30.0
"""Levels of the Laplacian from which a cell shows things or writing."""
_MANY: Final = 0.4
"""Share of such cells that is enough."""
_COLOUR: Final = 60.0
"""How colourful is colourful."""
_LOW: Final = 0.8
"""A frame that ends above this share of the photo's height is a ceiling."""
_GROUND: Final = 0.3
"""A frame of nobody that begins below this share of the photo's height is ground."""
_MIDDLE: Final = 0.2
"""Share of a frame that is cut away on each side of its middle."""
_INNER: Final = 0.3
"""How far from the middle of a frame, in its sides, the best placed hand may be at no cost."""
_WHOLE: Final = 0.97
"""Share of a hand's box from which it is whole."""
_UNPAINTED: Final = 0.02
"""Share of paint under which hands are not among paint."""
_BACKS: Final = 5.0
"""One by the share of the frame that backs of heads have to take up."""
_SMALL: Final = 400.0
"""Pixels of a short edge under which a frame is small."""
_MOSTLY: Final = 0.5
"""Share that is painted, or cut off, from which a hand, or a figure's face, is not seen."""
_COARSE: Final = 4
"""Cells a side of the coarser grid for widths."""
_COVERED: Final = 0.5
"""What a picture is worth at least of which only heads are painted over."""


def worths(
    scene: Scene, ground: Ground, painted: Painted, frames: Frames, figures: Placement | None = None
) -> NDArray[np.float64]:
    """What each frame, in pixels, is worth with these pixels of the picture painted over.

    `figures` stand on the paint, where policy wants any; None where it wants none.
    """
    if not len(frames):
        return np.zeros(0)
    columns = features(scene, ground, painted, frames)
    weights, half_at = _WEIGHTS, _HALF_AT
    if figures is not None:
        weights, half_at = _WEIGHTS_WITH_FIGURES, _HALF_AT_WITH_FIGURES
        columns |= figure_features(figures, frames)
    odds = weights["to begin with"] - np.log(half_at / (1 - half_at))
    for name in weights:  # in their order: a sum of floats depends on it
        odds = odds + weights[name] * columns[name] if name in columns else odds
    return np.asarray(1 / (1 + np.exp(-odds)))


def features(scene: Scene, ground: Ground, paint: Painted, frames: Frames) -> dict[str, NDArray[np.float64]]:
    """What of each frame says whether it would be published, about 0..1 each."""
    grid = scene.grid
    at = in_cells(scene, frames)
    size = np.maximum(at[:, 2:] - at[:, :2], 1)
    cells = size.prod(axis=1)
    full, detail = paint.full, ground.detail
    painted = sums(full, at)
    seen = np.maximum(cells - painted, 1)
    inset = (size * _MIDDLE).astype(np.int64)
    inner = np.hstack([at[:, :2] + inset, at[:, 2:] - inset])
    inner_cells = np.maximum((inner[:, 2:] - inner[:, :2]).prod(axis=1), 1)
    rims = sums(_rims(paint.touched), at) / np.sqrt(cells)
    sharp, strong = sums((detail > _SHARP) & ~full, at) / seen, sums((detail > _STRONG) & ~full, at) / seen
    hands = [hand.box for hand in scene.hands if _seen(paint.pixels, hand.box)]
    held = inside(frames, hands) > _WHOLE
    backs = inside(frames, scene.backs) == 1
    faces = [box for face in scene.faces if (box := face.within(scene.width, scene.height))]
    approved = (inside(frames, faces) == 1).any(axis=1)
    empty = ~(approved | backs.any(axis=1) | held.any(axis=1))
    pixels = frames[:, 2:] - frames[:, :2]
    columns = {
        "paint": painted / cells,
        "paint in the middle": sums(full, inner) / inner_cells,
        "wide paint": _widest(~full, at) / _WIDE_PAINT,
        "shreds": np.clip(rims / _FEW_RIMS - 1, 0, 1),
        "nothing wide seen": 1 - np.minimum(_widest(full, at) / _WIDEST, 1),
        "dark": np.clip(1 - sums((ground.light * ~full).astype(np.float32), at) / seen / _DIM, 0, 0.5),
        "plain": np.clip(1 - sharp / _ENOUGH, 0, 1),
        "things": np.clip(strong / _MANY, 0, 1),
        "colour": np.clip(_colourful(ground.colours, full, at, seen) / _COLOUR, 0, 1),
        "hand at the rim": _off(frames, hands, held),
        "hands unpainted": held.any(axis=1) & (painted < _UNPAINTED * cells),
        "backs": np.clip(_BACKS * (backs @ _areas(scene.backs)) / pixels.prod(axis=1), 0, 1),
        "approved": approved,
        "cut": 1 - np.sqrt(cells / (grid.rows * grid.columns)),
        "ceiling": np.clip((_LOW - frames[:, 3] / scene.height) / 0.3, 0, 1),
        "ground": empty * np.clip((frames[:, 1] / scene.height - _GROUND) / 0.3, 0, 1),
        "small": np.clip((_SMALL - pixels.min(axis=1)) / 200, 0, 1),
        "nobody": empty,
    }
    return {name: np.asarray(column, np.float64) for name, column in columns.items()}


def figure_features(figures: Placement, frames: Frames) -> dict[str, NDArray[np.float64]]:
    """The same of the figures that stand in each frame."""
    grid, people = figures.grid, figures.people
    counts = np.bincount(figures.owner.ravel(), minlength=len(people) + 1)[1:]
    bodies = [one.body.within(grid.width, grid.height) if count else None
              for one, count in zip(people, counts, strict=True)]  # fmt: skip
    there = [index for index, body in enumerate(bodies) if body is not None]
    none = np.zeros(len(frames))
    if not there:
        return dict.fromkeys(("largest figure", "whole figures", "cut figures", "cut face", "faceless"), none)
    areas = counts[there] * float(grid.grain**2)
    inside_it = inside(frames, [body for body in bodies if body is not None])
    part = inside_it * areas / (frames[:, 2:] - frames[:, :2]).prod(axis=1)[:, None]
    face = inside(frames, [people[index].head for index in there])
    face_cut = (face > _FIGURE_THERE) & (face < _WHOLE_FIGURE)
    return {
        "largest figure": part.max(axis=1),
        "whole figures": np.minimum(((inside_it > _WHOLE_FIGURE) & (part > _PART)).sum(axis=1) / _MANY_FIGURES, 1),
        "cut figures": (((inside_it > _FIGURE_THERE) & (inside_it < _CUT_FIGURE)) * part).sum(axis=1),
        "cut face": (face_cut * np.sqrt(part)).max(axis=1),
        "faceless": (((part > _FACELESS_PART) & (face < _MOSTLY)) * part).sum(axis=1),
    }


def _areas(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([box.area for box in boxes], np.float64)


def _off(frames: Frames, hands: Sequence[Box], held: Mask) -> NDArray[np.float64]:
    """How far off the middle of each frame the best placed of the hands is that it holds; 0 where it holds none."""
    if not hands:
        return np.zeros(len(frames))
    middles = np.array([((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in hands])
    place = (middles[None] - frames[:, None, :2]) / (frames[:, 2:] - frames[:, :2])[:, None]
    off = np.where(held, np.abs(place - 0.5).max(axis=2), 0.5).min(axis=1)
    return np.asarray(np.where(held.any(axis=1), np.clip(off - _INNER, 0, None) / (0.5 - _INNER), 0))


def _widest(full: Mask, at: Frames) -> NDArray[np.float64]:
    """The radius of the widest part of each frame that is seen, in its longer side."""
    away = cv2.distanceTransform((~full).view(np.uint8), cv2.DIST_L2, 5)
    padded = cv2.copyMakeBorder(away, 0, -away.shape[0] % _COARSE, 0, -away.shape[1] % _COARSE, cv2.BORDER_CONSTANT)
    rows = np.maximum.reduce([padded[start::_COARSE] for start in range(_COARSE)])
    coarse = np.maximum.reduce([rows[:, start::_COARSE] for start in range(_COARSE)])
    radius = largest(coarse, np.hstack([at[:, :2] // _COARSE, -(-at[:, 2:] // _COARSE)]))
    return np.asarray(radius / np.maximum((at[:, 2:] - at[:, :2]).max(axis=1), 1))


def _colourful(whole: NDArray[np.uint8], full: Mask, at: Frames, seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """How colourful what is seen of each frame is (Hasler and Suesstrunk 2003), 0 to about 100."""
    red, green, blue = (channel.astype(np.float32) for channel in cv2.split(whole * ~full[..., None]))
    spread = mean = np.zeros(len(at))
    for axis in (red - green, (red + green) / 2 - blue):
        first, second = sums(axis, at) / seen, sums(axis * axis, at) / seen
        spread, mean = spread + np.maximum(second - first**2, 0), mean + first**2
    return np.asarray(np.sqrt(spread) + 0.3 * np.sqrt(mean))


def _rims(painted: Mask) -> NDArray[np.float32]:
    """Cells along the outlines of paint, those of the picture's own rim aside, halved as a line is two cells wide."""
    edge = cv2.morphologyEx(painted.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    edge[[0, -1], :] = 0
    edge[:, [0, -1]] = 0
    return np.asarray(edge / 2, np.float32)


def _seen(hidden: Mask, box: Box) -> bool:
    """Whether most of a box is left to be seen."""
    return share_of(hidden[box.top : box.bottom, box.left : box.right]) < _MOSTLY


def worth_of_covers(hidden: Mask) -> float:
    """What a picture is worth of which only heads are painted over: the people and what they do are still there."""
    return _COVERED + (1 - _COVERED) * (1.0 - share_of(hidden))


def inside(frames: Frames, boxes: Sequence[Box]) -> NDArray[np.float64]:
    """Which share of each box lies in each frame: (frames, boxes)."""
    if not boxes:
        return np.zeros((len(frames), 0))
    others = np.array([box.as_list() for box in boxes])
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(shared(frames, others) / areas)
