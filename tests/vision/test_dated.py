"""The day on which a photo was taken, as it says itself."""

import io
from datetime import date

import pytest
from PIL import ExifTags, Image

from consentguard.vision.imagefile.dated import taken_on


def photo(kind: str, **tags: str) -> bytes:
    image, exif, out = Image.new("RGB", (8, 8)), Image.Exif(), io.BytesIO()
    for name, value in tags.items():
        where = exif if name == "DateTime" else exif.get_ifd(ExifTags.IFD.Exif)
        where[ExifTags.Base[name]] = value
    image.save(out, kind, exif=exif.tobytes())
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_of_the_day_on_which_it_was_taken(kind: str) -> None:
    assert taken_on(photo(kind, DateTimeOriginal="2026:09:07 10:11:12")) == date(2026, 9, 7)
    assert taken_on(photo(kind, DateTimeDigitized="2026:09:08 10:11:12")) == date(2026, 9, 8)
    both = photo(kind, DateTimeOriginal="2026:09:07 10:11:12", DateTimeDigitized="2026:09:08 10:11:12")
    assert taken_on(both) == date(2026, 9, 7)


def test_the_day_of_saving_is_not_taken_and_nothing_that_is_no_day() -> None:
    assert taken_on(photo("JPEG", DateTime="2026:09:07 10:11:12")) is None
    assert taken_on(photo("JPEG", DateTimeOriginal="2026:19:07 10:11:12")) is None
    assert taken_on(photo("JPEG")) is None
    assert taken_on(b"no photo at all") is None
