"""Numbers as dlib writes them to a file.

Everything but the weights of a network is a *packed integer*: a control byte, whose low four bits say how many bytes
follow (1 to 8) and whose top bit says that the number is negative, then the magnitude, little endian. A real number is
two of these, the mantissa first and then the power of two. A text is its length and its bytes, a truth value one
letter "0" or "1", a tensor its shape and its weights as plain little-endian float32.

A file of weights is somebody else's bytes: each step here checks before it takes, and every malformed file ends in
ModelUnavailable. Source: dlib/serialize.h and dlib/cuda/tensor.h as measured on the two files of face_recognition.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from consentguard.errors import ModelUnavailable

NEXT_STEP = "fetch it again with `consentguard models pull`"

_NEGATIVE = 0x80
_RESERVED = 0x70
_MAX_BYTES = 8
_LARGEST_EXPONENT = 900
"""32000 and more stand for infinity and not-a-number, and 64 bits of mantissa times 2 ** 900 still fit a float. No
weight is that large or small: an exponent beyond this is damage."""

Shape = tuple[int, int, int, int]
"""Of a tensor: samples, channels, rows, columns; of filters: how many, of how many channels, rows, columns."""


def unusable(file: str, reason: str) -> ModelUnavailable:
    """The one error of this package, to be raised by the caller: which file, what is wrong with it, what to do."""
    return ModelUnavailable(f"{file}: {reason}; {NEXT_STEP}")


class PackedReader:
    """Walks once through dlib's bytes, from front to back.

    Every method takes one value off the front and raises ModelUnavailable if the bytes there are not such a value.
    """

    def __init__(self, data: bytes, file: str) -> None:
        self._data = data
        self._at = 0
        self._file = file

    def fail(self, reason: str) -> NoReturn:
        """Raises ModelUnavailable with the place that was reached."""
        raise unusable(self._file, f"{reason} (byte {self._at} of {len(self._data)})")

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Raises ModelUnavailable unless `found` equals `wanted`; `what` names it in the message."""
        if found != wanted:
            self.fail(f"{what} should be {wanted}, but is {found}")

    def end(self) -> None:
        """Raises ModelUnavailable unless every byte has been read."""
        if self._at != len(self._data):
            self.fail(f"{len(self._data) - self._at} bytes are left over")

    def integer(self) -> int:
        control = self._take(1)[0]
        count = control & 0x0F
        if control & _RESERVED or not 1 <= count <= _MAX_BYTES:
            self.fail(f"0x{control:02x} does not begin a number")
        magnitude = int.from_bytes(self._take(count), "little")
        return -magnitude if control & _NEGATIVE else magnitude

    def real(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) > _LARGEST_EXPONENT:
            self.fail(f"a number has the exponent {exponent}")
        return math.ldexp(mantissa, exponent)

    def boolean(self) -> bool:
        letter = self._take(1)
        if letter not in (b"0", b"1"):
            self.fail(f"0x{letter[0]:02x} is neither 0 nor 1")
        return letter == b"1"

    def text(self) -> str:
        """A short name; Latin-1, so that any bytes can be shown in a message."""
        length = self.integer()
        if not 0 <= length <= 100:
            self.fail(f"a name is {length} letters long")
        return self._take(length).decode("latin-1")

    def shape(self) -> Shape:
        """The shape of a part of a tensor ("alias tensor"), which holds no weights of its own."""
        self.expect("the version of a shape", self.integer(), 1)
        return self.integer(), self.integer(), self.integer(), self.integer()

    def tensor(self, size: int) -> NDArray[np.float32]:
        """`size` weights as one flat array, which shares the file's memory. They are finite."""
        self.expect("the version of a tensor", self.integer(), 2)
        found = math.prod((self.integer(), self.integer(), self.integer(), self.integer()))
        self.expect("the size of a tensor", found, size)
        weights = np.frombuffer(self._take(4 * size), dtype="<f4")
        if not np.isfinite(weights).all():
            self.fail("a weight is infinite or not a number")
        return weights

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            self.fail("the file ends too early")
        self._at += count
        return taken


_PACKED = re.compile(b"|".join(b"[%c%c].{%d}" % (n, n | _NEGATIVE, n) for n in range(1, _MAX_BYTES + 1)), re.DOTALL)


def integers(data: bytes, file: str) -> NDArray[np.int64]:
    """Every number of a file that holds nothing but packed integers, in order, as one array.

    Does what `PackedReader.integer` does for three million numbers at once: a regular expression finds where each
    begins (0.2 s instead of 2 s), NumPy does the arithmetic. Raises ModelUnavailable if any byte belongs to no number,
    or a number is beyond 64 bits.
    """
    lengths = np.fromiter(map(len, _PACKED.findall(data)), dtype=np.int64)
    # findall steps over what does not match, so a file with one stray byte comes out short
    if lengths.sum() != len(data):
        raise unusable(file, "it is cut short, or holds something that is no number")
    raw = np.frombuffer(data, dtype=np.uint8)
    begins = np.cumsum(lengths) - lengths
    magnitude = np.zeros(len(lengths), dtype=np.uint64)
    for byte in range(int(lengths.max(initial=1)) - 1):
        has_it = lengths > byte + 1
        magnitude[has_it] |= raw[begins[has_it] + 1 + byte].astype(np.uint64) << np.uint64(8 * byte)
    if (magnitude > np.iinfo(np.int64).max).any():
        raise unusable(file, "it holds a number too large for any weight")
    values = magnitude.astype(np.int64)
    return np.where(raw[begins] & _NEGATIVE, -values, values)


def reals(mantissas: NDArray[np.int64], exponents: NDArray[np.int64], file: str) -> NDArray[np.float64]:
    """mantissa * 2 ** exponent for whole arrays of the same shape; raises ModelUnavailable as `PackedReader.real`."""
    if (np.abs(exponents) > _LARGEST_EXPONENT).any():
        raise unusable(file, "a number has an impossible exponent")
    return np.ldexp(mantissas.astype(np.float64), exponents)
