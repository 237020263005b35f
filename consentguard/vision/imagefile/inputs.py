"""A photo as a caller may hand it in, brought to one form: the bytes of a file, its path, or pixels."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from consentguard.errors import UnreadableImage, VerificationFailed
from consentguard.files import read_photo
from consentguard.vision.imagefile import colour

PhotoLike: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | Image.Image | NDArray[np.uint8]
"""A photo: the bytes of a file, the path of a file, a Pillow image, or an RGB array (height, width, 3) of uint8."""

_AS_THEY_ARE: Final = ("L", "LA", "RGB", "RGBA")
"""Modes of Pillow that a PNG holds as they are."""
_CONVERTED: Final = {"1": "L", "P": "RGBA", "PA": "RGBA", "RGBa": "RGBA", "La": "LA", "CMYK": "RGB", "YCbCr": "RGB"}


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it was handed in.

    Attributes:
        data: the bytes of a file. Of pixels they are a PNG made here, without loss.
        sha256: hex digest of those bytes; of pixels it is over their size and values.
        name: what verdicts and errors call it.
        is_file: whether these bytes were a file. Pixels were not: nobody knows which file would be published as it is.
    """

    data: bytes
    sha256: str
    name: str
    is_file: bool = True


def name_of(photo: PhotoLike, name: str | None = None) -> str:
    """What a photo is called: `name`; without one a file is called by its path, anything else "photo"."""
    return name or (str(Path(photo)) if isinstance(photo, str | os.PathLike) else "photo")


def photo_of(photo: PhotoLike, name: str | None = None) -> Photo:
    """What was handed in as a photo, under the name that `name_of` gives it.

    Raises TypeError for anything that is no photo, and UnreadableImage for a path that cannot be read and a colour
    profile that cannot be used.
    """
    called = name_of(photo, name)
    if isinstance(photo, bytes | bytearray | memoryview):
        return _file(bytes(photo), called)
    if isinstance(photo, str | os.PathLike):
        return _file(read_photo(Path(photo)), called)
    if isinstance(photo, Image.Image):
        with about(called):
            return _pixels(*_plain(photo), called)
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
            raise TypeError(
                f"an array must be RGB, uint8, of shape (height, width, 3), not {photo.dtype} {photo.shape}; "
                "a picture of OpenCV is BGR: turn it with image[:, :, ::-1]"
            )
        return _pixels(Image.fromarray(np.ascontiguousarray(photo)), None, called)
    raise TypeError(
        f"a photo is bytes, a path, a Pillow image or an RGB array of uint8, not {type(photo).__name__}"
    )  # fmt: skip


@contextmanager
def about(name: str) -> Iterator[None]:
    """Gives the errors of the pixel rooms, which know no file names, the name of the photo."""
    try:
        yield
    except (UnreadableImage, VerificationFailed) as error:
        error.args = (f"{name}: {error}",)  # the same error, with all that it carries
        raise


def _file(data: bytes, name: str) -> Photo:
    return Photo(data, hashlib.sha256(data).hexdigest(), name)


def _plain(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """Upright, in a mode that a PNG holds, with its colour profile, if it has any that its pixels still need.

    Raises TypeError for pixels that cannot be shown without a choice, and UnreadableImage where the profile of inks
    cannot be used.
    """
    upright, profile = ImageOps.exif_transpose(image), image.info.get("icc_profile")
    if image.mode == "CMYK" and profile:  # a PNG holds no inks, and their profile fits no other pixels
        try:
            return Image.fromarray(colour.in_srgb(np.asarray(upright), profile)), None
        except UnreadableImage as error:
            raise UnreadableImage(f"{error}; convert it to RGB first") from error
    wanted = "RGBA" if "transparency" in image.info else _CONVERTED.get(image.mode, image.mode)
    if wanted not in _AS_THEY_ARE:
        raise TypeError(
            f"a Pillow image of mode {image.mode} can be shown in more than one way; convert it to RGB first"
        )
    return (upright if upright.mode == wanted else upright.convert(wanted)), profile


def _pixels(image: Image.Image, profile: bytes | None, name: str) -> Photo:
    values = image.tobytes()
    head = f"{image.width}x{image.height}x{len(image.getbands())}\n".encode()
    bare = Image.frombytes(image.mode, image.size, values)  # without what Pillow would write of the first file's notes
    held = io.BytesIO()
    bare.save(held, "PNG", compress_level=1, icc_profile=profile)
    return Photo(held.getvalue(), hashlib.sha256(head + values).hexdigest(), name, is_file=False)
