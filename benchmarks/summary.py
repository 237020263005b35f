"""README's numbers, made from what the benchmarks wrote.

    python benchmarks/summary.py

Rewrites the lines of README.md between the two marks. A test holds README and the results together.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
START, END = "<!-- made by benchmarks/summary.py -->", "<!-- end -->"


def block() -> str:
    """The lines between the marks, from benchmarks/results/speed.json."""
    data = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text(encoding="utf-8"))
    middle = {name: 1000 * statistics.median(times) for name, times in data["seconds"].items()}
    faces, single = data["embedding"], data["single"]
    rows = [
        ("release: looked at, rewritten, verified, recorded", "release"),
        ("check", "check"),
        ("face_recognition, the script of its README", "face_recognition"),
        ("deface, its defaults", "deface"),
    ]
    return "\n".join(
        [
            "One photo of 8 to 21 megapixels with a class in it, medians side by side "
            f"({data['machine']}; `make bench`):\n",
            "| | ms | against release |",
            "|---|---|---|",
            *(f"| {what} | {middle[name]:.0f} | {middle[name] / middle['release']:.1f}x |" for what, name in rows),
            "",
            f"Landmarks and embedding of a face: {faces['ours']:.1f} ms, "
            f"{faces['face_recognition'] / faces['ours']:.1f} times faster than `face_encodings`.",
            f"Memory with models loaded {single['0']['idle']:.0f} MB, at its peak {single['0']['large']:.0f} MB "
            f"({single['1']['large']:.0f} MB with one thread).",
        ]
    )


def main() -> None:
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{START}\n{block()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
