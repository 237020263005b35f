"""From what was seen and who may be seen to other pixels: first a plan that can be read, then paint. Both pure."""

from consentguard.vision.rewrite.cover import head_box
from consentguard.vision.rewrite.paint import apply_plan, painted_pixels
from consentguard.vision.rewrite.plan import RewritePlan, plan_rewrite
from consentguard.vision.rewrite.scene import Limits
from consentguard.vision.rewrite.shapes import BLOCK, Mask
from consentguard.vision.rewrite.silhouette import kept_hand

__all__ = [
    "BLOCK",
    "Limits",
    "Mask",
    "RewritePlan",
    "apply_plan",
    "head_box",
    "kept_hand",
    "painted_pixels",
    "plan_rewrite",
]
