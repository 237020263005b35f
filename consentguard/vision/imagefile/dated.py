"""When a photo was taken, as its camera wrote it down."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Final

from PIL import ExifTags, Image, UnidentifiedImageError

from consentguard.vision.imagefile.codec import warnings_are_errors

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "TIFF")
_WHEN: Final = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)


def taken_on(photo: bytes) -> date | None:
    """The day of a photo from its EXIF data; None where there is none, or none that can be read.

    `DateTime` alone is not taken: every program that saves the file sets it to the day of saving.
    """
    try:
        with warnings_are_errors(), Image.open(io.BytesIO(photo), formats=_FORMATS) as image:
            details = image.getexif().get_ifd(ExifTags.IFD.Exif)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, LookupError, TypeError, ArithmeticError, Warning):
        return None  # a day only warns; whether the file can be used at all is the codec's question
    for tag in _WHEN:
        try:
            return datetime.strptime(str(details.get(tag, "")).strip("\0 ")[:10], "%Y:%m:%d").date()
        except ValueError:
            continue
    return None
