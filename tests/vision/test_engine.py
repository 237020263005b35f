"""The engine computes in float32, says what is wrong with a network, and does without its cache where it must."""

import hashlib
import os
import subprocess
import sys
import threading
import time
import weakref
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from consentguard.errors import ModelUnavailable
from consentguard.vision.embedding.dlib.onnx_writer import Graph
from consentguard.vision.models import cache, engine
from consentguard.vision.models.store import ModelStore, manifest

LOOK = """
import numpy as np
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.models.store import ModelStore
print(FaceFinder.load(ModelStore.default()).find(np.zeros((64, 64, 3), np.uint8)))
"""


def _look(model_store: ModelStore, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CONSENTGUARD_MODELS": str(model_store.folder), **environment}
    return subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=False)


OFFLINE = """
import socket, sys
calls = []
def forbidden(*where, **more):
    calls.append(where)
    raise OSError("no network here")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = forbidden
from pathlib import Path
from consentguard import Guard, Policy, Register, State
import dataclasses
register = Register.parse(b"id,role,legal_forename,legal_surname\\nX1,other,No,Body\\n", "register")
policy = dataclasses.replace(Policy.shipped(), remain=frozenset({"body"}))
guard = Guard(register, policy, state=State.create(Path(sys.argv[1]) / "state"))
guard.admit(guard.release(Path(sys.argv[2]).read_bytes()), channel="main")
import threading, time
time.sleep(0.5)  # a reporter may work in a thread or a process of its own
print(calls, [name for name in sys.modules if "telemetry" in name and sys.modules[name] and "tools" not in name])
"""


