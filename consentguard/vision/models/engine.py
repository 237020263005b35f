"""The one module that imports the inference engine (OpenVINO), on the CPU. Networks in, arrays out."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from consentguard.errors import ModelUnavailable
from consentguard.vision.models import cache
from consentguard.vision.models.store import PULL

Tensor = NDArray[Any]
Shape = Sequence[int]
"""A tensor's shape; -1 where any size may come."""

THREADS: Final = "CONSENTGUARD_THREADS"
EXACT: Final = "CONSENTGUARD_EXACT"

_MOST_THREADS: Final = 4
"""A photo has not enough passes for more, and each thread keeps the memory of its own largest."""

Answer = TypeVar("Answer")
Another = TypeVar("Another")


@dataclass(slots=True, eq=False)
class _Call:
    """A call that is made once, by whichever thread comes first, as a part of some work, such as one photo's."""

    function: Callable[[], Any]
    work: object
    future: Future[Any] = field(default_factory=Future)


class _Crew:
    """The threads of this process that make calls side by side, one fewer than `threads()`, and the calls not begun.

    Whoever asks for calls is one more of them until all are answered. Where nothing of its own is left to begin it
    makes those that calls of the same work ask for in turn, and no others: a photo does not wait for another, nor are
    its stages timed with it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: list[deque[_Call]] = []
        self._count = 0
        self._here = threading.local()

    def answers(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        work = getattr(self._here, "work", None) or object()
        left = deque(asked := [_Call(call, work) for call in calls])
        with self._changed:
            while self._count < threads() - 1:
                self._count += 1
                threading.Thread(target=self._serve, name=f"consentguard-{self._count}", daemon=True).start()
            self._open.append(left)
            self._changed.notify_all()
        while call := self._next(left, asked):
            self._make(call)
        return [call.future.result() for call in asked]

    def _serve(self) -> None:
        while True:  # no name for the call: a thread that waits keeps nothing of the last photo
            self._make(self._next_of_any())

    def _next(self, own: deque[_Call], asked: Sequence[_Call]) -> _Call | None:
        """A call that nobody has begun, one's own first, else the newest of one's own work; None once all of one's own
        are answered."""
        with self._changed:
            while True:
                if own:
                    return own.popleft()
                if all(call.future.done() for call in asked):
                    return None
                if of_it := [calls for calls in self._begin() if calls[0].work is asked[0].work]:
                    return of_it[-1].popleft()
                self._changed.wait()

    def _next_of_any(self) -> _Call:
        """The newest call that nobody has begun."""
        with self._changed:
            while True:
                if left := self._begin():
                    return left[-1].popleft()
                self._changed.wait()

    def _begin(self) -> list[deque[_Call]]:
        """The calls that nobody has begun, by who asked for them; none of these is empty."""
        self._open = [calls for calls in self._open if calls]
        return self._open

    def _make(self, call: _Call) -> None:
        before, self._here.work = getattr(self._here, "work", None), call.work
        try:
            call.future.set_result(call.function())
        except BaseException as error:  # noqa: BLE001  # raised where the answers are asked for
            call.future.set_exception(error)
        self._here.work = before
        with self._changed:
            self._changed.notify_all()


_CREW: Final = _Crew()


def together(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """The answers of all calls, in their order, worked out by this thread and as many others as `threads()` allows.

    Networks that look (`load` with `exact=False`) take one thread for one call, so that calls side by side keep all
    processors busy without waiting for each other at each layer. Calls may themselves ask for others together. Raises
    what the first call that failed raised, after all have ended.
    """
    _not_forked()
    if len(calls) < 2 or threads() == 1:
        return [call() for call in calls]
    return _CREW.answers(calls)


def both(one: Callable[[], Answer], other: Callable[[], Another]) -> tuple[Answer, Another]:
    """The answers of two calls of different kinds; see `together`."""
    answers: list[Any] = together([one, other])
    return answers[0], answers[1]


_started: Final[set[int]] = set()
"""The process that the engine's threads are of; empty before there are any."""


