"""The pictures of docs/how-it-decides.md, drawn: what is found in a photo, and the three copies that can be made of it.

    python benchmarks/pictures.py docs/how-it-decides.png

No photograph of a person is in this repository. The detectors are made for photographs, so what they would find in the
drawing is said here by hand; the plans and the paint are the program's own.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from consentguard import Policy
from consentguard.guard.planning import limits_of
from consentguard.guard.verify import paint_of
from consentguard.values import (
    Box,
    Extent,
    Face,
    Hand,
    Head,
    JudgedFace,
    PersonRegion,
    Picture,
    Rewrite,
    Seen,
    Standing,
    frozen_pixels,
)
from consentguard.vision import draw
from consentguard.vision.rewrite.cells import Grid
from consentguard.vision.rewrite.paint import apply_plan
from consentguard.vision.rewrite.plan import propose

WIDTH, HEIGHT = 1440, 1080
SKIN, SHADE, HAIR, OTHER_HAIR = (224, 178, 148), (196, 146, 118), (70, 48, 36), (150, 100, 50)
BLUE, GREEN = (60, 96, 150), (70, 120, 80)
AA = cv2.LINE_AA


def child(canvas: np.ndarray, x: int, colour: tuple[int, int, int], hair: tuple[int, int, int], *, face: bool) -> None:
    """A child behind the table, from the front or from behind."""
    cv2.ellipse(canvas, (x, 600), (170, 210), 0, 180, 360, colour, cv2.FILLED, AA)
    cv2.rectangle(canvas, (x - 34, 350), (x + 34, 420), SHADE, cv2.FILLED)
    cv2.ellipse(canvas, (x, 255), (98, 118), 0, 0, 360, hair, cv2.FILLED, AA)
    if not face:
        return
    cv2.ellipse(canvas, (x, 280), (80, 98), 0, 0, 360, SKIN, cv2.FILLED, AA)
    cv2.ellipse(canvas, (x, 182), (84, 46), 0, 0, 360, hair, cv2.FILLED, AA)
    for side in (-34, 34):
        cv2.ellipse(canvas, (x + side, 262), (16, 9), 0, 0, 360, (250, 250, 250), cv2.FILLED, AA)
        cv2.circle(canvas, (x + side, 262), 8, (60, 44, 34), cv2.FILLED, AA)
    cv2.line(canvas, (x - 2, 268), (x - 8, 298), SHADE, 4, AA)
    cv2.ellipse(canvas, (x, 328), (30, 14), 0, 0, 180, (176, 70, 70), cv2.FILLED, AA)


def scene() -> np.ndarray:
    """Two children, one of them turned away, behind a table with a painting and a pair of hands."""
    canvas = np.full((HEIGHT, WIDTH, 3), (206, 220, 222), np.uint8)
    for x in range(60, WIDTH, 190):
        cv2.rectangle(canvas, (x, 60), (x + 110, 150), (232, 236, 232), cv2.FILLED)
    child(canvas, 380, BLUE, HAIR, face=True)
    child(canvas, 1010, GREEN, OTHER_HAIR, face=False)
    cv2.rectangle(canvas, (0, 590), (WIDTH, HEIGHT), (176, 132, 92), cv2.FILLED)
    cv2.rectangle(canvas, (170, 680), (620, 1040), (250, 250, 246), cv2.FILLED)
    for row, colour in enumerate(((200, 70, 60), (240, 190, 60), (70, 150, 90))):
        cv2.ellipse(canvas, (395, 1020), (190 - 44 * row, 250 - 56 * row), 0, 180, 360, colour, 26, AA)
    for x, tilt in ((176, 35), (614, -35)):
        cv2.ellipse(canvas, (x, 800), (62, 38), tilt, 0, 360, SKIN, cv2.FILLED, AA)
    return canvas


def hand(x: int, tilt: int) -> Hand:
    """A hand where one was drawn."""
    outline = cv2.ellipse2Poly((x, 800), (68, 44), tilt, 0, 360, 15)
    points = tuple((float(a), float(b)) for a, b in outline)
    left, top, wide, high = cv2.boundingRect(outline)
    return Hand(Box(left, top, left + wide, top + high), 0.97, (points * 2)[:21], points)


def body(x: int, head: Face | Head) -> PersonRegion:
    """What a drawn child takes up, head included."""
    mask = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    child(mask, x, (255, 255, 255), (255, 255, 255), face=False)
    mask[590:] = 0
    grid = Grid.over(WIDTH, HEIGHT)
    sure = np.where(grid.touched(mask[..., 0] > 0), np.uint8(255), np.uint8(0))
    return PersonRegion(Box(x - 175, 130, x + 175, 600), head, Extent(0, 0, grid.grain, sure))


def panels() -> list[tuple[str, Image.Image]]:
    """Each picture with its caption."""
    picture = Picture(frozen_pixels(scene()), WIDTH, HEIGHT)
    front, back = Face(Box(305, 190, 455, 380), 0.99), Head(Box(910, 135, 1110, 375), 0.98, from_behind=True)
    seen = Seen((front,), (back,), (hand(176, 35), hand(614, -35)), (body(380, front), body(1010, back)))
    judged = JudgedFace(front.box, front.score, None, Standing.NO_CONSENT, number=1)
    policy = Policy.shipped()
    # What is drawn is too plain to be worth much.
    limits, paint = replace(limits_of(policy), least_worth=0.0), paint_of(policy)
    found = Image.open(io.BytesIO(draw.inspection(picture, seen, (judged,), ((2, back),))))
    made = [("What is found: a face, a head from behind, hands, people", found)]
    for remain, kind, caption in (
        ({"hands"}, Rewrite.CROP, "crop: the work and the hands"),
        ({"hands", "back_of_head"}, Rewrite.SILHOUETTE, "silhouette: the whole person, but for hands and backs"),
        ({"body"}, Rewrite.COVER, "cover: the head, where the policy lets the body remain"),
    ):
        plans = [plan for plan in propose(picture, seen, (), remain, limits=limits) if plan.rewrite is kind]
        widest = max(plans, key=lambda plan: plan.frame.area) if kind is Rewrite.SILHOUETTE else plans[0]
        made.append((caption, Image.fromarray(np.array(apply_plan(picture.pixels, widest, paint)))))
    return made


def main(target: Path) -> None:
    """Writes the sheet of all pictures to `target`."""
    wide, high, line = 700, 525, 40
    font = ImageFont.load_default(23)
    made = panels()
    rows = -(-len(made) // 2)
    sheet = Image.new("RGB", (2 * wide + 20, rows * (high + line + 12)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (caption, panel) in enumerate(made):
        left, top = (number % 2) * (wide + 20), (number // 2) * (high + line + 12)
        pen.text((left, top + 6), caption, "#1c2321", font)
        panel.thumbnail((wide, high))
        sheet.paste(panel, (left, top + line))
    sheet.quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
