"""Hostile photos are decoded elsewhere: what happens to the worker is the photo's verdict and nobody else's trouble."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from consentguard.errors import UnreadableImage
from consentguard.vision.imagefile import codec, sandbox
from consentguard.vision.imagefile.sandbox import Isolation, Reader

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory limits and signals as Linux has them")


@pytest.fixture
def isolated() -> Iterator[Reader]:
    """A reader with a worker of its own, which ends with the test."""
    isolation = Isolation(seconds=20, megabytes=997)
    yield Reader(2048, isolation=isolation)
    sandbox._WORKERS.pop((os.getpid(), isolation.megabytes), sandbox._Worker(1)).stop()


def _worker_of(photo_reader: Reader) -> sandbox._Worker:
    assert photo_reader.isolation is not None
    return sandbox._worker(photo_reader.isolation.megabytes)


def test_it_answers_as_the_decoder_in_this_process_does(isolated: Reader, photographs: dict[str, bytes]) -> None:
    photo = photographs["obama"][:2] + b"\xff\xfe\0\x08secret" + photographs["obama"][2:]
    here, there = Reader(700).read(photo), Reader(700, isolation=isolated.isolation).read(photo)
    assert np.array_equal(here.pixels, there.pixels)
    assert (here.source_width, here.source_height, here.carried) == (
        there.source_width,
        there.source_height,
        there.carried,
    )
    assert "comment" in there.carried
    for broken in (b"", b"text" * 50, photo[:4000]):
        errors = []
        for photo_reader in (Reader(700), Reader(700, isolation=isolated.isolation)):
            with pytest.raises(UnreadableImage) as caught:
                photo_reader.read(broken)
            errors.append(str(caught.value))
        assert errors[0] == errors[1]


REFUSING = """
import resource, runpy, sys
real = resource.setrlimit
def refuse(kind, limits):
    if kind == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    real(kind, limits)
resource.setrlimit = refuse
sys.argv[1:2] = []
runpy.run_module("consentguard.vision.imagefile.sandbox", run_name="__main__")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX")
def test_where_memory_cannot_be_limited_photos_are_decoded_all_the_same(
    isolated: Reader, photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """macOS raises ValueError when RLIMIT_AS is lowered."""
    start = subprocess.Popen

    def refusing(command: list[str], **how: Any) -> object:
        return start([*command[:2], "-c", REFUSING, *command[-2:]], **how)

    monkeypatch.setattr(subprocess, "Popen", refusing)
    assert isolated.read(photographs["obama"]).width
    assert "RLIMIT_AS" in caplog.text


def test_the_worker_is_kept(isolated: Reader, photographs: dict[str, bytes]) -> None:
    isolated.read(photographs["obama"])
    worker = _worker_of(isolated)
    first = worker._process
    isolated.read(photographs["biden"])
    assert first is not None
    assert worker._process is first


@linux
def test_a_crash_is_a_verdict_and_the_next_photo_gets_a_new_worker(
    isolated: Reader, photographs: dict[str, bytes]
) -> None:
    isolated.read(photographs["obama"])
    process = _worker_of(isolated)._process
    assert process is not None
    process.send_signal(signal.SIGSEGV)
    process.wait()
    assert isolated.read(photographs["obama"]).width > 0, "a worker that died idle is replaced unseen"
    process = _worker_of(isolated)._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)  # so that it dies with the photo in its hands
    threading.Timer(0.3, process.kill).start()
    with pytest.raises(UnreadableImage, match=r"made the decoder crash.*try again"):
        isolated.read(photographs["obama"])
    assert isolated.read(photographs["obama"]).width > 0


@linux
def test_a_hang_is_a_verdict(photographs: dict[str, bytes], isolated: Reader) -> None:
    isolated.read(photographs["obama"])
    process = _worker_of(isolated)._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    hasty = Reader(2048, isolation=Isolation(seconds=1, megabytes=997))
    with pytest.raises(UnreadableImage, match="busy for over 1 s"):
        hasty.read(photographs["obama"])
    assert isolated.read(photographs["obama"]).width > 0


@linux
def test_memory_is_limited() -> None:
    """80 megapixels take 240 MB; the worker may have 200."""
    photo = codec.encode_png(np.zeros((8900, 8900, 3), np.uint8))
    tight = Reader(2048, codec.ReadLimits(max_ratio=10**6), Isolation(megabytes=200))
    with pytest.raises(UnreadableImage, match=r"MemoryError|crash"):
        tight.read(photo)
    sandbox._WORKERS.pop((os.getpid(), 200)).stop()


def test_the_worker_has_no_secrets_and_writes_no_files(
    isolated: Reader, photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENTGUARD_KEY", "secret")
    isolated.read(photographs["obama"])
    process = _worker_of(isolated)._process
    assert process is not None
    if sys.platform == "linux":
        assert b"secret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]


def test_a_worker_that_lies_is_not_believed() -> None:
    pixels = bytes(3 * 40 * 50)
    said = {"height": 40, "width": 50, "source_height": 40, "source_width": 50, "carried": [], "notices": []}
    assert sandbox._picture(said, pixels, 64).width == 50
    for lie in (
        {"height": 41},
        {"height": -40, "width": -50},
        {"height": 2000, "width": 1},
        {"width": "wide"},
        {"carried": None},
        {"notices": ["artist"]},
        {"source_width": None},
    ):
        with pytest.raises(UnreadableImage, match="contradicts itself"):
            sandbox._picture({**said, **lie}, pixels, 64)
    with pytest.raises(UnreadableImage, match="contradicts itself"):
        sandbox._picture(said, pixels[:-1], 64)


def test_a_worker_that_cannot_start_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false" if os.name == "posix" else "where.exe")
    with pytest.raises(UnreadableImage, match="isolate = false"):
        Reader(2048, isolation=Isolation(megabytes=201)).read(b"photo")
    sandbox._WORKERS.pop((os.getpid(), 201)).stop()


def test_threads_share_the_worker(isolated: Reader, photographs: dict[str, bytes]) -> None:
    names = ("obama", "biden") * 6
    widths: dict[int, int] = {}

    def read(turn: int, name: str) -> None:
        widths[turn] = isolated.read(photographs[name]).width

    threads = [threading.Thread(target=read, args=item) for item in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    single = {name: isolated.read(photographs[name]).width for name in set(names)}
    assert [widths[turn] for turn in range(len(names))] == [single[name] for name in names]


@linux
def test_the_worker_ends_with_the_program_that_started_it(tmp_path: Path, photographs: dict[str, bytes]) -> None:
    import subprocess

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photographs["obama"])
    code = (
        "import os, sys; from pathlib import Path; from consentguard.vision.imagefile import sandbox\n"
        "from consentguard.vision.imagefile.sandbox import Isolation, Reader\n"
        "Reader(500, isolation=Isolation()).read(Path(sys.argv[1]).read_bytes())\n"
        "print(next(iter(sandbox._WORKERS.values()))._process.pid, flush=True); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(photo)], capture_output=True, text=True, check=True)
    worker = Path(f"/proc/{int(done.stdout)}")
    deadline = time.monotonic() + 60
    while worker.exists() and "State:\tZ" not in (worker / "status").read_text():
        assert time.monotonic() < deadline, "orphaned"
        time.sleep(0.05)
