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


def painted_pixels(plan: RewritePlan) -> Mask:
    """Which pixels of the plan's frame become flat colour: bool, shape (height, width) of the frame.

    Bodies with the slits between them, less what is kept, then everything that is covered whatever is kept, and small
    islands among it that show nothing kept.
    """
    frame = plan.frame
    covered = drawn(plan.covered, frame.right, frame.bottom)
    mask = covered
    if plan.painted:
        bodies = covered | drawn(plan.painted, frame.right, frame.bottom)
        reach = _GAP * max(frame.width, frame.height)
        kept = drawn(plan.kept, frame.right, frame.bottom)
        mask = _without_islands(covered | (_closed(bodies, reach) & ~kept), kept)
    return mask[frame.top :, frame.left :]


def apply_plan(pixels: Pixels, plan: RewritePlan, paint: tuple[int, int, int]) -> Pixels:
    """The picture that leaves: RGB uint8, the plan's frame with what is painted in one flat colour.

    What lies under the paint has no influence on the result. Raises ValueError for a plan without a rewrite.
    """
    if plan.rewrite is None:
        raise ValueError("a plan that refuses cannot be applied")
    frame = plan.frame
    picture = pixels[frame.top : frame.bottom, frame.left : frame.right].copy()
    picture[painted_pixels(plan)] = paint
    return frozen_pixels(picture)


def _without_islands(mask: Mask, kept: Mask) -> Mask:
    """The mask, and every part of the rest that is small and holds nothing of what is kept."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < _ISLAND * mask.size
    small[np.unique(labels[kept & ~mask])] = False
    small[0] = True
    return np.asarray(small[labels])


def _closed(mask: Mask, reach: float) -> Mask:
    """The closing of a mask by a disc: grown by `reach` pixels and shrunk again, so that it never loses a pixel."""
    if not mask.any():
        return mask
    grown = _away_from(mask) <= reach
    return mask | (_away_from(~grown) > reach) if not grown.all() else grown


def _away_from(mask: Mask) -> cv2.typing.MatLike:
    """How far each pixel is from the mask, in pixels."""
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
