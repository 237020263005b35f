"""A scan whose processes are killed: the same verdicts and the same copies as one that nobody disturbs.

    python benchmarks/scan_kill.py [--photos 300] [--workers 2] [--kills worker,worker,parent,...] [--policy FILE]
                                   [--note]

Photos are crops of models/photographs (`make models/photographs`), no two alike. The whole command runs with the real
guard, under the shipped policy where none is named, nobody being known. A worker gets SIGKILL five times and the parent
twice, spread over the run by what the journal has by then; whenever the parent is dead the same command is started
again. Then everything is compared with an undisturbed run: one verdict for every photo, the same bytes released, the
same thumbnails, the same report, an audit trail that holds, and no process left behind. Ends with an error where
anything differs. `--note` writes what came of it to benchmarks/results/scan_kill.md. For Linux: it reads /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from consentguard.consent.codes import OF_THE_RUN

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "scan_kill.md"
KILLS = ["worker", "worker", "parent", "worker", "parent", "worker", "worker"]
EDGE = 360


def photographs(count: int, folder: Path) -> None:
    """Crops of the six photographs, each shifted by some pixels; some lie deeper."""
    sources = []
    for path in sorted((ROOT / "models" / "photographs").glob("*.jpg")):
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((EDGE, EDGE))
        sources.append(picture)
    for number in range(count):
        picture, step = sources[number % len(sources)], number // len(sources)
        left, top = step % 8, step // 8
        target = folder / f"album {number % 3}" / f"{number:04}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.crop((left, top, picture.width, picture.height)).save(target, quality=90)


def command(folder: Path, name: str, workers: int, policy: Path | None) -> list[str]:
    return [sys.executable, "-m", "consentguard", "scan", str(folder / "photos"), "--out", str(folder / name),
            "--state", str(folder / f"state of {name}"), "--register", str(ROOT / "consent_register.csv"),
            "--workers", str(workers), *(["--policy", str(policy)] if policy else [])]  # fmt: skip


def judged(out: Path) -> int:
    """How many verdicts the journal has."""
    if not (out / "scan.db").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{out / 'scan.db'}?mode=ro", uri=True)) as journal:
            return int(journal.execute("SELECT count(*) FROM verdict").fetchone()[0])
    except sqlite3.OperationalError:  # it is just being made
        return 0


def descendants(pid: int) -> dict[int, str]:
    """Process id -> command line of everything that a process started, directly or not."""
    found: dict[int, str] = {}
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                found |= descendants(child)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended meanwhile
    return found


def workers_of(pid: int) -> list[int]:
    """The workers that a scan started itself, not what decodes for them."""
    direct = " ".join(task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children"))
    return [child for child, line in descendants(pid).items() if "spawn_main" in line and str(child) in direct.split()]


def disturbed(folder: Path, count: int, workers: int, kills: list[str], policy: Path | None) -> tuple[int, float]:
    """Runs the scan, killing one after the other; returns how many the run that finished looked at, and seconds."""
    out, all_kills, kills, began = folder / "disturbed", len(kills), list(kills), time.perf_counter()
    started: dict[int, str] = {}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command(folder, "disturbed", workers, policy), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    process, before = start(), 0
    while process.poll() is None:
        started |= descendants(process.pid)
        due = count * (all_kills - len(kills) + 1) // (all_kills + 1)
        # Never before this run has judged one: a worker that dies before it is ready ends the scan, as it should.
        if kills and judged(out) >= max(due, before + 1):
            if kills[0] == "parent":
                kills.pop(0)
                process.kill()
                process.communicate()
                process, before = start(), judged(out)
            elif victims := workers_of(process.pid):
                kills.pop(0)
                os.kill(victims[len(kills) % len(victims)], signal.SIGKILL)
        time.sleep(0.02)
    said, complaints = process.communicate()
    check(process.returncode in (0, 1, 3), f"the scan ended with {process.returncode}: {complaints}")
    check(not kills, f"{len(kills)} kills were left when it finished")
    deadline = time.monotonic() + 20
    while left := {pid for pid, line in started.items() if _is(pid, line)}:
        check(time.monotonic() < deadline, f"processes left behind: {left}")
        time.sleep(0.1)
    looked_at = re.search(r"(\d+) looked at now", said)
    return int(looked_at[1]) if looked_at else count, time.perf_counter() - began


def _is(pid: int, line: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") == line
    except (FileNotFoundError, ProcessLookupError):
        return False


def check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(otherwise)


def released(out: Path) -> dict[str, bytes]:
    """Everything that a scan wrote for publishing or for showing."""
    files = [path for top in ("released", "thumbs") for path in (out / top).rglob("*") if path.is_file()]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def photos_of(out: Path) -> list[dict[str, object]]:
    """What the report says of each photo, without findings that name the minute."""
    photos = json.loads((out / "report.json").read_text())["photos"]
    for photo in photos:
        photo["findings"] = [found for found in photo["findings"] if found["rule"] not in OF_THE_RUN]
    return photos


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=lambda text: text.split(","), default=KILLS, help="worker or parent, in order")
    parser.add_argument("--policy", type=lambda text: Path(text).absolute(), help="another than the shipped one")
    parser.add_argument("--note", action="store_true", help="write the result down")
    arguments = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        photographs(arguments.photos, folder / "photos")
        for run in ("quiet", "disturbed"):
            subprocess.run([sys.executable, "-m", "consentguard", "init", "--state", str(folder / f"state of {run}")],
                           check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        began = time.perf_counter()
        code = subprocess.run(
            command(folder, "quiet", arguments.workers, arguments.policy), check=False, stdout=subprocess.DEVNULL
        ).returncode
        check((folder / "quiet" / "report.json").exists(), f"the undisturbed scan ended with {code}")
        quiet = time.perf_counter() - began
        looked_at, seconds = disturbed(folder, arguments.photos, arguments.workers, arguments.kills, arguments.policy)

        with closing(sqlite3.connect(folder / "disturbed" / "scan.db")) as journal:
            verdicts = journal.execute("SELECT count(*), count(DISTINCT content) FROM verdict").fetchone()
        check(verdicts == (arguments.photos,) * 2, f"{verdicts} verdicts and contents for {arguments.photos} photos")
        left, right = photos_of(folder / "quiet"), photos_of(folder / "disturbed")
        check(len(right) == arguments.photos, f"{len(right)} photos in the report")
        differ = [one["photo"] for one, other in zip(left, right, strict=True) if one != other]
        check(not differ, f"judged differently: {differ[:5]}")
        check(released(folder / "quiet") == released(folder / "disturbed"), "other files were released")
        for run in ("quiet", "disturbed"):
            subprocess.run([sys.executable, "-m", "consentguard", "audit", "verify", "--state",
                            str(folder / f"state of {run}")], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        outcomes = Counter(str(photo["outcome"]) for photo in right)
    ended = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
    killed = " and ".join(f"{arguments.kills.count(kind)} {kind}(s)" for kind in ("worker", "parent"))
    said = (
        f"{arguments.photos} photos ({ended}), {arguments.workers} workers; {killed} killed: one verdict each; "
        f"released files, thumbnails and report as undisturbed; no process left. The last run looked at "
        f"{looked_at}; all took {seconds / quiet:.2f} times as long as undisturbed."
    )
    print(said)
    if arguments.note:
        how = f"`python benchmarks/scan_kill.py --photos {arguments.photos}`"
        RESULTS.write_text(f"# Killed scans\n\n{how}\n\n{said}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
