"""Makes docs/before-after.png: one real portrait, and what the guard makes of it.

    python benchmarks/portrait.py astronaut.png [--out docs/before-after.png]

The photo is NASA's portrait of the astronaut Eileen Collins, in the public domain; scikit-image ships it as
skimage/data/astronaut.png. It is made 448 px large first. Nobody consented. Policy lets bodies remain here: under the
shipped one, which lets only hands and backs of heads remain, this portrait is refused.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from consentguard import Guard, Policy, Register, State
from consentguard.vision.imagefile import codec

SIDE, GAP, COLOURS = 448, 12, 192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "before-after.png")
    given = parser.parse_args()
    shipped = Policy.shipped()
    policy = replace(shipped, remain=shipped.remain | {"body"})
    photo = codec.decode(given.photo.read_bytes(), max_edge=SIDE, max_pixels=10**8).pixels
    with TemporaryDirectory() as scratch:
        guard = Guard(Register.nobody(), policy, state=State.create(Path(scratch) / "state"))
        released = guard.release(codec.encode_png(photo))
    after = codec.decode(released.data, max_edge=SIDE, max_pixels=10**8).pixels
    gap = np.full((photo.shape[0], GAP, 3), 255, np.uint8)
    Image.fromarray(np.hstack([photo, gap, after])).quantize(COLOURS).save(given.out, optimize=True)
    print(
        f"{given.out}: {given.out.stat().st_size} bytes; {released.verdict.rewrite}, {released.verdict.hidden} hidden"
    )


if __name__ == "__main__":
    main()
