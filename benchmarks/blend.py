"""Blends: how often mode matched takes the face of somebody enrolled, laid over another head, for that person.

    python benchmarks/blend.py --loader FOLDER [--heads 40]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. Half of the
people of `lfw10` are enrolled with three photos each; heads are photos of the others. Over each head another photo of
an enrolled person's face, laid by its five points, is blended, in the oval of the face, at 0 to 100 %. Prints how many
were cleared as the person whose face was laid on, and as anybody else.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from openset import loader

from consentguard import Guard, Policy, Register, State, VerificationFailed
from consentguard.values import Face, Mode, Pixels, Standing
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

SHARES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
ENROLLED_WITH = 3
CHANNELS = ("website", "social_media")


def register_of(people: int) -> Register:
    kinds = (*CHANNELS, "biometric")
    head = "id,role,legal_forename,legal_surname," + ",".join(f"{kind},{kind}_granted" for kind in kinds)
    rows = [
        f"P{number:03d},pupil,Ann,Example{number}," + ",".join("yes,2026-01-02" for _ in kinds)
        for number in range(people)
    ]
    return Register.parse("\n".join([head, *rows, ""]).encode(), "invented")


def largest(finder: FaceFinder, pixels: Pixels) -> Face | None:
    faces = [face for face in finder.find(pixels) if face.landmarks and face.score > 0.8]
    return max(faces, key=lambda face: face.box.area, default=None)


def blended(head: Pixels, at: Face, other: Pixels, its: Face, share: float) -> Pixels:
    """The head with the other's face laid over its own."""
    move, _ = cv2.estimateAffinePartial2D(np.float32(its.landmarks), np.float32(at.landmarks))
    laid = cv2.warpAffine(other, move, head.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    box, oval = at.box, np.zeros(head.shape[:2], np.float32)
    middle = ((box.left + box.right) // 2, (box.top + box.bottom) // 2)
    cv2.ellipse(oval, middle, (int(box.width * 0.55), int(box.height * 0.6)), 0, 0, 360, 1.0, cv2.FILLED)
    weight = cv2.GaussianBlur(oval, (0, 0), box.width / 12)[..., None] * share
    return np.round(head * (1 - weight) + laid * weight).astype(np.uint8)


def cleared_as(guard: Guard, data: bytes, at: Face) -> str | None:
    """Who the face there is taken for, if it may be shown; None where the photo does not go at all."""
    try:
        faces = guard.inspect(data, mode="matched").faces
    except VerificationFailed:
        return None
    face = max(faces, key=lambda face: face.box.iou(at.box), default=None)
    return face.person if face is not None and face.standing is Standing.CONSENTED else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--heads", type=int, default=40)
    arguments = parser.parse_args()
    chance, finder = random.Random(5), FaceFinder.load(ModelStore.default())
    people = [
        photos
        for photos in loader(arguments.loader).recognition_sets()["lfw10"].values()
        if len(photos) > ENROLLED_WITH
    ]
    known, others = people[: len(people) // 2], people[len(people) // 2 :]
    policy = replace(Policy.shipped(), modes=tuple(Mode), dpia="none: photographs of a research set")
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, photos in enumerate(known):
            (folder / "references" / f"P{number:03d}").mkdir(parents=True)
            for photo in photos[:ENROLLED_WITH]:
                target = folder / "references" / f"P{number:03d}" / Path(photo).name
                target.write_bytes(Path(photo).read_bytes())
        guard = Guard(register_of(len(known)), policy, state=State.create(folder / "state"))
        made = guard.enrol(folder / "references")
        print(f"{len(known)} people, {len(made.refused)} of them not enrolled")
        pairs = []
        while len(pairs) < arguments.heads:
            number = chance.randrange(len(known))
            head, other = (
                codec.decode(Path(path).read_bytes(), max_edge=1024, max_pixels=10**8).pixels
                for path in (chance.choice(chance.choice(others)), chance.choice(known[number][ENROLLED_WITH:]))
            )
            at, its = largest(finder, head), largest(finder, other)
            if at is not None and its is not None:
                pairs.append((number, head, at, other, its))
        for share in SHARES:
            own = others_taken = 0
            for number, head, at, other, its in pairs:
                data = codec.encode_jpeg(blended(head, at, other, its, share), 92)
                person = cleared_as(guard, data, at)
                own += person == f"P{number:03d}"
                others_taken += person not in (None, f"P{number:03d}")
            print(f"{share:.0%}: cleared as that person {own} of {len(pairs)}, as another {others_taken}", flush=True)


if __name__ == "__main__":
    main()
