"""HEIF by its brands, and its colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.errors import UnreadableImage
from consentguard.vision.imagefile import heif


def box(major: bytes, *others: bytes) -> bytes:
    return (16 + 4 * len(others)).to_bytes(4, "big") + b"ftyp" + major + b"\0\0\0\0" + b"".join(others)


def test_heif_is_told_by_its_brands() -> None:
    assert heif.is_heif(box(b"heic"))
    assert heif.is_heif(box(b"mif1", b"heic"))
    assert not heif.is_heif(box(b"avif", b"mif1"))
    assert not heif.is_heif(box(b"isom"))
    assert not heif.is_heif(b"\xff\xd8\xff\xe0 a JPEG")


def test_colours_of_display_p3_become_those_of_srgb_and_hdr_is_refused() -> None:
    pixels = np.array([[[255, 255, 255], [128, 128, 128], [200, 60, 60]]], np.uint8)
    assert heif.from_codes(pixels, {(1, 13)}) is pixels
    shown = heif.from_codes(pixels, {(12, 13)})
    assert np.abs(shown[0, :2].astype(int) - pixels[0, :2]).max() <= 1, "grey is grey in both"
    assert shown[0, 2, 0] > 200, "the same numbers are a redder red in P3"
    for codes in ({(9, 16)}, {(12, 18)}, {(9, 13)}, {(1, 16)}):
        with pytest.raises(UnreadableImage, match="HDR"):
            heif.from_codes(pixels, codes)


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=20))
def test_linear_light_is_coded_in_order_and_clipped(light: list[float]) -> None:
    coded = heif.encoded(np.sort(np.array(light)))
    assert (np.diff(coded.astype(int)) >= 0).all()
    assert heif.encoded(np.array([-1.0, 0.0, 1.0, 2.0])).tolist() == [0, 0, 255, 255]
    assert heif.encoded(np.array([0.2158605])).tolist() == [128], "IEC 61966-2-1"
