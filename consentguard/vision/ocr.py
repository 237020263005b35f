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
_SURE: Final = 0.8
"""Score of a line from which it counts as read; docs/decisions/0055 has the measurements."""
_SEEN: Final = 0.6
"""Score of a region from which it counts as seen."""
_LONG: Final = 3.0
"""How many times as long as high a line of writing is at least; squat regions are mostly no writing."""
_APART: Final = 4.0
"""In letters: how far apart the letters of one word may stand."""
_FEWEST_ALONE: Final = 4
_MOST_ALONE: Final = 60
"""Letters standing alone that make a word, and those of one picture that are looked at."""
_SMALLEST: Final = 10.0
"""Pixels of height from which a region of writing that was not read is worth a finding."""
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


@dataclass(frozen=True, slots=True)
class Writing:
    """The writing in a picture: words that were read, and regions of writing that were seen and not surely read."""

    words: tuple[Written, ...] = ()
    unsure: tuple[Box, ...] = ()


class TextReader(Protocol):
    """Finds and reads the words in a picture."""

    label: str

    def read(self, pixels: Pixels) -> Writing:
        """All writing in RGB pixels, line by line. Raises ModelUnavailable where reading fails."""
        ...


def installed() -> bool:
    """Whether the extra `[ocr]` is there."""
    return importlib.util.find_spec("rapidocr") is not None


class RapidReader:
    """RapidOCR on the one inference engine. May be shared between threads; they wait for each other."""

    def __init__(self, rapid: Any, label: str) -> None:
        self._rapid = rapid
        self.label = label
        self._busy = threading.Lock()
        self._turned = False
        self._regions: list[tuple[Any, float, str, float]] = []
        rotate, finish = rapid.cls_and_rotate, rapid.build_final_output

        def noting_turned(lines: Any) -> Any:
            upright, answer = rotate(lines)
            self._turned = any("180" in label for label, _score in answer.cls_res or ())
            return upright, answer

        def noting_regions(image: Any, found: Any, turned: Any, said: Any, crops: Any, record: Any) -> Any:
            # RapidOCR drops what it finds and cannot read, so the regions are kept before it does.
            if found.boxes is not None and said.txts is not None:
                from rapidocr.utils.process_img import map_boxes_to_original  # noqa: PLC0415  (an extra)

                boxes = map_boxes_to_original(np.array(found.boxes), record, *image.shape[:2])
                self._regions = list(zip(boxes, found.scores, said.txts, said.scores, strict=True))
            return finish(image, found, turned, said, crops, record)

        rapid.cls_and_rotate = noting_turned
        rapid.build_final_output = noting_regions

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
        reader.read(np.full((64, 64, 3), 255, np.uint8))  # it loads its models when it first reads
        return reader

    def read(self, pixels: Pixels) -> Writing:
        """As the protocol says. A picture with writing is read once more mirrored, as front cameras save it.

        Letters that stand alone, stacked or widely spaced, are also put together to a word.
        """
        words, regions, unsure = self._read(pixels)
        found = [*words, *_put_together(words)]
        if regions:
            width = pixels.shape[1]
            first = 1 + max((word.line for word in found), default=-1)
            mirrored = self._read(np.ascontiguousarray(pixels[:, ::-1]))[0]
            for word in (*mirrored, *_put_together(mirrored)):
                box = Box(width - word.box.right, word.box.top, width - word.box.left, word.box.bottom)
                found.append(Written(word.text, box, first + word.line))
        return Writing(tuple(found), unsure)

    def _read(self, pixels: Pixels) -> tuple[tuple[Written, ...], bool, tuple[Box, ...]]:
        """The words of one pass, whether anything like writing was seen, and where it was not surely read."""
        try:
            with self._busy:
                self._turned, self._regions = False, []
                result = self._rapid(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
                turned, regions = self._turned, self._regions
        except Exception as error:  # whatever goes wrong in there, the text was not read
            raise ModelUnavailable(f"text could not be looked for ({type(error).__name__}); {_next_step()}") from error
        unsure = tuple(
            _around(corners)
            for corners, seen, text, read in regions
            if seen >= _SEEN and _is_line(corners) and (read < _SURE or not text.strip())
        )
        if result.txts is None:
            return (), bool(regions), unsure
        lines: Sequence[Sequence[Any]] = result.word_results
        if len(lines) != len(result.boxes):
            raise ModelUnavailable(f"text was read without its place; {_next_step()}")
        # In a line that stands on its head RapidOCR places words from the wrong end, and does not say which line that
        # is: then a word's box is its whole line.
        words = tuple(
            Written(text, _around(whole if turned else corners), number)
            for number, (line, whole) in enumerate(zip(lines, result.boxes, strict=True))
            for text, _score, corners in line
            if text.strip() and corners is not None
        )
        return words, bool(regions), unsure


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


def _is_line(corners: Any) -> bool:
    """Whether a region has the form of a line of writing that is large enough to be read by somebody."""
    points = np.asarray(corners, np.float64)
    sides = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
    return float(min(sides)) >= _SMALLEST and float(max(sides)) >= _LONG * float(min(sides))


def _put_together(words: Sequence[Written]) -> tuple[Written, ...]:
    """Words that letters standing alone make: those near each other, in the direction in which they spread.

    A line is missing where the reader lost a letter; the box of a word is around all its letters.
    """
    alone = [word for word in words if len(word.text.strip(".,:-|")) <= 1]
    groups: list[list[Written]] = []
    for word in alone[:_MOST_ALONE]:
        near = [group for group in groups if any(_is_near(word.box, other.box) for other in group)]
        joined = [word, *(each for group in near for each in group)]
        groups = [*(group for group in groups if group not in near), joined]
    line = 1 + max((word.line for word in words), default=-1)
    made: list[Written] = []
    for group in groups:
        if len(group) < _FEWEST_ALONE:
            continue
        box = Box(
            min(word.box.left for word in group),
            min(word.box.top for word in group),
            max(word.box.right for word in group),
            max(word.box.bottom for word in group),
        )
        across = box.right - box.left >= box.bottom - box.top
        ordered = sorted(
            group, key=lambda word: sum((word.box.left, word.box.right) if across else (word.box.top, word.box.bottom))
        )
        made.append(Written("".join(word.text for word in ordered), box, line + len(made)))
    return tuple(made)


def _is_near(one: Box, other: Box) -> bool:
    """Whether two letters may belong to one word: of about one size, and at most some letters apart."""
    sizes = [max(box.right - box.left, box.bottom - box.top) for box in (one, other)]
    across = abs(one.left + one.right - other.left - other.right) / 2
    down = abs(one.top + one.bottom - other.top - other.bottom) / 2
    return max(sizes) <= 3 * min(sizes) and max(across, down) <= _APART * max(sizes)
