"""[picture] and [recognition]: how a picture is looked at, and how it is published."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.policy.toml_keys import Keys


@dataclass(frozen=True, slots=True)
class PictureRules:
    """Sizes in pixels of the published picture; `paint` is RGB, 0..255 each."""

    max_edge: int = 2048
    max_megapixels: int = 80
    smallest_face: int = 20
    detector: str = "centerface"
    paint: tuple[int, int, int] = (128, 128, 128)
    jpeg_quality: int = 90

    @classmethod
    def read(cls, keys: Keys) -> PictureRules:
        usual = cls()
        return cls(
            max_edge=keys.whole("max_edge", 64, 16384, usual.max_edge),
            max_megapixels=keys.whole("max_megapixels", 1, 170, usual.max_megapixels),
            smallest_face=keys.whole("smallest_face", 12, 300, usual.smallest_face),
            detector=keys.text("detector", usual.detector),
            paint=keys.colour("paint", "#808080"),
            jpeg_quality=keys.whole("jpeg_quality", 50, 100, usual.jpeg_quality),
        )


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
