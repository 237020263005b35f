"""[files]: what is read at all, how, and in which form a picture is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consentguard.consent.policy.toml_keys import Keys

FORMATS: Final = ("jpeg", "png", "webp")
SAMPLINGS: Final = ("4:2:0", "4:4:4")


@dataclass(frozen=True, slots=True)
class FileRules:
    """Limits of what comes in (megabytes, pixels, bytes of pixels for each byte of file), and the form of what leaves.

    `max_seconds` and `max_memory` (megabytes) are the decoder's where `isolate` gives it a process of its own.
    """

    max_megabytes: int = 100
    max_side: int = 30_000
    max_ratio: int = 2000
    frames: str = "refuse"
    isolate: bool = True
    max_seconds: int = 15
    max_memory: int = 1500
    format: str = "jpeg"
    sampling: str = "4:2:0"

    @classmethod
    def read(cls, keys: Keys) -> FileRules:
        usual = cls()
        return cls(
            max_megabytes=keys.whole("max_megabytes", 1, 250, usual.max_megabytes),
            max_side=keys.whole("max_side", 64, 65_535, usual.max_side),
            max_ratio=keys.whole("max_ratio", 10, 1_000_000, usual.max_ratio),
            frames=keys.choice("frames", ("refuse", "first_frame"), usual.frames),
            isolate=keys.flag("isolate", usual.isolate),
            max_seconds=keys.whole("max_seconds", 1, 600, usual.max_seconds),
            max_memory=keys.whole("max_memory", 200, 16_000, usual.max_memory),
            format=keys.choice("format", FORMATS, usual.format),
            sampling=keys.choice("sampling", SAMPLINGS, usual.sampling),
        )
