"""Where the time of one photo went, stage by stage. Off the hot path: two clock readings a stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

STAGES: Final = ("decode", "detect", "embed", "match", "content", "plan", "paint", "encode", "verify", "record")
"""In the order of the guard; `detect` holds faces, heads, hands and people."""

_running: ContextVar[dict[str, float] | None] = ContextVar("consentguard_stages", default=None)


@contextmanager
def timed() -> Iterator[None]:
    """Collects the stages of one photo, each thread its own; `so_far` reads them."""
    token = _running.set({})
    try:
        yield
    finally:
        _running.reset(token)


def so_far() -> Mapping[str, float]:
    """Stage -> milliseconds of what is being collected here, as it stands; empty where nobody collects."""
    return dict(_running.get() or {})


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Adds the wall time of what it wraps to a stage of whoever collects; to nothing where nobody does."""
    stages = _running.get()
    if stages is None:
        yield
        return
    start = time.perf_counter()
    try:
        yield
    finally:
        stages[name] = stages.get(name, 0.0) + (time.perf_counter() - start) * 1000
