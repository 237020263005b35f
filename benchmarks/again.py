"""Whether a released copy that is judged again hides anybody new. At least 95 of 100 should not.

    python benchmarks/again.py --loader FOLDER --masks FOLDER [--seed 9303] [--keep FOLDER]

The loader's FOLDER holds load.py, and CONSENTGUARD_EVAL names the photographs of the open evaluation sets; the other
FOLDER has index.json and photos/ of the set with people's masks. Of classrooms, of people (enlarged twice), of
`wider_train`, of hands and of groups 30, 18, 18, 7 and 5 photos are drawn at random by the seed and released with
nobody's consent; what leaves with anybody hidden is judged again. Prints who would be hidden in which copy, and how
many copies hide nobody. `--keep` writes the copies, for the eyes of whoever runs this only.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
from openset import loader

from consentguard import Guard, Policy, Register, State
from consentguard.errors import CannotTell, Refused


def photos(given: argparse.Namespace) -> list[tuple[Path, int]]:
    """Each photo, and how many times it is enlarged."""
    load = loader(given.loader)
    sets, masks = load.detection_sets() | load.head_sets(), json.loads((given.masks / "index.json").read_text())
    with_people = [given.masks / "photos" / one["name"] for one in masks if one["people"]]
    chosen: list[tuple[Path, int]] = []
    for paths, count, times in (
        ([path for path, _ in sets["scut_heads_b"]], 30, 1),
        (with_people, 18, 2),
        ([path for path, _ in sets["wider_train"]], 18, 1),
        ([path for path, _ in load.hands_sets()["egohands"]], 7, 1),
        (load.group_photos(), 5, 1),
    ):
        chosen += [(Path(path), times) for path in random.Random(given.seed).sample(sorted(map(str, paths)), count)]
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--masks", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=9303)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    policy, copies, same = Policy.shipped(), 0, 0
    policy = replace(policy, content=replace(policy.content, text_in_picture="ignore"))
    with TemporaryDirectory() as folder:
        guard = Guard(Register.nobody(), policy, state=State.create(Path(folder) / "state"))
        for number, (path, times) in enumerate(photos(given)):
            photo = cv2.resize(cv2.imread(str(path)), None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
            try:
                released = guard.release(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
            except (Refused, CannotTell):
                continue
            if not released.verdict.hidden:
                continue
            told = guard.inspect(released.data)
            copies, same = copies + 1, same + (not told.hidden)
            if given.keep:
                (given.keep / f"{number:02d}.jpg").write_bytes(released.data)
            if told.hidden:
                print(f"{number}: {[(face.box.as_list(), round(face.score, 2)) for face in told.faces]}", flush=True)
    print(f"seed {given.seed}: {copies} copies, {same} hide nobody new ({same / copies:.0%})")


if __name__ == "__main__":
    main()
