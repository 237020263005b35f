"""Every byte that leaves is one we made: the prover takes what the encoder writes, and nothing else whatever."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from consentguard.errors import VerificationFailed
from consentguard.vision.imagefile import bare, codec

KINDS = ("jpeg", "png", "webp")


@pytest.fixture(scope="module")
def pixels(photographs) -> np.ndarray:
    return codec.decode(photographs["obama"], max_edge=400).pixels


@pytest.fixture(scope="module")
def finished(pixels) -> dict[str, bytes]:
    return {kind: codec.encode(pixels, kind, quality=90) for kind in KINDS}


@examples(0.8)
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    quality=st.integers(1, 100),
    sampling=st.sampled_from(sorted(bare.SAMPLINGS)),
    seed=st.integers(0, 9),
)
def test_whatever_the_encoder_writes_is_bare(width, height, quality, sampling, seed):
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    data = codec.encode(picture, "jpeg", quality=quality, sampling=sampling)
    assert bare.prove(data, "jpeg") == (width, height)
    assert data.startswith(bare.jpeg_header(width, height, quality, bare.SAMPLINGS[sampling]))
    assert bare.prove(codec.encode(picture, "png", quality=1), "png") == (width, height)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_bare(kind, finished, pixels):
    height, width = pixels.shape[:2]
    assert bare.prove(finished[kind], kind) == (width, height)


def _taller(data: bytes, rows: int) -> bytes:
    """The same data under a header that claims other rows."""
    place = {b"\xff\xd8": 20 + 2 * 69 + 5, b"\x89P": 20}[data[:2]]
    form = ">H" if data[:2] == b"\xff\xd8" else ">I"
    (height,) = struct.unpack_from(form, data, place)
    changed = bytearray(data)
    struct.pack_into(form, changed, place, height + rows)
    if data[:2] == b"\x89P":
        changed[29:33] = struct.pack(">I", zlib.crc32(changed[12:29]))
    return bytes(changed)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _riff(*chunks: tuple[bytes, bytes], tail: bytes = b"") -> bytes:
    body = b"WEBP" + b"".join(k + len(b).to_bytes(4, "little") + b + b"\0" * (len(b) % 2) for k, b in chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body + tail


JPEG_SPOILED = {
    "a byte behind the end": lambda d: d + b"\0",
    "a second picture": lambda d: d + d,
    "one byte behind the last block": lambda d: d[:-2] + b"\0" + d[-2:],
    "three bytes behind the last block": lambda d: d[:-2] + b"abc" + d[-2:],
    "a stuffed byte behind the last block": lambda d: d[:-2] + b"\xff\0" + d[-2:],
    "much behind the last block": lambda d: d[:-2] + b"secret" * 50 + d[-2:],
    "one byte less": lambda d: d[:-3] + d[-2:],
    "cut": lambda d: d[: len(d) // 2],
    "without an end": lambda d: d[:-2],
    "fewer rows than it holds": lambda d: _taller(d, -16),
    "one row fewer, in another row of blocks": lambda d: _taller(d, -80),
    "more rows than it holds": lambda d: _taller(d, 16),
    "EXIF": lambda d: d[:2] + _segment(0xE1, b"Exif\0\0secret") + d[2:],
    "a comment": lambda d: d[:20] + _segment(0xFE, b"secret") + d[20:],
    "an empty comment": lambda d: d[:20] + _segment(0xFE, b"") + d[20:],
    "a density in the JFIF header": lambda d: d[:14] + b"\0\x48" + d[16:],
    "a thumbnail in the JFIF header": lambda d: d[:18] + b"\1\1" + b"abc" + d[20:],
    "other quantisation": lambda d: d[:30] + bytes((d[30] ^ 1,)) + d[31:],
    "a restart": lambda d: d[:-2] + b"\xff\xd0" + d[-2:],
    "a fill byte": lambda d: d[:-2] + b"\xff" + d[-2:],
    "a fill byte before a segment": lambda d: d[:20] + b"\xff" + d[20:],
    "a second scan": lambda d: d[:-2] + _segment(0xDA, bytes((1, 1, 0, 0, 63, 0))) + b"\0" + d[-2:],
    "nothing": lambda d: b"",
}


@pytest.mark.parametrize("how", JPEG_SPOILED)
def test_a_jpeg_with_one_byte_too_many_or_few_is_not_bare(how, finished):
    with pytest.raises(VerificationFailed, match="report this"):
        bare.prove(JPEG_SPOILED[how](finished["jpeg"]), "jpeg")


def test_no_other_jpeg_writer_passes(pixels):
    """Progressive, optimised, grey, or with restarts: pictures all the same, but not ours."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    for setting in (cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_OPTIMIZE, cv2.IMWRITE_JPEG_RST_INTERVAL):
        with pytest.raises(VerificationFailed):
            bare.prove(cv2.imencode(".jpg", bgr, [setting, 1])[1].tobytes(), "jpeg")
    with pytest.raises(VerificationFailed):
        bare.prove(cv2.imencode(".jpg", bgr[..., 0])[1].tobytes(), "jpeg")


