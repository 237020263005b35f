"""How long the guard takes for one photo, on the photographs of demo and tests.

    python benchmarks/release.py

Prints the machine, then the median and the spread of `inspect` and `release` (verification and audit included) over
nine rounds for each photograph, and writes the same to benchmarks/results/release.txt. Times are of this machine and
this moment; compare only within one table.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from consentguard import Guard, Policy, Register, State
from consentguard.vision import codec
from consentguard.vision.weights import Shelf, manifest

ROUNDS = 9
RESULTS = Path(__file__).parent / "results" / "release.txt"


def milliseconds(action: Callable[[], object]) -> list[float]:
    """`ROUNDS` times of an action, after one that does not count."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return times


def shown(times: list[float]) -> str:
    return f"{statistics.median(times):7.0f} ({min(times):.0f}-{max(times):.0f})"


def main() -> None:
    register = Register.parse(b"id,role,legal_forename,legal_surname\nX1,other,No,Body\n", "nobody consented")
    policy = replace(Policy.shipped(), remain=frozenset({"body"}))
    shelf = Shelf.default()
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        f"milliseconds over {ROUNDS} rounds: median (range)",
        f"{'photograph':16} {'pixels':12} {'decode':>18} {'inspect':>18} {'release':>18}",
    ]
    with TemporaryDirectory() as folder:
        guard = Guard(register, policy, state=State.create(Path(folder) / "state"))
        for card in manifest().values():
            if card.group != "photographs":
                continue
            photo = shelf.read(card)
            picture = codec.decode(photo, max_edge=2048, max_pixels=10**9)
            columns = [
                milliseconds(lambda photo=photo: codec.decode(photo, max_edge=2048, max_pixels=10**9)),
                milliseconds(lambda photo=photo: guard.inspect(photo)),
                milliseconds(lambda photo=photo: guard.release(photo)),
            ]
            size = f"{picture.source_width}x{picture.source_height}"
            lines.append(f"{card.name:16} {size:12} " + " ".join(f"{shown(times):>18}" for times in columns))
    table = "\n".join(lines)
    print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