def _not_forked() -> None:
    """Raises ModelUnavailable in a process forked from one that has loaded networks: there every call would hang."""
    if _started - {os.getpid()}:
        raise ModelUnavailable("the engine does not survive os.fork(); make the guard in the process that uses it.")


def threads() -> int:
    """How many threads inference may use: `CONSENTGUARD_THREADS`; where it is 0 or unset, the processor's, at most 4.

    Raises ModelUnavailable if the variable is not a whole number from 0 up.
    """
    text = os.environ.get(THREADS, "0")
    if not text.isdecimal():
        raise ModelUnavailable(f"{THREADS}={text!r}: must be a whole number, 0 for our own choice")
    return int(text) or min(_MOST_THREADS, _processors())


def _processors() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not everywhere, and os.cpu_count() knows of no limits
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_FIRST_RUN: Final = threading.Lock()
"""Two first runs side by side can wait for each other for ever: the engine makes static objects of its binding with the
interpreter's lock half released (openvino 2026.4, seen under load)."""


class CompiledNetwork:
    """A compiled network. One object may be called from several threads; each call has a request of its own."""

    def __init__(self, compiled: Any, name: str) -> None:
        self._compiled = compiled
        self._name = name
        self._idle: list[Any] = []
        self._ran = False
        self._outputs = [(index, name) for index, port in enumerate(compiled.outputs) for name in port.names]

    def __call__(self, inputs: Tensor) -> Mapping[str, Tensor]:
        """Runs one batch; returns every output by name, the arrays being the caller's own.

        Raises ModelUnavailable where the engine fails, or gives numbers that are not finite: a comparison with those is
        false, so that a face could be passed over in silence.
        """
        _not_forked()
        if self._ran:
            return self._answers(inputs)
        with _FIRST_RUN:
            outputs = self._answers(inputs)
            self._ran = True
        return outputs

    def _answers(self, inputs: Tensor) -> Mapping[str, Tensor]:
        try:
            request = self._idle.pop()  # the last one used: a request keeps the memory of its largest input
        except IndexError:
            request = self._compiled.create_infer_request()
        lent = np.ascontiguousarray(inputs)  # the engine reads it without keeping it alive
        try:
            # The answers are copied below, before anybody else can use the request. `infer(inputs)` costs .15 ms more.
            request.set_input_tensor(_openvino().Tensor(lent, shared_memory=True))
            request.infer()
        except RuntimeError as error:
            raise ModelUnavailable(
                f"{self._name}: the inference engine failed ({_last_line(error)}); try again."
            ) from error
        answers = {name: request.get_output_tensor(index).data.copy() for index, name in self._outputs}
        if not all(np.isfinite(values).all() for values in answers.values()):
            raise ModelUnavailable(f"{self._name}: the network gave numbers that are not finite; run `{PULL}`.")
        self._idle.append(request)
        return answers


def load(
    data: bytes,
    name: str,
    inputs: Mapping[str, Shape],
    *,
    exact: bool = True,
    outputs: Sequence[str] = (),
    one_at_a_time: bool = False,
) -> CompiledNetwork:
    """Compiles a network from the bytes of its file.

    Args:
        data: an ONNX or TFLite file, already proved by its digest.
        name: what errors call it.
        inputs: the shape of each input that is not to stay as the file has it, -1 for free sizes.
        exact: float32 throughout, and all threads for one call. Without it one thread for each call (see `together`),
            and bfloat16 is allowed, where the processor has it and `CONSENTGUARD_EXACT` is not set: twice as fast, and
            good enough to find a face (docs/decisions/0004), never to tell whose it is.
        outputs: those that are wanted, tensors inside the network among them; what only others need is not worked out.
            All of them, where none is named.
        one_at_a_time: calls wait for each other, for each that may run beside others keeps the memory of its largest
            input: for networks beside which others are asked.

    Raises ModelUnavailable where the engine cannot read or compile it.
    """
    try:
        core = _core()
        quick = (
            not exact and not os.environ.get(EXACT) and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        )
        precision = "bf16" if quick else "f32"
        # Unless told otherwise the engine ties its first thread to the first processor: of each worker of a scan.
        of_one = 1 if one_at_a_time else threads()
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": of_one}
        settings["ENABLE_CPU_PINNING"] = False
        settings |= {"PERFORMANCE_HINT": "LATENCY"} if exact else {"NUM_STREAMS": of_one}
        return CompiledNetwork(_compiled(data, inputs, settings, outputs), name)
    except RuntimeError as error:
        raise ModelUnavailable(
            f"{name}: the inference engine cannot use it ({_last_line(error)}); try `pip install --upgrade openvino`."
        ) from error


