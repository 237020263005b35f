"""Fits what `consentguard/vision/detection/heads.npz` holds: how heads, and backs of heads, are told.

    CONSENTGUARD_EVAL=FOLDER python benchmarks/backs.py --out FILE [--load PATH/load.py] [--photos 173] [--faces 330]

Five linear readings of CenterFace's tensor 474 (consentguard/vision/detection/backs.py says of what): logistic
regressions by Newton's method, the inputs standardised, and for `place` a ridge regression. Only photos whose name has
an even SHA-1 are fitted on; the others were kept to judge by. Labels: the head boxes of `scut_heads_b`;
of 660 of these heads benchmarks/heads_labels.txt says whether they are seen from behind (B) or show an eye, the nose or
the mouth (F). Labelled faces of `wider_train` and the two `mafa` sets, moved at random, are heads that show a face too.
Takes an hour of one processor. Nothing of a photo is written but the weights.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from heads import LABELS, sets

from consentguard.vision.boxes import suppressed_by_overlap
from consentguard.vision.detection import backs
from consentguard.vision.detection.centerface import CenterFace, DetectorPass, heights
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.heads import among
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

EDGE, SEED = 1600, 2026
RIDGE, PLACE_RIDGE = {"small": 300, "large": 300, "head": 100, "behind": 100}, 1000
STEPS, SIZES = 12, 0.15


def even(path: str) -> bool:
    return int(hashlib.sha1(Path(path).name.encode()).hexdigest(), 16) % 2 == 0


def logistic(x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    """Weights of the inputs as they are, the constant last; the inputs are standardised for the fit."""
    mean, spread = x.mean(0), x.std(0) + 1e-3
    z = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    penalty, w = np.r_[np.full(x.shape[1], float(ridge)), 0.0], np.zeros(x.shape[1] + 1)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        hessian = (z * (p * (1 - p) + 1e-6)[:, None]).T @ z + np.diag(penalty)
        w -= np.linalg.solve(hessian, z.T @ (p - y) + penalty * w)
    return np.r_[w[:-1] / spread, w[-1] - (w[:-1] / spread * mean).sum()].astype(np.float32)


def ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    mean, spread = x.mean(0), x.std(0) + 1e-3
    z = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    penalty = np.diag(np.r_[np.full(x.shape[1], float(PLACE_RIDGE)), 0.0])
    w = np.linalg.solve(z.T @ z + penalty, z.T @ y)
    return np.vstack([w[:-1] / spread[:, None], w[-1] - (w[:-1] / spread[:, None] * mean[:, None]).sum(0)])


def inside(network: CenterFace, levels: Levels, boxes: np.ndarray) -> np.ndarray:
    """What a plain and a mirrored close pass say of each box, their mean."""
    side, tall = backs.PASS
    said = [network.head_pass(levels, boxes, side, tall / backs.HEAD_OVER_FACE, mirror=m)[1] for m in (False, True)]
    return (said[0] + said[1]) / 2


def places(made: DetectorPass, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every place of a pass as `backs.slid` reads it: inputs (h, w, 864), and x and y of the middles in the picture."""
    step = 1 if name == "small" else 2
    maps = made.inside if step == 1 else backs.by_four(made.inside)
    height, width = maps.shape[1:]
    roomy = np.pad(maps, ((0, 0), (step, step), (step, step)))
    nine = [roomy[:, r : r + height, c : c + width] for r in (0, step, 2 * step) for c in (0, step, 2 * step)]
    across, down = ((np.arange(n) + step / 2) * 16 / s for n, s in ((width, made.across), (height, made.down)))
    return np.stack(nine).transpose(2, 3, 0, 1).reshape(height, width, -1), across, down


