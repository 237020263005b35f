"""HEIC, as telephones write it, through pillow-heif; and what AVIF shares with it. Only the primary picture is decoded.

pillow-heif is an extra, because its wheels hold code under the GPL.
"""

from __future__ import annotations

import io
import re
from collections.abc import Set
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from consentguard.errors import UnreadableImage
from consentguard.kinds import AVIF_BRANDS, HEIF_BRANDS
from consentguard.program import install_command
from consentguard.values import Pixels

_NCLX: Final = re.compile(rb"colrnclx(..)(..)", re.DOTALL)
_SRGB_PRIMARIES: Final = {1, 2, 5, 6, 7}
"""BT.709, unspecified, and the BT.601 ones, which nobody shows differently. ITU-T H.273 table 2."""
_P3_PRIMARIES: Final = 12
_HDR_TRANSFERS: Final = {16, 18}
"""PQ and HLG, ITU-T H.273 table 3: brightness beyond what a JPEG holds, mapped by each viewer in its own way."""
_P3_TO_SRGB: Final = np.array(
    [[1.2249401, -0.2249404, 0.0], [-0.0420569, 1.0420571, 0.0], [-0.0196376, -0.0786361, 1.0982735]], np.float32
)
"""Linear Display P3 to linear sRGB, both D65 (CSS Color 4, section 10)."""
_LEVELS: Final = np.arange(256, dtype=np.float32) / 255
_LINEAR: Final = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
"""sRGB's transfer curve, which Display P3 shares (IEC 61966-2-1)."""


def is_heif(data: bytes) -> bool:
    """Whether the bytes begin like HEIC or HEIF; AVIF is another matter."""
    if data[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size, 4))}
    return bool(brands & HEIF_BRANDS) and not brands & AVIF_BRANDS


def open_heif(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """The primary picture, not decoded yet, upright once it is; and what else the file carries.

    Raises UnreadableImage where pillow-heif is missing, and what pillow-heif raises on damage.
    """
    try:
        import pillow_heif  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise UnreadableImage(
            "is HEIC, as iPhones write it, and this installation does not read that: "
            f"run `{install_command('heic')}`, or set the camera to Most Compatible"
        ) from error
    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    picture = file[file.primary_index]
    info = picture.info
    parts = ["second-picture"] if len(file) > 1 else []
    names = {"exif": "exif", "xmp": "xmp", "thumbnails": "thumbnail", "depth_images": "depth", "aux": "gain-map"}
    parts += [name for key, name in names.items() if info.get(key)]
    return picture, (*parts, "unknown")


def decoded(picture: Any) -> Image.Image:
    """Its pixels. What pillow-heif says of metadata is left behind but for the colour profile."""
    raw = Image.frombytes(picture.mode, picture.size, picture.data, "raw", picture.mode, picture.stride)
    raw.info = {key: picture.info[key] for key in ("icc_profile",) if picture.info.get(key)}
    return raw


def from_primaries(pixels: Pixels, data: bytes) -> Pixels:
    """sRGB of the pixels of a HEIF or AVIF without an ICC profile, by the primaries that the file names.

    Raises UnreadableImage for primaries and brightness that sRGB cannot hold.
    """
    return from_codes(pixels, {(int.from_bytes(p, "big"), int.from_bytes(t, "big")) for p, t in _NCLX.findall(data)})


def from_codes(pixels: Pixels, named: Set[tuple[int, int]]) -> Pixels:
    """sRGB of pixels by the primaries and transfers that their file names (ITU-T H.273, tables 2 and 3).

    Raises UnreadableImage for those that sRGB cannot hold.
    """
    if all(primaries in _SRGB_PRIMARIES and transfer not in _HDR_TRANSFERS for primaries, transfer in named):
        return pixels
    if {primaries for primaries, _ in named} - _SRGB_PRIMARIES != {_P3_PRIMARIES} or any(
        transfer in _HDR_TRANSFERS for _, transfer in named
    ):
        raise UnreadableImage("has colours or brightness beyond what can be published (HDR)")
    return encoded(_LINEAR[pixels] @ _P3_TO_SRGB.T)


def encoded(linear: NDArray[np.floating[Any]]) -> Pixels:
    """8-bit sRGB of linear light from 0 to 1 (IEC 61966-2-1); what lies beyond is clipped."""
    linear = np.clip(linear, 0, 1)
    shown = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(shown * 255), np.uint8)
