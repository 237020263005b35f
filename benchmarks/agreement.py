"""Do `check` and `release` agree? Photos in mode declared, with as many names as people marked the photo with faces.

    python benchmarks/agreement.py LIST.tsv        # a path and a number of faces on each line

Prints one line a photo and the counts: photos released; photos in which `check` lets a face be seen that `release`
paints; photos that `check` lets through and `release` refuses.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from consentguard import CannotTell, Guard, Policy, Refused, Register, State

MOST = 200


def everybody() -> Register:
    """A register of people who all consented."""
    rows = [f"Q{n:03},pupil,Given{n},Name{n},yes,2026-09-07" for n in range(1, MOST + 1)]
    heading = "id,role,legal_forename,legal_surname,social_media,social_media_granted"
    return Register.parse("\n".join([heading, *rows, ""]).encode(), "everybody")


def main() -> int:
    rows = [line.split("\t") for line in Path(sys.argv[1]).read_text().splitlines()]
    released = painted = refused = 0
    with TemporaryDirectory() as folder:
        guard = Guard(everybody(), Policy.shipped(), state=State.create(Path(folder, "state")))
        for path, faces in rows:
            photo = Path(path).read_bytes()
            asked = {"people": [f"Q{n:03}" for n in range(1, int(faces) + 1)], "by": "the benchmark"}
            ends, seen, hidden = [], [], []
            for step in (guard.inspect, lambda data, **more: guard.release(data, **more).verdict):
                try:
                    verdict = step(photo, **asked)
                except Refused as error:
                    verdict = error.verdict
                except CannotTell as error:
                    ends.append(type(error).__name__)
                    continue
                ends.append(verdict.outcome.value)
                seen.append(len(verdict.faces) - verdict.hidden)
                hidden.append(verdict.hidden)
            check, release = ends
            lets = check in ("publishable", "needs_rewrite")
            released += release == "released"
            painted += lets and release == "released" and hidden[1] > hidden[0]
            refused += lets and release != "released"
            print(f"{Path(path).name}\t{faces}\t{check}\t{release}\t{seen}\t{hidden}", flush=True)
    print(f"{len(rows)} photos: {released} released; {painted} painted somebody whom check lets be seen; {refused} let "
          "through by check and refused by release")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
