"""Heads that are not among the faces: seen from behind where that is certain, unsure where it is not.

CenterFace at low scores is a head detector (models/README.md and docs/decisions/0006-heads-from-behind.md): looks at
the photo give candidates, mirrored and zoomed looks at each of them and the body that the pose network reads beneath
it say how likely a head is there. From behind is only what shows no trace of a face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from consentguard.values import Box, Face, Head, Pixels
from consentguard.vision import rewrite
from consentguard.vision.detection.centerface import CenterFace, Rows, heights, strongest
from consentguard.vision.detection.pose import Pose, Reading
from consentguard.vision.detection.pyramid import Levels, View
from consentguard.vision.detection.ssd import Floats, sigmoid
from consentguard.vision.models import engine
from consentguard.vision.models.store import Shelf

_PIXELS: Final = 0.7e6
_SCALES: Final = (0.5, 1.4)
"""The finer look has this many pixels, at a scale in this range; the coarser is half of it. Backs of heads under some
32 px show nobody, so nothing is gained by looking finer."""
_CANDIDATE: Final = 0.05
"""96 % of the heads of 40 px and more in scut_heads_b score over this in one of two looks (models facts)."""
_SAME: Final = 0.4
_SMALLEST: Final = 20.0
"""Pixels, height of CenterFace's box (brow to chin); the head around it is some 1.5 times as high."""
_MOST: Final = 64
_CLOSER: Final = 16
"""How many candidates get the first zooms, and how many of them the others and the pose network, at most."""

_SMALL_CUT: Final = (128, 48.0)
_LARGE_CUT: Final = (192, 80.0)
"""Side of a zoomed look's cut and height of the face in it, in pixels."""
_ZOOMS: Final = ("small", "small_mirrored", "large", "large_mirrored")
_RISE: Final = 1.0
"""How much surer, as a logit, than the mean of the zoomed looks taken a next one is thought to be at best: 95 % of them
are not, and none of the 28 heads kept in 140 photos needed more."""
_BEST: Final = {"bust_off": 0.0, "body_off": 0.0, "skin": 0.0, "forehead": 0.0, "evenness": 1.0}
"""What speaks best for a head, where it is not known yet."""

_BODY: Final = ((1.6, 5.0), (3.0, 9.0))
"""Where a body is looked for beneath a head: how far down the middle of the view lies and how wide the view is, in
heights of the face box. The first holds a bust, the second somebody who stands."""

_WEIGHTS: Final = (5.415, 0.501, 0.932, -0.991, -1.231, 1.044, -0.583, -1.359, 1.073)
"""Of `sureness`: logistic regression (ridge 0.3) on the even ones of 100 photos of scut_heads_b, 939 candidates."""
_UNSURE: Final = 2.25
"""Logit, a probability of 0.90, from which something is a head whatever it looks like. At 1.5, 2.0, 2.5 and 3.0:
0.19, 0.08, 0.03, 0.00 boxes on no head a photo in scut_heads_b, and 58, 27, 15, 8 on heads in 120 photos; 0.38, 0.20,
0.08, 0.03 boxes on no face in wider_train, and 6, 5, 2, 2 on faces that nobody had found in 200 photos."""

_HEAD: Final = 1.25
"""Logit, a probability of 0.78, under which nothing is from behind."""
_SEEN: Final = 0.14
_WHOLE: Final = 0.9
"""From behind needs one of these, the score of a first look or the presence of a whole body: of 37 boxes from behind on
other photos they take the six that were none, and seven of the 31 that were."""

_ALL_HAIR: Final = 2.0
"""Logit from which hair alone may say from behind."""
_ELSEWHERE: Final = 0.8
"""Nothing is from behind in whose view there is surely a body (presence over 0.5) with its head so many heights off."""
_TURNED: Final = -0.2
_SOMEBODY: Final = 0.02
"""How far the shoulders must be the wrong way round; and the presence without which the nose of a view says nothing."""
_UNCUT: Final = 0.9
"""Share of the whole head that lies in the picture. What these five bounds take away, and how little was right of it:
docs/decisions/0006-heads-from-behind.md."""

