"""Scanning a folder: ours with one and two workers beside the face_recognition and deface commands, in one run.

    python benchmarks/scan.py --loader FOLDER --peer PEER/bin [--small 200] [--large 40]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. PEER is the
folder with the commands `face_recognition` and `deface` of an environment of their own. Everybody gets the same files:
`--small` open photographs as they are (classrooms, tables with hands, faces with masks), and `--large` of the classroom
ones enlarged to 12 megapixels, which is what a camera writes (enlarging adds no detail, but all pay for the pixels).

Ours judges, rewrites, verifies, writes and records, nobody being known, under the shipped policy; the face_recognition
command (`--cpus 2`) says who it recognises among one person; deface (its defaults) blurs every face. Then the engine
alone: what a photo costs where the work is nothing, and the memory of the parent with 1,000 and with 50,000 tiny files.
Prints a table and writes it to benchmarks/results/scan.md. Photographs stay in a scratch folder that is removed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from consentguard.batch.local import Pool
from consentguard.batch.scan import scan
from consentguard.batch.unit import Judged, Settings, Task, undecided
from consentguard.consent.policy import Policy
from consentguard.consent.register import Register
from consentguard.guard import Guard

RESULTS = Path(__file__).parent / "results" / "scan.md"
SAMPLE = Path(__file__).parents[1] / "consent_register.csv"
LARGE = 12e6


@dataclass
class Nothing:
    """A unit whose work is nothing."""

    def open(self) -> None:
        return None

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[Judged]:
        for task in tasks:
            yield undecided(task, "nothing")


def photographs(loader: str, small: int, large: int, folder: Path) -> tuple[Path, Path]:
    spec = importlib.util.spec_from_file_location("load", Path(loader) / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    heads = [path for path, _ in load.head_sets()["scut_heads_b"]]
    pools = [heads, [p for p, _ in load.hands_sets()["egohands"]], [p for p, _ in load.detection_sets()["mafa_masked"]]]
    draw = random.Random(7)
    few, many = folder / "small", folder / "large"
    few.mkdir()
    many.mkdir()
    for number in range(small):
        source = Path(draw.choice(pools[number % len(pools)]))
        shutil.copyfile(source, few / f"{number:04}{source.suffix}")
    for number, source in enumerate(draw.sample(heads, large)):
        pixels = cv2.imread(str(source))
        factor = (LARGE / (pixels.shape[0] * pixels.shape[1])) ** 0.5
        enlarged = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(many / f"{number:04}.jpg"), enlarged, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return few, many


def timed(command: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(command[:3])}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return time.perf_counter() - start


def ours(photos: Path, workers: int, scratch: Path) -> float:
    shutil.rmtree(scratch / "out", ignore_errors=True)
    return timed([sys.executable, "-m", "consentguard", "scan", str(photos), "--out", str(scratch / "out"), "--state",
                  str(scratch / "state"), "--register", str(SAMPLE), "--workers", str(workers)])  # fmt: skip


def deface(photos: Path, peer: Path, scratch: Path) -> float:
    copies = scratch / "deface"
    shutil.rmtree(copies, ignore_errors=True)
    shutil.copytree(photos, copies)
    return timed([str(peer / "deface"), *map(str, sorted(copies.iterdir()))])


def face_recognition(photos: Path, peer: Path, scratch: Path) -> float:
    known = scratch / "known"
    known.mkdir(exist_ok=True)
    shutil.copyfile(Path(__file__).parents[1] / "models" / "photographs" / "obama.jpg", known / "somebody.jpg")
    return timed([str(peer / "face_recognition"), "--cpus", "2", str(known), str(photos)])


def engine_alone(files: int, folder: Path) -> None:
    """Run in a process of its own: prints milliseconds a photo and the peak memory of this process in MB."""
    photos = folder / "photos"
    photos.mkdir()
    for number in range(files):
        (photos / f"{number}.jpg").write_bytes(b"\xff\xd8\xff" + number.to_bytes(4, "big"))
    guard = Guard(Register.load(SAMPLE), Policy.shipped())
    settings = Settings(photos, folder / "out", SAMPLE, None, None, {}, "", "")
    with Pool(Nothing(), 2) as pool:
        next(pool.run([Task(Path("warm"), "warm")]))  # workers have started
        start = time.perf_counter()
        scan(guard, settings, pool)
        seconds = time.perf_counter() - start
    print(seconds / files * 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", help="folder of load.py")
    parser.add_argument("--peer", type=Path, help="folder of the peers' commands")
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--large", type=int, default=40)
    parser.add_argument("--engine-alone", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine_alone:
        with TemporaryDirectory() as folder:
            engine_alone(arguments.engine_alone, Path(folder))
        return

    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        "# Scanning\n",
        f"`python benchmarks/scan.py --loader ... --peer ... --small {arguments.small} --large {arguments.large}`\n",
        f"{machine}; photos a second, start included.\n",
        "| | small | 12 megapixels |",
        "|---|---|---|",
    ]
    with TemporaryDirectory() as name:
        scratch = Path(name)
        sets = photographs(arguments.loader, arguments.small, arguments.large, scratch)
        subprocess.run([sys.executable, "-m", "consentguard", "init", "--state", str(scratch / "state")], check=True)
        who = {
            "consentguard, 1 worker": lambda photos: ours(photos, 1, scratch),
            "consentguard, 2 workers": lambda photos: ours(photos, 2, scratch),
            "deface": lambda photos: deface(photos, arguments.peer, scratch),
            "face_recognition, 2 processes": lambda photos: face_recognition(photos, arguments.peer, scratch),
        }
        seconds = {name: [run(photos) for photos in sets] for name, run in who.items()}
        counts = [arguments.small, arguments.large]
        for name, times in seconds.items():
            lines.append(f"| {name} | " + " | ".join(f"{n / t:.2f}" for n, t in zip(counts, times, strict=True)) + " |")
        mine = seconds["consentguard, 2 workers"]
        for name in ("consentguard, 1 worker", "deface", "face_recognition, 2 processes"):
            ratio = [f"{other / our:.1f}x" for other, our in zip(seconds[name], mine, strict=True)]
            lines.append(f"| 2 workers against {name} | {ratio[0]} | {ratio[1]} |")
    lines.append("\nThe engine alone (2 workers whose work is nothing):\n")
    lines += ["| files | ms a photo | parent's peak, MB |", "|---|---|---|"]
    for files in (1_000, 50_000):
        done = subprocess.run(
            [sys.executable, __file__, "--engine-alone", str(files)], stdout=subprocess.PIPE, check=True
        )
        cost, memory = done.stdout.split()
        lines.append(f"| {files:,} | {float(cost):.2f} | {float(memory):.0f} |")
    table = "\n".join(lines) + "\n"
    print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