def test_nothing_is_reported_to_anybody(model_store: ModelStore, tmp_path: Path) -> None:
    """A whole release in a fresh process: no connection is tried, and the engine's telemetry leaves no trace."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **os.environ,
        "CONSENTGUARD_MODELS": str(model_store.folder),
        "HOME": str(home),
        "USERPROFILE": str(home),
    }
    environment.pop("CI", None)  # where it is set, the telemetry keeps quiet by itself
    photo = model_store.path(manifest()["photo-obama"])
    command = [sys.executable, "-c", OFFLINE, str(tmp_path), str(photo)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[] []\n"), done.stderr
    assert not (home / "intel").exists()


def test_a_home_that_cannot_be_written_costs_nothing_but_time(model_store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = _look(model_store, XDG_CACHE_HOME=str(tmp_path / "file" / "cache"), HOME=str(tmp_path / "file"))
    assert (done.returncode, done.stdout) == (0, "()\n"), done.stderr


def test_the_cache_is_used_where_it_can_be(model_store: ModelStore, tmp_path: Path) -> None:
    assert (
        _look(model_store, XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path), LOCALAPPDATA=str(tmp_path)).returncode == 0
    )
    kept = list(tmp_path.rglob("compiled-*"))
    assert kept
    for file in kept:  # damage is noticed, and costs nothing but time
        file.write_bytes(file.read_bytes()[:-1] + b"\0")
    done = _look(model_store, XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path), LOCALAPPDATA=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "()\n"), done.stderr


def test_a_network_from_the_cache_gives_the_very_same_numbers(
    model_store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    picture = np.random.default_rng(0).random((1, 3, 64, 96), np.float32) * 255
    card, results = manifest()["centerface"], []
    for _ in range(2):
        monkeypatch.setattr(engine, "_COMPILED", {})
        results.append(engine.load(model_store.read(card), card.file, {"input.1": (1, 3, -1, -1)})(picture))
    assert len(list(tmp_path.glob("compiled-*"))) == 1
    for name, values in results[0].items():
        np.testing.assert_array_equal(values, results[1][name])


def test_what_the_engine_cannot_read_is_made_and_kept_anew(
    model_store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what another build of it kept: whole, and not understood. Else it would be compiled in every process."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    card = manifest()["centerface"]
    for _ in range(2):
        monkeypatch.setattr(engine, "_COMPILED", {})
        engine.load(model_store.read(card), card.file, {"input.1": (1, 3, -1, -1)})
        ((_, mapped),) = engine._COMPILED.values()
        assert not isinstance(mapped, bytes), "a network keeps no copy of its file"
        (file,) = tmp_path.glob("compiled-*")
        whole = file.read_bytes()
        file.write_bytes(hashlib.sha256(b"other").hexdigest().encode() + b"other")
    assert len(whole) > 1000


@pytest.mark.parametrize("text", ["two", "-1", "1.5", ""])
def test_a_thread_count_that_is_none_is_an_error(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.THREADS, text)
    with pytest.raises(ModelUnavailable, match=engine.THREADS):
        engine.threads()


def test_threads_change_nothing_but_time(model_store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    card = manifest()["centerface"]
    picture = np.random.default_rng(0).random((1, 3, 64, 96), np.float32) * 255
    scores = []
    for count in ("1", "2"):
        monkeypatch.setenv(engine.THREADS, count)
        scores.append(engine.load(model_store.read(card), card.file, {"input.1": (1, 3, -1, -1)})(picture)["537"])
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)


@pytest.mark.parametrize("data", [b"", b"no network", b"\x08\x07" + bytes(500)])
def test_a_broken_network_is_named(data: bytes) -> None:
    with pytest.raises(ModelUnavailable, match=r"^broken\.onnx"):
        engine.load(data, "broken.onnx", {"input.1": (1, 3, -1, -1)})


def test_numbers_that_are_none_are_an_error() -> None:
    """NaN is less than every threshold and more than none: passed on, it would be a face that nobody sees."""
    graph = Graph("logarithm")
    graph.output(graph.node("Log", [graph.input("x", np.float32, (1, 2))], "y"), np.float32, (1, 2))
    network = engine.load(graph.to_bytes(), "log.onnx", {})
    np.testing.assert_allclose(network(np.array([[1, np.e]], np.float32))["y"], [[0, 1]], atol=1e-5)
    for odd in (-1, 0):
        with pytest.raises(ModelUnavailable, match=r"^log\.onnx: .* numbers that are not finite"):
            network(np.array([[1, odd]], np.float32))


def test_a_switch_makes_every_network_exact(model_store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processor has bfloat16, a quick network differs from an exact one, unless the switch is set."""
    card, picture = manifest()["centerface"], np.random.default_rng(0).random((1, 3, 96, 96), np.float32) * 255

    def scores(*, exact: bool) -> np.ndarray:
        return engine.load(model_store.read(card), card.file, {"input.1": (1, 3, -1, -1)}, exact=exact)(picture)["537"]

    reference = scores(exact=True)
    np.testing.assert_allclose(scores(exact=False), reference, atol=0.05)
    monkeypatch.setenv(engine.EXACT, "1")
    np.testing.assert_allclose(scores(exact=False), reference, atol=1e-6)


def test_results_belong_to_the_caller(model_store: ModelStore) -> None:
    card = manifest()["centerface"]
    network = engine.load(model_store.read(card), card.file, {"input.1": (1, 3, -1, -1)})
    first = network(np.zeros((1, 3, 32, 32), np.float32))["537"]
    kept = first.copy()
    network(np.full((1, 3, 32, 32), 255, np.float32))
    assert (first == kept).all()


