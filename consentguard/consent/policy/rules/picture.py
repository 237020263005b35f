"""[picture] and [recognition]: how a picture is looked at, and how it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consentguard.consent.policy.toml_keys import Keys

FILLS: Final = ("surroundings", "flat")
STICKERS: Final = ("figure", "", "smile", "star", "flower")
_NOTE_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class PictureRules:
    """Sizes in pixels of the published picture.

    Attributes:
        fill: what stands where somebody was: the colours around them, or the one colour `paint`, RGB, 0..255 each.
        sticker: what is drawn on the fill: a "figure" for each person; a "smile", "star" or "flower" on each covered
            head; or nothing, "". It hides nothing by itself.
        note: words in the corner of a picture in which somebody was painted over; "" for none.
    """

    max_edge: int = 2048
    max_megapixels: int = 80
    smallest_face: int = 20
    detector: str = "centerface"
    fill: str = "surroundings"
    paint: tuple[int, int, int] = (128, 128, 128)
    sticker: str = "figure"
    note: str = ""
    jpeg_quality: int = 90

    @classmethod
    def read(cls, keys: Keys) -> PictureRules:
        usual = cls()
        return cls(
            max_edge=keys.whole("max_edge", 64, 16384, usual.max_edge),
            max_megapixels=keys.whole("max_megapixels", 1, 170, usual.max_megapixels),
            smallest_face=keys.whole("smallest_face", 12, 300, usual.smallest_face),
            detector=keys.text("detector", usual.detector),
            fill=keys.choice("fill", FILLS, usual.fill),
            paint=keys.colour("paint", "#808080"),
            sticker=keys.choice("sticker", STICKERS, usual.sticker),
            note=_note(keys, usual.note),
            jpeg_quality=keys.whole("jpeg_quality", 50, 100, usual.jpeg_quality),
        )


def _note(keys: Keys, usual: str) -> str:
    """A short line of letters that every font has."""
    note = keys.text("note", usual)
    if len(note) > _NOTE_LONGEST or not ((note.isascii() and note.isprintable()) or not note):
        keys.wrong("note", f"must be at most {_NOTE_LONGEST} plain letters")
        return usual
    return note


@dataclass(frozen=True, slots=True)
class RecognitionRules:
    """What compares faces in mode matched, and how sure it must be.

    `false_positives`: at most this share of strangers' faces may be taken for anybody enrolled (FPIR).
    """

    embedder: str = "dlib_resnet"
    false_positives: float = 0.001

    @classmethod
    def read(cls, keys: Keys) -> RecognitionRules:
        usual = cls()
        return cls(
            embedder=keys.text("embedder", usual.embedder),
            false_positives=keys.number("false_positives", 1e-6, 0.05, usual.false_positives),
        )
