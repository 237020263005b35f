"""Small pictures of one folder and one size that are pieces of one: none shows a face, and a page puts them together.

Two pieces belong together where the edge of one continues in the edge of the other, far better than in any other edge.
Icons, flags and photos of one size do not: their edges are plain, or continue nowhere.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

    Edges = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    """Left, right, upper, lower: the levels of red, green and blue from one end to the other."""

LARGEST: Final = 256
"""Pixels of a piece on its longer side; a face in a larger one is mostly seen."""
_SMALLEST: Final = 16
_FEWEST: Final = 4
_MOST: Final = 2000
"""Pictures of one size that are compared at once; more are taken in groups, in the order of their names."""
_MOST_BYTES: Final = 300_000
"""What a piece takes that is not compressed at all, and some more."""
_TEXTURE: Final = 10.0
"""Standard deviation of the levels along an edge from which it can be told from another."""
_CONTINUES: Final = 0.6
"""How far two edges may differ, as a part of that deviation."""
_BETTER: Final = 0.6
"""How far at most, as a part of how far the next best one differs."""
_PART_JOINED: Final = 0.5
"""Part of the edges with texture that continue in another one, from which the pictures are pieces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A picture that may be a piece.

    Attributes:
        path: within what is published.
        data: its bytes.
        whence: what a verdict says behind the path: " (commit ...)" where it comes from history, else "".
    """

    path: str
    data: bytes = field(repr=False)
    whence: str = ""


class SmallPictures:
    """Gathers what may be a piece while files are judged one by one, the newest version of each first."""

    def __init__(self) -> None:
        self._folders: defaultdict[str, list[Piece]] = defaultdict(list)

    def add(self, piece: Piece, size: tuple[int, int] | None) -> None:
        """A picture that may go by itself, and its width and height where its verdict says them.

        Of what is too large for a piece nothing is kept: a site may have thousands of photos.
        """
        if len(piece.data) <= _MOST_BYTES and (size is None or max(size) <= LARGEST):
            self._folders[str(PurePosixPath(piece.path.replace("\\", "/")).parent)].append(piece)

    def groups(self) -> Iterator[tuple[str, str, list[Piece]]]:
        """What may belong together: the folder, whence, and the pieces in the order of their names.

        Of each folder first what one commit brings, then what lies there in the end, named after the oldest commit.
        """
        for folder, pieces in sorted(self._folders.items()):
            newest: dict[str, Piece] = {}
            brought: defaultdict[str, list[Piece]] = defaultdict(list)
            for piece in pieces:
                newest.setdefault(piece.path, piece)
                brought[piece.whence].append(piece)
            groups = [*brought.items()]
            if len(brought) > 1:
                groups.append((list(newest.values())[-1].whence, list(newest.values())))
            for whence, together in groups:
                if len(together) >= _FEWEST:
                    yield folder, whence, sorted(together, key=lambda piece: piece.path)


def digest_of(pieces: Iterable[Piece]) -> str:
    """What tells these pictures, in this order, from others."""
    return hashlib.sha256(b"".join(hashlib.sha256(piece.data).digest() for piece in pieces)).hexdigest()


def pieces_among(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The paths of those that are pieces of one picture; () where none are."""
    by_size: defaultdict[tuple[int, int], list[tuple[str, Edges]]] = defaultdict(list)
    for piece in pieces:
        edges = _edges_of(piece.data)
        if edges is not None:
            by_size[len(edges[0]), len(edges[2])].append((piece.path, edges))
    found: list[str] = []
    for same in by_size.values():
        for begins in range(0, len(same), _MOST):
            group = same[begins : begins + _MOST]
            if len(group) >= _FEWEST and _join([edges for _, edges in group]):
                found += [path for path, _ in group]
    return tuple(found)


def _edges_of(data: bytes) -> Edges | None:
    """The edges of a picture; None for what is too small, too large or no picture."""
    import numpy as np  # noqa: PLC0415  (most changes hold no four small pictures)
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF")) as image:
            if not _SMALLEST <= min(image.size) <= max(image.size) <= LARGEST:
                return None
            shown = np.asarray(image.convert("RGBA").convert("RGB"), dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what it is was said of it alone
        return None
    return shown[:, 0].flatten(), shown[:, -1].flatten(), shown[0].flatten(), shown[-1].flatten()


def _join(edges: Sequence[Edges]) -> bool:
    """Whether the edges of pictures of one size continue one another, both across and down or all in one row."""
    textured = joined = 0
    for one, other in ((1, 0), (3, 2)):
        with_texture, continuing = _continuing([each[one] for each in edges], [each[other] for each in edges])
        textured += with_texture
        joined += continuing
    return joined >= _FEWEST - 1 and joined >= _PART_JOINED * textured


def _continuing(ends: list[np.ndarray], begins: list[np.ndarray]) -> tuple[int, int]:
    """How many edges have texture, and how many of these continue in exactly one other picture."""
    import numpy as np  # noqa: PLC0415

    left, right = np.stack(ends).astype(np.float32), np.stack(begins).astype(np.float32)
    spread = left.std(axis=1)
    square = (left**2).mean(1)[:, None] + (right**2).mean(1)[None, :] - 2 * left @ right.T / left.shape[1]
    apart = np.sqrt(np.maximum(square, 0))
    itself = apart.diagonal().copy()  # a flag or a pattern continues in its own other edge
    np.fill_diagonal(apart, np.inf)
    nearest = np.partition(apart, 1, axis=1)[:, :2]
    plain = spread < _TEXTURE
    fits = (nearest[:, 0] <= _CONTINUES * spread) & (nearest[:, 0] <= _BETTER * np.minimum(nearest[:, 1], itself))
    return int((~plain).sum()), int((fits & ~plain).sum())
