"""Only whole, upright, opaque sRGB pixels come in, and nothing but pixels goes out."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from consentguard.errors import UnreadableImage
from consentguard.vision import codec

LIMITS = {"max_edge": 2048, "max_pixels": 80_000_000}


def _bytes(image: Image.Image, form: str = "PNG", **settings: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()


def _corners() -> Image.Image:
    """80 x 48 with a corner of its own colour each: red, green / blue, white."""
    pixels = np.zeros((48, 80, 3), np.uint8)
    pixels[:24, :40], pixels[:24, 40:] = (255, 0, 0), (0, 255, 0)
    pixels[24:, :40], pixels[24:, 40:] = (0, 0, 255), (255, 255, 255)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright(orientation: int) -> None:
    turn_back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = _corners() if turn_back is None else _corners().transpose(turn_back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = codec.decode(_bytes(stored, exif=exif.tobytes()), **LIMITS)
    assert np.array_equal(picture.pixels, np.asarray(_corners()))
    assert (picture.source_width, picture.source_height) == (80, 48)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_usual_colour_modes_are_read(mode: str) -> None:
    picture = codec.decode(_bytes(_corners().convert(mode)), **LIMITS)
    assert picture.pixels.shape == (48, 80, 3)
    assert picture.pixels[40, 70].tolist() == [255, 255, 255]


def test_cmyk_is_read() -> None:
    picture = codec.decode(_bytes(_corners().convert("CMYK"), "JPEG", quality=95), **LIMITS)
    assert np.abs(picture.pixels[40, 70].astype(int) - 255).max() < 12


def test_colours_under_full_transparency_are_gone() -> None:
    rgba = _corners().convert("RGBA")
    rgba.putalpha(0)
    assert (codec.decode(_bytes(rgba), **LIMITS).pixels == 255).all()


def test_a_profile_is_applied_and_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    with pytest.raises(UnreadableImage, match="colour profile"):
        codec.decode(_bytes(_corners(), icc_profile=profile.tobytes()), **LIMITS)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = codec.decode(_bytes(_corners(), icc_profile=srgb), **LIMITS)
    assert np.abs(picture.pixels.astype(int) - np.asarray(_corners())).max() <= 2
    assert picture.carried == ("icc",)


def test_a_large_picture_comes_at_published_size() -> None:
    picture = codec.decode(_bytes(Image.new("RGB", (3000, 1500))), **LIMITS)
    assert (picture.width, picture.height) == (2048, 1024)
    assert picture.scale == pytest.approx(2048 / 3000)
    assert (picture.source_width, picture.source_height) == (3000, 1500)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_decoded_at_about_the_size_it_is_published(orientation: int) -> None:
    """4,000 x 3,000 comes as 2,000 x 1,500, and says what it was; the colours are those of the full decode."""
    large = _corners().resize((4000, 3000), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _bytes(large, "JPEG", quality=95, exif=exif.tobytes())
    picture = codec.decode(data, **LIMITS)
    sides, source = (picture.width, picture.height), (picture.source_width, picture.source_height)
    upright = [(2000, 1500), (4000, 3000)]
    assert [sides, source] == (upright if orientation == 1 else [side[::-1] for side in upright])
    assert picture.scale == 0.5
    full = codec.decode(data, max_edge=4000, max_pixels=10**8).pixels[::2, ::2]
    assert np.abs(full.astype(int) - picture.pixels).mean() < 2
    slightly_larger = codec.decode(_bytes(large.resize((3000, 2000)), "JPEG"), **LIMITS)
    assert slightly_larger.width == 2048, "what a reduced decode would leave too small is made smaller after a full one"


def _animated(form: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green")]
    return _bytes(frames[0], form, save_all=True, append_images=frames[1:])


BAD = {
    "empty": (b"", "empty"),
    "text": (b"this is not a picture\n" * 20, "format"),
    "half a JPEG": (_bytes(_corners(), "JPEG")[:400], "damaged|breaks off|incomplete"),
    "half a PNG": (_bytes(_corners())[:-40], "damaged|breaks off"),
    "1 x 1": (_bytes(Image.new("RGB", (1, 1))), "1 x 1 pixels"),
    "too many pixels": (_bytes(Image.new("L", (9100, 9100))), "megapixels"),
    "animated GIF": (_animated("GIF"), "more than one picture"),
    "animated PNG": (_animated("PNG"), "more than one picture"),
    "animated WebP": (_animated("WEBP"), "more than one picture"),
    "many pages": (_animated("TIFF"), "more than one picture"),
    "32 bit floats": (_bytes(Image.fromarray(np.zeros((64, 64), np.float32)), "TIFF"), "mode F"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_one_whole_picture_is_refused_with_its_reason(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(UnreadableImage, match=reason):
        codec.decode(data, **LIMITS)


def test_a_photograph_cut_anywhere_is_refused(photographs: dict[str, bytes]) -> None:
    data = photographs["obama"]
    for share in (0.01, 0.1, 0.5, 0.9, 0.99, 0.9999):
        with pytest.raises(UnreadableImage):
            codec.decode(data[: int(len(data) * share)], **LIMITS)


def test_random_damage_ends_in_a_picture_or_a_named_error(photographs: dict[str, bytes]) -> None:
    """Bytes flipped anywhere: no other exception than ours ever comes out."""
    random = np.random.default_rng(2)
    small = codec.decode(photographs["obama"], max_edge=200, max_pixels=10**8).pixels
    for source in (_bytes(Image.fromarray(small), "JPEG"), _bytes(Image.fromarray(small)), _bytes(_corners(), "WEBP")):
        for _ in range(60):
            data = bytearray(source)
            for place in random.integers(0, min(len(data), 600), 3):
                data[place] = random.integers(0, 256)
            try:
                codec.decode(bytes(data), **LIMITS)
            except UnreadableImage as error:
                assert "try again" in str(error)


def test_the_limit_is_checked_before_pixels_are_made() -> None:
    """Headers that promise far more than the file holds: 100 megapixels, then 3,600."""
    for side, message in ((10_000, "10000 x 10000 pixels"), (60_000, "far more than")):
        small = bytearray(_bytes(Image.new("1", (64, 64))))
        small[16:24] = struct.pack(">II", side, side)
        small[29:33] = struct.pack(">I", zlib.crc32(small[12:29]))
        with pytest.raises(UnreadableImage, match=message), warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Pillow's own, at 89 megapixels
            codec.decode(bytes(small), **LIMITS)
