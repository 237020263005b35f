"""Reads photos that may be hostile: in a process of its own that is killed when it takes too long or too much.

The worker is started at the first photo and then kept, so it costs its start only once. It holds no key and no
register, gets next to none of this program's environment, may write no file, and hands back pixels that are checked for
shape before they are believed. A crash or a hang is the photo's verdict; the next photo gets a new worker.

What holds where: the time limit everywhere; the memory limit on Linux and other systems that keep RLIMIT_AS (macOS and
Windows do not, and there only time and the separate process hold).
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from consentguard.errors import UnreadableImage
from consentguard.values import Notice, Picture
from consentguard.vision.imagefile import codec

_HEAD: Final = struct.Struct(">IQ")
"""Before each message: bytes of JSON, bytes of data."""
_LONGEST_JSON: Final = 1 << 16
_START_SECONDS: Final = 60
_KEPT: Final = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "HOME")
"""What a Python needs of the environment. Keys and passphrases live there too, and stay out."""
_MEGA: Final = 1_000_000
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Isolation:
    """How long, in seconds, and with how much memory, in megabytes, one photo may keep the worker."""

    seconds: int = 15
    megabytes: int = 1500


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes pictures of files under the limits of a policy; without `isolation` in this very process.

    Attributes:
        max_edge: pixels of the longer side of what comes out.
        limits: of what goes in.
        isolation: of the worker.
    """

    max_edge: int
    limits: codec.ReadLimits = field(default_factory=codec.ReadLimits)
    isolation: Isolation | None = None

    def read(self, data: bytes) -> Picture:
        """See `codec.decode`. Raises UnreadableImage, also where the decoder crashes or is stopped."""
        if self.isolation is None:
            return codec.decode(data, max_edge=self.max_edge, limits=self.limits)
        if len(data) > self.limits.max_bytes:  # said here, without sending it over
            return codec.decode(data, max_edge=self.max_edge, limits=self.limits)
        return _worker(self.isolation.megabytes).decode(data, self.max_edge, self.limits, self.isolation.seconds)


_WORKERS: dict[tuple[int, int], _Worker] = {}
_CHOOSING: Final = threading.Lock()


def _worker(megabytes: int) -> _Worker:
    """The worker of this process with that much memory; a forked child gets its own."""
    key = (os.getpid(), megabytes)
    with _CHOOSING:
        if key not in _WORKERS:
            _WORKERS[key] = _Worker(megabytes)
        return _WORKERS[key]


