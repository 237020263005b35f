"""The face descriptor network of dlib, turned into an ONNX graph.

It is a ResNet of 29 convolutions by Davis King (2017, public domain): a stem, fourteen blocks, an average over what
is left of the plane, and one matrix that gives 128 numbers. Two faces of one person lie near each other in those 128
numbers (euclidean distance, not normalised; face_recognition's usual threshold is 0.6).

The file first names every layer's wrapper, from the output to the input, and then holds the layers' weights, from the
input to the output. dlib can store any network; this reader accepts exactly this one, checks every size it meets, and
takes nothing on trust but the weights' values, which the caller has checked by SHA-256.

Three foldings keep the graph small, all exact up to float32 rounding because they are done in float64: the batch
normalisation ("affine": one factor and one offset per channel) goes into the convolution before it; the mean colour
and the division by 256 go into the first convolution, which is allowed because it pads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from consentguard.vision.embedding.dlib.onnx_writer import Graph
from consentguard.vision.embedding.dlib.packed import PackedReader

CHIP_SIZE = 150
EMBEDDING_SIZE = 128

_MEAN_RGB = (122.782, 117.001, 104.298)
_SCALE = 256.0  # dlib divides by 256, not by 255

_STEM_CHANNELS = 32
_BLOCKS = (32, 32, 32, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256, 256)
"""Output channels of the fourteen residual blocks, in the order they are run."""
_DOWN_BLOCKS = frozenset({3, 7, 10, 13})
"""Blocks that halve the plane: their first convolution steps by two and their skip path is averaged 2 x 2."""


@dataclass(frozen=True, slots=True)
class _Convolution:
    """One convolution and the affine layer behind it, as the file has them.

    Filters are (out, in, rows, columns) and correlate, as ONNX's do; biases, factors and offsets have one per filter.
    """

    filters: NDArray[np.float32]
    biases: NDArray[np.float32]
    factors: NDArray[np.float32]
    offsets: NDArray[np.float32]
    stride: int
    padding: int

    def result_side(self, side: int) -> int:
        return 1 + (side + 2 * self.padding - int(self.filters.shape[2])) // self.stride

    def folded(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Filters and biases of the one convolution that does the work of both layers."""
        factors = self.factors.astype(np.float64)
        return self.filters * factors[:, np.newaxis, np.newaxis, np.newaxis], self.biases * factors + self.offsets


@dataclass(frozen=True, slots=True)
class _Weights:
    convolutions: tuple[_Convolution, ...]
    projection: NDArray[np.float32]


def read_network(data: bytes, file: str) -> bytes:
    """Turns `dlib_face_recognition_resnet_model_v1.dat` into an ONNX model.

    Args:
        data: the file's bytes; check their SHA-256 first, for a flipped bit in a weight shows nowhere else.
        file: its name, for messages.

    Returns:
        An ONNX file (operator set 17). Input `chips`: uint8, shape (n, 150, 150, 3), RGB as `chip.face_chip` makes it.
        Output `embeddings`: float32, shape (n, 128). The same bytes for the same input file.

    Raises:
        ModelUnavailable: it is not this network, whole and unharmed.
    """
    return _graph(_read(PackedReader(data, file)))


# ------------------------------------------------------------------------------------------------- reading the file


def _layers() -> Iterator[str]:
    """The kinds of all layers in execution order; `tag` and `skip` only mark places for the residual additions."""
    yield from ("con", "affine", "relu", "max_pool")
    for block in range(len(_BLOCKS)):
        yield from ("tag", "con", "affine", "relu", "con", "affine")
        if block in _DOWN_BLOCKS:
            yield from ("tag", "skip", "avg_pool")
        yield from ("add_prev", "relu")
    yield from ("avg_pool_everything", "fc")


