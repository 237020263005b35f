"""Draws a child at a table, has the guard hide the face, and writes both pictures side by side.

    python examples/drawn_scene.py both.png

To try the guard without a photograph of anybody. The shipped detector finds the drawn face, the rewriter covers it, and
the second pass checks the result.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from consentguard import Guard, Policy, Register, State
from consentguard.vision import draw
from consentguard.vision.imagefile import codec

SKIN, SHADE, HAIR, JUMPER = (224, 178, 148), (196, 146, 118), (70, 48, 36), (60, 96, 150)


def scene() -> bytes:
    """A JPEG, 400 x 300: a child behind a table with a painting. Drawn at twice the size, for smooth edges."""
    picture = np.full((600, 800, 3), (206, 220, 222), np.uint8)
    cv2.rectangle(picture, (0, 430), (800, 600), (176, 132, 92), cv2.FILLED)
    cv2.ellipse(picture, (400, 480), (170, 170), 0, 180, 360, JUMPER, cv2.FILLED, cv2.LINE_AA)
    cv2.rectangle(picture, (370, 290), (430, 340), SHADE, cv2.FILLED)
    cv2.ellipse(picture, (400, 205), (98, 118), 0, 0, 360, HAIR, cv2.FILLED, cv2.LINE_AA)
    cv2.ellipse(picture, (400, 225), (80, 102), 0, 0, 360, SKIN, cv2.FILLED, cv2.LINE_AA)
    cv2.ellipse(picture, (400, 132), (84, 42), 0, 0, 360, HAIR, cv2.FILLED, cv2.LINE_AA)
    for x in (366, 434):
        cv2.ellipse(picture, (x, 192), (18, 5), 0, 180, 360, HAIR, 5, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 212), (16, 9), 0, 0, 360, (250, 250, 250), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x, 212), 8, (60, 44, 34), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x + 2, 209), 2, (255, 255, 255), cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 252), (20, 12), 0, 0, 360, (226, 158, 136), cv2.FILLED, cv2.LINE_AA)
    cv2.line(picture, (398, 218), (392, 246), SHADE, 4, cv2.LINE_AA)
    cv2.ellipse(picture, (400, 248), (14, 7), 0, 0, 180, SHADE, 4, cv2.LINE_AA)
    cv2.ellipse(picture, (400, 278), (30, 14), 0, 0, 180, (176, 70, 70), cv2.FILLED, cv2.LINE_AA)
    cv2.rectangle(picture, (270, 450), (530, 580), (250, 250, 246), cv2.FILLED)
    for row, colour in enumerate(((200, 70, 60), (240, 190, 60), (70, 150, 90))):
        cv2.ellipse(picture, (400, 580), (110 - 26 * row, 90 - 24 * row), 0, 180, 360, colour, 14, cv2.LINE_AA)
    for x, tilt in ((268, 35), (532, -35)):
        cv2.ellipse(picture, (x, 478), (34, 20), tilt, 0, 360, SKIN, cv2.FILLED, cv2.LINE_AA)
    return codec.encode_jpeg(cv2.resize(picture, (400, 300), interpolation=cv2.INTER_AREA).astype(np.uint8), 92)


def main(target: Path) -> None:
    """Writes the side-by-side picture to `target`."""
    photo = scene()
    everybody_refused = Register.parse(
        b"id,role,legal_forename,legal_surname\nP1,pupil,Drawn,Child\n", "drawn register"
    )
    shipped = Path(__file__).parents[1] / "consentguard/consent/policy/policies/sch026.toml"
    heads_covered = shipped.read_bytes().replace(b'["hands", "back_of_head"]', b'["body"]')
    with TemporaryDirectory() as folder:
        guard = Guard(everybody_refused, Policy.parse(heads_covered, "heads covered"), state=State.create(Path(folder)))
        released = guard.release(photo)
    if not released.verdict.hidden:
        sys.exit("the drawn face was not found, so the picture would show nothing")
    before, after = (codec.decode(data, max_edge=2048, max_pixels=10**7) for data in (photo, released.data))
    target.write_bytes(draw.side_by_side(before, after.pixels))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
