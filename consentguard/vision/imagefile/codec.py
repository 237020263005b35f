"""Bytes to pixels and back. What is not the primary picture's pixels is dropped by construction, not by tag lists.

A file is looked at twice, by our own walk over its bytes and by the decoder; where the two disagree it is refused.
"""

from __future__ import annotations

import io
import re
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import cv2
import numpy as np
import simplejpeg
from PIL import (
    AvifImagePlugin,
    Image,
    ImageFile,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from consentguard import kinds
from consentguard.errors import UnreadableImage
from consentguard.values import Picture, Pixels
from consentguard.vision.imagefile import colour, heif, pngcolour, structure, tiff
from consentguard.vision.imagefile.notices import notices

FORMATS: Final = tuple(each.pillow for each in kinds.FORMATS if each.pillow)
"""What is read through Pillow, by content and never by name. HEIC is read too, where pillow-heif is installed."""

_RARE_PLUGINS: Final = (AvifImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Named, because Image.open with a list of formats loads no plugin that is not there yet."""

_MIN_EDGE: Final = 32
"""Pixels; below this no detector here can speak, and no reader could recognise anybody."""

_SMALL: Final = 8_000_000
"""Pixels up to which no file is suspected of being a bomb: a white slide shrinks to almost nothing."""

_DAMAGE: Final = (
    *(OSError, ValueError, SyntaxError, EOFError, ArithmeticError, TypeError, LookupError, RuntimeError, MemoryError),
    *(AttributeError, AssertionError, struct.error, zlib.error, Warning),
)
"""What decoders raise on damaged files. Warnings are among them: see `warnings_are_errors`."""

_NEARLY: Final = 0.95
"""How much of `max_edge` a reduced decode has to reach to be taken."""

_EIGHTHS: Final = (1, 2, 3, 4, 5, 6, 8)
"""In which libjpeg decodes; 7/8 takes it as long as the whole."""

_ORIENTATION: Final = 0x0112
_PADDED: Final = re.compile(r"Corrupt JPEG data: \d+ extraneous bytes before marker 0xd9")
"""libjpeg's warning that the picture was whole before its data ended."""
_WEBP_SPARE: Final = 4
"""Bytes; what libwebp writes never decodes without its last four (`bare` has the same)."""

_NEXT_STEP: Final = "Open it in a picture program, save it as JPEG, and try again."


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What is read at all; everything is checked before pixels are made.

    Attributes:
        max_bytes: of the file.
        max_pixels: width times height.
        max_side: pixels of the longer side.
        max_ratio: bytes of RGB pixels for each byte of the file; asked only above 8 megapixels.
        first_frame: whether of several frames or pages the first is taken; else such a file is refused.
    """

    max_bytes: int = 250_000_000
    max_pixels: int = 80_000_000
    max_side: int = 30_000
    max_ratio: int = 2000
    first_frame: bool = False


def decode(data: bytes, *, max_edge: int, max_pixels: int | None = None, limits: ReadLimits = ReadLimits()) -> Picture:
    """The picture in a file as it would be published: upright, sRGB, opaque on white, at most `max_edge` pixels long.

    `max_pixels`, where given, stands for the one in `limits`. Raises UnreadableImage for anything but exactly one whole
    picture of 32 px or more a side and within the limits.
    """
    most = limits.max_pixels if max_pixels is None else max_pixels
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise UnreadableImage("another part of this program makes Pillow accept cut files; have it leave "
                              "PIL.ImageFile.LOAD_TRUNCATED_IMAGES alone.")  # fmt: skip
    if not data:
        raise UnreadableImage("the file is empty. " + _NEXT_STEP)
    if len(data) > limits.max_bytes:
        raise UnreadableImage(f"has {len(data) / 1e6:.1f} MB, more than the {limits.max_bytes / 1e6:g} MB that policy "
                              f"reads. {_NEXT_STEP}")  # fmt: skip
    try:
        with warnings_are_errors():
            return _decoded(data, max_edge, most, limits)
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            f"is not a picture in a format that is read here ({', '.join(FORMATS)}, HEIC). {_NEXT_STEP}"
        ) from error
    except UnreadableImage as error:
        raise UnreadableImage(f"{error}. {_NEXT_STEP}") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(
            f"has far more than the {most / 1e6:g} megapixels that policy reads. {_NEXT_STEP}"
        ) from error
    except _DAMAGE as error:
        raise UnreadableImage(f"is damaged or incomplete ({type(error).__name__}: {error}). {_NEXT_STEP}") from error


@contextmanager
def warnings_are_errors() -> Iterator[None]:
    """Turns what decoders warn of into errors, where that can be done for this thread alone (Python 3.14 can).

    Before, the filter is one for all threads, and a decoder must not change what warnings do elsewhere in a program;
    the worker of `isolation`, which has one thread and does nothing else, sets it for itself.
    """
    if not getattr(sys.flags, "context_aware_warnings", 0):
        yield
        return
    with warnings.catch_warnings():
        forbid_warnings()
        yield


def forbid_warnings() -> None:
    """Makes every warning an error but two of Pillow's.

    How large a picture may be is for policy to say; and an index of second pictures that is out of order, as telephones
    write it, is dropped with what it points to.
    """
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "Image appears to be a malformed MPO file")
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def warm() -> None:
    """Loads every decoder, for a process that may open no more files later on."""
    Image.preinit()
    try:
        import pillow_heif  # noqa: F401, PLC0415  (an extra)
    except ImportError:
        return


def encode(pixels: Pixels, kind: str, *, quality: int, sampling: str = "4:2:0") -> bytes:
    """A bare picture of these RGB pixels and nothing else.

    Args:
        pixels: uint8 (height, width, 3).
        kind: "jpeg", "png" or "webp".
        quality: 1..100, of JPEG and WebP.
        sampling: of JPEG, "4:2:0" or "4:4:4".

    Raises UnreadableImage if it cannot be made.
    """
    if kind == "jpeg":
        subsampling = sampling.replace(":", "")
        try:
            made: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", subsampling)
        except ValueError as error:
            raise UnreadableImage(f"the finished picture could not be written as JPEG ({error}); report it.") from error
        return made
    settings = [cv2.IMWRITE_WEBP_QUALITY, quality] if kind == "webp" else []
    done, data = cv2.imencode(f".{kind}", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise UnreadableImage(f"the finished picture could not be written as {kind}; report this.")
    return data.tobytes()


def encode_jpeg(pixels: Pixels, quality: int) -> bytes:
    """A bare JPEG, 4:2:0; see `encode`."""
    return encode(pixels, "jpeg", quality=quality)


def encode_png(pixels: Pixels) -> bytes:
    """A bare PNG, for people at the desk to look at; see `encode`."""
    return encode(pixels, "png", quality=100)


def _decoded(data: bytes, max_edge: int, most: int, limits: ReadLimits) -> Picture:
    try:
        skeleton = structure.walk(data)
    except UnreadableImage as error:
        raise UnreadableImage(f"is damaged or incomplete: {error}") from error
    parts = skeleton.parts
    hidden: list[str] = []
    if heif.is_heif(data):
        image, parts = heif.open_heif(data)
        _check(image.size, len(data), most, limits)
        stored, turn, shared = image.size, 1, True
        loaded = heif.decoded(image)  # what else the file holds are other pictures, not a movement of this one
        profile = loaded.info.get("icc_profile")
        small = _at_most(_opaque(loaded, hidden), max_edge)
    else:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            stored, shared = image.size, image.format == "AVIF"
            _check(stored, len(data), most, limits)
            if skeleton.size not in (None, stored):
                raise UnreadableImage(f"says {skeleton.size} and {stored} of its own size")
            # An MPO is a JPEG with more pictures behind it, as phones write; the pictures behind the first are
            # dropped like any other bytes there. A moving picture has no first, unless policy says so.
            frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
            if frames > 1 and not limits.first_frame:
                raise UnreadableImage("holds more than one picture or moves")
            if isinstance(image, TiffImagePlugin.TiffImageFile) and tiff.is_only_preview(image, data):
                raise UnreadableImage("shows only a preview of the photo in it, as camera raw files do")
            profile = image.info.get("icc_profile")
            if image.format in ("JPEG", "MPO"):
                small = _at_most(_jpeg(data, image, max_edge, hidden), max_edge, reduced=True)
            else:
                small = _at_most(_opaque(_loaded(image), hidden), max_edge)
            turn = _orientation(image)  # after loading: Pillow turns a TIFF itself, and then says so
        hidden += ["frames"] if frames > 1 else []
    upright = _turned(colour.in_srgb(small, profile), turn)
    if shared and not profile:
        upright = heif.from_primaries(upright, data)
    if skeleton.container == "PNG" and not profile:
        upright = pngcolour.as_shown(upright, data)
    width, height = stored if turn < 5 else stored[::-1]
    if min(upright.shape[:2]) < _MIN_EDGE:
        raise UnreadableImage(
            f"has {width} x {height} pixels; at published size it is under {_MIN_EDGE} px thin, so crop it"
        )
    parts = tuple(dict.fromkeys((*parts, *hidden))) or surplus(data, skeleton.container)
    return Picture(
        np.ascontiguousarray(upright),
        source_width=width,
        source_height=height,
        carried=parts,
        notices=notices(data) if parts else (),
    )


def _check(size: tuple[int, int], file: int, most: int, limits: ReadLimits) -> None:
    width, height = size
    what = f"has {width} x {height} pixels"
    if width * height > most:
        raise UnreadableImage(f"{what}, more than the {most / 1e6:g} megapixels that policy reads")
    if max(width, height) > limits.max_side:
        raise UnreadableImage(f"{what}, longer than the {limits.max_side} that policy reads")
    if min(width, height) < _MIN_EDGE:
        raise UnreadableImage(f"{what}; under {_MIN_EDGE} a side nothing can be looked for")
    if width * height > _SMALL and 3 * width * height > limits.max_ratio * file:
        raise UnreadableImage(f"{what} in {file} bytes, packed tighter than the {limits.max_ratio}:1 that policy reads")


def _loaded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _opaque(image: Image.Image, hidden: list[str]) -> Pixels:
    """Grey, RGB or CMYK pixels; `hidden` gets the name of what lies under alpha: any editor brings it back."""
    if image.has_transparency_data:
        hidden.append("transparency")
    return np.asarray(colour.opaque(image))


def _jpeg(data: bytes, image: Image.Image, max_edge: int, hidden: list[str]) -> Pixels:
    """The pixels of a JPEG, grey, RGB or CMYK, at the eighths of its size that are about as large as what is published.

    Nothing later needs more: faces are looked for, and heads painted, at published size. A photo of 4,000 px, twice
    2,048 but for a little, is published at 2,000: half as many pixels decoded for a size that nobody tells apart.
    libjpeg's warnings are errors, such as data that is missing. Bytes behind the last row, as drones and scanners pad
    their files, are dropped and named in `hidden`, where a second decoder shows the same picture.
    """
    width, height = image.size
    eighths = next((k for k in _EIGHTHS if ceil(max(width, height) * k / 8) >= _NEARLY * max_edge), 8)
    size = (ceil(height * eighths / 8), ceil(width * eighths / 8))
    space = {1: "GRAY", 3: "RGB", 4: "CMYK"}[len(image.getbands())]
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, space, min_height=size[0], min_width=size[1], strict=True)
    except ValueError as error:
        if not _PADDED.search(str(error)) or not _decoders_agree(data, image, space):
            raise
        hidden.append("trailing-bytes")
        pixels = simplejpeg.decode_jpeg(data, space, min_height=size[0], min_width=size[1], strict=False)
    if pixels.shape[:2] != size:
        raise UnreadableImage(f"its decoders disagree over its size ({pixels.shape[:2]})")
    if space == "CMYK":  # Adobe stores inks inverted, and everybody reads them so (Pillow does)
        return 255 - pixels
    return pixels[..., 0] if space == "GRAY" else pixels


def _decoders_agree(data: bytes, image: Image.Image, space: str) -> bool:
    """Whether both decoders of JPEG show the same in every pixel. Pillow raises what it raises on damage."""
    one = np.asarray(_loaded(image))
    other = simplejpeg.decode_jpeg(data, space, strict=False)
    return np.array_equal(one, 255 - other if space == "CMYK" else other.reshape(one.shape))


def _orientation(image: Image.Image) -> int:
    """1..8 as EXIF has it (or XMP where there is no EXIF, as Pillow reads it); 1 for none and for nonsense."""
    turn: Any = image.getexif().get(_ORIENTATION, 1)
    return turn if turn in range(1, 9) else 1


def _turned(pixels: Pixels, turn: int) -> Pixels:
    """Upright: EXIF 2.32, tag Orientation, 1..8."""
    if turn >= 5:
        pixels = pixels.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def surplus(data: bytes, container: str) -> tuple[str, ...]:
    """Whether a file that seems bare holds picture data that no reader shows; of a JPEG the decoder has warned."""
    if container == "PNG" and structure.png_surplus(data):
        return ("trailing-bytes",)
    if container == "WEBP":
        body = data[12:]
        kind, length = body[:4], int.from_bytes(body[4:8], "little")
        if kind not in (b"VP8 ", b"VP8L"):
            return ("unknown",)  # an extended file in which a chunk could be longer than its picture
        cut = kind + (length - _WEBP_SPARE).to_bytes(4, "little") + body[8 : 8 + length - _WEBP_SPARE]
        cut += b"\0" * (length % 2)
        whole = b"RIFF" + (4 + len(cut)).to_bytes(4, "little") + b"WEBP" + cut
        if cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_COLOR) is not None:
            return ("trailing-bytes",)
    return ()


def _at_most(pixels: Pixels, max_edge: int, *, reduced: bool = False) -> Pixels:
    """No side longer than `max_edge`; `reduced` pixels are averages already, so between them a line is drawn."""
    height, width = pixels.shape[:2]
    factor = max_edge / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    how = cv2.INTER_LINEAR if reduced and factor >= 1 / 2 else cv2.INTER_AREA
    return cv2.resize(pixels, size, interpolation=how).astype(np.uint8, copy=False)