PNG_SPOILED = {
    "a byte behind the end": lambda d: d + b"\0",
    "text": lambda d: d[:33] + _chunk(b"tEXt", b"Comment\0secret") + d[33:],
    "a private chunk": lambda d: d[:33] + _chunk(b"seCr", b"secret") + d[33:],
    "a wrong sum": lambda d: d[:-16] + bytes((d[-16] ^ 1,)) + d[-15:],
    "fewer rows than it holds": lambda d: _taller(d, -1),
    "more rows than it holds": lambda d: _taller(d, 1),
    "data behind the stream": lambda d: d[:-12] + _chunk(b"IDAT", b"secret") + d[-12:],
    "two headers": lambda d: d[:33] + d[8:33] + d[33:],
    "two ends": lambda d: d + d[-12:],
    "an end with content": lambda d: d[:-12] + _chunk(b"IEND", b"secret"),
    "cut": lambda d: d[: len(d) // 2],
}


@pytest.mark.parametrize("how", PNG_SPOILED)
def test_a_png_with_anything_else_is_not_bare(how, finished):
    with pytest.raises(VerificationFailed, match="report this"):
        bare.prove(PNG_SPOILED[how](finished["png"]), "png")


WEBP_SPOILED = {
    "a byte behind the end": lambda k, b: _riff((k, b), tail=b"\0"),
    "EXIF": lambda k, b: _riff((k, b), (b"EXIF", b"secret")),
    "bytes behind the picture, in its chunk": lambda k, b: _riff((k, b + b"secret")),
    "a second picture": lambda k, b: _riff((k, b), (k, b)),
    "a pad byte that says something": lambda k, b: _riff((k, b + b"\0" * (1 - len(b) % 2)))[:-1] + b"s",
    "cut": lambda k, b: _riff((k, b[: len(b) // 2])),
    "other contents": lambda k, b: _riff((b"VP8X", b)),
}


@pytest.mark.parametrize("how", WEBP_SPOILED)
def test_a_webp_with_anything_else_is_not_bare(how, finished):
    data = finished["webp"]
    body = data[20 : 20 + int.from_bytes(data[16:20], "little")]
    with pytest.raises(VerificationFailed, match="report this"):
        bare.prove(WEBP_SPOILED[how](data[12:16], body), "webp")


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_is_not_taken_for_another(kind, finished):
    for other in KINDS:
        if other != kind:
            with pytest.raises(VerificationFailed):
                bare.prove(finished[kind], other)


@examples(1.2)
@given(at=st.integers(0, 622), bit=st.integers(0, 7))
def test_no_bit_of_a_jpeg_header_is_free(finished, at, bit):
    """Whatever bit is turned, it is no longer a header that we write for this size."""
    data = bytearray(finished["jpeg"])
    header = bare.jpeg_header(*bare.prove(bytes(data), "jpeg"), 90, bare.SAMPLINGS["4:2:0"])
    assert len(header) == 623
    data[at] ^= 1 << bit
    try:
        size = bare.prove(bytes(data), "jpeg")
    except VerificationFailed:
        return
    # the last row or column of blocks has spare pixels: a header that shows more or fewer of those is still true
    assert 163 <= at < 167, f"bit {bit} of byte {at}"
    assert size != bare.prove(finished["jpeg"], "jpeg")
