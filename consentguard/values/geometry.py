"""Boxes, faces, hands, people and pictures: what detection finds, and what it is found in.

One convention holds everywhere: x grows to the right, y grows down, the origin is the top left corner, and left and
right are the *viewer's*, never the person's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:  # who only reads registers and verdicts, as a hook with nothing new to judge does, needs no arrays
    import numpy as np
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
"""An RGB picture: uint8, shape (height, width, 3), rows top down."""

Point = tuple[float, float]
Joints = tuple[Point, ...]
"""Twelve places in pixels: shoulders, elbows, wrists, hips, knees and ankles, of each the person's left one first."""
_JOINTS: Final = 12


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels, half open: it holds the columns `left <= x < right` and rows `top <= y < bottom`.

    It may reach outside the picture (a head cut by the frame does). Raises ValueError when it is empty.
    """

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError(f"a box needs left < right and top < bottom, not {self.as_list()}")

    @classmethod
    def covering(cls, left: float, top: float, right: float, bottom: float) -> Box:
        """The smallest box of whole pixels that holds these edges: fractions round outward, never inward."""
        x0, y0 = floor(left), floor(top)
        return cls(x0, y0, max(ceil(right), x0 + 1), max(ceil(bottom), y0 + 1))

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    def within(self, width: int, height: int) -> Box | None:
        """The part of this box inside a picture of `width` x `height` pixels; None if nothing is."""
        left, top = max(self.left, 0), max(self.top, 0)
        right, bottom = min(self.right, width), min(self.bottom, height)
        return Box(left, top, right, bottom) if left < right and top < bottom else None

    def overlap(self, other: Box) -> int:
        """Shared area in pixels, 0 when apart."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        shared = self.overlap(other)
        return shared / (self.area + other.area - shared)

    def mirrored(self, width: int) -> Box:
        """The same box in the mirror image, left for right, of a picture so wide."""
        return Box(width - self.right, self.top, width - self.left, self.bottom)

    def scaled(self, factor: float) -> Box:
        """The same box in a picture `factor` times as large, rounded outward."""
        return Box.covering(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def as_list(self) -> list[int]:
        """`[left, top, right, bottom]`, as JSON shows it."""
        return [self.left, self.top, self.right, self.bottom]


@dataclass(frozen=True, slots=True)
class Face:
    """A face that a detector found.

    Attributes:
        box: from brow to chin and cheek to cheek, in pixels of the picture that was looked at.
        score: how sure the detector is, 0..1; comparable only between faces of one detector.
        landmarks: five points (x, y) in the order eye, eye, nose, mouth corner, mouth corner, each pair from the
            viewer's left to right; empty where the detector gives none.
        seen_by: the detector passes that found it, such as "x1.18" for the whole picture at that scale, or "close".
        confirmed: False where closer passes hardly believe it: it is hidden, but no body is guessed beneath it.
    """

    box: Box
    score: float
    landmarks: tuple[Point, ...] = ()
    seen_by: tuple[str, ...] = ()
    confirmed: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"a score lies in 0..1, not {self.score}")
        if len(self.landmarks) not in (0, 5):
            raise ValueError(f"a face has five landmarks or none, not {len(self.landmarks)}")


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand that was found and confirmed.

    Attributes:
        box: around the outline.
        score: how sure it is that a hand is there, 0..1.
        points: MediaPipe's 21 points (x, y) in pixels of the picture, 0 the wrist, 4 8 12 16 20 the finger tips.
        outline: a simple polygon around the hand, a little grown, in pixels of the picture; at least three points.
    """

    box: Box
    score: float
    points: tuple[Point, ...]
    outline: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"a score lies in 0..1, not {self.score}")
        if len(self.points) != 21 or len(self.outline) < 3:
            raise ValueError("a hand has 21 points and an outline")


@dataclass(frozen=True, slots=True)
class Head:
    """A head that is not a face: seen from behind where that is positively known, else unsure.

    Attributes:
        box: the whole head, hair included, in pixels of the picture.
        score: how sure it is that a head is there, 0..1.
        from_behind: True only where it is positively seen from behind; everything else counts as a face.
    """

    box: Box
    score: float
    from_behind: bool

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"a score lies in 0..1, not {self.score}")


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """How surely each part of a picture belongs to one person, on a grid over the picture.

    Attributes:
        column, row: of its first cell, counted from the picture's top left corner.
        grain: pixels a side of a cell; the same for everybody in a picture.
        sure: read-only uint8 (rows, columns), 0 nobody or somebody else to 255 surely this person.
    """

    column: int
    row: int
    grain: int
    sure: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.grain < 1 or self.column < 0 or self.row < 0 or 0 in self.sure.shape:
            raise ValueError("an extent lies in the picture, holds a cell, and its cells are no smaller than pixels")
        self.sure.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extent) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, int, tuple[int, ...], bytes]:
        return self.column, self.row, self.grain, self.sure.shape, self.sure.tobytes()


@dataclass(frozen=True, slots=True)
class PersonRegion:
    """What of a picture one person takes up, head included.

    Attributes:
        box: around everything of the person that is in the picture.
        head: the face or the head that this person has; None where none was found.
        extent: which parts of the picture the person takes up, where a reading of the body was good enough; None where
            only the box is known.
        hips: y of the middle of the hips, in pixels of the picture, where a reading shows them.
        joints: where a reading has the joints of the body of this head, seen or not; None without one.
    """

    box: Box
    head: Face | Head | None
    extent: Extent | None = None
    hips: float | None = None
    joints: Joints | None = None

    def __post_init__(self) -> None:
        if self.joints is None:
            return
        if len(self.joints) != _JOINTS or not all(isfinite(x) and isfinite(y) for x, y in self.joints):
            raise ValueError(f"a body has {_JOINTS} joints, each at a place that is a number")


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody in a picture: a face or a head and, where it was looked for, the body that has it.

    A subject is its head: with and without its body it is the same, so a decision made before bodies were looked for
    still holds afterwards.
    """

    head: Face | Head
    body: PersonRegion | None = field(default=None, compare=False)

    @property
    def turned_away(self) -> bool:
        """Positively seen from behind. Everybody else counts as a face."""
        return isinstance(self.head, Head) and self.head.from_behind


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked for in one picture; None where it was not looked for."""

    faces: tuple[Face, ...]
    heads: tuple[Head, ...] | None = None
    hands: tuple[Hand, ...] | None = None
    people: tuple[PersonRegion, ...] | None = None

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Everybody whose face or head was found, each with the body where one was found."""
        bodies = {person.head: person for person in self.people or () if person.head is not None}
        found: tuple[Face | Head, ...] = (*self.faces, *(self.heads or ()))
        return tuple(Subject(head, bodies.get(head)) for head in found)

    @property
    def counted(self) -> tuple[Subject, ...]:
        """Whom a decision is about: faces, and heads that are not positively seen from behind."""
        return tuple(subject for subject in self.subjects if not subject.turned_away)

    @property
    def from_behind(self) -> tuple[Head, ...] | None:
        """Heads positively seen from behind; None where heads were not looked for."""
        return None if self.heads is None else tuple(head for head in self.heads if head.from_behind)

    @property
    def unsure(self) -> tuple[Head, ...]:
        """Heads that are neither a face nor positively seen from behind; they count as faces."""
        return tuple(head for head in self.heads or () if not head.from_behind)


