"""How fast one photo goes, from the bytes of a file to released bytes, beside the peers' usual scripts, in one run.

    python benchmarks/speed.py --loader FOLDER --peer PEER/bin/python [--before PYTHON] [--photos 12] [--rounds 3]
    python benchmarks/speed.py --loader FOLDER --before PYTHON --versions-only [--photos 12] [--rounds 3]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. PEER is an
environment with face_recognition and deface (`make bench` makes one), PYTHON one with an earlier version of
consentguard. `--photos` of the classroom photographs of 8 megapixels and more, as they are, at random but always the
same, go through everybody in turn, round by round:

- ours: `Guard.release` under the shipped policy, nobody being known, with the second pass and the audit row, the models
  loaded, without the extra [ocr]; the same with it, where it is installed; and `Guard.inspect`;
- face_recognition: the script of its README, with its defaults: load the file, locate, encode, compare with one face;
- deface: its own `image_detect` with its defaults, file to file;
- the floor: a full decode, an encode and a decode at 1/4 by OpenCV, and one detector pass at 1024 px.

Then landmarks and embedding of every face found, ours and `face_recognition.face_encodings`, a face; 50 releases in a
row in one process (median, 95th percentile, growth of memory); and the peak memory of a process with models loaded and
after a photo of 24 megapixels, with all threads and with one, as each worker of a scan has. With `--versions-only`
nothing but release by this version and by PYTHON's, alternated photo by photo, with one thread and with two: what share
of the time and of the processor time of its process it takes, of which only the second means much on a machine that
others use; and nothing is written. Otherwise writes
benchmarks/results/speed.md, and speed.json, which README's numbers are made from (benchmarks/summary.py).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from peer import Peer
from PIL import Image
from runners import DEFACE, FACE_RECOGNITION, RELEASE, answering, script

from consentguard import Guard, Policy, Refused, Register, State, VerificationFailed
from consentguard.values.stopwatch import STAGES
from consentguard.vision import ocr
from consentguard.vision.detection.centerface import CenterFace
from consentguard.vision.detection.faces import FaceFinder
from consentguard.vision.detection.hands import HandFinder
from consentguard.vision.detection.heads import HeadFinder
from consentguard.vision.detection.people import PeopleFinder
from consentguard.vision.detection.pyramid import Levels
from consentguard.vision.embedding.dlib.boxes import dlib_box
from consentguard.vision.embedding.embedder import DlibResnet
from consentguard.vision.imagefile import codec
from consentguard.vision.models import engine
from consentguard.vision.models.store import ModelStore

LARGE = 8e6
RESULTS = Path(__file__).parent / "results" / "speed"


def clocked(action: Callable[[Path], object]) -> Callable[[Path], float]:
    def run(path: Path) -> float:
        start = time.perf_counter()
        action(path)
        return time.perf_counter() - start

    return run


def versions(before: str, paths: list[Path], rounds: int) -> None:
    """Prints what share of an earlier version's time this one takes, with one thread and with two."""
    for threads in ("1", "2"):
        runs = [answering(python, RELEASE, threads=threads) for python in (before, sys.executable)]
        for run in runs:  # models load, and each shape is met once
            run(paths[0])
        took = np.array([[run(path) for run in runs] for _ in range(rounds) for path in paths])
        shares = took[:, 1] / took[:, 0]
        wall, processor = took[:, 1].sum(axis=0) / took[:, 0].sum(axis=0)
        print(
            f"threads {threads}: {wall:.3f} of the time, {processor:.3f} of the processor time; medians of "
            f"{len(shares)} releases {np.median(shares[:, 0]):.3f}, {np.median(shares[:, 1]):.3f}"
        )


