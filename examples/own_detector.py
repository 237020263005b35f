"""A face detector of your own inside the guard: here the shipped one, which also looks at a brightened copy.

    python examples/own_detector.py photo.jpg

It prints what the guard sees with it. A release made with it is marked, and exit points refuse it until your policy
names the part: custom_parts = ["detector:brightened@1"].
"""

import sys
from pathlib import Path

import numpy as np

from consentguard import ConsentGuardError, Guard, Policy, Register
from consentguard.values import Face, Pixels
from consentguard.vision.detection.detector import DETECTORS, Detector
from consentguard.vision.models.store import ModelStore


class Brightened(Detector):
    """Looks twice, the second time at dark corners made light. Only `find` is needed; the passes follow from it."""

    label = "brightened@1"

    def __init__(self) -> None:
        self._shipped = DETECTORS["centerface"](ModelStore.default())
        self.smallest_face = self._shipped.smallest_face

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        lighter = (255 * (pixels / 255) ** 0.5).astype(np.uint8)
        found = list(self._shipped.find(pixels, smallest_face))
        for face in self._shipped.find(lighter, smallest_face):
            if all(face.box.iou(other.box) < 0.4 for other in found):
                found.append(face)
        return tuple(sorted(found, key=lambda face: -face.score))


def main() -> int:
    try:
        guard = Guard(Register.load(Path("consent_register.csv")), Policy.shipped(), detector=Brightened())
        verdict = guard.inspect(sys.argv[1])
    except ConsentGuardError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{verdict.outcome}: faces: {len(verdict.faces)}, seen by {', '.join(verdict.models)}")
    return verdict.outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
