"""Writing that is not in plain lines: mirrored, stacked, widely spaced, curved, and what nobody can read surely."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from consentguard.vision import ocr
from consentguard.wording import Named, Screen

pytestmark = pytest.mark.skipif(not ocr.installed(), reason="needs the extra [ocr]")
SURNAME = "WINTERBOURNE"
SCREEN = Screen([Named("P1", ("Amara",), (SURNAME.title(),))])


def _paper() -> Image.Image:
    return Image.new("RGB", (1200, 900), "#f4efe0")


def _plain() -> Image.Image:
    paper = _paper()
    ImageDraw.Draw(paper).text((200, 300), f"Amara {SURNAME.title()}", font=ImageFont.load_default(60), fill="#222")
    return paper


def _letters(place, size: int = 60) -> Image.Image:
    """The surname letter by letter, each at `place(number)` = x, y and turned by so many degrees."""
    paper = _paper()
    for number, letter in enumerate(SURNAME):
        x, y, turn = place(number)
        tile = Image.new("RGBA", (90, 90), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((20, 10), letter, font=ImageFont.load_default(size), fill="#222")
        tile = tile.rotate(turn, Image.Resampling.BICUBIC)
        paper.paste(tile, (round(x), round(y)), tile)
    return paper


def _on_an_arc(number: int) -> tuple[float, float, float]:
    angle = math.pi * (1 - (number + 0.5) / len(SURNAME))
    return 555 + 380 * math.cos(angle), 515 - 380 * math.sin(angle), math.degrees(angle) - 90


FORMS = {
    "mirrored": lambda: _plain().transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "stacked": lambda: _letters(lambda number: (300, 20 + number * 68, 0)),
    "widely spaced": lambda: _letters(lambda number: (number * 98, 300, 0), 34),
    "curved": lambda: _letters(_on_an_arc),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_surname_is_read_in_whatever_form_it_is_written(form: str) -> None:
    pixels = np.asarray(FORMS[form]()).copy()
    writing = ocr.shared().read(pixels)
    lines: dict[int, list[ocr.Written]] = {}
    for word in writing.words:
        lines.setdefault(word.line, []).append(word)
    rows = list(lines.values())
    spotted = SCREEN.in_picture([[word.text for word in row] for row in rows])
    assert spotted
    boxes = [rows[line][at].box for found in spotted for line, at in found.words]
    dark = pixels.mean(axis=2) < 100
    covered = np.zeros(dark.shape, bool)
    for box in boxes:
        covered[max(box.top, 0) : box.bottom, max(box.left, 0) : box.right] = True
    assert (dark & covered).sum() > 0.6 * dark.sum(), "the surname, if not all that is written"


def test_scrawl_is_seen_and_called_unsure() -> None:
    pixels = np.asarray(_paper()).copy()
    cv2.putText(pixels, "Amara Winterbourne", (100, 400), cv2.FONT_HERSHEY_SCRIPT_COMPLEX, 2.6, (50, 40, 40), 4)
    y, x = np.mgrid[0:900, 0:1200].astype(np.float32)
    wavy = x + 14 * np.sin(y / 17) + 7 * np.sin(x / 23), y + 14 * np.sin(x / 31) + 14 * np.sin(x / 11)
    scrawl = cv2.GaussianBlur(cv2.remap(pixels, *wavy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), (0, 0), 1)
    (region,) = ocr.shared().read(np.asarray(scrawl, np.uint8)).unsure
    assert region.left < 400 < region.right
    assert region.top < 400 < region.bottom
    assert ocr.shared().read(np.asarray(_plain()).copy()).unsure == ()
