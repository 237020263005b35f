"""From what was seen and who may be seen to other pixels: first plans that can be compared, then paint. Both pure."""

from consentguard.vision.rewrite.cover import head_box
from consentguard.vision.rewrite.paint import FIGURE, Paint, apply_plan, paint_frame, painted_twice
from consentguard.vision.rewrite.plan import RewritePlan, plan_rewrite, propose
from consentguard.vision.rewrite.scene import Limits, hidden_of
from consentguard.vision.rewrite.shapes import Mask
from consentguard.vision.rewrite.silhouette import kept_hand

__all__ = [
    "FIGURE",
    "Limits",
    "Mask",
    "Paint",
    "RewritePlan",
    "apply_plan",
    "head_box",
    "hidden_of",
    "kept_hand",
    "paint_frame",
    "painted_twice",
    "plan_rewrite",
    "propose",
]