def _read(reader: PackedReader) -> _Weights:
    layers = tuple(_layers())
    reader.expect("the version of the loss layer", reader.integer(), 1)
    reader.expect("the loss layer", reader.text(), "loss_metric_2")
    for _ in ("margin", "distance threshold"):  # matter to training only
        reader.real()
    for kind in reversed(layers[1:]):
        reader.expect(f"the version of a {kind} layer", reader.integer(), 1 if kind in ("tag", "skip") else 2)
    innermost_version = reader.integer()
    if innermost_version not in (2, 3):
        reader.fail(f"the innermost layer has the version {innermost_version}")

    reader.expect("the input layer", reader.text(), "input_rgb_image_sized")
    for wanted in _MEAN_RGB:
        reader.expect("a mean colour", round(reader.real(), 3), wanted)
    for _ in ("rows", "columns"):
        reader.expect("the input size", reader.integer(), CHIP_SIZE)

    shapes = iter(_convolution_shapes())
    convolutions: list[_Convolution] = []
    projection = np.empty(0, dtype=np.float32)
    for place, kind in enumerate(layers):
        if kind == "con":
            convolutions.append(_read_convolution(reader, *next(shapes)))
        elif kind == "affine":
            convolutions[-1] = _with_affine(reader, convolutions[-1])
        elif kind == "fc":
            projection = _read_projection(reader)
        elif kind not in ("tag", "skip"):
            _read_weightless(reader, kind)
        if kind not in ("tag", "skip"):
            _read_layer_state(reader)
        if place == 0 and innermost_version == 3:
            reader.expect("the innermost layer's last number", reader.integer(), 1)
    reader.end()
    return _Weights(tuple(convolutions), projection)


def _convolution_shapes() -> Iterator[tuple[int, int, int, int]]:
    """For every convolution: filters, channels that go in, side of the filter, stride."""
    yield _STEM_CHANNELS, 3, 7, 2
    for block, (before, channels) in enumerate(pairwise((_STEM_CHANNELS, *_BLOCKS))):
        yield channels, before, 3, 2 if block in _DOWN_BLOCKS else 1
        yield channels, channels, 3, 1


def _read_convolution(reader: PackedReader, count: int, channels: int, side: int, stride: int) -> _Convolution:
    # con_5 and con_6 are the same record of later dlibs with one and two switches more
    record = reader.text()
    if record not in ("con_4", "con_5", "con_6"):
        reader.fail(f"a convolution calls itself {record!r}")
    size = count * channels * side * side
    values = reader.tensor(size + count)
    padding = side // 2 if stride == 1 else 0
    for what, wanted in (
        ("number of filters", count),
        ("filter's rows", side),
        ("filter's columns", side),
        ("step down", stride),
        ("step across", stride),
        ("padding above", padding),
        ("padding beside", padding),
    ):
        reader.expect(f"a convolution's {what}", reader.integer(), wanted)
    reader.expect("the shape of the filters", reader.shape(), (count, channels, side, side))
    reader.expect("the shape of the biases", reader.shape(), (1, count, 1, 1))
    _skip_training_rates(reader)
    if record in ("con_5", "con_6"):
        reader.expect("a convolution's use of biases", reader.boolean(), True)
    if record == "con_6":
        reader.expect("a convolution's own relu", reader.boolean(), False)
    return _Convolution(
        filters=values[:size].reshape(count, channels, side, side),
        biases=values[size:],
        factors=np.ones(count, dtype=np.float32),
        offsets=np.zeros(count, dtype=np.float32),
        stride=stride,
        padding=padding,
    )


def _with_affine(reader: PackedReader, before: _Convolution) -> _Convolution:
    """The convolution just read, with the factors and offsets that follow it."""
    record = reader.text()
    if record not in ("affine_", "affine_2"):
        reader.fail(f"an affine layer calls itself {record!r}")
    count = len(before.biases)
    values = reader.tensor(2 * count)
    for what in ("factors", "offsets"):
        reader.expect(f"the shape of the {what}", reader.shape(), (1, count, 1, 1))
    reader.expect("an affine layer's mode", reader.integer(), 0)  # 0: one factor per channel
    if record == "affine_2":
        reader.expect("an affine layer's being switched off", reader.boolean(), False)
    return replace(before, factors=values[:count], offsets=values[count:])


def _read_projection(reader: PackedReader) -> NDArray[np.float32]:
    record = reader.text()
    if record not in ("fc_2", "fc_3"):
        reader.fail(f"the last layer calls itself {record!r}")
    reader.expect("the numbers that come out", reader.integer(), EMBEDDING_SIZE)
    reader.expect("the numbers that go into the last layer", reader.integer(), _BLOCKS[-1])
    weights = reader.tensor(_BLOCKS[-1] * EMBEDDING_SIZE).reshape(_BLOCKS[-1], EMBEDDING_SIZE)
    reader.expect("the shape of the last layer", reader.shape(), (_BLOCKS[-1], EMBEDDING_SIZE, 1, 1))
    reader.shape()  # of the biases, of which there are none
    reader.expect("the last layer's bias mode", reader.integer(), 1)  # 1: no biases
    _skip_training_rates(reader)
    if record == "fc_3":
        reader.expect("the last layer's use of biases", reader.boolean(), False)
    return weights


