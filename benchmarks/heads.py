"""Heads that are not faces: what share is found, what is taken for seen from behind, and what is no head at all.

    CONSENTGUARD_EVAL=FOLDER python benchmarks/heads.py [--load PATH/load.py] [--photos 60] [--skip 100]
                                                        [--boxes FILE] [--sample 100]

For the labelled heads of `scut_heads_b` of 40 px and more: the share called face, from behind, unsure and nothing; and
boxes that are on no head. For the labelled faces of `wider_train` and the two `mafa` sets of 32 px and more: how many
lie under a box from behind, which publishes them, and how many unsure boxes are on no face. The first 100 photos of
the shuffled `scut_heads_b` were fitted on, so they are skipped. --boxes writes boxes from behind for judging by eye
(path and box, JSON Lines), with --sample so many of them taken at random, in random order: make contact sheets of them
elsewhere, and delete them. benchmarks/results/heads_judged.md has the verdicts on one such sample. The table goes to
benchmarks/results/heads.md. Nothing of a photo is written anywhere else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from consentguard.values import Box, Face, Head
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.heads import HeadFinder
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

LONGEST_EDGE = 1600
SEED = 4
RESULTS = Path(__file__).parent / "results" / "heads.md"
LABELS = Path(__file__).parent / "heads_labels.txt"


def sets(loader: Path) -> dict[str, list]:
    spec = importlib.util.spec_from_file_location("eval_load", loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {**module.head_sets(), **module.detection_sets()}


def holds(box: Box, label: np.ndarray) -> bool:
    """Whether the middle of the box lies in the label, grown by 15 %, and their sizes are within a factor of three."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    grown = 0.15 * (label[2:] - label[:2])
    inside = (label[:2] - grown <= (x, y)).all() and ((x, y) <= label[2:] + grown).all()
    return bool(inside) and 1 / 3 < box.height / (label[3] - label[1]) < 3


def touched(box: Box, label: np.ndarray) -> bool:
    """Whether the middle of the label lies in the box."""
    x, y = (label[0] + label[2]) / 2, (label[1] + label[3]) / 2
    return bool(box.left <= x <= box.right and box.top <= y <= box.bottom)


def count(name: str, labels: np.ndarray, faces: tuple[Face, ...], heads: tuple[Head, ...], tally: Counter) -> None:
    behind = [head.box for head in heads if head.from_behind]
    unsure = [head.box for head in heads if not head.from_behind]
    least = 40 if name.startswith("scut") else 32
    for label in labels[labels[:, 3] - labels[:, 1] >= least] if len(labels) else ():
        tally["labels"] += 1
        if any(holds(face.box, label) for face in faces):
            tally["face"] += 1
        elif any(holds(box, label) for box in unsure):
            tally["unsure"] += 1
        elif any(holds(box, label) for box in behind):
            tally["behind"] += 1
        else:
            tally["nothing"] += 1
        if not name.startswith("scut"):
            tally["published"] += any(touched(box, label) for box in behind) and not any(
                touched(box, label) for box in [face.box for face in faces] + unsure
            )
    for kind, boxes in (("face", [face.box for face in faces]), ("behind", behind), ("unsure", unsure)):
        tally[kind + " boxes"] += len(boxes)
        tally[kind + " off"] += sum(not any(holds(box, label) for label in labels) for box in boxes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--load", type=Path, default=Path(os.environ.get("CONSENTGUARD_EVAL", ".")) / "load.py")
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--skip", type=int, default=100)
    parser.add_argument("--boxes", type=Path)
    parser.add_argument("--sample", type=int, help="so many of the boxes from behind, at random")
    parser.add_argument("--sets", nargs="*", default=["scut_heads_b", "wider_train", "mafa_unmasked", "mafa_masked"])
    given = parser.parse_args()
    every = sets(given.load)
    detector, finder = FaceFinder.load(ModelStore.default()), HeadFinder.load(ModelStore.default())
    names = ("set", "photos", "labels", "face", "from behind", "unsure", "nothing", "face off", "from behind off",
             "unsure off", "labelled faces under a box from behind only", "boxes from behind", "CPU")  # fmt: skip
    lines = [
        "# Heads that are no faces",
        "",
        f"`benchmarks/heads.py --photos {given.photos} --skip {given.skip}`: {detector.label}; {finder.label}. "
        "Labelled heads of 40 px and more (faces: 32) by what they were called; boxes off: on no label, a photo; CPU: "
        "median processor time of the head finder after the face finder.",
        "",
        *("| " + " | ".join(row) + " |" for row in (names, ["---"] * len(names))),
    ]
    behind: list[dict] = []
    for name in given.sets:
        photos = list(every[name])
        random.Random(SEED).shuffle(photos)  # the order in which photos were taken for fitting
        tally, times, seen = Counter(), [], 0
        for path, boxes in photos[given.skip : given.skip + given.photos]:
            picture = codec.decode(Path(path).read_bytes(), max_edge=LONGEST_EDGE, max_pixels=10**9)
            faces, looks = detector.search(picture.pixels)
            start = time.process_time()
            heads = finder.find(picture.pixels, faces, looks)
            times.append(time.process_time() - start)
            count(name, np.asarray(boxes, float).reshape(-1, 4) * picture.scale, faces, heads, tally)
            seen += 1
            behind += [
                {"set": name, "path": str(path), "box": head.box.as_list(), "score": round(head.score, 3)}
                for head in heads
                if head.from_behind
            ]
            if sys.stderr.isatty():
                print(f"\r{name} {seen}", end="", file=sys.stderr)
        total = max(tally["labels"], 1)
        cells = [
            *(name, str(seen), str(tally["labels"])),
            *(f"{tally[kind] / total:.1%}" for kind in ("face", "behind", "unsure", "nothing")),
            *(f"{tally[kind + ' off'] / max(seen, 1):.2f}" for kind in ("face", "behind", "unsure")),
            *(str(tally["published"]), str(tally["behind boxes"]), f"{1000 * statistics.median(times):.0f} ms"),
        ]
        lines.append("| " + " | ".join(cells) + " |")
        print("\n" + lines[-1], file=sys.stderr)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if given.boxes:
        if given.sample:
            behind = random.Random(SEED).sample(behind, min(given.sample, len(behind)))
        given.boxes.write_text("".join(json.dumps(row) + "\n" for row in behind), encoding="utf-8")


if __name__ == "__main__":
    main()
