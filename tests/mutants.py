"""Damaged files: small pictures of every format, bytes of which are changed as attackers and disks do."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from consentguard.errors import UnreadableImage
from consentguard.vision.imagefile import bare, codec

_TELLING = (0, 1, 0x7F, 0x80, 0xFF)
_LENGTHS = (0, 1, 2, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TAGS = (b"\xff\xd8", b"\xff\xd9", b"\xff\xc0", b"\xff\xda", b"\xff\xe1", b"IHDR", b"IDAT", b"IEND", b"acTL", b"iCCP",
         b"VP8 ", b"VP8L", b"VP8X", b"ANMF", b"ALPH", b"meta", b"Exif", b"iloc", b"II*\0", b"MM\0*")  # fmt: skip


def small_pictures() -> dict[str, bytes]:
    """One drawn picture in every format and the kinds that decoders have code of their own for."""
    rows, columns = np.mgrid[0:48, 0:64]
    image = Image.fromarray(np.dstack([rows * 5, columns * 3, rows + columns]).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a wall"
    forms: dict[str, tuple[str, Image.Image, dict[str, Any]]] = {
        "jpeg": ("JPEG", image, {"exif": exif.tobytes()}),
        "progressive": ("JPEG", image, {"progressive": True}),
        "cmyk": ("JPEG", image.convert("CMYK"), {}),
        "mpo": ("MPO", image, {"save_all": True, "append_images": [image]}),
        "png": ("PNG", image, {"exif": exif.tobytes()}),
        "palette": ("PNG", image.convert("P"), {"transparency": 3}),
        "apng": ("PNG", image, {"save_all": True, "append_images": [image.rotate(180)]}),
        "webp": ("WEBP", image, {"exif": exif.tobytes()}),
        "lossless": ("WEBP", image.convert("RGBA"), {"lossless": True}),
        "gif": ("GIF", image, {"comment": b"a wall"}),
        "tiff": ("TIFF", image, {"compression": "tiff_lzw"}),
        "bmp": ("BMP", image, {}),
        "avif": ("AVIF", image, {}),
    }
    made = {}
    for name, (form, picture, settings) in forms.items():
        out = io.BytesIO()
        picture.save(out, form, **settings)
        made[name] = out.getvalue()
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=80)
    return {**made, "heic": out.getvalue()}


def mutants(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Without end, each made of one of the seeds by one to four changes; the same for the same seed."""
    chance = random.Random(seed)
    while True:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            _change(data, chance, seeds)
        yield bytes(data)


def _change(data: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    # Headers decide most: half of all changes fall into the first 300 bytes.
    end = max(len(data) - 1, 0)
    at = chance.randint(0, min(end, 300) if chance.random() < 0.5 else end)
    kind = chance.randrange(8)
    if kind == 0 and data:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1 and data:
        data[at] = chance.choice(_TELLING)
    elif kind == 2:
        size = chance.choice((2, 4))
        length = chance.choice(_LENGTHS) & (256**size - 1)
        data[at : at + size] = length.to_bytes(size, chance.choice(("big", "little")))
    elif kind == 3:
        del data[at : at + chance.randint(1, 64)]
    elif kind == 4:
        data[at:at] = chance.randbytes(chance.randint(1, 64))
    elif kind == 5:
        part = data[at : at + chance.randint(1, 200)]
        data[at:at] = bytes(part) * chance.randint(1, 4)
    elif kind == 6:
        other = chance.choice(seeds)
        cut = chance.randrange(max(len(other), 1))
        data[at : at + len(other) - cut] = other[cut : cut + 1000]
    else:
        data[at : at + 4] = chance.choice(_TAGS)


def journey(data: bytes) -> str:
    """Decodes and publishes a file: "released", or "cannot tell". Whatever else is raised is a bug of ours.

    What was published must be bare, of the very size that was decoded, and read back as one whole picture.
    """
    limits = codec.ReadLimits(max_pixels=4_000_000, first_frame=True)
    try:
        picture = codec.decode(data, max_edge=512, limits=limits)
    except UnreadableImage as error:
        assert str(error).rstrip().endswith((".", "again")), f"says nothing of what to do: {error}"
        return "cannot tell"
    assert picture.pixels.dtype == np.uint8
    assert max(picture.pixels.shape) <= 512
    for kind, made in (("jpeg", codec.encode_jpeg(picture.pixels, 90)), ("png", codec.encode_png(picture.pixels))):
        assert bare.prove(made, kind) == (picture.width, picture.height)
        assert codec.decode(made, max_edge=512).carried == ()
    return "released"
