"""What leaves when nobody may be seen: which rewrite, what is left of the picture, and whether a face is in it.

    python benchmarks/rewrite.py --loader FOLDER --peer PEER/bin/python [--limit 94] [--keep FOLDER]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs; PEER is
an environment with face_recognition (`make detection` makes one). `--limit` photos of scut_heads_b and as many of
egohands, drawn at random, the same every time, and the group photos go through the guard, everybody unapproved: once
under the shipped policy and once where bodies may remain too. The looks of the first are used for the second.

Reported for each set and policy: the share of photos that ended as each rewrite, were refused, or failed the second
pass; how much of the picture is left (median); how many pixels of confirmed hands are left where a silhouette was
drawn, and of those that lie outside every hidden head; how many photos were planned again; seconds (medians) for
looking, for planning, and for painting, encoding and the second pass. Then, how much of the labelled head boxes of
scut_heads_b, which are generous rectangles, lies under the cover of the face that was found in them, and how large
these covers are.

Detectors that took no part look for faces of 20 px and more in what left: dlib's HOG with two upsamplings, its mmod
network for the first `--mmod` pictures of each set under the shipped policy (4 s a megapixel), and YuNet where its file
is here. Each hit is listed with its place, for a person to look at: `--keep` writes what left, with the hits framed,
for that person's eyes only. What this person writes into the last column of the report is kept by the next run. Last,
what left under the shipped policy is judged once more: does it hide anybody new?

Writes benchmarks/results/rewrite.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import random
import statistics
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from detection import Find, ours, peer
from heads import holds

from consentguard import Guard, Policy, Register, State
from consentguard.consent.clock import now
from consentguard.consent.objections import Ruling
from consentguard.errors import CannotTell
from consentguard.guard.planning import Planner
from consentguard.values import Box, Face, Head, Rewrite, Seen
from consentguard.vision.imagefile import codec
from consentguard.vision.imagefile.inputs import photo_of
from consentguard.vision.models.store import ModelStore, manifest
from consentguard.vision.rewrite.cover import head_shape
from consentguard.vision.rewrite.plan import survey_of
from consentguard.vision.rewrite.shapes import drawn, polygon

SMALLEST = 20
REMAINS = {"hands, back_of_head": {"hands", "back_of_head"}, "and body": {"hands", "back_of_head", "body"}}
RESULTS = Path(__file__).parent / "results" / "rewrite.md"


@dataclass
class Row:
    """What happened to the photos of one set under one policy."""

    ended: Counter[str] = field(default_factory=Counter)
    kept: list[float] = field(default_factory=list)
    hands: np.ndarray = field(default_factory=lambda: np.zeros(3, int))
    again: int = 0
    seconds: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass
class Covered:
    """Labelled head boxes, and the cover of the face found in each, alone: a row of `Covered.add` for each."""

    rows: list[tuple[float, float, float, float, bool]] = field(default_factory=list)

    def add(self, judged, labels: np.ndarray) -> None:
        picture = judged.picture
        for found in judged.seen.counted:
            own = [label for label in labels * picture.scale if holds(found.head.box, label)]
            around = min(own, key=lambda label: np.abs(label - found.head.box.as_list()).sum(), default=None)
            box = None if around is None else Box.covering(*around).within(picture.width, picture.height)
            if box is None or box.height < SMALLEST:
                continue
            alone = Seen((), (found.head,)) if isinstance(found.head, Head) else Seen((found.head,))
            alone = replace(alone, people=tuple(one for one in judged.seen.people or () if one.head == found.head))
            cover = survey_of(picture, alone, (), (), (), (), 0).covers
            share = float(cover[box.top : box.bottom, box.left : box.right].mean())
            self.rows.append((box.area, share, float(cover.sum()), box.height, face_is_whole(found.head, cover)))

    def line(self) -> str:
        areas, shares, covers, heights, whole = np.array(self.rows, float).T
        large = heights >= 100
        return (
            f"Of {len(shares)} labelled head boxes of `scut_heads_b` {shares.mean():.1%} lie under the cover of the "
            f"face found in them (mean; of the area {(shares * areas).sum() / areas.sum():.1%}; 1 % quantile "
            f"{np.quantile(shares, 0.01):.0%}); {(shares >= 0.97).mean():.1%} are covered to 97 % or more. "
            f"{whole.mean():.1%} of the face boxes found, a tenth larger, are wholly covered. All covers, "
            f"each alone and with its rim, are {covers.sum() / areas.sum():.2f} times as large as all boxes (median "
            f"{np.median(covers / areas):.2f}; of the {large.sum()} of 100 px and more "
            f"{covers[large].sum() / areas[large].sum():.2f})."
        )


def face_is_whole(head: Face | Head, cover: np.ndarray) -> bool:
    """Whether a face box and a tenth of its longer side around it lie under a cover."""
    box = head.box
    by = max(box.width, box.height) / 10 if isinstance(head, Face) else 0
    left, top, right, bottom = box.left - by, box.top - by, box.right + by, box.bottom + by
    inside = Box.covering(left, top, right, bottom).within(cover.shape[1], cover.shape[0])
    return inside is None or bool(cover[inside.top : inside.bottom, inside.left : inside.right].all())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--limit", type=int, default=94)
    parser.add_argument("--mmod", type=int, default=20)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    photos = chosen(arguments.loader, arguments.limit, arguments.seed)
    others = {name: peer(arguments.peer, name) for name in ("hog_fine", "mmod")}
    if ModelStore.default().holds(manifest()["yunet"]):
        others["yunet"] = ours("yunet")
    register = Register.parse(b"id,role,legal_forename,legal_surname\nX1,other,No,Body\n", "nobody consented")
    rows: dict[tuple[str, str], Row] = {}
    covered = Covered()
    hits: list[Future[list[str]]] = []
    looked, new = 0, 0
    with TemporaryDirectory() as scratch, ThreadPoolExecutor(1) as beside:
        state = State.create(Path(scratch) / "state")
        guards = {name: Guard(register, with_remain(remain), state=state) for name, remain in REMAINS.items()}
        for name, path, labels in photos:
            judged = None
            for kind, guard in guards.items():
                row = rows.setdefault((name, kind), Row())
                shipped = judged is None
                judged, data = released(guard, path, row, judged)
                if shipped and name == "scut_heads_b":
                    covered.add(judged, labels)
                if data is None:
                    continue
                pixels = codec.decode(data, max_edge=2048, max_pixels=10**9).pixels
                slow = shipped and sum(row.ended.values()) <= arguments.mmod
                finders = {name: find for name, find in others.items() if slow or name != "mmod"}
                hits.append(beside.submit(seen_by, finders, pixels, arguments.keep, path, kind))
                if shipped:
                    looked += 1
                    verdict = guard.inspect(data)
                    new += verdict.hidden > 0 and verdict.rewrite is not Rewrite.NONE
            print(".", end="", flush=True)
        places = [place for some in hits for place in some.result()]
    print()
    lines = [*table(rows), "", covered.line(), ""]
    lines += [f"Of {looked} pictures that left under the shipped policy, judged once more, {new} would hide somebody"]
    lines += [f"({new / max(looked, 1):.1%}).", "", *hit_table(places)]
    command = f"--limit {arguments.limit} --mmod {arguments.mmod} --seed {arguments.seed}"
    head = [
        "# What leaves when nobody may be seen",
        "",
        f"{date.today():%d %B %Y}; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        "Times are of this machine and this hour.",
        "",
        f"    python benchmarks/rewrite.py --loader FOLDER --peer PYTHON {command}",
        "",
    ]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def with_remain(remain: set[str]) -> Policy:
    """The shipped policy, but for this, and without anything drawn on the paint: a drawn face is found as a face."""
    policy = Policy.shipped()
    return replace(policy, remain=frozenset(remain), picture=replace(policy.picture, sticker=""))


def chosen(folder: Path, limit: int, seed: int) -> list[tuple[str, Path, np.ndarray]]:
    """Name of the set, path, and labelled boxes of each photo."""
    spec = importlib.util.spec_from_file_location("load", folder / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    sets = {"scut_heads_b": load.head_sets()["scut_heads_b"], "egohands": load.hands_sets()["egohands"]}
    rows = []
    for name, photos in sets.items():
        photos = sorted(photos, key=lambda row: row[0])
        picked = random.Random(seed).sample(photos, min(limit, len(photos)))
        rows += [(name, Path(path), np.asarray(boxes, float).reshape(-1, 4)) for path, boxes in picked]
    return [*rows, *(("group_photos", Path(path), np.empty((0, 4))) for path in load.group_photos())]


def released(guard: Guard, path: Path, row: Row, judged):
    """The judged photo, and the bytes that would leave; None where none may. Fills the row.

    The guard's own steps, one by one, so that the slow looks serve for both policies.
    """
    start = time.perf_counter()
    request, pipeline = guard.words.request(path.name), guard._pipeline
    remain = guard.policy.remain_on(request.question.channel)
    if judged is None:
        judged = pipeline.planned(photo_of(path), request, now(guard.policy.zone))
        look = time.perf_counter() - start
    else:
        look = 0.0
    start = time.perf_counter()
    planner = Planner(judged.picture, judged.seen, judged.shown, remain, judged.held.marks, guard.policy)
    plan = planner.plan(request.question)
    planned = time.perf_counter() - start
    judged = replace(judged, remain=remain, plan=plan, objections=(), ruling=Ruling())
    if plan.rewrite is None:
        row.ended["refused"] += 1
        return judged, None
    start = time.perf_counter()
    try:
        done, data = pipeline.finished(judged)
    except CannotTell as error:
        row.ended[type(error).__name__] += 1
        return judged, None
    row.seconds.append((look, planned, time.perf_counter() - start))
    row.again += bool(done.found)
    row.ended[done.plan.rewrite.value] += 1
    measure(done, row)
    return judged, data


def measure(done, row: Row) -> None:
    """How much of the picture and of its hands is left."""
    picture, plan, frame = done.picture, done.plan, done.plan.frame
    left = np.zeros((picture.height, picture.width), bool)
    left[frame.top : frame.bottom, frame.left : frame.right] = ~plan.hidden
    row.kept.append(float(left.mean()))
    if plan.rewrite is Rewrite.SILHOUETTE:
        heads = drawn([head_shape(one.head) for one in done.seen.counted], picture.width, picture.height)
        for hand in done.seen.hands or ():
            inside = drawn([polygon(hand.outline)], picture.width, picture.height)
            row.hands += [(inside & left).sum(), inside.sum(), (inside & ~heads).sum()]


def seen_by(finders: dict[str, Find], pixels: np.ndarray, keep: Path | None, path: Path, kind: str) -> list[str]:
    """What the detectors that took no part find, each as a row; framed in a copy of the picture in `keep`."""
    hits, canvas = [], pixels.copy()
    for name, find in finders.items():
        for box in find(np.ascontiguousarray(pixels))[0]:
            left, top, right, bottom = (int(side) for side in box)
            if bottom - top >= SMALLEST:
                hits.append(f"| {path.name} | {kind} | {name} | {left}, {top}, {right}, {bottom} |")
                cv2.rectangle(canvas, (left, top), (right, bottom), (255, 0, 0), 2)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        marked = "hit-" if hits else ""
        (keep / f"{marked}{path.stem}-{'body' if 'body' in kind else 'parts'}.png").write_bytes(
            codec.encode_png(canvas)
        )
    return hits


def hit_table(places: list[str]) -> list[str]:
    """Every hit with what somebody who looked said of it, as far as the last report had it."""
    last = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    said = {place: line.removeprefix(place) for line in last for place in places if line.startswith(place)}
    lines = [f"Detectors that took no part hit {len(places)} places of {SMALLEST} px and more.", ""]
    titles = ["| photo | may remain | detector | place | looked at, it is |", "|---|---|---|---|---|"]
    return lines + (titles if places else []) + [place + said.get(place, " |") for place in places]


def table(rows: dict[tuple[str, str], Row]) -> list[str]:
    ends = ("none", "crop", "silhouette", "cover", "refused", "VerificationFailed")
    titles = ["set", "may remain", "photos", *ends[:-1], "second pass failed", "**released**", "picture left"]
    titles += ["hands left", "outside heads", "planned again", "s: look, plan, rewrite"]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for (name, kind), row in rows.items():
        count = sum(row.ended.values())
        out = 1 - (row.ended["refused"] + row.ended["VerificationFailed"]) / count
        times = [statistics.median(column) for column in zip(*row.seconds, strict=True)] if row.seconds else []
        cells = [name, kind, str(count), *(f"{row.ended[end] / count:.0%}" for end in ends), f"**{out:.1%}**"]
        cells += [f"{statistics.median(row.kept or [0]):.0%}"]
        cells += [f"{row.hands[0] / row.hands[place]:.1%}" if row.hands[place] else "" for place in (1, 2)]
        cells += [str(row.again), ", ".join(f"{seconds:.2f}" for seconds in times)]
        lines.append("| " + " | ".join(cells) + " |")
    hands = sum(row.hands for row in rows.values())
    failed = sum(row.ended["VerificationFailed"] for row in rows.values())
    tried = sum(sum(row.ended.values()) - row.ended["refused"] for row in rows.values())
    lines += [
        "",
        f"Of all confirmed hands where a silhouette was drawn {hands[0] / max(hands[1], 1):.1%} are left, and ",
    ]
    lines[-1] += f"{hands[0] / max(hands[2], 1):.1%} of what lies outside hidden heads. "
    lines[-1] += f"The second pass failed for {failed} of {tried} ({failed / tried:.1%})."
    return lines


if __name__ == "__main__":
    main()
