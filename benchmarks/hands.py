"""How many hands are found, and how many of the finds are hands, on open sets with labelled hands.

    CONSENTGUARD_EVAL=FOLDER python benchmarks/hands.py [--half odd] [--sets egohands hands_counting] [--limit N]

FOLDER holds the open sets. A labelled hand is found if the box of an outline overlaps its box by --iou; each find
serves one label. Hands that the photo's frame cuts are counted apart as well: of some of these only a finger's width is
to be seen. Thresholds were chosen on even photos, so odd ones are what counts. "IoU" and "covered" (how much of the
labelled box ours holds) are means over the hands found, ms is the median of `find`. Prints a table and writes it to
benchmarks/results/hands.txt. Times are of this machine and this moment.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from consentguard.values import Face
from consentguard.vision import engine
from consentguard.vision.centerface import CenterFace
from consentguard.vision.hands import HandFinder
from consentguard.vision.ssd import overlaps
from consentguard.vision.weights import Shelf

RESULTS = Path(__file__).parent / "results" / "hands.txt"
RIM = 3
"""Pixels from the frame within which a label counts as cut."""

Labelled = tuple[Path, np.ndarray]
"""A photo and its hand boxes (n, 4): left, top, right, bottom in pixels."""


def egohands(root: Path) -> Iterator[Labelled]:
    boxes: dict[Path, list[list[float]]] = {}
    for part in ("train", "test"):
        with (root / "egohands" / "images" / part / f"{part}_labels.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                photo = root / "egohands" / row["filename"]
                boxes.setdefault(photo, []).append([float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")])
    yield from ((photo, np.array(rows, np.float32)) for photo, rows in boxes.items() if photo.is_file())


def hands_counting(root: Path) -> Iterator[Labelled]:
    for part in ("train", "test", "valid"):
        for photo in sorted((root / "hands_g8" / part / "images").glob("*.jpg")):
            label = photo.parents[1] / "labels" / f"{photo.stem}.txt"
            if label.is_file():
                with Image.open(photo) as image:
                    size = np.array(image.size)
                rows = np.array([line.split()[1:5] for line in label.read_text().splitlines() if line.strip()], float)
                rows = rows.reshape(-1, 4)
                yield photo, np.hstack([(rows[:, :2] - rows[:, 2:] / 2) * size, (rows[:, :2] + rows[:, 2:] / 2) * size])


SETS: dict[str, Callable[[Path], Iterator[Labelled]]] = {"egohands": egohands, "hands_counting": hands_counting}


@dataclass
class Tally:
    photos: int = 0
    whole: list[bool] = field(default_factory=list)
    cut: list[bool] = field(default_factory=list)
    finds: int = 0
    ious: list[float] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def add(self, found: np.ndarray, labels: np.ndarray, size: tuple[int, int], least: float) -> None:
        """Pairs finds and labels, best overlap first."""
        self.photos += 1
        self.finds += len(found)
        iou = overlaps(found, labels) if len(found) and len(labels) else np.zeros((len(found), len(labels)))
        seen = set()
        while iou.size and iou.max() >= least:
            find, label = np.unravel_index(iou.argmax(), iou.shape)
            self.ious.append(float(iou[find, label]))
            one, other = found[find], labels[label]
            shared = np.clip(np.minimum(one[2:4], other[2:4]) - np.maximum(one[:2], other[:2]), 0, None).prod()
            self.covered.append(float(shared / (other[2:4] - other[:2]).prod()))
            seen.add(int(label))
            iou[find], iou[:, label] = -1, -1
        for index, box in enumerate(labels):
            cut = box[:2].min() < RIM or (box[2:] > np.array(size) - RIM).any()
            (self.cut if cut else self.whole).append(index in seen)

    def line(self, name: str) -> str:
        labels = self.whole + self.cut
        return (
            f"{name:16} {self.photos:6} {len(labels):6} {share(sum(labels), len(labels))} "
            f"{share(len(self.ious), self.finds)} {share(sum(self.whole), len(self.whole))} ({len(self.whole):4}) "
            f"{share(sum(self.cut), len(self.cut))} ({len(self.cut):4}) {statistics.fmean(self.ious or [0]):6.2f} "
            f"{statistics.fmean(self.covered or [0]):8.3f} {statistics.median(self.times or [0]):7.0f}"
        )


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:6.1f} %" if whole else "     - %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--half", choices=("even", "odd", "all"), default="odd", help="which photos, by their number")
    parser.add_argument("--limit", type=int, help="at most so many photos a set, spread over it")
    parser.add_argument("--iou", type=float, default=0.3, help="overlap from which a hand is found")
    parser.add_argument("--faces", action="store_true", help="look for faces too, and refuse hands inside them")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    root = os.environ.get("CONSENTGUARD_EVAL")
    if not root:
        parser.error("CONSENTGUARD_EVAL: must name the folder of the open sets")
    shelf = Shelf.default()
    finder = HandFinder.load(shelf)
    faces = CenterFace.load(shelf) if options.faces else None
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, inference threads {engine.threads() or 'as the engine likes'}",
        f"{finder.label}; {options.half} photos, IoU {options.iou:g}{', faces refused' if faces else ''}",
        f"{'set':16} {'photos':>6} {'hands':>6} {'recall':>8} {'precision':>8} {'whole hands':>15} {'cut by frame':>15}"
        f" {'IoU':>6} {'covered':>8} {'ms':>7}",
    ]
    for name in options.sets:
        photos = list(SETS[name](Path(root)))
        photos = photos[{"even": slice(0, None, 2), "odd": slice(1, None, 2), "all": slice(None)}[options.half]]
        if options.limit and len(photos) > options.limit:
            photos = [photos[i] for i in np.linspace(0, len(photos) - 1, options.limit).round().astype(int)]
        tally = Tally()
        for photo, labels in photos:
            with Image.open(photo) as image:
                pixels = np.asarray(image.convert("RGB"))
            known: tuple[Face, ...] = faces.find(pixels) if faces else ()
            start = time.perf_counter()
            hands = finder.find(pixels, known)
            tally.times.append((time.perf_counter() - start) * 1000)
            found = np.array([hand.box.as_list() for hand in hands], np.float32).reshape(-1, 4)
            tally.add(found, labels, (pixels.shape[1], pixels.shape[0]), options.iou)
            if sys.stderr.isatty():
                print(f"\r{name} {tally.photos}/{len(photos)}", end="", file=sys.stderr)
        lines.append(tally.line(name))
    table = "\n".join(lines)
    print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