def _read_weightless(reader: PackedReader, kind: str) -> None:
    record = reader.text()
    if kind in ("relu", "add_prev"):
        if record not in (f"{kind}_", f"{kind}_2"):
            reader.fail(f"a {kind} layer calls itself {record!r}")
        if record == "relu_2":
            reader.expect("a relu's being switched off", reader.boolean(), False)
        return
    # rows, columns, then steps and paddings, each down and across; no rows and no columns means the whole plane
    windows = {
        "max_pool": (3, 3, 2, 2, 0, 0),
        "avg_pool": (2, 2, 2, 2, 0, 0),
        "avg_pool_everything": (0, 0, 1, 1, 0, 0),
    }
    reader.expect("a pooling layer", record, f"{kind.removesuffix('_everything')}_2")
    reader.expect(f"the window of {kind}", tuple(reader.integer() for _ in range(6)), windows[kind])


def _read_layer_state(reader: PackedReader) -> None:
    """What dlib keeps of each layer's last run: three switches, three empty tensors."""
    for _ in range(3):
        reader.boolean()
    for _ in range(3):
        reader.tensor(0)


def _skip_training_rates(reader: PackedReader) -> None:
    for _ in ("learning rate", "weight decay", "the same for biases", "the same for biases"):
        reader.real()


# ------------------------------------------------------------------------------------------------ building the graph


def _graph(weights: _Weights) -> bytes:
    """The forward pass: stem, residual blocks, mean over the plane, projection."""
    graph = Graph("dlib_resnet")
    remaining = iter(weights.convolutions)

    graph.input("chips", np.uint8, ("n", CHIP_SIZE, CHIP_SIZE, 3))
    graph.node("Cast", ["chips"], "as_float", to=1)  # 1: float32
    now = graph.node("Transpose", ["as_float"], "planes", perm=(0, 3, 1, 2))

    stem = next(remaining)
    now = _convolve(graph, now, stem, "stem", colour=True)
    now = graph.node("Relu", [now], "stem_relu")
    now = graph.node("MaxPool", [now], "stem_pool", kernel_shape=(3, 3), strides=(2, 2))
    side = (stem.result_side(CHIP_SIZE) - 3) // 2 + 1

    for block, (before, channels) in enumerate(pairwise((_STEM_CHANNELS, *_BLOCKS))):
        first, second = next(remaining), next(remaining)
        main = _convolve(graph, now, first, f"b{block}_first")
        main = graph.node("Relu", [main], f"b{block}_first_relu")
        main = _convolve(graph, main, second, f"b{block}_second")
        main_side = second.result_side(first.result_side(side))
        skip = now
        if block in _DOWN_BLOCKS:
            skip = graph.node("AveragePool", [now], f"b{block}_skip", kernel_shape=(2, 2), strides=(2, 2))
            side //= 2
        # dlib adds two tensors of different sizes by extending each with zeros *at the end* of every axis
        skip = _extend(graph, skip, channels - before, 0)
        main = _extend(graph, main, 0, side - main_side)
        now = graph.node("Add", [main, skip], f"b{block}_sum")
        now = graph.node("Relu", [now], f"b{block}_relu")

    now = graph.node("GlobalAveragePool", [now], "mean")
    now = graph.node("Flatten", [now], "flat", axis=1)
    graph.node("MatMul", [now, graph.constant("projection", weights.projection)], "embeddings")
    graph.output("embeddings", np.float32, ("n", EMBEDDING_SIZE))
    return graph.to_bytes()


def _convolve(graph: Graph, source: str, convolution: _Convolution, name: str, *, colour: bool = False) -> str:
    """Convolution and affine layer in one; with `colour`, also what brings pixels 0..255 to the network's range."""
    filters, biases = convolution.folded()
    if colour:
        # to convolve (x - mean) / 256 is to convolve x with smaller filters and subtract what they make of the mean
        filters /= _SCALE
        biases -= np.einsum("oirc,i->o", filters, np.array(_MEAN_RGB))
    side = convolution.filters.shape[2]
    weights = [
        graph.constant(f"{name}_filters", filters.astype(np.float32)),
        graph.constant(f"{name}_biases", biases.astype(np.float32)),
    ]
    return graph.node(
        "Conv",
        [source, *weights],
        name,
        kernel_shape=(side, side),
        strides=(convolution.stride,) * 2,
        pads=(convolution.padding,) * 4,
    )


def _extend(graph: Graph, source: str, channels: int, pixels: int) -> str:
    """Zeros behind the last channel, below the last row and right of the last column."""
    if not channels and not pixels:
        return source
    ends = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], dtype=np.int64)
    return graph.node("Pad", [source, graph.constant(f"{source}_ends", ends)], f"{source}_extended")
