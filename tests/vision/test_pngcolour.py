"""A PNG is looked at as browsers show it, whatever it says of its colours."""

from __future__ import annotations

import base64
import io
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np
import pytest
from fakes import LONDON, sample_with
from PIL import Image, PngImagePlugin

from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.errors import UnreadableImage
from consentguard.guard.guard import Guard
from consentguard.values import Outcome
from consentguard.vision.imagefile import codec

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SRGB = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


def _gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


SAID = {
    "nothing": (),
    "the usual gamma": (_gamma(0.45455),),
    "linear light": (_gamma(1),),
    "an old Mac's gamma": (_gamma(0.55),),
    "a steep gamma": (_gamma(0.1),),
    "a flat gamma": (_gamma(4),),
    "no gamma": (_gamma(0),),
    "gamma and primaries": (_gamma(1), (b"cHRM", SRGB)),
    "sRGB before gamma": (_gamma(1), (b"sRGB", b"\0")),
    "two gammas": (_gamma(0.45455), _gamma(0.1)),
    "sBIT": ((b"sBIT", b"\4\4\4"),),
    "cICP of sRGB": (_gamma(0.1), (b"cICP", b"\x01\x0d\0\x01")),
}


def _ramp(*chunks: tuple[bytes, bytes], alpha: bool = False) -> bytes:
    """64 x 64 pixels from black to white, with these chunks before the pixels."""
    rows = np.linspace(0, 255, 64).round().astype(np.uint8)
    pixels = np.stack([np.tile(rows, (64, 1))] * 3, axis=-1)
    file, info = io.BytesIO(), PngImagePlugin.PngInfo()
    for kind, body in chunks:
        info.add(kind, body)
    image = Image.fromarray(pixels)
    (image.convert("RGBA") if alpha else image).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _behind_pixels(data: bytes, kind: bytes, body: bytes) -> bytes:
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:-12] + chunk + data[-12:]


@pytest.fixture(scope="module")
def shown() -> Iterator[Callable[[bytes], np.ndarray]]:
    """What Chromium shows of a PNG: RGB of its first row."""
    if BROWSER is None:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        page = browser.new_page()

        def show(png: bytes) -> np.ndarray:
            values = page.evaluate(
                """async (data) => {
                    const image = new Image(); image.src = data; await image.decode();
                    const canvas = document.createElement("canvas");
                    canvas.width = image.width; canvas.height = image.height;
                    const context = canvas.getContext("2d"); context.drawImage(image, 0, 0);
                    return Array.from(context.getImageData(0, 0, image.width, 1).data);
                }""",
                "data:image/png;base64," + base64.b64encode(png).decode(),
            )
            return np.array(values, np.uint8).reshape(-1, 4)[:, :3]

        yield show
        browser.close()


@pytest.mark.parametrize("case", SAID)
def test_the_guard_looks_at_what_a_browser_shows(case: str, shown: Callable[[bytes], np.ndarray]) -> None:
    png = _ramp(*SAID[case])
    seen = codec.decode(png, max_edge=64).pixels[0].astype(int)
    assert np.abs(seen - shown(png)).max() <= 2


def test_a_gamma_behind_the_pixels_changes_nothing(shown: Callable[[bytes], np.ndarray]) -> None:
    png = _behind_pixels(_ramp(), *_gamma(0.1))
    assert np.array_equal(codec.decode(png, max_edge=64).pixels[0], shown(png))
    assert codec.decode(png, max_edge=64).carried == ("gamma",)


@pytest.mark.parametrize("code", [b"\x09\x10\0\x01", b"\x01\x08\0\x01", b"\x01\x0d\0\0", b"\x01\x0d"])
def test_brightness_beyond_srgb_is_refused(code: bytes) -> None:
    with pytest.raises(UnreadableImage, match="cICP"):
        codec.decode(_ramp((b"cICP", code)), max_edge=64)


def test_a_face_that_only_a_gamma_shows_is_found_and_the_file_never_goes_as_it_is(
    photographs: dict[str, bytes], policy: Policy
) -> None:
    """Levels pressed together near white: a pale sheet without its gAMA, a face with it."""
    photo = np.asarray(Image.open(io.BytesIO(photographs["obama"])).convert("RGB").resize((480, 600)), np.float64) / 255
    linear = np.where(photo <= 0.04045, photo / 12.92, ((photo + 0.055) / 1.055) ** 2.4)
    pale = np.rint(np.clip(linear, 0.002, 1) ** 0.02 * 255).astype(np.uint8)
    file, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add(*_gamma(0.02))
    Image.fromarray(pale).save(file, "PNG", pnginfo=info)
    guard = Guard(Register.parse(sample_with({}), "register.csv"), policy)
    verdict = guard.inspect(file.getvalue(), name="sheet.png", at=datetime(2026, 11, 20, 10, tzinfo=LONDON))
    assert len(verdict.faces) == 1
    assert verdict.outcome is not Outcome.PUBLISHABLE
