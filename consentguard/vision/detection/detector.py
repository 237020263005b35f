"""Which detectors there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.protocol import Detector
from consentguard.vision.detection.yunet import YuNet
from consentguard.vision.models.store import ModelStore

__all__ = ["DETECTORS", "Detector"]

DETECTORS: Mapping[str, Callable[[ModelStore], Detector]] = MappingProxyType(
    {"centerface": FaceFinder.load, "yunet": YuNet.load}
)
"""Every detector by name. Each passes the same suite, tests/vision/test_detectors.py."""