def test_a_copy_made_for_the_engine_outlives_the_call(model_store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine reads it without keeping it alive; here its memory is wiped once nobody holds it."""
    card = manifest()["centerface"]
    network = engine.load(model_store.read(card), card.file, {"input.1": (1, 3, -1, -1)})
    rows = np.random.default_rng(0).random((1, 64, 64, 3), np.float32) * 255
    expected = network(rows.transpose(0, 3, 1, 2))["537"]

    def wiped(inputs: np.ndarray) -> np.ndarray:
        kept = bytearray(inputs.tobytes())
        copy = np.frombuffer(kept, inputs.dtype).reshape(inputs.shape)
        weakref.finalize(copy, kept.__setitem__, slice(None), bytes(len(kept)))
        return copy

    monkeypatch.setattr(np, "ascontiguousarray", wiped)
    assert (network(rows.transpose(0, 3, 1, 2))["537"] == expected).all()


def test_calls_together_answer_in_their_order_wherever_they_come_from() -> None:
    def nested(number: int) -> list[int]:
        return engine.together([partial(int.__add__, 10 * number, more) for more in range(3)])

    answers = engine.together([partial(nested, number) for number in range(20)])
    assert answers == [[10 * number, 10 * number + 1, 10 * number + 2] for number in range(20)]


def test_a_thread_without_work_helps_with_the_calls_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two inner calls that wait for each other can only end if two threads take one each."""
    monkeypatch.setenv(engine.THREADS, "2")
    meeting = threading.Barrier(2, timeout=30)
    zero, answers = engine.both(lambda: 0, lambda: engine.together([meeting.wait, meeting.wait]))
    assert zero == 0
    assert sorted(answers) == [0, 1]


def test_a_thread_that_waits_for_its_own_photo_makes_no_call_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.THREADS, "2")
    monkeypatch.setattr(engine, "_CREW", engine._Crew())  # with one thread, which the first photo keeps busy
    begun, done = threading.Event(), threading.Event()
    makers: list[str] = []

    def held() -> None:
        if threading.current_thread().name == "first":
            begun.wait(30)
            return
        begun.set()
        done.wait(30)

    def other() -> None:
        makers.append(threading.current_thread().name)
        done.wait(0.2)  # as long as anybody who is free might need to take the second

    waiting = threading.Thread(target=lambda: engine.together([held, held]), name="first")
    waiting.start()
    assert begun.wait(30)
    second = threading.Thread(target=lambda: engine.together([other, other]), name="second")
    second.start()
    second.join(30)
    done.set()
    waiting.join(30)
    assert makers == ["second", "second"]


def test_no_more_calls_run_at_once_than_threads_however_they_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.THREADS, "2")
    at_once, most, lock = 0, 0, threading.Lock()

    def counted(_: int) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.001)
        with lock:
            at_once -= 1

    engine.together([partial(engine.together, [partial(counted, number) for number in range(6)]) for _ in range(6)])
    assert most == 2


def test_a_thread_that_waits_keeps_nothing_of_its_last_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the last photo would stay in memory for as long as the process lives."""
    monkeypatch.setenv(engine.THREADS, "2")
    pixels = [np.zeros((8, 8, 3), np.uint8) for _ in range(20)]
    kept = [weakref.ref(each) for each in pixels]
    engine.together([partial(np.sum, each) for each in pixels])
    del pixels
    deadline = time.monotonic() + 30
    while any(each() is not None for each in kept) and time.monotonic() < deadline:
        time.sleep(0.01)  # the other thread may only be about to wait
    assert [each() for each in kept] == [None] * 20


def test_outputs_that_nobody_asks_for_are_not_worked_out(model_store: ModelStore) -> None:
    card, shape, wanted = manifest()["centerface"], {"input.1": (1, 3, -1, -1)}, ("537", "538")
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 96)).astype(np.float32)
    whole = engine.load(model_store.read(card), card.file, shape)(pixels)
    part = engine.load(model_store.read(card), card.file, shape, outputs=wanted)(pixels)
    assert set(part) < set(whole)
    for name in wanted:
        np.testing.assert_allclose(part[name], whole[name], atol=1e-5)


def test_calls_together_fail_with_the_first_failure_after_all_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.THREADS, "2")
    ended = []

    def fails(number: int) -> None:
        ended.append(number)
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="1"):
        engine.together([lambda: ended.append(0), lambda: fails(1), lambda: fails(2), lambda: ended.append(3)])
    assert sorted(ended) == [0, 1, 2, 3]


FORKED = """
import os, signal
import numpy as np
from consentguard.errors import ModelUnavailable
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.models.store import ModelStore
finder, wall = FaceFinder.load(ModelStore.default()), np.zeros((64, 64, 3), np.uint8)
finder.find(wall)
if not os.fork():
    signal.alarm(30)
    try:
        finder.find(wall)
    except ModelUnavailable as error:
        os._exit(7 if "os.fork()" in str(error) else 1)
    os._exit(1)
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_is_told_instead_of_hanging(model_store: ModelStore) -> None:
    environment = {**os.environ, "CONSENTGUARD_MODELS": str(model_store.folder)}
    done = subprocess.run([sys.executable, "-c", FORKED], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "7\n", done.stderr
