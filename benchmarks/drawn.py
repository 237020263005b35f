"""Whether any real face would be taken for a drawn figure.

    python benchmarks/drawn.py --loader FOLDER [--photos 260]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. So many
photos of each set of faces and heads are taken, always the same. Prints how many labelled boxes there are, how many
would be taken for drawn figures (none should), and of the nearest the share of its middle that has the colour of one
drawn face, and the least such share of the upper or the lower half of any.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from openset import loader

from consentguard.values import Box
from consentguard.vision import drawn
from consentguard.vision.imagefile import codec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--loader", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=260)
    given = parser.parse_args()
    sets = loader(given.loader)
    boxes, taken, nearest = 0, 0, np.zeros(2)
    for photos in (sets.detection_sets() | sets.head_sets()).values():
        chosen = list(photos)
        random.Random(1).shuffle(chosen)
        for path, labelled in chosen[: given.photos]:
            pixels = codec.decode(Path(path).read_bytes(), max_edge=4096, max_pixels=10**8).pixels
            for left, top, right, bottom in (tuple(int(edge) for edge in box[:4]) for box in labelled):
                box = Box(left, top, max(right, left + 1), max(bottom, top + 1)).within(*pixels.shape[1::-1])
                if box is None:
                    continue
                boxes += 1
                taken += drawn.is_drawn(pixels, box)
                nearest = np.maximum(nearest, drawn.shares(pixels, box)[:2])
    whole, half = nearest
    print(f"{boxes} labelled boxes, {taken} taken for drawn; at most {whole:.2f} of one has a colour of drawn faces, "
          f"and {half:.2f} of each of its halves")  # fmt: skip


if __name__ == "__main__":
    main()