_HEAD_SIDE: Final = 0.92
_HEAD_UP: Final = 1.13
_HEAD_DOWN: Final = 0.84
"""From the middle of CenterFace's box to the edges of the whole head, in its heights: the 75 % quantiles of heads from
behind in scut_heads_b, whose boxes are generous."""

COLUMNS: Final = (
    *("look", "second", *_ZOOMS),
    *("bust", "bust_off", "body", "body_off", "octave"),
    *("bust_shoulders", "bust_ears", "bust_depth", "body_shoulders", "body_ears", "body_depth"),
    *("skin", "forehead", "evenness", "sharpness", "aspect"),
)
"""What is known about a candidate, by column of `Evidence.numbers`.

look, second: scores of the two looks, higher first. small..large_mirrored: scores of the zoomed looks. bust, body:
presence the pose network gives in either view, _off: how far its head lies from the candidate, in heights. octave: log2
of the height over 40 px. _shoulders, _ears: x of the person's left minus right one, in heights, negative when turned
away. _depth: how far the nose lies behind the ears, in heights. skin, forehead: share of skin colour in the candidate
and where its forehead would be. evenness: share of its middle that looks like the middle's median colour, as hair does.
sharpness: mean of the Laplacian of the lightness. aspect: width over height."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Candidates and what speaks for them: boxes float32 (n, 4), numbers float32 (n, len(COLUMNS))."""

    boxes: Floats
    numbers: Floats

    def of(self, name: str) -> Floats:
        """One column, float32 (n,)."""
        return self.numbers[:, COLUMNS.index(name)]


class HeadFinder:
    """Finds heads that are not among the faces. Safe to share between threads."""

    def __init__(self, network: CenterFace, pose: Pose) -> None:
        self._network = network
        self._pose = pose
        self.label = f"{network.label}+{pose.label}"

    @classmethod
    def load(cls, shelf: Shelf) -> HeadFinder:
        """Reads CenterFace and both pose networks from the shelf. Raises ModelUnavailable."""
        return cls(CenterFace.load(shelf), Pose.load(shelf))

    def find(self, pixels: Pixels, faces: Sequence[Face], looks: Sequence[Rows] | None = None) -> tuple[Head, ...]:
        """Heads of an RGB picture (uint8, height x width x 3) that are not among its faces, surest first.

        `looks` are the candidates of CenterFace's looks at the whole picture, each (n, 15), where somebody has taken
        them already. Boxes may reach beyond the picture, as heads do. Raises ModelUnavailable.
        """
        known = self.evidence(pixels, faces, looks)
        sure = sureness(known)
        height, width = pixels.shape[:2]
        behind = from_behind(known, sure) & ~beside_a_face(known.boxes, faces) & uncut(known.boxes, width, height)
        kept = np.flatnonzero(behind | (sure >= _UNSURE))
        kept = kept[one_each(known.boxes[kept], sure[kept])]
        score = sigmoid(sure)
        found = (Head(head_box(known.boxes[i]), float(score[i]), bool(behind[i])) for i in kept)
        return tuple(head for head in found if head.box.within(width, height))

    def evidence(self, pixels: Pixels, faces: Sequence[Face], looks: Sequence[Rows] | None = None) -> Evidence:
        """The candidates of an RGB picture that may be heads, and all that is known about them.

        Asks one question after the other, and the next one only about those that can still become heads if all answers
        to come are as good as they get. Raises ModelUnavailable.
        """
        levels = Levels(pixels)
        known = self._candidates(self._looks(levels) if looks is None else looks, faces)

        def zoomed(side: int, face: float, mirror: bool) -> Callable[[Floats], Floats]:
            return lambda boxes: self._network.close_look(levels, boxes, side, face, mirror=mirror)[0][:, None]

        def body(view: tuple[float, float]) -> Callable[[Floats], Floats]:
            return lambda boxes: np.array(
                engine.together([partial(self._body, levels, box, view) for box in boxes]), np.float32
            )

        questions: tuple[tuple[str, Callable[[Floats], Floats]], ...] = (
            ("small", zoomed(*_SMALL_CUT, False)),
            ("skin forehead evenness sharpness", lambda boxes: np.array([appearance(levels, box) for box in boxes])),
            ("small_mirrored", zoomed(*_SMALL_CUT, True)),
            ("large", zoomed(*_LARGE_CUT, False)),
            ("large_mirrored", zoomed(*_LARGE_CUT, True)),
            ("bust bust_off bust_shoulders bust_ears bust_depth", body(_BODY[0])),
            ("body body_off body_shoulders body_ears body_depth", body(_BODY[1])),
        )
        for names, answer in questions:
            known = hopeful(known, _CLOSER if names.startswith("large") else _MOST)
            if len(known.boxes):
                known.numbers[:, [COLUMNS.index(name) for name in names.split()]] = answer(known.boxes)
        return hopeful(known, _CLOSER)

    def _looks(self, levels: Levels) -> list[Rows]:
        height, width = levels.pixels.shape[:2]
        finest = float(np.clip(np.sqrt(_PIXELS / (height * width)), *_SCALES))
        return [self._network.look(levels, scale, _CANDIDATE) for scale in (finest, finest / 2)]

    def _candidates(self, looks: Sequence[Rows], faces: Sequence[Face]) -> Evidence:
        """Boxes and what the looks say of them, without the faces and the very small; the rest is not known yet."""
        rows = np.concatenate(looks)[:, :5]
        rows = rows[strongest(rows[:, :4], rows[:, 4], _SAME)]
        rows = rows[(heights(rows) >= _SMALLEST) & ~among(rows, faces)][:_MOST]
        said = -np.sort(-np.stack([_said(rows, look) for look in looks], axis=1), axis=1)
        known = Evidence(rows[:, :4], np.full((len(rows), len(COLUMNS)), np.nan, np.float32))
        aspect = (rows[:, 2] - rows[:, 0]) / (rows[:, 3] - rows[:, 1])
        for name, values in {
            "look": said[:, 0],
            "second": said[:, 1],
            "octave": np.log2(heights(rows) / 40),
            "aspect": aspect,
        }.items():
            known.numbers[:, COLUMNS.index(name)] = values
        return known

    def _body(self, levels: Levels, box: Floats, view: tuple[float, float]) -> list[float]:
        """What the pose network reads beneath a candidate in one of the views of `_BODY`: five numbers."""
        unit, x, y = float(heights(box[None])[0]), float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2
        down, wide = view
        return body_of(self._pose.read(levels, View(x, y + down * unit, wide * unit), mask=False), x, y, unit)


