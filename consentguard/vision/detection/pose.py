"""BlazePose, both halves: where people are, and how one of them stands.

Networks: MediaPipe pose_detection and pose_landmark_full (Bazarevsky et al. 2020, arXiv 2006.10204); the facts of their
files stand in models/manifest.toml, those of the decoding in MediaPipe's pose_detection_cpu.pbtxt and
pose_detection_to_roi.pbtxt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from consentguard.vision.detection import ssd
from consentguard.vision.detection.pyramid import SIGNED, Levels, View
from consentguard.vision.detection.ssd import Floats
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore, manifest

_SIDE: Final = 224
_ANCHORS: Final = ssd.Layout(_SIDE, ((8, 2), (16, 2), (32, 6))).anchors()
"""Strides 8, 16, 32, 32, 32 with two anchors a cell, those of one stride side by side."""
_SAME: Final = 0.3
"""People whose head boxes overlap by more than this IoU are one (MediaPipe's value)."""

_VIEW: Final = 256
_POINTS: Final = 39
_READ: Final = ("Identity", "Identity_1")
"""Points and presence; `Identity_2` is the mask."""
_GROWN: Final = 1.25
"""The landmark network sees 1.25 times the circle that the detector draws around a body (MediaPipe's scale_x)."""

_TILES: Final = (2.0,)
"""Besides the whole photo: square tiles of half its long side, so that small people in a row are seen. Tiles of 1/3.5
found nobody more: in 50 photos three bodies whose heads were known, and a statue."""
_STEP: Final = 0.6
_SMALLEST_TILE: Final = 160


@dataclass(frozen=True, slots=True)
class Reading:
    """What the landmark network says of one view.

    Attributes:
        points: float32 (33, 3): x and y in pixels of the picture, z (away from the viewer) in the same unit.
        visible: float32 (33,), 0..1, how likely each point is seen.
        presence: 0..1, how sure it is that the view shows a person.
        mask: float32 (256, 256), 0..1, what of the view is that person; empty where it was not asked for.
        view: the view itself.
    """

    points: Floats
    visible: Floats
    presence: float
    mask: Floats
    view: View


_NO_MASK: Final = np.zeros((0, 0), np.float32)


class Pose:
    """Both networks, that of the landmarks with and without its mask. Safe to share between threads.

    Attributes:
        label: names and digests, as verdicts show them.
        sure: presence from which a reading counts.
    """

    def __init__(
        self,
        detection: engine.CompiledNetwork,
        landmark: engine.CompiledNetwork,
        points: engine.CompiledNetwork,
        label: str,
        *,
        least: float,
        sure: float,
    ) -> None:
        self._detection = detection
        self._landmark = landmark
        self._points = points
        self._least = least
        self.label = label
        self.sure = sure

    @classmethod
    def load(cls, model_store: ModelStore) -> Pose:
        """Reads both networks from the model store. Raises ModelUnavailable."""
        first, second = manifest()["pose-detection"], manifest()["pose-landmark"]
        landmark = model_store.read(second)
        return cls(
            engine.load(model_store.read(first), first.file, {}, exact=False, one_at_a_time=True),
            engine.load(landmark, second.file, {}, exact=False, outputs=(*_READ, "Identity_2")),
            engine.load(landmark, second.file, {}, exact=False, outputs=_READ),
            f"{first.label}+{second.label}",
            least=first.sure_from,
            sure=second.sure_from,
        )

    def people(self, levels: Levels) -> Floats:
        """Everybody in a picture, surest first: float32 (n, 13).

        Columns, in pixels of the picture: left, top, right, bottom of the head; score 0..1; x, y of the middle of the
        hips; x, y of a point on the circle around the whole body; two points more. Raises ModelUnavailable.
        """
        height, width = levels.pixels.shape[:2]
        calls = [partial(self._tile, levels, *tile) for tile in tiles(height, width)]
        return ssd.surest(np.concatenate(engine.together(calls)), _SAME)

    def read(self, levels: Levels, view: View, *, mask: bool = True) -> Reading:
        """How the person in this view stands; in half the time without the mask. Raises ModelUnavailable."""
        network = self._landmark if mask else self._points
        outputs = network(levels.shown(view, _VIEW))
        raw = outputs["Identity"].reshape(_POINTS, 5)[:33]
        points = np.empty((33, 3), np.float32)
        points[:, :2] = view.to_picture(raw[:, :2], _VIEW)
        points[:, 2] = raw[:, 2] * (view.side / _VIEW)
        covered = ssd.sigmoid(outputs["Identity_2"].reshape(_VIEW, _VIEW)) if mask else _NO_MASK
        return Reading(points, ssd.sigmoid(raw[:, 3]), float(outputs["Identity_1"].reshape(-1)[0]), covered, view)

    def _tile(self, levels: Levels, left: float, top: float, side: float) -> Floats:
        outputs = self._detection(levels.shown(View(left + side / 2, top + side / 2, side), _SIDE, SIGNED))
        rows = ssd.decode(outputs["Identity"][0], outputs["Identity_1"][0], _ANCHORS, _SIDE, self._least)
        return ssd.in_picture(rows, ssd.Tile(left, top, side))


def view_of(person: Floats) -> View:
    """The view in which the landmark network expects a row of `Pose.people`."""
    across, down = float(person[7] - person[5]), float(person[8] - person[6])
    side = 2 * _GROWN * max(float(np.hypot(across, down)), 1.0)
    return View(float(person[5]), float(person[6]), side, float(np.arctan2(across, -down)))


def tiles(height: int, width: int) -> Iterator[tuple[float, float, float]]:
    """Left, top and side of every square that is looked at; the first holds the whole picture."""
    longest = max(height, width)
    yield 0.0, 0.0, float(longest)
    for share in _TILES:
        side = longest / share
        if side >= _SMALLEST_TILE:
            for top in _starts(height, side):
                for left in _starts(width, side):
                    yield left, top, side


def _starts(length: int, side: float) -> list[float]:
    if length <= side:
        return [0.0]
    count = int(np.ceil((length - side) / (side * _STEP))) + 1
    return [float(start) for start in np.linspace(0, length - side, count)]
