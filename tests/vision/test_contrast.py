"""Faces in a few grey levels, that "auto levels" brings back."""

from __future__ import annotations

import io
from datetime import datetime

import numpy as np
import pytest
from fakes import LONDON, sample_with
from PIL import Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard
from consentguard.values import Outcome
from consentguard.vision.detection.contrast import stretched


def _rgb(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _pressed(photo: np.ndarray, low: int, levels: int) -> np.ndarray:
    """The photo within a few levels, under a black bar, as letters or a logo beside it would be."""
    pressed = np.rint(low + photo.astype(np.float64) * (levels - 1) / 255).astype(np.uint8)
    pressed[: len(pressed) // 12] = 0
    return pressed


@pytest.mark.parametrize(("low", "levels"), [(250, 6), (0, 6), (120, 8)])
def test_a_face_within_a_few_levels_is_found(
    low: int, levels: int, photographs: dict[str, bytes], policy: Policy
) -> None:
    file = io.BytesIO()
    Image.fromarray(_pressed(_rgb(photographs["obama"]), low, levels)).save(file, "PNG")
    guard = Guard(Register.parse(sample_with({}), "register.csv"), policy)
    verdict = guard.inspect(file.getvalue(), name="sheet.png", at=datetime(2026, 11, 20, 10, tzinfo=LONDON))
    assert len(verdict.faces) == 1
    assert verdict.outcome is not Outcome.PUBLISHABLE


def test_only_few_levels_are_stretched(photographs: dict[str, bytes]) -> None:
    assert any(stretched(_rgb(data)) is None for data in photographs.values())
    assert stretched(np.full((64, 64, 3), 250, np.uint8)) is None
    noise = np.random.default_rng(1).integers(240, 250, (64, 64, 3), dtype=np.uint8)
    copy = stretched(noise)
    assert copy is not None
    assert (copy.min(), copy.max()) == (0, 255)
