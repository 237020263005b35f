"""What leaves when nobody may be seen: which rewrite, what is left of the picture, and whether a face is in it.

    python benchmarks/rewrite.py --loader FOLDER --peer PEER/bin/python [--limit 94] [--keep FOLDER]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs; PEER is
an environment with face_recognition (`make detection` makes one). `--limit` photos of scut_heads_b and as many of
egohands, drawn at random, the same every time, and the group photos go through the guard, everybody unapproved: once
under the shipped policy and once where bodies may remain too. The looks of the first are used for the second.

Reported for each set and policy: the share of photos that ended as each rewrite, were refused, or failed the second
look; how much of the picture is left (median); how many pixels of confirmed hands are left where a silhouette was
drawn; how many photos were planned again; seconds (medians) for looking, for planning, and for painting, encoding and
the second look. Then detectors that took no part look for faces of 20 px and more in what left: dlib's HOG with two
upsamplings, and under the shipped policy its mmod network. Each hit is listed with its place, for a person to look
at: `--keep` writes what left, with the hits framed, for that person's eyes only. Last, what left under the shipped
policy is judged once more: does it hide anybody new?
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from detection import Find, peer

from consentguard import Guard, Policy, Register, State
from consentguard.consent.hours import now
from consentguard.errors import CannotTell
from consentguard.values import Rewrite
from consentguard.vision import codec
from consentguard.vision.rewrite import painted_pixels
from consentguard.vision.rewrite.shapes import drawn, polygon

SMALLEST = 20
REMAINS = {"hands, back_of_head": {"hands", "back_of_head"}, "the same and body": {"hands", "back_of_head", "body"}}
RESULTS = Path(__file__).parent / "results" / "rewrite.txt"


@dataclass
class Row:
    """What happened to the photos of one set under one policy."""

    ended: Counter[str] = field(default_factory=Counter)
    kept: list[float] = field(default_factory=list)
    hands: list[int] = field(default_factory=lambda: [0, 0])
    again: int = 0
    seconds: list[tuple[float, float, float]] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--limit", type=int, default=94)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    photos = chosen(arguments.loader, arguments.limit, arguments.seed)
    others = {name: peer(arguments.peer, name) for name in ("hog_fine", "mmod")}
    register = Register.parse(b"id,role,legal_forename,legal_surname\nX1,other,No,Body\n", "nobody consented")
    rows: dict[tuple[str, str], Row] = {}
    hits: list[str] = []
    looked = new = 0
    with TemporaryDirectory() as scratch:
        state = State.create(Path(scratch) / "state")
        guards = {name: Guard(register, with_remain(remain), state=state) for name, remain in REMAINS.items()}
        for name, path in photos:
            judged = None
            for kind, guard in guards.items():
                row = rows.setdefault((name, kind), Row())
                judged, data = released(guard, path, row, judged)
                if data is None:
                    continue
                pixels = codec.decode(data, max_edge=2048, max_pixels=10**9).pixels
                shipped = "body" not in guard.policy.remain
                finders = others if shipped else {"hog_fine": others["hog_fine"]}
                hits += [
                    f"{kind:20} {path.name}: {hit}" for hit in seen_by(finders, pixels, arguments.keep, path, kind)
                ]
                if shipped:
                    looked += 1
                    verdict = guard.inspect(data)
                    new += verdict.hidden > 0 and verdict.rewrite is not Rewrite.NONE
            print(".", end="", flush=True)
    print()
    lines = table(rows)
    lines += [f"of {looked} pictures that left, judged once more: {new} would hide somebody ({new / looked:.1%})", ""]
    lines += [f"{len(hits)} hits of detectors that took no part, {SMALLEST} px and more:", *hits]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def with_remain(remain: set[str]) -> Policy:
    return replace(Policy.shipped(), remain=frozenset(remain))


def chosen(folder: Path, limit: int, seed: int) -> list[tuple[str, Path]]:
    spec = importlib.util.spec_from_file_location("load", folder / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    sets = {"scut_heads_b": load.head_sets()["scut_heads_b"], "egohands": load.hands_sets()["egohands"]}
    rows = []
    for name, photos in sets.items():
        names = sorted(Path(path) for path, _ in photos)
        rows += [(name, path) for path in random.Random(seed).sample(names, min(limit, len(names)))]
    return [*rows, *(("group_photos", Path(path)) for path in load.group_photos())]


def released(guard: Guard, path: Path, row: Row, judged):
    """The judged photo, and the bytes that would leave; None where none may. Fills the row.

    The guard's own steps, one by one, so that the slow looks serve for both policies.
    """
    start = time.perf_counter()
    question = guard.question()
    remain = guard.policy.remain_on(question.channel)
    if judged is None:
        judged = guard._judge(path.read_bytes(), question, now())
        look = time.perf_counter() - start
        start = time.perf_counter()
        guard._plan(judged.picture, judged.seen, judged.decision, remain)
    else:
        look = 0.0
        plan = guard._plan(judged.picture, judged.seen, judged.decision, remain)
        judged = replace(judged, remain=remain, plan=plan, refused=() if plan.rewrite else ("nothing-may-remain",))
    planned = time.perf_counter() - start
    if judged.refused:
        row.ended["refused"] += 1
        return judged, None
    start = time.perf_counter()
    try:
        done, data = guard._rewritten(judged)
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
    left[frame.top : frame.bottom, frame.left : frame.right] = ~painted_pixels(plan)
    row.kept.append(float(left.mean()))
    if plan.rewrite is Rewrite.SILHOUETTE:
        for hand in done.seen.hands or ():
            inside = drawn([polygon(hand.outline)], picture.width, picture.height)
            row.hands[0] += int((inside & left).sum())
            row.hands[1] += int(inside.sum())


def seen_by(finders: dict[str, Find], pixels: np.ndarray, keep: Path | None, path: Path, kind: str) -> list[str]:
    """What the detectors that took no part find, each as a line; framed in a copy of the picture in `keep`."""
    hits, canvas = [], pixels.copy()
    for name, find in finders.items():
        for box in find(np.ascontiguousarray(pixels))[0]:
            left, top, right, bottom = (int(side) for side in box)
            if bottom - top >= SMALLEST:
                hits.append(f"{name} at {left},{top},{right},{bottom}")
                cv2.rectangle(canvas, (left, top), (right, bottom), (255, 0, 0), 2)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        marked = "hit-" if hits else ""
        (keep / f"{marked}{path.stem}-{'body' if 'body' in kind else 'parts'}.png").write_bytes(
            codec.encode_png(canvas)
        )
    return hits


def table(rows: dict[tuple[str, str], Row]) -> list[str]:
    ends = ("none", "crop", "silhouette", "cover", "refused", "VerificationFailed")
    lines = [f"{'set':14} {'may remain':20} {'n':>4} " + " ".join(f"{end[:10]:>10}" for end in ends)]
    lines[0] += f" {'released':>9} {'left':>6} {'hands left':>10} {'again':>6}  look, plan, rewrite (s)"
    for (name, kind), row in rows.items():
        count = sum(row.ended.values())
        shares = " ".join(f"{row.ended[end] / count:10.1%}" for end in ends)
        out = 1 - (row.ended["refused"] + row.ended["VerificationFailed"]) / count
        hands = f"{row.hands[0] / row.hands[1]:.1%}" if row.hands[1] else "-"
        times = [statistics.median(column) for column in zip(*row.seconds, strict=True)] if row.seconds else []
        lines.append(
            f"{name:14} {kind:20} {count:4} {shares} {out:9.1%} {statistics.median(row.kept or [0]):6.1%} {hands:>10} "
            f"{row.again:6}  " + ", ".join(f"{seconds:.2f}" for seconds in times)
        )
    return [*lines, ""]


if __name__ == "__main__":
    main()
