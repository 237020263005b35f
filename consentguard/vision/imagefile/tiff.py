"""Whether the picture that a TIFF shows is the picture that it holds.

Camera raw files and some scanners put a thumbnail first and the photo elsewhere. TIFF 6.0; DNG 1.7, chapter 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from PIL import TiffImagePlugin

_NEW_SUBFILE_TYPE: Final = 254
_WIDTH, _HEIGHT = 256, 257
_SUB_IFDS: Final = 330
_DNG_VERSION: Final = 50706
_REDUCED: Final = 1
"""Bit 0 of NewSubfileType: a reduced-resolution version of another picture in this file."""


def is_only_preview(image: TiffImagePlugin.TiffImageFile, data: bytes) -> bool:
    """Whether what programs show of a TIFF is not its main picture. Raises struct.error where it is damaged."""
    tags = image.tag_v2
    if int(tags.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED or _DNG_VERSION in tags:
        return True
    width, height = image.size
    offsets = tags.get(_SUB_IFDS, ())
    offsets = offsets if isinstance(offsets, tuple) else (offsets,)
    return any(wide * high > width * height for at in offsets for wide, high in _sizes(data, int(at)))


def _sizes(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Width and height that a directory names, both SHORT or LONG (TIFF 6.0, section 2)."""
    order = "<" if data[:2] == b"II" else ">"
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found: dict[int, int] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, entry)
        if tag in (_WIDTH, _HEIGHT):
            (found[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'L'}", data, entry + 8)
    if len(found) == 2:
        yield found[_WIDTH], found[_HEIGHT]