def hopeful(known: Evidence, most: int) -> Evidence:
    """The likeliest `most` of those that may still be heads, given the best that is not known yet could be."""
    zooms = [COLUMNS.index(name) for name in _ZOOMS]
    best = known.numbers.copy()
    said = logit(best[:, zooms])
    heard = np.isfinite(said).sum(axis=1)
    mean = np.where(heard, np.nansum(said, axis=1) / np.maximum(heard, 1) + _RISE, logit(np.ones(1, np.float32)))
    best[:, zooms] = np.where(np.isfinite(said), best[:, zooms], sigmoid(mean.astype(np.float32))[:, None])
    for name, value in _BEST.items():
        column = best[:, COLUMNS.index(name)]
        column[np.isnan(column)] = value
    sure = sureness(Evidence(known.boxes, best))
    order = np.argsort(-sure, kind="stable")[:most]
    order = order[sure[order] >= min(_HEAD, _UNSURE)]
    return Evidence(known.boxes[order], known.numbers[order])


def logit(scores: Floats) -> Floats:
    """Log odds of scores, which are kept within 0.005 and 0.99; NaN stays."""
    clipped = np.clip(scores, 0.005, 0.99)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def sureness(known: Evidence) -> Floats:
    """How sure it is that each candidate is a head, as a logit, float32 (n,)."""
    columns = (
        np.ones(len(known.boxes)),
        (logit(known.of("small")) + logit(known.of("small_mirrored"))) / 2,
        (logit(known.of("large")) + logit(known.of("large_mirrored"))) / 2,
        np.minimum(known.of("bust_off"), 1.5),
        np.minimum(known.of("body_off"), 1.5),
        np.clip(known.of("octave"), -1, 1),
        *(known.of(name) for name in ("skin", "forehead", "evenness")),
    )
    return np.asarray(np.column_stack(columns) @ np.array(_WEIGHTS), np.float32)