_COMPILED: Final[dict[tuple[str, str], tuple[Any, cache.Mapped | None]]] = {}
"""Networks by the digests of their files and of what was asked, each with the file that it reads from, if any."""


def _compiled(data: bytes, inputs: Mapping[str, Shape], settings: Mapping[str, Any], outputs: Sequence[str]) -> Any:
    """A network ready to run: once in a process, and compiled once on this machine for this engine and processor.

    The engine's own cache spares it the compiling, but not the reading: a third of a second for the four networks of a
    first pass. What it exports spares both.
    """
    openvino, core = _openvino(), _core()
    asked = [openvino.__version__, core.get_property("CPU", "FULL_DEVICE_NAME"), settings, inputs, outputs]
    digest, how = (hashlib.sha256(part).hexdigest() for part in (data, json.dumps(asked).encode()))

    def export() -> bytes:
        model = _read(core, data)
        if outputs:
            given = {port for output in model.outputs for port in output.names}
            model.add_outputs([port for port in outputs if port not in given])
            model = openvino.Model([model.output(port) for port in outputs], model.get_parameters())
        if inputs:
            model.reshape({port: openvino.PartialShape(list(shape)) for port, shape in inputs.items()})
        out = io.BytesIO()
        core.compile_model(model, "CPU", settings).export_model(out)
        return out.getvalue()

    if (digest, how) not in _COMPILED:
        name = f"compiled-2-{how[:16]}"
        kept = cache.mapped(name, digest, export)
        exported = openvino.Tensor(kept.data, shared_memory=True) if isinstance(kept, cache.Mapped) else kept
        try:
            network = core.import_model(exported, "CPU", settings)
        except RuntimeError:  # kept by an engine that this one does not understand
            kept = cache.keep(name, digest, export())
            network = core.import_model(kept, "CPU", settings)
        file = kept if isinstance(kept, cache.Mapped) else None
        if file is not None:
            file.let_go()  # the engine has its own copy of the weights by now, packed for this processor
        _COMPILED[digest, how] = network, file
        _started.add(os.getpid())
    return _COMPILED[digest, how][0]


def _read(core: Any, data: bytes) -> Any:
    """The engine reads ONNX from memory, TFLite only from a file: that one is ours alone, and gone afterwards."""
    if data[4:8] != b"TFL3":
        return core.read_model(data)
    with tempfile.TemporaryDirectory(prefix="consentguard-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "model.tflite"
        file.write_bytes(data)
        return core.read_model(file).clone()  # the copy holds no part of the file open


def _last_line(error: RuntimeError) -> str:
    """The engine's reason; what stands above it are places in its source."""
    lines = str(error).strip().splitlines()
    return lines[-1][:300] if lines else "no reason given"


_TELEMETRY: Final = "openvino_telemetry"


@functools.cache
def _openvino() -> Any:
    """The engine's package, imported when first needed (400 ms) and without its telemetry.

    `import openvino` reports each import to a web service, unasked (openvino/tools/ovc/__init__.py of 2026.4), unless
    the package that sends it cannot be imported. So it cannot be, for as long as that import takes.
    """
    absent = object()
    before = sys.modules.get(_TELEMETRY, absent)
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # what import takes for "not there"
    try:
        import openvino  # noqa: PLC0415
    finally:
        if before is absent:
            del sys.modules[_TELEMETRY]
        else:
            sys.modules[_TELEMETRY] = before  # type: ignore[assignment]
    return openvino


def prepare() -> None:
    """Imports the engine in the way that reports to nobody, for a library that imports it too."""
    _openvino()


@functools.cache
def _core() -> Any:
    return _openvino().Core()
