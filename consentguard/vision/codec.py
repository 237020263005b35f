"""Bytes to pixels and back. What is not the primary picture's pixels is dropped by construction, not by tag lists."""

from __future__ import annotations

import io
import struct
import zlib
from math import ceil
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from consentguard.errors import UnreadableImage
from consentguard.values import Picture, Pixels
from consentguard.vision import structure

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is read, by content and never by name."""

_RARE_PLUGINS: Final = (TiffImagePlugin, WebPImagePlugin)
"""Named, because Image.open with a list of formats loads no plugin that is not there yet."""

_EIGHT_BIT_MODES: Final = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
_MIN_EDGE: Final = 32
"""Pixels; below this no detector here can speak, and no reader could recognise anybody."""

_DAMAGE: Final = (
    *(OSError, ValueError, SyntaxError, EOFError, ArithmeticError, TypeError, LookupError),
    *(struct.error, zlib.error, Warning),
)
"""What Pillow's decoders raise on damaged files. Warnings are among them for programs that turn them into errors."""

_NEARLY: Final = 0.95
"""How much of `max_edge` a reduced decode has to reach to be taken."""

_NEXT_STEP: Final = "Open it in a picture program, save it as JPEG, and try again."


def decode(data: bytes, *, max_edge: int, max_pixels: int) -> Picture:
    """The picture in a file as it would be published: upright, sRGB, opaque on white, at most `max_edge` pixels long.

    Raises UnreadableImage for anything but exactly one whole picture of 32 px or more a side and at most `max_pixels`.
    """
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise UnreadableImage("another part of this program makes Pillow accept cut files; have it leave "
                              "PIL.ImageFile.LOAD_TRUNCATED_IMAGES alone.")  # fmt: skip
    if not data:
        raise UnreadableImage("the file is empty. " + _NEXT_STEP)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check(image, max_pixels)
            stored = image.size
            _reduce(image, max_edge)
            image.load()
            upright = ImageOps.exif_transpose(image)
            # what lies under alpha is not looked at, and any editor brings it back
            hidden = ("transparency",) if image.has_transparency_data else ()
            width, height = stored if upright.size == image.size else stored[::-1]
            pixels = np.asarray(_opaque(_in_srgb(upright)))
        parts = (*structure.carried(data), *hidden)
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            f"is not a picture in a format that is read here ({', '.join(FORMATS)}). {_NEXT_STEP}"
        ) from error
    except UnreadableImage as error:
        raise UnreadableImage(f"{error}. {_NEXT_STEP}") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(
            f"has far more than the {max_pixels / 1e6:g} megapixels that policy reads. {_NEXT_STEP}"
        ) from error
    except _DAMAGE as error:
        raise UnreadableImage(f"is damaged or incomplete ({type(error).__name__}: {error}). {_NEXT_STEP}") from error
    published = _at_most(pixels, max_edge)
    if min(published.shape[:2]) < _MIN_EDGE:
        raise UnreadableImage(
            f"has {width} x {height} pixels; at published size it is under {_MIN_EDGE} px thin. Crop it and try again."
        )
    return Picture(published, source_width=width, source_height=height, carried=parts)


def encode_jpeg(pixels: Pixels, quality: int) -> bytes:
    """A baseline JPEG, 4:2:0, of these RGB pixels and nothing else. Raises UnreadableImage if it cannot be made."""
    settings = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    ]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise UnreadableImage("the finished picture could not be written as JPEG; report this.")
    return data.tobytes()


def encode_png(pixels: Pixels) -> bytes:
    """A PNG of these RGB pixels, for people at the desk to look at. Raises UnreadableImage if it cannot be made."""
    done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise UnreadableImage("the picture could not be written as PNG; report this.")
    return data.tobytes()


def _check(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise UnreadableImage(
            f"has {width} x {height} pixels, more than the {max_pixels / 1e6:g} megapixels that policy reads"
        )
    if min(width, height) < _MIN_EDGE:
        raise UnreadableImage(f"has {width} x {height} pixels; under {_MIN_EDGE} a side nothing can be looked for")
    # An MPO is a JPEG with more pictures behind it, as phones write; the pictures behind the first are
    # dropped like any other bytes there. A moving picture has no first.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise UnreadableImage("holds more than one picture or moves")
    if image.mode not in _EIGHT_BIT_MODES:
        raise UnreadableImage(f"stores its colours in a way that is not read yet (mode {image.mode})")


def _reduce(image: Image.Image, max_edge: int) -> None:
    """Has a JPEG decoded at 1/2, 1/4 or 1/8 where that is about as large as what is published; others stay as they are.

    Nothing later needs more: faces are looked for, and heads painted, at published size. A photo of 4,000 px, twice
    2,048 but for a little, is published at 2,000: half as many pixels decoded for a size that nobody tells apart.
    """
    factor = _NEARLY * max_edge / max(image.size)
    if image.format in ("JPEG", "MPO") and factor < 1:
        image.draft(None, (ceil(image.size[0] * factor), ceil(image.size[1] * factor)))


def _in_srgb(image: Image.Image) -> Image.Image:
    """The same colours in sRGB where the file brings an ICC profile; a broken profile is an error, not a guess."""
    profile = image.info.get("icc_profile")
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if image.mode != "1" else "L")
    if not profile or image.mode not in ("L", "RGB", "CMYK", "RGBA"):
        return image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        colours = image.convert("RGB") if alpha else image
        converted = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError as error:
        raise UnreadableImage(f"its colour profile cannot be used ({error})") from error
    if converted is None:
        raise UnreadableImage("its colour profile cannot be used")
    if alpha:
        converted.putalpha(alpha)
    return converted


def _opaque(image: Image.Image) -> Image.Image:
    """RGB on white. What lies under full transparency is gone afterwards."""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _at_most(pixels: Pixels, max_edge: int) -> Pixels:
    height, width = pixels.shape[:2]
    factor = max_edge / max(height, width)
    if factor >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
