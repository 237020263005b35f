"""What the second pass finds of what the first missed: one found face of each photo is left unpainted, at random.

    python benchmarks/second_pass.py --loader FOLDER [--photos 150] [--seed 2087] [--keep FILE]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. Of each
photo of `wider_train` and `scut_heads_b` that the sample holds one face or unsure head, at random, stays; the heads of
all others are painted over as `release` paints them, and the picture is encoded. Found is what has a hit on it in the
mirrored or in the plain pass: IoU of 0.3, or 0.6 of the hit in its head. Prints, for each set, how many photos there
were and the share that was found, and the processor time of both passes beside that of the first. `--keep` writes the
pictures and what was left in them, so that another version can be asked about the very same bytes.
"""

from __future__ import annotations

import argparse
import pickle
import random
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from openset import loader

from consentguard import Policy, Register
from consentguard.consent.clock import now
from consentguard.guard.models import VisionModels, reader_of
from consentguard.guard.setup import Setup
from consentguard.values import Box, Face, Picture
from consentguard.vision.detection.passes import second_pass
from consentguard.vision.imagefile import codec
from consentguard.vision.rewrite import Paint, apply_plan, head_box, plan_rewrite

SAME, IN_HEAD = 0.3, 0.6
SETS = ("wider_train", "scut_heads_b")


def hit(found: Face, left: Box, head: Box) -> bool:
    return found.box.iou(left) >= SAME or found.box.overlap(head) >= IN_HEAD * found.box.area


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=150)
    parser.add_argument("--seed", type=int, default=2087)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    load, policy, kept = loader(arguments.loader), Policy.shipped(), []
    models, reader = VisionModels(Setup(Register.nobody(), policy, None, partial(now, policy.zone))), reader_of(policy)
    every = {**load.detection_sets(), **load.head_sets()}
    for name in SETS:
        chance = random.Random(arguments.seed)
        counts, first, second = [], 0.0, 0.0
        for path, _ in chance.sample(every[name], arguments.photos):
            picture = reader.read(Path(path).read_bytes())
            start = time.process_time()
            first_pass = models.first_pass(picture)
            seen, find = first_pass.seen, partial(second_pass, first_pass.detector, policy.picture.smallest_face)
            first += time.process_time() - start
            if not seen.counted:
                continue
            left = chance.choice(seen.counted)
            plan = plan_rewrite(picture, seen, {left}, {"body"})
            if plan.rewrite is None or plan.frame.area < picture.width * picture.height:
                continue
            data = codec.encode_jpeg(apply_plan(picture.pixels, plan, Paint()), 90)
            head = head_box(left.head) if isinstance(left.head, Face) else left.head.box
            finished = codec.decode(data, max_edge=max(picture.width, picture.height), max_pixels=10**9)
            start = time.process_time()
            mirrored = Picture(cv2.flip(finished.pixels, 1).astype(np.uint8), picture.width, picture.height)
            passes = [Face(f.box.mirrored(picture.width), f.score) for f in find(mirrored)]
            passes += find(finished, finest=False)
            second += time.process_time() - start
            counts.append(any(hit(face, left.head.box, head) for face in passes))
            kept.append((name, data, left.head.box.as_list(), head.as_list()))
        share = sum(counts) / max(len(counts), 1)
        print(f"{name}: {len(counts)} photos, found {share:.3f}; second over first pass {second / first:.2f}")
    if arguments.keep:
        arguments.keep.write_bytes(pickle.dumps(kept))


if __name__ == "__main__":
    main()
