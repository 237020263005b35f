"""A photo cut into pieces that each show no face; and small pictures of one size that are no pieces."""

from __future__ import annotations

import io
import itertools
import json

import numpy as np
import pytest
from hook.websites import Site, hook
from PIL import Image, ImageDraw, ImageFont

from consentguard.hook.pieces import pieces_among


def written(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def cut(photo: bytes, size: int, form: str = "PNG") -> dict[str, bytes]:
    image = Image.fromarray(np.asarray(Image.open(io.BytesIO(photo)).convert("RGB")))  # without what it carries
    image.thumbnail((640, 640))
    return {
        f"tiles/tile_{row}_{column}.{form.lower()}": written(
            image.crop((column * size, row * size, column * size + size, row * size + size)), form
        )
        for row in range(image.height // size)
        for column in range(image.width // size)
    }


@pytest.mark.parametrize("size", [64, 100, 128])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_pieces_of_a_photo_are_told_whatever_they_are_called(photographs, size, form):
    pieces = cut(photographs["partial"], size, form)
    assert len(pieces_among(pieces)) == len(pieces)
    mixed = {f"{number:03}": data for number, data in enumerate(sorted(pieces.values()))}
    assert len(pieces_among(mixed)) == len(pieces)


def test_photos_of_one_size_are_no_pieces(photographs):
    image = {name: Image.open(io.BytesIO(data)).convert("RGB") for name, data in photographs.items()}
    assert pieces_among({name: written(photo.resize((120, 120)), "JPEG") for name, photo in image.items()}) == ()


def test_flags_letters_and_patterns_are_no_pieces():
    colours = ["#ce1126", "#ffffff", "#0055a4", "#ffcc00", "#007a33"]
    flags, letters, patterns = {}, {}, {}
    for number, bands in enumerate(itertools.permutations(colours, 3)):
        flag = Image.new("RGB", (3, 1))
        flag.putdata([tuple(bytes.fromhex(colour[1:])) for colour in bands])
        flag = flag if number % 2 else flag.transpose(Image.Transpose.ROTATE_90)
        flags[str(number)] = written(flag.resize((120, 80), Image.Resampling.NEAREST))
    for letter in "ABCDEFGHIJKL":
        icon = Image.new("RGBA", (64, 64))
        ImageDraw.Draw(icon).text((10, 5), letter, fill="black", font=ImageFont.load_default(50))
        letters[letter] = written(icon)
    for seed in range(12):
        patterns[str(seed)] = written(Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64), np.uint8)))
    assert pieces_among(flags) == pieces_among(letters) == pieces_among(patterns) == ()


def test_the_hook_sends_pieces_to_a_person(site: Site, photographs, capsys):
    # What is cut here shows no face at any place: each piece may go by itself.
    photo = Image.open(io.BytesIO(photographs["obama"])).convert("RGB")
    sleeve = photo.crop((0, photo.height - 384, 384, photo.height)).resize((256, 256))
    for name, data in cut(written(sleeve), 64).items():
        site.add(name, data)
    capsys.readouterr()
    assert hook("pre-commit", "--json") == 3
    verdicts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(v["photo"], v["reasons"]) for v in verdicts if v["outcome"] != "publishable"] == [
        ("tiles/", ["pieces-of-a-picture"])
    ]
    assert hook("pre-commit") == 3
    assert "go on in each other" in capsys.readouterr().out
