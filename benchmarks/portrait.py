"""Makes docs/before-after.png: one real portrait, and what the guard makes of it.

    python benchmarks/portrait.py astronaut.png [--out docs/before-after.png]

The photo is NASA's portrait of the astronaut Eileen Collins, in the public domain; scikit-image ships it as
skimage/data/astronaut.png. Nobody consented. Policy lets bodies remain here, with a sticker on each covered head:
under the shipped one, which lets only hands and backs of heads remain, this portrait is refused.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image

from consentguard import Guard, Policy, Register, State
from consentguard.vision.imagefile import codec

SIDE, GAP, COLOURS = 360, 12, 192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "before-after.png")
    given = parser.parse_args()
    shipped = Policy.shipped()
    policy = replace(
        shipped,
        remain=shipped.remain | {"body"},
        picture=replace(shipped.picture, sticker="smile"),
    )
    data = given.photo.read_bytes()
    with TemporaryDirectory() as scratch:
        released = Guard(Register.nobody(), policy, state=State.create(Path(scratch) / "state")).release(data)
    both = [codec.decode(each, max_edge=2048, max_pixels=10**8).pixels for each in (data, released.data)]
    before, after = (cv2.resize(each, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for each in both)
    side_by_side = np.hstack([before, np.full((SIDE, GAP, 3), 255, np.uint8), after])
    Image.fromarray(side_by_side).quantize(COLOURS).save(given.out, optimize=True)
    print(
        f"{given.out}: {given.out.stat().st_size} bytes; {released.verdict.rewrite}, {released.verdict.hidden} hidden"
    )


if __name__ == "__main__":
    main()