def away(labels: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far places are from the middle of each labelled head, in its heights: (heads, h, w)."""
    tall, middle = labels[:, 3] - labels[:, 1], (labels[:, :2] + labels[:, 2:]) / 2
    return np.hypot(
        (x[None, None] - middle[:, :1, None]) / tall[:, None, None],
        (y[None, :, None] - middle[:, 1:, None]) / tall[:, None, None],
    )


def whole_passes(passes: list[DetectorPass], labels: np.ndarray, rng: np.random.Generator, data: dict) -> None:
    for name, size in backs.SIZES:
        for each in passes[:2]:
            x, across, down = places(each, name)
            off, tall = away(labels, across, down), (labels[:, 3] - labels[:, 1]) * each.across
            fits = (tall > 0.66 * size) & (tall < 1.5 * size)
            is_head, is_none = ((off < 0.22) & fits[:, None, None]).any(0), ~(off < 0.75).any(0)
            wrong = ((off < 0.3) & ((tall < 0.4 * size) | (tall > 2.55 * size))[:, None, None]).any(0)
            wrong &= ~((off < 0.75) & fits[:, None, None]).any(0)
            for where, most, y in ((is_head, None, 1), (is_none, 250, 0), (wrong, 20, 0)):
                at = np.argwhere(where)
                at = at[rng.permutation(len(at))[:most]]
                data[name] += [(row, y) for row in x[at[:, 0], at[:, 1]]]


def close_passes(
    network: CenterFace,
    levels: Levels,
    passes: list[DetectorPass],
    faces: list,
    labels: np.ndarray,
    said: dict,
    data: dict,
) -> None:
    rows = np.concatenate([each.rows for each in passes])[:, :5]
    rows = rows[suppressed_by_overlap(rows[:, :4], rows[:, 4], 0.4)]
    rows = rows[heights(rows) >= 20]
    of_face = among(rows, faces)
    rows = np.concatenate([rows[~of_face][:64], rows[of_face]])
    of_face = np.r_[np.zeros(len(rows) - of_face.sum(), bool), np.ones(of_face.sum(), bool)]
    if not len(rows):
        return
    x, best = inside(network, levels, rows[:, :4]), {}
    middle, unit = (rows[:, :2] + rows[:, 2:4]) / 2, heights(rows)
    tall, centre = labels[:, 3] - labels[:, 1], (labels[:, :2] + labels[:, 2:]) / 2
    for k, (one, at) in enumerate(zip(x, middle, strict=True)):
        off, ratio = np.hypot(*(centre - at).T) / tall, tall / unit[k]
        good = (off < 0.3) & (ratio > 1.1) & (ratio < 3.2)
        grown = 0.15 * (labels[:, 2:] - labels[:, :2])
        on = ((at > labels[:, :2] - grown) & (at < labels[:, 2:] + grown)).all(1)
        head = backs.HEAD_OVER_FACE * unit[k]
        for owner in np.flatnonzero(on):
            place = [*((centre[owner] - at) / head), np.log(tall[owner] / head)]
            if max(abs(place[0]), abs(place[1])) < 0.6 and abs(place[2]) < 0.7:
                data["place"].append((one, place))
        if not of_face[k] and (good.any() or not on.any()):
            data["head"].append((one, int(good.any())))
        if good.any():
            owner = int(np.argmin(np.where(good, off, 9)))
            if owner not in best or (of_face[best[owner]], -rows[best[owner], 4]) > (of_face[k], -rows[k, 4]):
                best[owner] = k
    for owner, k in best.items():
        if of_face[k]:
            data["head"].append((x[k], 1))
        if said.get(owner) in ("B", "F"):
            data["behind"].append((x[k], int(said[owner] == "B")))


def read_labels() -> dict[str, dict[int, str]]:
    lines = (line.split() for line in LABELS.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {name: {int(one[:-1]): one[-1] for one in rest} for name, *rest in lines}


def pictures(photos: list, count: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    photos = list(photos)
    random.Random(SEED).shuffle(photos)
    for path, boxes in photos[:count]:
        if even(path):
            picture = codec.decode(Path(path).read_bytes(), max_edge=EDGE, max_pixels=10**9)
            yield Path(path).stem, picture.pixels, np.asarray(boxes, float).reshape(-1, 4) * picture.scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--load", type=Path, default=Path(os.environ.get("CONSENTGUARD_EVAL", ".")) / "load.py")
    parser.add_argument("--photos", type=int, default=173)
    parser.add_argument("--faces", type=int, default=330)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    every, labels, rng = sets(given.load), read_labels(), np.random.default_rng(5)
    network, detector = CenterFace.load(ModelStore.default()), FaceFinder.load(ModelStore.default())
    data: dict[str, list] = {name: [] for name in (*RIDGE, "place")}
    for name, pixels, boxes in pictures(every["scut_heads_b"], given.photos):
        faces, passes = detector.search(pixels)
        whole_passes(list(passes), boxes, rng, data)
        close_passes(network, Levels(pixels), list(passes), list(faces), boxes, labels.get(name, {}), data)
    shown: list[np.ndarray] = []
    for name in ("wider_train", "mafa_masked", "mafa_unmasked"):
        for _, pixels, boxes in pictures(every[name], given.faces):
            boxes = rng.permutation(boxes[boxes[:, 3] - boxes[:, 1] >= 32])[:8]
            tall, half = (boxes[:, 3] - boxes[:, 1])[:, None], (boxes[:, 2:] - boxes[:, :2]) / 2
            middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + rng.normal(0, 0.12, (len(boxes), 2)) * tall
            half = half * np.exp(rng.normal(0, SIZES, (len(boxes), 1)))
            moved = np.concatenate([middle - half, middle + half], 1).astype(np.float32)
            shown += list(inside(network, Levels(pixels), moved)) if len(moved) else []
    data["behind"] += [(one, 0) for one in shown]
    data["head"] += [(shown[k], 1) for k in rng.permutation(len(shown))[:300]]
    weights = {}
    for name, found in data.items():
        x, y = np.array([one for one, _ in found], float), np.array([said for _, said in found], float)
        weights[name] = ridge(x, y) if name == "place" else logistic(x, y, RIDGE[name])
        print(name, len(y), "inputs,", "" if name == "place" else f"{int(y.sum())} of them heads or backs")
    np.savez_compressed(given.out, **{name: np.asarray(one, np.float32) for name, one in weights.items()})


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
