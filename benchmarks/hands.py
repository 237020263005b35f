"""How many hands are found, and how many of the finds are hands, on open sets with labelled hands.

    CONSENTGUARD_EVAL=FOLDER python benchmarks/hands.py [--half odd] [--sets egohands hands_counting] [--limit N]
                                                        [--people 30] [--load PATH/load.py]

FOLDER holds the open sets. A labelled hand is found if the box of an outline overlaps its box by --iou; each find
serves one label. Hands that the photo's frame cuts are counted apart, and of these the slivers: less than 60 pixels
each way are to be seen. Thresholds were chosen on even photos, so odd ones are what counts. "IoU" and "covered" (how
much of the labelled box ours holds) are means over the hands found. Looks and cuts are what the palm and the landmark
model were asked a photo, CPU the median of the processor time of `find`.

A second table is of photos of people, --people of each set, with faces found first, as the guard does it: how many
hands are found, and of how many half of the points lie in a labelled face. Prints both and writes them to
benchmarks/results/hands.md. Times are of this machine and this moment.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import heads
import numpy as np
from PIL import Image

from consentguard.vision.boxes import overlaps
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.hands import HandFinder
from consentguard.vision.imagefile import codec
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore

RESULTS = Path(__file__).parent / "results" / "hands.md"
PEOPLE = ("wider_train", "mafa_masked", "mafa_unmasked", "scut_heads_b")
SEED = 7
LONGEST_EDGE = 2048
RIM = 3
"""Pixels from the frame within which a label counts as cut."""
SLIVER = 60
"""Pixels of its shorter side under which a cut label is a sliver."""

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


class Counted:
    """A network that counts what it is asked."""

    def __init__(self, network: engine.CompiledNetwork) -> None:
        self.network, self.asked = network, 0

    def __call__(self, inputs: np.ndarray) -> object:
        self.asked += len(inputs)
        return self.network(inputs)


class Finder:
    """A hand finder, with what its windows and cuts were and its processor time, one entry a photo."""

    def __init__(self) -> None:
        self._finder = HandFinder.load(ModelStore.default())
        self.label = self._finder.label
        self._finder._palms, self._finder._marks = Counted(self._finder._palms), Counted(self._finder._marks)
        self.costs: list[tuple[float, int, int]] = []

    def find(self, pixels: np.ndarray, *faces: object) -> tuple:
        networks = self._finder._palms, self._finder._marks
        before, start = [network.asked for network in networks], time.process_time()
        hands = self._finder.find(pixels, *faces)
        spent = (time.process_time() - start) * 1000
        self.costs.append((spent, *(network.asked - asked for network, asked in zip(networks, before, strict=True))))
        return hands

    def cost(self) -> list[str]:
        """Looks and cuts a photo and median processor time, since last asked."""
        times, looks, cuts = zip(*self.costs, strict=True)
        self.costs = []
        return [f"{statistics.fmean(looks):.1f}", f"{statistics.fmean(cuts):.1f}", f"{statistics.median(times):.0f} ms"]


@dataclass
class Tally:
    photos: int = 0
    found: dict[str, list[bool]] = field(default_factory=lambda: {"whole": [], "cut": [], "sliver": []})
    finds: int = 0
    ious: list[float] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)

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
            kind = "whole" if not cut else "sliver" if (box[2:] - box[:2]).min() < SLIVER else "cut"
            self.found[kind].append(index in seen)

    def cells(self) -> list[str]:
        every = [seen for kind in self.found.values() for seen in kind]
        kinds = [f"{share(sum(kind), len(kind))} of {len(kind)}" for kind in self.found.values()]
        return [
            *(str(self.photos), str(len(every)), share(sum(every), len(every)), share(len(self.ious), self.finds)),
            *kinds,
            *(f"{statistics.fmean(self.ious or [0]):.2f}", share(sum(self.covered), len(self.covered))),
        ]


def share(part: float, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def header(*names: str) -> list[str]:
    return [row(list(names)), "|" + "---|" * len(names)]


def of_hands(finder: Finder, name: str, options: argparse.Namespace, root: Path) -> str:
    """A line of the first table."""
    photos = list(SETS[name](root))
    photos = photos[{"even": slice(0, None, 2), "odd": slice(1, None, 2), "all": slice(None)}[options.half]]
    if options.limit and len(photos) > options.limit:
        photos = [photos[i] for i in np.linspace(0, len(photos) - 1, options.limit).round().astype(int)]
    tally = Tally()
    for photo, labels in photos:
        with Image.open(photo) as image:
            pixels = np.asarray(image.convert("RGB"))
        found = np.array([hand.box.as_list() for hand in finder.find(pixels)], np.float32).reshape(-1, 4)
        tally.add(found, labels, (pixels.shape[1], pixels.shape[0]), options.iou)
    return row([name, *tally.cells(), *finder.cost()])


def of_people(finder: Finder, name: str, photos: list, look: FaceFinder) -> str:
    """A line of the second table."""
    hands = faces = inside = 0
    for path, labels in photos:
        picture = codec.decode(Path(path).read_bytes(), max_edge=LONGEST_EDGE, max_pixels=10**9)
        found = finder.find(picture.pixels, look.find(picture.pixels))
        # Heads that are labelled are hidden only where they are faces: those of scut_heads_b say nothing here.
        boxes = np.asarray(labels, float).reshape(-1, 4) * picture.scale if name != "scut_heads_b" else []
        hands, faces = hands + len(found), faces + len(boxes)
        inside += sum(any(lies_in(hand.points, box) for box in boxes) for hand in found)
    cells = [str(number) for number in (len(photos), faces, hands, inside)]
    return row([name, *cells, *finder.cost()])


def lies_in(points: tuple, box: np.ndarray) -> bool:
    at = np.array(points)
    return bool(((at >= box[:2]) & (at < box[2:])).all(axis=1).mean() >= 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--half", choices=("even", "odd", "all"), default="odd", help="which photos, by their number")
    parser.add_argument("--limit", type=int, help="at most so many photos a set of hands, spread over it")
    parser.add_argument("--iou", type=float, default=0.3, help="overlap from which a hand is found")
    parser.add_argument("--people", type=int, default=0, help="so many photos of each set of people")
    parser.add_argument("--load", type=Path, help="load.py of the open sets; only for --people")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    root = os.environ.get("CONSENTGUARD_EVAL")
    if not root:
        parser.error("CONSENTGUARD_EVAL: must name the folder of the open sets")
    model_store, finder = ModelStore.default(), Finder()
    lines = [
        "# Hands",
        "",
        f"`benchmarks/hands.py --half {options.half} --people {options.people}`: {finder.label}; IoU {options.iou:g}"
        f"{f', {options.limit} photos a set' if options.limit else ''}; {platform.machine()}, {os.cpu_count()} shared "
        f"cores, inference threads {engine.threads() or 'as the engine likes'}.",
        "",
        *header("set", "photos", "hands", "recall", "precision", "whole", "cut by the frame", "slivers at the frame",
                "IoU", "covered", "looks", "cuts", "CPU"),
    ]  # fmt: skip
    lines += [of_hands(finder, name, options, Path(root)) for name in options.sets]
    if options.people:
        look = FaceFinder.load(model_store)
        every = heads.sets(options.load or Path(root) / "load.py")
        lines += ["", *header("set", "photos", "labelled faces", "hands", "in a labelled face", "looks", "cuts", "CPU")]
        for name in PEOPLE:
            photos = list(every[name])
            random.Random(SEED).shuffle(photos)
            lines.append(of_people(finder, name, photos[: options.people], look))
    table = "\n".join(lines)
    print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
