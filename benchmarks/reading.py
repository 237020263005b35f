"""Names found and painted on drawn certificates and badges, and what that costs: python benchmarks/reading.py [N]."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import numpy as np
from writing import drawings

from consentguard.vision.imagefile.sandbox import Reader
from consentguard.vision.ocr import shared
from consentguard.wording import Named, Screen

NAMES = [
    ("Amara", "Winterbourne"), ("Ben", "Hollowell"), ("Niamh", "O'Brien"), ("Tobi", "Adeyemi-Clarke"),
    ("Amelia", "Green"), ("Wei", "Zhang"), ("Priya", "Patel"), ("Finlay", "Oakenshaw"),
    ("Rose", "Church"), ("Kofi", "Mensah"), ("Jonas", "Brandt"),
]  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 160
    screen = Screen([Named(f"P{at}", (first,), (last,)) for at, (first, last) in enumerate(NAMES)])
    reader = shared()
    found: defaultdict[str, list[bool]] = defaultdict(list)
    times = []
    for drawn in drawings(count, NAMES, seed=7):
        started = time.perf_counter()
        written = reader.read(drawn.pixels).words
        times.append(time.perf_counter() - started)
        found[drawn.kind].append(hidden(drawn, written, screen) >= 0.98)
    for kind, painted in found.items():
        print(f"{kind:12} {sum(painted):3} of {len(painted)}")
    everything = [each for painted in found.values() for each in painted]
    print(
        f"{'all':12} {sum(everything):3} of {len(everything)} ({np.mean(everything):.1%}), {median(times):.2f} s each"
    )
    smooth = np.random.default_rng(1).integers(60, 200, (6, 8, 3)).astype(np.uint8)
    blank = np.kron(smooth, np.ones((200, 200, 1), np.uint8))
    print(f"without text {_seconds(reader, blank)} a picture of 1600 x 1200")
    for photo in sorted((Path(__file__).parents[1] / "models" / "photographs").glob("*.jpg")):
        pixels = Reader(2048).read(photo.read_bytes()).pixels
        print(f"{photo.name:24} {_seconds(reader, pixels)}, {len(reader.read(pixels).words)} words")


def _seconds(reader, pixels, times: int = 5) -> str:
    """The median, of the clock and of the processor; on a machine that is not busy the first is at most the second."""
    wall, cpu = [], []
    for _ in range(times):
        started, worked = time.perf_counter(), time.process_time()
        reader.read(pixels)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
    return f"{median(wall):.2f} s ({median(cpu):.2f} s of processor)"


def hidden(drawn, written, screen) -> float:
    """The share of the surname's ink that the marks cover."""
    lines: dict[int, list] = {}
    for word in written:
        lines.setdefault(word.line, []).append(word)
    rows = list(lines.values())
    cover = np.zeros(drawn.ink.shape, bool)
    for spotted in screen.in_picture([[word.text for word in row] for row in rows]):
        for line, at in spotted.words:
            box = rows[line][at].box
            cover[max(box.top, 0) : box.bottom, max(box.left, 0) : box.right] = True
    return float((cover & drawn.ink).sum() / drawn.ink.sum())


if __name__ == "__main__":
    main()
