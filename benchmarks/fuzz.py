"""Damaged files without end, each through decoding and publishing, now and then through the whole guard.

    python benchmarks/fuzz.py [--minutes 5] [--loader FOLDER] [--start 0] [--keep fuzz-out]

Changed are small drawn pictures of every format and, with --loader, the open sets' torture files up to 200 kB. A child
process does the work: were it to die, hang for 30 s or raise anything but our own errors, the file that did it is kept
in --keep, and the exit code is 1. The same --start gives the same files. One file in a thousand goes through
`Guard.release` with every model, whose answer must be a release that the exit point admits, or one of our errors.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import replace
from importlib import resources
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mutants import journey, mutants, small_pictures
from torture import REGISTER, torture_files

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, Refused
from consentguard.guard.guard import Guard
from consentguard.vision.imagefile import codec

BATCH, SECONDS, GIGABYTES = 1000, 30, 4
LARGEST = 200_000


def seeds(loader: Path | None) -> list[bytes]:
    files = [path.read_bytes() for _, path in torture_files(loader) if path.stat().st_size <= LARGEST] if loader else []
    return [*small_pictures().values(), *files]


def guard_in(folder: Path) -> Guard:
    """The whole guard; decoding in this very process, so that a decoder's crash is seen."""
    text = resources.files("consentguard.consent.policy").joinpath("policies", "sch026.toml").read_text("utf-8")
    policy = Policy.parse(re.sub(r"(?m)^remain = .*$", 'remain = ["body"]', text).encode(), "fuzz.toml")
    policy = replace(policy, files=replace(policy.files, isolate=False, frames="first_frame"))
    return Guard(Register.load(REGISTER), policy, state=State.create(folder / "state"))


def work(loader: Path | None, scratch: Path) -> None:
    """Numbers of batches come in, one line of counts goes out for each; the file at work lies in `scratch`."""
    codec.forbid_warnings()
    here, files = scratch / "now", seeds(loader)
    guard = guard_in(scratch)
    memory = GIGABYTES << 30
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        ends: Counter[str] = Counter()
        for number, data in enumerate(itertools.islice(mutants(files, int(line)), BATCH)):
            here.write_bytes(data)
            signal.alarm(SECONDS)  # nobody handles it: it ends the process, also within a decoder
            try:
                ends[journey(data)] += 1
                if number == 0:
                    ends[whole(guard, data)] += 1
            except Exception:  # noqa: BLE001  (what is being looked for)
                (scratch / "why").write_text(traceback.format_exc(), "utf-8")
                os._exit(70)
        signal.alarm(0)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > memory:
            (scratch / "why").write_text(f"took over {GIGABYTES} GB in this batch", "utf-8")
            os._exit(71)
        print(*(f"{end.replace(' ', '-')}={count}" for end, count in ends.items()), flush=True)


def whole(guard: Guard, data: bytes) -> str:
    try:
        released = guard.release(data, name="photo")
        guard.admit(released, channel=released.grounds.channel)
    except Refused:
        return "guard refused"
    except CannotTell:
        return "guard cannot tell"
    return "guard released"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--loader", type=Path)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-out"))
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.loader, options.work)
        return 0
    until, batch, found = time.monotonic() + 60 * options.minutes, options.start, 0
    ends: Counter[str] = Counter()
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            command = [sys.executable, __file__, "--work", folder]
            command += ["--loader", str(options.loader)] if options.loader else []
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     text=True)  # fmt: skip
            while time.monotonic() < until:
                child.stdin.write(f"{batch}\n")
                child.stdin.flush()
                line = child.stdout.readline()
                batch += 1
                if not line and not (scratch / "now").exists():
                    sys.exit("the process that does the work cannot start: run this with --work FOLDER to see why")
                if not line:
                    found += 1
                    keep(scratch, options.keep / f"batch-{batch - 1}", child.wait())
                    break
                for pair in line.split():
                    end, _, count = pair.partition("=")
                    ends[end.replace("-", " ")] += int(count)
            child.stdin.close()
            child.wait()
    print(f"batches {options.start} to {batch - 1}, {ends['released'] + ends['cannot tell']} files:", dict(ends))
    print(f"crashes, hangs and other errors: {found}" + (f", kept in {options.keep}" if found else ""))
    return int(found > 0)


def keep(scratch: Path, target: Path, status: int) -> None:
    target.mkdir(parents=True, exist_ok=True)
    why = scratch / "why"
    (target / "why.txt").write_text(why.read_text("utf-8") if why.exists() else f"status {status}\n", "utf-8")
    if (scratch / "now").exists():
        (target / "file").write_bytes((scratch / "now").read_bytes())


if __name__ == "__main__":
    sys.exit(main())
