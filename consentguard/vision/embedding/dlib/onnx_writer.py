"""Writes an ONNX file, and nothing more of ONNX than one small network needs.

ONNX is protobuf: every field is a key (its number and wire type), then either a variable-length integer or a length
and that many bytes. The numbers below are those of onnx.proto, IR version 8. The `onnx` package does the same and much
else; a library that has to be installed on a school's laptop can do without its 20 MB.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 8
OPERATOR_SET = 17

_VARINT, _BYTES = 0, 2
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7
_ELEMENT_TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int64): 7}

Attribute = int | Sequence[int]
Size = int | str
"""One axis of a tensor: so many, or a name for "any number"."""


class Graph:
    """An ONNX graph under construction: a straight list of operators, each consuming names that came before.

    Args:
        name: of the graph.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, dtype: type[np.generic], shape: Sequence[Size]) -> str:
        """Declares an input and returns its name. `dtype` is float32, uint8 or int64."""
        self._inputs.append(_value(name, dtype, shape))
        return name

    def output(self, name: str, dtype: type[np.generic], shape: Sequence[Size]) -> None:
        """Declares which named result leaves the graph."""
        self._outputs.append(_value(name, dtype, shape))

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Stores an array (float32, uint8 or int64) under `name` and returns the name."""
        little_endian = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        self._constants.append(
            b"".join(_integer(1, size) for size in array.shape)
            + _integer(2, _ELEMENT_TYPES[array.dtype])
            + _text(8, name)
            + _bytes(9, little_endian.tobytes())
        )
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        """Adds one operator with one result, and returns the result's name."""
        self._nodes.append(
            b"".join(_text(1, name) for name in inputs)
            + _text(2, output)
            + _text(3, output)
            + _text(4, operator)
            + b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        )
        return output

    def to_bytes(self) -> bytes:
        """The whole file. The same graph gives the same bytes."""
        graph = (
            b"".join(_bytes(1, node) for node in self._nodes)
            + _text(2, self._name)
            + b"".join(_bytes(5, constant) for constant in self._constants)
            + b"".join(_bytes(11, value) for value in self._inputs)
            + b"".join(_bytes(12, value) for value in self._outputs)
        )
        operator_set = _text(1, "") + _integer(2, OPERATOR_SET)
        return _integer(1, IR_VERSION) + _text(2, "consentguard") + _bytes(7, graph) + _bytes(8, operator_set)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _integer(3, value) + _integer(20, _ATTRIBUTE_INT)
    return _text(1, name) + b"".join(_integer(8, item) for item in value) + _integer(20, _ATTRIBUTE_INTS)


def _value(name: str, dtype: type[np.generic], shape: Sequence[Size]) -> bytes:
    axes = b"".join(_bytes(1, _integer(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    tensor_type = _integer(1, _ELEMENT_TYPES[np.dtype(dtype)]) + _bytes(2, axes)
    return _text(1, name) + _bytes(2, _bytes(1, tensor_type))
