"""dlib's numbers, written by the short encoder below and read back; and everything that is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentguard.errors import ModelUnavailable
from consentguard.vision.embedding.dlib.packed import PackedReader, integers, reals

WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
REAL = st.floats(allow_nan=False, allow_infinity=False, width=32)


def packed(value: int) -> bytes:
    magnitude = abs(value).to_bytes(max(1, (abs(value).bit_length() + 7) // 8), "little")
    return bytes([len(magnitude) | (0x80 if value < 0 else 0)]) + magnitude


def mantissa_and_exponent(value: float) -> tuple[int, int]:
    mantissa, exponent = math.frexp(value)
    return int(mantissa * 2**53), exponent - 53


def packed_real(value: float) -> bytes:
    return b"".join(map(packed, mantissa_and_exponent(value)))


def packed_tensor(values: list[float]) -> bytes:
    return b"".join(map(packed, (2, len(values), 1, 1, 1))) + np.array(values, "<f4").tobytes()


def test_the_documented_bytes() -> None:
    assert packed(0) == b"\x01\x00"
    reader = PackedReader(b"\x01\x00\x81\x05\x02\x00\x01" + b"\x01\x03\x81\x01", "f")
    assert [reader.integer(), reader.integer(), reader.integer(), reader.real()] == [0, -5, 256, 1.5]
    reader.end()


@given(st.lists(WHOLE))
def test_integers_come_back_one_by_one_and_all_at_once(values: list[int]) -> None:
    data = b"".join(map(packed, values))
    reader = PackedReader(data, "f")
    assert [reader.integer() for _ in values] == values
    reader.end()
    assert integers(data, "f").tolist() == values


@given(st.lists(REAL))
def test_reals_come_back_one_by_one_and_all_at_once(values: list[float]) -> None:
    reader = PackedReader(b"".join(map(packed_real, values)), "f")
    assert [reader.real() for _ in values] == values
    pairs = np.array([mantissa_and_exponent(value) for value in values], dtype=np.int64).reshape(-1, 2)
    assert reals(pairs[:, 0], pairs[:, 1], "f").tolist() == values


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=100), st.booleans(), st.lists(REAL))
def test_names_switches_and_tensors_come_back(name: str, switch: bool, values: list[float]) -> None:
    data = packed(len(name)) + name.encode("latin-1") + (b"1" if switch else b"0") + packed_tensor(values)
    reader = PackedReader(data, "f")
    assert (reader.text(), reader.boolean(), reader.tensor(len(values)).tolist()) == (name, switch, values)
    reader.end()


def test_a_tensor_shares_the_memory_of_the_file() -> None:
    assert PackedReader(packed_tensor([1.0, 2.0]), "f").tensor(2).base is not None


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    for take in (
        PackedReader.integer,
        PackedReader.real,
        PackedReader.boolean,
        PackedReader.text,
        PackedReader.shape,
        lambda r: r.tensor(3),
    ):
        try:
            take(PackedReader(data, "f"))
        except ModelUnavailable as error:
            assert str(error).startswith("f: ")
    try:
        one_by_one = PackedReader(data, "f")
        expected = []
        while one_by_one._at < len(data):
            expected.append(one_by_one.integer())
    except ModelUnavailable:
        with pytest.raises(ModelUnavailable):
            integers(data, "f")
    else:
        if all(abs(value) < 2**63 for value in expected):
            assert integers(data, "f").tolist() == expected


@pytest.mark.parametrize(
    ("data", "take", "reason"),
    [
        (b"", PackedReader.integer, "ends too early"),
        (b"\x02\x01", PackedReader.integer, "ends too early"),
        (b"\x00", PackedReader.integer, "does not begin a number"),
        (b"\x09" + bytes(9), PackedReader.integer, "does not begin a number"),
        (b"\x11\x01", PackedReader.integer, "does not begin a number"),
        (packed(1) + packed(32000), PackedReader.real, "exponent 32000"),
        (packed(1) + packed(-1075), PackedReader.real, "exponent -1075"),
        (b"2", PackedReader.boolean, "neither 0 nor 1"),
        (packed(-1), PackedReader.text, "-1 letters"),
        (packed(2**62), PackedReader.text, "letters long"),
        (packed(2), PackedReader.shape, "version of a shape should be 1"),
        (packed_tensor([1.0, 2.0]), lambda r: r.tensor(3), "size of a tensor should be 3, but is 2"),
        (packed_tensor([1.0, math.nan]), lambda r: r.tensor(2), "not a number"),
        (packed_tensor([1.0, 2.0])[:-1], lambda r: r.tensor(2), "ends too early"),
        (packed(2) + packed(2**62) * 4, lambda r: r.tensor(2), "size of a tensor"),
        (b"x", PackedReader.end, "1 bytes are left over"),
    ],
)
def test_what_is_malformed_names_file_reason_and_next_step(data, take, reason) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        take(PackedReader(data, "weights.dat"))
    assert str(caught.value).startswith("weights.dat: ")
    assert reason in str(caught.value)
    assert str(caught.value).endswith("fetch it again with `consentguard models pull`")


@pytest.mark.parametrize("data", [b"\x01", b"\x00\x01\x00", packed(5) + b"\xff", packed(2**63)])
def test_all_at_once_refuses_what_one_by_one_refuses_or_is_too_large(data: bytes) -> None:
    with pytest.raises(ModelUnavailable):
        integers(data, "f")


def test_reals_refuse_infinity() -> None:
    with pytest.raises(ModelUnavailable, match="impossible exponent"):
        reals(np.array([1]), np.array([32000]), "f")
