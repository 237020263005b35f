"""Only whole, upright, opaque sRGB pixels come in, and nothing but pixels goes out."""

import io
import struct
import sys
import warnings
import zlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pytest
import simplejpeg
from PIL import Image, ImageCms, ImageOps, TiffImagePlugin

from consentguard.errors import UnreadableImage
from consentguard.vision.imagefile import codec, structure

LIMITS: Mapping[str, Any] = {"max_edge": 2048, "max_pixels": 80_000_000}


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


@pytest.mark.parametrize("eighths", [3, 4, 5, 6, 8])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_reduced_by_eighths_shows_what_the_whole_averages_to(eighths: int, mode: str, photographs) -> None:
    large = Image.open(io.BytesIO(photographs["obama2"])).convert("RGB").resize((1501, 1203), Image.Resampling.BICUBIC)
    edge = 1501 * eighths // 8 - 20  # what so many eighths are taken for, and then made a little smaller
    data = _bytes(large.convert(mode), "JPEG", quality=95)
    picture = codec.decode(data, max_edge=edge, max_pixels=10**8)
    assert picture.width == edge
    assert abs(picture.height - 1203 * edge / 1501) < 1
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    averaged = np.asarray(whole.resize((picture.width, picture.height), Image.Resampling.BILINEAR), int)
    assert np.abs(averaged - picture.pixels).mean() < 3.5


def _animated(form: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green")]
    return _bytes(frames[0], form, save_all=True, append_images=frames[1:])


def _without_palette() -> bytes:
    """A PNG of colour numbers that says of none what colour it is; found by `make fuzz`: Pillow asserts."""
    data = _bytes(Image.new("P", (64, 64)))
    at = data.index(b"PLTE") - 4
    return data[:at] + data[at + 12 + int.from_bytes(data[at : at + 4], "big") :]


BAD = {
    "colour numbers without colours": (_without_palette(), "damaged"),
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


# -- every format a school meets --------------------------------------------------------------------------------------


def _heic(image: Image.Image, **settings: object) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90, **settings)
    return file.getvalue()


def _photo(photographs: dict[str, bytes]) -> Image.Image:
    return Image.fromarray(codec.decode(photographs["obama"], max_edge=300).pixels)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC"])
def test_every_format_shows_the_same_picture(form: str, photographs: dict[str, bytes]) -> None:
    """By content: no name is asked. What a format loses is its own."""
    image = _photo(photographs)
    settings = {} if form in ("GIF", "BMP", "TIFF", "PNG", "HEIC") else {"quality": 90}
    data = _heic(image) if form == "HEIC" else _bytes(image, form, **settings)
    picture = codec.decode(data, **LIMITS)
    assert picture.pixels.shape == (image.height, image.width, 3)
    assert np.abs(picture.pixels.astype(int) - np.asarray(image)).mean() < (12 if form == "GIF" else 4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_every_format_comes_upright(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = _corners().resize((160, 96), Image.Resampling.NEAREST)
    if form == "HEIC":
        file = io.BytesIO()  # pillow-heif turns EXIF's word into the file's own rotation, as telephones write it
        pillow_heif.encode("RGB", stored.size, stored.tobytes(), file, quality=90, exif=exif.tobytes())
        data = file.getvalue()
    else:
        data = _bytes(stored, form, exif=exif.tobytes())
    turned = np.asarray(ImageOps.exif_transpose(_with_orientation(stored, orientation)))
    picture = codec.decode(data, **LIMITS)
    assert picture.pixels.shape == turned.shape
    height, width = turned.shape[:2]
    for row, column in ((12, 12), (12, width - 12), (height - 12, 12), (height - 12, width - 12)):
        assert np.abs(picture.pixels[row, column].astype(int) - turned[row, column]).max() < 25


def _with_orientation(image: Image.Image, orientation: int) -> Image.Image:
    copy = image.copy()
    copy.getexif()[0x0112] = orientation
    return copy


def test_sixteen_bits_are_read(photographs: dict[str, bytes]) -> None:
    grey = np.asarray(_photo(photographs).convert("L"))
    deep = grey.astype(np.uint16) * 257
    for form in ("PNG", "TIFF"):
        picture = codec.decode(_bytes(Image.fromarray(deep), form), **LIMITS)
        assert np.array_equal(picture.pixels, np.repeat(grey[..., None], 3, axis=2))
    colour = np.asarray(_photo(photographs)).astype(np.uint16) * 257
    data = cv2.imencode(".png", colour[..., ::-1])[1].tobytes()
    assert np.array_equal(codec.decode(data, **LIMITS).pixels, np.asarray(_photo(photographs)))


def test_palettes_with_transparency_lie_on_white() -> None:
    image = Image.new("P", (64, 64), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 32, 64))
    picture = codec.decode(_bytes(image, transparency=0), **LIMITS)
    assert picture.pixels[32, 10].tolist() == [255, 255, 255]
    assert picture.pixels[32, 50].tolist() == [0, 0, 255]
    assert "transparency" in picture.carried


def test_half_transparent_colours_are_mixed_with_white() -> None:
    for mode, colour, mixed in (("RGBA", (200, 0, 0, 128), [227, 127, 127]), ("LA", (0, 128), [127, 127, 127])):
        picture = codec.decode(_bytes(Image.new(mode, (64, 64), colour)), **LIMITS)
        assert np.abs(picture.pixels[5, 5].astype(int) - mixed).max() <= 1


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_is_taken_where_policy_says_so(form: str) -> None:
    picture = codec.decode(_animated(form), **LIMITS, limits=codec.ReadLimits(first_frame=True))
    assert picture.pixels[30, 30].tolist() == pytest.approx([255, 0, 0], abs=3)
    assert "frames" in picture.carried


def test_an_iphones_second_pictures_are_dropped_and_named(photographs: dict[str, bytes]) -> None:
    image = _photo(photographs)
    file = pillow_heif.from_pillow(image)
    file.add_from_pillow(Image.new("RGB", (64, 64), "red"))
    out = io.BytesIO()
    file.save(out, quality=90)
    picture = codec.decode(out.getvalue(), **LIMITS)
    assert "second-picture" in picture.carried
    assert picture.pixels.shape == (image.height, image.width, 3)


def test_heic_without_its_extra_says_what_to_install(
    photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _heic(_photo(photographs))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadableImage, match=r'pip install "[^"]*\[heic\]'):
        codec.decode(data, **LIMITS)


# -- colours ----------------------------------------------------------------------------------------------------------

_ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), 563 / 256
_DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), None


