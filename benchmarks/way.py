"""The way of one photo through the guard: which of its files are entered, in which order and how often.

`python benchmarks/way.py [PHOTO]` releases a photo twice, the second time watched: a file of `consentguard/guard/` is
entered whenever a call comes from another file. A generator that goes on, as at the end of a `with` block, is the same
call; an attribute that a value works out is none. Calls of threads are not seen.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType

import consentguard
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import Refused
from consentguard.guard.guard import Guard
from consentguard.vision.models.store import ModelStore, manifest

ROOT = Path(consentguard.__file__).parent
SAMPLE = ROOT.parent / "consent_register.csv"


def main() -> None:
    photo = Path(sys.argv[1]).read_bytes() if sys.argv[1:] else ModelStore.default().read(manifest()["photo-partial"])
    with tempfile.TemporaryDirectory() as folder:
        guard = Guard(Register.load(SAMPLE), Policy.shipped(), state=State.create(Path(folder) / "state"))
        release(guard, photo)
        outcome, guards, others = entered(partial(release, guard, photo))
    print(f"{outcome}; files of guard/ in the order in which they are entered, and how often:")
    for name, times in guards.items():
        print(f"{times:4} {name}")
    there = ", ".join(f"{name} {times}" for name, times in sorted(others.items()))
    print(f"{len(others)} files of other rooms are called from there, and how often: {there}")


def is_attribute(frame: FrameType) -> bool:
    """Whether a call is a value's attribute being read."""
    return isinstance(getattr(type(frame.f_locals.get("self")), frame.f_code.co_name, None), property)


def entered(call: Callable[[], str]) -> tuple[str, Counter[str], Counter[str]]:
    """What a call returns, how often it enters each file of `guard/`, and each other file of ours from there."""
    guards: Counter[str] = Counter()
    others: Counter[str] = Counter()
    generators: set[FrameType] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        before = frame.f_back
        if event != "call" or before is None or frame in generators:
            return
        if frame.f_code.co_flags & CO_GENERATOR:
            generators.add(frame)
        to, came = (Path(each.f_code.co_filename) for each in (frame, before))
        if to == came or not to.is_relative_to(ROOT) or is_attribute(frame):
            return
        if to.parent == ROOT / "guard":
            guards[to.name] += 1
        elif came.parent == ROOT / "guard":
            others[to.relative_to(ROOT).as_posix()] += 1

    sys.setprofile(watch)
    try:
        return call(), guards, others
    finally:
        sys.setprofile(None)


def release(guard: Guard, photo: bytes) -> str:
    try:
        guard.release(photo)
    except Refused as error:
        return f"refused: {', '.join(error.verdict.reasons)}"
    return "released"


if __name__ == "__main__":
    main()
