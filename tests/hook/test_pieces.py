"""A photo cut into pieces that each show no face; and small pictures of one size that are no pieces."""

from __future__ import annotations

import io
import itertools
import json

import numpy as np
import pytest
from hook.websites import Site, hook, still
from PIL import Image, ImageDraw, ImageFont

from consentguard.hook.pieces import Piece, SmallPictures
from consentguard.hook.pieces import pieces_among as among


def written(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def pieces_among(pictures: dict[str, bytes]) -> tuple[str, ...]:
    return among(itertools.starmap(Piece, pictures.items()))


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


def sleeve(photographs) -> dict[str, bytes]:
    """A part of a photo cut into sixteen: no piece shows a face at any place, and each may go by itself."""
    photo = Image.open(io.BytesIO(photographs["obama"])).convert("RGB")
    part = photo.crop((0, photo.height - 384, 384, photo.height)).resize((256, 256))
    return cut(written(part), 64)


def stopped(capsys) -> list[tuple[str, list[str]]]:
    verdicts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(v["photo"], v["reasons"]) for v in verdicts if v["outcome"] != "publishable"]


def test_the_hook_sends_pieces_to_a_person(site: Site, photographs, capsys):
    for name, data in sleeve(photographs).items():
        site.add(name, data)
    capsys.readouterr()
    assert hook("pre-commit", "--json") == 3
    assert stopped(capsys) == [("tiles/", ["pieces-of-a-picture"])]
    assert hook("pre-commit") == 3
    assert "continue one another" in capsys.readouterr().out


def test_pieces_in_a_commit_are_told_whatever_lies_there_before_and_after(site: Site, photographs):
    """Each commit is pushed: icons, a photo in pieces under the same names, icons again."""
    site.git("init", "--quiet", "--bare", "../pages.git")
    site.git("remote", "add", "origin", "../pages.git")
    assert hook("install", "--pre-push") == 0
    pieces = sleeve(photographs)
    commits = []
    for pictures in (plain(pieces, 0), pieces, plain(pieces, 100)):
        for name, data in pictures.items():
            site.write(name, data)
        site.git("add", "--all")
        site.commit()
        commits.append(site.head[:10])
    said = site.git("push", "origin", "main", code=1)
    assert said.count("pieces-of-a-picture") == 1
    assert f"tiles/ (commit {commits[1]})" in said
    assert f"`git reset --soft {commits[1]}~1`" in said
    assert "`git rm -r --cached --ignore-unmatch tiles/`" in said


def test_pieces_that_two_commits_bring_are_told(photographs):
    gathered = SmallPictures()
    pieces = sleeve(photographs)
    for number, (name, data) in enumerate(sorted(pieces.items())):
        gathered.add(Piece(name, data, f" (commit {'ba'[number % 2] * 10})"), (64, 64))
    found = [(folder, whence, len(among(group))) for folder, whence, group in gathered.groups() if among(group)]
    assert found == [("tiles", f" (commit {'a' * 10})", 16)]


def test_of_what_is_too_large_for_a_piece_nothing_is_kept(judge):
    for number in range(5):
        (verdict,) = judge.judge(f"photos/{number}.png", still(number))
        assert verdict.outcome.value == "publishable"
    assert list(judge._small.groups()) != [], "of 160 pixels a side"
    for number in range(5):
        judge.judge(f"large/{number}.png", written(Image.new("RGB", (300, 200), (number, 0, 0))))
    assert [folder for folder, _, _ in judge._small.groups()] == ["photos"]


def plain(like: dict[str, bytes], shade: int) -> dict[str, bytes]:
    """Icons under the same names."""
    return {name: written(Image.new("RGB", (64, 64), (shade, number, 0))) for number, name in enumerate(like)}
