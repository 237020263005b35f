"""How near paint is to people, what of them is left, and what becomes of photos: against people drawn by hand.

    python benchmarks/people.py --people FOLDER [--limit 200]

FOLDER holds index.json, photos/ and masks/ (a number for each person, 255 for a crowd that nobody drew apart); photos
with two or more people or a crowd are taken, doubled, with everybody unapproved. Of the *silhouette* of every photo,
whatever is chosen, released or refused, over all photos together:

- over: painted pixels by those of people. left: pixels of people still seen, hands with forearms and backs of heads
  that may remain aside; of these unfound: of people of whom under a tenth is painted. heads: of the covers' own heads
  (`head_box` within people), the share that is left.
- bg: share of what is nobody's that is painted. IoU: of paint and people.

Then, under the shipped policy: what is chosen, refused and why, how much of it is painted. Milliseconds are medians of
finding bodies, of planning, and of painting. Writes benchmarks/results/people.md; no photo is written anywhere.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from consentguard import Policy
from consentguard.values import Box, Face, Picture, Seen
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.hands import HandFinder
from consentguard.vision.detection.heads import HeadFinder
from consentguard.vision.detection.people import PeopleFinder
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore
from consentguard.vision.rewrite import Limits, Paint, apply_plan, head_box, kept_hand, plan_rewrite
from consentguard.vision.rewrite.plan import silhouettes, survey_of
from consentguard.vision.rewrite.shapes import drawn, rounded
from consentguard.vision.rewrite.silhouette import forearm

RESULTS = Path(__file__).parent / "results" / "people.md"
TITLES = ("over", "left", "unfound", "heads", "bg", "IoU")


def people(folder: Path) -> Iterator[tuple[Picture, np.ndarray]]:
    """Each photo, doubled, with its people: int, 0 nobody."""
    for row in json.loads((folder / "index.json").read_text("utf-8")):
        if row["people"] >= 2 or row["crowd"]:
            pixels = cv2.imread(str(folder / "photos" / row["name"]))
            doubled = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            data = cv2.imencode(".jpg", doubled, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
            picture = codec.decode(data, max_edge=2048, max_pixels=10**9)
            mask = cv2.imread(str(folder / "masks" / row["mask"]), cv2.IMREAD_UNCHANGED)
            size = (picture.width, picture.height)
            yield picture, cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST).astype(int)


def counts(painted: np.ndarray, true: np.ndarray, permitted: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """Pixels of one photo: painted, people, left, unfound, heads, heads left, painted of nobody, nobody, and, or."""
    somebody = true > 0
    left = somebody & ~painted & ~permitted
    unfound = 0
    for one in np.unique(true[somebody]):
        mine = true == one
        if (painted & mine).sum() < 0.1 * mine.sum():
            unfound += int((left & mine).sum())
    return np.array([
        painted.sum(), somebody.sum(), left.sum(), unfound, (heads & somebody).sum(), (heads & left).sum(),
        (painted & ~somebody).sum(), (~somebody).sum(), (painted & somebody).sum(), (painted | somebody).sum(),
    ], float)  # fmt: skip


def shares(sums: np.ndarray) -> tuple[float, ...]:
    """The numbers of `TITLES` from summed counts."""
    painted, somebody, left, unfound, heads, seen, false, nobody, both, either = sums
    return (painted / somebody, left / somebody, unfound / somebody, seen / heads, false / nobody, both / either)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=200)
    arguments = parser.parse_args()
    model_store, policy = ModelStore.default(), Policy.shipped()
    faces, heads, hands, bodies = (
        part.load(model_store) for part in (FaceFinder, HeadFinder, HandFinder, PeopleFinder)
    )
    rules = policy.rewrite
    limits = Limits(rules.smallest_crop, rules.smallest_share / 100, rules.least_worth / 100)
    sums, ends, painted_share, times = np.zeros(10), Counter(), [], []
    for picture, true in (row for row, _ in zip(people(arguments.people), range(arguments.limit), strict=False)):
        pixels = picture.pixels
        found, looks = faces.search(pixels)
        turned = heads.find(pixels, found, looks)
        seen = Seen(found, turned)
        seen = Seen(found, turned, hands.find(pixels, [one.head for one in seen.counted]))
        start = time.perf_counter()
        seen = Seen(found, turned, seen.hands, bodies.find(pixels, found, turned))
        looked = time.perf_counter()
        plan = plan_rewrite(picture, seen, (), policy.remain, limits=limits)
        planned = time.perf_counter()
        if plan.rewrite:
            apply_plan(pixels, plan, Paint())
            painted_share.append(plan.painted_share)
        times.append((looked - start, planned - looked, time.perf_counter() - planned))
        ends[plan.rewrite.value if plan.rewrite else plan.refused] += 1
        scene = survey_of(picture, seen, (), policy.remain, (), (), 0)
        size = (picture.width, picture.height)
        permitted = drawn([part for hand in seen.hands or () for part in (kept_hand(hand), forearm(hand))], *size)
        permitted |= scene.grid.pixels(scene.shown)
        sums += counts(silhouettes(scene), true, permitted, head_pixels(seen, *size))
        print(".", end="", flush=True)
    milliseconds = [1000 * statistics.median(column) for column in zip(*times, strict=True)]
    total = sum(ends.values())
    lines = [
        "# Paint and people",
        "",
        f"`python benchmarks/people.py --people FOLDER --limit {arguments.limit}`: {total} photos of COCO, "
        "doubled, with two or more drawn people or a crowd.",
        "",
        "| " + " | ".join(TITLES) + " |",
        "|" + "---|" * len(TITLES),
        "| " + " | ".join(f"{share:.3f}" for share in shares(sums)) + " |",
        "",
        "Ended as: " + ", ".join(f"{name} {count} ({count / total:.0%})" for name, count in ends.most_common()) + ". "
        f"Of what leaves {statistics.median(painted_share or [0]):.0%} is painted (median).",
        "",
        "Bodies {:.0f} ms, plan {:.0f} ms, paint {:.0f} ms (medians, of this machine and hour).".format(*milliseconds),
    ]
    print("\n" + "\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def head_pixels(seen: Seen, width: int, height: int) -> np.ndarray:
    """Pixels of the usual head of everybody who is counted."""
    boxes: list[Box] = [head_box(one.head) if isinstance(one.head, Face) else one.head.box for one in seen.counted]
    return drawn([rounded(box) for box in boxes], width, height)


if __name__ == "__main__":
    main()
