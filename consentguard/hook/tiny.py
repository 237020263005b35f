"""Spacers, bullets and placeholders: pictures too small for a face, if they are nothing but that small picture."""

from __future__ import annotations

import io
from typing import Final

from consentguard.errors import UnreadableImage

_MOST: Final = 2048
"""Bytes. What is larger is no spacer, and the guard says what it is."""


def is_too_small(data: bytes, pixels: int) -> bool:
    """Whether a file is one bare picture of fewer pixels than that on both sides: then it can hold no other.

    GIF, PNG, JPEG and WebP; whatever else it is, or carries, is for the guard to judge.
    """
    if len(data) > _MOST:
        return False
    import simplejpeg  # noqa: PLC0415  (most files are larger, and a remembered verdict needs no decoder)
    from PIL import Image  # noqa: PLC0415

    from consentguard.vision.imagefile import codec, structure  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data), formats=("GIF", "PNG", "JPEG", "WEBP")) as image:
            image.load()
            if max(image.size) >= pixels or getattr(image, "n_frames", 1) != 1:
                return False
            if image.format == "GIF":
                return _is_bare_gif(data, *image.size)
            if image.format == "JPEG":
                simplejpeg.decode_jpeg(data, strict=True)  # which finds data behind the last block, too
            skeleton = structure.walk(data)
            return not skeleton.parts and not codec.surplus(data, skeleton.container)
    except (OSError, ValueError, SyntaxError, UnreadableImage, Image.DecompressionBombError):  # the guard says why
        return False


def _is_bare_gif(data: bytes, width: int, height: int) -> bool:
    """One frame, at most its transparency beside it, no more data than that many pixels take, and nothing behind.

    GIF89a specification, sections 17 to 27.
    """
    at = 13 + _colours(data[10])
    if data[at : at + 3] == b"\x21\xf9\x04":
        at += 8
    if data[at : at + 1] != b"\x2c":
        return False
    at += 10 + _colours(data[at + 9]) + 1
    held = 0
    while data[at : at + 1] not in (b"\0", b""):
        held += data[at]
        at += 1 + data[at]
    return data[at:] == b"\0\x3b" and held <= 8 + 3 * width * height // 2  # codes have 12 bits at most


def _colours(flags: int) -> int:
    """Bytes of the table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