def _profile(primaries: tuple[tuple[float, float], ...], gamma: float | None) -> bytes:
    """A matrix profile, ICC.1:2001-04, of D65 primaries and one gamma (None: sRGB's curve), adapted to D50."""
    levels = np.linspace(0, 1, 1024)
    srgb = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4) * 65535
    curve = struct.pack(">I", 1024) + srgb.round().astype(">u2").tobytes()
    curve = curve if gamma is None else struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    d65, d50 = np.array([0.95047, 1, 1.08883]), np.array([0.96422, 1, 0.82521])
    xyz = xyz * np.linalg.solve(xyz, d65)
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    xyz = np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ d65)) @ cone @ xyz
    number = lambda value: struct.pack(">i", round(value * 65536))  # noqa: E731
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(number, d50))}
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz.T, strict=True):
        tags[name] = b"XYZ \0\0\0\0" + b"".join(map(number, column))
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        tags[name] = b"curv\0\0\0\0" + curve
    at, index, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        index += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s", at + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp"
    )
    head += bytes(28) + b"".join(map(number, d50))
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + index + body


def _lab(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


@pytest.mark.parametrize("space", [_ADOBE_RGB, _DISPLAY_P3], ids=["Adobe RGB", "Display P3"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "HEIC"])
def test_wide_colours_come_out_as_littlecms_has_them(form: str, space: tuple, photographs: dict[str, bytes]) -> None:
    """Delta E (CIE 1976) against the full-size conversion of the very pixels of the file: mean and 99 % below 2."""
    profile = _profile(*space)
    ramp = np.linspace(0, 255, 256)
    patches = np.stack(np.meshgrid(ramp, ramp), axis=-1)
    chart = np.dstack([patches, 255 - patches[..., :1]]).astype(np.uint8)
    for image in (Image.fromarray(chart), _photo(photographs)):
        if form == "HEIC":
            image.info["icc_profile"] = profile
            data = _heic(image)
            stored = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
        else:
            settings = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
            data = _bytes(image, form, icc_profile=profile, **settings)
            stored = Image.open(io.BytesIO(data))
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = np.asarray(ImageCms.profileToProfile(stored, source, ImageCms.createProfile("sRGB"), outputMode="RGB"))
        got = codec.decode(data, **LIMITS).pixels
        difference = np.linalg.norm(_lab(got) - _lab(wanted), axis=2)
        assert difference.mean() < 0.5
        assert np.quantile(difference, 0.99) < 2
        untouched = np.linalg.norm(_lab(np.asarray(stored.convert("RGB"))) - _lab(wanted), axis=2)
        assert untouched.mean() > 2, "a profile that changes nothing proves nothing"


def test_a_heif_that_names_its_primaries_is_converted_too(photographs: dict[str, bytes]) -> None:
    """Display P3 without a profile, by ITU-T H.273 numbers; the numbers of the matrix are CSS Color 4's."""
    image = _photo(photographs)
    data = _heic(image)
    assert data.count(b"colrnclx") == 1
    place = data.index(b"colrnclx") + 8
    p3 = data[:place] + b"\0\x0c\0\x0d" + data[place + 4 :]
    plain, wide = codec.decode(data, **LIMITS).pixels, codec.decode(p3, **LIMITS).pixels
    source = ImageCms.ImageCmsProfile(io.BytesIO(_profile(*_DISPLAY_P3)))
    wanted = ImageCms.profileToProfile(Image.fromarray(plain), source, ImageCms.createProfile("sRGB"))
    assert np.linalg.norm(_lab(wide) - _lab(np.asarray(wanted)), axis=2).mean() < 2
    hdr = data[:place] + b"\0\x09\0\x10" + data[place + 4 :]
    with pytest.raises(UnreadableImage, match="HDR"):
        codec.decode(hdr, **LIMITS)


def test_a_profile_for_other_colours_is_not_used() -> None:
    grey_profile_on_colours = _profile(*_ADOBE_RGB).replace(b"RGB XYZ ", b"GRAYXYZ ", 1)
    with pytest.raises(UnreadableImage, match="colour profile"):
        codec.decode(_bytes(_corners(), icc_profile=grey_profile_on_colours), **LIMITS)
    assert codec.decode(_bytes(_corners().convert("L"), icc_profile=_profile(*_ADOBE_RGB)), **LIMITS).width == 80


# -- two looks at one file --------------------------------------------------------------------------------------------


def _rows(jpeg: bytes, rows: int) -> bytes:
    """The same JPEG under a header that claims other rows."""
    at = next(jpeg.index(bytes((0xFF, sof))) for sof in (0xC0, 0xC2) if bytes((0xFF, sof, 0, 17, 8)) in jpeg) + 5
    return jpeg[:at] + (int.from_bytes(jpeg[at : at + 2], "big") + rows).to_bytes(2, "big") + jpeg[at + 2 :]


@pytest.mark.parametrize("progressive", [False, True])
def test_rows_that_the_header_does_not_admit_are_found(progressive: bool, photographs: dict[str, bytes]) -> None:
    """A face could stand in them: seen by no viewer, brought back by any hex editor. A copy does not hold them."""
    whole = _bytes(_photo(photographs).resize((320, 320)), "JPEG", progressive=progressive)
    assert codec.decode(whole, **LIMITS).carried == ()
    for rows in (-160, -16, 16):
        if rows < 0 and not progressive:  # every scan before the last ends the picture too early there
            assert codec.decode(_rows(whole, rows), **LIMITS).carried == ("trailing-bytes",)
        else:
            with pytest.raises(UnreadableImage, match="damaged"):
                codec.decode(_rows(whole, rows), **LIMITS)


@pytest.mark.parametrize("padding", [bytes(4096), b"secret" * 30, b"\xff\x00" * 40])
@pytest.mark.parametrize("how", ["RGB", "L", "CMYK", "progressive"])
def test_data_behind_the_last_block_is_dropped_and_named(
    how: str, padding: bytes, photographs: dict[str, bytes]
) -> None:
    """As drones and scanners write it. Both decoders show the picture alike; the file never goes as it is."""
    image = _photo(photographs).convert("RGB" if how == "progressive" else how)
    whole = _bytes(image, "JPEG", progressive=how == "progressive")
    padded = codec.decode(whole[:-2] + padding + whole[-2:], **LIMITS)
    assert np.array_equal(padded.pixels, codec.decode(whole, **LIMITS).pixels)
    assert "trailing-bytes" in padded.carried


def test_padding_that_two_decoders_show_differently_is_refused(
    photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _bytes(_photo(photographs), "JPEG")
    real = simplejpeg.decode_jpeg
    monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda *a, strict, **k: real(*a, strict=strict, **k) ^ (not strict))
    with pytest.raises(UnreadableImage, match="damaged"):
        codec.decode(whole[:-2] + bytes(64) + whole[-2:], **LIMITS)


def _tiff(width: int, height: int, **tags: object) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[int(tag[1:])] = value
    return _bytes(Image.new("RGB", (width, height), "teal"), "TIFF", tiffinfo=info)


def test_a_tiff_that_shows_only_a_preview_is_refused() -> None:
    assert codec.decode(_tiff(160, 120), **LIMITS).width == 160
    for preview in (_tiff(160, 120, t254=1), _tiff(160, 120, t50706=b"\1\4\0\0")):
        with pytest.raises(UnreadableImage, match="only a preview"):
            codec.decode(preview, **LIMITS)
    inner = struct.pack("<HHHLLHHLL", 2, 256, 3, 1, 4000, 257, 4, 1, 3000) + bytes(4)
    for size, refused in ((160, True), (4200, False)):
        outer = _tiff(size, size * 3 // 4, t330=1)
        at = len(outer)
        (entries,) = struct.unpack_from("<L", outer, 4)
        place = outer.index(struct.pack("<H", 330), entries)
        with_inner = outer[: place + 8] + struct.pack("<L", at) + outer[place + 12 :] + inner
        if refused:
            with pytest.raises(UnreadableImage, match="only a preview"):
                codec.decode(with_inner, **LIMITS)
        else:
            assert codec.decode(with_inner, **LIMITS).source_width == 4200


def test_png_and_webp_data_that_no_reader_shows_is_named(photographs: dict[str, bytes]) -> None:
    image = _photo(photographs).resize((320, 320))
    for mode in ("RGB", "L", "P", "1"):
        png = bytearray(_bytes(image.convert(mode)))
        assert codec.decode(bytes(png), **LIMITS).carried == ()
        png[20:24] = struct.pack(">I", 200)
        png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
        assert codec.decode(bytes(png), **LIMITS).carried == ("trailing-bytes",)
    for lossless in (False, True):
        webp = _bytes(image, "WEBP", lossless=lossless)
        assert codec.decode(webp, **LIMITS).carried == ()
        body = webp[20 : 20 + int.from_bytes(webp[16:20], "little")] + b"secrets!"
        body += b"\0" * (len(body) % 2)
        grown = b"WEBP" + webp[12:16] + len(body).to_bytes(4, "little") + body
        data = b"RIFF" + len(grown).to_bytes(4, "little") + grown
        assert codec.decode(data, **LIMITS).carried == ("trailing-bytes",)


def test_a_decoder_that_disagrees_with_the_walk_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _bytes(_corners())
    monkeypatch.setattr(structure, "walk", lambda data: structure.Skeleton("PNG", (81, 48), ()))
    with pytest.raises(UnreadableImage, match="of its own size"):
        codec.decode(data, **LIMITS)


# -- limits -----------------------------------------------------------------------------------------------------------


def test_every_limit_is_policys() -> None:
    photo = _bytes(Image.new("RGB", (3000, 3000)))
    for limits, message in (
        (codec.ReadLimits(max_bytes=1000), "more than the 0.001 MB"),
        (codec.ReadLimits(max_pixels=8_000_000), "more than the 8 megapixels"),
        (codec.ReadLimits(max_side=2999), "longer than the 2999"),
        (codec.ReadLimits(max_ratio=10), "packed tighter than the 10:1"),
    ):
        with pytest.raises(UnreadableImage, match=message):
            codec.decode(photo, max_edge=2048, limits=limits)
    assert codec.decode(photo, max_edge=2048).width == 2048


def test_a_white_slide_is_no_bomb() -> None:
    assert codec.decode(_bytes(Image.new("RGB", (3000, 2000), "white")), **LIMITS).width == 2048


def test_hundreds_of_scans_are_refused_before_they_are_decoded(photographs: dict[str, bytes]) -> None:
    whole = _bytes(_photo(photographs), "JPEG", progressive=True)
    scan = b"\xff\xda\0\x08\1\1\0\0\0\1" + b"\0"
    with pytest.raises(UnreadableImage, match="200 scans"):
        codec.decode(whole[:-2] + scan * 300 + whole[-2:], **LIMITS)