class _Worker:
    """One long-lived decoder process; photos wait for each other."""

    def __init__(self, megabytes: int) -> None:
        self._megabytes = megabytes
        self._busy = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def decode(self, data: bytes, max_edge: int, limits: codec.ReadLimits, seconds: int) -> Picture:
        with self._busy:
            process = self._running()
            asked = json.dumps({"max_edge": max_edge, "limits": asdict(limits), "seconds": seconds}).encode()
            late = threading.Timer(seconds, process.kill)
            late.start()
            try:
                _send(process.stdin, asked, data)
                answer, pixels = _receive(process.stdout, most=3 * max_edge * max_edge)
            except (OSError, EOFError, ValueError) as error:
                expired = not late.is_alive()
                self.stop()
                raise UnreadableImage(_why(process.returncode, seconds if expired else None)) from error
            finally:
                late.cancel()
        if "error" in answer:
            raise UnreadableImage(str(answer["error"]))
        return _picture(answer, pixels, max_edge)

    def stop(self) -> None:
        """Ends the worker, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what could not be sent to a dead worker
                    continue
        process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        home = str(Path(__file__).parents[2])
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {
            "PYTHONPATH": os.pathsep.join(dict.fromkeys([home, *filter(None, sys.path)])),
            **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"),
        }
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "consentguard.vision.imagefile.sandbox", str(self._megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders talk, and a photo must not choose what is said
            env=environment,
            start_new_session=True,  # Ctrl-C is for us; it ends when its input ends
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._process = process
        _widen(process.stdin, process.stdout)
        late = threading.Timer(_START_SECONDS, process.kill)
        late.start()
        try:
            unlimited = _receive(process.stdout, most=0)[0].get("unlimited")
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            raise UnreadableImage(
                "the process that decodes photos cannot be started; report this, or set isolate = false under [files] "
                "of the policy to decode in this process."
            ) from error
        finally:
            late.cancel()
        if unlimited:
            _LOG.warning("this system does not limit %s of the process that decodes photos", unlimited)
        return process


def _why(status: int | None, seconds: int | None) -> str:
    what = f"kept the decoder busy for over {seconds} s" if seconds else f"made the decoder crash (status {status})"
    return f"{what}; nothing was read. Open it in a picture program, save it as JPEG, and try again."


def _picture(answer: dict[str, Any], pixels: bytes, max_edge: int) -> Picture:
    """What the worker says, believed only as far as it fits together."""
    try:
        height, width = int(answer["height"]), int(answer["width"])
        if not (0 < height <= max_edge and 0 < width <= max_edge and len(pixels) == 3 * height * width):
            raise ValueError(f"{width} x {height} in {len(pixels)} bytes")
        return Picture(
            np.frombuffer(pixels, np.uint8).reshape(height, width, 3),
            source_width=int(answer["source_width"]),
            source_height=int(answer["source_height"]),
            carried=tuple(str(part) for part in answer["carried"]),
            notices=tuple(Notice(str(field), str(text)) for field, text in answer["notices"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableImage(f"the decoder contradicts itself ({error}); report this.") from error


def _send(pipe: IO[bytes] | None, text: bytes, data: bytes | memoryview) -> None:
    if pipe is None:
        raise OSError("no pipe")
    pipe.write(_HEAD.pack(len(text), len(data)) + text)
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes] | None, *, most: int) -> tuple[dict[str, Any], bytes]:
    """One message with at most that many bytes of data. Raises EOFError if it breaks off, ValueError for nonsense."""
    if pipe is None:
        raise OSError("no pipe")
    text, data = _HEAD.unpack(_exactly(pipe, _HEAD.size))
    if text > _LONGEST_JSON or data > most:
        raise ValueError("more than was asked for")
    answer = json.loads(_exactly(pipe, text))
    if not isinstance(answer, dict):
        raise ValueError("not an answer")  # noqa: TRY004  (bytes that came in, not a programmer's mistake)
    return answer, _exactly(pipe, data)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if len(data) != count:
        raise EOFError
    return data


def _widen(*pipes: IO[bytes] | None) -> None:
    """Has pipes hold a megabyte where the system can (Linux, 64 kB without): fewer switches between the processes."""
    try:
        import fcntl  # noqa: PLC0415  (POSIX only)
    except ImportError:
        return
    for pipe in pipes:
        if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
            with suppress(OSError):  # more than this user may have; the usual will do
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _MEGA)


# -- the worker's side -------------------------------------------------------------------------------------------------


def _serve(megabytes: int) -> None:
    """Decodes what comes in until nothing does."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what a library prints is no answer
    codec.forbid_warnings()
    codec.warm()
    _send(answers, json.dumps({"unlimited": _confine(megabytes)}).encode(), b"")
    while True:
        try:
            asked, data = _receive(requests, most=1 << 40)
        except EOFError:
            return
        _spend(int(asked["seconds"]))
        try:
            limits = codec.ReadLimits(**asked["limits"])
            picture = codec.decode(data, max_edge=int(asked["max_edge"]), limits=limits)
        except UnreadableImage as error:
            _send(answers, json.dumps({"error": str(error)[:2000]}).encode(), b"")
            continue
        said = {
            "height": picture.height,
            "width": picture.width,
            "source_width": picture.source_width,
            "source_height": picture.source_height,
            "carried": picture.carried,
            "notices": [(notice.field, notice.text) for notice in picture.notices],
        }
        _send(answers, json.dumps(said).encode(), np.ascontiguousarray(picture.pixels).data.cast("B"))
        del picture, data


def _confine(megabytes: int) -> list[str]:
    """No more memory than that on top of what the libraries took, no files, no core dump; where the system can.

    Returns what the system would not limit: macOS refuses to lower RLIMIT_AS.
    """
    if os.name != "posix":
        return []
    import resource  # noqa: PLC0415  (POSIX only)

    pages = Path("/proc/self/statm")
    base = int(pages.read_text().split()[0]) * resource.getpagesize() if pages.exists() else 4000 * _MEGA
    wanted = {"RLIMIT_AS": base + megabytes * _MEGA, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
    # for good: who takes this process over cannot lift it again
    return [name for name, most in wanted.items() if not _limited(getattr(resource, name), most, for_good=True)]


def _spend(seconds: int) -> None:
    """Ends this process by itself should it outlive who started it: that many more seconds of computing."""
    if os.name != "posix":
        return
    import resource  # noqa: PLC0415  (POSIX only)

    used = resource.getrusage(resource.RUSAGE_SELF)
    _limited(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 4 * seconds + 1)


def _limited(kind: int, most: int, *, for_good: bool = False) -> bool:
    """Lowers a limit of this process; False where the system refuses."""
    import resource  # noqa: PLC0415  (POSIX only)

    hard = resource.getrlimit(kind)[1]
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(kind, (least, least if for_good else hard))
    except (ValueError, OSError):
        return False
    return True


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
