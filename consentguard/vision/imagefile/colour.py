"""Whatever colours a file stores, as opaque 8-bit sRGB: transparency on white, profiles applied and dropped."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from consentguard.errors import UnreadableImage
from consentguard.values import Pixels

_PLAIN: Final = {"L", "RGB", "CMYK"}
_CONVERTED: Final = {"1": "L", "YCbCr": "RGB", "La": "LA", "RGBa": "RGBA"}
_SIXTEEN_BITS: Final = {"I;16", "I;16L", "I;16B", "I;16N"}
_SPACES: Final = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
"""The colour space that a profile for a mode must be of (ICC.1, 7.2.6)."""


def opaque(image: Image.Image) -> Image.Image:
    """The picture as L, RGB or CMYK, 8 bits each, on white; what lies under full transparency is gone afterwards.

    Raises UnreadableImage for a mode that cannot be shown without guessing.
    """
    mode = image.mode
    if mode in _SIXTEEN_BITS:
        return _eight_bits(image)
    if mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif mode in _CONVERTED:
        image = image.convert(_CONVERTED[mode])
    elif mode in ("L", "RGB") and "transparency" in image.info:  # one colour that means: nothing here
        image = image.convert("RGBA")
    if image.mode in ("LA", "RGBA"):
        alpha, colours = image.getchannel("A"), image.convert(image.mode[:-1])
        image = Image.new(colours.mode, colours.size, "white")
        image.paste(colours, mask=alpha)
    if image.mode not in _PLAIN:
        raise UnreadableImage(f"stores its colours in a way that is not read here (mode {mode})")
    return image


def in_srgb(pixels: Pixels, profile: bytes | None) -> Pixels:
    """sRGB of pixels (height, width) of grey or (height, width, 3 | 4) of RGB | CMYK, by their ICC profile if any.

    A profile that cannot be used is an error, not a guess. Raises UnreadableImage.
    """
    if not profile and pixels.ndim == 3 and pixels.shape[2] == 3:
        return pixels
    image = Image.fromarray(pixels, "CMYK") if pixels.ndim == 3 and pixels.shape[2] == 4 else Image.fromarray(pixels)
    if profile:
        image = _converted(image, profile)
    return np.asarray(image.convert("RGB"))


def _eight_bits(image: Image.Image) -> Image.Image:
    wide = np.asarray(image).astype(np.uint32)
    if "transparency" in image.info:
        raise UnreadableImage("stores its colours in a way that is not read here (16 bits with a transparent grey)")
    return Image.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8))


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if image.mode == "L" and space == "RGB":  # grey pixels in a colour space: the same value three times
            image = image.convert("RGB")
        if space != _SPACES[image.mode]:
            raise UnreadableImage(f"its colour profile is for {space}, its colours are {_SPACES[image.mode]}")
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise UnreadableImage(f"its colour profile cannot be used ({error})") from error
    if converted is None:
        raise UnreadableImage("its colour profile cannot be used")
    return converted