def from_behind(known: Evidence, sure: Floats) -> NDArray[np.bool_]:
    """Which candidates are positively seen from behind: no look sees a face, and one of three things speaks for it.

    The shoulders are the wrong way round; or the pose network puts the nose behind the ears; or it is surely a head and
    all hair. Chosen by eye on contact sheets of the same 100 photos (docs/decisions/0006-heads-from-behind.md).
    """
    faceness = np.max([known.of(name) for name in _ZOOMS], axis=0)
    forehead, even = known.of("forehead"), known.of("evenness")
    turned, inward, elsewhere = np.zeros((3, len(sure)), np.bool_)
    for view in ("bust", "body"):
        off, deep = known.of(view + "_off"), known.of(view + "_depth")
        turned |= (known.of(view) > 0.5) & (known.of(view + "_shoulders") < _TURNED) & (off < 0.7) & (deep > -0.5)
        inward |= (known.of(view) > _SOMEBODY) & (deep > 0) & (off < 0.6) & (known.of(view + "_ears") < 0.1)
        elsewhere |= (known.of(view) > 0.5) & (off > _ELSEWHERE)
    sharp = (known.of("sharpness") > 5) & (known.of("aspect") < 0.85)
    shoulders = turned & (faceness < 0.25) & (forehead < 0.3) & (even > 0.35)
    nose = inward & sharp & (faceness < 0.25) & (forehead < 0.1) & (even > 0.5)
    hair = sharp & (faceness < 0.2) & (forehead < 0.05) & (even > 0.6) & (sure > _ALL_HAIR)
    # What a first look hardly saw, and without a whole body beneath, was a bag, a jacket or a chair too often.
    seen = (sure > _HEAD) & ((known.of("look") >= _SEEN) | (known.of("body") > _WHOLE))
    return np.asarray(seen & ~elsewhere & (shoulders | nose | (hair & (heights(known.boxes) >= 24))))


def one_each(boxes: Floats, sure: Floats) -> NDArray[np.intp]:
    """Indices left when boxes of one head are one, surest first: 0.4 of the smaller shared, or middles near."""
    order = np.argsort(-sure, kind="stable")
    middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
    apart = np.hypot(*np.moveaxis(middle[:, None] - middle[None], -1, 0))
    tall = heights(boxes)
    same = (_shared(boxes, boxes) > 0.4) | (apart < 0.7 * np.maximum(tall[:, None], tall[None]))
    kept: list[np.intp] = []
    for index in order:
        if not same[index, kept].any():
            kept.append(index)
    return np.array(kept, np.intp)


def head_box(box: Floats) -> Box:
    """The whole head around CenterFace's box of it."""
    x, y, unit = float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, float(heights(box[None])[0])
    return Box.covering(x - _HEAD_SIDE * unit, y - _HEAD_UP * unit, x + _HEAD_SIDE * unit, y + _HEAD_DOWN * unit)


def body_of(reading: Reading, x: float, y: float, unit: float) -> list[float]:
    """Presence, and in heights of the head at (x, y): how far off the head is, shoulders, ears, depth of the nose.

    Points 0 nose, 7 and 8 the person's left and right ear, 11 and 12 shoulders, 0-10 together the head.
    """
    at = reading.points
    off = float(np.hypot(*(at[:11, :2].mean(axis=0) - (x, y)))) / unit
    shoulders, ears = float(at[11, 0] - at[12, 0]) / unit, float(at[7, 0] - at[8, 0]) / unit
    depth = float(at[0, 2] - (at[7, 2] + at[8, 2]) / 2) / unit
    return [reading.presence, min(off, 3.0), shoulders, ears, depth]


def among(rows: Floats, faces: Sequence[Face]) -> NDArray[np.bool_]:
    """Which candidates (n, 4+) belong to a face: a third of the smaller box is shared, or the middle is in its head."""
    if not faces or not len(rows):
        return np.zeros(len(rows), np.bool_)
    known = np.array([face.box.as_list() for face in faces], np.float32)
    head = np.array([rewrite.head_box(face).as_list() for face in faces], np.float32)
    middle = (rows[:, None, :2] + rows[:, None, 2:4]) / 2
    inside = np.all((middle >= head[None, :, :2]) & (middle <= head[None, :, 2:]), axis=-1)
    return np.asarray(np.any(_shared(rows, known) > 1 / 3, axis=1) | np.any(inside, axis=1))


