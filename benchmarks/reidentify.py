"""Who can still be recognised in what leaves: our paint beside deface's blur and mosaic, for one who knows them.

    python benchmarks/reidentify.py --loader FOLDER --peer PEER/bin/python [--limit 273]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs; PEER is an
environment with deface (`make detection` makes one). Every photo of `fgnet_school` (39 children from 3 to 17) is laid
onto a larger grey wall and hidden: by the guard under the shipped policy and where bodies may remain, nobody being
known; by deface with its defaults, which are blur, and with its mosaic.

The attacker has an embedder (dlib's), the photos of all children but the one at hand, and knows where the face was: all
outputs are aligned by the landmarks of the original, so nobody wins by hiding from a detector. Two attackers:

- the first compares with the children's photos as they are. A child is matched if one of its own photos is within the
  distance at which 95 % of the original photos match their own child, and named if besides no other child is nearer;
- the informed one compares with photos that were hidden in the same way, and names the nearest child. One of 39 is
  named by chance; where several are equally near, it guesses among them.

Prints a table and writes it to benchmarks/results/reidentify.md. Photos hidden by deface live in a temporary folder;
embeddings live in memory.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from parity import load as load_embedder
from runners import DEFACE, script

from consentguard import CannotTell, Guard, Policy, Refused, Register, State
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.embedding.dlib.boxes import dlib_box
from consentguard.vision.embedding.dlib.chip import face_chip
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

RESULTS = Path(__file__).parent / "results" / "reidentify.md"
MATCHING = 0.95
LONGEST, WALL = 480, (960, 1280)
"""Pixels: the longer side of a photo on the wall, and the wall's height and width."""
EQUAL = 1e-3
"""Distances this near are equal: what JPEG noise and arithmetic make of the same flat colour."""

Hide = Callable[[np.ndarray], np.ndarray | str]
"""A picture to the picture with everybody hidden, pixel for pixel in the same place, or why there is none."""


def on_wall(path: Path) -> np.ndarray:
    photo = codec.decode(path.read_bytes(), max_edge=LONGEST, max_pixels=10**9)
    wall = np.linspace(190, 230, WALL[0])[:, None, None].repeat(WALL[1], axis=1).repeat(3, axis=2).astype(np.uint8)
    top, left = (WALL[0] - photo.height) // 2, (WALL[1] - photo.width) // 2
    wall[top : top + photo.height, left : left + photo.width] = photo.pixels
    return wall


def by_guard(guard: Guard) -> Hide:
    def hide(pixels: np.ndarray) -> np.ndarray | str:
        try:
            released = guard.release(codec.encode_png(pixels))
        except (Refused, CannotTell) as error:
            return type(error).__name__
        frame = released.verdict.frame
        whole = np.full_like(pixels, 128)  # what a crop leaves out is in no picture
        whole[frame.top : frame.bottom, frame.left : frame.right] = codec.decode(
            released.data, max_edge=2048, max_pixels=10**9
        ).pixels
        return whole

    return hide


def by_deface(python: str, how: str, folder: Path) -> Hide:
    run = script(python, DEFACE, how, ".png")

    def hide(pixels: np.ndarray) -> np.ndarray | str:
        path = folder / "photo.png"
        path.write_bytes(codec.encode_png(pixels))
        run(path)
        hidden = codec.decode(Path(f"{path}.{how}.png").read_bytes(), max_edge=2048, max_pixels=10**9).pixels
        return "no face found" if (hidden == pixels).all() else hidden

    return hide


