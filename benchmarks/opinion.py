"""The second opinion on doubtful boxes: fits its weights, or counts what it drops and what it loses.

    python benchmarks/opinion.py --loader FOLDER --fit
    python benchmarks/opinion.py --loader FOLDER [--photos 80]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. In the
order of seed 77 it fits on photos 780 to 1000 of `wider_train`, 0 to 120 of `mafa_masked`, 0 to 60 of `mafa_unmasked`
and, of `scut_heads_b`, on the first 50 whose name has an even SHA-1; and counts on those from 1500, 400 and 150, and on
odd ones. A box is on nothing by the rule of benchmarks/detection.py, for heads by that of benchmarks/heads.py, and so
are faces found. Every label that is lost is listed by file and place; nothing else of a photo is written.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from backs import even, logistic
from detection import overlaps
from heads import holds
from openset import loader

from consentguard.values import Box, Face
from consentguard.vision.detection import faces as finding
from consentguard.vision.detection import opinion
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

SEED, RIDGE, SURE = 77, 3.0, 0.93
FIT = {"wider_train": (780, 1000), "mafa_masked": (0, 120), "mafa_unmasked": (0, 60), "scut_heads_b": (0, 50)}
FROM = {"wider_train": 1500, "mafa_masked": 400, "mafa_unmasked": 150, "scut_heads_b": 0}
"""Photos to fit on, and the first of those to count on."""


def photos(folder: Path, name: str, first: int, last: int, parity: bool) -> Iterator[tuple[str, np.ndarray, Levels]]:
    load = loader(folder)
    rows = sorted({**load.detection_sets(), **load.head_sets()}[name], key=lambda row: row[0])
    random.Random(SEED).shuffle(rows)
    if name.startswith("scut"):
        rows = [row for row in rows if even(row[0]) == parity]
    for path, labels in rows[first:last]:
        picture = codec.decode(Path(path).read_bytes(), max_edge=2048, max_pixels=10**9)
        yield path, np.asarray(labels, float).reshape(-1, 4) * picture.scale, Levels(picture.pixels)


def on(name: str, box: Box, labels: np.ndarray) -> tuple[set[int], bool]:
    """Which labels a box finds, and whether it is on nothing."""
    if name.startswith("scut"):
        found = {number for number, label in enumerate(labels) if holds(box, label)}
        inside = [label for label in labels if (label[:2] <= middle(box)).all() and (middle(box) <= label[2:]).all()]
        return found, not found and not inside
    overlap = overlaps(np.array([box.as_list()], float), labels)[0] if len(labels) else np.zeros(0)
    inside = ((labels[:, :2] <= middle(box)) & (middle(box) <= labels[:, 2:])).all(axis=1)
    return set(np.flatnonzero(overlap >= 0.4).tolist()), not (overlap >= 0.2).any() and not inside.any()


def middle(box: Box) -> np.ndarray:
    return np.array([box.left + box.right, box.top + box.bottom]) / 2


def without_opinion(finder: FaceFinder, levels: Levels) -> tuple[Face, ...]:
    usual, finding.ASKED_UNDER = finding.ASKED_UNDER, 0.0
    try:
        return finder.find(levels.pixels)
    finally:
        finding.ASKED_UNDER = usual


def fit(folder: Path, finder: FaceFinder) -> None:
    rows, true = [], []
    for name, (first, last) in FIT.items():
        for _, labels, levels in photos(folder, name, first, last, True):
            faces = without_opinion(finder, levels)
            known = set().union(*(on(name, face.box, labels)[0] for face in faces if face.score >= SURE), set())
            boxes = [(face, *on(name, face.box, labels)) for face in faces if face.score < opinion.ASKED_UNDER]
            boxes = [(face, bool(found - known)) for face, found, nothing in boxes if found - known or nothing]
            if boxes:
                at = np.array([face.box.as_list() for face, _ in boxes], np.float32)
                score = np.array([face.score for face, _ in boxes], np.float32)
                closer = opinion.closer_passes(finder.network, levels, at, np.full(len(at), np.nan, np.float32))
                rows.append(opinion.features(finder.network, levels, at, score, closer))
                true += [found for _, found in boxes]
    x, y = np.concatenate(rows), np.array(true, float)
    print(f"{len(y)} boxes, {int(y.sum())} of them needed:", logistic(x, y, RIDGE).round(3).tolist())


def count(folder: Path, finder: FaceFinder, number: int) -> None:
    lost: list[str] = []
    print("| set | photos | on nothing a photo: before, now, of these not confirmed | labels found: before, now |")
    print("|---|---|---|---|")
    for name, first in FROM.items():
        tally: Counter[str] = Counter()
        for path, labels, levels in photos(folder, name, first, first + number, False):
            found = []
            for when, faces in (("before", without_opinion(finder, levels)), ("now", finder.find(levels.pixels))):
                hits = [on(name, face.box, labels) for face in faces]
                tally[f"off {when}"] += sum(nothing for _, nothing in hits)
                tally["trunkless"] += sum(
                    nothing and not face.confirmed for face, (_, nothing) in zip(faces, hits, strict=True)
                )
                found.append(set().union(*(hit for hit, _ in hits), set()))
                tally[f"found {when}"] += len(found[-1])
            tally["photos"] += 1
            lost += [f"{Path(path).name} {labels[label].round().tolist()}" for label in sorted(found[0] - found[1])]
        off = [tally[key] / max(tally["photos"], 1) for key in ("off before", "off now", "trunkless")]
        print(f"| {name} | {tally['photos']} | {', '.join(f'{share:.2f}' for share in off)} | "
              f"{tally['found before']}, {tally['found now']} |", flush=True)  # fmt: skip
    print("\nlost:", *(lost or ["none"]), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=80, help="of each set")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    finder = FaceFinder.load(ModelStore.default())
    if arguments.fit:
        fit(arguments.loader, finder)
    else:
        count(arguments.loader, finder, arguments.photos)


if __name__ == "__main__":
    main()
