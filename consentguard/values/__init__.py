"""The nouns of the library: frozen, and valid from birth."""

from consentguard.values.geometry import (
    Box,
    Face,
    Hand,
    Head,
    Notice,
    Person,
    Picture,
    Pixels,
    Point,
    Seen,
    frozen_pixels,
)
from consentguard.values.released import Grounds, Released, make_released, sealed_statement
from consentguard.values.verdict import (
    Action,
    Finding,
    JudgedFace,
    Mode,
    Outcome,
    Rewrite,
    Standing,
    Verdict,
    canonical,
)

__all__ = [
    "Action",
    "Box",
    "Face",
    "Finding",
    "Grounds",
    "Hand",
    "Head",
    "JudgedFace",
    "Mode",
    "Notice",
    "Outcome",
    "Person",
    "Picture",
    "Pixels",
    "Point",
    "Released",
    "Rewrite",
    "Seen",
    "Standing",
    "Verdict",
    "canonical",
    "frozen_pixels",
    "make_released",
    "sealed_statement",
]