def photographs(loader: str, count: int) -> list[Path]:
    """Classroom photographs of 8 megapixels and more."""
    spec = importlib.util.spec_from_file_location("load", Path(loader) / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    large = []
    for source, _ in load.head_sets()["scut_heads_b"]:
        with Image.open(source) as photo:
            if photo.width * photo.height >= LARGE:
                large.append(Path(source))
    return random.Random(11).sample(large, count)


def enlarged(photo: Path, megapixels: float, folder: Path) -> Path:
    """A photo as a camera of so many megapixels writes it."""
    pixels = cv2.imread(str(photo))
    factor = (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    larger = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    path = folder / f"{megapixels:g}.jpg"
    cv2.imwrite(str(path), larger, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def codec_floor(path: Path) -> None:
    data = np.frombuffer(path.read_bytes(), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_4)


def one_pass(network: CenterFace) -> Callable[[Path], float]:
    """Times the pass alone, not the reading."""

    def run(path: Path) -> float:
        pixels = cv2.imread(str(path))
        scale = 1024 / max(pixels.shape[:2])
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:, :, ::-1]
        start = time.perf_counter()
        network.candidates(Levels(small), 1.0)
        return time.perf_counter() - start

    return run


def guard_in(folder: Path, text: str = "ignore") -> Guard:
    """A guard that knows nobody; `text` as the policy's key: reading it needs an extra that a plain install has not."""
    register = Register.parse(b"id,role,legal_forename,legal_surname\nX1,other,No,Body\n", "nobody consented")
    policy = Policy.shipped()
    policy = replace(policy, content=replace(policy.content, text_in_picture=text))
    return Guard(register, policy, state=State.create(folder / f"state-{text}"))


def released(guard: Guard, path: Path) -> dict[str, float]:
    """Releases one photo; its stages, empty where it was refused, which takes all the passes too."""
    with contextlib.suppress(Refused, VerificationFailed):
        return dict(guard.release(path.read_bytes()).verdict.timings)
    return {}


def memory() -> float:
    """Peak of this process's resident memory in MB; getrusage would hand down its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def alone(paths: list[str], releases: int) -> None:
    """In a process of its own: memory with all models loaded, after some releases of one photo, and of another."""
    with TemporaryDirectory() as name:
        guard = guard_in(Path(name))
        first, large = map(Path, paths)
        model_store = ModelStore.default()
        for part in (FaceFinder, HeadFinder, HandFinder, PeopleFinder):
            part.load(model_store)
        said = {"idle": memory()}
        times, grown = [], []
        for _ in range(releases):
            start = time.perf_counter()
            released(guard, first)
            times.append(time.perf_counter() - start)
            grown.append(memory())
        said |= {"median": statistics.median(times), "p95": sorted(times)[int(0.95 * len(times))]}
        said["grown"] = grown[-1] - grown[min(9, len(grown) - 1)]
        released(guard, large)
        print(json.dumps({**said, "large": memory()}))


def embedding(python: str, paths: list[Path]) -> dict[str, float]:
    """Milliseconds a face for landmarks and embedding, ours and face_recognition's, over all faces of the photos."""
    finder, embedder = FaceFinder.load(ModelStore.default()), DlibResnet.load(ModelStore.default())
    ours, theirs, count = 0.0, 0.0, 0
    with Peer(python) as peer:
        for path in paths:
            pixels = codec.decode(path.read_bytes(), max_edge=2048, max_pixels=10**9).pixels
            faces = [face for face in finder.find(pixels) if face.box.height >= 40]
            if not faces:
                continue
            embedder.embed(pixels, faces[:1])
            start = time.perf_counter()
            embedder.embed(pixels, faces)
            ours += time.perf_counter() - start
            boxes = [dlib_box(face) for face in faces]
            css = [(box.top, box.right - 1, box.bottom - 1, box.left) for box in boxes]
            theirs += sum(face.seconds for face in peer.faces(pixels, css))
            count += len(faces)
    return {"faces": count, "ours": 1000 * ours / count, "face_recognition": 1000 * theirs / count}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", help="folder of load.py")
    parser.add_argument("--peer", help="python of the peers' environment")
    parser.add_argument("--before", help="python of an environment with an earlier version")
    parser.add_argument("--versions-only", action="store_true", help="nothing but this version and the earlier one")
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", nargs=2, metavar="PHOTO", help="memory of one process, no peers: two photos")
    parser.add_argument("--releases", type=int, default=50, help="of the first photo of `--alone`")
    arguments = parser.parse_args()
    if arguments.alone:
        alone(arguments.alone, arguments.releases)
        return
    if arguments.versions_only:
        versions(arguments.before, photographs(arguments.loader, arguments.photos), arguments.rounds)
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = photographs(arguments.loader, arguments.photos)
        large = enlarged(paths[0], 24, folder)
        guard = guard_in(folder)
        somebody = Path(__file__).parents[1] / "models" / "photographs" / "obama.jpg"
        stages: list[dict[str, float]] = []
        who: dict[str, Callable[[Path], float]] = {
            "release": clocked(lambda path: stages.append(released(guard, path))),
            "check": clocked(lambda path: guard.inspect(path.read_bytes())),
            "face_recognition": script(arguments.peer, FACE_RECOGNITION, str(somebody)),
            "deface": script(arguments.peer, DEFACE, "blur", ".jpg"),
            "codec floor": clocked(codec_floor),
            "one detector pass at 1024 px": one_pass(CenterFace.load(ModelStore.default())),
        }
        if arguments.before:
            who["release, before"] = script(arguments.before, RELEASE)
        if ocr.installed():
            reads = guard_in(folder, "paint")
            who["release, words in the picture read too"] = clocked(lambda path: released(reads, path))
        for run in who.values():  # models load, and each shape is met once
            run(paths[0])
        stages.clear()
        seconds: dict[str, list[float]] = {name: [] for name in who}
        for _ in range(arguments.rounds):
            for path in paths:
                for name, run in who.items():
                    seconds[name].append(run(path))
        command = [sys.executable, __file__, "--alone", str(paths[0]), str(large)]
        single = {
            threads: json.loads(
                subprocess.run(
                    command, stdout=subprocess.PIPE, check=True, env={**os.environ, engine.THREADS: threads}
                ).stdout
            )
            for threads in ("0", "1")
        }
        data = {
            "command": f"python benchmarks/speed.py --loader ... --peer ... --photos {arguments.photos} "
            f"--rounds {arguments.rounds}",
            "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
            "seconds": seconds,
            "stages": [timings for timings in stages if timings],
            "embedding": embedding(arguments.peer, paths),
            "single": single,
        }
    table = report(data)
    print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.with_suffix(".md").write_text(table, encoding="utf-8")
    RESULTS.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def report(data: dict[str, Any]) -> str:
    seconds = data["seconds"]
    middle = {name: statistics.median(times) for name, times in seconds.items()}
    least = 4 * middle["codec floor"] + middle["one detector pass at 1024 px"]
    lines = [
        "# One photo of 8 to 21 megapixels\n",
        f"`{data['command']}`\n",
        f"{data['machine']}; medians, and the range.\n",
        "| | ms | against release |",
        "|---|---|---|",
    ]
    for name, times in seconds.items():
        spread = f"{middle[name] * 1000:.0f} ({min(times) * 1000:.0f}-{max(times) * 1000:.0f})"
        lines.append(f"| {name} | {spread} | {middle[name] / middle['release']:.2f}x |")
    lines.append(f"\nFour times the codec floor and one detector pass: {least * 1000:.0f} ms; release takes "
                 f"{middle['release'] / least:.2f} times that.\n")  # fmt: skip
    if data["stages"]:
        spent = (f"{name} {statistics.median(s.get(name, 0.0) for s in data['stages']):.0f}" for name in STAGES)
        lines.append(f"Stages of what was released, medians in ms: {', '.join(spent)}.\n")
    faces = data["embedding"]
    lines.append(f"Landmarks and embedding of {faces['faces']} faces, a face: ours {faces['ours']:.1f} ms, "
                 f"`face_encodings` {faces['face_recognition']:.1f} ms, "
                 f"{faces['face_recognition'] / faces['ours']:.1f}x.\n")  # fmt: skip
    every, one = data["single"]["0"], data["single"]["1"]
    lines += [
        "| one process | all threads | one thread |",
        "|---|---|---|",
        *(
            f"| {what} | {number(every)} | {number(one)} |"
            for what, number in (
                ("50 releases of one photo: median", lambda said: f"{said['median'] * 1000:.0f} ms"),
                ("95th percentile", lambda said: f"{said['p95'] / said['median']:.2f}x"),
                ("growth of peak memory from the 10th to the 50th", lambda said: f"{said['grown']:.0f} MB"),
                ("peak memory, models loaded", lambda said: f"{said['idle']:.0f} MB"),
                ("peak memory, after a photo of 24 megapixels", lambda said: f"{said['large']:.0f} MB"),
            )
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
