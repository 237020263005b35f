"""Reads the words in a picture: on a certificate, a label, a badge, a board. RapidOCR, which is the extra `[ocr]`.

Its wheel carries its models, and they run in the one inference engine; nothing is fetched. Only this module imports it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np

from consentguard.errors import ModelUnavailable
from consentguard.program import install_command
from consentguard.values import Box, Pixels
from consentguard.vision.models import engine

_LONGER_SIDE: Final = 1300
"""Pixels at which text is looked for; docs/decisions/0025 has the measurements."""

_MODELS: Final = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
_REACH: Final = 0.2
"""In heights of a word: how far its box is drawn around what was read, for boxes of words end where ink gets thin."""


def _next_step() -> str:
    return f"run `{install_command('ocr').replace('pip install', 'pip install --force-reinstall')}`."


@dataclass(frozen=True, slots=True)
class Written:
    """A word in a picture. `box` covers it upright, in pixels of the picture; `line` counts lines from the top."""

    text: str
    box: Box
    line: int

    def __repr__(self) -> str:
        return f"<Written {self.box.as_list()}>"  # what is read in a picture may be a name


class TextReader(Protocol):
    """Finds and reads the words in a picture."""

    label: str

    def read(self, pixels: Pixels) -> tuple[Written, ...]:
        """Every word in RGB pixels, line by line. Raises ModelUnavailable where the look fails."""
        ...


def installed() -> bool:
    """Whether the extra `[ocr]` is there."""
    return importlib.util.find_spec("rapidocr") is not None


class RapidReader:
    """RapidOCR on the one inference engine. May be shared between threads; they wait for each other."""

    def __init__(self, look: Any, label: str) -> None:
        self._look = look
        self.label = label
        self._busy = threading.Lock()
        self._turned = False
        rotate = look.cls_and_rotate

        def noting(lines: Any) -> Any:
            upright, answer = rotate(lines)
            self._turned = any("180" in label for label, _score in answer.cls_res or ())
            return upright, answer

        look.cls_and_rotate = noting

    @classmethod
    def load(cls) -> RapidReader:
        """Loads the models of the wheel (33 MB) and makes them ready. Raises ModelUnavailable."""
        engine.prepare()
        try:
            import rapidocr  # noqa: PLC0415  (an extra, and a second of import)
        except ImportError as error:
            raise ModelUnavailable(f"RapidOCR cannot be imported ({error}); {_next_step()}") from error
        folder = Path(rapidocr.__file__).parent / "models"
        settings: dict[str, Any] = {
            "Global.max_side_len": _LONGER_SIDE,
            "Global.return_word_box": True,
            "Global.log_level": "critical",
            "EngineConfig.openvino.inference_num_threads": engine.threads(),
            "EngineConfig.openvino.enable_cpu_pinning": False,  # as in engine.load
        }
        digest = hashlib.sha256()
        try:
            for part, file in _MODELS.items():
                digest.update((folder / file).read_bytes())
                settings[f"{part}.engine_type"] = rapidocr.EngineType.OPENVINO
                settings[f"{part}.model_path"] = str(folder / file)  # with a path nothing is ever fetched
            reader = cls(rapidocr.RapidOCR(params=settings), f"rapidocr@{digest.hexdigest()[:8]}")
        except (OSError, AttributeError, KeyError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(
                f"RapidOCR cannot be used ({type(error).__name__}: {error}); {_next_step()}"
            ) from error
        reader.read(np.full((64, 64, 3), 255, np.uint8))  # it loads its models at the first look
        return reader

    def read(self, pixels: Pixels) -> tuple[Written, ...]:
        try:
            with self._busy:
                self._turned = False
                result = self._look(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
                turned = self._turned
        except Exception as error:  # whatever goes wrong in there, the text was not read
            raise ModelUnavailable(f"text could not be looked for ({type(error).__name__}); {_next_step()}") from error
        if result.txts is None:
            return ()
        lines: Sequence[Sequence[Any]] = result.word_results
        if len(lines) != len(result.boxes):
            raise ModelUnavailable(f"text was read without its place; {_next_step()}")
        # In a line that stands on its head RapidOCR places words from the wrong end, and does not say which line that
        # is: then a word's box is its whole line.
        return tuple(
            Written(text, _around(whole if turned else corners), number)
            for number, (line, whole) in enumerate(zip(lines, result.boxes, strict=True))
            for text, _score, corners in line
            if text.strip() and corners is not None
        )


@functools.cache
def shared() -> RapidReader:
    """The reader of this process."""
    return RapidReader.load()


def _around(corners: Any) -> Box:
    """The upright box around the four corners of a word, drawn somewhat larger."""
    points = np.asarray(corners, np.float64)
    sides = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
    reach = _REACH * min(float(sides[0] + sides[2]), float(sides[1] + sides[3])) / 2 + 1
    (left, top), (right, bottom) = points.min(axis=0) - reach, points.max(axis=0) + reach
    return Box.covering(left, top, right, bottom)
