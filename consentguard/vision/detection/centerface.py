"""CenterFace: one pass over a whole picture at some scale, and close passes at single candidates.

Network: CenterFace (Xu et al. 2019, arXiv 1911.03599), facts of its file in models/manifest.toml. What to make of its
passes is decided in fusion.py; which passes to take, in faces.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Pixels
from consentguard.vision.boxes import suppressed_by_overlap
from consentguard.vision.detection.pyramid import TURNS, Levels, planes
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore, manifest

_STRIDE: Final = 4
_ROUND: Final = ((3e5, 64), (0, 32))
"""Looks of at least so many pixels are padded to multiples of so many. A shape that the engine first meets costs about
as much as the pass itself, for it makes its code anew; so there are few shapes."""
_WEAKEST: Final = 0.05
"""Cells under this score are no candidates; fusion wants the weak ones too."""
_SAME_CELLS: Final = 0.45
"""Boxes of one pass that overlap by more than this IoU are one."""
_INNER: Final = "474"
INNER_STRIDE: Final = 16
"""The tensor inside the network that tells a head from anything else (docs/decisions/0072-backs-of-heads.md): 96
channels, and its stride in pixels."""
_OUTPUTS: Final = ("537", "538", "539", _INNER)
_MARKS: Final = "540"
"""Scores, sizes and offsets of all cells, and landmarks, which a close pass is not asked for."""
_USUAL: Final = 192
"""Side in pixels of the cut that most close passes see."""
_GRID: Final = 3
"""Cells a side in which `head_pass` sums up the middle of what that tensor says."""

Rows: TypeAlias = NDArray[np.float32]
"""Candidates, one a row of 15: left, top, right, bottom, score, then five landmarks x, y; pixels of the picture."""

Floats: TypeAlias = NDArray[np.float32]

TALL: Final = 1.15
"""A face's height from its box: the square root of its area times this, steadier than the height itself."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which boxes of a close pass are asked for, in heights of the face that the pass was made for.

    Attributes:
        across, down: how far the middle of a box may lie from that of the cut.
        least, most: between which its height lies.
    """

    across: float
    down: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class DetectorPass:
    """What one pass over the whole picture gives.

    Attributes:
        rows: every candidate for a face, in pixels of the picture (of the turned one, where it was turned).
        inside: float32 (96, h, w), the tensor inside the network by which heads are told, at a stride of 16 pixels of
            the pass.
        across, down: pixels of the pass for each pixel of the picture.
    """

    rows: Rows
    inside: Floats
    across: float
    down: float


FACE: Final = Window(0.3, 0.3, 0.55, 1.8)
"""A face that is where a pass over the whole picture saw it."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """What a close pass sees; as the arguments of `CenterFace.close_pass`."""

    side: int
    face: float
    mirror: bool
    turns: int
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What a close pass gives: the best score, its box in pixels of the picture, and the tensor inside."""

    score: float
    box: Floats
    inside: Floats