def frozen_pixels(pixels: NDArray[Any]) -> Pixels:
    """A read-only view of an RGB picture. Raises ValueError unless it is uint8, (height, width, 3) and not empty."""
    if pixels.dtype != "uint8" or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"pixels are uint8 of shape (height, width, 3), not {pixels.dtype} {pixels.shape}")
    view = pixels.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True)
class Notice:
    """What one field of a file says of whose work it is."""

    field: str
    text: str

    def __repr__(self) -> str:
        return f"<Notice {self.field}>"  # its text may be anybody's name


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The pixels of one photo as they would be published: upright, sRGB, opaque, at most `max_edge` pixels long.

    Attributes:
        pixels: read-only RGB, uint8, shape (height, width, 3).
        source_width, source_height: size of the upright source picture, in pixels.
        carried: what the file holds besides its pixels, by name ("exif", "icc", "trailing-bytes", ...).
        notices: what the file says of whose work it is.
        is_file: False where pixels were handed in: then there is no file that could be published as it is.
    """

    pixels: Pixels
    source_width: int
    source_height: int
    carried: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_file: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixels", frozen_pixels(self.pixels))

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def scale(self) -> float:
        """Published pixels for each source pixel, 0 < scale <= 1."""
        return max(self.width, self.height) / max(self.source_width, self.source_height)

    def in_source(self, box: Box) -> Box:
        """A box of this picture in pixels of the upright source, rounded outward and kept inside it.

        Raises ValueError for a box that lies wholly outside the picture.
        """
        # Sides are rounded when a picture is made smaller, so each axis has its own exact factor.
        across, down = self.source_width / self.width, self.source_height / self.height
        source = Box.covering(box.left * across, box.top * down, box.right * across, box.bottom * down)
        inside = source.within(self.source_width, self.source_height)
        if inside is None:
            raise ValueError(f"the box {box.as_list()} lies outside the picture")
        return inside

    def from_source(self, box: Box) -> Box:
        """A box of the upright source in pixels of this picture, rounded outward."""
        across, down = self.width / self.source_width, self.height / self.source_height
        return Box.covering(box.left * across, box.top * down, box.right * across, box.bottom * down)

    def place(self, box: Box) -> str:
        """Where a box of this picture lies, in words: "upper left", "middle", "lower right" and so on."""
        across = min(max((box.left + box.right) * 3 // (2 * self.width), 0), 2)
        down = min(max((box.top + box.bottom) * 3 // (2 * self.height), 0), 2)
        words = " ".join(filter(None, (("upper", "", "lower")[down], ("left", "", "right")[across])))
        return words or "middle"
