"""Certificates, badges, labels and boards with a name, drawn with fonts that come with Pillow and OpenCV."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from consentguard.values import Pixels, frozen_pixels

HANDWRITING = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, cv2.FONT_HERSHEY_COMPLEX_SMALL)
KINDS = ("certificate", "badge", "label", "board", "handwritten", "turned", "quarter", "soft")


@dataclass(frozen=True)
class Drawn:
    """A picture with a name; `ink` marks the pixels of the surname, bool of the picture's shape."""

    kind: str
    surname: str
    pixels: Pixels
    ink: np.ndarray


def drawings(count: int, names: list[tuple[str, str]], seed: int = 1) -> Iterator[Drawn]:
    """Pictures of 1,600 x 1,200 pixels, the kinds in turn."""
    rng = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        yield _drawn(kind, *names[number % len(names)], rng)


def _drawn(kind: str, first: str, surname: str, rng: random.Random) -> Drawn:
    paper = Image.new("RGB", (1600, 1200), rng.choice(["#f4efe0", "#ffffff", "#dfe9f2", "#f6e3d7"]))
    ink = Image.new("L", paper.size, 0)
    colour = rng.choice(["#1c1c30", "#20355c", "#5c2020", "#1d4a2a"])
    size = {"badge": rng.randint(13, 18), "label": rng.randint(20, 30)}.get(kind, rng.randint(34, 64))
    if kind == "handwritten":
        return _handwritten(np.asarray(paper).copy(), first, surname, rng)
    at = rng.randint(250, 700), rng.randint(350, 700)
    font = ImageFont.load_default(size)
    for layer, fill, words in ((paper, colour, (first, surname)), (ink, 255, ("", surname))):
        draw = ImageDraw.Draw(layer)
        if layer is paper:
            _around(draw, kind, at, size, colour)
        start = at[0]
        if words[0]:
            draw.text((start, at[1]), words[0], font=font, fill=fill)
        draw.text((start + draw.textlength(f"{first} ", font=font), at[1]), words[1], font=font, fill=fill)
    turn = {"turned": rng.uniform(-20, 20), "quarter": rng.choice([90.0, 180.0, 270.0])}.get(kind, 0.0)
    if turn:
        paper = paper.rotate(turn, Image.Resampling.BICUBIC, expand=turn % 90 == 0, fillcolor=paper.getpixel((2, 2)))
        ink = ink.rotate(turn, Image.Resampling.BICUBIC, expand=turn % 90 == 0)
    pixels = np.asarray(paper).copy()
    if kind == "soft":
        pixels = cv2.GaussianBlur(pixels, (5, 5), 1.2)
    noisy = pixels.astype(np.int16) + np.random.default_rng(rng.randint(0, 99)).normal(0, 4, pixels.shape)
    return Drawn(kind, surname, frozen_pixels(np.clip(noisy, 0, 255).astype(np.uint8)), np.asarray(ink) > 128)


def _around(draw: ImageDraw.ImageDraw, kind: str, at: tuple[int, int], size: int, colour: str) -> None:
    """What else stands on it."""
    x, y = at
    if kind in ("badge", "label"):
        draw.rectangle((x - 15, y - size, x + 16 * size, y + 2.4 * size), outline=colour, width=2, fill="white")
        return
    for text, offset, scale in (("Certificate of Achievement", -3.2, 1.1), ("awarded to", -1.6, 0.6),
                                ("for a splendid model of a volcano, Class 4", 1.8, 0.6)):  # fmt: skip
        draw.text((max(x - 100, 40), y + offset * size), text, font=ImageFont.load_default(size * scale), fill=colour)


def _handwritten(pixels: np.ndarray, first: str, surname: str, rng: random.Random) -> Drawn:
    font, scale, x, y = rng.choice(HANDWRITING), rng.uniform(1.3, 2.2), rng.randint(200, 600), rng.randint(300, 900)
    cv2.putText(pixels, first, (x, y), font, scale, (60, 30, 30), 2, cv2.LINE_AA)
    width = cv2.getTextSize(f"{first} ", font, scale, 2)[0][0]
    ink = np.zeros(pixels.shape[:2], np.uint8)
    for layer, colour in ((pixels, (60, 30, 30)), (ink, 255)):
        cv2.putText(layer, surname, (x + width, y), font, scale, colour, 2, cv2.LINE_AA)
    return Drawn("handwritten", surname, frozen_pixels(pixels), ink > 128)