class CenterFace:
    """The network. Safe to share between threads."""

    def __init__(
        self,
        whole: engine.CompiledNetwork,
        close: engine.CompiledNetwork,
        usual: Callable[[], engine.CompiledNetwork],
        label: str,
    ) -> None:
        self._whole, self._close, self._make_usual = whole, close, usual
        self._usual: engine.CompiledNetwork | None = None
        self._making = threading.Lock()
        self.label = label

    @classmethod
    def load(cls, model_store: ModelStore) -> CenterFace:
        """Reads the network from the model store. Raises ModelUnavailable."""
        card = manifest()["centerface"]

        def made(data: bytes, *shape: int, one_at_a_time: bool = False) -> engine.CompiledNetwork:
            inputs = {"input.1": shape}
            asked = (*_OUTPUTS, _MARKS) if one_at_a_time else _OUTPUTS
            return engine.load(data, card.file, inputs, exact=False, outputs=asked, one_at_a_time=one_at_a_time)

        data = model_store.read(card)
        # Three times: what is kept for a whole picture is kept once, close passes run side by side, and a network made
        # for one shape takes a seventh less time, and none to get ready after another shape.
        whole, close = made(data, 1, 3, -1, -1, one_at_a_time=True), made(data, -1, 3, -1, -1)
        return cls(whole, close, lambda: made(model_store.read(card), 1, 3, _USUAL, _USUAL), card.label)

    def candidates(self, levels: Levels, scale: float, weakest: float = _WEAKEST, turns: int = 0) -> Rows:
        """Every candidate that one pass over the whole picture finds; arguments as of `whole`."""
        return self.whole(levels, scale, weakest, turns).rows

    def whole(self, levels: Levels, scale: float, weakest: float = _WEAKEST, turns: int = 0) -> DetectorPass:
        """One pass over the whole picture.

        Args:
            levels: the picture.
            scale: pixels of the pass for each pixel of the picture.
            weakest: the score from which a cell is a candidate.
            turns: by how many quarters to the left the picture is turned; rows are in pixels of the turned picture.
        """
        seen, across, down = levels.resized(scale)
        if turns:
            seen = cv2.rotate(seen, TURNS[turns - 1]).astype(np.uint8, copy=False)
            across, down = (down, across) if turns % 2 else (across, down)
        tall, wide = seen.shape[:2]
        outputs = self._whole(planes(seen, *padded(tall, wide)))
        rows = decode(outputs["537"], outputs["538"], outputs["539"], outputs[_MARKS], weakest)
        # sides are rounded by the resize, so each axis has its own exact factor
        rows[:, [0, 2, 5, 7, 9, 11, 13]] /= across
        rows[:, [1, 3, 6, 8, 10, 12, 14]] /= down
        inside = outputs[_INNER][0, :, : -(-tall // INNER_STRIDE), : -(-wide // INNER_STRIDE)]
        return DetectorPass(rows[suppressed_by_overlap(rows[:, :4], rows[:, 4], _SAME_CELLS)], inside, across, down)

    def close_pass(
        self,
        levels: Levels,
        boxes: Floats,
        side: int,
        face: float,
        *,
        mirror: bool = False,
        turns: int = 0,
        window: Window = FACE,
    ) -> tuple[Floats, Floats]:
        """The best score in the middle of a cut around each box, in which its face is `face` pixels high, and its box.

        Args:
            levels: the picture.
            boxes: float32 (n, 4), left, top, right, bottom.
            side: of the square cut, a multiple of 32.
            face: height of the face in the cut, in pixels.
            mirror: whether the cut is mirrored, which asks the network another question than the first passes did.
            turns: by how many quarters to the left the cut is turned; no box is told then.
            window: which boxes are asked for.

        Returns float32 (n,), the score of the best cell whose box lies in the window, 0 where there is none; and
        float32 (n, 4), that cell's box in pixels of the picture, which is the box that was given where there is none.
        """
        cut = _Cut(side, face, mirror, turns, window)
        answers = engine.together([partial(self._look_closely, levels, box, cut) for box in boxes])
        seen = [answer.box for answer in answers]
        return _scores(answers), np.array(seen, np.float32).reshape(-1, 4)

    def head_pass(
        self, levels: Levels, boxes: Floats, side: int, face: float, *, mirror: bool, window: Window = FACE
    ) -> tuple[Floats, Floats]:
        """The same score, and what the inside of the network says of each cut, by which heads are told: (n, 864).

        Means of 96 channels over 3 x 3 squares of the middle three quarters of the cut, the channels last; of a
        mirrored cut, the squares of the picture as it is.
        """
        cut = _Cut(side, face, mirror, 0, window)

        def told(box: Floats) -> tuple[_Seen, Floats]:
            answer = self._look_closely(levels, box, cut)
            return answer, squares(answer.inside[..., ::-1] if mirror else answer.inside)

        answers = engine.together([partial(told, box) for box in boxes])
        inside = [means for _, means in answers]
        return _scores([answer for answer, _ in answers]), np.array(inside, np.float32).reshape(-1, _GRID * _GRID * 96)

    def _look_closely(self, levels: Levels, box: Floats, cut: _Cut) -> _Seen:
        """One close pass; one by one, for of several cuts in one call each shape would keep 4 MB for each thread."""
        side, face, window = cut.side, cut.face, cut.window
        middle, scale = (box[:2] + box[2:]) / 2, face / float(heights(box[None])[0])
        pixels = _cut(levels, float(middle[0]), float(middle[1]), scale, side)
        if cut.mirror or cut.turns:
            pixels = np.rot90(pixels[:, ::-1] if cut.mirror else pixels, cut.turns)
        outputs = self._network_for(side)(pixels.transpose(2, 0, 1)[None].astype(np.float32, order="C"))
        score, offset = outputs["537"][0, 0], outputs["539"][0]
        tall, wide = _STRIDE * np.exp(outputs["538"][0])
        grid = _STRIDE * (np.arange(side // _STRIDE, dtype=np.float32) + 0.5) - side / 2
        down, across = grid[:, None] + _STRIDE * offset[0], grid[None] + _STRIDE * offset[1]
        near = (np.abs(across) < window.across * face) & (np.abs(down) < window.down * face)
        fitting = near & (tall > window.least * face) & (tall < window.most * face)
        best = np.unravel_index(np.where(fitting, score, 0).argmax(), score.shape)
        if not fitting[best] or score[best] <= 0:
            return _Seen(0.0, box, outputs[_INNER])
        x, y, w, h = (values[best] for values in (across, down, wide, tall))
        x = -x if cut.mirror else x
        local = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2], np.float32) / scale
        return _Seen(float(score[best]), box if cut.turns else local + np.tile(middle, 2), outputs[_INNER])

    def _network_for(self, side: int) -> engine.CompiledNetwork:
        """The network for cuts of this side; that for the usual one is made when it is first asked for."""
        if side != _USUAL:
            return self._close
        with self._making:
            if self._usual is None:
                self._usual = self._make_usual()
            return self._usual


def _scores(answers: Sequence[_Seen]) -> Floats:
    return np.array([answer.score for answer in answers], np.float32)


def squares(maps: Floats) -> Floats:
    """Means over 3 x 3 squares of the middle three quarters of maps (n, channels, h, w): (n, 9 channels)."""
    count, channels, side = maps.shape[:3]
    rim = side // 8
    within = (side - 2 * rim) // _GRID
    middle = maps[:, :, rim : rim + _GRID * within, rim : rim + _GRID * within]
    means = middle.reshape(count, channels, _GRID, within, _GRID, within).mean(axis=(3, 5))
    squared: Floats = means.transpose(0, 2, 3, 1).reshape(count, -1).astype(np.float32)
    return squared


def decode(scores: Floats, sizes: Floats, offsets: Floats, points: Floats, threshold: float) -> Rows:
    """The network's four maps as candidate rows of float32, shape (n, 15), in pixels of the picture it was given.

    Args:
        scores: (1, 1, h, w), 0..1.
        sizes: (1, 2, h, w), natural logarithm of height and width in strides.
        offsets: (1, 2, h, w), y and x of the centre within its cell, in strides.
        points: (1, 10, h, w), y and x of the five landmarks as shares of the box.
        threshold: the score from which a cell is a candidate.
    """
    row, column = np.nonzero(scores[0, 0] >= threshold)
    score = scores[0, 0, row, column]
    height, width = _STRIDE * np.exp(sizes[0, :, row, column]).T
    off_y, off_x = offsets[0, :, row, column].T
    left = _STRIDE * (column + off_x + 0.5) - width / 2
    top = _STRIDE * (row + off_y + 0.5) - height / 2
    marks = points[0, :, row, column]
    rows = np.empty((len(score), 15), np.float32)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = left, top, left + width, top + height
    rows[:, 4] = score
    rows[:, 5::2] = left[:, None] + marks[:, 1::2] * width[:, None]
    rows[:, 6::2] = top[:, None] + marks[:, 0::2] * height[:, None]
    return rows


def heights(boxes: Floats) -> Floats:
    """How high the faces in these boxes are, in pixels: float32 (n,)."""
    tall: Floats = TALL * np.sqrt(np.maximum((boxes[:, 2:4] - boxes[:, :2]).prod(axis=1), 1.0))
    return tall


def _cut(levels: Levels, x: float, y: float, scale: float, side: int) -> Pixels:
    """`side` x `side` pixels around (x, y) at this scale, black beyond the picture."""
    move = np.array([[scale, 0, side / 2 - x * scale], [0, scale, side / 2 - y * scale]], np.float32)
    return levels.cut(move, side)


def padded(height: int, width: int) -> tuple[int, int]:
    """Height and width that a pass of this size is padded to."""
    multiple = next(multiple for least, multiple in _ROUND if height * width >= least)
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple
