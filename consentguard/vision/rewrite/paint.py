"""Paint: the pixels of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentguard.values import Pixels, frozen_pixels
from consentguard.vision.rewrite.shapes import Mask, drawn

if TYPE_CHECKING:
    from consentguard.vision.rewrite.plan import RewritePlan


def painted_pixels(plan: RewritePlan) -> Mask:
    """Which pixels of the plan's frame become flat colour: bool, shape (height, width) of the frame."""
    frame = plan.frame
    mask = drawn(plan.painted, frame.right, frame.bottom)
    if plan.kept:
        mask &= ~drawn(plan.kept, frame.right, frame.bottom)
    mask |= drawn(plan.covered, frame.right, frame.bottom)
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
