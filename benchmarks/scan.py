"""Scanning a folder: ours with one and two workers beside the face_recognition and deface commands, in one run.

    python benchmarks/scan.py --loader FOLDER --peer PEER/bin [--small 200] [--large 40] [--files 1000 50000]

FOLDER holds load.py, the loader of the open evaluation sets, and CONSENTGUARD_EVAL names their photographs. PEER is the
folder with the commands `face_recognition` and `deface` of an environment of their own. Everybody gets the same files:
`--small` open photographs as they are (classrooms, tables with hands, faces with masks), and `--large` of the classroom
ones enlarged to 12 megapixels, which is what a camera writes (enlarging adds no detail, but all pay for the pixels).

Ours judges, rewrites, verifies, writes and records, nobody being known, under the shipped policy; the face_recognition
command (`--cpus 2`) says who it recognises among one person; deface (its defaults) blurs every face. Then the engine
alone (also by itself, with `--only-engine`): what a photo costs where the work is nothing, and the memory of the parent
with 1,000 and with 50,000 tiny files. Prints each time as it is there, then a table, and writes that to
benchmarks/results/scan.md (the engine by itself: scan_engine.md). Photographs stay in a scratch folder that is removed.
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
from consentguard.batch.unit import ScanResult, Settings, Task, undecided
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard

RESULTS = Path(__file__).parent / "results"
SAMPLE = Path(__file__).parents[1] / "consent_register.csv"
LARGE = 12e6


@dataclass
class Nothing:
    """A unit whose work is nothing."""

    def open(self) -> None:
        return None

    def scan_batch(self, tasks: Iterable[Task]) -> Iterator[ScanResult]:
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
    """Run in a process of its own: prints, a photo, ms and ms at work in this process, then its peak memory in MB."""
    photos = folder / "photos"
    photos.mkdir()
    for number in range(files):
        (photos / f"{number}.jpg").write_bytes(b"\xff\xd8\xff" + number.to_bytes(4, "big"))
    guard = Guard(Register.load(SAMPLE), Policy.shipped())
    settings = Settings(photos, folder / "out", SAMPLE, None, None, {}, "", "")
    with Pool(Nothing(), 2) as pool:
        next(pool.run([Task(Path("warm"), "warm")]))  # workers have started
        start, work = time.perf_counter(), time.process_time()
        scan(guard, settings, pool)
        seconds, work = time.perf_counter() - start, time.process_time() - work
    print(seconds / files * 1000, work / files * 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", help="folder of load.py")
    parser.add_argument("--peer", type=Path, help="folder of the peers' commands")
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--large", type=int, default=40)
    parser.add_argument("--files", type=int, nargs="+", default=[1_000, 50_000], help="for the engine alone")
    parser.add_argument("--only-engine", action="store_true")
    parser.add_argument("--engine-alone", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine_alone:
        with TemporaryDirectory() as folder:
            engine_alone(arguments.engine_alone, Path(folder))
        return

    began = time.perf_counter()
    lines = [
        "# Scanning\n",
        f"`python benchmarks/scan.py {_asked(arguments)}`\n",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n",
    ]
    if not arguments.only_engine:
        lines += beside_the_others(arguments.loader, arguments.peer, arguments.small, arguments.large)
    lines += ["\nThe engine alone (2 workers whose work is nothing):\n"]
    lines += [
        "| files | ms a photo | of these the parent at work | peak memory of the parent, MB |",
        "|---|---|---|---|",
    ]
    for files in arguments.files:
        done = subprocess.run(
            [sys.executable, __file__, "--engine-alone", str(files)], stdout=subprocess.PIPE, check=True
        )
        cost, work, memory = map(float, done.stdout.split())
        lines.append(f"| {files:,} | {cost:.2f} | {work:.2f} | {memory:.0f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    lines.append(f"\nAll of it took {(time.perf_counter() - began) / 60:.0f} minutes.")
    table = "\n".join(lines) + "\n"
    print(table)
    (RESULTS / ("scan_engine.md" if arguments.only_engine else "scan.md")).write_text(table, encoding="utf-8")


def _asked(arguments: argparse.Namespace) -> str:
    """The options again, without this machine's folders."""
    if arguments.only_engine:
        return "--only-engine"
    return f"--loader FOLDER --peer PEER/bin --small {arguments.small} --large {arguments.large}"


def beside_the_others(loader: str, peer: Path, small: int, large: int) -> list[str]:
    """Photos a second of everybody on the same files, as lines of a table."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        sets = photographs(loader, small, large, scratch)
        subprocess.run([sys.executable, "-m", "consentguard", "init", "--state", str(scratch / "state")], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        who = {
            "consentguard, 1 worker": lambda photos: ours(photos, 1, scratch),
            "consentguard, 2 workers": lambda photos: ours(photos, 2, scratch),
            "deface": lambda photos: deface(photos, peer, scratch),
            "face_recognition, 2 processes": lambda photos: face_recognition(photos, peer, scratch),
        }
        seconds: dict[str, list[float]] = {}
        for name, run in who.items():
            seconds[name] = []
            for photos, count in zip(sets, (small, large), strict=True):
                seconds[name].append(run(photos))
                print(f"{name}: {count} {photos.name} in {seconds[name][-1]:.0f} s", file=sys.stderr, flush=True)
            if name == "consentguard, 1 worker":  # of all processes so far, and nobody else's have run yet
                memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    reads = "text in pictures is read" if importlib.util.find_spec("rapidocr") else "text in pictures is not read"
    lines = [
        f"Ours judges, rewrites, looks again, records ({reads}); deface blurs; face_recognition says who is known.\n",
        "Photos a second, start included:\n",
        f"| | {small} as they are | {large} of 12 megapixels |",
        "|---|---|---|",
    ]
    for name, times in seconds.items():
        lines.append(f"| {name} | {small / times[0]:.2f} | {large / times[1]:.2f} |")
    mine = seconds["consentguard, 2 workers"]
    for name in ("consentguard, 1 worker", "deface", "face_recognition, 2 processes"):
        ratio = [f"{other / our:.1f}x" for other, our in zip(seconds[name], mine, strict=True)]
        lines.append(f"| 2 workers are faster than {name} | {ratio[0]} | {ratio[1]} |")
    one = seconds["consentguard, 1 worker"]
    lines.append(f"\nOne worker: {one[0] / small:.2f} and {one[1] / large:.2f} s a photo, {memory:.0f} MB at most.")
    return lines


if __name__ == "__main__":
    main()