def uncut(boxes: Floats, width: int, height: int) -> NDArray[np.bool_]:
    """Whether the head around each of CenterFace's boxes (n, 4) lies in the picture, but for a rim."""
    heads = [head_box(box) for box in boxes]
    inside = [head.within(width, height) for head in heads]
    shares = [part.area / head.area if part else 0.0 for part, head in zip(inside, heads, strict=True)]
    return np.array(shares, np.float32) >= _UNCUT


def beside_a_face(boxes: Floats, faces: Sequence[Face]) -> NDArray[np.bool_]:
    """Whether the head around each of CenterFace's boxes (n, 4) holds the middle of a face: then it is not all hair.

    Of 105 boxes from behind in 575 photos of scut_heads_b those are 15, and three of these were none.
    """
    heads = np.array([head_box(box).as_list() for box in boxes], np.float32).reshape(-1, 1, 4)
    known = np.array([face.box.as_list() for face in faces], np.float32).reshape(-1, 4)
    middle = (known[:, :2] + known[:, 2:]) / 2
    return np.asarray(((heads[..., :2] <= middle) & (middle <= heads[..., 2:])).all(axis=-1).any(axis=-1))


def _shared(rows: Floats, others: Floats) -> Floats:
    """Intersection over the smaller box, each of rows with each of others."""
    low = np.maximum(rows[:, None, :2], others[None, :, :2])
    high = np.minimum(rows[:, None, 2:4], others[None, :, 2:4])
    inter = np.clip(high - low, 0, None).prod(axis=-1)
    areas = [np.maximum(boxes[:, 2:4] - boxes[:, :2], 1e-6).prod(axis=1) for boxes in (rows, others)]
    return np.asarray(inter / np.minimum(areas[0][:, None], areas[1][None]), np.float32)


def _said(rows: Floats, look: Floats) -> Floats:
    """For each row the best score among the boxes of a look that share most of it."""
    if not len(look) or not len(rows):
        return np.zeros(len(rows), np.float32)
    return np.asarray(np.where(_shared(rows, look) > 0.6, look[:, 4], 0).max(axis=1), np.float32)


def appearance(levels: Levels, box: Floats) -> tuple[float, float, float, float]:
    """Skin, forehead, evenness and sharpness of a candidate, as `COLUMNS` says.

    Skin is Cr 135..178, Cb 80..127 (Chai and Ngan 1999) and brighter than 50 of 255; like the median colour is nearer
    than 14 in CIE L*a*b* with a and b weighed 1.5 times, some six just noticeable differences.
    """
    x, y, unit = float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, float(heights(box[None])[0])
    seen = levels.cut(View(x, y, _AROUND * unit).to_cut(_GRAIN), _GRAIN)
    light, red, blue = np.moveaxis(cv2.cvtColor(seen, cv2.COLOR_RGB2YCrCb), -1, 0)
    skin = (red > 135) & (red < 178) & (blue > 80) & (blue < 127) & (light > 50)
    colours = cv2.cvtColor(seen, cv2.COLOR_RGB2LAB)[_CORE].astype(np.float32) * (100 / 255, 1.5**0.5, 1.5**0.5)
    near = np.sqrt(((colours - np.median(colours, axis=0)) ** 2).sum(axis=1)) < 14
    sharp = np.abs(cv2.Laplacian(light.astype(np.float32), cv2.CV_32F)).mean()
    return float(skin[_CORE].mean()), float(skin[_FOREHEAD].mean()), float(near.mean()), float(sharp)


def _disc(x: float, y: float, across: float, down: float) -> NDArray[np.bool_]:
    """An ellipse in the cut that `appearance` looks at; middle and radii in heights from the candidate's middle."""
    at_y, at_x = (np.mgrid[:_GRAIN, :_GRAIN] + 0.5) * (_AROUND / _GRAIN) - _AROUND / 2
    return np.asarray(((at_x - x) / across) ** 2 + ((at_y - y) / down) ** 2 < 1)


_AROUND: Final = 2.4
_GRAIN: Final = 72
_CORE: Final = _disc(0.0, -0.07, 0.37, 0.47)
_FOREHEAD: Final = _disc(0.0, -0.4, 0.37, 0.27)
