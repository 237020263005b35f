"""Small pictures of one folder and one size that are pieces of one: none shows a face, and a page puts them together.

Two pieces belong together where the edge of one goes on in the edge of the other, far better than in any other edge.
Icons, flags and photos of one size do not: their edges are plain, or go on nowhere.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator
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
_MOST_BYTES: Final = 400_000
_TEXTURE: Final = 10.0
"""Standard deviation of the levels along an edge from which it can be told from another."""
_GOES_ON: Final = 0.6
"""How far two edges may differ, as a part of that deviation."""
_BETTER: Final = 0.6
"""How far at most, as a part of how far the next best one differs."""
_PART_JOINED: Final = 0.5
"""Part of the edges with texture that go on in another one, from which the pictures are pieces."""


class SmallPictures:
    """Gathers what may be a piece while files are judged one by one."""

    def __init__(self) -> None:
        self._folders: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    def add(self, path: str, data: bytes) -> None:
        """A picture that may go by itself."""
        if len(data) <= _MOST_BYTES:
            self._folders[str(PurePosixPath(path.replace("\\", "/")).parent)][path] = data

    def folders(self) -> Iterator[tuple[str, dict[str, bytes]]]:
        """Each folder with enough of them, by path in the order of their names."""
        for folder, pictures in sorted(self._folders.items()):
            if len(pictures) >= _FEWEST:
                yield folder, dict(sorted(pictures.items()))


def digest_of(pictures: dict[str, bytes]) -> str:
    """What tells these pictures, in this order, from others."""
    together = hashlib.sha256()
    for data in pictures.values():
        together.update(hashlib.sha256(data).digest())
    return together.hexdigest()


def pieces_among(pictures: dict[str, bytes]) -> tuple[str, ...]:
    """The paths of those that are pieces of one picture; () where none are."""
    by_size: defaultdict[tuple[int, int], list[tuple[str, Edges]]] = defaultdict(list)
    for path, data in pictures.items():
        edges = _edges_of(data)
        if edges is not None:
            by_size[len(edges[0]), len(edges[2])].append((path, edges))
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
            shown = np.asarray(image.convert("RGBA").convert("RGB"), dtype=np.float32)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what it is was said of it alone
        return None
    return shown[:, 0].ravel(), shown[:, -1].ravel(), shown[0].ravel(), shown[-1].ravel()


def _join(edges: list[Edges]) -> bool:
    """Whether the edges of pictures of one size go on in each other, both across and down or all in one row."""
    textured = joined = 0
    for one, other in ((1, 0), (3, 2)):
        with_texture, going_on = _going_on([each[one] for each in edges], [each[other] for each in edges])
        textured += with_texture
        joined += going_on
    return joined >= _FEWEST - 1 and joined >= _PART_JOINED * textured


def _going_on(ends: list[np.ndarray], begins: list[np.ndarray]) -> tuple[int, int]:
    """How many edges have texture, and how many of these go on in exactly one other picture."""
    import numpy as np  # noqa: PLC0415

    left, right = np.stack(ends), np.stack(begins)
    spread = left.std(axis=1)
    square = (left**2).mean(1)[:, None] + (right**2).mean(1)[None, :] - 2 * left @ right.T / left.shape[1]
    apart = np.sqrt(np.maximum(square, 0))
    itself = apart.diagonal().copy()  # a flag or a pattern goes on in its own other edge
    np.fill_diagonal(apart, np.inf)
    nearest = np.partition(apart, 1, axis=1)[:, :2]
    plain = spread < _TEXTURE
    fits = (nearest[:, 0] <= _GOES_ON * spread) & (nearest[:, 0] <= _BETTER * np.minimum(nearest[:, 1], itself))
    return int((~plain).sum()), int((fits & ~plain).sum())
