"""How long 1,000 captions take against 1,500 pupils: python benchmarks/words.py [--captions N] [--pupils N]."""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "wording"))
from table import HERE, Table

from consentguard.wording import Named, Screen
from consentguard.wording.languages.en import EN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captions", type=int, default=1000)
    parser.add_argument("--pupils", type=int, default=1500)
    wanted = parser.parse_args()
    rng = random.Random(7)
    firsts, seconds = sorted(EN.first_names), sorted(EN.ordinary)
    made = ("".join(pair).title() for pair in itertools.product(rng.sample(seconds, 60), rng.sample(seconds, 60)))
    surnames = [*rng.sample(seconds, wanted.pupils // 3), *itertools.islice(made, wanted.pupils)][: wanted.pupils]
    people = [Named(f"P{number}", (rng.choice(firsts),), (name,)) for number, name in enumerate(surnames)]
    captions = [caption for _, caption in Table.read(HERE / "captions.txt").captions]
    captions = list(itertools.islice(itertools.cycle(captions), wanted.captions))
    started = time.perf_counter()
    screen = Screen(people)
    built = time.perf_counter()
    flagged = sum(bool(screen.judge(caption)) for caption in captions)
    done = time.perf_counter()
    print(
        f"{len(people)} pupils filed in {built - started:.3f} s; {len(captions)} captions in {done - built:.3f} s, ",
        end="",
    )
    print(f"{flagged} with findings")


if __name__ == "__main__":
    main()