def distances(probes: np.ndarray, gallery: np.ndarray, who: np.ndarray) -> np.ndarray:
    """How near each probe is to each child: its nearest photo but the one in the same row; shape (probes, children)."""
    apart = np.linalg.norm(probes[:, None] - gallery[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.stack([apart[:, who == child].min(axis=1) for child in range(who.max() + 1)], axis=1)


def named(near: np.ndarray, who: np.ndarray, within: float = np.inf) -> float:
    """The share of probes of which the nearest child, no further than `within`, is the right one."""
    tied = near <= near.min(axis=1, keepdims=True) + EQUAL
    right = tied[np.arange(len(who)), who] / tied.sum(axis=1)
    return float((right * (near.min(axis=1) <= within)).mean())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--limit", type=int, default=273, help="photos, the first of every child first (default all)")
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("load", options.loader / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    children = load.recognition_sets()["fgnet_school"]
    paths = sorted((place, child, Path(path)) for child, own in children.items() for place, path in enumerate(own))
    predictor, embed = load_embedder()
    detector = FaceFinder.load(ModelStore.default())
    register = Register.parse(b"id,role,legal_forename,legal_surname\nX1,other,No,Body\n", "nobody consented")

    with TemporaryDirectory() as scratch:
        folder, shipped = Path(scratch), Policy.shipped()
        state = State.create(folder / "state")
        with_bodies = replace(shipped, remain=frozenset({"hands", "back_of_head", "body"}))
        methods: dict[str, Hide] = {
            "ours, silhouette": by_guard(Guard(register, shipped, state=state)),
            "ours, head covered": by_guard(Guard(register, with_bodies, state=state)),
            "deface, blur (its default)": by_deface(options.peer, "blur", folder),
            "deface, mosaic": by_deface(options.peer, "mosaic", folder),
        }
        owners: list[str] = []
        chips: dict[str, list[np.ndarray | None]] = {name: [] for name in ("original", *methods)}
        without: dict[str, Counter[str]] = {name: Counter() for name in methods}
        unseen = 0
        for _, child, path in paths[: options.limit]:
            pixels = on_wall(path)
            face = max(detector.find(pixels), key=lambda face: face.box.area, default=None)
            if face is None:
                unseen += 1
                continue
            owners.append(child)
            landmarks = predictor.landmarks(pixels, dlib_box(face))
            chips["original"].append(face_chip(pixels, landmarks))
            for name, hide in methods.items():
                hidden = hide(pixels)
                if isinstance(hidden, str):
                    without[name][hidden] += 1
                chips[name].append(None if isinstance(hidden, str) else face_chip(hidden, landmarks))
            print(".", end="", flush=True)
    print()
    report(owners, chips, without, unseen, embed, options.limit)


def report(
    owners: list[str], chips: dict, without: dict[str, Counter[str]], unseen: int, embed: Callable, limit: int
) -> None:
    twice = Counter(owners)
    use = np.array([twice[owner] > 1 for owner in owners])  # a child needs another photo to be compared with
    who = np.unique(np.array(owners)[use], return_inverse=True)[1]
    originals = embed(np.stack([chip for chip, used in zip(chips["original"], use, strict=True) if used]))
    own = distances(originals, originals, who)
    within = float(np.quantile(own[np.arange(len(who)), who], MATCHING))
    lines = [
        "| hidden by | outputs | matched | named | named by the informed |",
        "|---|---|---|---|---|",
        f"| nobody | {len(who)} | {MATCHING:.0%} | {named(own, who, within):.1%} | |",
    ]
    for name in without:
        kept = np.array([chip is not None for chip in chips[name]])[use]
        rows = [chip for chip, used in zip(chips[name], use, strict=True) if used and chip is not None]
        hidden = np.full((len(who), originals.shape[1]), np.nan, np.float32)
        hidden[kept] = embed(np.stack(rows))
        near = distances(hidden, originals, who)[kept]
        matched = float((near[np.arange(len(near)), who[kept]] <= within).mean())
        informed = np.nan_to_num(distances(hidden, np.where(np.isnan(hidden), np.inf, hidden), who), nan=np.inf)[kept]
        alone = np.array([(who[kept] == child).sum() > 1 for child in who[kept]])
        lines.append(
            f"| {name} | {kept.sum()} | {matched:.1%} | {named(near, who[kept], within):.1%} "
            f"| {named(informed[alone], who[kept][alone]):.1%} |"
        )
    notes = [f"{name}: {count} {why}" for name, ends in without.items() for why, count in ends.items() if count]
    chance = 1 / (who.max() + 1)
    head = [
        "# Who can still be recognised",
        "",
        f"{date.today():%d %B %Y}; {len(who)} photos of {who.max() + 1} children of `fgnet_school`, and {unseen} in "
        "which no face was found.",
        f"{MATCHING:.0%} of them match their own child within {within:.3f}. By chance {chance:.1%} are named. "
        f"Without an output: {'; '.join(notes) or 'none'}.",
        "",
        f"    python benchmarks/reidentify.py --loader FOLDER --peer PYTHON --limit {limit}",
        "",
    ]
    print("\n".join(lines))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
