"""Paint: the pixels of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from consentguard.values import Pixels, frozen_pixels
from consentguard.vision.rewrite.shapes import Mask, drawn

if TYPE_CHECKING:
    from consentguard.vision.rewrite.plan import RewritePlan

_GAP: Final = 0.02
"""In longer sides of the frame: what lies between two people and is not twice as wide is painted with them."""

_ISLAND: Final = 0.01
"""Share of the picture under which what is left between silhouettes is no place to be seen any more."""

_CELL: Final = 4
"""Pixels a side of the cells in which slits and islands are looked for: a sixteenth of the work, and nobody sees it."""


def painted_pixels(plan: RewritePlan) -> Mask:
    """Which pixels of the plan's frame become flat colour: bool, shape (height, width) of the frame.

    Bodies with the slits between them, less what is kept, then everything that is covered whatever is kept, and small
    islands among it that show nothing kept.
    """
    frame = plan.frame
    mask = drawn(plan.covered, frame.right, frame.bottom)
    if plan.painted:
        kept = drawn(plan.kept, frame.right, frame.bottom)
        bodies = mask | drawn(plan.painted, frame.right, frame.bottom)
        slits = _whole(_slits(bodies, _GAP * max(frame.width, frame.height)), mask.shape, calm=True)
        mask |= (bodies | slits) & ~kept
        mask |= _whole(_islands(mask, kept), mask.shape)
    return mask[frame.top :, frame.left :]


def apply_plan(pixels: Pixels, plan: RewritePlan, paint: tuple[int, int, int]) -> Pixels:
    """The picture that leaves: RGB uint8, the plan's frame with what is painted in one flat colour.

    What lies under the paint has no influence on the result. Raises ValueError for a plan without a rewrite.
    """
    if plan.rewrite is None:
        raise ValueError("a plan that refuses cannot be applied")
    frame = plan.frame
    picture = np.ascontiguousarray(pixels[frame.top : frame.bottom, frame.left : frame.right])
    flat = cv2.merge([np.full(picture.shape[:2], level, np.uint8) for level in paint])
    painted = cv2.copyTo(flat, painted_pixels(plan).astype(np.uint8), picture.copy())
    return frozen_pixels(painted.astype(np.uint8, copy=False))


def _slits(mask: Mask, reach: float) -> Mask:
    """The cells that a disc of `reach` pixels cannot enter beside the mask without touching it: its closing, less the
    outermost cells, which belong to the outline. A larger mask never has fewer of them."""
    some = _shares(mask) > 0
    if not some.any():
        return some
    grown = _away_from(some) <= reach / _CELL
    closed = _away_from(~grown) > reach / _CELL if not grown.all() else grown
    return np.asarray(cv2.erode(closed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _islands(mask: Mask, kept: Mask) -> Mask:
    """The cells of every part of the rest that is small and holds nothing of what is kept."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((_shares(mask) < _FULL).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < _ISLAND * labels.size
    small[labels[_shares(kept & ~mask) > 0]] = False
    small[0] = False
    return np.asarray(small[labels])


def _away_from(mask: Mask) -> cv2.typing.MatLike:
    """How far each cell is from the mask, in cells."""
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)


_FULL: Final = 255
_HALF: Final = 0.5


def _shares(mask: Mask) -> cv2.typing.MatLike:
    """How full each cell is, 0 to 255, over 0 where a single pixel is set; its last pixels go on beyond the mask."""
    height, width = mask.shape
    whole = mask.astype(np.uint8) * np.uint8(_FULL)
    edged = cv2.copyMakeBorder(whole, 0, -height % _CELL, 0, -width % _CELL, cv2.BORDER_REPLICATE)
    size = (edged.shape[1] // _CELL, edged.shape[0] // _CELL)
    return cv2.resize(edged, size, interpolation=cv2.INTER_AREA)


def _whole(cells: Mask, shape: tuple[int, ...], *, calm: bool = False) -> Mask:
    """The pixels of cells, in a mask of this shape; if `calm` with corners cut, so that no stairs are seen."""
    size = (cells.shape[1] * _CELL, cells.shape[0] * _CELL)
    if calm:
        soft = cv2.GaussianBlur(cells.astype(np.float32), (0, 0), 1.0)
        pixels = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR) > _HALF
    else:
        pixels = cv2.resize(cells.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(pixels[: shape[0], : shape[1]])
